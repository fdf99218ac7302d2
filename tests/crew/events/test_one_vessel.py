"""One vessel in one place: an event is not opened, and an open one not moved, while another has her."""

import datetime as dt

import pytest

from crew.domain import events
from crew.domain.events import EventRefusedError
from crew.domain.history import SYSTEM
from crew.models import (
    Anchor,
    Event,
    EventState,
)
from tests.crew.events.conftest import Harbor
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    SATURDAY,
    EventFactory,
    VesselFactory,
)

LATER = NOW + dt.timedelta(hours=1)
ON_BOARD = DEPARTS_AT - dt.timedelta(minutes=10)


class TestOneVesselInOnePlace:
    def test_an_event_is_not_opened_while_another_has_her(self, harbor: Harbor) -> None:
        EventFactory(entity=harbor.entity, vessel=harbor.vessel, title="Whale watching")
        event = harbor.event()

        assert "S/V Halcyon is on Whale watching" in events.clash(event=event)
        with pytest.raises(
            EventRefusedError,
            match=r"on Whale watching from 28 Nov 13:30 PST \(crew call\) to 28 Nov 17:00 PST",
        ):
            events.advance(event=event, to=EventState.OPEN, by=harbor.by, at=NOW)
        assert Event.objects.get(pk=event.pk).state == "draft"

    @pytest.mark.parametrize("state", [EventState.DRAFT, EventState.COMPLETED, EventState.CANCELLED])
    def test_one_that_is_a_draft_or_over_does_not_have_her(self, harbor: Harbor, state: EventState) -> None:
        EventFactory(
            vessel=harbor.vessel, state=state, cancel_reason="storm" if state == EventState.CANCELLED else ""
        )

        assert events.advance(event=harbor.event(), to=EventState.OPEN, by=harbor.by, at=NOW).state == "open"

    def test_the_crews_call_counts_and_the_minute_after_the_return_is_free(self, harbor: Harbor) -> None:
        EventFactory(vessel=harbor.vessel)  # 15:00 to 17:00, crew call at 13:30
        before = {"departure": (Anchor.CLOCK, 9 * 60), "mode": "", "crew_call_minutes": 0}

        touching = harbor.event(return_=(Anchor.CLOCK, 13 * 60 + 30), **before)
        overlapping = harbor.event(return_=(Anchor.CLOCK, 13 * 60 + 31), **before)
        after = harbor.event(
            departure=(Anchor.CLOCK, 18 * 60), return_=(Anchor.CLOCK, 20 * 60), crew_call_minutes=60
        )

        assert [bool(events.clash(event=event)) for event in (touching, overlapping, after)] == [
            False,
            True,
            False,
        ]

    def test_an_open_event_is_not_moved_onto_another(self, harbor: Harbor) -> None:
        EventFactory(vessel=harbor.vessel)
        event = harbor.event(on=SATURDAY + dt.timedelta(days=1))
        event = events.advance(event=event, to=EventState.OPEN, by=harbor.by, at=NOW)

        with pytest.raises(EventRefusedError, match="Move one of the two, or take another vessel"):
            events.change(event=event, terms=harbor.terms(), by=harbor.by, at=LATER)
        assert Event.objects.get(pk=event.pk).departs_on == SATURDAY + dt.timedelta(days=1)

    def test_one_is_not_opened_on_a_vessel_it_was_given_in_that_moment(self, harbor: Harbor) -> None:
        harbor.event()
        mine, theirs = Event.objects.get(), Event.objects.get()
        other = VesselFactory(entity=harbor.entity)
        events.change(event=theirs, terms=harbor.terms(vessel=other), by=SYSTEM, at=LATER)

        with pytest.raises(EventRefusedError, match="Somebody changed Sunset sail meanwhile"):
            events.advance(event=mine, to=EventState.OPEN, by=SYSTEM, at=LATER)
        assert Event.objects.get().state == EventState.DRAFT

    def test_another_vessel_is_free(self, harbor: Harbor) -> None:
        EventFactory(vessel=VesselFactory(entity=harbor.entity))

        assert events.clash(event=harbor.event()) == ""
