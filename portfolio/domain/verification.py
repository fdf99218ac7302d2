"""Checking the books from outside their own guards: whatever bypassed a trigger is found here.

Everything is recomputed from the postings, so this costs what it costs; `manage.py verify_books` runs it. The chain of
entries is followed from the first to the last and held against every head that was written down, here or elsewhere.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from core import months
from core.models import AuditEvent
from core.money import format_minor
from portfolio.domain import chain, ledger, sealing
from portfolio.domain.sub_ledgers import verify_sub_ledgers
from portfolio.models import (
    Account,
    AccountRole,
    AnchorReason,
    ChainAnchor,
    Entity,
    EntryState,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
    Posting,
)
from portfolio.models.account import CASH_ROLES

# What each event of the trail made of a month.
_STATES = MappingProxyType(
    {
        "portfolio:period:reconcile": PeriodState.RECONCILED.value,
        "portfolio:period:close": PeriodState.CLOSED.value,
        "portfolio:period:reopen": PeriodState.OPEN.value,
    }
)
CHAIN_STEP = 2_000
# Stands for the instant of an entry whose own was taken away by hand; no chain holds with it.
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
"""Entries read at once: what the chain's check holds in memory."""


@dataclass(frozen=True, slots=True)
class Written:
    """A head that was written down: whose it is, and where it stands, in words that end a sentence."""

    slug: str
    head: chain.Head
    where: str


@dataclass(frozen=True, slots=True)
class Divergence:
    """A monthly balance that is not the sum of its postings; each triple is (debit, credit, cash) in minor units."""

    account_id: int
    month: int
    stored: tuple[int, int, int]
    counted: tuple[int, int, int]


def verify_balances() -> list[Divergence]:
    """Return every account and month whose stored balance differs from its postings, in order."""
    touches_cash = Exists(Posting.objects.filter(entry=OuterRef("entry"), account__role__in=CASH_ROLES))
    counted = {
        (row["account_id"], row["month"]): (row["debit"], row["credit"], row["cash"])
        for row in Posting.objects.filter(entry__state=EntryState.POSTED)
        .order_by()
        .annotate(in_cash_entry=touches_cash)
        .values("account_id", "month")
        .annotate(
            debit=Sum(Greatest(F("amount_minor"), Value(0))),
            credit=Sum(Greatest(-F("amount_minor"), Value(0))),
            cash=Coalesce(Sum(Case(When(in_cash_entry=True, then=-F("amount_minor")), default=Value(0))), 0),
        )
    }
    stored = {
        (account_id, month): (debit, credit, cash)
        for account_id, month, debit, credit, cash in MonthlyBalance.objects.order_by().values_list(
            "account_id", "month", "debit_minor", "credit_minor", "cash_minor"
        )
    }
    nothing = (0, 0, 0)
    return [
        Divergence(*key, stored=stored.get(key, nothing), counted=counted.get(key, nothing))
        for key in sorted(stored.keys() | counted.keys())
        if stored.get(key, nothing) != counted.get(key, nothing)
    ]


def verify_entries() -> list[str]:
    """Return a sentence for each posted entry that the guards would have refused."""
    faults = (
        JournalEntry.objects.filter(state=EntryState.POSTED)
        .order_by("pk")
        .annotate(
            lines=Count("postings"),
            difference=Coalesce(Sum("postings__amount_minor"), 0),
            strange=Count("postings", filter=~Q(postings__account__entity=F("entity"))),
            mixed=Count("postings", filter=~Q(postings__account__currency=F("currency"))),
            misdated=Count("postings", filter=~Q(postings__month=F("month"))),
        )
        .filter(Q(lines__lt=2) | ~Q(difference=0) | Q(strange__gt=0) | Q(mixed__gt=0) | Q(misdated__gt=0))
    )
    return [
        f"Journal entry {entry.pk} ({entry}) is broken: {entry.lines} postings, out of balance by "
        f"{format_minor(entry.difference, entry.currency)}, {entry.strange} of another entity, {entry.mixed} of another "
        f"currency, {entry.misdated} of another month."
        for entry in faults
    ]


def verify_chain(*, against: Collection[Written] = ()) -> list[str]:
    """Return a sentence for each break of an entity's chain of entries.

    ``against`` are heads that were kept outside this database, beside the anchors it keeps itself.
    """
    sentences = [
        f"Journal entry {entry.pk} ({entry}) of {entry.entity.slug} was sealed past the ledger: it has no place in the chain."
        for entry in JournalEntry.objects.filter(state=EntryState.POSTED)
        .filter(Q(number__isnull=True) | Q(chain_hash=""))
        .select_related("entity")
        .order_by("pk")
    ]
    loose = Posting.objects.filter(~Exists(JournalEntry.objects.filter(pk=OuterRef("entry_id")))).count()
    if loose:
        sentences.append(f"{loose} postings are of entries that are gone.")
    heads = chain.heads()
    written = [*against, *_anchors()]
    for entity in Entity.objects.order_by("slug"):
        marks = [mark for mark in written if mark.slug == entity.slug]
        sentences += _verify_chain_of(entity, heads.get(entity.pk, chain.EMPTY), marks)
    known = set(Entity.objects.values_list("slug", flat=True))
    return sentences + [
        f"The entity {mark.slug}, whose entry {mark.head.number} is written down {mark.where}, is gone."
        for mark in written
        if mark.slug not in known
    ]


def _anchors() -> list[Written]:
    return [
        Written(
            anchor.entity.slug, chain.Head(anchor.number, anchor.head),
            f"in the anchor of {anchor.recorded_at:%Y-%m-%d %H:%M} UTC",
        )
        for anchor in ChainAnchor.objects.select_related("entity").order_by("entity_id", "number", "id")
    ]  # fmt: skip


def _verify_chain_of(entity: Entity, head: chain.Head, marks: Collection[Written]) -> list[str]:
    sentences: list[str] = []
    asked = {mark.head.number for mark in marks} | {head.number}
    seen: dict[int, str] = {}
    last = chain.EMPTY
    for number, chain_hash, entry, row in _sealed(entity.pk):
        if number != last.number + 1:
            sentences.append(f"The books of {entity.slug} have no entries {last.number + 1} to {number - 1}.")
        said = ledger.body_hash(row.on, row.memo, row.reverses_id, row.reason, row.postings)
        (follows,) = sealing.links(
            [row], before=last.hash, number=number - 1, by_id=entry.by_id, posted_at=entry.posted_at or NEVER
        )
        if said != row.body_hash or row.month != months.month_of(row.on):
            sentences.append(
                f"Entry {number} of {entity.slug} ({entry}) is not what was sealed: its date, memo or postings were changed."
            )
        elif follows != chain_hash and number == last.number + 1:
            sentences.append(
                f"Entry {number} of {entity.slug} ({entry}) does not follow from the one before it: one of the two was changed."
            )
        last = chain.Head(number, chain_hash)
        if number in asked:
            seen[number] = chain_hash
    if last.number > head.number:  # Entries may have been sealed while these were read.
        head = chain.heads(entities=[entity]).get(entity.pk, chain.EMPTY)
    if last.number < head.number:
        sentences.append(
            f"The books of {entity.slug} end with entry {last.number}, and had come to {head.number}: the end was cut off."
        )
    elif last.number > head.number or last.hash != head.hash:
        sentences.append(
            f"The books of {entity.slug} end with entry {last.number}, and their head says otherwise ({head.number})."
        )
    for mark in marks:
        found = seen.get(mark.head.number)
        if found is None:
            sentences.append(
                f"Entry {mark.head.number} of {entity.slug}, written down {mark.where}, is gone from the books."
            )
        elif not found.startswith(mark.head.hash):
            sentences.append(
                f"The books of {entity.slug} up to entry {mark.head.number} are not those written down {mark.where}: "
                "they were rewritten."
            )
    return sentences


def _sealed(entity_id: int) -> Iterator[tuple[int, str, JournalEntry, sealing.EntryRow]]:
    """Yield an entity's sealed entries in the order of their numbers, as they stand now."""
    last = 0
    while True:
        entries = list(
            JournalEntry.objects.filter(
                entity_id=entity_id, state=EntryState.POSTED, number__gt=last
            ).order_by("number")[:CHAIN_STEP]
        )
        if not entries:
            return
        postings: dict[int, list[sealing.PostingRow]] = {entry.pk: [] for entry in entries}
        rows = Posting.objects.filter(entry_id__in=postings).order_by("id")
        for entry_id, account_id, amount, booking_id, memo in rows.values_list(
            "entry_id", "account_id", "amount_minor", "booking_id", "memo"
        ):
            postings[entry_id].append((account_id, amount, booking_id, memo))
        for entry in entries:
            last = entry.number or 0
            yield last, entry.chain_hash, entry, sealing.EntryRow(
                entry.entity_id, entry.on, entry.month, entry.currency, entry.memo, entry.source, entry.external_id,
                entry.body_hash, entry.origin, entry.reverses_id, entry.reason, postings[entry.pk],
            )  # fmt: skip


def verify_reconciliations() -> list[str]:
    """Return a sentence for each reconciled month whose cash at bank no longer equals its statement."""
    sentences = []
    reconciled = Period.objects.filter(state__in=(PeriodState.RECONCILED, PeriodState.CLOSED))
    for period in reconciled.select_related("entity").order_by("entity_id", "month"):
        cash = cash_at_bank(entity_id=period.entity_id, month=period.month)
        if period.statement_minor is not None and cash != period.statement_minor:
            sentences.append(
                f"{period.entity.slug} {months.label(period.month)} was reconciled at "
                f"{format_minor(period.statement_minor, period.entity.currency)}, and its books now hold "
                f"{format_minor(cash, period.entity.currency)} at the bank."
            )
    return sentences


def verify_periods() -> list[str]:
    """Return a sentence for each month whose state nobody said, and for each entry posted behind a close."""
    told: dict[str, tuple[str, dt.datetime]] = {}
    said = AuditEvent.objects.filter(subject_type=Period._meta.label_lower, action__in=_STATES)
    for subject_id, action, when in said.order_by("pk").values_list("subject_id", "action", "at"):
        told[subject_id] = _STATES[action], when
    sentences: list[str] = []
    late: dict[int, str] = {}
    for period in Period.objects.select_related("entity").order_by("entity_id", "month"):
        name = f"{period.entity.slug} {months.label(period.month)}"
        found = told.get(str(period.pk))
        state, when = found if found is not None else (PeriodState.OPEN.value, NEVER)
        closed = period.state == PeriodState.CLOSED
        if state != period.state or (closed and when != period.closed_at):
            sentences.append(
                f"{name} is {period.state}, and the audit trail does not say who did that and when."
            )
        if closed:
            for entry in _behind(period):
                late.setdefault(
                    entry.pk,
                    f"Entry {entry.number} of {period.entity.slug} ({entry}) was posted after {months.label(period.month)} "
                    "was closed, and belongs in it or before it.",
                )
    return [*sentences, *late.values()]


def _behind(period: Period) -> models.QuerySet[JournalEntry]:
    """Return the entries up to a closed month that came after its close: behind the head that was written down then."""
    anchor = (
        ChainAnchor.objects.filter(
            entity=period.entity_id, reason=AnchorReason.CLOSE, recorded_at=period.closed_at or NEVER
        )
        .order_by("-number")
        .first()
    )
    posted = JournalEntry.objects.filter(
        entity=period.entity_id, state=EntryState.POSTED, month__lte=period.month
    ).order_by("number", "pk")
    return posted.filter(
        Q(number__gt=anchor.number) if anchor is not None else Q(posted_at__gt=period.closed_at)
    )


def cash_at_bank(*, entity_id: int, month: int) -> int:
    """Return the balance of an entity's bank accounts at the end of a month, in minor units, from balances alone."""
    total = MonthlyBalance.objects.filter(
        account__entity_id=entity_id, account__role=AccountRole.CASH, month__lte=month
    ).aggregate(total=Coalesce(Sum(F("debit_minor") - F("credit_minor")), 0))["total"]
    return int(total)


def verify_books(*, against: Collection[Written] = ()) -> list[str]:
    """Return a sentence for everything that is wrong with the books; an empty list means they hold.

    ``against`` are heads of the chains that were kept outside this database.
    """
    names = {account.pk: str(account) for account in Account.objects.all()}
    balances = [
        f"Balance of account {names.get(found.account_id, found.account_id)} in {months.label(found.month)} says "
        f"(debit, credit, cash) {found.stored}, its postings add up to {found.counted}."
        for found in verify_balances()
    ]
    return [
        *verify_entries(),
        *verify_chain(against=against),
        *balances,
        *verify_reconciliations(),
        *verify_periods(),
        *verify_sub_ledgers(),
    ]
