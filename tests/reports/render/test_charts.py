"""Charts: numbers that are kept, drawings that name themselves, gaps that stay gaps, and words that never collide."""

import datetime as dt
import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from PIL import ImageFont

from core import months, press
from reports.document import Axis, Chart, Floor, Form, Plot, Role, Series, Unit, dump, load
from reports.render import charts
from reports.render.chart_forms.lettering import fitted, width
from reports.render.chart_forms.scale import scale, ticks
from reports.render.chart_specs import funnel, short
from reports.render.chart_specs.ageing import ageing
from reports.render.chart_specs.clients import days_against_terms
from reports.render.chart_specs.delivery import days_against_estimates
from reports.render.chart_specs.strip import Strip, calendar_strip

pytestmark = pytest.mark.once_postgresql

FIRST = months.parse("2025-11")
YEAR = [(FIRST + n, 100_000 + n * 10_000) for n in range(12)]
HALF = [(month, value // 2) for month, value in YEAR]
WEEKS = [dt.date(2026, 11, 9) + dt.timedelta(weeks=n) for n in range(13)]
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a'];alert(1)//\"</text><script>"
LONG = "A name that goes on and on until nobody can hold it any more " * 40

PLOTS = {
    "bars": charts.bars_by_month(YEAR),
    "bars of two": charts.bars_by_month({"In": YEAR, "Out": [(m, -v) for m, v in YEAR]}),
    "one bar": charts.bars_by_month([(FIRST, 123_400)]),
    "bars of nothing": charts.bars_by_month([(month, 0) for month, _ in YEAR]),
    "bars below": charts.bars_by_month([(month, -value) for month, value in YEAR]),
    "five years": charts.bars_by_month([(FIRST + n, (n * 7919) % 100_000 - 30_000) for n in range(60)]),
    "line": charts.line_by_month(YEAR, before=HALF, target=[(m, 200_000 + m % 2 * 50_000) for m, _ in YEAR]),
    "lines": charts.line_by_month({"This year": YEAR, LONG: HALF}),
    "six lines": charts.line_by_month({f"Line {n}": [(m, v * n) for m, v in YEAR] for n in range(1, 7)}),
    "a year not over": charts.line_by_month(
        [(month, value if place < 3 else None) for place, (month, value) in enumerate(YEAR)],
        before=HALF,
        target=[(month, 120_000) for month, _ in YEAR],
    ),
    "one point": charts.line_by_month([(FIRST, -5)]),
    "a point between gaps": charts.line_by_month([(FIRST, None), (FIRST + 1, 7), (FIRST + 2, None)]),
    "thirty years": charts.line_by_month([(FIRST + n, n * n) for n in range(360)], unit=Unit.COUNT),
    "scenarios": charts.scenario_lines(
        {"Low": [(day, 1_000) for day in WEEKS], "High": [(day, 3_000) for day in WEEKS]}, floor=1_500
    ),
    "rows": charts.horizontal_bars([("Direct", 5000), ("Sailo", None), ("Refunds", -700), (LONG, 0)]),
    "thirty rows": charts.horizontal_bars([(f"Category {n}", n * 10**n) for n in range(30)]),
    "rows of nothing": charts.horizontal_bars([("Direct", None)]),
    "hostile": charts.horizontal_bars([(HOSTILE, 1), ("שלום עולם", 2), ("漢字 \x00", 3), ("", 4)]),
    "funnel": funnel([("Visit", 410), ("Form sent", 23), ("Quoted", None), ("Booked", 0)]),
    "terms": days_against_terms([("Cove Realty", 371, 300), (LONG, 92, None), ("Tide Yoga", None, 300)]),
    "estimates": days_against_estimates([("EYD-031", 10, 10), ("EYD-032", 100, 70)]),
    "ages": ageing(["Current", "1 to 30", "Over 90"], {"By due day": [3, 0, None], "By issue": [1, 1, 9]}),
    "thirty buckets": ageing([f"Bucket number {n:02}" for n in range(30)], {"Amount": [n * 1000 for n in range(30)]}),
    "strip": calendar_strip([Strip(FIRST, {1: "Sold", 2: "Blocked", 3: "Open"}), Strip(FIRST + 1, {})]),
    "no bars": charts.bars_by_month([]),
    "no line": charts.line_by_month({}),
    "no scenario": charts.scenario_lines({}),
    "no row": charts.horizontal_bars([]),
    "no step": funnel([]),
    "no client": days_against_terms([]),
    "no month": calendar_strip([]),
}  # fmt: skip
every_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


def drawn(plot: Plot) -> ET.Element:
    return ET.fromstring(charts.svg(plot))  # noqa: S314


def words_of(plot: Plot) -> list[ET.Element]:
    """Return the words of a drawing without the halos behind them."""
    return [element for element in drawn(plot).iter(f"{SVG}text") if not element.get("stroke")]


def texts(plot: Plot) -> list[str]:
    return [element.text or "" for element in words_of(plot)]


def boxes(plot: Plot) -> list[tuple[str, float, float, float]]:
    """Return each piece of words with its left and right edge and its line."""
    found = []
    for element in words_of(plot):
        at, size = float(element.attrib["x"]), float(element.attrib["font-size"])
        wide = width(element.text or "", size, bold="font-weight" in element.attrib)
        left = at - wide * {"start": 0, "middle": 0.5, "end": 1}[element.attrib["text-anchor"]]
        found.append((element.text or "", left, left + wide, float(element.attrib["y"])))
    return found


@every_plot
def test_a_plot_is_kept_with_all_its_numbers(plot: Plot) -> None:
    assert load(Plot, dump(plot)) == plot
    columns, rows = charts.numbers(plot)
    assert len(rows) == len(plot.keys)
    assert {len(row) for row in rows} <= {len(columns)}


@every_plot
def test_words_stand_on_the_sheet_and_clear_of_each_other(plot: Plot) -> None:
    height = charts.size(charts.svg(plot))[1]
    for _, left, right, line in boxes(plot):
        assert left >= 0
        assert right <= 400.1
        assert 9 <= line <= height - 3
    for (one, left, right, line), (other, start, end, below) in itertools.combinations(boxes(plot), 2):
        assert abs(line - below) >= 11 or right <= start + 0.5 or end <= left + 0.5, (one, other)


@every_plot
def test_it_draws_by_day_and_by_night(plot: Plot) -> None:
    day = charts.svg(plot)
    night = charts.night(day)
    assert charts.svg(plot) == day
    assert charts.size(day)[0] == 400
    colours = re.compile(rb"#[0-9a-f]{6}")
    assert not {*colours.findall(day)} & {*colours.findall(night)}
    assert colours.sub(b"", night) == colours.sub(b"", day)


@every_plot
def test_a_drawing_is_free_of_styles_scripts_and_outside_files(plot: Plot) -> None:
    names = {element.tag.removeprefix(SVG) for element in drawn(plot).iter()}
    assert names <= {"svg", "title", "desc", "rect", "path", "circle", "text"}
    numbers = re.findall(rb' (?:x|y|width|height|d)="([^"]*)"', charts.svg(plot))
    assert not [number for number in numbers if re.search(rb"e|nan|inf", number)]


def test_a_drawing_names_and_describes_itself() -> None:
    root = ET.fromstring(charts.draw(Chart("x", "Cash & <b>", PLOTS["bars"], 'It "rose" < fell')))  # noqa: S314
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Cash & <b>"
    assert root.findtext(f"{SVG}title") == "Cash & <b>"
    assert root.findtext(f"{SVG}desc") == 'It "rose" < fell'
    assert str(root.get("font-family")).startswith("IBM Plex Sans,")


def test_an_image_is_twice_as_large_and_the_same_each_time() -> None:
    drawing = charts.svg(PLOTS["hostile"])
    image = charts.png(drawing)
    wide, high = charts.size(drawing)
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (2 * wide, 2 * high)
    assert charts.png(drawing) == image
    with pytest.raises(press.PressError):
        charts.png(b"no drawing")


def test_words_are_measured_as_wide_as_the_shipped_faces_set_them() -> None:
    for words in (
        "Over 90",
        "$13.4k",
        "−$1,234,567.89",
        "Operating result",
        "A year’s “share” – 5 % …",
        "Íñigo Ürümqi",
    ):
        for face, bold in (("Regular", False), ("SemiBold", True)):
            font = ImageFont.truetype(press.FONTS / f"IBMPlexSans-{face}.ttf", 1000)
            assert (
                font.getlength(words) <= width(words, 1000, bold=bold) * 1.01 <= font.getlength(words) * 1.09
            )
    assert fitted(LONG, 80, 14).endswith("…")
    assert width(fitted(LONG, 80, 14), 14) <= 80
    assert fitted("a\n b", 80, 14) == "a b"


@pytest.mark.parametrize(
    ("values", "unit", "said"),
    [
        ([0, 1_834_250], Unit.MONEY, ["$0", "$5k", "$10k", "$15k", "$20k"]),
        ([-30, 40], Unit.MONEY, ["−$1", "$0", "$1"]),
        ([-123_456_789_00, 0], Unit.MONEY, ["−$150M", "−$100M", "−$50M", "$0"]),
        ([0, 9_730], Unit.PERCENT, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ([0, 371], Unit.DAYS, ["0", "10", "20", "30", "40 days"]),
        ([3], Unit.COUNT, ["0", "1", "2", "3"]),
        ([0, 45], Unit.RATIO, ["0×", "0.10×", "0.20×", "0.30×", "0.40×", "0.50×"]),
        ([0, 290], Unit.MINUTES, ["0 min", "1 h", "2 h", "3 h", "4 h", "5 h"]),
        ([9_000_00, 9_900_00], Unit.MONEY, ["$9k", "$9.2k", "$9.4k", "$9.6k", "$9.8k", "$10k"]),
        ([0, 0], Unit.MONEY, ["$0"]),
    ],
)
def test_steps_are_round_in_their_unit(values: list[int], unit: Unit, said: list[str]) -> None:
    made = scale(values, unit, "USD", top=0, bottom=100, zero=False)
    assert [words for _, words in ticks(made, unit, "USD")] == said
    assert made.y(made.low) == 100


def test_months_are_named_with_each_year_once_and_the_last_always() -> None:
    shown = texts(PLOTS["bars"])
    assert [text for text in shown if text[:3] in {"Nov", "Dec", "Jan"}] == ["Nov", "Dec", "Jan"]
    assert [text for text in shown if text[:3] == "202"] == ["2025", "2026"]
    assert "Oct" in texts(PLOTS["five years"])
    assert texts(PLOTS["thirty buckets"]).count("Bucket numb…") > 1
    assert {"2030", "2050"} <= set(texts(PLOTS["thirty years"]))


def test_a_month_without_value_is_a_gap_and_not_zero() -> None:
    plot = charts.bars_by_month([(FIRST, 100), (FIRST + 2, 300)], name="Revenue")
    bars = [e for e in drawn(plot).iter(f"{SVG}rect") if e.get("rx")]
    assert len(bars) == 2
    assert "Dec" in texts(plot)
    assert charts.numbers(plot) == (
        ("Month", "Revenue"),
        (("Nov 2025", "$1"), ("Dec 2025", "not tracked"), ("Jan 2026", "$3")),
    )


def test_a_broken_line_is_drawn_in_pieces_and_a_value_by_itself_as_a_point() -> None:
    known = {0: 1, 1: 2, 3: 4, 5: 6, 6: 7}
    plot = charts.line_by_month([(FIRST + n, known.get(n)) for n in range(7)])
    lines = [e for e in drawn(plot).iter(f"{SVG}path") if e.get("stroke-width") == "2.5"]
    assert len(lines) == 2
    assert len(list(drawn(plot).iter(f"{SVG}circle"))) == 2


def test_what_a_line_is_held_against_is_named_at_its_end() -> None:
    assert {"Target", "$2.5k", "Year before", "$1.1k", "$2.1k"} <= set(texts(PLOTS["line"]))
    assert {"Floor", "$15", "Low", "$10", "High", "$30"} <= set(texts(PLOTS["scenarios"]))
    assert "$1.2k" in texts(PLOTS["a year not over"])
    single = charts.scenario_lines({"Closing cash": [(day, 100) for day in WEEKS]})
    assert "$1" in texts(single)
    assert "Closing cash" not in texts(single)


def test_series_differ_by_more_than_colour() -> None:
    lines = [e for e in drawn(PLOTS["six lines"]).iter(f"{SVG}path") if e.get("stroke-width") == "2.5"]
    assert len({line.get("stroke-dasharray") for line in lines}) == 6
    modelled = [e for e in drawn(PLOTS["scenarios"]).iter(f"{SVG}path") if e.get("stroke-width") == "2.5"]
    assert all(line.get("stroke-dasharray") for line in modelled)
    bars = [e for e in drawn(PLOTS["bars of two"]).iter(f"{SVG}rect") if e.get("rx")]
    assert len([bar for bar in bars if bar.get("stroke")]) == 13


def test_names_are_data_and_never_code() -> None:
    assert any(text.startswith("a'];alert") for text in texts(PLOTS["hostile"]))
    assert charts.numbers(PLOTS["hostile"])[1][0] == (HOSTILE, "$0")
    lines = charts.line_by_month({HOSTILE: YEAR, "b": YEAR})
    assert any(text.startswith("a'];") for text in texts(lines))


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_characters_no_drawing_can_hold_are_replaced(char: str) -> None:
    name = f"bell{char}s"
    assert any(text.startswith("bell") for text in texts(charts.horizontal_bars([(name, 100)])))
    assert charts.draw(Chart("x", name, PLOTS["bars"], name)).count("bell\ufffds".encode()) == 3


def test_lists_say_what_is_missing_and_mark_what_was_agreed() -> None:
    assert {"$50", "not tracked", "−$7", "$0"} <= set(texts(PLOTS["rows"]))
    assert {"37.1 days", "9.2 days", "nothing paid", "Days to pay", "Terms"} <= set(texts(PLOTS["terms"]))
    assert charts.numbers(PLOTS["terms"])[1][1:] == ((LONG, "9.2 days", "none agreed"), ("Tide Yoga", "nothing paid", "30 days"))  # fmt: skip
    marks = [e for e in drawn(PLOTS["terms"]).iter(f"{SVG}path") if e.get("stroke-width") == "3"]
    assert len(marks) == 3  # and one in the legend
    assert {"1 day", "10 days"} <= set(texts(PLOTS["estimates"]))
    assert charts.numbers(PLOTS["funnel"])[1][1] == ("Form sent", "23", "5.6 %")


@pytest.mark.parametrize("name", [name for name in PLOTS if name.startswith("no ")])
def test_a_chart_of_nothing_says_so(name: str) -> None:
    assert texts(PLOTS[name]) == ["There is no value to draw."]


def test_a_plot_says_what_its_parts_are() -> None:
    assert PLOTS["scenarios"].floor == Floor("Floor", 1_500)
    assert (PLOTS["line"].form, PLOTS["line"].axis) == (Form.LINES, Axis.MONTH)
    assert PLOTS["line"].series[1] == Series("Year before", tuple(v for _, v in HALF), Role.BEFORE)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, Unit.MONEY, "$0"),
        (49, Unit.MONEY, "$0"),
        (50, Unit.MONEY, "$1"),
        (99_949, Unit.MONEY, "$999"),
        (99_950, Unit.MONEY, "$1.0k"),
        (1_234_500, Unit.MONEY, "$12.3k"),
        (12_345_600, Unit.MONEY, "$123k"),
        (99_949_900, Unit.MONEY, "$999k"),
        (99_950_000, Unit.MONEY, "$1.0M"),
        (-20, Unit.MONEY, "$0"),
        (-1_234_500, Unit.MONEY, "−$12.3k"),
        (3850, Unit.PERCENT, "38.5 %"),
        (10_000, Unit.PERCENT, "100 %"),
        (6, Unit.COUNT, "6"),
        (1234, Unit.COUNT, "1,234"),
        (506, Unit.MONTHS, "5.1 months"),
        (10, Unit.DAYS, "1 day"),
    ],
)
def test_short_values(value: int, unit: Unit, shown: str) -> None:
    assert short(value, unit) == shown
