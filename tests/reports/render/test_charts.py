"""Charts: plain specifications without colours, drawings that name themselves, and gaps that stay gaps."""

import datetime as dt
import json
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from core import months
from reports.document import Chart, Unit
from reports.render import charts
from reports.render.chart_specs import Spec, funnel, short
from reports.render.chart_specs.delivery import days_against_estimates

pytestmark = pytest.mark.once_postgresql

FIRST = months.parse("2025-11")
YEAR = [(FIRST + n, 100_000 + n * 10_000) for n in range(12)]
WEEKS = [dt.date(2026, 11, 9) + dt.timedelta(weeks=n) for n in range(13)]
SVG = "{http://www.w3.org/2000/svg}"

SPECS = {
    "bars": charts.bars_by_month(YEAR, target=200_000),
    "bars of two": charts.bars_by_month({"In": YEAR, "Out": [(m, v // 2) for m, v in YEAR]}),
    "line": charts.line_by_month(YEAR, target=200_000),
    "lines": charts.line_by_month({"This year": YEAR, "Year before": [(m, v // 2) for m, v in YEAR]}),
    "band": charts.band13weeks([(day, 1000, 2000, 3000) for day in WEEKS], floor=1500),
    "scenarios": charts.scenario_lines({"Low": [(d, 1) for d in WEEKS], "High": [(d, 9) for d in WEEKS]}),
    "horizontal": charts.horizontal_bars([("Direct", 5000), ("Sailo", None), ("Refunds", -700)]),
    "funnel": funnel([("Visit", 410), ("Form sent", 23), ("Quoted", None), ("Booked", 0)]),
    "estimates": days_against_estimates([("EYD-031", 10, 10), ("EYD-032", 100, 70)]),
    "no estimate": days_against_estimates([]),
    "no bars": charts.bars_by_month([]),
    "no line": charts.line_by_month({}),
    "no band": charts.band13weeks([]),
    "no scenario": charts.scenario_lines({}),
    "no row": charts.horizontal_bars([]),
    "no step": funnel([]),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def drawn(spec: Spec) -> ET.Element:
    return ET.fromstring(charts.svg(spec))  # noqa: S314


def texts(spec: Spec) -> list[str]:
    return ["".join(element.itertext()) for element in drawn(spec).iter(f"{SVG}text")]


@every_spec
def test_a_specification_is_plain_json_without_colours(spec: Spec) -> None:
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", json.dumps(spec))


@every_spec
def test_it_draws_by_day_and_by_night(spec: Spec) -> None:
    day = charts.svg(spec)
    night = charts.night(day)
    assert charts.size(day)[0] == 480
    assert b"#fffdf8" in day
    assert b"#122335" in night
    colours = re.compile(rb"#[0-9a-f]{6}")
    assert not {*colours.findall(day)} & {*colours.findall(night)}
    assert colours.sub(b"", night) == colours.sub(b"", day)
    assert b"#000" not in day.replace(b"#0000", b"")
    assert charts.png(day, scale=2).startswith(b"\x89PNG\r\n\x1a\n")


@every_spec
def test_a_drawing_is_free_of_styles_scripts_and_outside_files(spec: Spec) -> None:
    names = {element.tag.removeprefix(SVG) for element in drawn(spec).iter()}
    assert not names & {"style", "script", "image", "foreignObject", "use"}
    attributes = {name for element in drawn(spec).iter() for name in element.attrib}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_a_drawing_names_and_describes_itself() -> None:
    root = ET.fromstring(charts.draw(Chart("x", "Cash & <b>", SPECS["bars"], 'It "rose" < fell')))  # noqa: S314
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Cash & <b>"
    assert root.findtext(f"{SVG}title") == "Cash & <b>"
    assert root.findtext(f"{SVG}desc") == 'It "rose" < fell'


def test_the_same_specification_gives_the_same_bytes() -> None:
    assert charts.svg(SPECS["lines"]) == charts.svg(SPECS["lines"])
    assert charts.png(charts.svg(SPECS["lines"])) == charts.png(charts.svg(SPECS["lines"]))


def test_png_is_as_large_as_its_scale_says() -> None:
    image = charts.png(charts.svg(SPECS["bars"]), scale=2)
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (960, 420)


def test_the_shipped_font_is_named_first() -> None:
    families = {element.get("font-family") for element in drawn(SPECS["bars"]).iter(f"{SVG}text")}
    assert families == {charts.FALLBACKS}
    assert charts.FALLBACKS.startswith("IBM Plex Sans,")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/data.json", "file:///etc/hostname", "data.csv"])
def test_data_from_outside_is_refused(url: str) -> None:
    layered = {**SPECS["bars"], "layer": [{"data": {"url": url}, "mark": "bar"}]}
    for spec in ({"data": {"url": url}, "mark": "bar"}, layered):
        with pytest.raises(charts.ChartError, match="carries its data itself"):
            charts.svg(spec)


def test_a_specification_vega_lite_refuses_is_one_sentence() -> None:
    with pytest.raises(charts.ChartError, match=r"^This chart cannot be drawn: \S.*$"):
        charts.svg({"data": {"values": []}, "mark": "no such mark"})


def test_months_are_named_with_the_year_under_the_first_and_under_january() -> None:
    shown = texts(SPECS["bars"])
    assert [text for text in shown if text[:3] in {"Nov", "Dec", "Jan", "Feb"}] == [
        "Nov2025",
        "Dec",
        "Jan2026",
        "Feb",
    ]


def test_a_month_without_value_is_a_gap_and_not_zero() -> None:
    spec = charts.bars_by_month([(FIRST, 100), (FIRST + 1, None), (FIRST + 2, 300)], name="Revenue")
    bars = [e for e in drawn(spec).iter(f"{SVG}path") if e.get("aria-roledescription") == "bar"]
    assert len(bars) == 2
    assert "Dec" in texts(spec)
    assert charts.numbers(spec) == (
        ("Month", "Revenue"),
        (("Nov 2025", "$1"), ("Dec 2025", "not tracked"), ("Jan 2026", "$3")),
    )


def test_a_broken_line_is_drawn_in_pieces() -> None:
    spec = charts.line_by_month(
        [(FIRST, 1), (FIRST + 1, 2), (FIRST + 2, None), (FIRST + 3, 4), (FIRST + 4, 5)]
    )
    line = next(e for e in drawn(spec).iter(f"{SVG}path") if e.get("aria-roledescription") == "line mark")
    assert line.attrib["d"].count("M") == 2


def test_target_last_value_and_floor_are_labelled() -> None:
    assert {"Target $2.0k", "$2.1k"} <= set(texts(SPECS["bars"]))
    assert {"Floor $15", "Low $10", "Base $20", "High $30"} <= set(texts(SPECS["band"]))


def test_a_single_scenario_needs_no_name_at_its_end() -> None:
    assert "$1" in texts(charts.scenario_lines({"Closing cash": [(day, 100) for day in WEEKS]}))


def test_names_at_line_ends_do_not_overlap() -> None:
    spec = charts.scenario_lines({name: [(day, 100) for day in WEEKS] for name in ("A", "B", "C")})
    heights = {
        "".join(e.itertext()): float(re.findall(r"translate\([^,]+,([-0-9.]+)\)", e.get("transform", ""))[-1])
        for e in drawn(spec).iter(f"{SVG}text")
        if "".join(e.itertext()) in {"A $1", "B $1", "C $1"}
    }
    ordered = sorted(heights.values())
    assert len(ordered) == 3
    assert all(below - above >= 14 for above, below in pairwise(ordered))


def test_series_differ_by_dash_as_well_as_colour() -> None:
    lines = [e for e in drawn(SPECS["lines"]).iter(f"{SVG}path") if e.get("stroke-dasharray")]
    assert len({line.get("stroke-dasharray") for line in lines}) >= 2


def test_names_are_data_and_never_code() -> None:
    name = "a'];alert(1)//\"</text><script>"
    spec = charts.horizontal_bars([(name, 100), ("</svg>", 50)])
    assert "</svg>" in texts(spec)
    assert charts.numbers(spec)[1][0] == (name, "$1")
    lines = charts.line_by_month({name: YEAR, "b": YEAR})
    assert any(text.startswith("a'];") for text in texts(lines))


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_characters_no_drawing_can_hold_are_replaced(char: str) -> None:
    name = f"bell{char}"
    assert "bell\ufffd" in texts(charts.horizontal_bars([(name, 100)]))
    assert "bell\ufffd" in texts(charts.line_by_month({name: YEAR, "b": YEAR}))
    two = {label: [(day, 100) for day in WEEKS] for label in (name, "b")}
    assert "bell\ufffd $1" in texts(charts.scenario_lines(two))
    written = {"data": {"values": [{"l": name}]}, "mark": "text", "encoding": {"text": {"field": "l"}}}
    assert "bell\ufffd" in texts(written)
    assert charts.draw(Chart("x", name, SPECS["bars"], name)).count("bell\ufffd".encode()) == 3


def test_horizontal_bars_say_what_is_missing() -> None:
    assert {"$50", "not tracked", "−$7"} <= set(texts(SPECS["horizontal"]))


@pytest.mark.parametrize("name", ["no bars", "no line", "no band", "no scenario", "no row"])
def test_a_chart_of_nothing_says_so(name: str) -> None:
    assert "There is no value to draw." in texts(SPECS[name])


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
        (6, Unit.COUNT, "6"),
        (1234, Unit.COUNT, "1,234"),
        (506, Unit.MONTHS, "5.1 months"),
    ],
)
def test_short_values(value: int, unit: Unit, shown: str) -> None:
    assert short(value, unit) == shown
