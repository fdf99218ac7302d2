"""The dock: a code that turns, a ticket of ten minutes, and the captain who waves people aboard."""

import datetime as dt
import re

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django import Settings

from crew import sessions
from crew.domain import dock
from crew.models import BoardingRequest, Event, EventGrant, EventState, Guest, LinkEvent, Person, Role
from tests.crew.links.conftest import hold, opened
from tests.crew.links.test_people_page import browser
from tests.factories.crew import NOW, EventFactory, GuestFactory, role_on
from tests.factories.people import PersonFactory, owner

pytestmark = pytest.mark.django_db

ANN = {"name": "Ann Walker", "email": "Ann@Example.com"}


@pytest.fixture
def event() -> Event:
    return EventFactory(title="Saturday's sunset sail")


@pytest.fixture
def captain(event: Event) -> Client:
    return browser(role_on(event, Role.CAPTAIN))


def scan(event: Event, client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.get(f"/q/{dock.code(event=event, at=NOW)}/")
    assert answer.status_code == 302
    return client


def asked(event: Event, client: Client | None = None, **data: str) -> Client:
    client = scan(event, client)
    assert client.post("/q/", data or ANN)["Location"] == "/q/wait/"
    return client


def act(captain: Client, what: str, request: BoardingRequest | None = None):  # type: ignore[no-untyped-def]
    request = request or BoardingRequest.objects.get(decided_at=None)
    return captain.post(f"/events/{request.event.key}/dock/requests/{request.pk}/{what}/")


class TestTheCode:
    @pytest.mark.parametrize(
        ("later", "taken"), [(0, True), (29, True), (31, True), (59, True), (61, False), (-31, False)]
    )
    def test_two_steps_of_half_a_minute_are_taken(self, event: Event, later: int, taken: bool) -> None:
        shown = dt.datetime(2026, 11, 28, 22, 50, tzinfo=dt.UTC)
        code = dock.code(event=event, at=shown)
        found = dock.event_of(text=code, at=shown + dt.timedelta(seconds=later))
        assert found == (event if taken else None)

    def test_it_is_one_events_alone_and_no_bit_of_it_can_be_changed(self, event: Event) -> None:
        other = EventFactory()
        code = dock.code(event=event, at=NOW)
        mac = code.rpartition(".")[2]
        for forged in (
            f"{other.key}.{mac}",
            code[:-1],
            code + "0",
            code[:-1] + ("0" if code[-1] != "0" else "1"),
            code.upper(),
            mac,
            ".",
            "",
            f"\x00.{mac}",
            "x" * 10_000,
        ):
            assert dock.event_of(text=forged, at=NOW) is None

    def test_it_outlives_a_rotation_of_the_key(self, event: Event, settings: Settings) -> None:
        code = dock.code(event=event, at=NOW)
        old, settings.SECRET_KEY = settings.SECRET_KEY, "another-" + "y" * 50
        assert dock.event_of(text=code, at=NOW) is None
        settings.SECRET_KEY_FALLBACKS = [old]
        assert dock.event_of(text=code, at=NOW) == event

    @pytest.mark.parametrize("state", [EventState.DRAFT, EventState.COMPLETED, EventState.CANCELLED])
    def test_it_dies_with_the_event(self, state: str) -> None:
        event = EventFactory(state=state, cancel_reason="Gale" if state == EventState.CANCELLED else "")
        assert dock.event_of(text=dock.code(event=event, at=NOW), at=NOW) is None


class TestTheScreen:
    def test_captain_and_admin_show_it_and_it_turns(self, event: Event, captain: Client) -> None:
        first = captain.get(f"/events/{event.key}/dock/")
        assert first.status_code == 200
        page = first.content.decode()
        assert 'hx-trigger="every 10s"' in page
        assert '<noscript><meta http-equiv="refresh"' in page
        assert f'href="/events/{event.key}/people/"' in page, "A way for whose camera fails."
        code = captain.get(f"/events/{event.key}/dock/code/").content.decode()
        assert "<svg" in code
        with time_machine.travel(NOW + dt.timedelta(seconds=30), tick=False):
            assert captain.get(f"/events/{event.key}/dock/code/").content.decode() != code
        assert browser(owner()).get(f"/events/{event.key}/dock/").status_code == 200

    @pytest.mark.parametrize("role", [Role.CREW, Role.GUEST])
    def test_crew_and_guests_do_not(self, event: Event, role: str) -> None:
        for place in ("", "code/", "requests/"):
            assert opened(hold(role, event=event)).get(f"/events/{event.key}/dock/{place}").status_code == 403

    @pytest.mark.parametrize("many", [1, 30])
    def test_it_asks_the_same_however_many_wait(
        self, event: Event, captain: Client, many: int, django_assert_num_queries
    ) -> None:  # type: ignore[no-untyped-def]
        for number in range(many):
            dock.ask(
                event=event,
                name=f"N {number}",
                email=f"n{number}@example.com",
                ticket=f"t{number}",
                at=NOW,
                address_key=f"{number}",
            )
        captain.get(f"/events/{event.key}/dock/")
        with django_assert_num_queries(8):
            page = captain.get(f"/events/{event.key}/dock/")
        assert page.content.decode().count("people__row") == many


class TestAsking:
    def test_a_scan_leads_to_a_form_without_the_code_and_without_the_party(self, event: Event) -> None:
        GuestFactory(event=event, name="Secret Guest", email="secret@example.com")
        client = Client()
        code = dock.code(event=event, at=NOW)
        assert client.get(f"/q/{code}/")["Location"] == "/q/"
        page = client.get("/q/").content.decode()
        assert "Saturday&#x27;s sunset sail" in page
        assert "Secret" not in page
        assert "secret@" not in page
        assert code not in page
        assert SESSION_KEY not in client.session
        assert not EventGrant.objects.exists()

    def test_the_answer_is_the_same_for_one_of_the_party_and_a_stranger(self, event: Event) -> None:
        GuestFactory(event=event, name="Ann Walker", email="ann@example.com")
        pages = []
        for email in ("ann@example.com", "stranger@example.com"):
            client = asked(event, name="Ann Walker", email=email)
            page = client.get("/q/wait/").content.decode()
            pages.append(re.sub(r'qr__typed">\d+|value="[^"]+"', "", page))
        assert pages[0] == pages[1]

    def test_a_ticket_asks_for_ten_minutes(self, event: Event) -> None:
        client = scan(event)
        with time_machine.travel(NOW + dt.timedelta(minutes=10, seconds=1), tick=False):
            for response in (client.get("/q/"), client.post("/q/", ANN)):
                assert response.status_code == 410
                assert "Scan it again" in response.content.decode()
        assert not BoardingRequest.objects.exists()

    @pytest.mark.parametrize(
        "address", ["/q/", "/q/wait/", "/q/nonsense/", "/q/%00/", "/q/" + "x" * 4_000 + "/"]
    )
    def test_without_a_ticket_it_says_to_scan_again(self, address: str) -> None:
        response = Client().get(address)
        assert response.status_code == 410
        assert "Scan it again" in response.content.decode()

    @pytest.mark.parametrize(
        ("name", "email"),
        [
            ("", "a@example.com"),
            ("A", ""),
            ("A", "nobody"),
            ("A\x00", "a@example.com"),
            ("A\nB", "a@example.com"),
            ("A" * 1_000_000, "a@example.com"),
            ("A" * 130, "a@example.com"),
            ("A", "a@example.com, b@example.com"),
        ],
    )
    def test_bad_input_is_refused_with_what_was_typed_kept(self, event: Event, name: str, email: str) -> None:
        client = scan(event)
        page = client.post("/q/", {"name": name, "email": email})
        assert page.status_code == 422
        assert "Please check this form" in page.content.decode()
        assert not BoardingRequest.objects.exists()
        assert client.post("/q/", ANN).status_code == 302

    def test_one_ticket_asks_once_and_asking_anew_takes_the_place_of_the_first(self, event: Event) -> None:
        first = asked(event)
        first.post("/q/", {"name": "Somebody Else", "email": "else@example.com"})
        assert BoardingRequest.objects.count() == 1
        second = asked(event)
        assert BoardingRequest.objects.filter(decided_at=None).count() == 1
        assert "a newer one with the same address took its place" in first.get("/q/wait/").content.decode()
        assert "The captain has your request" in second.get("/q/wait/").content.decode()

    def test_it_can_be_asked_forty_times_an_hour_from_one_address(self, event: Event) -> None:
        for number in range(40):
            asked(event, name="N", email=f"n{number}@example.com")
        client = scan(event)
        page = client.post("/q/", ANN)
        assert page.status_code == 422
        assert "Speak to the captain" in page.content.decode()


class TestWavingAboard:
    def test_a_walk_up_gets_a_seat_the_role_and_a_session_once(self, event: Event, captain: Client) -> None:
        phone = asked(event)
        shown = phone.get("/q/wait/").content.decode()
        number = dock.number(BoardingRequest.objects.get().ticket_hash)
        assert f'qr__typed">{number}' in shown
        page = captain.get(f"/events/{event.key}/dock/").content.decode()
        assert "Ann Walker" in page
        assert number in page
        seen = page.split('name="seen" value="')[1].split('"')[0]
        assert captain.get(f"/events/{event.key}/dock/requests/", {"seen": seen}).status_code == 204
        assert captain.get(f"/events/{event.key}/dock/requests/", {"seen": ""}).status_code == 200
        assert phone.get("/q/wait/", headers={"HX-Request": "true"}).status_code == 204
        assert "Walk-up" in page
        assert act(captain, "accept")["Location"] == f"/events/{event.key}/dock/"
        guest = Guest.objects.get()
        assert (guest.name, guest.email, guest.walk_up) == ("Ann Walker", "ann@example.com", True)
        grant = EventGrant.objects.get(role=Role.GUEST)
        assert grant.person.email == "ann@example.com"
        assert "Open your trip" in phone.get("/q/wait/", headers={"HX-Request": "true"}).content.decode()
        assert SESSION_KEY not in phone.session
        assert phone.post("/q/open/")["Location"] == f"/events/{event.key}/"
        assert phone.session[sessions.ACTIVE] == grant.pk
        assert phone.get(f"/events/{event.key}/").status_code == 200
        phone.post("/account/logout/")
        assert SESSION_KEY not in phone.session

    def test_a_request_opens_one_session_in_the_browser_that_asked(
        self, event: Event, captain: Client
    ) -> None:
        phone = asked(event)
        act(captain, "accept")
        ticket = phone.session["dock_ticket"]
        stranger = Client()
        assert stranger.post("/q/open/")["Location"] == "/q/wait/"
        assert SESSION_KEY not in stranger.session
        phone.post("/q/open/")
        twin = Client()
        session = twin.session
        session["dock_ticket"] = ticket
        session.save()
        assert twin.post("/q/open/").status_code == 410
        assert SESSION_KEY not in twin.session

    def test_somebody_on_the_list_takes_no_second_seat(self, event: Event, captain: Client) -> None:
        GuestFactory(event=event, name="Ann", email="ANN@example.com")
        asked(event)
        assert "On the list" in captain.get(f"/events/{event.key}/dock/requests/").content.decode()
        act(captain, "accept")
        assert Guest.objects.count() == 1

    def test_a_full_boat_is_said_with_its_law_and_the_request_stays_open(
        self, event: Event, captain: Client
    ) -> None:
        GuestFactory.create_batch(6, event=event)
        asked(event)
        page = act(captain, "accept")
        assert page.status_code == 422
        assert "46 USC 2101" in page.content.decode()
        assert BoardingRequest.objects.get().decided_at is None
        assert not Person.objects.filter(email="ann@example.com").exists()
        assert not EventGrant.objects.filter(role=Role.GUEST).exists()

    def test_it_is_decided_once(self, event: Event, captain: Client) -> None:
        phone = asked(event)
        request = BoardingRequest.objects.get()
        assert act(captain, "decline", request).status_code == 302
        assert "Not this time" in phone.get("/q/wait/").content.decode()
        for what in ("accept", "decline"):
            page = act(captain, what, request)
            assert page.status_code == 422
            assert "decided about this request a moment ago" in page.content.decode()
        assert phone.post("/q/open/").status_code == 302
        assert SESSION_KEY not in phone.session
        scan(event, phone)
        assert phone.post("/q/", ANN)["Location"] == "/q/wait/"
        assert BoardingRequest.objects.filter(decided_at=None).count() == 1

    def test_requests_die_with_the_event(self, event: Event, captain: Client) -> None:
        phone = asked(event)
        Event.objects.update(state=EventState.CANCELLED, cancel_reason="Gale")
        assert "Nobody can come aboard any more" in phone.get("/q/wait/").content.decode()
        assert "Nobody, so far" in captain.get(f"/events/{event.key}/dock/requests/").content.decode()
        assert act(captain, "accept").status_code == 422

    def test_staff_on_the_asking_phone_are_not_demoted_unasked(self, event: Event, captain: Client) -> None:
        boss = owner()
        phone = Client()
        phone.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")
        asked(event, phone)
        act(captain, "accept")
        assert "Stay signed in as" in phone.get("/q/wait/").content.decode()
        assert phone.post("/q/open/").status_code == 409
        assert phone.session[SESSION_KEY] == str(boss.pk)
        assert phone.post("/q/open/", {"instead_of": str(boss.pk)})["Location"] == f"/events/{event.key}/"
        assert phone.session[SESSION_KEY] != str(boss.pk)

    def test_a_captain_of_another_event_decides_nothing_here(self, event: Event) -> None:
        asked(event)
        other = EventFactory()
        elsewhere = browser(role_on(other, Role.CAPTAIN))
        request = BoardingRequest.objects.get()
        assert act(elsewhere, "accept", request).status_code == 404
        assert elsewhere.post(f"/events/{other.key}/dock/requests/{request.pk}/accept/").status_code == 404
        assert not LinkEvent.objects.exists()

    def test_a_closed_account_is_refused_in_a_sentence(self, event: Event, captain: Client) -> None:
        PersonFactory(email="ann@example.com", is_active=False)
        asked(event)
        page = act(captain, "accept")
        assert page.status_code == 422
        assert "closed" in page.content.decode()
