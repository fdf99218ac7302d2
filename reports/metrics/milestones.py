"""How the milestones of the plan to break-even stand: each live check held against the records."""

from collections import Counter
from dataclasses import dataclass

from core import months
from portfolio.domain.queries import accounting as asked
from portfolio.models import EntityKind, MilestoneCheck, PlanMilestone
from reports.document import Badge, Cell, Figure, TraceRow, Unit
from reports.metrics.bookings import completed
from reports.metrics.registry import Answer, Better, Desk, Scope, metric


@dataclass(frozen=True, slots=True)
class Standing:
    """A milestone on the as-of date: ``met`` is None where the records cannot tell; ``evidence`` says from what."""

    row: PlanMilestone
    met: bool | None
    late: bool
    slip_days: int
    evidence: tuple[str | Figure | Cell, ...]

    @property
    def state(self) -> str:
        """Return the state in words."""
        if self.met:
            return "met"
        if self.late:
            return "late"
        return "slipping" if self.slip_days > 0 else "ahead"


def standing(desk: Desk) -> tuple[Standing, ...]:
    """Return the milestones of the report's entities with how each stands, the next due first."""
    found = []
    for row in desk.facts.once(asked.plan_milestones):
        if row.entity_id not in desk.all.ids if row.entity_id is not None else not desk.facts.whole:
            continue
        met, evidence = _check(desk, row)
        found.append(
            Standing(
                row,
                met,
                not met and row.due_on < desk.as_of,
                (row.due_on - row.promised_on).days,
                evidence,
            )
        )
    return tuple(found)


def _check(desk: Desk, row: PlanMilestone) -> tuple[bool | None, tuple[str | Figure | Cell, ...]]:
    """Hold a milestone against the records of the months up to its own: a month that once had enough has met it."""
    scope = desk.scope(row.entity.slug) if row.entity is not None else desk.all
    wanted = row.threshold or 0
    month = min(desk.month, months.month_of(row.due_on))
    if row.check_name == MilestoneCheck.MONTHS_RECONCILED:
        done = desk.get("months_reconciled", scope)
        return (done.value or 0) >= wanted, ("Months reconciled: ", done, f" of {wanted}.")
    if row.check_name == MilestoneCheck.MONTH_CLOSED:
        return _closed(desk, scope or desk.all, wanted)
    if row.check_name == MilestoneCheck.SERVICES_IN_MONTH:
        served = scope if row.entity is not None else desk.kind(EntityKind.CHARTER)
        if served is None:
            return None, ("The report holds no charter business.",)
        best, last = _best_month(desk, served, month), desk.get("services_completed", served, month)
        most = desk.get("services_completed", served, best)
        evidence = (f"{months.label(month)} had ", last, f" of {wanted}")
        if best == month:
            return (most.value or 0) >= wanted, (*evidence, ".")
        return (most.value or 0) >= wanted, (
            *evidence,
            "; most were in ",
            months.label(best),
            ": ",
            most,
            ".",
        )
    if row.check_name == MilestoneCheck.NET_BURN:
        burn = desk.get("net_burn", scope, month)
        over = month >= months.month_of(row.due_on)
        holds = burn.value is not None and burn.value <= wanted
        return holds and over, (
            "Net burn, mean of three months to ", months.label(month), ": ", burn, " a month.",
        )  # fmt: skip
    if row.done_on is not None and row.done_on <= desk.as_of:
        return True, (f"Done on {row.done_on:%-d %b %Y}.",)
    return False, ("Nobody has said that it is done.",)


def _best_month(desk: Desk, scope: Scope, last: int) -> int:
    """Return the month up to one in which most services were completed; of several, the latest."""
    counts = Counter(
        months.month_of(row.service_on)
        for row in completed(desk, scope, desk.facts.first_month, last)
        if row.service_on is not None
    )
    return max(counts, key=lambda found: (counts[found], found), default=last)


def _closed(desk: Desk, scope: Scope, month: int) -> tuple[bool | None, tuple[str | Figure | Cell, ...]]:
    """Tell whether all books that have entries in a month have closed it."""
    concerned = desk.facts.active[month].intersection(scope.ids)
    names = {entity.id: entity.name for entity in desk.facts.entities}
    answer = desk.rows(
        TraceRow(names[entity], 1, on=months.last_day(month))
        for entity in sorted(concerned)
        if (entity, month) in desk.facts.closed
    )
    done = desk.own(
        f"books_closed.{scope.slug}.{months.iso(month)}", f"Books closed in {months.label(month)}", Unit.COUNT, answer,
        scope=scope.label, period=months.label(month),
    )  # fmt: skip
    met = bool(concerned) and done.value == len(concerned)
    return met, (f"{months.label(month)} is closed in ", done, f" of {len(concerned)} books.")


@metric(
    "milestones_met",
    name="Milestones met",
    unit=Unit.COUNT,
    formula="Milestones of the plan to break-even whose live check holds",
    source="Milestones; the records each check reads",
    monthly=False,
    better=Better.MORE,
)
def milestones_met(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many milestones to break-even are met."""
    rows = standing(desk)
    if not rows:
        return desk.absent("no milestone is promised", Badge.ENTERED)
    return desk.rows(
        TraceRow(entry.row.title, 1, f"milestone_plan:{entry.row.pk}", entry.row.due_on)
        for entry in rows
        if entry.met
    )
