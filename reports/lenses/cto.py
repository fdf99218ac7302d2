"""The CTO's lens: a technical audit for the person who answers for what runs.

Stack by stack, what is open to attack, what it costs and what of that could be saved, how fast and how safely it
changes, and ten things to do first.
"""

from core import months
from portfolio.models import TechFindingKind
from reports.document import Draft, FindingNote, Head, Line, Severity
from reports.lenses import base, cto_cost, cto_registers, cto_speed, frame
from reports.lenses.cto_words import several
from reports.lenses.sources import NOTES, Watched
from reports.metrics import Desk
from reports.metrics.technology_issues import issues
from reports.rules import counted, run
from reports.rules.registry import line
from reports.rules.technology import SNAPSHOT_DAYS, TECHNOLOGY_RULES, reached

KIND = TechFindingKind


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the CTO's audit at a desk."""
    findings = run(TECHNOLOGY_RULES, desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, counted(findings, desk)),
        kpis=_kpis(desk),
        sections=(
            cto_registers.stacks(desk),
            cto_registers.actions(desk),
            cto_registers.register(
                desk, "security", "Security", ("What is open to attack", "Security findings open"), "security_open",
                KIND.SECURITY, empty="No security finding is open.",
            ),
            cto_cost.cost(desk),
            cto_cost.traffic(desk),
            cto_registers.names(desk),
            cto_registers.caches(desk),
            cto_speed.speed(desk),
            cto_speed.reliability(desk),
            cto_registers.register(
                desk, "ux", "What visitors miss", ("Shortfalls for who visits", "UX shortfalls, each counted once"),
                "ux_open", KIND.UX, empty="No shortfall is noted.",
            ),
            cto_registers.register(
                desk, "cycle", "How changes are made", ("Gaps of the development cycle", "Gaps, each counted once"),
                "cycle_open", KIND.CYCLE, empty="No gap is noted.",
            ),
            cto_registers.movement(desk),
        ),
        findings=findings,
        decisions=_decisions(desk, counted(findings, desk)),
        rules=TECHNOLOGY_RULES,
    )  # fmt: skip


def _headline(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    first = issues(desk)[:1]
    security = [note for note in findings if note.rule == "security-finding"]
    critical = sum(note.severity is Severity.CRITICAL for note in security)
    worst: tuple[str, ...] = ()
    if security:
        worst = (f", {critical} of them critical" if critical else ", none of them critical",)
    return (
        line("Open security findings: ", desk.get("security_open"), *worst, "."),
        line(f"First to do: {first[0].remedy or first[0].title} ({first[0].owner})." if first
             else "Nothing is known that has to be put right."),
        line(f"{months.label(desk.month)} cost ", desk.get("tech_cost"), " after ",
             desk.get("tech_cost", None, desk.month - 1), " the month before; ", desk.get("tech_saveable"),
             " a month could be saved."),
        line("Deployments in thirty days: ", desk.get("deployments_30"), "; failed: ",
             desk.get("change_failure_rate"), "; time to restore: ", desk.get("time_to_restore"), "."),
        line("Errors: ", desk.get("error_rate"), f" of {months.label(desk.month)}'s invocations; the slowest system's p95: ",
             desk.get("latency_p95"), "."),
    )  # fmt: skip


def _kpis(desk: Desk) -> tuple[frame.Kpi, ...]:
    return (
        frame.kpi(desk, "security_open"),
        frame.kpi(desk, "tech_open"),
        frame.kpi(desk, "tech_cost"),
        frame.kpi(desk, "tech_cost_forecast", before=desk.get("tech_cost")),
        frame.kpi(desk, "tech_saveable"),
        frame.kpi(desk, "error_rate"),
        frame.kpi(desk, "latency_p95"),
        frame.kpi(desk, "deployments_30"),
        frame.kpi(desk, "change_failure_rate"),
        frame.kpi(desk, "time_to_restore"),
    )


def _decisions(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    asked = []
    critical = [note for note in findings if note.severity is Severity.CRITICAL]
    if critical:
        asked.append(line(f"Who closes the {several(len(critical), 'critical finding')}, and by when?"))
    saveable = desk.get("tech_saveable")
    if saveable.value:
        asked.append(line("Save ", saveable, " a month now, or say what it is kept for?"))
    if any(note.rule == "cycle-gap" for note in findings):
        asked.append(line("Build and try every change before it goes out, or go on taking the risk?"))
    return tuple(asked)


LENS = base.Lens(
    slug="cto",
    title="CTO: technical audit",
    reader="Chief technology officer",
    family=base.Family.CORE,
    position=2,
    from_name="Quarterdeck CTO report",
    draft=draft,
    sources=(Watched("technology snapshot", SNAPSHOT_DAYS, reached), NOTES),
)
