"""What an event may be: the limits of the law by date and vessel, and terms that contradict themselves."""

import datetime as dt

import pytest

from crew.domain import events, timing
from crew.domain.events import EventRefusedError, NoLimitError
from crew.models import Anchor, Event, Mode
from tests.crew.events.conftest import Harbor
from tests.factories.crew import SATURDAY, OperatingLimitFactory, PortFactory, VesselFactory
from tests.factories.portfolio import ChannelFactory


class TestTheLegalLimit:
    def test_it_is_the_latest_row_in_force_on_the_day(self, harbor: Harbor) -> None:
        OperatingLimitFactory(passengers=5, from_on=SATURDAY, source="A later rule")
        OperatingLimitFactory(passengers=4, from_on=SATURDAY + dt.timedelta(days=1), source="Tomorrow's rule")

        before, on = (
            events.legal_limit(mode=Mode.UPV_6, vessel=harbor.vessel, on=day)
            for day in (SATURDAY - dt.timedelta(days=1), SATURDAY)
        )

        assert (before.passengers, on.passengers, on.source) == (6, 5, "A later rule")

    def test_a_certificate_holds_for_its_own_vessel_alone(self, harbor: Harbor) -> None:
        OperatingLimitFactory(
            mode=Mode.INSPECTED_COI, vessel=harbor.vessel, passengers=38, source="COI 2026-17"
        )
        other = VesselFactory(entity=harbor.entity)

        assert events.legal_limit(mode=Mode.INSPECTED_COI, vessel=harbor.vessel, on=SATURDAY).passengers == 38
        with pytest.raises(NoLimitError, match=f"No operating limit is on record for {other}"):
            events.legal_limit(mode=Mode.INSPECTED_COI, vessel=other, on=SATURDAY)

    def test_a_vessels_own_row_counts_before_the_general_one(self, harbor: Harbor) -> None:
        OperatingLimitFactory(vessel=harbor.vessel, passengers=3, from_on=dt.date(1999, 1, 1))

        assert events.legal_limit(mode=Mode.UPV_6, vessel=harbor.vessel, on=SATURDAY).passengers == 3

    def test_a_day_before_any_row_has_none(self, harbor: Harbor) -> None:
        with pytest.raises(NoLimitError, match="Add it, with its source"):
            events.legal_limit(mode=Mode.UPV_6, vessel=harbor.vessel, on=dt.date(1999, 12, 31))

    def test_it_is_copied_to_the_event_with_its_source(self, harbor: Harbor) -> None:
        event = harbor.event(capacity=4)

        assert (event.legal_limit, event.capacity) == (6, 4)
        assert event.legal_source == "46 USC 2101, uninspected passenger vessel"

    def test_an_event_ashore_has_none(self, harbor: Harbor) -> None:
        event = harbor.event(mode="", vessel=None, venue="The Casbah", capacity=120)

        assert (event.legal_limit, event.legal_source, event.capacity) == (None, "", 120)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"capacity": 7}, "At most 6 passengers may be aboard: 46 USC 2101, .* Lower the capacity to 6."),
        ({"capacity": -1}, "number from 0 to 10,000"),
        ({"mode": Mode.INSPECTED_COI}, "No operating limit is on record for S/V Halcyon"),
        ({"vessel": None, "venue": "The Casbah"}, "needs a vessel"),
        ({"vessel": None, "mode": ""}, "choose a vessel or write a venue"),
        ({"title": "   "}, "The title is empty"),
        ({"title": "x" * 161}, "at most 160 fit"),
        ({"title": "a\x00b"}, r"U\+0000"),
        ({"title": "a\nb"}, r"U\+000A"),
        ({"client_name": "Ada\u2028Lane"}, r"U\+2028"),
        ({"stops": ("Coronado", " ")}, "none of them empty"),
        ({"stops": tuple("abcdefghijklmnopqrstu")}, "at most 20 stops"),
        ({"notes_crew": "x" * 5_001}, "at most 5,000 characters"),
        ({"notes_staff": "\x00"}, "NUL"),
        ({"price_minor": -1}, "never below zero"),
        ({"crew_call_minutes": 1_441}, "0 to 1440 minutes"),
        ({"boarding_minutes": -1}, "0 to 1440 minutes"),
        ({"on": dt.date(1999, 12, 31)}, "too far away"),
        ({"on": dt.date(2100, 1, 1)}, "too far away"),
    ],
    ids=str,
)
def test_odd_terms_are_refused_in_a_sentence(
    harbor: Harbor, changed: dict[str, object], sentence: str
) -> None:
    with pytest.raises(EventRefusedError, match=sentence):
        harbor.event(**changed)
    assert not Event.objects.exists()


def test_another_entitys_vessel_and_channel_are_refused(harbor: Harbor) -> None:
    with pytest.raises(EventRefusedError, match="is no vessel of Queen of San Diego"):
        harbor.event(vessel=VesselFactory())
    with pytest.raises(EventRefusedError, match="is no channel of Queen of San Diego"):
        harbor.event(channel=ChannelFactory())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        # Clocks go from 02:00 to 03:00 on that Sunday.
        ({"on": dt.date(2026, 3, 8), "departure": (Anchor.CLOCK, 150)}, "does not exist at Shelter Island"),
        ({"return_": (Anchor.SUNRISE, 0)}, "not after the departure"),
    ],
    ids=str,
)
def test_times_that_mean_no_instants_are_refused_in_a_sentence(
    harbor: Harbor, changed: dict[str, object], sentence: str
) -> None:
    with pytest.raises(timing.TimingError, match=sentence):
        harbor.event(**changed)


def test_a_port_without_a_sunset_that_day_asks_for_a_clock_time(harbor: Harbor) -> None:
    tromso = PortFactory(name="Tromsø", latitude=69.65, longitude=18.96, zone="Europe/Oslo")

    with pytest.raises(timing.TimingError, match="There is no sunset at Tromsø on 21 June 2026"):
        harbor.event(port=tromso, on=dt.date(2026, 6, 21))


def test_a_port_whose_zone_is_none_is_refused(harbor: Harbor) -> None:
    with pytest.raises(timing.TimingError, match="time zone of Nowhere"):
        harbor.event(port=PortFactory(name="Nowhere", zone="../etc/passwd"))


def test_terms_of_an_event_are_those_it_was_made_of(harbor: Harbor) -> None:
    terms = harbor.terms(
        title="Anniversary sail",
        stops=("Coronado", "Point Loma"),
        end_port=PortFactory(name="Oceanside"),
        price_minor=120_000,
        gate_code="4711#",
        notes_guests="Bring a jacket.",
        return_=(Anchor.CLOCK, 20 * 60),
    )
    event = events.create(template=harbor.template, terms=terms, by=harbor.by, at=dt.datetime.now(dt.UTC))

    assert events.terms_of(Event.objects.get(pk=event.pk)) == terms
