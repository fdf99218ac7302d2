"""Guests: one seat each within the law, one address once, cleared by evidence, removed with what they held."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.models import AuditEvent
from crew.domain import events, guests
from crew.domain.guests import GuestRefusedError, SeatsTakenError
from crew.models import Event, EventGrant, EventState, Guest, GuestState, Mode, Role
from tests.crew.events.conftest import Harbor
from tests.factories.crew import NOW, EventFactory, GuestFactory, OperatingLimitFactory, role_on

LATER = NOW + dt.timedelta(hours=1)


def fill(event: Event, number: int) -> None:
    Guest.objects.bulk_create(
        Guest(event=event, name=f"Guest {place}", added_at=NOW) for place in range(number)
    )


class TestAdd:
    def test_a_guest_is_held_until_cleared(self, harbor: Harbor) -> None:
        event = harbor.event()

        guest = guests.add(event=event, name=" Ada Lane ", email="Ada@Example.COM", by=harbor.by, at=LATER)

        guest.refresh_from_db()
        assert (guest.name, guest.email, guest.state) == ("Ada Lane", "Ada@example.com", GuestState.HELD)
        assert (guest.added_by, guest.added_at, guest.walk_up) == (harbor.admin, LATER, False)
        line = AuditEvent.objects.get(action="crew:guest:add")
        assert (line.subject_label, line.actor, line.scope) == (
            "Ada Lane",
            harbor.admin,
            f"event:{event.key}",
        )

    def test_passenger_7_is_refused_by_the_law_whoever_adds_them(self, harbor: Harbor) -> None:
        event = harbor.event()
        fill(event, 6)

        with pytest.raises(
            SeatsTakenError,
            match=r"Passenger 7 cannot come aboard: an uninspected vessel carries at most 6 passengers, by 46 USC 2101",
        ):
            guests.add(event=event, name="Seventh", email="", by=harbor.by, at=LATER, walk_up=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Guest.objects.create(event=event, name="Seventh", added_at=NOW)
        assert Guest.objects.count() == 6
        assert not AuditEvent.objects.filter(action="crew:guest:add").exists()

    def test_passenger_13_of_a_bareboat_charter_is_refused_by_its_law(self, harbor: Harbor) -> None:
        OperatingLimitFactory(mode=Mode.BAREBOAT_12, passengers=12, source="46 USC 2101(51)")
        event = harbor.event(mode=Mode.BAREBOAT_12, capacity=12)
        fill(event, 12)

        with pytest.raises(
            SeatsTakenError,
            match=r"Passenger 13 .* a bareboat charter carries at most 12 passengers, by 46 USC 2101\(51\)",
        ):
            guests.add(event=event, name="Thirteenth", email="", by=harbor.by, at=LATER)
        with pytest.raises(IntegrityError), transaction.atomic():
            Guest.objects.create(event=event, name="Thirteenth", added_at=NOW)

    @pytest.mark.parametrize(
        ("capacity", "sentence"),
        [
            (0, "takes no guests; raise its capacity first"),
            (1, "The one seat of Sunset sail is taken"),
            (4, "All 4 seats of Sunset sail are taken; raise the capacity or remove a guest first"),
        ],
    )
    def test_a_smaller_capacity_is_no_law(self, harbor: Harbor, capacity: int, sentence: str) -> None:
        event = harbor.event(capacity=capacity)
        fill(event, capacity)

        with pytest.raises(SeatsTakenError, match=sentence):
            guests.add(event=event, name="One more", email="", by=harbor.by, at=LATER)

    def test_the_capacity_of_now_counts_not_the_one_that_was_read(self, harbor: Harbor) -> None:
        event = harbor.event()
        fill(event, 2)
        Event.objects.update(capacity=2)

        with pytest.raises(SeatsTakenError, match="All 2 seats"):
            guests.add(event=event, name="Third", email="", by=harbor.by, at=LATER)

    def test_a_removed_guest_frees_the_seat_and_the_address(self, harbor: Harbor) -> None:
        event = harbor.event(capacity=1)
        first = guests.add(event=event, name="First", email="a@example.com", by=harbor.by, at=NOW)
        guests.remove(guest=first, by=harbor.by, at=LATER)

        second = guests.add(event=event, name="Second", email="A@example.com", by=harbor.by, at=LATER)

        assert [row.name for row in guests.rows(event=event)] == [second.name]

    def test_a_removed_guest_does_not_come_back_over_the_limit(self, harbor: Harbor) -> None:
        event = harbor.event(capacity=1)
        removed = GuestFactory(event=event, state=GuestState.REMOVED)
        GuestFactory(event=event)

        with pytest.raises(IntegrityError), transaction.atomic():
            Guest.objects.filter(pk=removed.pk).update(state=GuestState.HELD)

    def test_one_address_has_one_seat(self, harbor: Harbor) -> None:
        event = harbor.event()
        guests.add(event=event, name="Ada", email="ada@example.com", by=harbor.by, at=NOW)

        with pytest.raises(GuestRefusedError, match="ADA@example.com is on the list of this event already"):
            guests.add(event=event, name="Ada again", email="ADA@example.com", by=harbor.by, at=LATER)
        assert guests.add(event=event, name="Her son", email="", by=harbor.by, at=LATER).pk
        assert guests.add(
            event=EventFactory(), name="Ada", email="ada@example.com", by=harbor.by, at=LATER
        ).pk

    @pytest.mark.parametrize(
        ("name", "email", "sentence"),
        [
            ("", "", "The name is empty"),
            ("  ", "", "The name is empty"),
            ("x" * 121, "", "at most 120 fit"),
            ("x" * 1_000_000, "", "at most 120 fit"),
            ("Ada\x00", "", r"U\+0000"),
            ("Ada\r\nBcc: evil@x", "", r"U\+000D"),
            ("\ud800", "", r"U\+D800"),
            ("Ada", "ada", "is not one mail address"),
            ("Ada", '"a@b, evil@x"', "is not one mail address"),
            ("Ada", "ada@example.com\n", r"U\+000A"),
            ("Ada", "x" * 300 + "@example.com", "at most 254 fit"),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    def test_odd_names_and_addresses_are_refused(
        self, harbor: Harbor, name: str, email: str, sentence: str
    ) -> None:
        event = harbor.event()

        with pytest.raises(GuestRefusedError, match=sentence):
            guests.add(event=event, name=name, email=email, by=harbor.by, at=LATER)
        assert not Guest.objects.exists()

    @pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.CANCELLED])
    def test_nobody_joins_or_leaves_what_is_over(self, harbor: Harbor, state: EventState) -> None:
        event = harbor.event()
        guest = GuestFactory(event=event)
        Event.objects.update(state=state, cancel_reason="storm" if state == EventState.CANCELLED else "")

        for change in (
            lambda: guests.add(event=event, name="Late", email="", by=harbor.by, at=LATER),
            lambda: guests.clear(guest=guest, how="Paper waiver seen", by=harbor.by, at=LATER),
            lambda: guests.remove(guest=guest, by=harbor.by, at=LATER),
        ):
            with pytest.raises(GuestRefusedError, match="its list of guests stays as it is"):
                change()


class TestClear:
    def test_it_keeps_the_evidence(self, harbor: Harbor) -> None:
        guest = GuestFactory(event=harbor.event())

        guests.clear(guest=guest, how=" Paper waiver seen ", by=harbor.by, at=LATER)

        guest.refresh_from_db()
        assert (guest.state, guest.cleared_how) == (GuestState.CLEARED, "Paper waiver seen")
        data = AuditEvent.objects.get(action="crew:guest:clear").data
        assert (data["state"], data["how"]) == (["held", "cleared"], "Paper waiver seen")

    @pytest.mark.parametrize("how", ["", "  ", "x" * 121, "a\x00"])
    def test_it_asks_how(self, harbor: Harbor, how: str) -> None:
        guest = GuestFactory(event=harbor.event())

        with pytest.raises(GuestRefusedError):
            guests.clear(guest=guest, how=how, by=harbor.by, at=LATER)
        assert Guest.objects.get().state == GuestState.HELD

    @pytest.mark.parametrize("state", [GuestState.CLEARED, GuestState.REMOVED])
    def test_only_a_held_guest_is_cleared(self, harbor: Harbor, state: GuestState) -> None:
        guest = GuestFactory(event=harbor.event(), state=state, cleared_how="Seen")

        with pytest.raises(GuestRefusedError, match="was cleared or removed meanwhile"):
            guests.clear(guest=guest, how="Paper waiver seen", by=harbor.by, at=LATER)


class TestRemove:
    def test_the_role_their_link_opens_goes_with_them(self, harbor: Harbor) -> None:
        event = harbor.event()
        person = role_on(event, Role.GUEST, email="ada@example.com")
        role_on(event, Role.GUEST, email="other@example.com")
        crew = role_on(event, Role.CREW, email="crew@example.com")
        guest = guests.add(event=event, name="Ada", email="Ada@example.com", by=harbor.by, at=NOW)
        worker = guests.add(event=event, name="Crew", email="crew@example.com", by=harbor.by, at=NOW)

        guests.remove(guest=guest, by=harbor.by, at=LATER)
        guests.remove(guest=worker, by=harbor.by, at=LATER)

        live = EventGrant.objects.live(at=LATER).filter(event=event)
        assert sorted(live.values_list("person__email", flat=True)) == [
            "crew@example.com",
            "other@example.com",
        ]
        assert not live.filter(person=person).exists()
        assert live.filter(person=crew).exists()

    def test_twice_is_said_once(self, harbor: Harbor) -> None:
        guest = GuestFactory(event=harbor.event())
        guests.remove(guest=guest, by=harbor.by, at=LATER)

        with pytest.raises(GuestRefusedError, match="was removed before"):
            guests.remove(guest=guest, by=harbor.by, at=LATER)
        assert AuditEvent.objects.filter(action="crew:guest:remove").count() == 1


@pytest.mark.parametrize("number", [1, 100])
def test_the_list_is_one_query(harbor: Harbor, number: int, django_assert_num_queries: object) -> None:
    event = harbor.event(mode="", capacity=100)
    fill(event, number)

    with django_assert_num_queries(1):  # type: ignore[operator]
        rows = guests.rows(event=event)

    assert len(rows) == number == guests.count(event=event)
    assert (rows[0].name, rows[0].words, rows[0].tone) == ("Guest 0", "Held", "watch")


def test_an_event_moved_to_a_stricter_law_needs_fewer_guests_first(harbor: Harbor) -> None:
    OperatingLimitFactory(passengers=4, from_on=dt.date(2027, 1, 1), source="A rule of 2027")
    event = harbor.event()
    fill(event, 5)

    with pytest.raises(events.EventRefusedError, match="At most 4 passengers .*: A rule of 2027"):
        events.change(event=event, terms=harbor.terms(on=dt.date(2027, 1, 2)), by=harbor.by, at=LATER)
    with pytest.raises(events.EventRefusedError, match="5 guests are on it, more than a capacity of 4"):
        events.change(
            event=event, terms=harbor.terms(on=dt.date(2027, 1, 2), capacity=4), by=harbor.by, at=LATER
        )
