"""The palette: readable by day and by night, and the same in the stylesheet, the document and the charts."""

import re
from itertools import product
from pathlib import Path

import pytest

from reports.render.chart_forms import sheet

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (ROOT / "static/css/tokens.css").read_text()
DESIGN = (ROOT / "docs/design.md").read_text()

GROUNDS = ("paper", "surface", "sunk", "raised")
TEXTS = ("ink", "ink-soft", "ink-faint", "link", "link-hover")
MEANINGS = ("good", "watch", "bad", "high", "info", "note")


def _values(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css))


_day, _night = TOKENS.split("@media (prefers-color-scheme: dark)", 1)
DAY = _values(_day)
NIGHT = {**DAY, **_values(_night)}
SCHEMES = {"day": DAY, "night": NIGHT}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), list(product(TEXTS, GROUNDS)))
def test_text_reads_on_every_ground(scheme: str, text: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("meaning", "ground"), list(product(MEANINGS, ("wash", "paper", "surface", "raised")))
)
def test_a_meaning_reads_on_its_wash_and_on_every_surface(scheme: str, meaning: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    behind = colours[f"{meaning}-wash" if ground == "wash" else ground]
    assert _contrast(colours[f"{meaning}-ink"], behind) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ink_reads_on_every_wash(scheme: str) -> None:
    colours = SCHEMES[scheme]
    assert min(_contrast(colours["ink"], colours[f"{meaning}-wash"]) for meaning in MEANINGS) >= 7


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("on-action", "action"),
        ("on-action", "action-hover"),
        ("on-hull", "hull-raised"),
        ("on-hull-soft", "hull"),
    ],
)
def test_buttons_and_navigation_read(scheme: str, text: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["paper", "surface", "raised"])
def test_borders_of_controls_and_focus_can_be_seen(scheme: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    assert _contrast(colours["line-strong"], colours[ground]) >= 3
    assert _contrast(colours["focus"], colours[ground]) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("series", range(1, 7))
def test_every_chart_series_stands_out_from_its_plate(scheme: str, series: int) -> None:
    colours = SCHEMES[scheme]
    assert _contrast(colours[f"chart-{series}"], colours["chart-plate"]) >= 3


def test_charts_are_drawn_in_the_palette_of_the_stylesheet() -> None:
    for drawn, colours in ((sheet.DAY, DAY), (sheet.NIGHT, NIGHT)):
        assert len(set(drawn.values())) == len(drawn)
        assert drawn == {name: colours["bad-flag" if name == "bad" else f"chart-{name}"] for name in drawn}


@pytest.mark.parametrize("palette", [sheet.DAY, sheet.NIGHT])
def test_marks_of_charts_can_be_seen_and_their_words_be_read(palette: dict[str, str]) -> None:
    for mark in ("before", "bad", "ink"):
        assert _contrast(palette[mark], palette["plate"]) >= 3
    for words, ground in product(("text", "ink"), ("plate", "wash")):
        assert _contrast(palette[words], palette[ground]) >= 4.5
    # The line of the year before runs through the wash below this year's.
    for mark in ("1", "before"):
        assert _contrast(palette[mark], palette["wash"]) >= 3


def test_the_document_names_only_colours_of_the_stylesheet() -> None:
    named = set(re.findall(r"#[0-9a-f]{6}\b", DESIGN))
    assert named - set(DAY.values()) - set(NIGHT.values()) == set()


def test_only_the_tokens_hold_colours() -> None:
    strays = {
        (sheet.name, colour)
        for sheet in (ROOT / "static/css").glob("*.css")
        if sheet.name not in {"tokens.css", "print.css"}
        for line in sheet.read_text().splitlines()
        if "=" not in line  # the chart colours at night are looked up by attribute value
        for colour in re.findall(r"#[0-9a-f]{3,8}\b(?=[;, )])", line)
    }
    assert strays == set()
