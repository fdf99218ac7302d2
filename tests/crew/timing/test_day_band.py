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


def crossings(found: list[tuple[int, float, float, float]]) -> int:
    """Count labels that lie on one another or under another's line."""
    wrong = 0
    for (lane, first, last, line), (other_lane, other_first, other_last, other_line) in combinations(
        found, 2
    ):
        if lane == other_lane:
            wrong += first < other_last and other_first < last
        elif lane < other_lane:
            wrong += first < other_line < last
        else:
            wrong += other_first < line < other_last
    return wrong


def test_labels_never_lie_on_one_another_however_close_the_times() -> None:
    dice = random.Random(1)  # noqa: S311  (places, not secrets)
    for _ in range(300):
        start = dice.uniform(5, 30)
        gaps = [dice.choice((0.3, 2, 5, 15)) for _ in range(3)]
        places = [start, start + gaps[0], start + gaps[0] + gaps[1], min(95, start + sum(gaps) + 20)]
        labels = tuple((x, 7.6 * 15 + GAP) for x in places)
        found = boxes(labels, day_band.place(labels))

        assert crossings(found) == 0, labels
        assert all(first >= 0 and last <= WIDTH for _, first, last, _ in found), labels


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
