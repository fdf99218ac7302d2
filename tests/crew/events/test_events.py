"""Events made from a template, changed, moved on and cancelled: what follows in the same transaction, and who is told."""

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.models import AuditEvent
from crew.domain import events, guests
from crew.domain.events import MOVES, EventRefusedError
from crew.domain.history import SYSTEM
from crew.models import (
    Anchor,
    ChecklistItem,
    Event,
    EventState,
    GuestState,
    Mode,
    Position,
    PositionState,
    Role,
)
from mail.domain import suppression
from mail.models import Message, Reason, Scope
from tests.crew.events.conftest import Harbor
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    RETURNS_AT,
    SATURDAY,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    GuestFactory,
    OperatingLimitFactory,
    PortFactory,
    PositionFactory,
    role_on,
)
from tests.factories.people import PersonFactory

LATER = NOW + dt.timedelta(hours=1)
ON_BOARD = DEPARTS_AT - dt.timedelta(minutes=10)


def trail(event: Event) -> list[str]:
    return list(
        AuditEvent.objects.filter(scope=f"event:{event.key}").order_by("id").values_list("action", flat=True)
    )


def last(event: Event, action: str) -> AuditEvent:
    return AuditEvent.objects.filter(scope=f"event:{event.key}", action=action).latest("id")


def told() -> list[str]:
    return sorted(Message.objects.filter(composer="crew.notice").values_list("to_address", flat=True))


class TestCreate:
    def test_it_begins_as_a_draft_with_its_positions_and_checklists(self, harbor: Harbor) -> None:
        event = harbor.event()

        assert (event.state, event.kind, event.template) == ("draft", "sunset_sail", harbor.template)
        # Sunset at San Diego on that day is 16:43: out two hours before it, back half an hour before it.
        assert (event.departs_at, event.returns_at) == (
            dt.datetime(2026, 11, 28, 22, 42, tzinfo=dt.UTC),
            dt.datetime(2026, 11, 29, 0, 12, tzinfo=dt.UTC),
        )
        assert [position.station for position in event.positions.all()] == ["captain", "deckhand", "deckhand"]
        assert [(item.text, item.due_at) for item in event.items.order_by("sort", "id")] == [
            ("Engine oil", event.departs_at - dt.timedelta(hours=1)),
            ("Flag up", event.departs_at),
        ]
        assert trail(event)[0] == "crew:event:create"
        assert last(event, "crew:event:create").actor == harbor.admin

    def test_its_key_is_eight_signs_that_nobody_mistakes(self, harbor: Harbor) -> None:
        keys = [harbor.event().key for _ in range(20)]

        assert len(set(keys)) == 20
        assert {len(key) for key in keys} == {8}
        assert not set("".join(keys)) - set("23456789bcdfghjkmnpqrstvwxz")

    def test_a_bareboat_charter_has_no_positions(self, harbor: Harbor) -> None:
        OperatingLimitFactory(mode=Mode.BAREBOAT_12, passengers=12, source="46 USC 2101(25)")

        event = harbor.event(mode=Mode.BAREBOAT_12, capacity=12)

        assert (event.positions.count(), event.items.count(), event.legal_limit) == (0, 2, 12)

    def test_what_fails_leaves_nothing_behind(self, harbor: Harbor, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(**_: object) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr("crew.domain.checklists.instantiate", broken)

        with pytest.raises(RuntimeError):
            harbor.event()
        assert (Event.objects.count(), Position.objects.count(), AuditEvent.objects.count()) == (0, 0, 0)


class TestChange:
    def test_a_moved_date_moves_the_sun_the_checklist_and_the_limit(self, harbor: Harbor) -> None:
        OperatingLimitFactory(passengers=5, from_on=dt.date(2027, 1, 1), source="A rule of 2027")
        event = harbor.event(capacity=4)
        june = dt.date(2027, 6, 19)

        moved = events.change(event=event, terms=harbor.terms(on=june, capacity=4), by=harbor.by, at=LATER)

        # Sunset is at 19:59 that day, daylight saving time.
        assert moved.departs_at == dt.datetime(2027, 6, 20, 0, 59, tzinfo=dt.UTC)
        assert (moved.departs_on, moved.legal_limit, moved.legal_source) == (june, 5, "A rule of 2027")
        assert ChecklistItem.objects.get(text="Engine oil").due_at == moved.departs_at - dt.timedelta(hours=1)

    def test_a_holder_whose_day_is_taken_now_is_held(self, harbor: Harbor) -> None:
        mate = PersonFactory(name="Mo Mate")
        event = harbor.event()
        events.advance(event=event, to=EventState.OPEN, by=harbor.by, at=NOW)
        deckhand = event.positions.filter(station="deckhand")[0]
        Position.objects.filter(pk=deckhand.pk).update(state=PositionState.CLAIMED, holder=mate)
        elsewhere = EventFactory(
            departs_on=SATURDAY + dt.timedelta(days=1),
            departs_at=DEPARTS_AT + dt.timedelta(days=1),
            returns_at=RETURNS_AT + dt.timedelta(days=1),
        )
        PositionFactory(event=elsewhere, holder=mate, state=PositionState.CONFIRMED)

        terms = harbor.terms(on=SATURDAY + dt.timedelta(days=1))
        events.change(event=Event.objects.get(pk=event.pk), terms=terms, by=harbor.by, at=LATER)

        deckhand.refresh_from_db()
        assert deckhand.state == PositionState.HELD
        assert deckhand.hold_reason

    def test_everybody_on_it_is_told_of_a_move_once(self, harbor: Harbor) -> None:
        event = harbor.event()
        captain = role_on(event, Role.CAPTAIN, email="cap@example.com")
        EventGrantFactory(event=event, person=captain, role=Role.CREW)
        role_on(event, Role.CREW, email="gone@example.com", is_active=False)
        EventGrantFactory(
            event=event, role=Role.CREW, person__email="old@example.com", revoked_at=NOW, granted_at=NOW
        )
        GuestFactory(event=event, email="Gina@example.com")
        GuestFactory(event=event, email="CAP@example.com")
        GuestFactory(event=event, email="removed@example.com", state=GuestState.REMOVED)
        GuestFactory(event=event)

        events.change(event=event, terms=harbor.terms(departure=(Anchor.SUNSET, -90)), by=harbor.by, at=LATER)

        assert told() == ["Gina@example.com", "cap@example.com"]

    def test_a_move_tells_workers_of_the_crew_call_and_guests_of_boarding(self, harbor: Harbor) -> None:
        event = harbor.event()
        role_on(event, Role.CREW, email="crew@example.com")
        role_on(event, Role.GUEST, email="guest@example.com")

        events.change(
            event=event,
            terms=harbor.terms(departure=(Anchor.CLOCK, 14 * 60), return_=(Anchor.CLOCK, 16 * 60)),
            by=harbor.by,
            at=LATER,
        )

        said = {
            message.to_address: " ".join(message.payload["paragraphs"]) for message in Message.objects.all()
        }
        for words in said.values():
            assert "It leaves on Saturday 28 November 2026 at 14:00 PST and returns" in words
            assert "Boarding is from 13:40 PST." in words
            assert "Before, it left Shelter Island on Saturday 28 November 2026 at 14:42 PST." in words
        assert "Crew call is at 12:30 PST on Saturday." in said["crew@example.com"]
        assert "Crew call" not in said["guest@example.com"]
        assert last(event, "crew:event:change").data["told"] == 2

    def test_a_crew_call_that_moves_alone_is_told_to_those_who_work_it(self, harbor: Harbor) -> None:
        event = harbor.event()
        role_on(event, Role.CAPTAIN, email="cap@example.com")
        role_on(event, Role.GUEST, email="guest@example.com")
        GuestFactory(event=event, email="companion@example.com")

        events.change(event=event, terms=harbor.terms(crew_call_minutes=120), by=harbor.by, at=LATER)

        assert told() == ["cap@example.com"]
        assert Message.objects.get().subject == "Crew call moved: Sunset sail, Saturday 28 November 2026"

    def test_nobody_is_told_of_a_note(self, harbor: Harbor) -> None:
        event = harbor.event()
        role_on(event, Role.CAPTAIN)

        events.change(event=event, terms=harbor.terms(notes_crew="Bring boots."), by=harbor.by, at=LATER)

        assert told() == []
        assert Event.objects.get().notes_crew == "Bring boots."

    def test_the_trail_says_what_changed_and_holds_no_gate_code(self, harbor: Harbor) -> None:
        event = harbor.event()
        terms = harbor.terms(
            title="Anniversary",
            gate_code="4711#",
            price_minor=90_000,
            port=PortFactory(name="Oceanside"),
            stops=("Coronado",),
        )

        events.change(event=event, terms=terms, by=harbor.by, at=LATER)

        data = last(event, "crew:event:change").data
        assert data["title"] == ["Sunset sail", "Anniversary"]
        assert data["port"] == ["Shelter Island", "Oceanside"]
        assert data["price_minor"] == [0, 90_000]
        assert data["stops"] == ["", "Coronado"]
        assert data["gate_code"] == "changed"
        assert "4711" not in str(AuditEvent.objects.filter(scope=f"event:{event.key}").values_list("data"))

    def test_nothing_changed_is_not_noted(self, harbor: Harbor) -> None:
        event = harbor.event()
        before = trail(event)

        events.change(event=event, terms=harbor.terms(), by=harbor.by, at=LATER)

        assert trail(event) == before

    @pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.CANCELLED])
    def test_what_is_over_stays_as_it_was(self, harbor: Harbor, state: EventState) -> None:
        event = harbor.event()
        Event.objects.filter(pk=event.pk).update(
            state=state, cancel_reason="storm" if state == EventState.CANCELLED else ""
        )

        with pytest.raises(EventRefusedError, match="it stays as it was"):
            events.change(
                event=Event.objects.get(pk=event.pk), terms=harbor.terms(title="New"), by=SYSTEM, at=LATER
            )

    def test_two_who_change_the_same_thing_at_once_do_not_undo_each_other(self, harbor: Harbor) -> None:
        harbor.event()
        mine, theirs = Event.objects.get(), Event.objects.get()
        events.change(event=theirs, terms=harbor.terms(title="Theirs"), by=SYSTEM, at=LATER)

        with pytest.raises(EventRefusedError, match="Somebody changed Sunset sail meanwhile"):
            events.change(event=mine, terms=harbor.terms(title="Mine"), by=SYSTEM, at=LATER)
        assert Event.objects.get().title == "Theirs"

    def test_a_sunset_is_never_that_of_a_port_the_event_just_left(self, harbor: Harbor) -> None:
        clock: dict[str, Any] = {"departure": (Anchor.CLOCK, 15 * 60), "return_": (Anchor.CLOCK, 17 * 60)}
        harbor.event(**clock)
        mine, theirs = Event.objects.get(), Event.objects.get()
        north = PortFactory(name="Seattle", latitude=47.6)
        events.change(event=theirs, terms=harbor.terms(port=north, **clock), by=SYSTEM, at=LATER)

        with pytest.raises(EventRefusedError, match="Somebody changed Sunset sail meanwhile"):
            events.change(
                event=mine, terms=harbor.terms(return_=clock["return_"]), by=SYSTEM, at=LATER, shown=None
            )
        assert Event.objects.get().departure_anchor == Anchor.CLOCK

    def test_papers_are_asked_for_the_day_at_the_port_where_it_now_ends(self, harbor: Harbor) -> None:
        event = harbor.event(departure=(Anchor.CLOCK, 15 * 60), return_=(Anchor.CLOCK, 23 * 60 + 30))
        events.advance(event=event, to=EventState.OPEN, by=SYSTEM, at=NOW)
        event = Event.objects.get()
        ana = role_on(event, Role.CREW)
        CredentialFactory(person=ana, kind="medical", expires_on=SATURDAY)
        held = PositionFactory(event=event, holder=ana, requires=["medical"])
        # An hour further east the same instant is the next day's.
        terms = harbor.terms(
            departure=(Anchor.CLOCK, 15 * 60),
            return_=(Anchor.CLOCK, 24 * 60 + 30),
            end_port=PortFactory(zone="America/Denver"),
        )

        now = events.change(event=event, terms=terms, by=SYSTEM, at=LATER)

        assert now.returns_at == event.returns_at
        held.refresh_from_db()
        assert "before the return on 29 Nov 2026" in held.hold_reason

    def test_a_capacity_below_the_guests_aboard_is_refused(self, harbor: Harbor) -> None:
        event = harbor.event()
        for name in ("Ada", "Bo", "Cy"):
            guests.add(event=event, name=name, email="", by=harbor.by, at=NOW)

        with pytest.raises(EventRefusedError, match="3 guests are on it, more than a capacity of 2"):
            events.change(event=event, terms=harbor.terms(capacity=2), by=harbor.by, at=LATER)
        assert Event.objects.get().capacity == 6

    def test_a_crewed_event_does_not_become_a_bareboat_charter(self, harbor: Harbor) -> None:
        OperatingLimitFactory(mode=Mode.BAREBOAT_12, passengers=12)
        event = harbor.event()

        with pytest.raises(EventRefusedError, match="crewed by its charterer.* has 3 positions"):
            events.change(event=event, terms=harbor.terms(mode=Mode.BAREBOAT_12), by=harbor.by, at=LATER)
        assert Event.objects.get().mode == Mode.UPV_6

    def test_the_guards_hold_for_a_bare_update_too(self, harbor: Harbor) -> None:
        event = harbor.event()
        GuestFactory(event=event)
        rows = Event.objects.filter(pk=event.pk)

        for change in ({"mode": Mode.BAREBOAT_12}, {"capacity": 0}, {"capacity": 7}):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)


class TestMoves:
    @pytest.mark.parametrize(("start", "to"), list(itertools.product(EventState, EventState)), ids=str)
    def test_only_the_moves_of_the_table_are_made(
        self, harbor: Harbor, start: EventState, to: EventState
    ) -> None:
        event = harbor.event()
        ChecklistItem.objects.filter(event=event).update(critical=False)
        Event.objects.filter(pk=event.pk).update(
            state=start, cancel_reason="storm" if start == EventState.CANCELLED else ""
        )
        event.refresh_from_db()

        if to in MOVES[start]:
            moved = events.advance(event=event, to=to, by=harbor.by, at=LATER, early=True)
            assert moved.state == to
            assert last(event, f"crew:event:{to}").data["state"] == [start, to]
        else:
            with pytest.raises(EventRefusedError, match="cannot become"):
                events.advance(event=event, to=to, by=harbor.by, at=LATER)
            assert Event.objects.get().state == start

    def test_every_state_has_its_row_and_the_way_leads_to_completed(self) -> None:
        assert set(MOVES) == set(EventState)
        way = [
            EventState.DRAFT,
            EventState.OPEN,
            EventState.CONFIRMED,
            EventState.UNDERWAY,
            EventState.COMPLETED,
        ]
        assert all(after in MOVES[before] for before, after in itertools.pairwise(way))

    def test_a_move_somebody_made_meanwhile_is_not_made_twice(self, harbor: Harbor) -> None:
        harbor.event()
        first, second = Event.objects.get(), Event.objects.get()
        events.advance(event=first, to=EventState.OPEN, by=harbor.by, at=NOW)

        with pytest.raises(EventRefusedError, match="Somebody changed Sunset sail meanwhile"):
            events.advance(event=second, to=EventState.OPEN, by=harbor.by, at=NOW)

    def test_nobody_leaves_before_the_critical_items_are_completed(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.CONFIRMED)
        event.refresh_from_db()

        with pytest.raises(EventRefusedError, match="A critical item is not completed: Engine oil"):
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=ON_BOARD)

        ChecklistItem.objects.filter(text="Engine oil").update(
            state="completed", claimer=harbor.admin, completed_by=harbor.admin, completed_at=NOW
        )
        assert (
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=ON_BOARD).state == "underway"
        )

    def test_a_critical_item_of_the_return_does_not_hinder_the_departure(self, harbor: Harbor) -> None:
        event = harbor.event()
        Event.objects.update(state=EventState.CONFIRMED)
        ChecklistItem.objects.update(phase="shutdown")
        event.refresh_from_db()

        assert (
            events.advance(event=event, to=EventState.UNDERWAY, by=harbor.by, at=ON_BOARD).state == "underway"
        )


class TestCancel:
    @pytest.mark.parametrize("state", [EventState.DRAFT, EventState.OPEN, EventState.CONFIRMED])
    def test_everybody_on_it_gets_one_mail_with_the_reason(self, harbor: Harbor, state: EventState) -> None:
        event = harbor.event()
        Event.objects.update(state=state)
        event.refresh_from_db()
        for role in (Role.CAPTAIN, Role.CREW, Role.GUEST):
            role_on(event, role, email=f"{role}@example.com")
        GuestFactory(event=event, email="guest@example.com")
        GuestFactory(event=event, email="companion@example.com")

        now = events.cancel(event=event, reason="  Gale warning for the bay ", by=harbor.by, at=LATER)

        assert (now.state, now.cancel_reason) == ("cancelled", "Gale warning for the bay")
        assert told() == [
            "captain@example.com",
            "companion@example.com",
            "crew@example.com",
            "guest@example.com",
        ]
        assert {message.subject for message in Message.objects.all()} == {
            "Cancelled: Sunset sail, Saturday 28 November 2026"
        }
        data = last(event, "crew:event:cancelled").data
        assert (data["state"], data["cancel_reason"], data["told"]) == (
            [state, "cancelled"],
            ["", "Gale warning for the bay"],
            4,
        )

    @pytest.mark.parametrize("state", [EventState.UNDERWAY, EventState.COMPLETED])
    def test_what_left_is_not_cancelled(self, harbor: Harbor, state: EventState) -> None:
        event = harbor.event()
        Event.objects.update(state=state)
        event.refresh_from_db()

        with pytest.raises(EventRefusedError, match="so it cannot be cancelled"):
            events.cancel(event=event, reason="storm", by=harbor.by, at=LATER)

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\x00b", "a\nb"])
    def test_it_needs_a_reason_that_a_mail_can_bear(self, harbor: Harbor, reason: str) -> None:
        event = harbor.event()

        with pytest.raises(EventRefusedError):
            events.cancel(event=event, reason=reason, by=harbor.by, at=LATER)
        assert Event.objects.get().state == "draft"

    def test_one_address_no_mail_can_reach_does_not_keep_it_from_being_cancelled(
        self, harbor: Harbor
    ) -> None:
        event = harbor.event()
        GuestFactory(event=event, name="Odd Address", email="not an address")
        GuestFactory(event=event, email="good@example.com")

        events.cancel(event=event, reason="storm", by=harbor.by, at=LATER)

        assert told() == ["good@example.com"]
        assert last(event, "crew:event:cancelled").data["not_told"] == "Odd Address"

    def test_who_has_a_dead_address_is_named_as_not_told(self, harbor: Harbor) -> None:
        event = harbor.event()
        GuestFactory(event=event, name="Dead Address", email="dead@example.com")
        GuestFactory(event=event, email="good@example.com")
        suppression.add(address="Dead@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=LATER)

        events.cancel(event=event, reason="storm", by=harbor.by, at=LATER)

        data = last(event, "crew:event:cancelled").data
        assert (data["told"], data["not_told"]) == (1, "Dead Address")
