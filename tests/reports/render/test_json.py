"""The public JSON: whole-number values with their unit, badge and trace; words as the page has them."""

import json

import pytest

from reports.render import json as form
from tests.reports.render.fixture import HOSTILE, URL, document, empty_document

pytestmark = pytest.mark.once


def test_a_figure_carries_value_unit_step_badge_and_trace() -> None:
    figure = json.loads(form.render(document()))["figures"]["contribution.qos.2026-10"]
    assert figure == {
        "name": "Contribution per charter",
        "metric": "contribution",
        "scope": "portfolio",
        "period": "Oct 2026",
        "value": 140380,
        "unit": "money",
        "step": "minor units of the currency",
        "currency": "USD",
        "text": "$1,403.80",
        "missing": "",
        "badge": "modelled",
        "trace": f"{URL}figures/contribution.qos.2026-10/",
    }


def test_a_figure_without_value_is_null_and_says_why() -> None:
    figure = json.loads(form.render(document()))["figures"]["contribution.measured.qos.2026-10"]
    assert figure["value"] is None
    assert figure["missing"] == "not tracked since Nov 2025"


def test_every_figure_of_the_edition_is_there() -> None:
    edition = document()
    assert set(json.loads(form.render(edition))["figures"]) == set(edition.figures)


def test_tables_name_the_figures_of_their_cells() -> None:
    table = json.loads(form.render(document()))["sections"][1]["tables"][0]
    assert table["columns"][:2] == ["Line", "Amount"]
    assert table["rows"][59][1] == {"text": "$7,283.55", "figure": "line.59.2026-10"}
    assert len(table["rows"]) == 61


def test_text_is_as_typed() -> None:
    edition = json.loads(form.render(document()))
    assert edition["definitions"][2]["formula"] == HOSTILE
    assert edition["findings"][2]["evidence"] == f"38 enquiries, no booking. {HOSTILE}"


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert form.render(document()) == form.render(document())


def test_an_empty_edition_is_still_whole() -> None:
    edition = json.loads(form.render(empty_document()))
    assert edition["form"] == "quarterdeck.edition/1"
    assert (edition["figures"], edition["findings"], edition["actions"]) == ({}, [], [])
