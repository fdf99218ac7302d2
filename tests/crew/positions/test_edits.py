"""Positions opened and removed by hand, and rates changed: who may, when, and who is told."""

from typing import Any

import pytest
from django.test import Client

from core import clock
from core.models import AuditEvent
from crew.domain import grants, pay, position_edits, position_steps, positions
from crew.domain.history import SYSTEM, Actor
from crew.domain.positions import PositionGoneError, PositionRefusedError
from crew.models import Event, EventGrant, EventState, Mode, Person, Position, PositionState, Role
from mail.models import Message
from tests.factories import people
from tests.factories.crew import NOW, EventFactory, PositionFactory, role_on


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory(title="Sunset sail on Saturday")


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def office(event: Event) -> Client:
    return browser(people.StaffGrantFactory(duty="bookings", entity=event.entity).person)


def url(event: Event, position: Position | None = None, verb: str = "add") -> str:
    return f"/events/{event.key}/positions/{f'{position.pk}/' if position else ''}{verb}/"


def lines(event: Event) -> list[str]:
    found = AuditEvent.objects.filter(scope=f"event:{event.key}").order_by("id")
    return list(found.values_list("action", flat=True))


FORM = {"station": "mate", "rate": "$180.50", "requires": ["first_aid", "medical"]}


class TestAdding:
    def test_one_more_is_open_behind_the_others(self, event: Event) -> None:
        PositionFactory(event=event, sort=4)

        answer = office(event).post(url(event), FORM, follow=True)

        position = event.positions.get(station="mate")
        assert answer.redirect_chain == [(f"/events/{event.key}/#positions", 302)]
        assert "Mate is open." in answer.content.decode()
        assert (position.state, position.rate_minor, position.sort) == ("open", 18_050, 5)
        assert position.requires == ["medical", "first_aid"]
        assert lines(event) == ["crew:position:add"]

    def test_the_event_leads_there_while_it_is_not_over(self, event: Event) -> None:
        client = office(event)
        assert url(event) in client.get(f"/events/{event.key}/").content.decode()
        assert 'name="station"' in client.get(url(event)).content.decode()

        Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)

        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        page = client.get(url(event)).content.decode()
        assert "This event is completed; its positions stay as they were." in page
        assert 'name="station"' not in page
        assert client.post(url(event), FORM).status_code == 422
        assert not event.positions.exists()

    def test_a_bareboat_charter_takes_none(self, event: Event) -> None:
        Event.objects.filter(pk=event.pk).update(mode=Mode.BAREBOAT_12)
        client = office(event)

        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        answer = client.post(url(event), FORM)

        assert answer.status_code == 422
        assert "by law the charter company provides none" in answer.content.decode()
        assert not event.positions.exists()

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"station": ""}, "This field is required."),
            ({"station": "pirate"}, "Select a valid choice."),
            ({"station": "mate\x00"}, "Select a valid choice."),
            ({"rate": ""}, "This field is required."),
            ({"rate": "-1"}, "below zero"),
            ({"rate": "1e400"}, "is not an amount"),
            ({"rate": "$100,000.01"}, "from 0 to 100,000"),
            ({"rate": "9" * 30}, "error-summary"),
            ({"rate": "x" * 1_000_000}, "at most 40 characters"),
            ({"requires": ["parrot"]}, "Select a valid choice."),
        ],
        ids=lambda value: ascii(value)[:40],
    )
    def test_odd_input_is_refused_and_stays(
        self, event: Event, changed: dict[str, Any], sentence: str
    ) -> None:
        answer = office(event).post(url(event), {**FORM, **changed})

        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not event.positions.exists()

    def test_there_is_an_end_to_it(self, event: Event) -> None:
        PositionFactory.create_batch(position_edits.MOST_POSITIONS, event=event)

        assert "at most 60 positions" in office(event).post(url(event), FORM).content.decode()

    @pytest.mark.parametrize("role", [Role.CAPTAIN, Role.CREW, Role.GUEST])
    def test_it_is_for_who_may_change_the_event(self, event: Event, role: Role) -> None:
        client = browser(role_on(event, role))
        position = PositionFactory(event=event)

        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        assert client.get(url(event)).status_code == 403
        for address in (url(event), url(event, position, "remove"), url(event, position, "rate")):
            assert client.post(address, FORM).status_code == 403
        assert client.post(url(EventFactory()), FORM).status_code == 404
        assert list(event.positions.all()) == [position]


class TestRemoving:
    def test_an_open_one_goes(self, event: Event) -> None:
        position = PositionFactory(event=event)
        client = office(event)
        assert "Remove this position" in client.get(url(event, position, "")[:-1]).content.decode()

        answer = client.post(url(event, position, "remove"), follow=True)

        assert "Deckhand is removed." in answer.content.decode()
        assert not event.positions.exists()
        assert lines(event) == ["crew:position:remove"]

    def test_one_that_somebody_has_is_released_first(self, event: Event) -> None:
        mate = role_on(event, Role.CREW, name="Mo Mate")
        position = PositionFactory(event=event, holder=mate)

        answer = office(event).post(url(event, position, "remove"))

        assert answer.status_code == 422
        assert "Mo Mate has Deckhand. Release it first" in answer.content.decode()
        assert event.positions.exists()

    @pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.CANCELLED])
    def test_what_is_over_keeps_its_positions(self, event: Event, state: EventState) -> None:
        position = PositionFactory(event=event)
        Event.objects.filter(pk=event.pk).update(
            state=state, cancel_reason="storm" if state == EventState.CANCELLED else ""
        )

        assert office(event).post(url(event, position, "remove")).status_code == 422
        assert event.positions.exists()

    def test_a_captains_that_was_given_back_goes_and_the_role_stays_on_record(self, event: Event) -> None:
        captain = people.PersonFactory()
        position = PositionFactory(event=event, station="captain")
        positions.designate(position=position, person=captain, by=SYSTEM, at=NOW)
        assert EventGrant.objects.get().position == position
        positions.release(position=position, by=SYSTEM, at=NOW)

        position_edits.remove(position=position, by=SYSTEM, at=NOW)

        grant = EventGrant.objects.get()
        assert (grant.person, grant.position, grant.revoked_at is not None) == (captain, None, True)

    def test_a_role_that_came_with_it_and_still_holds_keeps_it(self, event: Event) -> None:
        position = PositionFactory(event=event)
        grants.give(
            event=event, person=people.PersonFactory(), role=Role.CREW, by=SYSTEM, at=NOW, position=position
        )

        with pytest.raises(PositionRefusedError, match="still holds"):
            position_edits.remove(position=position, by=SYSTEM, at=NOW)

    def test_whoever_reaches_for_one_that_is_gone_is_told(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crew = role_on(event, Role.CREW)
        position = PositionFactory(event=event)
        looks = position_steps.check

        def removed_meanwhile(*args: Any, **kwargs: Any) -> None:
            looks(*args, **kwargs)
            Position.objects.filter(pk=position.pk).delete()

        monkeypatch.setattr("crew.domain.position_steps.check", removed_meanwhile)

        answer = browser(crew).post(url(event, position, "claim"), follow=True)

        assert answer.redirect_chain == [(f"/events/{event.key}/#positions", 302)]
        assert "Deckhand was removed from this event a moment ago." in answer.content.decode()

    def test_nobody_removes_it_twice(self, event: Event) -> None:
        position = PositionFactory(event=event)
        Position.objects.filter(pk=position.pk).delete()

        with pytest.raises(PositionGoneError):
            position_edits.remove(position=position, by=SYSTEM, at=NOW)


class TestRates:
    def test_a_holder_is_told_what_it_pays_now(self, event: Event) -> None:
        mate = role_on(event, Role.CREW, email="mo@example.com")
        position = PositionFactory(event=event, holder=mate, rate_minor=15_000)

        answer = office(event).post(url(event, position, "rate"), {"rate": "$200"}, follow=True)

        position.refresh_from_db()
        assert (position.rate_minor, position.state) == (20_000, "claimed")
        assert "The rate of Deckhand is changed." in answer.content.decode()
        letter = Message.objects.get()
        assert (letter.to_address, letter.subject) == (
            "mo@example.com",
            "The pay changed: Deckhand on Sunset sail on Saturday",
        )
        assert AuditEvent.objects.get(action="crew:position:rate").data["rate_minor"] == [15_000, 20_000]

    def test_nobody_is_told_of_an_open_one_or_of_nothing(self, event: Event) -> None:
        mate = role_on(event, Role.CREW)
        taken = PositionFactory(event=event, holder=mate, rate_minor=15_000)
        free = PositionFactory(event=event)

        position_edits.change_rate(position=free, rate_minor=1, by=SYSTEM, at=NOW)
        position_edits.change_rate(position=taken, rate_minor=15_000, by=SYSTEM, at=NOW)

        assert not Message.objects.exists()
        assert lines(event) == ["crew:position:rate"]

    def test_it_is_changed_after_the_event_until_it_is_paid(self, event: Event) -> None:
        position = PositionFactory(
            event=event, holder=people.PersonFactory(), state=PositionState.CONFIRMED, rate_minor=15_000
        )
        Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)
        assert office(event).post(url(event, position, "rate"), {"rate": "160"}).status_code == 302
        Position.objects.filter(pk=position.pk).update(paid_on=NOW.date())

        answer = office(event).post(url(event, position, "rate"), {"rate": "999"})

        assert answer.status_code == 422
        assert "Deckhand is paid already" in answer.content.decode()
        assert Position.objects.get().rate_minor == 16_000

    def test_what_was_cancelled_pays_nothing_to_change(self, event: Event) -> None:
        position = PositionFactory(event=event)
        Event.objects.filter(pk=event.pk).update(state=EventState.CANCELLED, cancel_reason="storm")

        answer = office(event).post(url(event, position, "rate"), {"rate": "999"})

        assert answer.status_code == 422
        assert "This event is cancelled" in answer.content.decode()

    @pytest.mark.parametrize("odd", ["", "-1", "1e400", "NaN", "\x00", "9" * 30, "x" * 1_000_000])
    def test_an_odd_rate_is_refused(self, event: Event, odd: str) -> None:
        position = PositionFactory(event=event, rate_minor=15_000)

        assert office(event).post(url(event, position, "rate"), {"rate": odd}).status_code == 422
        assert Position.objects.get().rate_minor == 15_000

    def test_pay_is_not_marked_at_a_rate_that_changed_meanwhile(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)
        position = PositionFactory(event=event, holder=people.PersonFactory(), rate_minor=15_000)
        local = pay.timing.local

        def rated_meanwhile(*args: Any) -> Any:
            Position.objects.filter(pk=position.pk).update(rate_minor=16_000)
            return local(*args)

        monkeypatch.setattr("crew.domain.timing.local", rated_meanwhile)

        with pytest.raises(pay.PayRefusedError, match="changed a moment ago"):
            pay.mark_paid(
                positions=[position.pk],
                ids=None,
                on=event.departs_on,
                today=event.departs_on,
                by=Actor(None),
                at=NOW,
            )
        assert Position.objects.get().paid_on is None
