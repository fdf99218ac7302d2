"""Technology: findings, cost, storage and traffic, errors and times, releases, names that run out.

Days and months are the portfolio's. Nothing is known of what no snapshot holds, and it is then not zero.
"""

import datetime as dt
from collections.abc import Callable

from core import months
from portfolio.domain.queries import technology
from portfolio.domain.queries.technology import CostFact, DeploymentFact, MeasureFact
from portfolio.models import DeploymentOutcome, MeasureName, TechFindingKind
from reports.document import Badge, TraceRow, Unit
from reports.metrics.registry import Aggregate, Answer, Better, Daily, Desk, Scope, metric
from reports.metrics.technology_issues import EXPIRING, distinct, issues

SNAPSHOTS = "Snapshots of the cloud account, or figures entered by hand"
RECENT_DAYS = 30


def _count_of(*kinds: str, once: bool) -> Callable[[Desk, Scope, int], Answer]:
    """Return how to count what is open of some kinds; ``once`` counts what entities share once."""

    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        found = issues(desk, scope, *kinds)
        rows = []
        for alike in distinct(found):
            for place, issue in enumerate(alike):
                label = f"{issue.owner}: {issue.title}"
                counts = place == 0 or not once
                rows.append(
                    TraceRow(label if counts else f"{label} (the same)", int(counts), issue.records[0][0], issue.first_seen_on)
                )  # fmt: skip
        if not rows and not _is_known(desk, scope):
            return desk.absent("not tracked: nothing is recorded of its technology")
        return desk.rows(rows, Badge.ENTERED)

    return work_out


def _is_known(desk: Desk, scope: Scope) -> bool:
    """Tell whether anything at all is recorded of a scope's technology."""
    known = {row.entity_id for row in desk.facts.once(technology.tech_systems)}
    known |= {row.entity_id for row in desk.facts.once(technology.tech_findings)}
    known |= {row.entity_id for row in desk.facts.once(technology.tech_costs)}
    return not known.isdisjoint(scope.ids)


for _key, _name, _kinds, _once in (
    ("security_open", "Security findings open", (TechFindingKind.SECURITY,), False),
    ("ux_open", "UX shortfalls", (TechFindingKind.UX,), True),
    ("cycle_open", "Gaps of the development cycle", (TechFindingKind.CYCLE,), True),
    ("dns_open", "Gaps of DNS and domains", (TechFindingKind.DNS, EXPIRING), False),
    ("cache_conflicts", "Cache times that contradict each other", (TechFindingKind.CACHE,), False),
    ("tech_open", "All to be put right", (), False),
):
    metric(
        _key,
        name=_name,
        unit=Unit.COUNT,
        formula="What is neither fixed nor muted on the as-of date"
        + ("; what several entities lack counts once" if _once else ""),
        source="Technology findings, DNS records, domain names and cache rules",
        monthly=False,
        better=Better.LESS,
        aggregate=Aggregate.LAST,
    )(_count_of(*_kinds, once=_once))


def costs_of(desk: Desk, scope: Scope, month: int) -> list[CostFact]:
    """Return what each service of a scope cost in a month."""
    return [
        row
        for row in desk.facts.once(technology.tech_costs)
        if row.entity_id in scope.ids and row.month == month
    ]


def known_to(desk: Desk, scope: Scope, month: int) -> dt.date | None:
    """Return the day to which a month's cost is known where that is not its end; None where it is, or nothing is known.

    What an entity's services cost is known to the last day that any snapshot of its month covers.
    """
    reach: dict[int, dt.date] = {}
    for row in costs_of(desk, scope, month):
        reach[row.entity_id] = max(row.seen_on, reach.get(row.entity_id, row.seen_on))
    return min((day for day in reach.values() if day < months.last_day(month)), default=None)


def _cost_rows(
    desk: Desk, scope: Scope, month: int, amount: Callable[[CostFact], int | None], *, lacks: str
) -> Answer:
    names = {entity.id: entity.name for entity in desk.facts.entities}
    rows = [
        TraceRow(f"{names[row.entity_id]}: {row.service}", minor, f"tech_cost:{row.id}", row.seen_on)
        for row in costs_of(desk, scope, month)
        if (minor := amount(row)) is not None
    ]
    if not rows:
        return desk.absent(f"not tracked: {lacks} {months.label(month)}", Badge.UNRECONCILED)
    return desk.rows(rows)


def open_since(day: dt.date) -> str:
    """Say of a month's cost that it is known to a day only."""
    return f"open: no snapshot covers it after {day.day} {day:%B}"


@metric(
    "tech_cost",
    name="Cost of technology",
    unit=Unit.MONEY,
    formula="Σ of every service, as the newest snapshot says that covers the month to its end",
    source=SNAPSHOTS,
    better=Better.LESS,
)
def tech_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the month's services cost; a month that no snapshot covers to its end is open, and no smaller than others."""
    day = known_to(desk, scope, month)
    if day is not None:
        return desk.absent(open_since(day), Badge.UNRECONCILED)
    return _cost_rows(desk, scope, month, lambda row: row.amount_minor, lacks="no snapshot holds it for")


@metric(
    "tech_saveable",
    name="Saveable a month",
    unit=Unit.MONEY,
    formula="Σ of what could be saved of each service's cost of a month",
    source=SNAPSHOTS,
    better=Better.LESS,
)
def tech_saveable(desk: Desk, scope: Scope, month: int) -> Answer:
    """What could be saved of the month's cost, as whoever took the snapshot judged."""
    return _cost_rows(desk, scope, month, lambda row: row.saveable_minor, lacks="nobody judged it in")


@metric(
    "tech_cost_forecast",
    name="Cost of technology, this month as expected",
    unit=Unit.MONEY,
    formula="Σ of the provider's forecast for the running month",
    source=SNAPSHOTS,
    monthly=False,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def tech_cost_forecast(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the running month is expected to cost in the end."""
    answer = _cost_rows(
        desk,
        scope,
        months.month_of(desk.as_of),
        lambda row: row.forecast_minor,
        lacks="no snapshot forecasts",
    )
    return Answer(answer.value, answer.trace, Badge.MODELLED, answer.missing)


def measured(desk: Desk, scope: Scope, name: str, month: int) -> list[MeasureFact]:
    """Return what was measured of a scope's systems in a month, by system and day."""
    return measured_between(desk, scope, name, months.first_day(month), months.last_day(month))


def measured_between(desk: Desk, scope: Scope, name: str, first: dt.date, last: dt.date) -> list[MeasureFact]:
    """Return what was measured of a scope's systems on some days, by system and day."""
    return [
        row
        for row in desk.facts.once(technology.tech_measures)
        if row.name == name and row.entity_id in scope.ids and first <= row.on <= last
    ]


def _untracked(desk: Desk, month: int) -> Answer:
    if months.first_day(month) < _read_since(desk):
        return desk.absent(f"not looked at before {_read_since(desk):%-d %b %Y}", Badge.UNRECONCILED)
    return desk.absent(f"not tracked in {months.label(month)}", Badge.UNRECONCILED)


def system_names(desk: Desk) -> dict[int, str]:
    """Return what each system is called."""
    return {row.pk: row.name for row in desk.facts.once(technology.tech_systems)}


def _read_since(desk: Desk) -> dt.date:
    return months.first_day(months.month_of(desk.as_of) - technology.MEASURE_MONTHS + 1)


def _summed_between(name: MeasureName) -> Daily:
    """Return how to add a measure's days of a run up; part of a run is not the run."""

    def work_out(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
        since = _read_since(desk)
        if first < since:
            return desk.absent(f"not looked at before {since:%-d %b %Y}", Badge.UNRECONCILED)
        begun = min((row.on for row in measured_between(desk, scope, name, since, last)), default=None)
        if begun is None or first < begun:
            when = f"before {begun:%-d %b %Y}" if begun else "on these days"
            return desk.absent(f"not tracked {when}", Badge.UNRECONCILED)
        return _measures(desk, measured_between(desk, scope, name, first, last))

    return work_out


def _measures(desk: Desk, rows: list[MeasureFact]) -> Answer:
    names = system_names(desk)
    return desk.rows(TraceRow(names[row.system_id], row.value, f"measure:{row.id}", row.on) for row in rows)


def _summed(name: MeasureName) -> Callable[[Desk, Scope, int], Answer]:
    """Return how to add a measure's days up, a row for each system and day."""

    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        rows = measured(desk, scope, name, month)
        return _measures(desk, rows) if rows else _untracked(desk, month)

    return work_out


def _standing(name: MeasureName) -> Callable[[Desk, Scope, int], Answer]:
    """Return how to add up the last value of each system in a month."""

    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        names = system_names(desk)
        last = {row.system_id: row for row in measured(desk, scope, name, month)}
        if not last:
            return _untracked(desk, month)
        return desk.rows(
            TraceRow(names[row.system_id], row.value, f"measure:{row.id}", row.on) for row in last.values()
        )

    return work_out


for _key, _name, _measure, _unit, _better in (
    ("egress_gb", "Sent out of storage", MeasureName.EGRESS, Unit.GIGABYTES, Better.LESS),
    ("traffic_gb", "Served by the CDN", MeasureName.TRAFFIC, Unit.GIGABYTES, Better.NEITHER),
    ("invocations", "Invocations", MeasureName.INVOCATIONS, Unit.COUNT, Better.NEITHER),
    ("errors", "Errors", MeasureName.ERRORS, Unit.COUNT, Better.LESS),
):
    metric(
        _key,
        name=_name,
        unit=_unit,
        formula="Σ over the month's days and the systems that are measured",
        source=SNAPSHOTS,
        better=_better,
        daily=_summed_between(_measure),
    )(_summed(_measure))

metric(
    "storage_gb",
    name="Stored",
    unit=Unit.GIGABYTES,
    formula="Σ of each store's last measure in the month",
    source=SNAPSHOTS,
    aggregate=Aggregate.LAST,
)(_standing(MeasureName.STORAGE))


@metric(
    "error_rate",
    name="Error rate",
    unit=Unit.PERCENT,
    formula="errors ÷ invocations of the month",
    source=SNAPSHOTS,
    better=Better.LESS,
)
def error_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many of the month's invocations failed."""
    return desk.formula(
        "share", desk.get("errors", scope, month), desk.get("invocations", scope, month),
        undefined="n/a: nothing was invoked",
    )  # fmt: skip


TIMES = (
    ("latency_p50", "p50", "Median time", MeasureName.P50),
    ("latency_p95", "p95", "95th percentile", MeasureName.P95),
    ("latency_p99", "p99", "99th percentile", MeasureName.P99),
)


def _slowest(word: str, label: str, name: MeasureName) -> Callable[[Desk, Scope, int], Answer]:
    """Return how to find the slowest system: the largest of the systems' median days."""

    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        names, days = system_names(desk), measured(desk, scope, name, month)
        if not days:
            return _untracked(desk, month)
        own = [
            desk.own(
                f"system.{system}.{word}.{months.iso(month)}", f"{label} of {names[system]}", Unit.MILLIS,
                desk.folded(
                    "median",
                    [TraceRow(names[system], row.value, f"measure:{row.id}", row.on) for row in days if row.system_id == system],
                    undefined="not tracked",
                ),
                scope=names[system], period=months.label(month),
            )
            for system in dict.fromkeys(row.system_id for row in days)
        ]  # fmt: skip
        return desk.formula("maximum", *own)

    return work_out


for _key, _word, _name, _measure in TIMES:
    metric(
        _key,
        name=f"{_name} of the slowest system",
        unit=Unit.MILLIS,
        formula="The largest over the systems of the median of the month's days",
        source=SNAPSHOTS,
        better=Better.LESS,
        aggregate=Aggregate.MAX,
    )(_slowest(_word, _name, _measure))


def released(desk: Desk, scope: Scope) -> list[DeploymentFact]:
    """Return a scope's releases of the last thirty days, oldest first."""
    since = desk.as_of - dt.timedelta(days=RECENT_DAYS - 1)
    return [
        row
        for row in desk.facts.once(technology.deployments)
        if row.entity_id in scope.ids and row.on >= since
    ]


def _release(row: DeploymentFact, amount: int) -> TraceRow:
    return TraceRow(f"{row.what}: {row.change}".rstrip(": "), amount, f"deployment:{row.id}", row.on)


def deployments_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """How often something went out on some days."""
    read = technology.releases_since(desk.as_of)
    known = [row for row in desk.facts.once(technology.deployments) if row.entity_id in scope.ids]
    if not known:
        return desk.absent("not tracked: no deployment is recorded")
    if first < read:
        return desk.absent(f"not looked at before {read:%-d %b %Y}")
    if last < (begun := min(row.on for row in known)):
        return desk.absent(f"not tracked before {begun:%-d %b %Y}")
    return desk.rows([_release(row, 1) for row in known if first <= row.on <= last], Badge.ENTERED)


@metric(
    "deployments",
    name="Deployments",
    unit=Unit.COUNT,
    formula="Releases of the month",
    source="Deployments",
    better=Better.MORE,
    daily=deployments_between,
)
def deployments(desk: Desk, scope: Scope, month: int) -> Answer:
    """How often something went out in a month."""
    return deployments_between(desk, scope, months.first_day(month), months.last_day(month))


@metric(
    "deployments_30",
    name="Deployments in 30 days",
    unit=Unit.COUNT,
    formula="Releases of the thirty days to the as-of date",
    source="Deployments",
    monthly=False,
    better=Better.MORE,
)
def deployments_30(desk: Desk, scope: Scope, month: int) -> Answer:
    """How often something went out."""
    rows = [_release(row, 1) for row in released(desk, scope)]
    ever = any(row.entity_id in scope.ids for row in desk.facts.once(technology.deployments))
    if not rows and not ever:
        return desk.absent("not tracked: no deployment is recorded")
    return desk.rows(rows, Badge.ENTERED)


@metric(
    "failed_deployments_30",
    name="Failed deployments in 30 days",
    unit=Unit.COUNT,
    formula="Those of the thirty days' deployments that failed or were rolled back",
    source="Deployments",
    monthly=False,
    better=Better.LESS,
)
def failed_deployments_30(desk: Desk, scope: Scope, month: int) -> Answer:
    """How often what went out had to be made good."""
    if desk.get("deployments_30", scope).value is None:
        return desk.absent("not tracked: no deployment is recorded")
    rows = [_release(row, 1) for row in released(desk, scope) if row.outcome != DeploymentOutcome.OK]
    return desk.rows(rows, Badge.ENTERED)


@metric(
    "change_failure_rate",
    name="Change-failure rate",
    unit=Unit.PERCENT,
    formula="failed deployments ÷ deployments, both of thirty days",
    source="Deployments",
    monthly=False,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def change_failure_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many of the releases failed."""
    return desk.formula(
        "share", desk.get("failed_deployments_30", scope), desk.get("deployments_30", scope),
        undefined="n/a: nothing was deployed in 30 days",
    )  # fmt: skip


@metric(
    "time_to_restore",
    name="Time to restore",
    unit=Unit.MINUTES,
    formula="Mean of the minutes from a failed deployment to the one that made it good, over thirty days",
    source="Deployments",
    monthly=False,
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def time_to_restore(desk: Desk, scope: Scope, month: int) -> Answer:
    """How long a failed release stood."""
    failed = [row for row in released(desk, scope) if row.outcome != DeploymentOutcome.OK]
    rows = [_release(row, row.minutes) for row in failed if row.minutes is not None]
    why = "n/a: not restored yet" if failed else "n/a: no deployment failed in 30 days"
    return desk.folded("mean", rows, Badge.ENTERED, undefined=why)


def _days_left(of: str) -> Callable[[Desk, Scope, int], Answer]:
    """Return how to find the name that runs out first."""

    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        rows = [
            TraceRow(row.name, (on - desk.as_of).days * 10, f"domain:{row.pk}", on)
            for row in desk.facts.once(technology.domain_names)
            if row.entity_id in scope.ids and (on := getattr(row, of)) is not None
        ]
        return desk.folded("minimum", rows, Badge.ENTERED, undefined="not tracked: nobody wrote it down")

    return work_out


for _key, _name, _column in (
    ("days_to_domain_expiry", "Days until the first domain runs out", "expires_on"),
    ("days_to_certificate_expiry", "Days until the first certificate runs out", "certificate_expires_on"),
):
    metric(
        _key,
        name=_name,
        unit=Unit.DAYS,
        formula="The fewest days from the as-of date over all domain names",
        source="Domain names",
        monthly=False,
        better=Better.MORE,
        aggregate=Aggregate.MIN,
    )(_days_left(_column))
