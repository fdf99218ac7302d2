"""Metrics of the accountant's records: bank lines, receivables by age, and the close."""

import datetime as dt
from collections.abc import Callable, Iterable

from core import months
from portfolio.domain.queries import accounting as asked
from portfolio.models import PeriodState
from reports.document import Badge, TraceRow, Unit
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

# Bank lines are looked at for so many months.
WAITING_MONTHS = 12

# Bank lines


def count(desk: Desk, scope: Scope, month: int, what: str) -> Iterable[TraceRow]:
    """Yield how many of something each entity of a scope has in a month (0: lately)."""
    names = {entity.id: entity.name for entity in desk.facts.entities}
    for row in desk.facts.once(asked.counts):
        if row.what == what and row.month == month and row.entity_id in scope.ids and row.number:
            yield TraceRow(names[row.entity_id], row.number, on=row.newest)


def _counted(what: str) -> Callable[[Desk, Scope, int], Answer]:
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        if month < asked.month_of(desk.as_of) - 1:
            return desk.absent("not looked at: the report reads two months", Badge.UNRECONCILED)
        return desk.rows(count(desk, scope, month, what), desk.badge_of(scope, month))

    return work_out


metric(
    "bank_lines", name="Bank lines", unit=Unit.COUNT, formula="Lines of bank statements dated in the month, each once",
    source="Imported bank statements",
)(_counted("lines"))  # fmt: skip
metric(
    "bank_lines_matched", name="Bank lines with an entry", unit=Unit.COUNT,
    formula="Lines of bank statements of the month that stand for an entry of the books",
    source="Imported bank statements", better=Better.MORE,
)(_counted("matched"))  # fmt: skip


@metric(
    "reconciled_share",
    name="Bank lines reconciled",
    unit=Unit.PERCENT,
    formula="Bank lines with an entry ÷ bank lines of the month",
    source="Imported bank statements",
    better=Better.MORE,
)
def reconciled_share(desk: Desk, scope: Scope, month: int) -> Answer:
    """The share of the month's bank lines that stand for an entry."""
    return desk.formula(
        "share",
        desk.get("bank_lines_matched", scope, month),
        desk.get("bank_lines", scope, month),
        undefined="n/a: no bank line of the month",
    )


def uncategorised_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """How many bank lines of some days nobody has categorised."""
    if first < months.first_day(asked.month_of(desk.as_of) - WAITING_MONTHS + 1):
        return desk.absent("not looked at: the report reads twelve months", Badge.UNRECONCILED)
    return desk.rows(
        TraceRow(row.memo, 1, f"entry:{row.entry_id}", row.on)
        for row in desk.facts.once(asked.waiting_lines)
        if row.entity_id in scope.ids and first <= row.on <= last
    )


@metric(
    "uncategorised_count",
    name="Bank lines without a category",
    unit=Unit.COUNT,
    formula="Bank lines dated in the month that still wait for a category",
    source="Journal: accounts with the role uncategorised",
    better=Better.LESS,
    daily=uncategorised_between,
)
def uncategorised_count(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many bank lines of a month nobody has categorised."""
    return uncategorised_between(desk, scope, months.first_day(month), months.last_day(month))


@metric(
    "uncategorised_waiting",
    name="Bank lines without a category, twelve months",
    unit=Unit.COUNT,
    formula="Bank lines of the twelve months to the report's month, and since, that wait for a category",
    source="Journal: accounts with the role uncategorised",
    monthly=False,
    better=Better.LESS,
)
def uncategorised_waiting(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many bank lines nobody has categorised yet."""
    return desk.rows(
        TraceRow(row.memo, 1, f"entry:{row.entry_id}", row.on)
        for row in desk.facts.once(asked.waiting_lines)
        if row.entity_id in scope.ids
    )


@metric(
    "uncategorised_share",
    name="Bank lines uncategorised",
    unit=Unit.PERCENT,
    formula="Bank lines of the month that wait for a category ÷ bank lines of the month",
    source="Journal; imported bank statements",
    better=Better.LESS,
)
def uncategorised_share(desk: Desk, scope: Scope, month: int) -> Answer:
    """The share of the month's bank lines without a category."""
    return desk.formula(
        "share",
        desk.get("uncategorised_count", scope, month),
        desk.get("bank_lines", scope, month),
        undefined="n/a: no bank line of the month",
    )


# Receivables by age


def _aged(place: int, by_due: bool) -> Callable[[Desk, Scope, int], Answer]:
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        rows = []
        for row in desk.facts.once(asked.receivables_owed).rows:
            since = row.due_on if by_due else row.issued_on
            if (
                row.entity_id in scope.ids
                and not row.sister
                and asked.age_of((desk.as_of - since).days) == place
            ):
                ref = f"invoice:{row.invoice_id}" if row.invoice_id else f"booking:{row.booking_id}"
                rows.append(TraceRow(f"{row.reference} {row.client}", row.open_minor, ref, since))
        return desk.rows(rows)

    return work_out


AGES = tuple(f"age_{place}" for place in range(len(asked.AGES)))

for _place, _age in enumerate(asked.AGES):
    _days = "not due yet" if not _place else f"{_age.lower()} days late"
    metric(
        f"due_{AGES[_place]}", name=f"Receivables {_days}", unit=Unit.MONEY,
        formula=f"Open invoices, and what bookings owe without one, {_days} on the as-of date",
        source="Invoices and what was paid of them; bookings", monthly=False,
    )(_aged(_place, by_due=True))  # fmt: skip
    _days = "issued that day" if not _place else f"issued {_age.lower()} days before"
    metric(
        f"issued_{AGES[_place]}", name=f"Receivables {_days}", unit=Unit.MONEY,
        formula=f"Open invoices, and what bookings owe without one, {_days} the as-of date",
        source="Invoices and what was paid of them; bookings", monthly=False,
    )(_aged(_place, by_due=False))  # fmt: skip


@metric(
    "receivables_open",
    name="Open invoices",
    unit=Unit.MONEY,
    formula="Σ open invoices and what bookings owe without one, of all ages",
    source="Invoices and what was paid of them; bookings",
    monthly=False,
)
def receivables_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients owe on the as-of date before what stands to their credit."""
    return desk.formula("total", *(desk.get(f"due_{age}", scope) for age in AGES))


@metric(
    "receivables_overdue",
    name="Overdue receivables",
    unit=Unit.MONEY,
    formula="Σ open invoices that are past their due day on the as-of date",
    source="Invoices and what was paid of them; bookings",
    monthly=False,
    better=Better.LESS,
)
def receivables_overdue(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients owe and should have paid."""
    return desk.formula("total", *(desk.get(f"due_{age}", scope) for age in AGES[1:]))


@metric(
    "client_credit",
    name="To clients' credit",
    unit=Unit.MONEY,
    formula="Payments of clients − what was allocated to invoices − what was paid back",
    source="Payments",
    monthly=False,
)
def client_credit(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients paid and no invoice took, positive."""
    return desk.rows(
        TraceRow(name, total, f"client:{client}" if client else "")
        for (entity, (client, name, sister)), total in sorted(
            desk.facts.once(asked.receivables_owed).credits.items(), key=str
        )
        if entity in scope.ids and not sister
    )


@metric(
    "receivables_off",
    name="Receivables difference",
    unit=Unit.MONEY,
    formula="Receivables by the ledger − open invoices + what stands to clients' credit; nothing, or an invoice is missing",
    source="Journal; invoices; payments",
    monthly=False,
)
def receivables_off(desk: Desk, scope: Scope, month: int) -> Answer:
    """By how much the ledger and the invoices differ."""
    net = desk.own(
        f"receivables_net.{scope.slug}", "Open invoices after credits", Unit.MONEY,
        desk.formula("difference", desk.get("receivables_open", scope), desk.get("client_credit", scope)),
        scope=scope.label,
    )  # fmt: skip
    return desk.formula("difference", desk.get("receivables", scope), net)


# The close


@metric(
    "close_lag",
    name="Close lag",
    unit=Unit.DAYS,
    formula="Most days from the month's end until an entity's books were closed, or until the as-of date while they are open",
    source="Months of the books",
    better=Better.LESS,
    aggregate=Aggregate.MAX,
)
def close_lag(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long after its end the last books of a month were closed, or have been open."""
    closed = {
        (row.entity_id, row.month): row.closed_on
        for row in desk.facts.closes
        if row.state == PeriodState.CLOSED and row.closed_on is not None
    }
    end, rows = months.last_day(month), []
    for entity in desk.entities:
        if entity.id not in scope.ids or entity.id not in desk.facts.active[month]:
            continue
        on = closed.get((entity.id, month))
        words = f"{entity.name}: closed" if on else f"{entity.name}: still open"
        rows.append(TraceRow(words, max(((on or desk.as_of) - end).days, 0) * 10, on=on or desk.as_of))
    return desk.folded("maximum", rows, undefined="n/a: no books have entries in the month")


@metric(
    "months_open",
    name="Months not closed",
    unit=Unit.COUNT,
    formula="Months with entries, entity by entity, up to the report's month whose books are not closed",
    source="Months of the books",
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def months_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many months of books are still open."""
    return desk.rows(
        TraceRow(f"{entity.name}, {months.label(at)}", 1, on=months.last_day(at))
        for entity in desk.entities
        if entity.id in scope.ids
        for at in range(desk.facts.first_months.get(entity.id, month + 1), month + 1)
        if entity.id in desk.facts.active[at] and (entity.id, at) not in desk.facts.closed
    )


@metric(
    "months_reconciled",
    name="Months reconciled",
    unit=Unit.COUNT,
    formula="Months, entity by entity, whose bank balance somebody agreed with the statement",
    source="Months of the books",
    monthly=False,
    better=Better.MORE,
)
def months_reconciled(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many months somebody has vouched for."""
    names = {entity.id: entity.name for entity in desk.facts.entities}
    return desk.rows(
        TraceRow(f"{names[entity]}, {months.label(at)}", 1, on=months.last_day(at))
        for entity, at in sorted(desk.facts.reconciled)
        if entity in scope.ids
    )


def _lately(what: str) -> Callable[[Desk, Scope, int], Answer]:
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        return desk.rows(count(desk, scope, 0, what))

    return work_out


metric(
    "entries_30d", name="Entries in thirty days", unit=Unit.COUNT,
    formula="Entries dated in the thirty days that end on the as-of date", source="Journal", monthly=False,
)(_lately("all"))  # fmt: skip
metric(
    "entries_by_hand_30d", name="Entries by people in thirty days", unit=Unit.COUNT,
    formula="Of them those that a person made: invoices, bills, payments, corrections and entries by hand",
    source="Journal", monthly=False, better=Better.MORE,
)(_lately("by_hand"))  # fmt: skip
