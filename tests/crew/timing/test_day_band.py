"""The band of the day: no style, no label on another, everything inside, and the same facts in words."""

import datetime as dt
import random
import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from crew.domain import day_band
from crew.domain.day_band import GAP, WIDTH, Spot
from tests.crew.timing.test_panel import CAPTAIN, GUEST, panel, sail

pytestmark = pytest.mark.django_db


def boxes(
    labels: tuple[tuple[float, float], ...], spots: tuple[Spot, ...]
) -> list[tuple[int, float, float, float]]:
    found = []
    for (x, width), spot in zip(labels, spots, strict=True):
        line = x / 100 * WIDTH
        ends = (line + GAP, line + width) if spot.anchor == "start" else (line - width, line - GAP)
        found.append((spot.lane, *ends, line))
    return found


Box = tuple[int, float, float, float]


def overlaps(found: list[Box]) -> int:
    """Count labels that lie on one another."""
    return sum(
        lane == other_lane and first < other_last and other_first < last
        for (lane, first, last, _), (other_lane, other_first, other_last, _) in combinations(found, 2)
    )


def crossings(found: list[Box]) -> int:
    """Count labels that another's line passes behind."""
    return sum(
        lane != far and first < line < last
        for lane, first, last, _ in found
        for far, _, _, line in found
        if far > lane
    )


def test_labels_never_lie_on_one_another_however_close_the_times() -> None:
    dice = random.Random(1)  # noqa: S311  (places, not secrets)
    crossed = 0
    for _ in range(300):
        call, boarding, length = dice.randint(30, 180), dice.randint(5, 45), dice.randint(60, 480)
        whole = call + length + 120
        minutes = (30, 30 + call - boarding, 30 + call, 30 + call + length, dice.randint(0, whole))
        labels = tuple(
            (round(at / whole * 100, 2), letters * day_band.LETTER + GAP)
            for at, letters in zip(minutes, (15, 14, 15, 12, 9), strict=True)
        )
        spots = day_band.place(labels)
        found = boxes(labels, spots)

        assert overlaps(found) == 0, labels
        assert all(first >= 0 and last <= WIDTH for _, first, last, _ in found), labels
        if crossings(found):
            # Only where nothing else is possible; the letters then have a rim that hides the line.
            crossed += 1
            assert [spot.lane for spot in spots] == [0, 1, 2, 3, 4]
    assert crossed <= 30


def test_labels_far_apart_share_one_lane() -> None:
    assert {spot.lane for spot in day_band.place(((5, 100), (60, 100)))} == {0}


def test_labels_that_cannot_be_kept_apart_have_a_lane_each() -> None:
    spots = day_band.place(((40, 300), (60, 300)))

    assert [spot.lane for spot in spots] == [0, 1]


def test_the_drawing_is_sound_and_styled_by_classes_alone() -> None:
    event = sail(return_=("sunset", 60))
    for standing in (CAPTAIN, GUEST):
        for hours in (-300, -20, -1, 1):
            band = panel(event, standing, event.departs_at + dt.timedelta(hours=hours)).band
            drawing = ET.fromstring(band)  # noqa: S314  (our own drawing)
            assert "style" not in band
            assert not re.search(r"#[0-9a-f]{3,6}\b", band)
            assert drawing.get("role") == "img"
            for node in drawing.iter():
                for name in ("x", "x1", "x2", "width"):
                    value = node.get(name)
                    assert value is None or 0 <= float(value.rstrip("%")) <= 100


def test_the_picture_says_in_words_what_it_shows() -> None:
    drawing = ET.fromstring(panel(sail()).band)  # noqa: S314  (our own drawing)
    label = drawing.get("aria-label") or ""

    for words in (
        "crew call 13:12",
        "boarding 14:22",
        "departure 14:42",
        "return 16:12",
        "30 min of sun are left",
    ):
        assert words in label


def test_now_stands_on_the_band_only_while_it_is_there() -> None:
    event = sail()

    assert "Now 14:12" in panel(event, at=event.departs_at - dt.timedelta(minutes=30)).band
    assert "Now" not in panel(event, at=event.departs_at - dt.timedelta(days=1)).band
    assert "Now" not in panel(event, at=event.returns_at + dt.timedelta(days=1)).band


def test_the_sky_darkens_in_order() -> None:
    kinds = re.findall(r"sky--(\w+)", panel(sail(return_=("sunset", 60))).band)

    assert kinds == ["day", "golden", "civil", "nautical", "night"]


def test_a_passage_of_days_is_drawn_by_its_first_day() -> None:
    band = panel(sail(departure=("clock", 600), return_=("clock", 5 * 1440 + 720))).band

    assert "Return 3 Dec 12:00" in band
    assert ET.fromstring(band) is not None  # noqa: S314  (our own drawing)


def test_a_text_with_markup_stays_text() -> None:
    event = sail()
    event.port.name = '<script>"&'

    assert "<script>" not in panel(event).band
