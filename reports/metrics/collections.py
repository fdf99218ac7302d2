"""Metrics of how fast clients pay: what is open, what is overdue, days sales outstanding and its kin, days to pay."""

from core import months
from reports.document import TraceRow, Unit
from reports.metrics.client_book import YEAR_DAYS, book_of, end_of
from reports.metrics.clients import HALF_YEAR_DAYS, NO_INVOICE
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

_INVOICES = "Invoices issued, and the payments and credit notes that settle them"
NOT_PAID = "n/a: none paid"


def _none(desk: Desk, scope: Scope) -> Answer | None:
    if any(row.entity_id in scope.ids for row in book_of(desk).records.invoices):
        return None
    return desk.absent(NO_INVOICE)


@metric(
    "collected",
    name="Collected from clients",
    unit=Unit.MONEY,
    formula="Σ payments of clients in the month",
    source="Payments",
    better=Better.MORE,
)
def collected(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients paid in a month."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    first, last = months.first_day(month), end_of(desk, month)
    return desk.rows(
        (
            TraceRow(row.label, row.amount_minor, row.ref, row.on)
            for row in book_of(desk).payments(scope)
            if first <= row.on <= last
        ),
        desk.badge_of(scope, month),
    )


@metric(
    "collection_gap",
    name="Collection gap",
    unit=Unit.MONEY,
    formula="Invoices of the month with their tax − credit notes − collected of the month; below zero where more came in than was asked for",
    source=_INVOICES,
    better=Better.LESS,
)
def collection_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month asked for and did not collect."""
    asked = desk.own(
        f"asked.{scope.slug}.{months.iso(month)}", "Asked for with tax", Unit.MONEY, _asked(desk, scope, month),
        scope=scope.label, period=months.label(month),
    )  # fmt: skip
    return desk.formula("difference", asked, desk.get("collected", scope, month))


def _asked(desk: Desk, scope: Scope, month: int) -> Answer:
    if (gone := _none(desk, scope)) is not None:
        return gone
    book, first, last = book_of(desk), months.first_day(month), end_of(desk, month)
    rows = [
        TraceRow(row.reference, row.total_minor, f"invoice:{row.id}", row.issued_on)
        for row in book.invoices(scope)
        if first <= row.issued_on <= last
    ]
    rows += [
        TraceRow(row.label, -row.amount_minor, row.ref, row.on)
        for row in book.credits(scope)
        if first <= row.on <= last
    ]
    return desk.rows(rows, desk.badge_of(scope, month))


@metric(
    "client_open",
    name="Unpaid invoices",
    unit=Unit.MONEY,
    formula="Σ what is open of invoices on the as-of date",
    source=_INVOICES,
    monthly=False,
    better=Better.LESS,
)
def client_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients owe on the as-of date."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    return desk.rows(_open(desk, scope), desk.badge_of(scope, months.month_of(desk.as_of)))


@metric(
    "client_overdue",
    name="Overdue invoices",
    unit=Unit.MONEY,
    formula="Σ what is open of invoices whose day has passed on the as-of date",
    source=_INVOICES,
    monthly=False,
    better=Better.LESS,
)
def client_overdue(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients should have paid by the as-of date."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    return desk.rows(_open(desk, scope, overdue=True), desk.badge_of(scope, months.month_of(desk.as_of)))


def _open(desk: Desk, scope: Scope, *, overdue: bool = False) -> list[TraceRow]:
    book, day = book_of(desk), desk.as_of
    return [
        TraceRow(
            f"{row.reference} {book.clients[row.client_id].name}", left, f"invoice:{row.id}", row.issued_on
        )
        for row in book.invoices(scope)
        if (left := row.open_on(day)) and (not overdue or row.due_on < day)
    ]


@metric(
    "receivables_current",
    name="Receivables not yet due",
    unit=Unit.MONEY,
    formula="Σ what is open at the month's end of invoices that are due then or later",
    source=_INVOICES,
    aggregate=Aggregate.LAST,
)
def receivables_current(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients owe at a month's end and need not have paid."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    book, day = book_of(desk), end_of(desk, month)
    return desk.rows(
        (
            TraceRow(f"{row.reference} {book.clients[row.client_id].name}", left, f"invoice:{row.id}", row.due_on)
            for row in book.invoices(scope)
            if row.due_on >= day and (left := row.open_on(day))
        ),
        desk.badge_of(scope, month),
    )  # fmt: skip


@metric(
    "best_dso",
    name="Best possible DSO",
    unit=Unit.DAYS,
    formula="Receivables not yet due at the month's end ÷ credit sales of three months × days of the three months",
    source="Journal and invoices",
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def best_dso(desk: Desk, scope: Scope, month: int) -> Answer:
    """Days of credit sales that would stand unpaid if everybody paid when due."""
    return desk.formula(
        "days_outstanding",
        desk.get("receivables_current", scope, month),
        desk.get("credit_sales", scope, month),
        desk.get("days_in_quarter", scope, month),
        undefined="n/a: no credit sales",
    )


@metric(
    "days_delinquent",
    name="Average days delinquent",
    unit=Unit.DAYS,
    formula="Days sales outstanding − best possible DSO",
    source="Journal and invoices",
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def days_delinquent(desk: Desk, scope: Scope, month: int) -> Answer:
    """By how many days clients pay late."""
    return desk.formula("difference", desk.get("dso", scope, month), desk.get("best_dso", scope, month))


@metric(
    "cei",
    name="Collection effectiveness",
    unit=Unit.PERCENT,
    formula="(Receivables three months before + credit sales of three months − receivables) ÷ (the same two − receivables not yet due)",
    source="Journal and invoices",
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def cei(desk: Desk, scope: Scope, month: int) -> Answer:
    """The share collected of what could be, over three months."""
    return desk.formula(
        "collection_effectiveness",
        desk.get("receivables_at_month_end", scope, month - 3),
        desk.get("credit_sales", scope, month),
        desk.get("receivables_at_month_end", scope, month),
        desk.get("receivables_current", scope, month),
        undefined="n/a: nothing was due",
    )


def _paid(desk: Desk, scope: Scope, month: int, days: int = YEAR_DAYS) -> list[TraceRow]:
    """Return the days from issue to the last payment of each invoice paid in some days up to a month's end."""
    book = book_of(desk)
    return [
        TraceRow(
            f"{row.reference} {book.clients[row.client_id].name}",
            (row.settled_on - row.issued_on).days * 10,
            f"invoice:{row.id}",
            row.settled_on,
            row.total_minor,
        )
        for row in book.paid_in_year(scope, end_of(desk, month), days)
        if row.settled_on is not None
    ]


@metric(
    "velocity_mean",
    name="Days to pay, by amount",
    unit=Unit.DAYS,
    formula="Mean of (paid − issued) weighted by the amount, of invoices paid whole in the 365 days up to the month's end; credited and written off ones are left out",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def velocity_mean(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long a dollar waits to be paid."""
    rows = _paid(desk, scope, month)
    return desk.folded("weighted_mean", rows, desk.badge_of(scope, month), undefined=NOT_PAID)


@metric(
    "velocity_median",
    name="Days to pay, median",
    unit=Unit.DAYS,
    formula="Median of (paid − issued) of invoices paid whole in the 365 days up to the month's end",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def velocity_median(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long an invoice waits to be paid."""
    rows = _paid(desk, scope, month)
    return desk.folded("median", rows, desk.badge_of(scope, month), undefined=NOT_PAID)


@metric(
    "velocity_half_year",
    name="Days to pay, half a year",
    unit=Unit.DAYS,
    formula="Mean of (paid − issued) weighted by the amount, of invoices paid whole in the 182 days up to the month's end",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def velocity_half_year(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long a dollar of the last half year waited, for the trend."""
    rows = _paid(desk, scope, month, HALF_YEAR_DAYS)
    return desk.folded("weighted_mean", rows, desk.badge_of(scope, month), undefined=NOT_PAID)


@metric(
    "invoices_due",
    name="Invoices that fell due in a year",
    unit=Unit.COUNT,
    formula="Invoices due in the 365 days before the month's end, without credited and written off ones",
    source=_INVOICES,
)
def invoices_due(desk: Desk, scope: Scope, month: int) -> Answer:
    """Invoices whose day came in a year."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    book = book_of(desk)
    rows = book.due_in_year(scope, end_of(desk, month))
    return desk.rows(
        (TraceRow(row.reference, 1, f"invoice:{row.id}", row.due_on) for row in rows),
        desk.badge_of(scope, month),
    )


@metric(
    "invoices_late",
    name="Invoices paid late or overdue",
    unit=Unit.COUNT,
    formula="Of the invoices that fell due in a year, those paid after their day or open still",
    source=_INVOICES,
    better=Better.LESS,
)
def invoices_late(desk: Desk, scope: Scope, month: int) -> Answer:
    """Invoices that were not paid inside their terms."""
    if (gone := _none(desk, scope)) is not None:
        return gone
    rows = book_of(desk).late_in_year(scope, end_of(desk, month))
    return desk.rows(
        (
            TraceRow(f"{row.reference}, {days} {'day' if days == 1 else 'days'} late", 1, f"invoice:{row.id}", row.due_on)
            for row, days in rows
        ),
        desk.badge_of(scope, month),
    )  # fmt: skip


@metric(
    "inside_terms",
    name="Paid inside terms",
    unit=Unit.PERCENT,
    formula="1 − invoices paid late or overdue ÷ invoices that fell due, over a year",
    source=_INVOICES,
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def inside_terms(desk: Desk, scope: Scope, month: int) -> Answer:
    """The share of invoices paid by their day."""
    return desk.formula(
        "margin_of_safety", desk.get("invoices_due", scope, month), desk.get("invoices_late", scope, month),
        undefined="n/a: no invoice fell due",
    )  # fmt: skip
