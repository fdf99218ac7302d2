"""The edition's page: every part, every figure linked, nothing inline, user text never markup."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from reports.document import Badge, Document
from reports.figures import write
from reports.render import charts, web
from tests.reports.render.fixture import HOSTILE, LONG_WORD, document, empty_document, keys_shown
from tests.reports.render.reading import Page

pytestmark = pytest.mark.once

PARTS = (
    "Actions first",
    "Headline",
    "What changed",
    "Key figures",
    "The portfolio on one page",
    "KPI gaps",
    "Forward calendar",
    "Findings",
    "Decisions asked of you",
    "Agenda",
    "Formulas and definitions",
)


@pytest.fixture(scope="module")
def edition() -> Document:
    return document()


@pytest.fixture(scope="module")
def page(edition: Document) -> Page:
    return Page.of(web.render(edition))


def test_markup_is_closed_in_order(page: Page) -> None:
    assert page.problems == []


def test_parts_stand_in_the_order_of_every_edition(page: Page) -> None:
    assert page.order(*PARTS)


def test_nothing_is_inline_and_nothing_runs(page: Page) -> None:
    names = {name for name, _ in page.elements}
    assert not names & {"style", "script", "iframe", "object", "form", "link"}
    attributes = {attribute for _, held in page.elements for attribute in held}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_every_figure_shown_links_to_its_trace(edition: Document, page: Page) -> None:
    links = dict(page.links)
    for key in keys_shown(edition):
        assert f"/reports/ceo/12/figures/{key}/" in links, key
    assert links["/reports/ceo/12/figures/line.59.2026-10/"] == "$7,283.55"


def test_links_keep_to_the_path_so_any_host_name_works(page: Page) -> None:
    elsewhere = [href for href, _ in page.links if not href.startswith(("/reports/ceo/12/", "#"))]
    # Its commentary's own.
    assert elsewhere == ["https://example.com/plan"]


def test_contents_lead_to_every_part_and_ids_are_unique(page: Page) -> None:
    ids = Counter(held["id"] for _, held in page.elements if "id" in held)
    assert [name for name, times in ids.items() if times > 1] == []
    anchors = [href[1:] for href, _ in page.links if href.startswith("#")]
    assert len(anchors) == 2 * (len(PARTS) + 1)
    assert set(anchors) <= set(ids)


def test_sections_are_named_by_their_headings(page: Page) -> None:
    ids = {held["id"] for _, held in page.elements if "id" in held}
    sections = page.all("section")
    assert len(sections) == len(PARTS) + 1
    assert all(section["aria-labelledby"] in ids for section in sections)


def test_tables_have_captions_scopes_and_labels_for_phones(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head["scope"] in {"col", "row"} for head in page.all("th"))
    labels = Counter(cell.get("data-label", "") for cell in page.all("td"))
    assert labels["Operating result"] == 5
    assert labels["Amount"] == 61


def test_charts_are_images_with_alternatives_and_a_dark_twin(edition: Document, page: Page) -> None:
    images, sources = page.all("img"), page.all("source")
    assert [image["src"] for image in images] == [
        "/reports/ceo/12/charts/revenue-by-month.svg",
        "/reports/ceo/12/charts/cash-band.svg",
    ]
    assert [image["alt"] for image in images] == [chart.alt for chart in edition.charts]
    assert [(source["srcset"], source["media"]) for source in sources] == [
        ("/reports/ceo/12/charts/revenue-by-month.dark.svg", "(prefers-color-scheme: dark)"),
        ("/reports/ceo/12/charts/cash-band.dark.svg", "(prefers-color-scheme: dark)"),
    ]
    assert (images[0]["width"], images[0]["height"]) == ("400", "216")


def test_a_chart_that_was_drawn_stands_in_the_page_under_its_alternative(edition: Document) -> None:
    drawings = {chart.name: charts.draw(chart).decode() for chart in edition.charts}

    markup = web.render(edition, drawings=drawings)
    page = Page.of(markup)

    assert page.all("img") == page.all("source") == []
    plates = [held for _, held in page.elements if held.get("class") == "figure__plate"]
    assert [(plate["role"], plate["aria-label"]) for plate in plates] == [
        ("img", chart.alt) for chart in edition.charts
    ]
    assert all(drawing in markup for drawing in drawings.values())


def test_every_colour_of_a_drawing_has_a_twin_for_the_night(edition: Document) -> None:
    sheet = (Path(settings.BASE_DIR) / "static/css/reports.css").read_text()

    drawn = {
        (attribute, colour)
        for chart in edition.charts
        for attribute, colour in re.findall(r'(fill|stroke)="(#[0-9a-f]+)"', charts.draw(chart).decode())
    }

    assert drawn
    assert {pair for pair in drawn if '[{}="{}" i]'.format(*pair) not in sheet} == set()


def test_the_numbers_behind_a_chart_are_there_to_read(page: Page) -> None:
    assert "Jan 2026 not tracked" in page.text
    assert "Oct 2026 $18,343" in page.text


def test_hostile_text_stays_text(page: Page) -> None:
    assert page.text.count(" ".join(HOSTILE.split())) >= 6


def test_long_words_get_places_to_break_and_stay_whole_when_read(page: Page) -> None:
    assert LONG_WORD in page.text
    assert page.all("wbr")


def test_a_figure_without_value_says_why_and_is_never_zero(edition: Document, page: Page) -> None:
    key = "contribution.measured.qos.2026-10"
    assert write(edition.figures[key]) == "not tracked since Nov 2025"
    shown = [text for href, text in page.links if href.endswith(f"/{key}/")]
    assert shown == ["not tracked since Nov 2025"] * 2


def test_only_figures_known_otherwise_than_most_carry_a_mark(page: Page) -> None:
    marks = Counter(held["title"] for held in page.all("abbr"))
    assert set(marks) == {"modelled", "entered"}
    assert "unless marked: meas = measured, mod = modelled, ent = entered." in page.text


def test_a_mark_that_a_whole_column_shares_stands_in_its_head(page: Page) -> None:
    assert "Operating result Cash measured Headline Status" in page.text
    assert "QueenofSanDiego $8,400 +$1,612 $16,800.77 Two charters" in page.text
    labels = {cell.get("data-label") for cell in page.all("td")}
    assert "Cash (measured)" in labels


def test_an_edition_of_one_kind_of_figure_has_no_marks(edition: Document) -> None:
    figures = {key: replace(f, badge=Badge.MEASURED) for key, f in edition.figures.items()}
    page = Page.of(web.render(replace(edition, figures=figures)))
    assert page.all("abbr") == []
    assert "Figures are measured (computed from the records of reconciled months)." in page.text


def test_tiles_say_value_change_target_badge_and_status(page: Page) -> None:
    assert (
        "Revenue $18,343 Change +11.2 % Before $16,500 Target $20,000 ent Unreconciled Below target"
        in page.text
    )
    assert "Contribution per charter $1,404" in page.text


def test_what_changed_lists_each_kind_with_restatements(page: Page) -> None:
    assert "Since edition 11 of 3 Nov 2026." in page.text
    for group in ("New findings", "Cleared findings", "Actions done", "Actions now overdue"):
        assert group in page.headings
    assert "Revenue Aug 2026 $14,800 $14,950" in page.text


def test_actions_first_show_overdue_before_open_before_done(page: Page) -> None:
    assert page.order("Sign the equity partner's agreement", "List the boat on Sailo", "Call client 0")
    assert "8 open, 1 overdue, 1 done, 1 later. 4 more actions in the agenda below." in page.text


def test_standing_findings_come_by_severity_and_cleared_ones_last(page: Page) -> None:
    assert page.order(
        "Empty pipeline",
        "QuickDumpNow funnel broken",
        "Two domains are unused",
        "Operations lead's transition not handed over",
    )


def test_stale_sources_are_named(page: Page) -> None:
    assert "Bank statement and Handoff notes are older than this report allows" in page.text
    assert "Bank statement 30 Sep 2026 Stale October is missing" in page.text


def test_empty_parts_say_what_is_missing() -> None:
    text = Page.of(web.render(empty_document())).text
    for sentence in (
        "No action is open, overdue or newly done.",
        "No headline was written for this edition.",
        "This is the first edition: there is none before it to compare with.",
        "This report has no key figures.",
        "No findings: every rule of this report came out clean.",
        "No decision is asked of you in this edition.",
        "There is no action on the agenda.",
        "This edition uses no metric.",
        "No source is recorded for this edition.",
        "No figure of this edition has a value.",
    ):
        assert sentence in text
