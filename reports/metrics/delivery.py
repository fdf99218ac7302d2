"""Metrics of yacht deliveries that the job log gives: punctuality, days, miles, who sailed, how clients rate, what went wrong.

What a month says is about the jobs that arrived in the twelve months which end with it.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from core import months
from portfolio.domain.queries.delivery import JobFact
from portfolio.domain.queries.delivery import jobs as read_jobs
from portfolio.models import JobRole, JobStage
from reports.document import Badge, TraceRow, Unit
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

PROMOTER, DETRACTOR = 9, 6
WINDOW = 12
LOG = "Job log"
NO_JOB = "n/a: no job arrived in these twelve months"
# Stages in which a job is agreed and not done.
FIRM = (JobStage.CONTRACTED, JobStage.DEPOSIT, JobStage.READY, JobStage.UNDER_WAY)
DONE = (JobStage.ARRIVED, JobStage.CLOSED)


def jobs(desk: Desk, scope: Scope) -> list[JobFact]:
    """Return the jobs of a scope that were known on the as-of date."""
    return [job for job in desk.facts.once(read_jobs) if job.entity_id in scope.ids]


def queue(desk: Desk, scope: Scope) -> list[JobFact]:
    """Return the jobs that have not arrived."""
    return [job for job in jobs(desk, scope) if job.stage not in DONE]


def firm(desk: Desk, scope: Scope) -> list[JobFact]:
    """Return the jobs that are agreed and have not arrived."""
    return [job for job in jobs(desk, scope) if job.stage in FIRM]


def arrived(desk: Desk, scope: Scope, month: int) -> list[JobFact]:
    """Return the jobs that arrived in the twelve months which end with a month."""
    return [
        job
        for job in jobs(desk, scope)
        if job.arrived_on is not None and month - WINDOW < months.month_of(job.arrived_on) <= month
    ]


def row(job: JobFact, amount: int, on: dt.date | None = None) -> TraceRow:
    """Return a job's share of a figure; the day is that of its arrival unless another is named."""
    return TraceRow(job.title, amount, f"job:{job.id}", on or job.arrived_on)


def slip(job: JobFact, *, weather: bool = True) -> int | None:
    """Return the days a job came in after its promised day, 0 where it did not; without ``weather`` those it cost count not."""
    if job.arrived_on is None or job.promised_on is None:
        return None
    late = (job.arrived_on - job.promised_on).days
    return max(late if weather else late - job.weather_days, 0)


def _count(desk: Desk, rows: Iterable[JobFact]) -> Answer:
    return desk.rows([row(job, 1) for job in rows], Badge.ENTERED)


Chosen = Callable[[list[JobFact]], list[JobFact]]


def _counted(key: str, name: str, formula: str, chosen: Chosen, better: Better = Better.NEITHER) -> None:
    @metric(key, name=name, unit=Unit.COUNT, formula=formula, source=LOG, better=better)
    def count(desk: Desk, scope: Scope, month: int) -> Answer:
        return _count(desk, chosen(arrived(desk, scope, month)))


def _ratio(
    key: str, name: str, formula: str, unit: Unit, operation: str, inputs: tuple[str, ...], undefined: str,
    better: Better,
) -> None:  # fmt: skip
    @metric(key, name=name, unit=unit, formula=formula, source=LOG, better=better)
    def ratio(desk: Desk, scope: Scope, month: int) -> Answer:
        return desk.formula(
            operation, *(desk.get(name, scope, month) for name in inputs), undefined=undefined
        )


_counted(
    "jobs_arrived", "Jobs arrived", "Jobs that arrived in the twelve months that end with the month",
    lambda found: found, Better.MORE,
)  # fmt: skip
_counted(
    "jobs_promised", "Jobs arrived with a promised day", "Of the jobs arrived, those with a promised day",
    lambda found: [job for job in found if job.promised_on is not None],
)  # fmt: skip
_counted(
    "jobs_on_time", "Jobs on time", "Of the jobs arrived, those that arrived on their promised day or before",
    lambda found: [job for job in found if slip(job) == 0], Better.MORE,
)  # fmt: skip
_counted(
    "jobs_on_time_but_weather", "Jobs on time, weather apart",
    "Of the jobs arrived, those that arrived on their promised day or before, once days lost to weather are taken off",
    lambda found: [job for job in found if slip(job, weather=False) == 0], Better.MORE,
)  # fmt: skip
_counted(
    "jobs_rated", "Jobs rated", "Of the jobs arrived, those whose client gave a rating from 0 to 10",
    lambda found: [job for job in found if job.rating is not None], Better.MORE,
)  # fmt: skip
_counted(
    "promoters", "Promoters", f"Jobs rated {PROMOTER} or 10",
    lambda found: [job for job in found if job.rating is not None and job.rating >= PROMOTER], Better.MORE,
)  # fmt: skip
_counted(
    "detractors", "Detractors", f"Jobs rated {DETRACTOR} or less",
    lambda found: [job for job in found if job.rating is not None and job.rating <= DETRACTOR], Better.LESS,
)  # fmt: skip
_ratio(
    "on_time_rate", "On time", "Jobs on time ÷ jobs arrived with a promised day", Unit.PERCENT, "share",
    ("jobs_on_time", "jobs_promised"), NO_JOB, Better.MORE,
)  # fmt: skip
_ratio(
    "on_time_but_weather", "On time, weather apart", "Jobs on time, weather apart ÷ jobs arrived with a promised day",
    Unit.PERCENT, "share", ("jobs_on_time_but_weather", "jobs_promised"), NO_JOB, Better.MORE,
)  # fmt: skip


def _slips(desk: Desk, scope: Scope, month: int, *, weather: bool) -> Answer:
    rows = [
        row(job, late * 10)
        for job in arrived(desk, scope, month)
        if (late := slip(job, weather=weather)) is not None
    ]
    return desk.folded("mean", rows, Badge.ENTERED, undefined=NO_JOB)


@metric(
    "slip_days",
    name="Slip",
    unit=Unit.DAYS,
    formula="Mean of the days from promised to actual arrival; a job that came early or on the day has none",
    source=LOG,
    better=Better.LESS,
)
def slip_days(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean days late of the jobs that arrived."""
    return _slips(desk, scope, month, weather=True)


@metric(
    "slip_without_weather",
    name="Slip, weather apart",
    unit=Unit.DAYS,
    formula="Mean of the days from promised to actual arrival less the days lost to weather, never below none",
    source=LOG,
    better=Better.LESS,
)
def slip_without_weather(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean days late that the weather does not explain."""
    return _slips(desk, scope, month, weather=False)


def _summed(
    key: str, name: str, formula: str, unit: Unit, of: Callable[[JobFact], int | None], undefined: str
) -> None:
    @metric(key, name=name, unit=unit, formula=formula, source=LOG)
    def summed(desk: Desk, scope: Scope, month: int) -> Answer:
        rows = [row(job, amount) for job in arrived(desk, scope, month) if (amount := of(job)) is not None]
        return desk.rows(rows, Badge.ENTERED) if rows else desk.absent(undefined)


def _planned(job: JobFact) -> bool:
    return job.estimated_days is not None and job.actual_days is not None


def _logged(job: JobFact) -> bool:
    return job.miles_tenths is not None and bool(job.actual_days)


NO_ESTIMATE = "n/a: no job that arrived has both estimated and actual days"
NO_LOG = "n/a: no job that arrived has both miles and days"
_summed(
    "days_estimated", "Days estimated", "Σ estimated days of the jobs arrived that have both an estimate and an actual",
    Unit.DAYS, lambda job: (job.estimated_days or 0) * 10 if _planned(job) else None, NO_ESTIMATE,
)  # fmt: skip
_summed(
    "days_taken", "Days taken", "Σ actual days of the jobs arrived that have both an estimate and an actual",
    Unit.DAYS, lambda job: (job.actual_days or 0) * 10 if _planned(job) else None, NO_ESTIMATE,
)  # fmt: skip
_summed(
    "miles_sailed", "Miles sailed", "Σ nautical miles of the jobs arrived that have both miles and days",
    Unit.MILES, lambda job: job.miles_tenths if _logged(job) else None, NO_LOG,
)  # fmt: skip
_summed(
    "days_sailed", "Days at sea", "Σ actual days of the jobs arrived that have both miles and days",
    Unit.DAYS, lambda job: (job.actual_days or 0) * 10 if _logged(job) else None, NO_LOG,
)  # fmt: skip
_summed(
    "days_under_way", "Vessel days under way",
    "Σ actual days less days lost to weather of the jobs arrived that have both miles and days",
    Unit.DAYS, lambda job: max((job.actual_days or 0) - job.weather_days, 0) * 10 if _logged(job) else None, NO_LOG,
)  # fmt: skip
_ratio(
    "days_ratio", "Days against estimate", "Days taken ÷ days estimated", Unit.PERCENT, "share",
    ("days_taken", "days_estimated"), NO_ESTIMATE, Better.LESS,
)  # fmt: skip
_ratio(
    "made_good_a_day", "Miles made good a day", "Miles sailed ÷ days at sea", Unit.MILES, "per_whole",
    ("miles_sailed", "days_sailed"), NO_LOG, Better.MORE,
)  # fmt: skip
_ratio(
    "vessel_use", "Use of vessels",
    "Vessel days under way ÷ days at sea: of the days vessels were in our hands, those not lost to weather",
    Unit.PERCENT, "share", ("days_under_way", "days_sailed"), NO_LOG, Better.MORE,
)  # fmt: skip


def _arrived_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> list[JobFact] | Answer:
    """Return the jobs that arrived on some days, or the answer that the log does not go back to the first of them."""
    known = [(job.arrived_on, job) for job in jobs(desk, scope) if job.arrived_on is not None]
    begun = min((on for on, _ in known), default=None)
    if begun is None:
        return desk.absent("not tracked: no arrival is in the log")
    if first < (since := begun.replace(day=1)):
        return desk.absent(f"not tracked before {since:%-d %b %Y}")
    return [job for on, job in known if first <= on <= last]


def arrivals_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """How many jobs arrived on some days."""
    found = _arrived_between(desk, scope, first, last)
    return found if isinstance(found, Answer) else _count(desk, found)


@metric(
    "arrivals",
    name="Arrivals",
    unit=Unit.COUNT,
    formula="Jobs that arrived in the month or on the days",
    source=LOG,
    better=Better.MORE,
    daily=arrivals_between,
)
def arrivals(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many jobs arrived in a month."""
    return arrivals_between(desk, scope, months.first_day(month), months.last_day(month))


def _of_month(key: str, name: str, what: str, unit: Unit, of: Callable[[JobFact], int | None]) -> None:
    @metric(
        key, name=name, unit=unit, formula=f"Σ {what} of the jobs with miles and days that arrived in the month", source=LOG
    )  # fmt: skip
    def of_month(desk: Desk, scope: Scope, month: int) -> Answer:
        found = _arrived_between(desk, scope, months.first_day(month), months.last_day(month))
        if isinstance(found, Answer):
            return found
        return desk.rows((row(job, of(job) or 0) for job in found if _logged(job)), Badge.ENTERED)


_of_month(
    "arrived_miles",
    "Miles of the month's arrivals",
    "nautical miles",
    Unit.MILES,
    lambda job: job.miles_tenths,
)
_of_month(
    "arrived_days", "Days at sea of the month's arrivals", "actual days", Unit.DAYS, lambda job: (job.actual_days or 0) * 10
)  # fmt: skip
metric(
    "made_good_in_month",
    name="Miles made good a day, of the month's arrivals",
    unit=Unit.MILES,
    formula="Miles ÷ days at sea of the jobs that arrived in the month",
    source=LOG,
    better=Better.MORE,
    aggregate=Aggregate.MEAN,
)(
    lambda desk, scope, month: desk.formula(
        "per_whole",
        *(desk.get(key, scope, month) for key in ("arrived_miles", "arrived_days")),
        undefined="n/a: no job with miles and days arrived",
    )
)


def months_logged(desk: Desk, scope: Scope, month: int) -> int:
    """Return how many of the twelve months there has been a job log for: from the first arrival on record."""
    firsts = [months.month_of(job.arrived_on) for job in jobs(desk, scope) if job.arrived_on is not None]
    return max(min(month - min(firsts) + 1, WINDOW), 0) if firsts else 0


def _use(role: JobRole, word: str) -> None:
    @metric(
        f"{role.value}_days",
        name=f"Days of the {word}",
        unit=Unit.DAYS,
        formula=f"Σ days the {word} worked on the jobs arrived",
        source=LOG,
    )
    def worked(desk: Desk, scope: Scope, month: int) -> Answer:
        rows = [
            TraceRow(
                f"{job.reference} {aboard.who}", aboard.days_tenths, f"job_crew:{aboard.id}", job.arrived_on
            )
            for job in arrived(desk, scope, month)
            for aboard in job.crew
            if aboard.role == role
        ]
        return desk.rows(rows, Badge.ENTERED) if rows else desk.absent(NO_JOB)

    @metric(
        f"{role.value}_days_to_sell",
        name=f"Days the {word} could sail",
        unit=Unit.DAYS,
        formula=f"Days a year the {word} can sail × months with a job log ÷ 12, at most twelve of them",
        source=f"Entered value {role.value}-days-a-year; the log's first arrival",
    )
    def to_sell(desk: Desk, scope: Scope, month: int) -> Answer:
        known = [
            value
            for value in desk.facts.kpi_values
            if value.entity_id in scope.ids
            and value.key == f"{role.value}-days-a-year"
            and value.value is not None
            and value.as_of <= months.last_day(month)
        ]
        if not known:
            return desk.absent(f"not tracked: nobody wrote down how many days a year the {word} can sail")
        value = max(known, key=lambda found: (found.as_of, found.pk))
        logged = months_logged(desk, scope, month)
        if not logged:
            return desk.absent(NO_JOB)
        days = desk.own(
            f"{role.value}_days_a_year.{value.pk}", f"Days a year the {word} can sail", Unit.DAYS,
            desk.rows(
                [TraceRow(f"{value.label} ({value.source})", int((value.value or 0) * 10), f"kpi:{value.pk}", value.as_of)],
                Badge.ENTERED,
            ),
        )  # fmt: skip
        span = desk.own(
            f"months_logged.{scope.slug}.{months.iso(month)}", "Months with a job log", Unit.COUNT,
            desk.rows([TraceRow(f"Up to {months.label(month)}, from the first arrival on record", logged)], Badge.ENTERED),
        )  # fmt: skip
        return desk.formula("part_of_year", days, span)

    _ratio(
        f"{role.value}_use", f"Use of the {word}", f"Days of the {word} ÷ days the {word} could sail",
        Unit.PERCENT, "share", (f"{role.value}_days", f"{role.value}_days_to_sell"), NO_JOB, Better.MORE,
    )  # fmt: skip


_use(JobRole.CAPTAIN, "captain")
_use(JobRole.CREW, "crew")


@metric(
    "csat",
    name="Satisfaction of owners",
    unit=Unit.SCORE,
    formula="Mean of the ratings from 0 to 10 that clients gave for the jobs arrived",
    source=LOG,
    better=Better.MORE,
)
def csat(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean rating of the jobs that arrived."""
    rows = [
        row(job, job.rating * 100, job.rated_on)
        for job in arrived(desk, scope, month)
        if job.rating is not None
    ]
    return desk.folded("mean", rows, Badge.ENTERED, undefined="n/a: no client has rated a job")


_ratio(
    "nps", "Net promoter score", "(Promoters − detractors) ÷ jobs rated × 100", Unit.INDEX, "promoter_score",
    ("promoters", "detractors", "jobs_rated"), "n/a: no client has rated a job", Better.MORE,
)  # fmt: skip
_ratio(
    "response_rate", "Response rate", "Jobs rated ÷ jobs arrived", Unit.PERCENT, "share", ("jobs_rated", "jobs_arrived"),
    NO_JOB, Better.MORE,
)  # fmt: skip


@metric(
    "incidents",
    name="Incidents",
    unit=Unit.COUNT,
    formula="Incidents written down on the jobs arrived",
    source=LOG,
    better=Better.LESS,
)
def incidents(desk: Desk, scope: Scope, month: int) -> Answer:
    """Incidents on the jobs that arrived."""
    found = [(job, entry) for job in arrived(desk, scope, month) for entry in job.incidents]
    return desk.rows(
        [
            TraceRow(f"{job.reference} {entry.what}", 1, f"incident:{entry.id}", entry.on)
            for job, entry in found
        ],
        Badge.ENTERED,
    )


_ratio(
    "incidents_per_1000", "Incidents per 1,000 miles", "Incidents ÷ miles sailed × 1,000", Unit.SCORE, "per_thousand",
    ("incidents", "miles_sailed"), NO_LOG, Better.LESS,
)  # fmt: skip


@metric(
    "jobs_open",
    name="Jobs in the queue",
    unit=Unit.COUNT,
    formula="Jobs from enquiry to under way that are not called off",
    source=LOG,
    monthly=False,
)
def jobs_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """Jobs that have not arrived."""
    return desk.rows(
        [TraceRow(job.title, 1, f"job:{job.id}", job.since) for job in queue(desk, scope)], Badge.ENTERED
    )


@metric(
    "gates_open",
    name="Things not ready",
    unit=Unit.COUNT,
    formula="What must be ready and is not, over jobs that are agreed and have not arrived",
    source=LOG,
    monthly=False,
    better=Better.LESS,
)
def gates_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """Open gates of agreed jobs."""
    rows = [
        TraceRow(f"{job.reference} {gate.name}", 1, f"gate:{gate.id}", job.promised_on)
        for job in firm(desk, scope)
        for gate in job.gates
        if gate.passed_on is None
    ]
    return desk.rows(rows, Badge.ENTERED)
