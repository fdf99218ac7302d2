"""Plain text: 78 columns, aligned, whole, and no markup of ours."""

import datetime as dt
from dataclasses import replace

import pytest

from reports.document import (
    ActionLine,
    Align,
    Badge,
    Cell,
    Column,
    Document,
    Figure,
    Row,
    RowsTrace,
    Section,
    Table,
    Unit,
)
from reports.figures import write
from reports.render import text
from tests.reports.render.fixture import (
    ARABIC,
    HEBREW,
    HOSTILE,
    LONG_WORD,
    URL,
    document,
    empty_document,
    keys_shown,
)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def edition() -> Document:
    return document()


@pytest.fixture(scope="module")
def plain(edition: Document) -> str:
    return text.render(edition)


def section_with(table: Table) -> Document:
    return replace(document(), sections=(Section("one", "One table", (table,)),))


def test_lines_hold_78_columns_but_for_addresses(plain: str) -> None:
    wide = [line for line in plain.splitlines() if text.width(line) > 78]
    assert [line for line in wide if URL not in line] == []


def test_no_line_ends_in_space_and_the_text_in_one_newline(plain: str) -> None:
    assert not [line for line in plain.splitlines() if line != line.rstrip()]
    assert plain.endswith("\n")
    assert not plain.endswith("\n\n")


def test_parts_stand_in_the_order_of_every_edition(plain: str) -> None:
    titles = ("Actions first", "Headline", "What changed", "Key figures", "KPI gaps", "Findings",
              "Decisions asked of you", "Agenda", "Formulas and definitions")  # fmt: skip
    places = [plain.index(f"\n{title}\n{'-' * len(title)}\n") for title in titles]
    assert places == sorted(places)


def test_every_figure_shown_is_printed(edition: Document, plain: str) -> None:
    folded = " ".join(plain.split())
    for key in keys_shown(edition):
        figure = edition.figures[key]
        assert write(figure) in folded or write(figure, cents=True) in folded, key


def test_there_is_no_markup_but_what_people_typed(plain: str) -> None:
    typed = plain.replace("<script>", "").replace("</script>", "")
    assert not [tag for tag in ("<a", "<t", "</", "&lt;", "&amp;", "&#") if tag in typed]


def test_hostile_text_and_other_scripts_stay_as_typed(plain: str) -> None:
    folded = " ".join(plain.split())
    assert folded.count(" ".join(HOSTILE.split())) >= 6
    assert f"Other scripts: {ARABIC} and {HEBREW}." in folded


def test_a_narrow_table_is_aligned(plain: str) -> None:
    assert (
        "Figure       Before      Now\n"
        "----------  -------  -------\n"
        "Revenue     $16,500  $18,343\n"
        "Gross burn   $7,980   $8,123\n"
    ) in plain


def test_totals_stand_under_a_rule(plain: str) -> None:
    above, total = plain[: plain.index("\nSum ")].splitlines()[-1], "Sum      $218,506.50"
    assert set(above) == {"-", " "}
    assert f"\n{total}\n" in plain


def test_a_wide_table_becomes_one_record_after_the_other(plain: str) -> None:
    assert (
        "JADA\n"
        "  Revenue: $4,150\n"
        "  Operating result: −$930\n"
        "  Cash (measured): $8,300.77\n"
        "  Headline: No paid concert booked ahead\n"
        "  Status: Behind\n"
    ) in plain


def test_text_columns_give_way_before_numbers() -> None:
    columns = (Column("What"), Column("Amount", Align.RIGHT))
    row = Row((Cell("word " * 30), Cell("$1,234,567.89")))
    plain = text.render(section_with(Table("Narrowed", columns, (row,))))
    assert "$1,234,567.89" in plain
    assert f"{'word ' * 12}{'$1,234,567.89':>18}\n" in plain


def test_a_word_longer_than_the_page_is_folded_not_lost() -> None:
    plain = text.render(
        section_with(Table("Long", (Column("A"), Column("B")), (Row((Cell(LONG_WORD), Cell("b"))),)))
    )
    assert LONG_WORD in plain
    longer = LONG_WORD * 3
    plain = text.render(
        section_with(Table("Long", (Column("A"), Column("B")), (Row((Cell(longer), Cell(""))),)))
    )
    assert longer in "".join(plain.split())


@pytest.mark.parametrize("name", ["c" * 200, "ж" * 200, "日" * 100, "a long name " * 12])
def test_a_column_name_wider_than_the_page_gets_lines_of_its_own(name: str) -> None:
    columns = (Column("Row"), *(Column(f"{name} {n}") for n in range(3)))
    rows = (Row((Cell("One"), Cell("é" * 100), Cell("plain words " * 9), Cell(""))),)
    plain = text.render(section_with(Table("Names", columns, rows)))
    assert max(text.width(line) for line in plain.splitlines() if URL not in line) <= 78
    assert "é" * 100 in "".join(plain.split())
    assert plain.count("plain words") == 9


def test_wide_letters_keep_columns_straight() -> None:
    columns = (Column("Name"), Column("Amount", Align.RIGHT))
    rows = (Row((Cell("日本丸"), Cell("$1.00"))), Row((Cell("e\u0301te\u0301"), Cell("$20.00"))))
    plain = text.render(section_with(Table("Letters", columns, rows)))
    lines = [line for line in plain.splitlines() if line.endswith(("$1.00", "$20.00"))]
    assert [text.width(line) for line in lines] == [14, 14]


def test_key_figures_are_footnoted_with_their_traces(plain: str) -> None:
    assert "\n [1] Revenue: $18,343 (unreconciled)\n     change +11.2 %; before $16,500; target" in plain
    assert f"\n [1] {URL}figures/revenue.portfolio.2026-10/\n" in plain
    assert f"\n[10] {URL}figures/csat.qos.2026-10/\n" in plain


def test_a_figure_without_value_says_why(plain: str) -> None:
    assert "[4] Contribution per charter, measured: not tracked since Nov 2025\n" in plain


def test_charts_stand_in_words(edition: Document, plain: str) -> None:
    folded = " ".join(plain.split())
    for chart in edition.charts:
        assert f"Chart: {chart.title}. {chart.alt}" in folded


def test_empty_parts_say_what_is_missing() -> None:
    plain = text.render(empty_document())
    assert "No action is open, overdue or newly done." in plain
    assert "This is the first edition: there is none before it to compare with." in " ".join(plain.split())


def test_line_breaks_in_a_title_do_not_break_the_frame() -> None:
    action = ActionLine("Two\nlines\tand a tab", "Owner", dt.date(2026, 11, 20), "open")
    assert "Two lines and a tab" in text.render(replace(document(), actions=(action,)))


@pytest.mark.parametrize(
    ("tenths", "unit", "said"),
    [
        (390, Unit.DAYS, "39 days"),
        (-10, Unit.DAYS, "−1 day"),
        (0, Unit.DAYS, "0 days"),
        (385, Unit.DAYS, "38.5 days"),
        (12_340, Unit.NIGHTS, "1,234 nights"),
        (10, Unit.NIGHTS, "1 night"),
    ],
)
def test_days_and_nights_that_are_whole_have_no_decimal(tenths: int, unit: Unit, said: str) -> None:
    assert write(Figure("k", "k", "K", unit, tenths, Badge.MEASURED, RowsTrace(()))) == said
