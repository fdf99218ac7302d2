"""Nights, rates and what is ahead of a rental, over records made for it, and where there are none."""

import datetime as dt

import pytest

from core import months
from portfolio.models import BookingStage, Entity, NightRate
from reports.document import Badge, Chart, Table
from reports.lenses import LENSES
from reports.metrics import Desk, Facts
from reports.metrics import rental_calendar as nights
from reports.render import charts
from reports.render.chart_specs.strip import Strip, calendar_strip
from tests.factories.portfolio import EntityFactory
from tests.factories.rental import (
    BlockedNightsFactory,
    RentalFactory,
    StayFactory,
)
from tests.reports.sample_case import AS_OF, OCTOBER

SLUG = "rental-3028"


def desk_of(entity: Entity, as_of: dt.date = AS_OF) -> Desk:
    return Desk(Facts(as_of=as_of, entity_id=entity.pk), month=months.month_of(as_of))


@pytest.mark.django_db
class TestNothingKnown:
    def test_without_a_rental_every_section_says_so(self) -> None:
        EntityFactory(slug="qos")
        draft = LENSES[SLUG](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert draft.head.entities == "No entities"
        assert {entry.value for entry in draft.figures.values() if entry.metric == "adr"} == {None}
        assert len(draft.sections) == 10
        assert draft.findings == ()

    def test_a_rental_without_records_has_no_zero_where_nothing_is_tracked(self) -> None:
        entity = RentalFactory(slug=SLUG)
        draft = LENSES[SLUG](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        unknown = {
            entry.metric: entry.missing
            for entry in draft.figures.values()
            if entry.metric != "own" and not entry.metric.startswith("target")
        }
        assert all(unknown.values()), unknown
        slices = [entry for key, entry in draft.figures.items() if key.startswith(("ahead.", "rental."))]
        assert [entry.key for entry in slices if entry.value is not None] == []
        assert len(slices) == 3 * 5 + 3
        assert unknown["adr"] == "not tracked: no stay or blocked night is recorded"
        assert unknown["noi"] == "not tracked: its books have no entries"
        assert unknown["sla_hit_rate"] == "not tracked: no maintenance ticket is recorded"
        assert [block.empty for section in draft.sections for block in section.blocks
                if isinstance(block, Table) and not block.rows] != []  # fmt: skip
        assert desk_of(entity).get("nights_ahead").value is None


@pytest.mark.django_db
class TestNights:
    def test_a_stay_that_crosses_a_month_is_split_to_the_cent(self) -> None:
        stay = StayFactory(
            check_in=dt.date(2026, 9, 29), check_out=dt.date(2026, 10, 2), booking__price_minor=100_00,
        )  # fmt: skip
        desk = desk_of(stay.booking.entity)
        found = [
            (desk.get("sold_nights", None, month).value, desk.get("stay_revenue", None, month).value)
            for month in (OCTOBER - 1, OCTOBER)
        ]
        assert found == [(2, 66_67), (1, 33_33)]

    def test_a_night_sold_twice_or_while_blocked_counts_once(self) -> None:
        first = StayFactory(check_in=dt.date(2026, 10, 1), check_out=dt.date(2026, 10, 5))
        entity = first.booking.entity
        StayFactory(booking__entity=entity, check_in=dt.date(2026, 10, 4), check_out=dt.date(2026, 10, 6))
        BlockedNightsFactory(entity=entity, first_on=dt.date(2026, 10, 5), last_on=dt.date(2026, 10, 7))
        desk = desk_of(entity)
        assert [desk.get(key, None, OCTOBER).value for key in ("sold_nights", "blocked_nights")] == [5, 2]
        assert [night.day for *_, night in nights.of(desk.facts).clashes] == [4, 5]

    def test_what_was_called_off_later_still_stood_before(self) -> None:
        stay = StayFactory(
            booking__stage=BookingStage.CANCELLED, booking__ended_on=dt.date(2026, 11, 5),
            booking__booked_on=dt.date(2026, 10, 1),
        )  # fmt: skip
        entity = stay.booking.entity
        assert desk_of(entity, dt.date(2026, 11, 4)).get("nights_ahead").value == 4
        assert desk_of(entity, dt.date(2026, 9, 30)).get("nights_ahead").missing.startswith("not tracked")
        assert [row.called_off_on for row in nights.of(desk_of(entity).facts).stays] == [dt.date(2026, 11, 5)]

    def test_last_year_s_books_are_unknown_where_a_stay_does_not_say_when_it_was_booked(self) -> None:
        stay = StayFactory(check_in=dt.date(2025, 12, 1), check_out=dt.date(2025, 12, 4))
        then = desk_of(stay.booking.entity).get("nights_last_year_then")
        assert then.missing == "not known: 1 stay of last year does not say when it was booked"

    def test_open_nights_are_priced_by_the_rate_card(self) -> None:
        stay = StayFactory()
        NightRate.objects.create(
            entity=stay.booking.entity, first_on=dt.date(2026, 11, 19), last_on=dt.date(2026, 11, 25),
            night_minor=200_00, source="Owner",
        )  # fmt: skip
        worth = desk_of(stay.booking.entity).get("open_value_ahead")
        assert (worth.value, worth.badge) == (3 * 200_00, Badge.ENTERED)


@pytest.mark.once
def test_the_strip_tells_its_nights_apart_by_shape_and_says_them_as_numbers() -> None:
    strip = Strip(OCTOBER, {1: "Sold", 2: "Blocked", 3: "Open", 4: "Open"})
    spec = calendar_strip([strip])
    assert charts.numbers(spec) == (("Month", "Sold", "Blocked", "Open"), (("Oct 2026", "1", "1", "2"),))
    assert spec.nights == ("SBOO" + " " * 27,)
    drawn = charts.draw(Chart("strip", "Calendar", spec, "October: 1 sold.")).decode()
    assert "Blocked" in drawn
    # A legend's sample and a night: a full mark for the sold one, a low one for the blocked one, two dots.
    assert drawn.count("v18") == 1
    assert drawn.count('height="8"') == 2
    assert drawn.count("h3v2") == 2
