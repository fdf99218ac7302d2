"""Moves that are said on purpose, and the way back from one said by mistake."""

import datetime as dt
from typing import Any

import pytest

from core.models import AuditEvent
from crew.domain import events, timing
from crew.domain.events import EventRefusedError, UnusualMoveError
from crew.models import ChecklistItem, Event, EventState
from tests.crew.events.conftest import Harbor
from tests.factories.crew import NOW, SATURDAY, EventFactory, GuestFactory, PositionFactory

LATER = NOW + dt.timedelta(hours=1)


def noted(event: Event) -> dict[str, Any]:
    """Return what the trail keeps of the departure."""
    return AuditEvent.objects.get(scope=f"event:{event.key}", action="crew:event:underway").data


class TestSaidOnPurpose:
    def test_leaving_before_crew_call_or_with_held_guests_is_said_on_purpose(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.CONFIRMED)
        ChecklistItem.objects.update(critical=False)
        GuestFactory.create_batch(2, event=event)
        event.refresh_from_db()
        before = timing.crew_call_at(event) - dt.timedelta(hours=31)

        with pytest.raises(UnusualMoveError, match=r"Crew call is in 31 h, at .* 2 guests are held"):
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=before)
        assert Event.objects.get().state == "confirmed"

        events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=before, early=True)
        said = noted(event)["said_on_purpose"]
        assert said.startswith("Crew call is in 31 h")
        assert "2 guests are held" in said

    def test_from_crew_call_on_with_everybody_cleared_nothing_is_asked(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.CONFIRMED)
        ChecklistItem.objects.update(critical=False)
        GuestFactory(event=event, state="cleared", cleared_how="Paper waiver seen")
        GuestFactory(event=event, state="removed")
        event.refresh_from_db()

        events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=timing.crew_call_at(event))
        assert "said_on_purpose" not in noted(event)

    def test_being_back_before_departure_is_said_on_purpose(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.UNDERWAY)
        event.refresh_from_db()

        with pytest.raises(UnusualMoveError, match="Its departure is in 1 h, .* cannot be back yet"):
            events.advance(
                event=event,
                to=EventState.COMPLETED,
                by=harbor.by,
                at=event.departs_at - dt.timedelta(hours=1),
            )
        assert (
            events.advance(event=event, to=EventState.COMPLETED, by=harbor.by, at=event.departs_at).state
            == "completed"
        )


class TestTheWayBack:
    def test_a_completed_event_is_taken_back_only_while_nothing_of_it_is_paid(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.COMPLETED)
        event.refresh_from_db()
        PositionFactory(event=event, holder=harbor.admin, state="confirmed", paid_on=SATURDAY)

        with pytest.raises(EventRefusedError, match="A position of it is marked as paid"):
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=LATER)
        assert Event.objects.get().state == "completed"

    def test_a_completed_event_does_not_come_back_onto_a_vessel_that_is_elsewhere(
        self, harbor: Harbor
    ) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.COMPLETED)
        event.refresh_from_db()
        EventFactory(entity=harbor.entity, vessel=harbor.vessel, title="Whale watching")

        with pytest.raises(EventRefusedError, match="is on Whale watching"):
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=LATER)
