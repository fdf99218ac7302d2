"""Checking the records around the books: what files told, documents, bookings, accounts and the trail; part of `verify_books`.

The entries themselves are proven by their chain. What stands beside them is held against what it was made from or what
it made: a line against its own hash and its entry, a file against the trail, a document against its bytes, an account
against what nobody may change. What only a person said, and nothing else repeats, is held against the audit trail alone.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from types import MappingProxyType

from django.core.files.storage import default_storage
from django.db.models import BigIntegerField, CharField, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce

from core import months
from core.models import AuditEvent
from core.money import format_minor
from portfolio.domain import landing
from portfolio.domain.account_changes import ROLES
from portfolio.domain.held import PAID_ROLES
from portfolio.domain.rules import MOVED
from portfolio.models import (
    Account,
    AccountKind,
    Booking,
    CrewPay,
    Entity,
    EntryDocument,
    EntrySource,
    EntryState,
    ImportedLine,
    ImportFile,
    ImportKind,
    JournalEntry,
    Posting,
    StatementBalance,
    StripeMovement,
    WriteOff,
)
from portfolio.models.account import CASH_ROLES

_STEP = 2_000
_BYTES = 1 << 20
# What makes entries of a source, in words.
_MADE_BY = MappingProxyType(
    {
        EntrySource.BANK: "a line of a bank statement",
        EntrySource.STRIPE: "a movement at Stripe",
        EntrySource.INVOICE: "an invoice, a credit note, a write-off or a stay",
        EntrySource.BILL: "a bill",
        EntrySource.PAYMENT: "a payment",
        EntrySource.CREW_PAY: "crew pay",
    }
)
# Files whose lines became bookings: their entries hold what a channel kept of them.
_RECORDS = (ImportKind.BOOKINGS, ImportKind.STAYS)
# Landing cuts longer words, and hashes them whole.
_CUT = 250


def verify_records() -> list[str]:
    """Return a sentence for each record beside the entries that something else contradicts."""
    return [
        *_accounts(),
        *_files(),
        *_lines(),
        *_unexplained(),
        *_pay_and_write_offs(),
        *_statement_balances(),
        *_documents(),
        *_bookings(),
        *_told_by_nobody(),
    ]


def _accounts() -> Iterator[str]:
    """Find accounts that no door opens so, or that were renamed past the trail.

    What an account in use was before is told by the anchors of the chain. Accounts of the template have the trail's word
    for their names from the first renaming on alone.
    """
    named: dict[str, str] = {}
    told = AuditEvent.objects.filter(
        subject_type=Account._meta.label_lower,
        action__in=("portfolio:account:add", "portfolio:account:rename", "admin:account:change"),
    )
    for subject_id, data in told.order_by("pk").values_list("subject_id", "data"):
        name = data.get("to", data.get("name"))
        if name:
            named[subject_id] = name[-1] if isinstance(name, list) else name
    for account in Account.objects.select_related("entity").order_by("entity__name", "code"):
        name = f"Account {account} of {account.entity.name}"
        if account.currency != account.entity.currency:
            yield f"{name} is kept in {account.currency}, and its entity in {account.entity.currency}."
        if account.role not in ROLES[AccountKind(account.kind)]:
            yield f"{name} is of the kind “{account.get_kind_display()}” and for “{account.get_role_display()}”, which none is."
        said = named.get(str(account.pk), account.name)
        if said != account.name:
            yield f"{name} was called “{said}” in the audit trail, and nobody renamed it since."


def _files() -> Iterator[str]:
    """Find files whose lines are fewer or more than landed, or that are gone or said something else when they landed."""
    rows = {
        str(row.pk): row for row in ImportFile.objects.annotate(there=Count("lines")).select_related("entity")
    }
    for row in rows.values():
        if row.there != row.lines_new:
            yield f"{_file(row)} brought {row.lines_new:,} new lines, and {row.there:,} of them are there."
    events = AuditEvent.objects.filter(action="portfolio:file:land").order_by("pk")
    for pk, label, at, data in events.values_list("subject_id", "subject_label", "at", "data"):
        if pk not in rows:
            yield f"The file {label}, which landed on {months.spelled(at)}, is gone."
            continue
        row = rows[pk]
        if (row.lines_read, row.lines_new, row.sha256, row.kind) != (
            data["read"], data["new"], data["sha256"], data["kind"],
        ):  # fmt: skip
            yield (
                f"{_file(row)} says {row.lines_read:,} lines read, {row.lines_new:,} of them new, SHA-256 {row.sha256[:16]}; "
                f"when it landed it said {data['read']:,}, {data['new']:,} and {data['sha256'][:16]}."
            )


def _lines() -> Iterator[str]:
    """Find landed lines that are not what landed: by their own hash, by their entry, and by the balance at Stripe."""
    rows = ImportedLine.objects.select_related("entity", "file").order_by("pk").iterator(_STEP)
    while some := list(islice(rows, _STEP)):
        entries = {row.entry_id for row in some if row.entry_id is not None}
        moved: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for entry_id, account_id, amount in Posting.objects.filter(entry__in=entries).values_list(
            "entry_id", "account_id", "amount_minor"
        ):
            moved[entry_id].append((account_id, amount))
        for row in some:
            bodies = _bodies(row)
            if bodies and row.body_hash not in {
                landing.NewLine(0, "", row.on, 0, "", body).body_hash for body in bodies
            }:
                yield (
                    f"{_line(row)} says {_money(row.amount_minor, row)} on {months.spelled(row.on)}, “{row.description}”: "
                    "this is not what landed."
                )
            if row.entry_id is not None:
                postings = moved[row.entry_id]
                whole = sum(amount for _, amount in postings if amount > 0)
                there = [amount for account, amount in postings if account == row.account_id]
                here = sum(there)
                # Several lines may stand on one entry, each on a posting of its own.
                if row.account_id is not None and row.amount_minor not in (here, *there):
                    yield f"{_line(row)} says {_money(row.amount_minor, row)}, and its entry moved {_money(here, row)}."
                elif row.account_id is None and row.kind not in _RECORDS and row.amount_minor not in {
                    whole, -whole, *(amount for _, amount in postings), *(-amount for _, amount in postings),
                }:  # fmt: skip
                    yield (
                        f"{_line(row)} says {_money(row.amount_minor, row)}, and its entry, which moved {_money(whole, row)} "
                        "in all, nowhere that."
                    )
    landed = ImportedLine.objects.filter(
        entity=OuterRef("entity"), kind=ImportKind.STRIPE, external_id=OuterRef("external_id")
    )
    for movement in StripeMovement.objects.filter(~Exists(landed)).select_related("entity").order_by("pk"):
        yield (
            f"The movement {movement.external_id} of {format_minor(movement.net_minor, movement.entity.currency)} at Stripe, "
            f"of {movement.entity.name}, has lost its line."
        )


def _bodies(row: ImportedLine) -> list[tuple[object, ...]]:
    """Return what may have been hashed of a line, where everything hashed is kept; see where each kind lands."""
    said = (row.on.isoformat(), row.amount_minor)
    if len(row.description) >= _CUT:
        return []  # It may have been cut.
    match row.kind:
        case ImportKind.BANK_CSV:
            return [(*said, row.description)]
        case ImportKind.OFX:
            return [said, (*said, row.description)]
        case ImportKind.OPENING:
            return [(row.external_id.partition(":")[0], *said)]
        case _:
            return []


def _unexplained() -> Iterator[str]:
    """Find entries that a record made and that no record knows any more: its line, invoice, bill, payment or pay is gone."""
    entries = JournalEntry.objects.filter(
        state=EntryState.POSTED, source__in=_MADE_BY, reversed_by__isnull=True
    ).select_related("entity")
    # What was posted under a bank's name without a file, or moved by a rule, has no line to lose.
    entries = entries.exclude(source__in=(EntrySource.BANK, EntrySource.STRIPE), origin="").exclude(
        source=EntrySource.BANK, external_id__startswith=MOVED
    )
    for relation in JournalEntry._meta.related_objects:
        if relation.related_model not in (Posting, EntryDocument, JournalEntry):
            knows = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            if relation.related_model is ImportedLine:
                # A file of invoices made invoices, and a bank's line that tells of a payment did not make it.
                made = Q(source__in=(EntrySource.BANK, EntrySource.STRIPE, EntrySource.INVOICE))
                entries = entries.exclude(made, Exists(knows.exclude(kind=ImportKind.INVOICES)))
            else:
                entries = entries.filter(~Exists(knows))
    # Using a client's credit moves no money and is told by its allocations.
    in_cash = Posting.objects.filter(entry=OuterRef("pk"), account__role__in=CASH_ROLES)
    entries = entries.exclude(~Exists(in_cash), source=EntrySource.PAYMENT)
    for entry in entries.order_by("pk"):
        yield f"{_entry(entry)} was made by {_MADE_BY[EntrySource(entry.source)]}, which is gone."


def _pay_and_write_offs() -> Iterator[str]:
    """Find crew pay and write-offs over another amount than their entry."""
    added = (
        Posting.objects.filter(entry=OuterRef("entry"), amount_minor__gt=0)
        .order_by()
        .values("entry")
        .annotate(added=Sum("amount_minor"))
    )
    in_books = Coalesce(Subquery(added.values("added")), Value(0), output_field=BigIntegerField())
    for name, rows in (
        ("crew pay of {0.person}", CrewPay.objects.all()),
        ("write-off of invoice {0.invoice.reference}", WriteOff.objects.select_related("invoice")),
    ):
        wrong = rows.annotate(in_books=in_books).exclude(in_books=F("amount_minor"))
        for row in wrong.select_related("entity").order_by("pk"):
            yield (
                f"The {name.format(row)} on {months.spelled(row.on)} at {row.entity.name} is over "
                f"{format_minor(row.amount_minor, row.entity.currency)}, and its entry over "
                f"{format_minor(row.in_books, row.entity.currency)}."
            )


def _statement_balances() -> Iterator[str]:
    """Find balances of statements that are not those somebody noted."""
    noted: dict[str, int] = {}
    labels: dict[str, str] = {}
    names = dict(Entity.objects.values_list("slug", "name"))
    events = AuditEvent.objects.filter(action="portfolio:statementbalance:note").order_by("pk")
    for pk, data, entity in events.values_list("subject_id", "data", "entity_slug"):
        noted[pk] = data["balance_minor"][1]
        day = months.spelled(dt.date.fromisoformat(data["on"]))
        labels[pk] = f"{data['account']} of {names.get(entity, entity)} on {day}"
    for row in StatementBalance.objects.select_related("account__entity").order_by("account_id", "on"):
        said = noted.pop(str(row.pk), None)
        if said != row.balance_minor:
            money = [
                "nothing" if minor is None else format_minor(minor, row.account.currency)
                for minor in (row.balance_minor, said)
            ]
            yield (
                f"The statement of {row.account} of {row.account.entity.name} on {months.spelled(row.on)} says {money[0]}, and "
                f"whoever noted it said {money[1]}."
            )
    for pk, minor in noted.items():
        yield f"The balance that a statement told of account {labels[pk]}, {minor:,} in its smallest coin, is gone."


def _documents() -> Iterator[str]:
    """Find documents whose bytes are gone or others than were attached, and rows that are gone."""
    there: set[tuple[str, str]] = set()
    for row in EntryDocument.objects.select_related("entry__entity").order_by("pk"):
        there.add((str(row.entry_id), row.sha256))
        name = f"The document {row.name} of entry {row.entry.number} of {row.entry.entity.name}"
        try:
            with default_storage.open(str(row.file)) as file:
                size, found = 0, hashlib.sha256()
                while chunk := file.read(_BYTES):
                    size += len(chunk)
                    found.update(chunk)
        except OSError:
            yield f"{name} has no file; {row.size:,} bytes are missing."
            continue
        if (size, found.hexdigest()) != (row.size, row.sha256):
            yield (
                f"{name} has {size:,} bytes with the SHA-256 {found.hexdigest()[:16]}, and what was attached had {row.size:,} "
                f"with {row.sha256[:16]}."
            )
    events = AuditEvent.objects.filter(action="portfolio:document:attach").order_by("pk")
    for entry_id, label, data in events.values_list("subject_id", "subject_label", "data"):
        if (entry_id, data["sha256"]) not in there:
            yield f"The document {data['name']} was attached to the entry {label}, and is gone or another by now."


def _bookings() -> Iterator[str]:
    """Find bookings whose money came through the books and that say something else was paid."""
    in_cash = Posting.objects.filter(entry=OuterRef("entry"), account__role__in=CASH_ROLES)
    named = Posting.objects.filter(booking__isnull=False, entry__state=EntryState.POSTED).order_by()
    moved = set(named.filter(Exists(in_cash)).values_list("booking_id", flat=True).distinct())
    paid = dict(
        named.filter(account__role__in=PAID_ROLES)
        .values_list("booking_id")
        .annotate(total=Sum("amount_minor"))
    )
    for booking in Booking.objects.select_related("entity").order_by("entity__name", "reference"):
        in_books = max(0, -paid.get(booking.pk, 0))
        if booking.pk in moved and booking.paid_minor != in_books:
            yield (
                f"Booking {booking.reference} of {booking.entity.name} says {_money(booking.paid_minor, booking)} is paid, and "
                f"the books {_money(in_books, booking)}."
            )


def _told_by_nobody() -> Iterator[str]:
    """Find entries of which the trail does not say that this person posted them then."""
    ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    batches = AuditEvent.objects.filter(action="portfolio:entries:post")
    for entity_id, data in batches.order_by("pk").values_list("subject_id", "data"):
        ranges[entity_id].append((data["first"], data["last"]))
    joined = {entity_id: _joined(found) for entity_id, found in ranges.items()}
    told = AuditEvent.objects.annotate(who=Coalesce("actor_id", Value(0))).filter(
        subject_type=JournalEntry._meta.label_lower,
        subject_id=Cast(OuterRef("pk"), CharField()),
        action__in=("portfolio:entry:post", "portfolio:entry:reverse"),
        at=OuterRef("posted_at"),
        who=Coalesce(OuterRef("by_id"), Value(0)),
    )
    entries = JournalEntry.objects.filter(state=EntryState.POSTED, number__isnull=False).filter(~Exists(told))
    for entry in entries.select_related("entity").order_by("pk").iterator(_STEP):
        found = joined.get(str(entry.entity_id), [])
        place = bisect_right(found, (entry.pk, 1 << 62)) - 1
        if place < 0 or entry.pk > found[place][1]:
            yield f"{_entry(entry)} is in the books, and the audit trail does not say who posted it then."


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _money(minor: int, row: ImportedLine | Booking) -> str:
    return format_minor(minor, row.entity.currency)


def _entry(row: JournalEntry) -> str:
    return f"Entry {row.number} of {row.entity.name} ({row.memo}, {months.spelled(row.on)})"


def _file(row: ImportFile) -> str:
    return f"The file {row.name}" + (f" of {row.entity.name}" if row.entity is not None else "")


def _line(row: ImportedLine) -> str:
    if row.file is None:
        return f"The movement {row.external_id} of {row.entity.name}"
    return f"Line {row.line} of {row.file.name} of {row.entity.name}"
