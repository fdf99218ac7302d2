"""What a delivery business has to look after, job by job: each clears itself when its cause is gone.

What went wrong on a job that arrived stays a finding for `REVIEW_DAYS`, in which the next job can still learn from it.
"""

import datetime as dt

from core.money import format_minor
from portfolio.domain.queries.delivery import JobFact, job_contradictions, job_notes, jobless
from portfolio.models import JobStage
from reports.document import Cell, FindingNote, Severity
from reports.metrics import Desk
from reports.metrics import delivery as log
from reports.metrics import delivery_money as money
from reports.render.words import count
from reports.rules.registry import Rule

REVIEW_DAYS = 45
READY_DAYS = 21
ASK_AFTER_DAYS = 14
# More than a tenth over its estimate is a finding.
OVER_BP = 11_000
_LOW_RATING = 6


def leave_by(job: JobFact) -> dt.date | None:
    """Return the last day on which a job can leave and keep its promise by its own estimate."""
    if job.promised_on is None or job.estimated_days is None:
        return None
    return job.promised_on - dt.timedelta(days=job.estimated_days)


def due(desk: Desk, job: JobFact) -> dt.date | None:
    """Return the day an agreed job arrives by its own estimate: from the day it left, or else from the as-of date.

    To the estimate of one that has left, the days lost to weather so far are added.
    """
    if job.stage not in log.FIRM or job.estimated_days is None:
        return None
    if job.stage != JobStage.UNDER_WAY:
        return max(leave_by(job) or desk.as_of, desk.as_of) + dt.timedelta(days=job.estimated_days)
    left = job.steps.get(JobStage.UNDER_WAY)
    return None if left is None else left + dt.timedelta(days=job.estimated_days + job.weather_days)


def lately(desk: Desk) -> list[JobFact]:
    """Return the jobs that arrived in the last days."""
    return [
        job
        for job in log.jobs(desk, desk.all)
        if job.arrived_on is not None and (desk.as_of - job.arrived_on).days <= REVIEW_DAYS
    ]


def _subject(desk: Desk, job: JobFact) -> str:
    return f"{money.alone(desk, job).slug}:{job.reference}"


def _job(job: JobFact) -> Cell:
    return Cell(text=job.title, ref=f"job:{job.id}")


def _day(on: dt.date) -> str:
    return f"{on:%-d %b %Y}"


def _not_ready(rule: Rule, desk: Desk) -> list[FindingNote]:
    """An agreed job leaves soon or has left, and something is not ready."""
    found = []
    for job in log.firm(desk, desk.all):
        still = [gate.name for gate in job.gates if gate.passed_on is None]
        away, last = job.stage == JobStage.UNDER_WAY, leave_by(job)
        if job.gates and not still:
            continue
        if not away and (last is None or (last - desk.as_of).days > READY_DAYS):
            continue
        open_ones = ", ".join(still) or "nothing was ever written down that must be ready"
        when = "It has left" if away or last is None else f"To keep its promise it leaves by {_day(last)}"
        found.append(
            rule.finding(
                _subject(desk, job),
                f"{job.reference} left without being ready"
                if away
                else f"{job.reference} is not ready to leave",
                _job(job),
                f". {when}. Not ready: {open_ones}.",
                severity=Severity.CRITICAL if away or (last is not None and last < desk.as_of) else None,
            )
        )
    return found


def _incomplete(rule: Rule, desk: Desk) -> list[FindingNote]:
    """An agreed job lacks what says when it must be ready, or how much must be in before it leaves."""
    found = []
    for job in log.firm(desk, desk.all):
        when = [
            words
            for words, said in (
                ("the promised day", job.promised_on),
                ("the days it takes", job.estimated_days),
            )
            if said is None
        ]
        money_in = [
            words
            for words, figure in (
                ("the fee", money.fee(desk, job)),
                ("its estimated expenses", money.expenses(desk, job)),
            )
            if figure.value is None
        ]
        if not when and not money_in:
            continue
        untold = [
            *(["by when it must be ready"] if when and job.stage != JobStage.UNDER_WAY else []),
            *(["whether it will be late"] if when else []),
            *(["whether its deposit covers it"] if money_in else []),
        ]
        found.append(
            rule.finding(
                _subject(desk, job),
                f"{job.reference} is agreed and not written down in full",
                _job(job),
                f". Missing: {', '.join(when + money_in)}. So it cannot be told {', '.join(untold)}.",
            )
        )
    return found


def _deposit_short(rule: Rule, desk: Desk) -> list[FindingNote]:
    """An agreed job has less money in than half its fee and its estimated expenses."""
    found = []
    for job in log.firm(desk, desk.all):
        has, needs = money.received(desk, job), money.needed(desk, job)
        if needs.value is None or (has.value or 0) >= needs.value:
            continue
        found.append(
            rule.finding(
                _subject(desk, job),
                f"The deposit of {job.reference} does not cover it",
                _job(job), ". Received ", has, " of ", needs, ", which is half the fee and all estimated expenses.",
                severity=Severity.CRITICAL if job.stage == JobStage.UNDER_WAY else None,
            )
        )  # fmt: skip
    return found


def _late(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A job is past its promised day, will be by its own estimate, or came in late for other reasons than weather."""
    found = []
    for job in log.firm(desk, desk.all):
        promised, expected = job.promised_on, due(desk, job)
        if promised is None:
            continue
        if promised < desk.as_of:
            days = count((desk.as_of - promised).days, "day")
            title, words = (
                f"{job.reference} is {days} past its promised day",
                f"It was promised for {_day(promised)}",
            )
        elif expected is not None and expected > promised:
            days = count((expected - promised).days, "day")
            title = f"{job.reference} will arrive {days} late"
            words = f"By its own estimate it arrives on {_day(expected)}; it is promised for {_day(promised)}"
        else:
            continue
        found.append(rule.finding(_subject(desk, job), title, _job(job), f". {words}."))
    for job in lately(desk):
        late = log.slip(job, weather=False)
        if not late or job.promised_on is None or job.arrived_on is None:
            continue
        lost = f", {count(job.weather_days, 'day')} of it lost to weather" if job.weather_days else ""
        found.append(
            rule.finding(
                _subject(desk, job),
                f"{job.reference} arrived {count(late, 'day')} late, weather apart",
                _job(job),
                f". Promised for {_day(job.promised_on)}, arrived on {_day(job.arrived_on)}: "
                f"{count(log.slip(job) or 0, 'day')} late{lost}.",
                severity=Severity.MEDIUM,
            )
        )
    return found


def _over_days(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A job that arrived took more than a tenth longer than estimated."""
    return [
        rule.finding(
            _subject(desk, job),
            f"{job.reference} took {count(job.actual_days, 'day')}; {count(job.estimated_days, 'was', 'were')} estimated",
            _job(job),
            f". Of the days, {count(job.weather_days, 'was', 'were')} lost to weather.",
        )
        for job in lately(desk)
        if job.estimated_days and job.actual_days and job.actual_days * 10_000 > job.estimated_days * OVER_BP
    ]


def _over_cost(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A job that arrived cost more than a tenth more than estimated."""
    found = []
    for job in lately(desk):
        cost, estimate = money.spent(desk, job), money.estimated(desk, job)
        if not estimate.value or (cost.value or 0) * 10_000 <= estimate.value * OVER_BP:
            continue
        found.append(
            rule.finding(
                _subject(desk, job),
                f"{job.reference} cost more than estimated",
                _job(job), ". It cost ", cost, ", estimated were ", estimate, "; its margin is ", money.margin(desk, job),
                ".",
            )
        )  # fmt: skip
    return found


def _not_recovered(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Expenses were laid out for a client who agreed to pay them, and have not come back."""
    found = []
    for job in log.jobs(desk, desk.all):
        if job.arrived_on is None or not money.passed_on(job):
            continue
        spent, back = money.laid_out(desk, job), money.recovered(desk, job)
        short = (spent.value or 0) - (back.value or 0)
        if short <= 0:
            continue
        found.append(
            rule.finding(
                _subject(desk, job),
                f"{format_minor(short, desk.currency)} of {job.reference}’s expenses have not come back",
                _job(job), ". Laid out for the client: ", spent, "; recovered: ", back, ".",
            )
        )  # fmt: skip
    return found


def _rated_low(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A client rated a job so low that he would warn others."""
    return [
        rule.finding(
            _subject(desk, job),
            f"{job.reference} was rated {job.rating} of 10",
            _job(job),
            f". A rating of {_LOW_RATING} or less counts against us.",
        )
        for job in lately(desk)
        if job.rating is not None and job.rating <= _LOW_RATING
    ]


def _not_rated(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A job arrived a while ago, and its client has not been heard."""
    return [
        rule.finding(
            _subject(desk, job),
            f"The client of {job.reference} has not rated it",
            _job(job),
            f". It arrived {count((desk.as_of - job.arrived_on).days, 'day')} ago.",
        )
        for job in lately(desk)
        if job.rating is None
        and job.arrived_on is not None
        and (desk.as_of - job.arrived_on).days > ASK_AFTER_DAYS
    ]


def _without_job(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A booking of kind delivery is in no queue, for nobody wrote its job down."""
    slugs = {entity.id: entity.slug for entity in desk.entities}
    return [
        rule.finding(
            f"{slugs[booking.entity_id]}:{booking.reference}",
            f"{booking.reference} is booked as a delivery and has no job",
            Cell(text=str(booking), ref=f"booking:{booking.pk}"),
            ". Vessel, route and promised day are not written down, so it stands in no queue.",
        )
        for booking in desk.facts.once(jobless)
        if booking.entity_id in slugs
    ]


def _note_differs(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A current note says otherwise of a job or of what is ready than the job log."""
    slugs = {entity.id: entity.slug for entity in desk.entities}
    return [
        rule.finding(
            f"{slugs[row.entity_id]}:{row.where}",
            f"The note contradicts the job log: {row.where}",
            f"{row.where} says “{row.note_says}”; ",
            Cell(text="the record", ref=row.ref),
            f" says {row.record_says}.",
        )
        for row in job_contradictions(rows=desk.facts.once(job_notes), jobs=log.jobs(desk, desk.all))
    ]


DELIVERY_RULES = (
    Rule(
        "job-not-ready", "Everything ready three weeks before a job leaves", Severity.HIGH,
        "Get what is missing, or agree another day with the client", "Operations lead", 7, _not_ready,
    ),
    Rule(
        "deposit-short", "Half the fee and all estimated expenses paid before a job leaves", Severity.HIGH,
        "Ask for the deposit; the vessel stays until it is in", "Operations lead", 5, _deposit_short,
    ),
    Rule(
        "job-incomplete", "Promised day, days, fee and expenses of every agreed job", Severity.MEDIUM,
        "Write down what is missing", "Operations lead", 2, _incomplete,
    ),
    Rule(
        "job-late", "Every job in by its promised day, weather apart", Severity.HIGH,
        "Tell the client, and correct the estimate of the route", "Operations lead", 3, _late,
    ),
    Rule(
        "job-over-days", "No job more than a tenth over its days", Severity.MEDIUM,
        "Correct the days the route is estimated at", "Operations lead", 14, _over_days,
    ),
    Rule(
        "job-over-cost", "No job more than a tenth over its cost", Severity.MEDIUM,
        "Find what cost more, and price the next job by it", "Owner", 14, _over_cost,
    ),
    Rule(
        "expense-not-recovered", "Every expense that is passed on paid back", Severity.HIGH,
        "Bill the expenses to the client", "Bookkeeper", 7, _not_recovered,
    ),
    Rule(
        "rating-low", "No rating of 6 or less", Severity.HIGH,
        "Ring the client", "Owner", 3, _rated_low,
    ),
    Rule(
        "no-rating", "A rating within two weeks of arrival", Severity.LOW,
        "Ask the client for a rating", "Operations lead", 7, _not_rated,
    ),
    Rule(
        "delivery-without-job", "A job behind every delivery that is booked", Severity.MEDIUM,
        "Write its job down", "Operations lead", 5, _without_job,
    ),
    Rule(
        "delivery-note-differs", "Handoff notes that agree with the job log", Severity.LOW,
        "Bring the note up to date", "Operations lead", 30, _note_differs,
    ),
)  # fmt: skip
