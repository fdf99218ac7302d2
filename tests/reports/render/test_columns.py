"""How a table shares out its sheet, and that no row on paper needs more lines than it was given."""

import json
from pathlib import Path

import pytest
import typst

from core.press import Words
from core.typefaces import FONTS
from reports.document import Align, Column
from reports.render.columns import SHEET, SIZES, SMALL, Layout, share, split
from reports.render.frame import Piece
from tests.reports.render.fixture import HOSTILE, LONG_WORD

pytestmark = pytest.mark.once

LEFT, RIGHT = Align.LEFT, Align.RIGHT
SENTENCE = (
    "Between 1 Dec 2026 and 9 Jan 2027 no booked event has any money received; the captain-days-a-year stand."
)


def shared(heads: list[tuple[str, Align]], *rows: list[str], total: bool = False) -> Layout:
    words = Words()
    columns = [Column(words(label), align) for label, align in heads]
    pieces = [
        [
            Piece(words(text), key="k" if align is RIGHT else "")
            for text, (_, align) in zip(row, heads, strict=True)
        ]
        for row in rows
    ]
    return share(columns, ["" for _ in heads], pieces, totals=[total and row is pieces[-1] for row in pieces])


def whole(layout: Layout) -> float:
    return sum(layout.widths) + layout.gutter * (len(layout.widths) - 1)


def test_a_table_of_few_words_has_the_measure_of_the_charts_and_one_of_more_the_sheet() -> None:
    few = shared([("Entity", LEFT), ("Revenue", RIGHT)], ["QueenofSanDiego", "$58,350"])
    assert whole(few) == pytest.approx(SMALL, abs=0.1)
    more = shared([("What", LEFT), ("Why", LEFT), ("Sum", RIGHT)], [SENTENCE, SENTENCE, "$1"])
    assert SHEET - 2 < whole(more) <= SHEET
    assert few.lines == (1,)
    assert more.lines[0] > 1


def test_numbers_and_short_texts_stand_on_one_line_whatever_else_is_said() -> None:
    layout = shared(
        [("On", LEFT), ("What", LEFT), ("Revenue of twelve months", RIGHT)],
        *(["Mon 30 Nov 2026", SENTENCE * 4, "−$1,234,567.89"] for _ in range(3)),
    )
    alone = shared([("On", LEFT), ("Sum", RIGHT)], ["Mon 30 Nov 2026", "−$1,234,567.89"])
    assert alone.lines == (1,)
    assert layout.widths[2] >= 60
    assert layout.head >= 2
    assert layout.size == SIZES[0][0]


def test_a_table_of_very_many_columns_is_set_smaller_and_stays_on_the_sheet() -> None:
    heads = [("Entity", LEFT), *((f"Month {n}", RIGHT) for n in range(14))]
    layout = shared(heads, ["QueenofSanDiego", *("$123,456" for _ in range(14))], total=True)
    assert layout.size < SIZES[0][0]
    assert whole(layout) <= SHEET + 0.1


def test_a_table_without_rows_or_words_has_columns_all_the_same() -> None:
    assert len(shared([("", LEFT), ("", RIGHT)], ["", ""]).widths) == 2
    assert shared([("Nothing", RIGHT)]).lines == ()


@pytest.mark.parametrize("beside", [2, 3, 5])
def test_the_press_never_takes_more_lines_than_were_counted(beside: int, tmp_path: Path) -> None:
    words = Words()
    texts = [
        *(SENTENCE[n : n + 60] for n in range(0, 40, 3)),
        *(f"{LONG_WORD} {SENTENCE[:n]}" for n in range(0, 60, 7)),
        HOSTILE, f"a {LONG_WORD * 2} b", "x " * 60, "well-known pay-as-you-go 24/7 and/or Σ revenue − cost ÷ days × 12 →",
    ]  # fmt: skip
    counted = []
    for text in texts:
        # The first column is set in bold; the second has the same text and no fewer lines than it needs.
        layout = shared([("", LEFT)] * beside, [text] * beside)
        counted.append((words(text), layout.widths[1], layout.lines[0]))
    source = tmp_path / "lines.typ"
    source.write_text(
        """
        #set text(font: ("IBM Plex Sans", "DejaVu Sans Mono", "New Computer Modern"), size: 8.4pt, hyphenate: false, lang: "en")
        #set par(leading: 0.5em)
        #context [#metadata(json(bytes(sys.inputs.texts)).map(((words, width, lines)) => (
          calc.round((measure(block(width: width * 1pt, words)).height / 8.4pt - 0.698) / 1.198) + 1
        )))<lines>]
        """,
        encoding="utf-8",
    )
    compiler = typst.Compiler(
        str(source),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"texts": json.dumps(counted)},
    )
    taken = json.loads(compiler.query("<lines>", field="value", one=True))
    assert [n for n, (_, _, lines) in zip(taken, counted, strict=True) if n > lines] == []
    assert max(taken) > 2
    assert sum(n == lines for n, (_, _, lines) in zip(taken, counted, strict=True)) > len(counted) * 0.8


def test_columns_that_have_no_room_side_by_side_stand_in_parts_that_each_begin_with_the_first() -> None:
    columns = [Column("Account"), *(Column(f"Entity {at}", RIGHT) for at in range(1, 17))]
    rows = [[Piece("Sailing gear and dock lines"), *[Piece("−$1,234,567.89", key="k")] * 16]]
    badges = [""] * len(columns)
    assert not share(columns, badges, rows, totals=[False]).fits
    parts = split(columns, badges, rows, totals=[False])
    assert [places for places, _ in parts] == [[0, *range(1, 9)], [0, *range(9, 17)]]
    assert all(layout.fits and whole(layout) <= SHEET + 0.1 for _, layout in parts)
    assert [places for places, _ in split(columns[:5], badges[:5], [rows[0][:5]], totals=[False])] == [
        [0, 1, 2, 3, 4]
    ]


def test_a_table_whose_two_columns_have_no_room_is_not_split_for_ever() -> None:
    columns = [Column("Account"), Column("Sum", RIGHT), Column("Sum", RIGHT)]
    rows = [[Piece("a"), *[Piece("1" * 400, key="k")] * 2]]
    assert len(split(columns, [""] * 3, rows, totals=[False])) == 2
