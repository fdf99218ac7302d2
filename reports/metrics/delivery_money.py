"""Metrics of yacht deliveries that the books give: deposits, cost against estimate, expenses passed on, margins, days to cash."""

from core import months
from portfolio.domain.queries.delivery import PAID_ROLES, JobFact
from portfolio.models import AccountRole, CostKind, JobStage
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.delivery import NO_JOB, NO_LOG, WINDOW, arrived, firm, jobs, row
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

# What a job lays out on the way; pay, commission and card fees are none of it.
LAID_OUT = {CostKind.FUEL: "5200", CostKind.DOCK: "5300", CostKind.FOOD: "5400", CostKind.OTHER: "5700"}
BOOKS = "Journal postings that name the job's booking"
NO_COST = "n/a: no job that arrived has an estimate of its cost"


def alone(desk: Desk, job: JobFact) -> Scope:
    """Return the scope of the entity a job belongs to."""
    return next(scope for scope in desk.scopes() if job.entity_id in scope.ids)


def month_of(desk: Desk, job: JobFact) -> int:
    """Return the month whose books say how far a job's money can be trusted."""
    return months.month_of(job.arrived_on or desk.as_of)


def _linked(desk: Desk, job: JobFact, name: str, label: str, roles: tuple[AccountRole, ...], *, sign: int,
            codes: tuple[str, ...] = ()) -> Figure:  # fmt: skip
    key = f"job.{job.id}.{name}"
    if key in desk.figures:
        return desk.figures[key]
    answer = desk.linked(
        alone(desk, job), roles, [job.booking_id], month=month_of(desk, job), sign=sign, codes=codes
    )
    return desk.own(key, f"{label} {job.reference}", Unit.MONEY, answer)


def received(desk: Desk, job: JobFact) -> Figure:
    """Return what a job's client has paid, less what went back, by the books."""
    return _linked(desk, job, "received", "Received for", PAID_ROLES, sign=-1)


def spent(desk: Desk, job: JobFact) -> Figure:
    """Return the direct cost that names a job."""
    return _linked(desk, job, "spent", "Cost of", (AccountRole.DIRECT_COST,), sign=1)


def margin(desk: Desk, job: JobFact) -> Figure:
    """Return revenue less direct cost that name a job."""
    roles = (AccountRole.REVENUE, AccountRole.DIRECT_COST)
    return _linked(desk, job, "margin", "Margin of", roles, sign=-1)


def fee(desk: Desk, job: JobFact) -> Figure:
    """Return the price a job was quoted at."""
    key = f"job.{job.id}.fee"
    rows = [TraceRow(job.title, job.fee_minor, f"booking:{job.booking_id}")] if job.fee_minor else []
    answer = desk.rows(rows, Badge.ENTERED) if rows else desk.absent("not quoted")
    return desk.own(key, f"Fee of {job.reference}", Unit.MONEY, answer)


def _estimate(desk: Desk, job: JobFact, name: str, label: str, *, all_of_it: bool) -> Figure:
    rows = [
        TraceRow(f"{job.reference} {CostKind(cost.kind).label.lower()}", cost.amount_minor, f"cost:{cost.id}")
        for cost in job.costs
        if all_of_it or CostKind(cost.kind) in LAID_OUT
    ]
    answer = desk.rows(rows, Badge.ENTERED) if rows else desk.absent("no estimate")
    return desk.own(f"job.{job.id}.{name}", f"{label} {job.reference}", Unit.MONEY, answer)


def estimated(desk: Desk, job: JobFact) -> Figure:
    """Return what a job was to cost, pay and all."""
    return _estimate(desk, job, "estimated", "Estimated cost of", all_of_it=True)


def expenses(desk: Desk, job: JobFact) -> Figure:
    """Return what a job was to lay out beside pay."""
    return _estimate(desk, job, "expenses", "Estimated expenses of", all_of_it=False)


def needed(desk: Desk, job: JobFact) -> Figure:
    """Return what must have come in before a job leaves: half the fee and all estimated expenses."""
    return desk.own(
        f"job.{job.id}.needed", f"Deposit that {job.reference} needs", Unit.MONEY,
        desk.formula("half_and", fee(desk, job), expenses(desk, job)),
    )  # fmt: skip


def covered(desk: Desk, job: JobFact) -> Figure:
    """Return the share of what must have come in that has."""
    return desk.own(
        f"job.{job.id}.cover", f"Deposit cover of {job.reference}", Unit.PERCENT,
        desk.formula("share", received(desk, job), needed(desk, job)),
    )  # fmt: skip


def passed_on(job: JobFact) -> tuple[str, ...]:
    """Return the codes of the accounts for what is passed on to a job's client."""
    return tuple(
        LAID_OUT[CostKind(cost.kind)]
        for cost in job.costs
        if cost.rebillable and CostKind(cost.kind) in LAID_OUT
    )


def laid_out(desk: Desk, job: JobFact) -> Figure:
    """Return what was spent on what is passed on to a job's client."""
    roles = (AccountRole.DIRECT_COST,)
    return _linked(desk, job, "laid_out", "Laid out for", roles, sign=1, codes=passed_on(job))


def recovered(desk: Desk, job: JobFact) -> Figure:
    """Return what a job's client has paid of what is passed on."""
    rows = [
        TraceRow(
            f"{job.reference} {CostKind(cost.kind).label.lower()}", cost.recovered_minor, f"cost:{cost.id}"
        )
        for cost in job.costs
        if cost.rebillable
    ]
    return desk.own(f"job.{job.id}.recovered", f"Recovered from the client of {job.reference}", Unit.MONEY,
                    desk.rows(rows, Badge.ENTERED))  # fmt: skip


def _sum(desk: Desk, parts: list[Figure], missing: str) -> Answer:
    kept = [part for part in parts if part.value is not None]
    return desk.formula("total", *kept) if kept else desk.absent(missing)


NONE_AGREED = "n/a: no agreed job has both a fee and an estimate"
NONE_PASSED_ON = "n/a: no job that arrived has expenses to pass on"


def _agreed(desk: Desk, scope: Scope) -> list[JobFact]:
    return [job for job in firm(desk, scope) if needed(desk, job).value is not None]


@metric(
    "deposit_received",
    name="Received for agreed jobs",
    unit=Unit.MONEY,
    formula="Σ what clients paid for jobs that are agreed and have not arrived, less what went back",
    source=BOOKS,
    monthly=False,
    better=Better.MORE,
)
def deposit_received(desk: Desk, scope: Scope, month: int) -> Answer:
    """What came in for agreed jobs."""
    return _sum(desk, [received(desk, job) for job in _agreed(desk, scope)], NONE_AGREED)


@metric(
    "deposit_needed",
    name="Deposit that agreed jobs need",
    unit=Unit.MONEY,
    formula="Σ half the fee and all estimated expenses of jobs that are agreed and have not arrived",
    source="Bookings and their estimated costs",
    monthly=False,
)
def deposit_needed(desk: Desk, scope: Scope, month: int) -> Answer:
    """What must have come in for agreed jobs."""
    return _sum(desk, [needed(desk, job) for job in _agreed(desk, scope)], NONE_AGREED)


@metric(
    "deposit_cover",
    name="Deposit cover",
    unit=Unit.PERCENT,
    formula="Received for agreed jobs ÷ (half their fees + all their estimated expenses)",
    source=BOOKS + "; bookings and their estimated costs",
    monthly=False,
    better=Better.MORE,
)
def deposit_cover(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of what must have come in for agreed jobs that has."""
    return desk.formula(
        "share", desk.get("deposit_received", scope), desk.get("deposit_needed", scope), undefined=NONE_AGREED
    )


def _costed(desk: Desk, scope: Scope, month: int) -> list[JobFact]:
    return [job for job in arrived(desk, scope, month) if job.costs]


@metric(
    "delivery_cost",
    name="Cost of jobs with an estimate",
    unit=Unit.MONEY,
    formula="Σ direct cost postings that name a job arrived in the twelve months, of jobs with an estimate",
    source=BOOKS,
    better=Better.LESS,
)
def delivery_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the jobs with an estimate cost."""
    return _sum(desk, [spent(desk, job) for job in _costed(desk, scope, month)], NO_COST)


@metric(
    "delivery_cost_estimated",
    name="Estimated cost of jobs",
    unit=Unit.MONEY,
    formula="Σ estimated costs of the jobs arrived in the twelve months",
    source="Estimated costs of bookings",
)
def delivery_cost_estimated(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the jobs were to cost."""
    return _sum(desk, [estimated(desk, job) for job in _costed(desk, scope, month)], NO_COST)


@metric(
    "cost_ratio",
    name="Cost against estimate",
    unit=Unit.PERCENT,
    formula="Cost of jobs with an estimate ÷ their estimated cost",
    source=BOOKS + "; estimated costs of bookings",
    better=Better.LESS,
)
def cost_ratio(desk: Desk, scope: Scope, month: int) -> Answer:
    """Actual cost over estimated cost."""
    return desk.formula(
        "share", desk.get("delivery_cost", scope, month), desk.get("delivery_cost_estimated", scope, month),
        undefined=NO_COST,
    )  # fmt: skip


def _rebilled(desk: Desk, scope: Scope, month: int) -> list[JobFact]:
    return [job for job in arrived(desk, scope, month) if passed_on(job)]


@metric(
    "pass_through_spent",
    name="Laid out for clients",
    unit=Unit.MONEY,
    formula="Σ postings that name a job arrived, to the accounts of what is passed on to its client",
    source=BOOKS,
)
def pass_through_spent(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was laid out for clients."""
    return _sum(desk, [laid_out(desk, job) for job in _rebilled(desk, scope, month)], NONE_PASSED_ON)


@metric(
    "pass_through_recovered",
    name="Recovered from clients",
    unit=Unit.MONEY,
    formula="Σ what clients paid of the expenses that are passed on",
    source="Costs of bookings, as staff write them down",
    better=Better.MORE,
)
def pass_through_recovered(desk: Desk, scope: Scope, month: int) -> Answer:
    """What clients paid of what was laid out for them."""
    return _sum(desk, [recovered(desk, job) for job in _rebilled(desk, scope, month)], NONE_PASSED_ON)


@metric(
    "pass_through_recovery",
    name="Pass-through recovery",
    unit=Unit.PERCENT,
    formula="Recovered from clients ÷ laid out for clients",
    source=BOOKS + "; costs of bookings",
    better=Better.MORE,
)
def pass_through_recovery(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of what was laid out that came back."""
    return desk.formula(
        "share", desk.get("pass_through_recovered", scope, month), desk.get("pass_through_spent", scope, month),
        undefined="n/a: nothing was laid out",
    )  # fmt: skip


@metric(
    "job_margin",
    name="Margin of jobs",
    unit=Unit.MONEY,
    formula="Σ revenue − direct cost postings that name a job arrived in the twelve months",
    source=BOOKS,
    better=Better.MORE,
)
def job_margin(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the jobs that arrived left over."""
    return _sum(desk, [margin(desk, job) for job in arrived(desk, scope, month)], NO_JOB)


def _margin_of_logged(desk: Desk, scope: Scope, month: int) -> Figure:
    """Return the margin of the jobs with both miles and days, so that a rate divides like by like."""
    logged = [job for job in arrived(desk, scope, month) if job.miles_tenths is not None and job.actual_days]
    return desk.own(
        f"margin_of_logged.{scope.slug}.{months.iso(month)}", "Margin of jobs with miles and days", Unit.MONEY,
        _sum(desk, [margin(desk, job) for job in logged], NO_LOG),
    )  # fmt: skip


@metric(
    "margin_a_job",
    name="Margin a job",
    unit=Unit.MONEY,
    formula="Margin of jobs ÷ jobs arrived",
    source=BOOKS,
    better=Better.MORE,
)
def margin_a_job(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean margin of a job."""
    return desk.formula(
        "per_unit", desk.get("job_margin", scope, month), desk.get("jobs_arrived", scope, month), undefined=NO_JOB
    )  # fmt: skip


@metric(
    "margin_a_day",
    name="Margin a day",
    unit=Unit.MONEY,
    formula="Margin of jobs with miles and days ÷ days at sea",
    source=BOOKS + "; job log",
    better=Better.MORE,
)
def margin_a_day(desk: Desk, scope: Scope, month: int) -> Answer:
    """Margin of a day at sea."""
    return desk.formula(
        "per_whole", _margin_of_logged(desk, scope, month), desk.get("days_sailed", scope, month), undefined=NO_LOG
    )  # fmt: skip


@metric(
    "margin_a_mile",
    name="Margin a mile",
    unit=Unit.MONEY,
    formula="Margin of jobs with miles and days ÷ miles sailed",
    source=BOOKS + "; job log",
    better=Better.MORE,
)
def margin_a_mile(desk: Desk, scope: Scope, month: int) -> Answer:
    """Margin of a nautical mile."""
    return desk.formula(
        "per_whole", _margin_of_logged(desk, scope, month), desk.get("miles_sailed", scope, month), undefined=NO_LOG
    )  # fmt: skip


@metric(
    "quote_to_cash",
    name="Quote to cash",
    unit=Unit.DAYS,
    formula="Mean of the days from quote to the day the books held the whole fee, of jobs paid in the twelve months",
    source="Job log; " + BOOKS[0].lower() + BOOKS[1:],
    better=Better.LESS,
)
def quote_to_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean days from quote to full payment."""
    rows = [
        row(job, (job.paid_on - quoted).days * 10, job.paid_on)
        for job in jobs(desk, scope)
        if job.paid_on is not None
        and (quoted := job.steps.get(JobStage.QUOTED)) is not None
        and month - WINDOW < months.month_of(job.paid_on) <= month
    ]
    return desk.folded(
        "mean", rows, Badge.ENTERED, undefined="n/a: no job with a day of its quote has been paid in full"
    )
