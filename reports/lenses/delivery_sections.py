"""Sections of the report on deliveries: the queue, readiness, punctuality, estimates, deposits, expenses, margins."""

from core import months
from portfolio.domain.queries.delivery import JobFact
from portfolio.models import JobStage
from reports.document import (
    Badge,
    Cell,
    Chart,
    Column,
    Figure,
    Para,
    Row,
    Section,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses.frame import cell, column, day, row
from reports.metrics import Desk
from reports.metrics import delivery as log
from reports.metrics import delivery_money as money
from reports.metrics.registry import Answer
from reports.render import chart_specs as charts
from reports.render.chart_specs.delivery import days_against_estimates
from reports.rules.delivery import due, leave_by
from reports.rules.registry import line

SHOWN = 25


def window(desk: Desk) -> str:
    """Return what the twelve months of the report are called."""
    return f"the twelve months to {months.label(desk.month)}"


def named(job: JobFact) -> Cell:
    """Return a job's cell, which leads to it."""
    return Cell(f"{job.reference} to {job.to_place}", ref=f"job:{job.id}")


def arrived(desk: Desk) -> list[JobFact]:
    """Return the jobs that arrived in the twelve months, the first to arrive first."""
    found = log.arrived(desk, desk.all, desk.month)
    return sorted(found, key=lambda job: (job.arrived_on or desk.as_of, job.reference))


def latest(desk: Desk) -> list[JobFact]:
    """Return those of the jobs that arrived which tables list: the last to arrive."""
    return arrived(desk)[-SHOWN:]


def _left_out(desk: Desk) -> str:
    earlier = len(arrived(desk)) - SHOWN
    return f" Earlier jobs of the twelve months not listed: {earlier}." if earlier > 0 else ""


def own(
    desk: Desk, job: JobFact, name: str, label: str, unit: Unit, amount: int | None, missing: str
) -> Figure:
    """Return a figure of one job in the log; ``missing`` says why there is none."""
    answer = (
        desk.absent(missing)
        if amount is None
        else desk.rows([TraceRow(job.title, amount, f"job:{job.id}", job.arrived_on)], Badge.ENTERED)
    )
    return desk.own(f"job.{job.id}.{name}", f"{label} {job.reference}", unit, answer)


def _worked(desk: Desk, job: JobFact, name: str, label: str, unit: Unit, answer: Answer) -> Figure:
    return desk.own(f"job.{job.id}.{name}", f"{label} {job.reference}", unit, answer)


def queue(desk: Desk) -> Section:
    """Return the jobs that have not arrived, by stage, with how long each has stood there."""
    waiting = log.queue(desk, desk.all)
    stages, bars = [], []
    for stage in (stage for stage in JobStage if stage not in log.DONE):
        members = [job for job in waiting if job.stage == stage]
        number = desk.own(f"stage.{stage.value}.jobs", f"Jobs: {stage.label.lower()}", Unit.COUNT,
                          desk.rows([TraceRow(job.title, 1, f"job:{job.id}") for job in members], Badge.ENTERED))  # fmt: skip
        fees = _fees(desk, stage.value, f"Fees: {stage.label.lower()}", members)
        ages = [
            TraceRow(job.title, (desk.as_of - job.since).days * 10, f"job:{job.id}", job.since)
            for job in members
            if job.since is not None
        ]
        oldest = desk.own(f"stage.{stage.value}.age", f"Longest {stage.label.lower()}", Unit.DAYS,
                          desk.folded("maximum", ages, Badge.ENTERED, undefined="none" if not members else "not written down"))  # fmt: skip
        stages.append(row(stage.label, number, fees, oldest))
        bars.append((stage.label, fees.value))
    stages.append(
        row("All", desk.get("jobs_open"),
            _fees(desk, "all", "Fees of the queue", waiting), "", total=True)
    )  # fmt: skip
    rows = [
        row(
            Cell(job.title, ref=f"job:{job.id}"),
            job.stage.label,
            own(desk, job, "age", "Days in its stage of", Unit.DAYS,
                 None if job.since is None else (desk.as_of - job.since).days * 10, "not written down"),
            money.fee(desk, job),
            day(job.promised_on),
            day(expected) if (expected := due(desk, job)) else "not known" if job.stage in log.FIRM else "not agreed",
        )
        for job in sorted(waiting, key=lambda job: (job.promised_on or desk.as_of.max, job.reference))
    ]  # fmt: skip
    return Section(
        "queue",
        "The queue",
        (
            Table(
                f"Jobs by stage on {desk.as_of:%-d %b %Y}",
                (Column("Stage"), column("Jobs"), column("Fees"), column("Longest there")),
                tuple(stages),
                note="A fee is what the job was quoted at; one that is not quoted yet counts nothing.",
            ),
            Table(
                "Jobs in the queue, the next promised first",
                (
                    Column("Job"),
                    Column("Stage"),
                    column("In it for"),
                    column("Fee"),
                    Column("Promised"),
                    Column("Expected"),
                ),
                tuple(rows),
                note="A job that has left is expected after its estimated days and the days lost to weather so far; one that "
                "waits, on its promised day, or after its estimated days from now where that is later.",
                empty="No job waits: nothing is asked for, agreed or under way.",
            ),
            Chart(
                "fees-by-stage",
                "Fees of the jobs in the queue, by stage",
                charts.horizontal_bars(bars, currency=desk.currency, name="Fees", missing="none"),
                "Fees by stage: " + ", ".join(f"{name} {_amount(desk, value)}" for name, value in bars) + ".",
            ),
        ),
    )


def _fees(desk: Desk, stage: str, label: str, members: list[JobFact]) -> Figure:
    quoted = [fee for job in members if (fee := money.fee(desk, job)).value is not None]
    answer = (
        desk.formula("total", *quoted) if quoted else desk.absent("none" if not members else "not quoted")
    )
    return desk.own(f"stage.{stage}.fees", label, Unit.MONEY, answer)


def readiness(desk: Desk) -> Section:
    """Return what must be ready for each agreed job, and what is not."""
    rows = []
    for job in log.firm(desk, desk.all):
        still = [gate.name for gate in job.gates if gate.passed_on is None]
        asked = desk.own(f"job.{job.id}.gates", f"To be ready for {job.reference}", Unit.COUNT,
                         desk.rows([TraceRow(gate.name, 1, f"gate:{gate.id}") for gate in job.gates], Badge.ENTERED))  # fmt: skip
        ready = desk.own(
            f"job.{job.id}.ready", f"Ready for {job.reference}", Unit.COUNT,
            desk.rows(
                [TraceRow(gate.name, 1, f"gate:{gate.id}", gate.passed_on) for gate in job.gates if gate.passed_on],
                Badge.ENTERED,
            ),
        )  # fmt: skip
        away = job.stage == JobStage.UNDER_WAY
        last = leave_by(job)
        words = ", ".join(still) if job.gates else "nothing is written down"
        rows.append(
            row(
                Cell(job.title, ref=f"job:{job.id}"),
                f"left {day(job.since)}" if away else day(last),
                ready,
                asked,
                Cell(words or "everything is ready", tone=Tone.WARN if words else Tone.GOOD),
            )
        )
    return Section(
        "readiness",
        "Ready to leave",
        (
            Table(
                "What must be ready for agreed jobs",
                (
                    Column("Job"),
                    Column("Leaves by"),
                    column("Ready"),
                    column("To be ready"),
                    Column("Not ready"),
                ),
                tuple(rows),
                note="A job leaves by its promised day less its estimated days.",
                empty="No job is agreed and waiting to leave.",
            ),
        ),
    )


def punctuality(desk: Desk) -> Section:
    """Return how the jobs that arrived kept their promised day, with and without the weather."""
    rows = [
        row(
            named(job),
            day(job.promised_on),
            day(job.arrived_on),
            own(desk, job, "slip", "Days late of", Unit.DAYS, _tenths(log.slip(job)), "no promised day"),
            own(desk, job, "weather", "Days lost to weather of", Unit.DAYS, job.weather_days * 10, ""),
            own(desk, job, "slip_apart", "Days late, weather apart, of", Unit.DAYS,
                 _tenths(log.slip(job, weather=False)), "no promised day"),
        )
        for job in latest(desk)
    ]  # fmt: skip
    if rows:
        rows.append(
            Row((Cell("Mean"), Cell(), Cell(), cell(desk.get("slip_days")), Cell(), cell(desk.get("slip_without_weather"))),
                total=True)
        )  # fmt: skip
    return Section(
        "on-time",
        "On time",
        (
            Para(
                line("On time in ", window(desk), ": ", desk.get("on_time_rate"), ", and ",
                     desk.get("on_time_but_weather"), " once days lost to weather are taken off.")
            ),
            Table(
                f"Jobs that arrived in {window(desk)}",
                (Column("Job"), Column("Promised"), Column("Arrived"), column("Late by"), column("Lost to weather"),
                 column("Late, weather apart")),
                tuple(rows),
                note="Late by counts no day for a job that came early." + _left_out(desk),
                empty=f"No job arrived in {window(desk)}.",
            ),
        ),
    )  # fmt: skip


def _amount(desk: Desk, value: int | None) -> str:
    return "none" if value is None else charts.long(value, Unit.MONEY, desk.currency)


def _tenths(days: int | None) -> int | None:
    return None if days is None else days * 10


def estimates(desk: Desk) -> Section:
    """Return days and cost of each job that arrived against what was estimated."""
    rows, drawn = [], []
    for job in latest(desk):
        planned = own(
            desk,
            job,
            "days_estimated",
            "Days estimated for",
            Unit.DAYS,
            _tenths(job.estimated_days),
            "no estimate",
        )
        taken = own(
            desk, job, "days_taken", "Days taken by", Unit.DAYS, _tenths(job.actual_days), "not written down"
        )
        spent, estimate = money.spent(desk, job), money.estimated(desk, job)
        rows.append(
            row(
                named(job), planned, taken,
                _worked(desk, job, "days_ratio", "Days against estimate of", Unit.PERCENT, desk.formula("share", taken, planned)),
                estimate, spent,
                _worked(desk, job, "cost_ratio", "Cost against estimate of", Unit.PERCENT, desk.formula("share", spent, estimate)),
            )
        )  # fmt: skip
        if planned.value is not None and taken.value is not None:
            drawn.append((job.reference, taken.value, planned.value))
    if rows:
        rows.append(
            row("All with an estimate", desk.get("days_estimated"), desk.get("days_taken"), desk.get("days_ratio"),
                desk.get("delivery_cost_estimated"), desk.get("delivery_cost"), desk.get("cost_ratio"), total=True)
        )  # fmt: skip
    return Section(
        "estimates",
        "Days and cost against estimates",
        (
            Table(
                f"Jobs that arrived in {window(desk)}, against their estimates",
                (Column("Job"), column("Days est."), column("Days taken"), column("Days ÷ est."), column("Cost est."),
                 column("Cost"), column("Cost ÷ est.")),
                tuple(rows),
                note="Cost is what the books hold under the job's booking: pay, fuel, dock, provisions." + _left_out(desk),
                empty=f"No job arrived in {window(desk)}.",
            ),
            Para(line("Miles made good a day: ", desk.get("made_good_a_day"), ".")),
            Chart(
                "days-against-estimates",
                "Days each job took, with a mark at its estimate",
                days_against_estimates(drawn),
                "Days taken of days estimated: "
                + (", ".join(f"{name} {taken / 10:g} of {planned / 10:g}" for name, taken, planned in drawn) or "no job")
                + ".",
            ),
        ),
    )  # fmt: skip


def deposits(desk: Desk) -> Section:
    """Return what each agreed job needs before it leaves, and what is in."""
    rows = []
    for job in log.firm(desk, desk.all):
        cover = money.covered(desk, job)
        short = (cover.value or 0) < 10_000
        rows.append(
            row(named(job), money.fee(desk, job), money.expenses(desk, job), money.needed(desk, job),
                money.received(desk, job), cell(cover, tone=Tone.BAD if short else Tone.GOOD))
        )  # fmt: skip
    if rows:
        rows.append(
            row("All that have an estimate", "", "", desk.get("deposit_needed"), desk.get("deposit_received"),
                desk.get("deposit_cover"), total=True)
        )  # fmt: skip
    return Section(
        "deposits",
        "Deposits",
        (
            Table(
                "What agreed jobs need before they leave, and what is in",
                (Column("Job"), column("Fee"), column("Estimated expenses"), column("Needed"), column("Received"),
                 column("Cover")),
                tuple(rows),
                note="Needed is half the fee and all estimated expenses. Received is what the books hold from the client.",
                empty="No job is agreed and waiting to arrive.",
            ),
        ),
    )  # fmt: skip


def pass_through(desk: Desk) -> Section:
    """Return what was laid out for clients of jobs that arrived, and what came back."""
    rows = []
    for job in [job for job in arrived(desk) if money.passed_on(job)][-SHOWN:]:
        spent, back = money.laid_out(desk, job), money.recovered(desk, job)
        rows.append(
            row(named(job), cell(spent, cents=True), cell(back, cents=True),
                _worked(desk, job, "recovery", "Recovery of", Unit.PERCENT, desk.formula("share", back, spent)))
        )  # fmt: skip
    if rows:
        rows.append(
            row("All", cell(desk.get("pass_through_spent"), cents=True), cell(desk.get("pass_through_recovered"), cents=True),
                desk.get("pass_through_recovery"), total=True)
        )  # fmt: skip
    return Section(
        "pass-through",
        "Expenses passed on",
        (
            Table(
                f"Laid out for clients in {window(desk)}, and recovered",
                (Column("Job"), column("Laid out"), column("Recovered"), column("Recovery")),
                tuple(rows),
                note="Only expenses that the client agreed to pay at cost; a job at an all-in price has none.",
                empty=f"No job that arrived in {window(desk)} has expenses to pass on.",
            ),
        ),
    )


def margins(desk: Desk) -> Section:
    """Return what each job left over, and for a day and a mile of it."""
    rows, bars = [], []
    for job in latest(desk):
        left = money.margin(desk, job)
        taken = own(
            desk, job, "days_taken", "Days taken by", Unit.DAYS, _tenths(job.actual_days), "not written down"
        )
        miles = own(desk, job, "miles", "Miles of", Unit.MILES, job.miles_tenths, "not written down")
        rows.append(
            row(
                named(job), left,
                cell(_worked(desk, job, "margin_a_day", "Margin a day of", Unit.MONEY, desk.formula("per_whole", left, taken)),
                     cents=True),
                cell(_worked(desk, job, "margin_a_mile", "Margin a mile of", Unit.MONEY, desk.formula("per_whole", left, miles)),
                     cents=True),
            )
        )  # fmt: skip
        bars.append((job.reference, left.value))
    if rows:
        rows.append(
            row("All", desk.get("job_margin"), cell(desk.get("margin_a_day"), cents=True),
                cell(desk.get("margin_a_mile"), cents=True), total=True)
        )  # fmt: skip
    paid = [
        (job, job.paid_on, quoted)
        for job in log.jobs(desk, desk.all)
        if job.paid_on is not None and (quoted := job.steps.get(JobStage.QUOTED)) is not None
        and desk.month - log.WINDOW < months.month_of(job.paid_on) <= desk.month
    ]  # fmt: skip
    cash = [
        row(named(job), day(quoted), day(paid_on),
            own(desk, job, "quote_to_cash", "Quote to cash of", Unit.DAYS, (paid_on - quoted).days * 10, ""))
        for job, paid_on, quoted in sorted(paid, key=lambda entry: entry[1])[-SHOWN:]
    ]  # fmt: skip
    if cash:
        cash.append(row("Mean", "", "", desk.get("quote_to_cash"), total=True))
    return Section(
        "margins",
        "Margins and cash",
        (
            Table(
                f"What the jobs of {window(desk)} left over",
                (Column("Job"), column("Margin"), column("A day"), column("A nautical mile")),
                tuple(rows),
                note="Margin is revenue less direct cost, by the postings that name the job. A day and a mile are of jobs "
                "with days and miles in the log." + _left_out(desk),
                empty=f"No job arrived in {window(desk)}.",
            ),
            Para(line("On average a job left ", desk.get("margin_a_job"), ".")),
            Chart(
                "margin-by-job",
                "Margin of each job that arrived",
                charts.horizontal_bars(bars, currency=desk.currency, name="Margin"),
                "Margin by job: "
                + (", ".join(f"{name} {_amount(desk, value)}" for name, value in bars) or "no job")
                + ".",
            ),
            Table(
                "From quote to the whole fee in the books",
                (Column("Job"), Column("Quoted"), Column("Paid in full"), column("Days")),
                tuple(cash),
                empty=f"No job was paid in full in {window(desk)}.",
            ),
        ),
    )  # fmt: skip
