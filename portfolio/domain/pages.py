"""What the portfolio's own pages read: frozen rows for tables, a fixed number of queries a page.

What other apps read is in `portfolio.domain.queries`; figures that both show come from there. Amounts are minor
units, debit positive, unless a field says otherwise; months are whole numbers (`core.months`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from core import clock, months
from portfolio.domain import queries
from portfolio.domain.desk import BANK_KINDS
from portfolio.domain.queries import Movement
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    Booking,
    BookingStage,
    CapitalOption,
    Channel,
    Commission,
    Entity,
    EntryState,
    HandoffFile,
    HandoffRow,
    ImportFile,
    ImportKind,
    JournalEntry,
    KpiValue,
    MonthlyBalance,
    MonthlyTarget,
    Period,
    PeriodState,
    Posting,
    StatementBalance,
)
from portfolio.models.account import CASH_ROLES

# Income, liabilities and equity grow on the credit side; people read them with the sign turned.
CREDIT_KINDS = frozenset({AccountKind.INCOME, AccountKind.LIABILITY, AccountKind.EQUITY})
BALANCE_KINDS = frozenset({AccountKind.ASSET, AccountKind.LIABILITY, AccountKind.EQUITY})


# Bookings that somebody still has to do something for; not a stage of its own.
UNDER_WAY = "under-way"
ENDED = (BookingStage.COMPLETED, BookingStage.CANCELLED, BookingStage.LOST)


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One entity of the list. Cash and revenue stand as of the page's date; revenue is positive when earned.

    ``bought_minor`` is what it bought of sister entities, negative: over several entities, whose sales to each other are
    among their revenue, both together are what they earned outside.
    """

    id: int
    slug: str
    name: str
    kind: str
    currency: str
    cash_minor: int
    revenue_minor: int
    revenue_before_minor: int
    bought_minor: int
    bought_before_minor: int
    last_import_on: dt.date | None
    last_entry_on: dt.date | None
    books: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One account in one month: what it moved, and what it held at the end, both in the account's own sense."""

    month: int
    shown_minor: int
    moved: bool


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of an entity with its months, oldest first."""

    pk: int
    code: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """The accounts of one kind. Balance-sheet kinds show month-end balances, the others movements."""

    label: str
    is_balance: bool
    lines: tuple[AccountLine, ...]


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """One account in one month, debit positive: opening + moved = closing."""

    opening_minor: int
    debit_minor: int
    credit_minor: int
    closing_minor: int

    @property
    def moved_minor(self) -> int:
        """Return the net movement, debit positive."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month of an entity's books: its state, the books' cash at bank at its end, and what the bank said.

    ``told_minor`` is what files told of the month's end where they did so of every bank account.
    """

    month: int
    state: PeriodState
    cash_minor: int
    statement_minor: int | None
    reconciled_at: dt.datetime | None
    by: str
    over: bool
    reopened_at: dt.datetime | None = None
    reopen_reason: str = ""
    told_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh one source of an entity is."""

    label: str
    fresh_to: dt.date | None
    days_old: int | None


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel with the commission in force."""

    channel: Channel
    commission: Commission | None


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many bookings stand at one stage, and what they are worth together."""

    stage: str
    label: str
    count: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one section of a handoff note, in the order of its lines."""

    title: str
    rows: tuple[HandoffRow, ...]


@dataclass(frozen=True, slots=True)
class Plans:
    """What an entity wants: revenue by month, and what it could spend money on."""

    targets: tuple[MonthlyTarget, ...]
    options: tuple[CapitalOption, ...]


def as_of_date() -> dt.date:
    """Return the date pages stand at: the sample's own where it is loaded, else the portfolio's local today."""
    return queries.sample_as_of() or clock.today()


def entity_rows(*, ids: Collection[int] | None, as_of: dt.date) -> list[EntityRow]:
    """Return active entities by slug, those with these ids only where some are given; seven queries at most."""
    entities = queries.entities(only=ids)
    found = [entity.id for entity in entities]
    accounts = {account.id: account for account in queries.accounts(entity_ids=found)}
    cash: dict[int, int] = defaultdict(int)
    revenue: dict[tuple[int, int], int] = defaultdict(int)
    bought: dict[tuple[int, int], int] = defaultdict(int)
    for (account_id, month), movement in queries.movements(entity_ids=found, as_of=as_of).items():
        account = accounts[account_id]
        if account.role in CASH_ROLES:
            cash[account.entity_id] += movement.net
        elif account.role == AccountRole.REVENUE or (
            account.role == AccountRole.INTERCOMPANY and account.kind == AccountKind.INCOME
        ):
            revenue[account.entity_id, month] -= movement.net
        elif account.role == AccountRole.INTERCOMPANY and account.kind == AccountKind.EXPENSE:
            bought[account.entity_id, month] -= movement.net
    imported: dict[int, dt.date] = {}
    for fresh in queries.freshness(entity_ids=found):
        if fresh.kind in (*BANK_KINDS, ImportKind.STRIPE):
            imported[fresh.entity_id] = max(fresh.fresh_to, imported.get(fresh.entity_id, fresh.fresh_to))
    newest = JournalEntry.objects.filter(
        entity=OuterRef("pk"), state=EntryState.POSTED, on__lte=as_of
    ).order_by("-on", "-id")
    entered = dict(
        Entity.objects.filter(pk__in=found)
        .order_by()
        .annotate(last=Subquery(newest.values("on")[:1]))
        .values_list("pk", "last")
    )
    settled: dict[int, tuple[int, str]] = {}
    for period in queries.periods(entity_ids=found):
        settled[period.entity_id] = max(settled.get(period.entity_id, (0, "")), (period.month, period.state))
    this_month = months.month_of(as_of)
    return [
        EntityRow(
            id=entity.id,
            slug=entity.slug,
            name=entity.name,
            kind=entity.kind,
            currency=entity.currency,
            cash_minor=cash[entity.id],
            revenue_minor=revenue[entity.id, this_month],
            revenue_before_minor=revenue[entity.id, this_month - 1],
            bought_minor=bought[entity.id, this_month],
            bought_before_minor=bought[entity.id, this_month - 1],
            last_import_on=imported.get(entity.id),
            last_entry_on=entered.get(entity.id),
            books=_books(settled.get(entity.id)),
        )
        for entity in entities
    ]


def _books(settled: tuple[int, str] | None) -> str:
    """Say how far an entity's books have come."""
    if settled is None:
        return "No month reconciled"
    month, state = settled
    return f"{months.label(month)} {state}"


def account_groups(*, entity: Entity, as_of: dt.date, count: int) -> list[AccountGroup]:
    """Return an entity's accounts by kind over the last ``count`` months up to a date; three queries.

    Accounts that never moved are left out. Amounts have the account's own sense: income, liabilities and equity
    are positive on the credit side.
    """
    accounts = list(Account.objects.filter(entity=entity))
    moved = queries.movements(entity_ids=[entity.pk], as_of=as_of)
    by_account: dict[int, dict[int, Movement]] = defaultdict(dict)
    for (account_id, month), movement in moved.items():
        by_account[account_id][month] = movement
    last = months.month_of(as_of)
    shown = range(last - count + 1, last + 1)
    groups = []
    for kind in AccountKind:
        is_balance = kind in BALANCE_KINDS
        sense = -1 if kind in CREDIT_KINDS else 1
        lines = tuple(
            AccountLine(
                account.pk,
                account.code,
                account.name,
                _cells(by_account[account.pk], shown, sense, is_balance),
            )
            for account in accounts
            if account.kind == kind and by_account[account.pk]
        )
        if lines:
            groups.append(AccountGroup(kind.label, is_balance, lines))
    return groups


def _cells(moved: dict[int, Movement], shown: range, sense: int, is_balance: bool) -> tuple[Cell, ...]:
    held = sum(movement.net for month, movement in moved.items() if month < shown.start)
    cells = []
    for month in shown:
        net = moved[month].net if month in moved else 0
        held += net
        cells.append(Cell(month, sense * (held if is_balance else net), month in moved))
    return tuple(cells)


def month_rows(*, entity: Entity, as_of: dt.date) -> list[MonthRow]:
    """Return an entity's months from its first entry on up to a date, newest first; four queries."""
    moved: dict[int, int] = defaultdict(int)
    last = months.month_of(as_of)
    for month, role, net in (
        MonthlyBalance.objects.filter(account__entity=entity, month__lte=last)
        .order_by("month")
        .values_list("month", "account__role", F("debit_minor") - F("credit_minor"))
    ):
        moved[month] += net if role == AccountRole.CASH else 0
    periods = {period.month: period for period in Period.objects.filter(entity=entity).select_related("by")}
    banks = set(
        Account.objects.filter(entity=entity, role=AccountRole.CASH, active=True).values_list("pk", flat=True)
    )
    balances: dict[dt.date, list[int]] = defaultdict(list)
    for on, minor in StatementBalance.objects.filter(account__in=banks).values_list("on", "balance_minor"):
        balances[on].append(minor)
    rows, held = [], 0
    for month in range(min(moved, default=last), last + 1):
        held += moved.get(month, 0)
        period = periods.get(month)
        told = balances.get(months.last_day(month), [])
        told_minor = sum(told) if told and len(told) == len(banks) else None
        rows.append(
            MonthRow(
                month=month,
                state=PeriodState(period.state) if period else PeriodState.OPEN,
                cash_minor=held,
                statement_minor=period.statement_minor if period else None,
                reconciled_at=period.reconciled_at if period else None,
                by=str(period.by) if period and period.by else "",
                over=months.last_day(month) < as_of,
                reopened_at=period.reopened_at if period else None,
                reopen_reason=period.reopen_reason if period else "",
                told_minor=told_minor,
            )
        )
    return rows[::-1]


def account_month(*, account: Account, month: int) -> AccountMonth:
    """Return what an account held and moved in one whole month, from the monthly balances; one query."""
    before, debit, credit = 0, 0, 0
    for balance in MonthlyBalance.objects.filter(account=account, month__lte=month):
        if balance.month < month:
            before += balance.debit_minor - balance.credit_minor
        else:
            debit, credit = balance.debit_minor, balance.credit_minor
    return AccountMonth(before, debit, credit, before + debit - credit)


def account_months(*, account: Account) -> list[int]:
    """Return the months in which an account moved, newest first."""
    return list(account.balances.order_by("-month").values_list("month", flat=True))


def account_postings(*, account: Account, month: int) -> QuerySet[Posting]:
    """Return the sealed postings of an account in a month, oldest first."""
    return (
        Posting.objects.filter(account=account, month=month, entry__state=EntryState.POSTED)
        .select_related("entry", "booking")
        .order_by("entry__on", "id")
    )


def sources(*, entity: Entity, as_of: dt.date) -> list[Source]:
    """Return how fresh each source of an entity is on a date, the bank by whichever kind of file is newest; one query."""
    labels = {**dict(ImportKind.choices), "handoff": "Handoff note"}
    dates = {fresh.kind: fresh.fresh_to for fresh in queries.freshness(entity_ids=[entity.pk])}
    bank = max(BANK_KINDS, key=lambda kind: dates.get(kind, dt.date.min))
    return [
        Source(label, dates.get(kind), (as_of - dates[kind]).days if kind in dates else None)
        for kind, label in labels.items()
        if (kind in dates and kind not in BANK_KINDS) or kind in (bank, ImportKind.STRIPE, "handoff")
    ]


def channel_lines(*, entity: Entity, as_of: dt.date) -> list[ChannelLine]:
    """Return an entity's channels with the commission in force on a date; two queries."""
    channels = list(Channel.objects.filter(entity=entity))
    in_force: dict[int, Commission] = {}
    for commission in Commission.objects.filter(channel__in=channels, effective_on__lte=as_of).order_by(
        "channel_id", "-effective_on"
    ):
        in_force.setdefault(commission.channel_id, commission)
    return [ChannelLine(channel, in_force.get(channel.pk)) for channel in channels]


def latest_kpis(*, entity: Entity, as_of: dt.date) -> list[KpiValue]:
    """Return the newest value of each KPI up to a date, by label; one query."""
    newest: dict[str, KpiValue] = {}
    for value in queries.kpi_values(entity_ids=[entity.pk], as_of=as_of):
        newest.setdefault(value.key, value)
    return sorted(newest.values(), key=lambda value: value.label)


def plans(*, entity: Entity, first_month: int) -> Plans:
    """Return an entity's revenue targets from a month on and what money could be spent on; two queries."""
    return Plans(
        targets=tuple(MonthlyTarget.objects.filter(entity=entity, month__gte=first_month)),
        options=tuple(CapitalOption.objects.filter(entity=entity)),
    )


def recent_entries(*, entity: Entity, limit: int) -> list[JournalEntry]:
    """Return the newest sealed entries of an entity, each with ``amount_minor``, the sum of its debits."""
    return list(entries(entity=entity)[:limit])


def entries(*, entity: Entity) -> QuerySet[JournalEntry]:
    """Return an entity's sealed entries, newest first, each with ``amount_minor``, the sum of its debits."""
    debits = (
        Posting.objects.filter(entry=OuterRef("pk"), amount_minor__gt=0)
        .order_by()
        .values("entry")
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    return (
        JournalEntry.objects.filter(entity=entity, state=EntryState.POSTED)
        .annotate(amount_minor=Subquery(debits))
        .order_by("-on", "-id")
    )


def bookings(
    *, ids: Collection[int] | None, entity: str = "", stage: str = "", search: str = ""
) -> QuerySet[Booking]:
    """Return bookings filtered by what is given.

    Those under way (``stage`` is `UNDER_WAY`) come by date of service, the next first, those without a date after
    them; the others the latest first.
    """
    rows = Booking.objects.select_related("entity", "channel")
    if ids is not None:
        rows = rows.filter(entity_id__in=ids)
    if entity:
        rows = rows.filter(entity__slug=entity)
    if stage == UNDER_WAY:
        rows = rows.exclude(stage__in=ENDED)
    elif stage:
        rows = rows.filter(stage=stage)
    if search:
        rows = rows.filter(
            Q(reference__icontains=search)
            | Q(title__icontains=search)
            | Q(client_name__icontains=search)
            | Q(client_email__icontains=search)
        )
    by_day = F("service_on").asc if stage == UNDER_WAY else F("service_on").desc
    return rows.order_by(by_day(nulls_last=True), F("enquired_on").desc(nulls_last=True), "-id")


def stage_counts(*, rows: QuerySet[Booking]) -> list[StageCount]:
    """Return every stage, in the order of the pipeline, with how many of these bookings stand there."""
    found = {
        stage: (count, price)
        for stage, count, price in rows.order_by()
        .values("stage")
        .annotate(count=Count("pk"), price=Sum("price_minor"))
        .values_list("stage", "count", "price")
    }
    return [StageCount(stage.value, stage.label, *found.get(stage.value, (0, 0))) for stage in BookingStage]


def handoff_sections(*, file: HandoffFile) -> list[Section]:
    """Return a note's rows by section, in the order of the note; one query."""
    return _by_section(file.rows.all())


def _by_section(rows: Iterable[HandoffRow]) -> list[Section]:
    sections: dict[str, list[HandoffRow]] = {}
    for row in rows:
        sections.setdefault(row.section, []).append(row)
    return [Section(title, tuple(members)) for title, members in sections.items()]


def import_files(*, ids: Collection[int] | None) -> QuerySet[ImportFile]:
    """Return landed files, newest first; a file of several entities is for those who see the whole portfolio."""
    files = ImportFile.objects.select_related("entity", "by")
    return files if ids is None else files.filter(entity_id__in=ids)
