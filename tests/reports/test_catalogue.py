"""The catalogue: each lens has its report, and a report on some kinds of entities is about no other."""

import datetime as dt
from dataclasses import replace
from types import ModuleType

import pytest
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal

from portfolio.models import Entity
from reports.domain import catalogue, oneoff, runs
from reports.lenses import LENSES, Family, by_slug
from reports.models import Report, Run, Trigger
from tests.reports.conftest import NOW, as_, body

pytestmark = pytest.mark.django_db


@pytest.fixture
def stays(monkeypatch: pytest.MonkeyPatch) -> Report:
    """A report that looks at rentals and agencies alone, brought in as a migration would."""
    lens = replace(
        LENSES["ceo"],
        slug="stays",
        title="Stays",
        family=Family.DOMAIN,
        position=9,
        kinds=("rental", "agency"),
    )
    monkeypatch.setitem(LENSES, "stays", lens)
    catalogue.bring()
    return Report.objects.get(slug="stays")


def test_a_lens_gets_its_report_once_and_what_the_owner_changed_stays(stays: Report) -> None:
    assert (stays.lens, stays.title, stays.family, stays.position) == ("stays", "Stays", "domain", 9)
    Report.objects.filter(pk=stays.pk).update(title="Nights")
    Report.objects.filter(slug="cfo").delete()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert [row.title for row in Report.objects.filter(slug="stays")] == ["Nights"]
    assert Report.objects.get(slug="cfo").title == "CFO: cash and capital"


def test_two_lenses_of_one_name_are_refused() -> None:
    modules = [ModuleType("one"), ModuleType("two"), ModuleType("none")]
    for module in modules[:2]:
        vars(module)["LENS"] = LENSES["ceo"]
    assert by_slug(modules[1:]) == {"ceo": LENSES["ceo"]}
    with pytest.raises(ValueError, match="The lens ceo is defined twice"):
        by_slug(modules)


def test_a_report_about_an_entity_of_another_kind_is_refused_in_a_sentence(
    stays: Report, qos: Entity, dc: Entity, owner: object
) -> None:
    sentence = (
        "Stays looks at entities of the kind rental and agency; QueenofSanDiego is of the kind charter."
    )
    with pytest.raises(catalogue.UnfitEntityError, match=sentence):
        runs.queue(report=stays, trigger=Trigger.PORTAL, as_of=dt.date(2026, 11, 10), at=NOW, entity=qos)
    with pytest.raises(CommandError, match=sentence):
        call_command("send_report", "stays", "--entity", "qos")
    offered = body(as_(owner), "/reports/stays/run/")
    assert 'value="dc"' in offered
    assert 'value="qos"' not in offered
    assert not Run.objects.exists()


def test_a_family_names_what_can_be_about_the_entity(stays: Report, qos: Entity, dc: Entity) -> None:
    def chosen(entity: Entity | None, *words: str) -> set[str]:
        return {row.slug for row in oneoff.choose(words, entity)}

    assert chosen(None, "all") >= {"ceo", "cfo", "stays"}
    assert "stays" in chosen(dc, "domain", "cfo")
    assert chosen(qos, "all") >= {"ceo", "cfo"}
    assert "stays" not in chosen(qos, "all")
    Report.objects.exclude(slug__in=["ceo", "stays"]).delete()
    with pytest.raises(
        oneoff.UnknownReportError,
        match="domain has no report about QueenofSanDiego; the reports that can be sent are ceo, stays.",
    ):
        oneoff.choose(["domain"], qos)


def test_an_extra_report_goes_out_by_its_own_name_alone(stays: Report) -> None:
    Report.objects.filter(pk=stays.pk).update(family=Family.EXTRA)
    assert "stays" not in [row.slug for row in oneoff.choose(["all"], None)]
    assert [row.slug for row in oneoff.choose(["stays"], None)] == ["stays"]
