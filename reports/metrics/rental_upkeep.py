"""Metrics of a rental's result and its upkeep: NOI, what the mortgage leaves of it, repairs and how fast they are done."""

import datetime as dt

from core import months
from portfolio.domain.queries import rental
from portfolio.domain.queries.rental import TicketFact
from portfolio.models import AccountRole, AssumptionKey, TicketPriority, TicketState
from reports.document import TraceRow, Unit
from reports.metrics.registry import Answer, Better, Desk, Scope, metric
from reports.metrics.rental import MONTH, YEAR, Time

JOURNAL = "Journal"
TICKETS = "Maintenance tickets"
# Interest on the mortgage stands among the fixed costs of the chart; what a place earns is told before it.
MORTGAGE_INTEREST = ("6800",)

# What an owner who has said nothing of his own is held to, in days.
TRIAGE = {
    TicketPriority.EMERGENCY: (AssumptionKey.TRIAGE_EMERGENCY, 1),
    TicketPriority.URGENT: (AssumptionKey.TRIAGE_URGENT, 2),
    TicketPriority.ROUTINE: (AssumptionKey.TRIAGE_ROUTINE, 7),
}
REPAIR = {
    TicketPriority.EMERGENCY: (AssumptionKey.REPAIR_EMERGENCY, 2),
    TicketPriority.URGENT: (AssumptionKey.REPAIR_URGENT, 7),
    TicketPriority.ROUTINE: (AssumptionKey.REPAIR_ROUTINE, 30),
}


def _register(time: Time) -> None:
    suffix, name, words = time.suffix, time.name, time.words

    @metric(
        f"mortgage_interest{suffix}",
        name=f"Mortgage interest{name}",
        unit=Unit.MONEY,
        formula=f"Σ debits − credits of the account of mortgage interest (6800) in {words}",
        source=JOURNAL,
        better=Better.LESS,
    )
    def mortgage_interest(desk: Desk, scope: Scope, month: int) -> Answer:
        accounts = desk.facts.accounts_in(scope.ids, AccountRole.FIXED_COST)
        kept = [account for account in accounts if account.code in MORTGAGE_INTEREST]
        first, last = _tracked(desk, scope, *time.months(month))
        return desk.moved(scope, kept, first=first, last=last)

    @metric(
        f"mortgage_principal{suffix}",
        name=f"Mortgage principal{name}",
        unit=Unit.MONEY,
        formula=f"Σ debits of the loan accounts in {words}: what was paid back",
        source=JOURNAL,
    )
    def mortgage_principal(desk: Desk, scope: Scope, month: int) -> Answer:
        first, last = _tracked(desk, scope, *time.months(month))
        return desk.postings(scope, [AccountRole.LOAN], first=first, last=last, side="debit")

    @metric(
        f"noi{suffix}",
        name=f"NOI{name}",
        unit=Unit.MONEY,
        formula="Net operating income: revenue − direct cost − fixed cost without mortgage interest + uncategorised receipts "
        f"(payments negative), of {words}. Interest, principal, depreciation and income tax are no part of it.",
        source=JOURNAL,
        better=Better.MORE,
    )
    def noi(desk: Desk, scope: Scope, month: int) -> Answer:
        first, last = _tracked(desk, scope, *time.months(month))
        results = [desk.get("operating_result", scope, each) for each in range(first, last + 1)]
        return desk.formula("total", *results, desk.get(f"mortgage_interest{suffix}", scope, month))

    @metric(
        f"debt_service{suffix}",
        name=f"Debt service{name}",
        unit=Unit.MONEY,
        formula=f"Mortgage interest + mortgage principal, of {words}",
        source=JOURNAL,
        better=Better.LESS,
    )
    def debt_service(desk: Desk, scope: Scope, month: int) -> Answer:
        parts = (f"mortgage_interest{suffix}", f"mortgage_principal{suffix}")
        return desk.formula("total", *(desk.get(part, scope, month) for part in parts))

    @metric(
        f"after_debt{suffix}",
        name=f"Left after debt service{name}",
        unit=Unit.MONEY,
        formula=f"NOI − debt service, of {words}",
        source=JOURNAL,
        better=Better.MORE,
    )
    def after_debt(desk: Desk, scope: Scope, month: int) -> Answer:
        parts = (f"noi{suffix}", f"debt_service{suffix}")
        return desk.formula("difference", *(desk.get(part, scope, month) for part in parts))

    @metric(
        f"debt_cover{suffix}",
        name=f"Debt service cover{name}",
        unit=Unit.RATIO,
        formula=f"NOI ÷ debt service, of {words}",
        source=JOURNAL,
        better=Better.MORE,
    )
    def debt_cover(desk: Desk, scope: Scope, month: int) -> Answer:
        parts = (f"noi{suffix}", f"debt_service{suffix}")
        figures = [desk.get(part, scope, month) for part in parts]
        return desk.formula("times", *figures, undefined="n/a: no debt service")


def _tracked(desk: Desk, scope: Scope, first: int, last: int) -> tuple[int, int]:
    """Return these months from the first one on that the books know; all of them where they know none."""
    begun = desk.begun_in(scope)
    return (max(first, begun), last) if begun is not None and begun <= last else (first, last)


_register(MONTH)
_register(YEAR)


# Maintenance.


def limit(desk: Desk, of: dict[TicketPriority, tuple[AssumptionKey, int]], ticket: TicketFact) -> int:
    """Return within how many days a ticket is to be looked at, or mended."""
    key, otherwise = of[TicketPriority(ticket.priority)]
    return desk.facts.assumed(key.value, otherwise)


def tickets(desk: Desk, scope: Scope) -> list[TicketFact]:
    """Return a scope's tickets as they stood, in the order in which they were reported."""
    return [ticket for ticket in desk.facts.once(rental.tickets) if ticket.entity_id in scope.ids]


def done(desk: Desk, scope: Scope, first: int, last: int) -> list[TicketFact]:
    """Return the tickets done in these months."""
    return [
        ticket
        for ticket in tickets(desk, scope)
        if ticket.done_on is not None and first <= months.month_of(ticket.done_on) <= last
    ]


def days_taken(ticket: TicketFact, until: dt.date) -> int:
    """Return how many days a ticket took, or has taken up to a day."""
    return ((ticket.done_on or until) - ticket.reported_on).days


def row(ticket: TicketFact, amount: int, on: dt.date | None = None) -> TraceRow:
    """Return a ticket's share of a figure."""
    return TraceRow(
        f"{ticket.reference} {ticket.what}", amount, f"ticket:{ticket.id}", on or ticket.done_on or ticket.reported_on
    )  # fmt: skip


def _none_yet(desk: Desk, scope: Scope) -> Answer | None:
    if not tickets(desk, scope):
        return desk.absent("not tracked: no maintenance ticket is recorded")
    return None


@metric(
    "tickets_open",
    name="Open tickets",
    unit=Unit.COUNT,
    formula="Tickets reported up to the as-of date and not done at it",
    source=TICKETS,
    monthly=False,
    better=Better.LESS,
)
def tickets_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much is still to be mended."""
    rows = [
        row(ticket, 1, ticket.reported_on)
        for ticket in tickets(desk, scope)
        if ticket.state != TicketState.DONE
    ]
    return _none_yet(desk, scope) or desk.rows(rows)


@metric(
    "tickets_done",
    name="Tickets done, twelve months",
    unit=Unit.COUNT,
    formula=f"Tickets done in {YEAR.words}",
    source=TICKETS,
)
def tickets_done(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much was mended."""
    first, last = YEAR.months(month)
    return _none_yet(desk, scope) or desk.rows(row(ticket, 1) for ticket in done(desk, scope, first, last))


@metric(
    "tickets_in_time",
    name="Tickets done in time, twelve months",
    unit=Unit.COUNT,
    formula=f"Tickets done in {YEAR.words} within the days that their priority allows",
    source=f"{TICKETS}; days allowed in the assumptions",
    better=Better.MORE,
)
def tickets_in_time(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much was mended in time."""
    first, last = YEAR.months(month)
    kept = [
        ticket
        for ticket in done(desk, scope, first, last)
        if days_taken(ticket, desk.as_of) <= limit(desk, REPAIR, ticket)
    ]
    return _none_yet(desk, scope) or desk.rows(row(ticket, 1) for ticket in kept)


@metric(
    "sla_hit_rate",
    name="SLA hit rate, twelve months",
    unit=Unit.PERCENT,
    formula="Tickets done in time ÷ tickets done, both of the twelve months",
    source=TICKETS,
    better=Better.MORE,
)
def sla_hit_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of tickets done in time."""
    return desk.formula(
        "share",
        desk.get("tickets_in_time", scope, month),
        desk.get("tickets_done", scope, month),
        undefined="n/a: no ticket was done",
    )


@metric(
    "time_to_repair",
    name="Time to repair, twelve months",
    unit=Unit.DAYS,
    formula=f"Mean of the days from report to repair, over the tickets done in {YEAR.words}",
    source=TICKETS,
    better=Better.LESS,
)
def time_to_repair(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long repairs take."""
    first, last = YEAR.months(month)
    rows = [row(ticket, days_taken(ticket, desk.as_of) * 10) for ticket in done(desk, scope, first, last)]
    return _none_yet(desk, scope) or desk.folded("mean", rows, undefined="n/a: no ticket was done")


@metric(
    "maintenance_cost",
    name="Cost of repairs, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ cost of the tickets done in {YEAR.words}; one whose cost nobody entered counts nothing",
    source=TICKETS,
    better=Better.LESS,
)
def maintenance_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """What repairs cost."""
    first, last = YEAR.months(month)
    rows = [
        row(ticket, ticket.cost_minor)
        for ticket in done(desk, scope, first, last)
        if ticket.cost_minor is not None
    ]
    return _none_yet(desk, scope) or desk.rows(rows)


@metric(
    "cost_per_night",
    name="Cost of repairs per sold night, twelve months",
    unit=Unit.MONEY,
    formula="Cost of repairs ÷ sold nights, both of the twelve months",
    source=f"{TICKETS} and stays",
    better=Better.LESS,
)
def cost_per_night(desk: Desk, scope: Scope, month: int) -> Answer:
    """What repairs take of each night sold."""
    return desk.formula(
        "per_unit",
        desk.get("maintenance_cost", scope, month),
        desk.get("sold_nights_12m", scope, month),
        undefined="n/a: no night sold",
    )
