"""Metrics of an agency's clients: what was earned and what of it invoiced, how fast they pay, what serving them costs.

One entity may do the work and a sister invoice it, so each figure is over the entities of a report together, or over one
client of theirs (`client_book.client_scope`).
"""

import datetime as dt

from core import months
from portfolio.domain.queries.clients import BACK_MONTHS, WorkFact
from portfolio.models import BillingModel, ContractState
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.client_book import ClientBook, book_of, client_scope, end_of, whole_of
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

YEAR_MONTHS = 12
SOON_DAYS = 60
HALF_YEAR_DAYS = 182
NO_WORK = "not tracked: no time, milestone or retainer is recorded"
NO_INVOICE = "not tracked: no invoice is recorded"
_WORK = "Time sheets, milestones, retainers and what was paid for clients"
_INVOICES = "Invoices issued, and the payments and credit notes that settle them"


def _label(book: ClientBook, row: WorkFact) -> str:
    return f"{book.client_of(row).name}: {row.what}"


def _worked(desk: Desk, scope: Scope, month: int, kind: str) -> Answer:
    """Answer with what one kind of work of a month is worth."""
    book = book_of(desk)
    gone = _before(desk, scope, book, month)
    if gone is not None:
        return gone
    rows = book.work(kind, scope, months.first_day(month), end_of(desk, month))
    return desk.rows(
        (TraceRow(_label(book, row), row.value_minor, row.ref, row.on) for row in rows if row.value_minor),
        desk.badge_of(scope, month),
    )


def _before(desk: Desk, scope: Scope, book: ClientBook, month: int) -> Answer | None:
    """Answer that nothing was tracked in a month, or that of so old a one only what is not billed was read."""
    if not any(row.entity_id in scope.ids for row in book.records.contracts) or book.first_work is None:
        return desk.absent(NO_WORK, Badge.UNRECONCILED)
    if (unread := _unread(desk, months.first_day(month), None)) is not None:
        return unread
    if month < (begun := months.month_of(book.first_work)):
        return desk.absent(f"not tracked before {months.label(begun)}", Badge.UNRECONCILED)
    return None


def _asked_before(desk: Desk, scope: Scope, book: ClientBook, month: int) -> Answer | None:
    if not any(row.entity_id in scope.ids for row in book.records.invoices) or book.first_invoice is None:
        return desk.absent(NO_INVOICE, Badge.UNRECONCILED)
    if (unread := _unread(desk, months.first_day(month), None)) is not None:
        return unread
    if month < (begun := months.month_of(book.first_invoice)):
        return desk.absent(f"not tracked before {months.label(begun)}", Badge.UNRECONCILED)
    return None


def _unread(desk: Desk, first: dt.date, begun: dt.date | None) -> Answer | None:
    """Answer that a run of days began before what is read, or before anything was tracked: part of a run is not the run."""
    read = months.first_day(months.month_of(desk.as_of) - BACK_MONTHS)
    if first < read:
        return desk.absent(f"not looked at before {read:%-d %b %Y}", Badge.UNRECONCILED)
    if begun is not None and first < (since := months.first_day(months.month_of(begun))):
        return desk.absent(f"not tracked before {since:%-d %b %Y}", Badge.UNRECONCILED)
    return None


def time_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """Time worked on some days."""
    book = book_of(desk)
    gone = _before(desk, scope, book, months.month_of(desk.as_of)) or _unread(desk, first, book.first_work)
    return gone or _time(desk, scope, first, last)


def _time(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    book = book_of(desk)
    return desk.rows(
        (
            TraceRow(_label(book, row), row.minutes, row.ref, row.on)
            for row in book.work("time", scope, first, last)
        ),
        desk.badge_of(scope, months.month_of(last), first=months.month_of(first)),
    )


def invoiced_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """What clients were asked for on some days, before tax."""
    book = book_of(desk)
    gone = _asked_before(desk, scope, book, months.month_of(desk.as_of)) or _unread(
        desk, first, book.first_invoice
    )
    return gone or _asked(desk, scope, first, last)


@metric(
    "client_time",
    name="Time worked for clients",
    unit=Unit.MINUTES,
    formula="Σ minutes of the time sheets in the month, billable or not",
    source="Time sheets",
    daily=time_between,
)
def client_time(desk: Desk, scope: Scope, month: int) -> Answer:
    """Time worked in a month."""
    gone = _before(desk, scope, book_of(desk), month)
    return gone or _time(desk, scope, months.first_day(month), end_of(desk, month))


@metric(
    "time_value",
    name="Time at its rate",
    unit=Unit.MONEY,
    formula="Σ billable hours × rate in the month; time on a retainer or toward a milestone is covered by it",
    source="Time sheets and the rates of contracts",
    better=Better.MORE,
)
def time_value(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month's billable time is worth."""
    return _worked(desk, scope, month, "time")


@metric(
    "milestones_reached",
    name="Milestones reached",
    unit=Unit.MONEY,
    formula="Σ prices of the milestones reached in the month",
    source="Milestones of contracts",
    better=Better.MORE,
)
def milestones_reached(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month's milestones are worth."""
    return _worked(desk, scope, month, "milestones")


@metric(
    "retainers_due",
    name="Retainers due",
    unit=Unit.MONEY,
    formula="Σ monthly rates of signed retainers that ran in the month, once the month is over",
    source="Contracts",
    better=Better.MORE,
)
def retainers_due(desk: Desk, scope: Scope, month: int) -> Answer:
    """What retainers ask for a month."""
    return _worked(desk, scope, month, "retainers")


@metric(
    "paid_for_clients",
    name="Paid for clients",
    unit=Unit.MONEY,
    formula="Σ what was paid for clients in the month, to be invoiced on at cost",
    source="Rebillables: hosting, domains and the like",
)
def paid_for_clients(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was laid out for clients in a month."""
    return _worked(desk, scope, month, "rebillables")


@metric(
    "earned",
    name="Earned",
    unit=Unit.MONEY,
    formula="Time at its rate + milestones reached + retainers due + what was paid for clients, in the month",
    source=_WORK,
    better=Better.MORE,
)
def earned(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month's work may be invoiced for."""
    parts = ("time_value", "milestones_reached", "retainers_due", "paid_for_clients")
    return desk.formula("total", *(desk.get(part, scope, month) for part in parts))


@metric(
    "invoiced",
    name="Invoiced",
    unit=Unit.MONEY,
    formula="Σ invoices issued in the month before tax − credit notes of the month",
    source=_INVOICES,
    better=Better.MORE,
    daily=invoiced_between,
)
def invoiced(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients were asked for in a month, before tax."""
    gone = _asked_before(desk, scope, book_of(desk), month)
    return gone or _asked(desk, scope, months.first_day(month), end_of(desk, month))


def _asked(desk: Desk, scope: Scope, since: dt.date, until: dt.date) -> Answer:
    book, rows = book_of(desk), []
    for row in book.invoices(scope):
        if since <= row.issued_on <= until and row.net_minor:
            name = book.clients[row.client_id].name
            rows.append(
                TraceRow(f"{row.reference} {name}", row.net_minor, f"invoice:{row.id}", row.issued_on)
            )
    rows += [
        TraceRow(taken.label, -taken.net_minor, taken.ref, taken.on)
        for taken in book.credits(scope)
        if since <= taken.on <= until and taken.net_minor
    ]
    return desk.rows(rows, desk.badge_of(scope, months.month_of(until), first=months.month_of(since)))


@metric(
    "billing_gap",
    name="Billing gap",
    unit=Unit.MONEY,
    formula="Earned − invoiced of the month; below zero where more was invoiced than earned",
    source=_WORK,
    better=Better.LESS,
)
def billing_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month earned and did not invoice."""
    return desk.formula("difference", desk.get("earned", scope, month), desk.get("invoiced", scope, month))


@metric(
    "leak",
    name="Leak",
    unit=Unit.PERCENT,
    formula="Billing gap ÷ earned; nothing leaks where more was invoiced than earned",
    source=_WORK,
    better=Better.LESS,
    aggregate=Aggregate.MEAN,
)
def leak(desk: Desk, scope: Scope, month: int) -> Answer:
    """The share of a month's earnings that nobody invoiced."""
    return desk.formula(
        "leak", desk.get("billing_gap", scope, month), desk.get("earned", scope, month),
        undefined="n/a: nothing was earned",
    )  # fmt: skip


@metric(
    "effective_rate",
    name="Effective rate an hour",
    unit=Unit.MONEY,
    formula="(Earned − paid for clients) ÷ hours worked, billable or not",
    source=_WORK,
    better=Better.MORE,
    aggregate=Aggregate.MEAN,
)
def effective_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """What an hour of a month earned."""
    own = desk.own(
        f"earned_by_work.{scope.slug}.{months.iso(month)}", "Earned without what was paid for clients", Unit.MONEY,
        desk.formula("difference", desk.get("earned", scope, month), desk.get("paid_for_clients", scope, month)),
        scope=scope.label, period=months.label(month),
    )  # fmt: skip
    return desk.formula(
        "per_hour", own, desk.get("client_time", scope, month), undefined="n/a: no time is recorded"
    )


@metric(
    "not_invoiced",
    name="Work not invoiced",
    unit=Unit.MONEY,
    formula="Σ time at its rate, milestones and months of retainers up to the as-of date that stand on no issued invoice",
    source=_WORK,
    monthly=False,
    better=Better.LESS,
)
def not_invoiced(desk: Desk, scope: Scope, month: int) -> Answer:
    """Work done and not invoiced on the as-of date."""
    book = book_of(desk)
    if (gone := _before(desk, scope, book, months.month_of(desk.as_of))) is not None:
        return gone
    return desk.rows(open_work(desk, scope), desk.badge_of(scope, months.month_of(desk.as_of)))


def open_work(
    desk: Desk, scope: Scope, *, older: int | None = None, than: int | None = None
) -> list[TraceRow]:
    """Return the work not invoiced; of it what is over ``older`` and at most ``than`` days old, where given."""
    book = book_of(desk)
    found = []
    for kind in ("time", "milestones", "retainers"):
        for row in book.work(kind, scope, None, desk.as_of):
            age = (desk.as_of - row.on).days
            if row.billed_on is not None or not row.value_minor:
                continue
            if (older is None or age > older) and (than is None or age <= than):
                found.append(TraceRow(_label(book, row), row.value_minor, row.ref, row.on))
    return found


@metric(
    "rebillables_open",
    name="Paid for clients and not invoiced on",
    unit=Unit.MONEY,
    formula="Σ what was paid for clients up to the as-of date and stands on no issued invoice",
    source="Rebillables",
    monthly=False,
    better=Better.LESS,
)
def rebillables_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was laid out and not asked back on the as-of date."""
    book = book_of(desk)
    if (gone := _before(desk, scope, book, months.month_of(desk.as_of))) is not None:
        return gone
    rows = book.work("rebillables", scope, None, desk.as_of)
    return desk.rows(
        (TraceRow(_label(book, row), row.value_minor or 0, row.ref, row.on) for row in rows if row.billed_on is None),
        desk.badge_of(scope, months.month_of(desk.as_of)),
    )  # fmt: skip


@metric(
    "recurring_revenue",
    name="Recurring revenue a month",
    unit=Unit.MONEY,
    formula="Σ monthly rates of signed retainers that run at the month's end",
    source="Contracts",
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def recurring_revenue(desk: Desk, scope: Scope, month: int) -> Answer:
    """What retainers bring every month."""
    book, day = book_of(desk), end_of(desk, month)
    if (gone := _before(desk, scope, book, month)) is not None:
        return gone
    return desk.rows(
        (
            TraceRow(book.clients[row.client_id].name, row.rate_minor, f"contract:{row.id}")
            for row in book.contracts_of(scope)
            if row.rate_minor
            and row.billing_model == BillingModel.RETAINER
            and row.state == ContractState.SIGNED
            and (row.starts_on is None or row.starts_on <= day)
            and (row.ends_on is None or row.renews or row.ends_on >= day)
        ),
        desk.badge_of(scope, month),
    )


@metric(
    "renewals_60",
    name="Contracts that end or renew within 60 days",
    unit=Unit.COUNT,
    formula="Contracts whose term ends from the as-of date to 60 days after it, or has ended without anybody saying so",
    source="Contracts",
    monthly=False,
)
def renewals_60(desk: Desk, scope: Scope, month: int) -> Answer:
    """Contracts that come to an end soon."""
    book = book_of(desk)
    if not any(row.entity_id in scope.ids for row in book.records.contracts):
        return desk.absent("not tracked: no contract is recorded", Badge.UNRECONCILED)
    last = desk.as_of + dt.timedelta(days=SOON_DAYS)
    return desk.rows(
        TraceRow(book.clients[row.client_id].name, 1, f"contract:{row.id}", row.ends_on)
        for row in book.contracts_of(scope)
        if row.ends_on is not None and row.ends_on <= last and row.state != ContractState.EXPIRED
    )


@metric(
    "cost_to_serve",
    name="Cost to serve",
    unit=Unit.MONEY,
    formula="Of all clients: direct + fixed cost of the month. Of one: what was paid for it + its share by time of all other cost",
    source="Journal and time sheets",
    better=Better.LESS,
)
def cost_to_serve(desk: Desk, scope: Scope, month: int) -> Answer:
    """What serving clients cost in a month."""
    whole = whole_of(desk, scope)
    direct, fixed = desk.get("direct_cost", whole, month), desk.get("fixed_cost", whole, month)
    if whole is scope:
        return desk.formula("total", direct, fixed)
    return desk.formula(
        "served", desk.get("paid_for_clients", scope, month), direct, fixed, desk.get("paid_for_clients", whole, month),
        desk.get("client_time", scope, month), desk.get("client_time", whole, month),
        undefined="n/a: no time is recorded",
    )  # fmt: skip


@metric(
    "client_margin",
    name="Margin of clients",
    unit=Unit.MONEY,
    formula="Earned − cost to serve, of the month",
    source="Journal, time sheets and contracts",
    better=Better.MORE,
)
def client_margin(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is left of a month's earnings after the cost of serving."""
    return desk.formula(
        "difference", desk.get("earned", scope, month), desk.get("cost_to_serve", scope, month)
    )


@metric(
    "invoiced_12m",
    name="Invoiced, twelve months",
    unit=Unit.MONEY,
    formula="Σ invoices before tax − credit notes, of the twelve months that end with the month",
    source=_INVOICES,
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def invoiced_12m(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was asked for in a year."""
    gone = _asked_before(desk, scope, book_of(desk), month)
    return gone or _asked(desk, scope, months.first_day(month - YEAR_MONTHS + 1), end_of(desk, month))


def _shares(desk: Desk, month: int) -> list[Figure]:
    book = book_of(desk)
    found = [desk.get("invoiced_12m", client_scope(desk, client), month) for client in book.clients.values()]
    return sorted((row for row in found if row.value), key=lambda row: (-(row.value or 0), row.key))


@metric(
    "top_client",
    name="Share of the largest client",
    unit=Unit.PERCENT,
    formula="Invoiced to the largest client ÷ invoiced to all, twelve months",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def top_client(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much hangs on one client."""
    return desk.formula(
        "part_of", desk.get("invoiced_12m", scope, month), *_shares(desk, month)[:1],
        undefined="n/a: nothing was invoiced",
    )  # fmt: skip


@metric(
    "top_three",
    name="Share of the three largest clients",
    unit=Unit.PERCENT,
    formula="Invoiced to the three largest clients ÷ invoiced to all, twelve months",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def top_three(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much hangs on three clients."""
    return desk.formula(
        "part_of", desk.get("invoiced_12m", scope, month), *_shares(desk, month)[:3],
        undefined="n/a: nothing was invoiced",
    )  # fmt: skip


@metric(
    "client_hhi",
    name="Concentration of clients (HHI)",
    unit=Unit.COUNT,
    formula="Σ squared shares in percent of what was invoiced in twelve months: 10,000 is one client alone, over 2,500 is high",
    source=_INVOICES,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def client_hhi(desk: Desk, scope: Scope, month: int) -> Answer:
    """The Herfindahl–Hirschman index of a year's invoices."""
    return desk.formula("concentration", *_shares(desk, month), undefined="n/a: nothing was invoiced")
