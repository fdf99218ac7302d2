"""The key figures of the KPI-gap register: each is a gap while nobody has measured it lately."""

from collections.abc import Callable

from portfolio.domain import reconciliation
from portfolio.domain.plan import changes
from portfolio.models import Basis, JournalEntry, KpiValue
from tests.reports.rules.cases import GAP, Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT, OCTOBER


def _reconcile(world: World, slug: str) -> None:
    reconciliation.reconcile_month(
        entity=world.entity(slug), month=OCTOBER, statement_minor=world.cash(slug, OCTOBER), by=world.by, at=AT
    )  # fmt: skip


def _reconciled(metric: str, *, whole: bool) -> Callable[[World], Case]:
    """Return the case of a figure that a reconciled month measures: the charter business's, or every entity's."""

    def walk(world: World) -> Case:
        yield metric
        if whole:
            _reconcile(world, "qos")
            yield metric
        booked = JournalEntry.objects.filter(month=OCTOBER).values_list("entity__slug", flat=True)
        for slug in sorted(set(booked) - {"qos"}) if whole else ["qos"]:
            _reconcile(world, slug)

    return walk


for _metric in (
    "revenue_per_charter", "contribution_per_charter", "utilisation", "lead_conversion", "acquisition_cost",
):  # fmt: skip
    appears_and_clears(f"{GAP}{_metric}")(_reconciled(_metric, whole=False))
for _metric in ("deferred_balance", "dso", "runway"):
    appears_and_clears(f"{GAP}{_metric}")(_reconciled(_metric, whole=True))


def _entered(metric: str, key: str) -> Callable[[World], Case]:
    """Return the case of a figure that somebody asks for and writes down."""

    def walk(world: World) -> Case:
        yield metric
        value = KpiValue(
            entity=world.entity("qos"), key=key, label=key, as_of=AS_OF, value=4, basis=Basis.ENTERED, source="A guess"
        )  # fmt: skip
        changes.enter_kpi(row=value, by=world.by, at=AT)
        yield metric
        KpiValue.objects.filter(pk=value.pk).update(basis=Basis.MEASURED, source="A survey")

    return walk


appears_and_clears(f"{GAP}satisfaction")(_entered("satisfaction", "guest-satisfaction"))
