"""The lens of yacht deliveries: what waits, what is ready, what came in late or dear, and what each job left over."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from core import months
from portfolio.domain.queries.delivery import jobs as read_jobs
from portfolio.models import EntityKind
from reports.document import Cell, Draft, FindingNote, Head, Kpi, Line, Section, Tone
from reports.lenses import base, delivery_sailing, delivery_sections, frame, six_twelve
from reports.lenses.sources import BANK, NOTES, Watched
from reports.metrics import REGISTRY, Better, Desk, Facts
from reports.metrics.delivery import DONE
from reports.rules import counted, run
from reports.rules.delivery import DELIVERY_RULES
from reports.rules.registry import line


def _log_reaches(facts: Facts) -> Mapping[int, dt.date]:
    """Return how far each entity's job log reaches: its last step, gate or incident, while a job is in the queue."""
    found: dict[int, dt.date] = {}
    for job in facts.once(read_jobs):
        if job.stage in DONE:
            continue
        days = [
            *job.steps.values(),
            *(gate.passed_on for gate in job.gates if gate.passed_on is not None),
            *(entry.on for entry in job.incidents),
        ]
        if days:
            found[job.entity_id] = max(*days, found.get(job.entity_id, days[0]))
    return found


WHOLE_BP = 10_000
# What a share of a whole is called where it reaches it, or stays within it, and where it does not.
_WHOLE = {
    "deposit_cover": ("covered", "not covered"),
    "days_ratio": ("within the estimate", "over the estimate"),
    "cost_ratio": ("within the estimate", "over the estimate"),
    "pass_through_recovery": ("all back", "not all back"),
}
JOB_LOG = Watched("job log", 30, _log_reaches)


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the report on deliveries at a desk."""
    findings = run(DELIVERY_RULES, desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, counted(findings, desk)),
        kpis=_kpis(desk),
        sections=(
            delivery_sections.queue(desk),
            delivery_sections.readiness(desk),
            delivery_sections.punctuality(desk),
            delivery_sections.estimates(desk),
            delivery_sections.deposits(desk),
            delivery_sections.pass_through(desk),
            delivery_sections.margins(desk),
            Section(
                "time",
                "Six weeks and twelve months",
                (
                    *six_twelve.blocks(desk, "arrivals", name="Jobs arrived"),
                    six_twelve.chart(desk, "made_good_in_month", name="Miles made good a day"),
                ),
                lead="A job counts on the day it arrives, with all its miles and days. Most weeks bring none, so the miles made "
                "good a day stand by month.",
            ),
            delivery_sailing.people(desk),
            delivery_sailing.satisfaction(desk),
            delivery_sailing.incidents(desk),
            delivery_sailing.routes(desk),
        ),
        findings=findings,
        decisions=_decisions(desk, counted(findings, desk)),
        rules=DELIVERY_RULES,
    )


def _headline(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    worst = findings[0].title if findings else "Nothing falls short"
    return (
        line("Jobs in the queue: ", desk.get("jobs_open"), ". Of those that are agreed, things not ready: ",
             desk.get("gates_open"), "."),
        line("Deposits cover ", desk.get("deposit_cover"), " of what agreed jobs need before they leave: ",
             desk.get("deposit_received"), " of ", desk.get("deposit_needed"), "."),
        line(f"Twelve months to {months.label(desk.month)}, jobs arrived: ", desk.get("jobs_arrived"), "; on time ",
             desk.get("on_time_rate"), ", mean slip ", desk.get("slip_days"), ", weather apart ",
             desk.get("slip_without_weather"), "."),
        line("They took ", desk.get("days_ratio"), " of the days and ", desk.get("cost_ratio"),
             " of the cost estimated, and left a margin of ", desk.get("job_margin"), "."),
        line(f"First of all: {worst}."),
    )  # fmt: skip


def _kpis(desk: Desk) -> tuple[Kpi, ...]:
    names = (
        "jobs_open", "deposit_cover", "on_time_rate", "slip_without_weather", "days_ratio", "cost_ratio", "job_margin",
        "pass_through_recovery", "quote_to_cash", "nps",
    )  # fmt: skip
    return tuple(_said(desk, frame.kpi(desk, name), name) for name in names)


def _said(desk: Desk, entry: Kpi, name: str) -> Kpi:
    """Return a headline figure with what it means, where the whole of something is what it is held against."""
    value = desk.figures[entry.figure].value
    if value is None or name not in _WHOLE:
        return entry
    good, bad = _WHOLE[name]
    fine = value <= WHOLE_BP if REGISTRY[name].better is Better.LESS else value >= WHOLE_BP
    return replace(entry, status=good if fine else bad, tone=Tone.GOOD if fine else Tone.WARN)


def _decisions(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    asked = [
        line(f"{entry.label} (", Cell(f"{entry.file.name} line {entry.line}"), ")")
        for entry in desk.facts.note_rows
        if entry.kind == "decision" and entry.file.entity_id in desk.all.ids
    ]
    owed = {
        "deposit-short": "Does {job} wait for its deposit, or leave without?",
        "job-not-ready": "Who gets {job} ready, or is another day agreed?",
        "expense-not-recovered": "Are the expenses of {job} billed, or written off?",
    }
    return (
        *asked,
        *(
            line(owed[note.rule].format(job=note.subject.partition(":")[2]))
            for note in findings
            if note.rule in owed
        ),
    )


LENS = base.Lens(
    slug="eyd",
    title="Expert Yacht Delivery",
    reader="Operations lead",
    family=base.Family.DOMAIN,
    position=7,
    from_name="Quarterdeck delivery report",
    draft=draft,
    kinds=(EntityKind.DELIVERY,),
    sources=(BANK, JOB_LOG, NOTES),
)
