"""The desk and its records: what a report keeps to, what is read once, and names that are given once."""

import datetime as dt
from types import ModuleType

import pytest

from portfolio.models import Entity
from reports.document import Badge, Severity, TraceRow, Unit
from reports.metrics import REGISTRY, Better, Desk, Facts, Scope
from reports.metrics.registry import Answer, metric
from reports.rules.registry import Rule, by_name
from tests.factories.portfolio import EntityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.once]
AS_OF = dt.date(2026, 11, 10)


@pytest.fixture
def entities(qos: Entity, dc: Entity) -> tuple[Entity, Entity, Entity]:
    """A charter business, an agency, and the agency's receivables."""
    return qos, dc, EntityFactory.create(slug="dc-clients", name="Clients", kind="receivables")


def desk(*kinds: str) -> Desk:
    return Desk(Facts(as_of=AS_OF), month=AS_OF.year * 12 + 9, kinds=kinds)


def test_a_report_on_some_kinds_keeps_to_them_and_never_takes_the_portfolios_name(
    entities: tuple[Entity, Entity, Entity],
) -> None:
    _, agency, clients = entities
    both = desk("agency", "receivables")
    assert (both.all.slug, both.all.label) == (
        "agency+receivables",
        "agency and receivables entities",
    )
    assert set(both.all.ids) == {agency.pk, clients.pk}
    assert {scope.slug for scope in both.scopes()} == {"dc", "dc-clients"}
    assert both.scope("qos") is None
    assert both.kind("charter") is None
    assert desk().all.slug == "portfolio"
    assert desk("rental").all == Scope("rental", "rental entities", ())


def test_a_report_on_one_entity_names_its_figures_as_every_other_does(
    entities: tuple[Entity, Entity, Entity],
) -> None:
    only = desk("charter").get("revenue")
    among_all = desk().get("revenue", desk().scope("qos"))
    assert only == among_all
    assert only.key == "revenue.qos.2026-10"


def test_a_metric_of_days_gives_a_figure_for_any_run_of_them(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nights(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
        return desk.rows([TraceRow("Nights", (last - first).days + 1)])

    with monkeypatch.context() as patched:
        patched.setattr("reports.metrics.registry.REGISTRY", {})
        metric(
            "nights",
            name="Nights",
            unit=Unit.COUNT,
            formula="Days",
            source="Calendar",
            better=Better.MORE,
            daily=nights,
        )(lambda desk, scope, month: desk.absent("n/a"))
        week = desk().between("nights", None, dt.date(2026, 11, 1), dt.date(2026, 11, 7))
    assert (week.key, week.value, week.period) == (
        "nights.qos.2026-11-01_2026-11-07",
        7,
        "1 Nov to 7 Nov 2026",
    )
    with pytest.raises(ValueError, match="The metric coverage is not known by the day"):
        desk().between("coverage", None, AS_OF, AS_OF)
    with pytest.raises(ValueError, match="The metric revenue is defined twice"):
        metric("revenue", name="", unit=Unit.MONEY, formula="", source="")(
            lambda desk, scope, month: desk.absent("n/a")
        )
    assert REGISTRY["gross_burn"].better is Better.LESS


def test_a_family_of_records_is_read_once(entities: tuple[Entity, Entity, Entity]) -> None:
    facts, asked = Facts(as_of=AS_OF), []

    def stays(*, entity_ids: tuple[int, ...], as_of: dt.date) -> list[str]:
        asked.append((set(entity_ids), as_of))
        return ["one"]

    assert facts.once(stays) is facts.once(stays)
    assert asked == [({entity.pk for entity in entities}, AS_OF)]


def test_rows_fold_into_a_figure_and_over_nothing_it_is_missing(qos: Entity) -> None:
    rows = [TraceRow("A", 10, weight=3), TraceRow("B", 30)]
    assert desk().folded("weighted_mean", rows, undefined="no stay").value == 15
    nothing = desk().folded("median", [], Badge.ENTERED, undefined="no stay in the month")
    assert (nothing.value, nothing.missing) == (None, "no stay in the month")


def test_two_rules_of_one_name_are_refused() -> None:
    module = ModuleType("twice")
    rule = Rule("late", "", Severity.LOW, "", "", 1, lambda rule, desk: [])
    vars(module)["FIRST"] = (rule,)
    vars(module)["AGAIN"] = (rule,)
    assert by_name([module]) == {"late": rule}
    vars(module)["SECOND"] = (Rule("late", "", Severity.LOW, "", "", 2, lambda rule, desk: []),)
    with pytest.raises(ValueError, match="The rule late is defined twice"):
        by_name([module])
