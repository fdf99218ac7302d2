"""The page of guests: who sees it, who changes it, and what a refusal leaves on it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from crew.models import Event, EventState, Guest, GuestState, Role
from tests.crew.events.conftest import Harbor
from tests.factories import people
from tests.factories.crew import EventFactory, GuestFactory, role_on

pytestmark = pytest.mark.django_db


def signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person)  # type: ignore[arg-type]
    return client


@pytest.fixture
def event() -> Event:
    return EventFactory(title="Saturday")


@pytest.fixture
def captain(event: Event) -> Client:
    return signed_in(role_on(event, Role.CAPTAIN, name="Ines Halloran"))


class TestAdd:
    def test_a_captain_adds_a_guest(self, event: Event, captain: Client) -> None:
        answer = captain.post(
            f"/events/{event.key}/guests/add/", {"name": "Ada Lane", "email": "ada@example.com"}
        )

        guest = Guest.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/events/{event.key}/guests/")
        assert (guest.name, guest.state, guest.walk_up) == ("Ada Lane", "held", False)
        line = AuditEvent.objects.get(action="crew:guest:add")
        assert line.data["grant"] == event.grants.get().pk

    def test_fields_that_are_not_on_the_form_change_nothing(self, event: Event, captain: Client) -> None:
        other = EventFactory()

        captain.post(
            f"/events/{event.key}/guests/add/",
            {"name": "Ada", "state": "cleared", "cleared_how": "x", "walk_up": "1", "event": str(other.pk)},
        )

        guest = Guest.objects.get()
        assert (guest.event, guest.state, guest.walk_up, guest.cleared_how) == (event, "held", False, "")

    def test_the_seventh_passenger_is_refused_by_the_law_and_stays_typed(
        self, event: Event, captain: Client
    ) -> None:
        for _ in range(6):
            GuestFactory(event=event)
        assert (
            "Passenger 7 cannot come aboard" in captain.get(f"/events/{event.key}/guests/").content.decode()
        )

        answer = captain.post(
            f"/events/{event.key}/guests/add/", {"name": "Seventh Guest", "email": "seven@example.com"}
        )

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "by 46 USC 2101, uninspected passenger vessel" in page
        assert 'value="Seventh Guest"' in page
        assert 'value="seven@example.com"' in page
        assert Guest.objects.count() == 6

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"name": ""}, "This field is required."),
            ({}, "This field is required."),
            ({"name": "x" * 1_000_000}, "at most 120 characters"),
            ({"name": "Ada\x00"}, "Null characters are not allowed."),
            ({"name": "Ada\u2028Lane"}, "U+2028"),
            ({"name": "Ada", "email": "nobody"}, "Enter a valid email address."),
            ({"name": "Ada", "email": '"a@b, evil@x"'}, "Enter a valid email address."),
            ({"name": "Ada", "email": '"ab"@example.com'}, "is not one mail address"),
            ({"name": "Ada", "email": "x" * 300 + "@example.com"}, "at most 254 characters"),
        ],
        ids=lambda value: ascii(value)[:40],
    )
    def test_odd_input_is_refused_in_a_sentence(
        self, event: Event, captain: Client, typed: dict[str, str], sentence: str
    ) -> None:
        answer = captain.post(f"/events/{event.key}/guests/add/", typed)

        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not Guest.objects.exists()

    def test_an_address_that_is_there_already_is_said(self, event: Event, captain: Client) -> None:
        GuestFactory(event=event, email="ada@example.com")

        answer = captain.post(f"/events/{event.key}/guests/add/", {"name": "Ada", "email": "Ada@example.com"})

        assert answer.status_code == 422
        assert "is on the list of this event already" in answer.content.decode()


class TestClearAndRemove:
    def test_a_guest_is_cleared_by_evidence_and_removed(self, event: Event, captain: Client) -> None:
        guest = GuestFactory(event=event, name="Ada")
        url = f"/events/{event.key}/guests/{guest.pk}"

        cleared = captain.post(f"{url}/clear/", {"how": "Paper waiver seen"}, follow=True)
        assert "Ada may board." in cleared.content.decode()
        assert "Paper waiver seen" in cleared.content.decode()
        removed = captain.post(f"{url}/remove/", follow=True)
        assert "Nobody comes along yet" in removed.content.decode()
        assert Guest.objects.get().state == GuestState.REMOVED

    def test_the_event_is_read_once_and_locked_once(self, event: Event, captain: Client) -> None:
        url = f"/events/{event.key}/guests/{GuestFactory(event=event).pk}/clear/"

        with CaptureQueriesContext(connection) as queries:
            captain.post(url, {"how": "Paper waiver seen"})

        read = [query["sql"] for query in queries if 'FROM "crew_event"' in query["sql"]]
        assert len(read) == 2

    @pytest.mark.parametrize("how", ["", "Trust me", "x" * 1000, "\x00"])
    def test_evidence_is_one_of_those_offered(self, event: Event, captain: Client, how: str) -> None:
        guest = GuestFactory(event=event)

        answer = captain.post(f"/events/{event.key}/guests/{guest.pk}/clear/", {"how": how})

        assert answer.status_code == 422
        assert Guest.objects.get().state == GuestState.HELD

    def test_what_somebody_did_meanwhile_is_said(self, event: Event, captain: Client) -> None:
        guest = GuestFactory(event=event, name="Ada", state=GuestState.REMOVED)
        url = f"/events/{event.key}/guests/{guest.pk}"

        clear = captain.post(f"{url}/clear/", {"how": "Paper waiver seen"})
        remove = captain.post(f"{url}/remove/")

        assert (clear.status_code, remove.status_code) == (422, 422)
        assert "Ada was cleared or removed meanwhile" in clear.content.decode()
        assert "Ada was removed before" in remove.content.decode()

    def test_a_guest_of_another_event_is_not_found(self, event: Event, captain: Client) -> None:
        theirs = GuestFactory()

        for act in ("clear", "remove"):
            answer = captain.post(
                f"/events/{event.key}/guests/{theirs.pk}/{act}/", {"how": "Paper waiver seen"}
            )
            assert answer.status_code == 404
            assert captain.post(f"/events/{theirs.event.key}/guests/{theirs.pk}/{act}/").status_code == 404
        theirs.refresh_from_db()
        assert theirs.state == GuestState.HELD

    def test_the_enter_key_presses_no_guests_button(self, event: Event, captain: Client) -> None:
        GuestFactory(event=event)
        page = captain.get(f"/events/{event.key}/guests/").content.decode()

        rows = page[page.index('class="rows guest-rows"') - 2000 :]
        assert rows.index('<button type="submit" disabled hidden>') < rows.index("formaction")


class TestWhoSees:
    def test_crew_and_guests_do_not_read_names(self, event: Event) -> None:
        GuestFactory(event=event, name="CANARY guest")

        for role in (Role.CREW, Role.GUEST):
            client = signed_in(role_on(event, role))
            assert client.get(f"/events/{event.key}/guests/").status_code == 403
            assert "CANARY" not in client.get(f"/events/{event.key}/").content.decode()

    def test_a_reader_reads_and_changes_nothing(self, event: Event) -> None:
        guest = GuestFactory(event=event, name="Ada Lane")
        client = signed_in(people.reader_of(event.entity))

        page = client.get(f"/events/{event.key}/guests/").content.decode()
        assert "Ada Lane" in page
        assert "formaction" not in page
        assert "Add a guest" not in page
        for act in ("add", f"{guest.pk}/clear", f"{guest.pk}/remove"):
            assert client.post(f"/events/{event.key}/guests/{act}/", {"name": "x"}).status_code == 403

    def test_the_captain_sees_names_on_the_events_page(self, event: Event, captain: Client) -> None:
        GuestFactory(event=event, name="Ada Lane", state=GuestState.CLEARED, cleared_how="seen")

        assert "Ada Lane" in captain.get(f"/events/{event.key}/").content.decode()

    @pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.CANCELLED])
    def test_the_list_of_what_is_over_is_only_read(
        self, event: Event, captain: Client, state: EventState
    ) -> None:
        guest = GuestFactory(event=event, name="Ada Lane")
        Event.objects.update(state=state, cancel_reason="storm" if state == EventState.CANCELLED else "")

        page = captain.get(f"/events/{event.key}/guests/").content.decode()
        assert "Ada Lane" in page
        assert "formaction" not in page
        answer = captain.post(f"/events/{event.key}/guests/{guest.pk}/remove/")
        assert answer.status_code == 422
        assert "its list of guests stays as it is" in answer.content.decode()


@pytest.mark.parametrize("number", [1, 100])
def test_it_costs_the_same_at_one_and_at_many(
    harbor: Harbor, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    event = EventFactory(mode="", legal_limit=None, capacity=100)
    for _ in range(number):
        GuestFactory(event=event)
    client = signed_in(role_on(event, Role.CAPTAIN))
    client.get(f"/events/{event.key}/guests/")

    with django_assert_num_queries(8):
        answer = client.get(f"/events/{event.key}/guests/")

    assert len(answer.context["rows"]) == number
