"""One question over everything of the portfolio that a person may see.

A text is looked for in words; one that reads as an amount finds postings of that size on either side, in the currency of
each entity, by the index over accounts, months and amounts. Each kind of thing is one query, and no list is counted further than people read.
"""

import contextlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from core.money import MoneyError, parse_minor
from portfolio.models import (
    Account,
    Bill,
    Booking,
    Client,
    ClientContract,
    CreditNote,
    Entity,
    EntryDocument,
    EntryState,
    ImportedLine,
    Invoice,
    JournalEntry,
    MonthlyBalance,
    Payment,
    Posting,
    StripePayout,
    Vendor,
    WorkEntry,
)

SHORTEST, LONGEST = 2, 100
MOST_ENTRIES = 1_000
SHOWN = 20
_AMOUNTS_AT_MOST = 500
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: the words, the amounts they may be, by currency, and the number."""

    text: str
    minors: dict[str, int]
    number: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found. ``page`` names its page and ``key`` what addresses it."""

    page: str
    key: int
    title: str
    detail: str
    entity: str
    amount_minor: int | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Group:
    """The things of one kind; ``more`` where there are more than are shown."""

    label: str
    hits: tuple[Hit, ...]
    more: bool


def ask(text: str) -> Asked | None:
    """Return what a text asks for, or None where it is too short to be looked for."""
    words = " ".join(_UNWRITABLE.sub(" ", text[: 10 * LONGEST]).split())[:LONGEST]
    number = int(words) if words.isascii() and words.isdigit() and len(words) < 16 else None
    if len(words) < SHORTEST and number is None:
        return None
    minors = {}
    for currency in Entity.objects.order_by().values_list("currency", flat=True).distinct():
        with contextlib.suppress(MoneyError):
            minors[currency] = abs(parse_minor(words, currency))
    return Asked(words, {currency: minor for currency, minor in minors.items() if minor}, number)


def entries(*, asked: Asked, ids: Collection[int] | None) -> list[int]:
    """Return the posted entries by memo, own id, origin, number or amount, newest first, one more than are shown."""
    found = (
        Q(memo__icontains=asked.text) | Q(external_id__icontains=asked.text) | Q(origin__icontains=asked.text)
    )
    if asked.number is not None:
        found |= Q(number=asked.number)
    for currency, minor in asked.minors.items():
        found |= Q(pk__in=_of_amount(minor, currency, ids))
    rows = JournalEntry.objects.filter(found, state=EntryState.POSTED)
    if ids is not None:
        rows = rows.filter(entity_id__in=ids)
    return list(rows.order_by("-on", "-id").values_list("pk", flat=True)[: MOST_ENTRIES + 1])


def shown(*, keys: Collection[int]) -> list[JournalEntry]:
    """Return these entries, newest first, each with ``amount_minor``, the sum of its debits."""
    debits = (
        Posting.objects.filter(entry=OuterRef("pk"), amount_minor__gt=0)
        .order_by()
        .values("entry")
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    return list(
        JournalEntry.objects.filter(pk__in=keys)
        .select_related("entity")
        .annotate(amount_minor=Subquery(debits))
        .order_by("-on", "-id")
    )


def _of_amount(minor: int, currency: str, ids: Collection[int] | None) -> list[int]:
    """Return the newest entries with a posting of that size.

    `posting_by_account_month` is asked for every account, month and side, which are few however many postings there are.
    """
    accounts = Account.objects.filter(currency=currency)
    if ids is not None:
        accounts = accounts.filter(entity_id__in=ids)
    months = list(MonthlyBalance.objects.order_by().values_list("month", flat=True).distinct())
    rows = (
        Posting.objects.filter(
            account__in=list(accounts.values_list("pk", flat=True)),
            month__in=months,
            amount_minor__in=(minor, -minor),
        )
        .order_by("-entry_id")
        .values_list("entry_id", flat=True)
    )
    return list(dict.fromkeys(rows[:_AMOUNTS_AT_MOST]))


def groups(*, asked: Asked, ids: Collection[int] | None) -> list[Group]:
    """Return what else was found, by kind; one query each."""
    return [_group(kind, asked, ids) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: where it is looked for, whose it is, and how it is shown."""

    label: str
    rows: Callable[[], QuerySet[Any]]
    words: tuple[str, ...]
    hit: Callable[[Any], Hit]
    amount: str = ""
    entity: str = "entity"


def _group(kind: Kind, asked: Asked, ids: Collection[int] | None) -> Group:
    found = Q()
    for field in kind.words:
        found |= Q(**{f"{field}__icontains": asked.text})
    for currency, minor in asked.minors.items() if kind.amount else ():
        found |= Q(**{f"{kind.amount}__in": (minor, -minor), f"{kind.entity}__currency": currency})
    chosen = kind.rows().filter(found)
    if ids is not None:
        chosen = chosen.filter(**{f"{kind.entity}_id__in": ids})
    things = list(chosen[: SHOWN + 1])
    return Group(kind.label, tuple(kind.hit(thing) for thing in things[:SHOWN]), len(things) > SHOWN)


def _account(row: Account) -> Hit:
    return Hit("account", row.pk, str(row), row.get_role_display(), row.entity.name)


def _booking(row: Booking) -> Hit:
    words = " · ".join(word for word in (row.reference, row.client_name) if word)
    return Hit("booking", row.pk, row.title, words, row.entity.name, row.price_minor, row.entity.currency)


def _client(row: Client) -> Hit:
    return Hit("client", row.pk, row.name, row.email, row.entity.name)


def _invoice(row: Invoice) -> Hit:
    title = row.reference or "Draft invoice"
    return Hit("invoice", row.pk, title, row.client.name, row.entity.name, row.total_minor, row.currency)


def _payment(row: Payment) -> Hit:
    title = f"Payment of {row.client}"
    detail = " · ".join(word for word in (f"{row.on:%-d %b %Y}", row.reference) if word)
    return Hit("payment", row.pk, title, detail, row.entity.name, row.amount_minor, row.entity.currency)


def _credit_note(row: CreditNote) -> Hit:
    detail = f"{row.invoice.reference} · {row.reason}"
    return Hit(
        "invoice",
        row.invoice_id,
        row.reference,
        detail,
        row.entity.name,
        row.amount_minor,
        row.entity.currency,
    )


def _contract(row: ClientContract) -> Hit:
    return Hit("client", row.client_id, str(row), row.get_state_display(), row.entity.name)


def _work(row: WorkEntry) -> Hit:
    contract = row.contract
    detail = f"{row.on:%-d %b %Y} · {row.who} · {contract}"
    return Hit("client", contract.client_id, row.description, detail, contract.entity.name)


def _vendor(row: Vendor) -> Hit:
    return Hit("vendor", row.pk, row.name, row.email, row.entity.name)


def _bill(row: Bill) -> Hit:
    return Hit(
        "bill", row.pk, row.reference, row.vendor.name, row.entity.name, row.total_minor, row.entity.currency
    )


def _line(row: ImportedLine) -> Hit:
    page, key = ("entry", row.entry_id) if row.entry_id else ("import", row.file_id)
    detail = f"{row.on:%-d %b %Y} · {row.get_kind_display()}"
    return Hit(
        page, key or 0, row.description, detail, row.entity.name, row.amount_minor, row.entity.currency
    )


def _payout(row: StripePayout) -> Hit:
    detail = f"arrives {row.arrives_on:%-d %b %Y} · {row.state}"
    return Hit("", row.pk, row.payout_id, detail, row.entity.name, row.amount_minor, row.entity.currency)


def _document(row: EntryDocument) -> Hit:
    return Hit("entry", row.entry_id, row.name, row.entry.memo, row.entry.entity.name)


KINDS = (
    Kind("Accounts", lambda: Account.objects.select_related("entity"), ("code", "name"), _account),
    Kind(
        "Bookings",
        lambda: Booking.objects.select_related("entity").order_by("-id"),
        ("reference", "title", "client_name", "client_email"),
        _booking,
        "price_minor",
    ),
    Kind("Clients", lambda: Client.objects.select_related("entity"), ("name", "email"), _client),
    Kind(
        "Invoices",
        lambda: Invoice.objects.select_related("entity", "client").order_by("-id"),
        ("reference", "client__name", "note"),
        _invoice,
        "total_minor",
    ),
    Kind(
        "Payments",
        lambda: Payment.objects.select_related("entity", "client").order_by("-id"),
        ("reference", "client__name"),
        _payment,
        "amount_minor",
    ),
    Kind(
        "Credit notes",
        lambda: CreditNote.objects.select_related("entity", "invoice").order_by("-id"),
        ("reference", "reason"),
        _credit_note,
        "amount_minor",
    ),
    Kind(
        "Contracts",
        lambda: ClientContract.objects.select_related("entity", "client"),
        ("title", "client__name"),
        _contract,
    ),
    Kind(
        "Work",
        lambda: WorkEntry.objects.select_related("contract__entity", "contract__client").order_by("-id"),
        ("description", "who"),
        _work,
        entity="contract__entity",
    ),
    Kind("Vendors", lambda: Vendor.objects.select_related("entity"), ("name", "email"), _vendor),
    Kind(
        "Bills",
        lambda: Bill.objects.select_related("entity", "vendor").order_by("-id"),
        ("reference", "vendor__name"),
        _bill,
        "total_minor",
    ),
    Kind(
        "Lines of files",
        lambda: ImportedLine.objects.select_related("entity").order_by("-id"),
        ("description", "external_id", "reference"),
        _line,
        "amount_minor",
    ),
    Kind(
        "Payouts",
        lambda: StripePayout.objects.select_related("entity").order_by("-id"),
        ("payout_id",),
        _payout,
        "amount_minor",
    ),
    Kind(
        "Documents",
        lambda: EntryDocument.objects.select_related("entry__entity").order_by("-id"),
        ("name",),
        _document,
        entity="entry__entity",
    ),
)
