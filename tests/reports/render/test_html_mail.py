"""The mail: under the size that mail programs show, every figure linked, nothing fetched, nothing left out silently."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reports.document import (
    Align,
    Bullets,
    Cell,
    Chart,
    Column,
    Document,
    Note,
    Para,
    Passage,
    Prose,
    Row,
    Section,
    Source,
    Span,
    Stands,
    Table,
    Tone,
)
from reports.render import html_mail
from tests.reports.render.fixture import (
    HOSTILE,
    LONG_WORD,
    URL,
    document,
    empty_document,
    fig,
    keys_shown,
)
from tests.reports.render.reading import Page

pytestmark = pytest.mark.once_postgresql


def cid(name: str) -> str:
    return f"{name}@deck.example.com"


def rendered(edition: Document) -> str:
    return html_mail.render(edition, chart_cid=cid)


@pytest.fixture(scope="module")
def edition() -> Document:
    return document()


@pytest.fixture(scope="module")
def html(edition: Document) -> str:
    return rendered(edition)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page.of(html)


def with_rows(edition: Document, number: int, *, words: str = "note") -> Document:
    rows = tuple(
        Row((Cell(f"Row {n}"), fig("revenue.portfolio.2026-10"), Cell(f"{words} {n}"))) for n in range(number)
    )
    total = Row((Cell("Sum of all rows"), fig("sum.lines.2026-10"), Cell("")), total=True)
    columns = (Column("Row"), Column("Amount"), Column("Note"))
    section = Section("long", "A long section", (Table("Many rows", columns, (*rows, total)),))
    return replace(edition, sections=(section,))


def test_it_is_whole_and_under_the_limit(html: str, page: Page) -> None:
    assert len(html.encode()) <= html_mail.LIMIT
    assert page.problems == []
    assert "This mail is shortened" not in page.text
    assert "note 59" in page.text
    assert "Three-month mean of fixed operating cash out" in page.text


def test_parts_stand_in_the_order_of_every_edition(page: Page) -> None:
    assert page.order(
        "CEO: operational audit",
        "Actions first",
        "Headline",
        "What changed",
        "Key figures",
        "The portfolio on one page",
        "Findings",
        "Decisions asked of you",
        "Agenda",
        "Formulas and definitions",
    )


def test_every_figure_shown_links_to_its_trace(edition: Document, page: Page) -> None:
    links = dict(page.links)
    for key in keys_shown(edition):
        assert f"{URL}figures/{key}/" in links, key
    assert links[f"{URL}figures/line.59.2026-10/"] == "$7,283.55"


def test_links_are_absolute_and_images_ride_with_the_mail(edition: Document, page: Page) -> None:
    # Its commentary's own is the one that leads elsewhere.
    assert {href for href, _ in page.links if not href.startswith(URL)} == {"https://example.com/plan"}
    assert [image["src"] for image in page.all("img")] == [
        f"cid:{cid(chart.name)}" for chart in edition.charts
    ]
    assert [image["alt"] for image in page.all("img")] == [chart.alt for chart in edition.charts]


def test_nothing_runs_and_nothing_is_fetched(html: str, page: Page) -> None:
    assert not {name for name, _ in page.elements} & {"script", "link", "iframe", "form", "base"}
    attributes = {attribute for _, held in page.elements for attribute in held}
    assert not {name for name in attributes if name.startswith("on")}
    assert "url(" not in html


def test_styles_are_written_into_the_elements(page: Page) -> None:
    titles = page.all("h2")
    assert titles
    assert all("font-size" in title["style"] for title in titles)
    assert all(
        "font-size" in table["style"] for table in page.all("table") if "d" in table.get("class", "").split()
    )


def test_what_every_cell_would_repeat_stands_once_in_the_head(html: str, page: Page) -> None:
    head = html[: html.index("<body")]
    assert ".d td,.d tbody th{border-bottom:1px solid #dcd4c3}" in head
    assert len(head) < 8000
    assert not [
        cell for cell in page.all("td") if cell.get("align") and "style" in cell and "class" not in cell
    ]


def test_a_mark_that_a_whole_column_shares_stands_in_its_head(page: Page) -> None:
    assert "Operating result Cash measured Headline Status" in page.text
    assert "Cash (measured): $16,800.77 Headline:" in page.text


def test_sources_are_named_stale_ones_first(page: Page) -> None:
    assert (
        "Stale sources: Bank statement (to 30 Sep 2026, October is missing); Handoff notes (no data). "
        "Fresh sources: Stripe balance (to 9 Nov 2026)."
    ) in page.text


def test_dark_and_phone_rules_stay_in_the_head(html: str) -> None:
    head = html[: html.index("<body")]
    assert "prefers-color-scheme:dark" in head
    assert "max-width:480px" in head
    assert '<meta name="color-scheme" content="light dark">' in head


def test_mail_programs_preview_the_headline(html: str) -> None:
    first = Page.of(html[html.index("<body") : html.index("<table")]).text
    assert first.startswith("Revenue was $18,343, +11.2 % on September. Six charters")
    assert len(first) <= 150


def test_hostile_text_stays_text(page: Page) -> None:
    assert page.text.count(" ".join(HOSTILE.split())) >= 6
    assert LONG_WORD in page.text


def test_every_text_of_every_block_is_escaped(edition: Document) -> None:
    """Blocks are written without templates, which would escape by themselves."""
    typed: list[str] = []

    def odd() -> str:
        at = len(typed)
        typed.append(f"<script>{at}</script> & \"{at}\" '{at}' <!--{at}--> &quot;{at}")
        return typed[-1]

    chart = next(
        block for section in edition.sections for block in section.blocks if isinstance(block, Chart)
    )
    columns = (Column(odd()), Column(odd(), Align.RIGHT))
    address = 'https://example.com/?a=1&b="><script>x</script>'
    looks: tuple[dict[str, bool], ...] = ({}, {"strong": True}, {"emphasis": True}, {"code": True})
    spans = (*(Span(odd(), **look) for look in looks), Span(odd(), href=address))
    drawn = replace(chart, title=odd(), alt=f"{odd()}>")
    described = typed[-1]
    blocks = (
        Table(odd(), columns, (Row((Cell(odd()), Cell(odd(), tone=Tone.BAD))),), note=odd()),
        Table(odd(), columns, (), empty=odd()),
        drawn,
        Para((Cell(odd()), Cell(odd(), tone=Tone.MUTED))),
        Bullets(((Cell(odd()),),)),
        Bullets(((Cell(odd()),),), ordered=True),
        *(Note((Cell(odd()),), tone) for tone in Tone),
    )
    said = Prose((Passage(spans), Passage((Span(odd()),), Stands.BULLET)), by=odd())
    made = rendered(
        replace(
            edition,
            head=replace(edition.head, title=odd(), sample=odd()),
            sections=(Section("odd", odd(), blocks, lead=odd(), commentary=(said,)),),
            findings=tuple(replace(row, title=odd(), about=odd()) for row in edition.findings),
            actions=tuple(replace(row, title=odd(), owner=odd()) for row in edition.actions),
        )
    )

    page = Page.of(made)
    assert page.problems == []
    assert not {name for name, _ in page.elements} & {"script"}
    assert [held["alt"] for held in page.all("img")][-1] == f"{described}>"
    assert [text for text in typed if text != described and text not in page.text] == []
    assert [held["href"] for held in page.all("a") if "example.com/?a" in held["href"]] == [address]


def test_a_figure_without_value_says_why(page: Page) -> None:
    shown = [text for href, text in page.links if "contribution.measured" in href]
    assert shown == ["not tracked since Nov 2025"] * 2


def test_empty_parts_say_what_is_missing() -> None:
    text = Page.of(rendered(empty_document())).text
    assert "No findings: every rule of this report came out clean." in text
    assert "This is the first edition" in text


def test_definitions_give_way_before_any_row(edition: Document) -> None:
    long = replace(edition, definitions=edition.definitions * 100)
    html = rendered(long)
    page = Page.of(html)
    assert len(html.encode()) <= html_mail.LIMIT
    assert "300 definitions, left out here. See them on the page." in page.text
    assert f"{URL}#edition-definitions" in dict(page.links)
    assert "note 59" in page.text


@pytest.mark.parametrize("number", [900, 4000])
def test_long_tables_are_shortened_and_say_so(edition: Document, number: int) -> None:
    html = rendered(with_rows(edition, number))
    page = Page.of(html)
    shown = len(re.findall(r"\bnote \d+", page.text))
    assert len(html.encode()) <= html_mail.LIMIT
    assert 0 < shown < number
    assert f"{number - shown:,} more rows. See them on the page." in page.text
    assert f"{URL}#long" in dict(page.links)
    assert "This mail is shortened" in page.text
    assert "Sum of all rows" in page.text


def test_tables_of_detail_make_room_for_the_others(edition: Document) -> None:
    (section,) = with_rows(edition, 1_500).sections
    (table,) = section.blocks
    few = replace(section, blocks=(replace(table, rows=table.rows[:30]),))
    all_of_them = replace(section, anchor="detail", blocks=(replace(table, detail=True),))
    page = Page.of(rendered(replace(edition, sections=(few, all_of_them))))

    assert "note 29" in page.text
    assert "1,500 more rows. See them on the page." in page.text


def test_a_row_that_stands_in_two_tables_has_the_columns_of_each(edition: Document) -> None:
    row = Row((Cell("Name"), Cell("in both tables")))
    left = Table("On the left", (Column("Row"), Column("Words")), (row,))
    right = Table("On the right", (Column("Row"), Column("Words", Align.RIGHT)), (row,))
    html = rendered(replace(edition, sections=(Section("both", "Both", (left, right)),)))
    cells = re.findall(r"<td([^>]*)>in both tables</td>", html)

    assert [('align="right"' in attributes) for attributes in cells] == [False, True]


def _wordy(edition: Document) -> Document:
    return with_rows(edition, 50, words="ж" * 9000)


def _many_sections(edition: Document) -> Document:
    section = edition.sections[1]
    return replace(
        edition, sections=tuple(replace(section, anchor=f"s{n}", title=f"Section {n}") for n in range(60))
    )


def _many_blocks(edition: Document) -> Document:
    block = Para((Cell("Word " * 400), *(fig("burn.portfolio.2026-10") for _ in range(300))))
    return replace(edition, sections=(Section("blocks", "Blocks", (block,) * 80),))


def _many_items(edition: Document) -> Document:
    return replace(
        edition,
        headline=edition.headline * 200,
        commentary=edition.commentary * 200,
        actions=edition.actions * 200,
        findings=edition.findings * 200,
        decisions=edition.decisions * 200,
        kpis=edition.kpis * 30,
        changes=replace(edition.changes, findings_new=("New",) * 900, figures=edition.changes.figures * 300),
        head=replace(
            edition.head, title="T" * 30000, sources=edition.head.sources * 300, entities="e" * 30000
        ),
        sections=(Section("b", "B", (Bullets(((Cell("bullet"),),) * 3000),)),),
    )


def _wide(edition: Document) -> Document:
    columns = tuple(Column(f"Column {n} {'c' * 200}") for n in range(300))
    row = Row(tuple(fig("burn.portfolio.2026-10") for _ in columns))
    return replace(edition, sections=(Section("wide", "Wide", (Table("Wide", columns, (row,) * 20),)),))


@pytest.mark.parametrize("swell", [_wordy, _many_sections, _many_blocks, _many_items, _wide])
def test_no_document_is_too_large(edition: Document, swell: Callable[[Document], Document]) -> None:
    html = rendered(swell(edition))
    assert len(html.encode()) <= html_mail.LIMIT
    page = Page.of(html)
    assert page.problems == []
    assert "This mail is shortened" in page.text
    assert URL in dict(page.links)


def test_the_same_edition_gives_the_same_bytes(edition: Document, html: str) -> None:
    assert rendered(edition) == html


def test_many_fresh_sources_are_counted_at_the_head_and_named_at_the_end(edition: Document) -> None:
    fresh = tuple(Source(f"Bank {n}", dt.date(2026, 11, n), stale=False) for n in range(1, 5))
    many = replace(edition, head=replace(edition.head, sources=fresh))

    head, counted, end = Page.of(rendered(many)).text.partition("Fresh sources: 4, the oldest to 1 Nov 2026.")
    assert counted
    assert "Bank 1" not in head
    assert "Fresh sources: Bank 1 (to 1 Nov 2026); Bank 2" in end
