"""How fast and how safely things change, and how they hold up."""

from core import clock, months
from portfolio.models import DeploymentOutcome
from reports.document import Badge, Block, Cell, Column, Para, Section, Table, Tone, TraceRow, Unit
from reports.lenses import frame, six_twelve
from reports.lenses.frame import column, row
from reports.metrics import Desk
from reports.metrics.technology import RECENT_DAYS, TIMES, released
from reports.rules.registry import line
from reports.rules.technology import ERROR_RATE_BP

OUTCOME_TONES = {
    DeploymentOutcome.OK: Tone.GOOD,
    DeploymentOutcome.FAILED: Tone.BAD,
    DeploymentOutcome.ROLLED_BACK: Tone.BAD,
}


def speed(desk: Desk) -> Section:
    """Return the deployments of thirty days, how many failed, and how long that stood."""
    owners = {scope.ids[0]: scope.label for scope in desk.scopes()}
    zone = clock.zone()
    rows = []
    for release in reversed(released(desk, desk.all)):
        outcome = DeploymentOutcome(release.outcome)
        stood: Cell | frame.Figure = Cell("")
        if release.minutes is not None:
            stood = desk.own(
                f"deployment.{release.id}.restore", f"Minutes until {release.what} was made good", Unit.MINUTES,
                desk.rows([TraceRow(release.change, release.minutes, f"deployment:{release.id}", release.on)], Badge.ENTERED),
            )  # fmt: skip
        elif outcome is not DeploymentOutcome.OK:
            stood = Cell("not yet", tone=Tone.BAD)
        rows.append(
            row(
                f"{release.at.astimezone(zone):%-d %b %Y %H:%M %Z}",
                Cell(release.what, ref=f"deployment:{release.id}"),
                owners[release.entity_id],
                release.change,
                Cell(outcome.label, tone=OUTCOME_TONES[outcome]),
                stood,
            )
        )
    blocks: tuple[Block, ...] = (
        Para(
            line(
                "Deployments in thirty days: ", desk.get("deployments_30"), ". Failed: ",
                desk.get("failed_deployments_30"), ", a change-failure rate of ", desk.get("change_failure_rate"),
                ". Time to restore: ", desk.get("time_to_restore"), ".",
            )
        ),
        Table(
            f"Deployments of {RECENT_DAYS} days, newest first",
            (
                Column("When"), Column("What"), Column("Entity"), Column("Change"), Column("Outcome"),
                column("Restored after"),
            ),
            tuple(rows),
            empty=f"Nothing was deployed in {RECENT_DAYS} days, or nobody wrote it down.",
        ),
        six_twelve.table(desk, "deployments"),
    )  # fmt: skip
    return Section("speed", "Speed of change", blocks)


def reliability(desk: Desk) -> Section:
    """Return errors and times of the month, by entity, with the month before."""
    keys = ("invocations", "errors", "error_rate")
    times = tuple(key for key, *_ in TIMES)
    rows = []
    for scope in desk.scopes():
        figures = [desk.get(key, scope) for key in keys]
        if all(figure.value is None for figure in figures) and desk.get(times[0], scope).value is None:
            continue
        rate = figures[-1]
        tone = Tone.BAD if (rate.value or 0) > ERROR_RATE_BP else Tone.PLAIN
        rows.append(
            row(
                scope.label,
                *figures[:2],
                frame.cell(rate, tone=tone),
                desk.get("error_rate", scope, desk.month - 1),
                *(desk.get(key, scope) for key in times),
                desk.get("latency_p95", scope, desk.month - 1),
            )
        )
    if len(rows) > 1:
        rows.append(
            row(
                frame.whole(desk), *(desk.get(key) for key in keys), desk.get("error_rate", None, desk.month - 1),
                *(desk.get(key) for key in times), desk.get("latency_p95", None, desk.month - 1), total=True,
            )
        )  # fmt: skip
    month, before = months.label(desk.month), months.label(desk.month - 1)
    return Section(
        "reliability",
        "Errors and times",
        (
            Table(
                f"Errors and times in {month}",
                (
                    Column("Entity"), column("Invocations"), column("Errors"), column("Error rate"),
                    column(f"in {before}"), column("p50"), column("p95"), column("p99"), column(f"p95 in {before}"),
                ),
                tuple(rows),
                note="Times are of the slowest system: the median of the month's days.",
                empty=f"Nothing was measured in {month}.",
            ),
            six_twelve.table(desk, "errors"),
        ),
    )  # fmt: skip
