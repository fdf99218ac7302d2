"""What other apps may read of the portfolio: frozen rows, one query a function, nothing lazy.

Reports read the books only through here. Amounts are minor units, debit positive; months are whole
numbers (`core.months`); dates are local to the entity.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from core import months
from portfolio.domain import exceptions
from portfolio.models import (
    Account,
    Asset,
    Assumption,
    Booking,
    CapitalOption,
    Channel,
    ClientContract,
    Entity,
    EntryState,
    FinancialRule,
    FunnelCount,
    HandoffFile,
    HandoffRow,
    ImportedLine,
    JournalEntry,
    KpiValue,
    MonthlyBalance,
    MonthlyTarget,
    Period,
    PeriodState,
    Posting,
    ProfitabilityModel,
    Responsibility,
    SampleMark,
    Scenario,
    Stake,
)
from portfolio.models.account import CASH_ROLES

# What may be wrong about money held for clients, and one such thing.
Trouble = exceptions.Trouble
Exceptional = exceptions.Exceptional


@dataclass(frozen=True, slots=True)
class EntityFact:
    """An entity, as reports name it; ``number`` and ``head`` say where its chain of entries has come to, 0 and "" in
    empty books.
    """

    id: int
    slug: str
    name: str
    kind: str
    zone: str
    currency: str
    number: int
    head: str


@dataclass(frozen=True, slots=True)
class AccountFact:
    """An account and what it is for."""

    id: int
    entity_id: int
    code: str
    name: str
    kind: str
    role: str


@dataclass(frozen=True, slots=True)
class Movement:
    """What one account did in one month: net debit, gross sides, and the cash it explains."""

    net: int = 0
    debit: int = 0
    credit: int = 0
    cash: int = 0


@dataclass(frozen=True, slots=True)
class BookingFact:
    """A booking as it stands."""

    id: int
    entity_id: int
    reference: str
    title: str
    kind: str
    asset_id: int | None
    channel_id: int | None
    client_name: str
    party_size: int
    stage: str
    enquired_on: dt.date | None
    booked_on: dt.date | None
    completed_on: dt.date | None
    service_on: dt.date | None
    price_minor: int
    deposit_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class LinkedPosting:
    """A posting that names its booking, with its account's role."""

    booking_id: int
    account_id: int
    role: str
    month: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """A month somebody has reconciled or closed, with what its bank statement said; None where nobody noted it."""

    entity_id: int
    month: int
    state: str
    statement_minor: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last date that one kind of source covers, for one entity."""

    entity_id: int
    kind: str
    fresh_to: dt.date


def entities(*, only: Collection[int] | None = None) -> tuple[EntityFact, ...]:
    """Return active entities, by slug, each with the head of its books; ``only`` limits them to those ids."""
    rows = Entity.objects.filter(active=True).annotate(
        last_number=Coalesce("chain__number", 0), head=Coalesce("chain__head", Value(""))
    )
    if only is not None:
        rows = rows.filter(pk__in=only)
    return tuple(
        EntityFact(*row)
        for row in rows.values_list("id", "slug", "name", "kind", "zone", "currency", "last_number", "head")
    )


def accounts(*, entity_ids: Collection[int]) -> tuple[AccountFact, ...]:
    """Return the chart of accounts of these entities."""
    rows = Account.objects.filter(entity_id__in=entity_ids).values_list(
        "id", "entity_id", "code", "name", "kind", "role"
    )
    return tuple(AccountFact(*row) for row in rows)


def movements(*, entity_ids: Collection[int], as_of: dt.date) -> dict[tuple[int, int], Movement]:
    """Return each account's movement by month up to a date, from the monthly balances.

    Two queries: the balances, and whatever in the last month is dated after ``as_of``, taken off again.
    """
    last = months.month_of(as_of)
    found = {
        (account, month): Movement(debit - credit, debit, credit, cash)
        for account, month, debit, credit, cash in MonthlyBalance.objects.filter(
            account__entity_id__in=entity_ids, month__lte=last
        ).values_list("account_id", "month", "debit_minor", "credit_minor", "cash_minor")
    }
    if as_of == months.last_day(last):
        return found
    late: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for entry, account, role, amount in Posting.objects.filter(
        entry__entity_id__in=entity_ids,
        entry__month=last,
        entry__on__gt=as_of,
        entry__state=EntryState.POSTED,
    ).values_list("entry_id", "account_id", "account__role", "amount_minor"):
        late[entry].append((account, role, amount))
    for lines in late.values():
        touches_cash = any(role in CASH_ROLES for _, role, _ in lines)
        for account, _, amount in lines:
            # A posting made between the two reads is not among the balances; the report is worked out again then.
            before = found.get((account, last), Movement())
            found[account, last] = Movement(
                before.net - amount,
                before.debit - max(amount, 0),
                before.credit - max(-amount, 0),
                before.cash + (amount if touches_cash else 0),
            )
    return found


def postings(
    *,
    accounts: Collection[int],
    first_month: int,
    end_month: int,
    until: dt.date,
    up_to: Mapping[int, int],
    cash_only: bool = False,
    side: str = "",
    bookings: Collection[int] | None = None,
) -> QuerySet[Posting]:
    """Return the sealed postings behind a figure: months half-open, dated up to ``until``, entries of
    each entity in ``up_to`` up to that number; ``cash_only`` keeps those of entries that touch cash, ``side`` debits or credits alone.
    """
    seen = Q(pk__in=())
    for entity_id, number in up_to.items():
        seen |= Q(entry__entity_id=entity_id, entry__number__lte=number)
    rows = Posting.objects.filter(
        seen,
        account_id__in=accounts,
        month__gte=first_month,
        month__lt=end_month,
        entry__state=EntryState.POSTED,
        entry__on__lte=until,
    )
    if cash_only:
        rows = rows.filter(
            entry_id__in=Posting.objects.filter(account__role__in=CASH_ROLES).values("entry_id")
        )
    if side == "debit":
        rows = rows.filter(amount_minor__gt=0)
    elif side == "credit":
        rows = rows.filter(amount_minor__lt=0)
    if bookings is not None:
        rows = rows.filter(booking_id__in=bookings)
    return rows.select_related("entry", "account", "entry__entity").order_by("entry__on", "id")


def total(rows: QuerySet[Posting]) -> int:
    """Return the sum of postings in minor units, debit positive."""
    return rows.order_by().aggregate(total=Sum("amount_minor"))["total"] or 0


def linked_postings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[LinkedPosting, ...]:
    """Return sealed postings that name a booking, dated up to ``as_of``."""
    rows = Posting.objects.filter(
        booking__entity_id__in=entity_ids, entry__state=EntryState.POSTED, entry__on__lte=as_of
    ).values_list("booking_id", "account_id", "account__role", "month", "amount_minor")
    return tuple(LinkedPosting(*row) for row in rows)


def periods(*, entity_ids: Collection[int]) -> tuple[PeriodFact, ...]:
    """Return the months that are reconciled or closed."""
    rows = Period.objects.filter(
        entity_id__in=entity_ids, state__in=[PeriodState.RECONCILED, PeriodState.CLOSED]
    ).values_list("entity_id", "month", "state", "statement_minor")
    return tuple(PeriodFact(*row) for row in rows)


def bookings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[BookingFact, ...]:
    """Return bookings not enquired about after a date, as they stand now."""
    rows = Booking.objects.filter(
        Q(enquired_on__isnull=True) | Q(enquired_on__lte=as_of), entity_id__in=entity_ids
    ).values_list(
        "id",
        "entity_id",
        "reference",
        "title",
        "kind",
        "asset_id",
        "channel_id",
        "client_name",
        "party_size",
        "stage",
        "enquired_on",
        "booked_on",
        "completed_on",
        "service_on",
        "price_minor",
        "deposit_minor",
        "paid_minor",
    )
    return tuple(BookingFact(*row) for row in rows)


def held_troubles(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Exceptional, ...]:
    """Return what about money held for clients needs a person, the worst first."""
    return exceptions.exceptions(entity_ids=entity_ids, as_of=as_of)


def freshness(*, entity_ids: Collection[int]) -> tuple[Freshness, ...]:
    """Return, per entity and kind of source, the last date it covers; ``handoff`` is the note's own date."""
    landed = (
        ImportedLine.objects.filter(entity_id__in=entity_ids)
        .values("entity_id", "kind")
        .annotate(fresh_to=Max("on"))
        .order_by()
        .values_list("entity_id", "kind", "fresh_to")
    )
    notes = (
        HandoffFile.objects.filter(entity_id__in=entity_ids, current=True)
        .annotate(source=Value("handoff"))
        .order_by()
        .values_list("entity_id", "source", "updated_on")
    )
    return tuple(Freshness(*row) for row in landed.union(notes, all=True))


def note_rows(*, entity_ids: Collection[int], kinds: Collection[str]) -> tuple[HandoffRow, ...]:
    """Return the rows of some kinds in current handoff notes, with their files."""
    return tuple(
        HandoffRow.objects.filter(
            file__entity_id__in=entity_ids, file__current=True, kind__in=kinds
        ).select_related("file")
    )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement of a current note that a record denies."""

    entity_id: int
    where: str
    note_says: str
    record_says: str
    ref: str


def contradictions(
    *,
    rows: Iterable[HandoffRow],
    stakes: Iterable[Stake],
    channels: Iterable[Channel],
    responsibilities: Iterable[Responsibility],
) -> tuple[Contradiction, ...]:
    """Return the statements of note rows about agreements, channels and handovers that the records deny."""
    held = {(row.entity_id, row.holder): row for row in stakes}
    sold = {(row.entity_id, row.name): row for row in channels}
    roles = {(row.entity_id, row.role): row for row in responsibilities}
    found = []
    for row in rows:
        key = (row.file.entity_id, row.label)
        said, record, ref = "", "", ""
        if row.kind == "equity" and key in held:
            said = row.cells.get("Agreement", {}).get("text", "")
            record, ref = held[key].agreement, f"stake:{held[key].pk}"
        elif row.kind == "channel" and key in sold:
            said = row.cells.get("Status", {}).get("text", "")
            record, ref = sold[key].get_status_display().casefold(), f"channel:{sold[key].pk}"
        elif row.kind == "role" and key in roles:
            said = row.cells.get("Handoff", {}).get("text", "")
            record, ref = roles[key].get_handover_display().casefold(), f"responsibility:{roles[key].pk}"
        if said and not said.casefold().startswith(record):
            where = f"{row.file.name} line {row.line}"
            found.append(Contradiction(row.file.entity_id, where, f"{row.label}: {said}", record, ref))
    return tuple(found)


def stakes(*, entity_ids: Collection[int]) -> tuple[Stake, ...]:
    """Return who holds what."""
    return tuple(Stake.objects.filter(entity_id__in=entity_ids))


def assets(*, entity_ids: Collection[int]) -> tuple[Asset, ...]:
    """Return what the entities own or may use."""
    return tuple(Asset.objects.filter(entity_id__in=entity_ids))


def responsibilities(*, entity_ids: Collection[int]) -> tuple[Responsibility, ...]:
    """Return who answers for what."""
    return tuple(Responsibility.objects.filter(entity_id__in=entity_ids))


def channels(*, entity_ids: Collection[int]) -> tuple[Channel, ...]:
    """Return the sales channels."""
    return tuple(Channel.objects.filter(entity_id__in=entity_ids))


def contracts(*, entity_ids: Collection[int]) -> tuple[ClientContract, ...]:
    """Return active client contracts."""
    return tuple(
        ClientContract.objects.filter(entity_id__in=entity_ids, active=True).select_related("client")
    )


def funnel(*, entity_ids: Collection[int], as_of: dt.date) -> dict[int, tuple[FunnelCount, ...]]:
    """Return each entity's newest funnel count up to a date, first step first."""
    newest: dict[int, list[FunnelCount]] = {}
    for row in FunnelCount.objects.filter(entity_id__in=entity_ids, counted_on__lte=as_of).order_by(
        "entity_id", "-counted_on", "position"
    ):
        kept = newest.setdefault(row.entity_id, [])
        if not kept or kept[0].counted_on == row.counted_on:
            kept.append(row)
    return {entity: tuple(rows) for entity, rows in newest.items()}


def kpi_values(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[KpiValue, ...]:
    """Return KPI values dated up to ``as_of``, newest first within a key."""
    return tuple(KpiValue.objects.filter(entity_id__in=entity_ids, as_of__lte=as_of))


def targets(*, entity_ids: Collection[int]) -> tuple[MonthlyTarget, ...]:
    """Return monthly revenue targets."""
    return tuple(MonthlyTarget.objects.filter(entity_id__in=entity_ids))


def assumptions(*, as_of: dt.date) -> dict[str, Assumption]:
    """Return the assumption in force for each key on a date."""
    found: dict[str, Assumption] = {}
    for row in Assumption.objects.filter(effective_on__lte=as_of):
        found.setdefault(row.key, row)
    return found


def profitability_models(*, entity_ids: Collection[int]) -> tuple[ProfitabilityModel, ...]:
    """Return the models of what one charter or job contributes."""
    return tuple(ProfitabilityModel.objects.filter(entity_id__in=entity_ids))


def scenarios() -> tuple[Scenario, ...]:
    """Return the saved scenarios in order."""
    return tuple(Scenario.objects.all())


def capital_options(*, entity_ids: Collection[int]) -> tuple[CapitalOption, ...]:
    """Return what money could be spent on."""
    return tuple(CapitalOption.objects.filter(entity_id__in=entity_ids).select_related("entity"))


def financial_rules() -> tuple[FinancialRule, ...]:
    """Return the active financial rules in order."""
    return tuple(FinancialRule.objects.filter(active=True))


def sample_as_of() -> dt.date | None:
    """Return the date the sample portfolio stands at, or None where no sample is loaded."""
    return SampleMark.objects.values_list("as_of", flat=True).first()


def first_entry_on() -> dt.date | None:
    """Return the date of the oldest sealed entry, or None in an empty book."""
    return (
        JournalEntry.objects.filter(state=EntryState.POSTED)
        .order_by("on")
        .values_list("on", flat=True)
        .first()
    )


def records(*, refs: Iterable[str]) -> dict[str, Any]:
    """Return the records that ``booking:12``-like references name, by reference; unknown ones are left out."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for ref in refs:
        name, _, pk = ref.partition(":")
        if pk.isdigit():
            wanted[name].add(int(pk))
    found: dict[str, Any] = {}
    for name, model in REFERENCED.items():
        if wanted[name]:
            rows = model._default_manager.filter(pk__in=wanted[name])
            if model is ClientContract:
                rows = rows.select_related("client")  # A contract is called by its client's name.
            found.update({f"{name}:{row.pk}": row for row in rows})
    return found


REFERENCED = {
    "account": Account,
    "asset": Asset,
    "booking": Booking,
    "channel": Channel,
    "contract": ClientContract,
    "kpi": KpiValue,
    "model": ProfitabilityModel,
    "stake": Stake,
    "responsibility": Responsibility,
    "target": MonthlyTarget,
    "option": CapitalOption,
    "scenario": Scenario,
}
