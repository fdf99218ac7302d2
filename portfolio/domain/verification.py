"""Checking the books from outside their own guards: whatever bypassed a trigger is found here.

Everything is recomputed from the postings, so this costs what it costs; `manage.py verify_books` runs it. The chain of
entries is followed from the first to the last and held against every head that was written down, here or elsewhere.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from core import months
from core.models import AuditEvent
from core.money import format_minor
from portfolio.domain import chain, hashing
from portfolio.domain.account_changes import ROLES
from portfolio.domain.sub_ledgers import verify_sub_ledgers
from portfolio.domain.verified_records import verify_records
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    AnchorReason,
    ChainAnchor,
    Entity,
    EntryChain,
    EntrySource,
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
# Entries read at once: what the chain's check holds in memory.
CHAIN_STEP = 2_000
# Stands for the instant of an entry whose own was taken away by hand; no chain holds with it.
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """A head that was written down: whose it is, and where it stands, in words that end a sentence.

    ``accounts`` is the digest over the accounts in use there, or how it begins; empty where it was not written down.
    """

    slug: str
    head: chain.Head
    where: str
    accounts: str = ""


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
        f"Journal entry {entry.pk} ({_named(entry)}) is broken: {entry.lines} postings, out of balance by "
        f"{format_minor(entry.difference, entry.currency)}, {entry.strange} of another entity, {entry.mixed} of another "
        f"currency, {entry.misdated} of another month."
        for entry in faults
    ]


def verify_chain(*, against: Collection[Written] = ()) -> list[str]:
    """Return a sentence for each break of an entity's chain of entries.

    ``against`` are heads that were kept outside this database, beside the anchors it keeps itself.
    """
    sentences = [
        f"Journal entry {entry.pk} ({_named(entry)}) of {entry.entity.name} was sealed past the ledger: it has no place in the chain."
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
    accounts = {pk: chain.AccountMark(pk, *rest) for pk, *rest in _accounts()}
    for entity in Entity.objects.order_by("slug"):
        marks = [mark for mark in written if mark.slug == entity.slug]
        sentences += _verify_chain_of(entity, heads.get(entity.pk, chain.EMPTY), marks, accounts)
    known = set(Entity.objects.values_list("slug", flat=True))
    return sentences + [
        f"The entity {mark.slug}, whose entry {mark.head.number} is written down {mark.where}, is gone."
        for mark in written
        if mark.slug not in known
    ]


def _accounts() -> models.QuerySet[Account, tuple[int, str, str, str, str]]:
    return Account.objects.values_list("id", "code", "kind", "role", "currency")


def _named(entry: JournalEntry) -> str:
    return f"{entry.memo}, {months.spelled(entry.on)}"


def _anchors() -> list[Written]:
    return [
        Written(
            anchor.entity.slug, chain.Head(anchor.number, anchor.head),
            f"in the anchor of {months.spelled(anchor.recorded_at)}, {anchor.recorded_at:%H:%M} UTC", anchor.accounts or "none",
        )
        for anchor in ChainAnchor.objects.select_related("entity").order_by("entity_id", "number", "id")
    ]  # fmt: skip


def _verify_chain_of(
    entity: Entity, head: chain.Head, marks: Collection[Written], accounts: Mapping[int, chain.AccountMark]
) -> list[str]:
    sentences: list[str] = []
    used: dict[int, int] = {}
    asked = {mark.head.number for mark in marks} | {head.number}
    seen: dict[int, str] = {}
    last = chain.EMPTY
    for number, chain_hash, entry, row in _sealed(entity.pk):
        if number != last.number + 1:
            sentences.append(f"The books of {entity.name} have no entries {last.number + 1} to {number - 1}.")
        said = hashing.body_hash(row.on, row.memo, row.reverses_id, row.reason, row.postings)
        (follows,) = hashing.links(
            [row], before=last.hash, number=number - 1, by_id=entry.by_id, posted_at=entry.posted_at or NEVER
        )
        if said != row.body_hash or row.month != months.month_of(row.on):
            sentences.append(
                f"Entry {number} of {entity.name} ({_named(entry)}) is not what was sealed: its date, memo or postings were changed."
            )
        elif follows != chain_hash and number == last.number + 1:
            sentences.append(
                f"Entry {number} of {entity.name} ({_named(entry)}) does not follow from the one before it: one of the two was changed."
            )
        last = chain.Head(number, chain_hash)
        for account_id, *_ in row.postings:
            used.setdefault(account_id, number)
        if number in asked:
            seen[number] = chain_hash
    if last.number > head.number:  # Entries may have been sealed while these were read.
        head = chain.heads(entities=[entity]).get(entity.pk, chain.EMPTY)
    if last.number < head.number:
        sentences.append(
            f"The books of {entity.name} end with entry {last.number}, and had come to {head.number}: the end was cut off."
        )
    elif last.number > head.number or last.hash != head.hash:
        sentences.append(
            f"The books of {entity.name} end with entry {last.number}, and their head says otherwise ({head.number})."
        )
    return [
        *sentences,
        *_verify_marks(entity, seen, marks),
        *_verify_accounts_of(entity, used, marks, accounts, broken=bool(sentences)),
    ]


def _verify_marks(entity: Entity, seen: Mapping[int, str], marks: Collection[Written]) -> list[str]:
    """Return a sentence for each head that was written down and that the entries do not come to."""
    sentences: list[str] = []
    for mark in marks:
        found = seen.get(mark.head.number)
        if found is None:
            sentences.append(
                f"Entry {mark.head.number} of {entity.name}, written down {mark.where}, is gone from the books."
            )
        elif not found.startswith(mark.head.hash):
            sentences.append(
                f"The books of {entity.name} up to entry {mark.head.number} are not those written down {mark.where}: "
                "they were rewritten."
            )
    return sentences


def _verify_accounts_of(
    entity: Entity,
    used: Mapping[int, int],
    marks: Collection[Written],
    accounts: Mapping[int, chain.AccountMark],
    *,
    broken: bool,
) -> list[str]:
    """Return a sentence where accounts in use are not what they were when a head was written down, the first such."""
    for mark in sorted(marks, key=lambda mark: mark.head.number):
        if not mark.accounts:
            continue
        then = [accounts[pk] for pk, first in used.items() if first <= mark.head.number and pk in accounts]
        if not chain.digest(then).startswith(mark.accounts):
            found = _as_it_was(entity, then, mark)
            if not found and broken:
                return []  # Which accounts the entries use is not known any more.
            return [
                found
                or f"Of the {len(then)} accounts that {entity.name} uses up to entry {mark.head.number}, several are not of the "
                f"kind, role, currency and code that were written down {mark.where}."
            ]
    return []


def _as_it_was(entity: Entity, then: Sequence[chain.AccountMark], mark: Written) -> str:
    """Return the sentence that names the one account that was changed, found by trying what each may have been."""
    for at, account in enumerate(then):
        for kind, roles in ROLES.items():
            for role in roles:
                before = account._replace(kind=kind.value, role=role.value)
                if chain.digest([*then[:at], before, *then[at + 1 :]]).startswith(mark.accounts):
                    return (
                        f"Account {account.code} of {entity.name} is of the kind “{AccountKind(account.kind).label}” and for "
                        f"“{AccountRole(account.role).label}”, and was of the kind “{kind.label}” and for “{role.label}” up to "
                        f"entry {mark.head.number}, as written down {mark.where}."
                    )
    return ""


def _sealed(entity_id: int) -> Iterator[tuple[int, str, JournalEntry, hashing.EntryRow]]:
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
        postings: dict[int, list[hashing.PostingRow]] = {entry.pk: [] for entry in entries}
        rows = Posting.objects.filter(entry_id__in=postings).order_by("id")
        for entry_id, account_id, amount, booking_id, memo in rows.values_list(
            "entry_id", "account_id", "amount_minor", "booking_id", "memo"
        ):
            postings[entry_id].append((account_id, amount, booking_id, memo))
        for entry in entries:
            last = entry.number or 0
            yield last, entry.chain_hash, entry, hashing.EntryRow(
                entry.entity_id, entry.on, entry.month, entry.currency, entry.memo, entry.source, entry.external_id,
                entry.body_hash, entry.origin, entry.reverses_id, entry.reason, postings[entry.pk],
            )  # fmt: skip


def verify_openings() -> list[str]:
    """Return a sentence for each entity whose books do not begin with its opening balances, or not on the day kept."""
    posted = JournalEntry.objects.filter(
        entity=OuterRef("entity"), state=EntryState.POSTED, reversed_by__isnull=True
    ).order_by("on")
    begun = Subquery(posted.filter(source=EntrySource.OPENING).values("on")[:1])
    first = Subquery(posted.filter(reverses__isnull=True).values("on")[:1])
    sentences = []
    for row in EntryChain.objects.select_related("entity").annotate(begun=begun, first=first):
        if row.opened_on != row.begun:
            said, found = (
                "no day" if day is None else months.spelled(day) for day in (row.opened_on, row.begun)
            )
            sentences.append(
                f"The books of {row.entity.name} are held to begin on {said}, and their opening balances are of {found}."
            )
        elif row.begun is not None and row.first < row.begun:
            sentences.append(
                f"The books of {row.entity.name} begin with the opening balances of {months.spelled(row.begun)}, and hold an "
                f"entry of {months.spelled(row.first)}."
            )
    return sentences


def verify_reconciliations() -> list[str]:
    """Return a sentence for each reconciled month whose cash at bank no longer equals its statement."""
    sentences = []
    reconciled = Period.objects.filter(state__in=(PeriodState.RECONCILED, PeriodState.CLOSED))
    for period in reconciled.select_related("entity").order_by("entity_id", "month"):
        cash = cash_at_bank(entity_id=period.entity_id, month=period.month)
        if period.statement_minor is not None and cash != period.statement_minor:
            sentences.append(
                f"{period.entity.name} {months.label(period.month)} was reconciled at "
                f"{format_minor(period.statement_minor, period.entity.currency)}, and its books now hold "
                f"{format_minor(cash, period.entity.currency)} at the bank."
            )
    return sentences


def verify_periods() -> list[str]:
    """Return a sentence for each month whose state nobody said, and for each entry posted behind a close."""
    told: dict[str, tuple[str, dt.datetime]] = {}
    stated: dict[str, int] = {}
    labels: dict[str, str] = {}
    said = AuditEvent.objects.filter(subject_type=Period._meta.label_lower, action__in=_STATES)
    for subject_id, action, when, data, label in said.order_by("pk").values_list(
        "subject_id", "action", "at", "data", "subject_label"
    ):
        told[subject_id], labels[subject_id] = (_STATES[action], when), label
        if "statement_minor" in data:
            stated[subject_id] = data["statement_minor"]
    sentences: list[str] = []
    late: dict[int, str] = {}
    for period in Period.objects.select_related("entity").order_by("entity_id", "month"):
        name = f"{period.entity.name} {months.label(period.month)}"
        found = told.pop(str(period.pk), None)
        state, when = found if found is not None else (PeriodState.OPEN.value, NEVER)
        closed = period.state == PeriodState.CLOSED
        unsaid = state != period.state or (closed and when != period.closed_at)
        if unsaid:
            sentences.append(
                f"{name} is {period.state}, and the audit trail does not say who did that and when."
            )
        known = stated.get(str(period.pk))
        if known is not None and known != period.statement_minor:
            now = period.statement_minor
            amount = "nothing" if now is None else format_minor(now, period.entity.currency)
            sentences.append(
                f"{name} was reconciled at {format_minor(known, period.entity.currency)} by the audit trail, and says {amount}."
            )
        if closed and not unsaid and not _anchored(period):
            sentences.append(
                f"{name} was closed, and the head of the chain that was written down then is gone."
            )
        if closed:
            for entry in _behind(period):
                late.setdefault(
                    entry.pk,
                    f"Entry {entry.number} of {period.entity.name} ({_named(entry)}) was posted after {months.label(period.month)} "
                    "was closed, and belongs in it or before it.",
                )
    sentences += [
        f"{labels[pk]} was {state} by the audit trail, and is not among the months."
        for pk, (state, _) in told.items()
    ]
    return [*sentences, *late.values()]


def _anchored(period: Period) -> bool:
    """Tell whether the head of the day a month was closed is written down, where there was any entry by then."""
    if period.closed_at is None:
        return True
    return (
        ChainAnchor.objects.filter(
            entity=period.entity_id, reason=AnchorReason.CLOSE, recorded_at=period.closed_at
        ).exists()
        or not JournalEntry.objects.filter(
            entity=period.entity_id, number__isnull=False, posted_at__lte=period.closed_at
        ).exists()
    )


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
        *verify_openings(),
        *verify_reconciliations(),
        *verify_periods(),
        *verify_sub_ledgers(),
        *verify_records(),
    ]
