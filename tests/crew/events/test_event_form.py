"""The form of an event: begun by its template, strict about what is typed, and never emptied by a refusal."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from crew.domain import events
from crew.models import Event, EventState, Mode, Role
from tests.crew.events.conftest import Harbor
from tests.factories import people
from tests.factories.crew import (
    NOW,
    EventFactory,
    EventTemplateFactory,
    OperatingLimitFactory,
    PortFactory,
    VesselFactory,
    role_on,
)
from tests.factories.portfolio import ChannelFactory, EntityFactory


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.now", lambda: NOW)


def add_url(harbor: Harbor) -> str:
    return f"/events/add/?template={harbor.template.pk}"


def typed(harbor: Harbor, **changed: Any) -> dict[str, Any]:
    """Return what a browser sends for Saturday's sail, with some of it changed."""
    return {
        "title": "Sunset sail for six",
        "on": "2026-11-28",
        "vessel": str(harbor.vessel.pk),
        "mode": "upv_6",
        "venue": "",
        "port": str(harbor.port.pk),
        "end_port": "",
        "stops": "Coronado\r\n\r\n Point Loma \r\n",
        "departure_from": "before_sunset",
        "departure_time": "",
        "departure_minutes": "120",
        "return_from": "clock",
        "return_time": "17:30",
        "return_days": "0",
        "return_minutes": "",
        "crew_call_minutes": "90",
        "boarding_minutes": "20",
        "capacity": "6",
        "client_name": "Ada Client",
        "channel": "",
        "price": "$1,200",
        "meeting_point": "Gate 4",
        "gate_code": "4711#",
        "notes_guests": "Bring a jacket.\r\nNo heels.",
        "notes_crew": "",
        "notes_captain": "",
        "notes_staff": "",
        **changed,
    }


def change(client: Client, event: Event, **fields: Any) -> Any:
    """Open the form of an event and send it back with these fields."""
    url = f"/events/{event.key}/change/"
    return client.post(url, {**client.get(url).context["carries"], **fields})


class TestAdd:
    def test_first_the_template_is_chosen_among_ones_own(self, harbor: Harbor) -> None:
        EventTemplateFactory(name="CANARY template")
        EventTemplateFactory(entity=harbor.entity, name="Retired", active=False)

        page = harbor.client().get("/events/add/?on=2026-12-05").content.decode()

        assert f'href="?template={harbor.template.pk}&amp;on=2026-12-05"' in page
        assert "CANARY" not in page
        assert "Retired" not in page

    def test_the_form_begins_with_what_the_template_says(self, harbor: Harbor) -> None:
        form = harbor.client().get(add_url(harbor)).context["form"]

        shown = {name: form[name].value() for name in form.fields}
        assert (shown["title"], shown["capacity"], shown["mode"]) == ("Sunset sail", 6, "upv_6")
        assert (shown["vessel"], shown["port"]) == (harbor.vessel.pk, harbor.port.pk)
        assert (shown["departure_from"], shown["departure_minutes"]) == ("before_sunset", 120)
        assert (shown["return_from"], shown["return_minutes"]) == ("before_sunset", 30)
        assert shown["on"] == ""

    def test_a_filled_form_makes_a_draft(self, harbor: Harbor) -> None:
        answer = harbor.client().post(add_url(harbor), typed(harbor))

        event = Event.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/events/{event.key}/")
        assert (event.state, event.title, event.price_minor) == ("draft", "Sunset sail for six", 120_000)
        assert (event.departure_anchor, event.departure_minutes) == ("sunset", -120)
        assert (event.return_anchor, event.return_minutes) == ("clock", 17 * 60 + 30)
        assert (event.stops, event.gate_code) == (["Coronado", "Point Loma"], "4711#")
        assert event.notes_guests == "Bring a jacket.\nNo heels."
        assert (event.created_by, event.positions.count()) == (harbor.admin, 3)

    def test_fields_that_are_not_on_the_form_change_nothing(self, harbor: Harbor) -> None:
        other = EventFactory()

        harbor.client().post(
            add_url(harbor),
            typed(
                harbor,
                state="completed",
                entity=str(other.entity_id),
                key="mykey",
                legal_limit="99",
                legal_source="none",
                role="admin",
                is_staff="1",
                release_hours="0",
                created_by=str(other.pk),
            ),
        )

        event = Event.objects.exclude(pk=other.pk).get()
        assert (event.state, event.entity, event.legal_limit) == ("draft", harbor.entity, 6)
        assert (event.release_hours, event.created_by) == (48, harbor.admin)
        assert event.key != "mykey"

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"capacity": "7"}, "At most 6 passengers may be aboard"),
            ({"capacity": "9" * 40}, "less than or equal to 10000"),
            ({"capacity": "-1"}, "greater than or equal to 0"),
            ({"capacity": "six"}, "Enter a whole number."),
            ({"mode": "inspected_coi"}, "No operating limit is on record for S/V Halcyon"),
            ({"mode": "pirate"}, "Select a valid choice."),
            ({"vessel": ""}, "needs a vessel"),
            ({"vessel": "", "mode": ""}, "choose a vessel or write a venue"),
            ({"vessel": "9" * 40}, "Select a valid choice."),
            ({"vessel": "x\x00"}, "Null characters are not allowed."),
            ({"port": ""}, "This field is required."),
            ({"port": "abc"}, "Select a valid choice."),
            ({"end_port": "-1"}, "Select a valid choice."),
            ({"channel": "1e9"}, "Select a valid choice."),
            ({"title": ""}, "This field is required."),
            ({"title": "x" * 1_000_000}, "at most 160 characters"),
            ({"title": "a\x00b"}, "Null characters are not allowed."),
            ({"title": "a\x07b"}, "U+0007"),
            ({"on": ""}, "This field is required."),
            ({"on": "2026-02-30"}, "This is not a date"),
            ({"on": "28.11.2026"}, "This is not a date"),
            ({"on": "0001-01-01"}, "too far away"),
            ({"on": "9999-12-31"}, "too far away"),
            ({"departure_minutes": ""}, "Give the minutes"),
            ({"departure_minutes": "721"}, "less than or equal to 720"),
            ({"departure_from": "clock"}, "Give the local time."),
            ({"departure_from": "moonrise"}, "Select a valid choice."),
            ({"return_time": "25:00"}, "This is not a time"),
            ({"return_time": ""}, "Give the local time."),
            ({"return_days": "61"}, "less than or equal to 60"),
            ({"return_from": "before_sunset", "return_minutes": "180"}, "not after the departure"),
            (
                {"on": "2026-03-08", "departure_from": "clock", "departure_time": "02:30"},
                "does not exist at Shelter Island",
            ),
            ({"price": "1e400"}, "is not an amount"),
            ({"price": "-5"}, "below zero"),
            ({"price": "NaN"}, "is not an amount"),
            ({"price": ""}, "This field is required."),
            ({"stops": "\n".join("abcdefghijklmnopqrstuvw")}, "at most 20 stops"),
            ({"stops": "x" * 81}, "at most 80 characters"),
            ({"notes_crew": "x" * 5_001}, "at most 5000 characters"),
            ({"crew_call_minutes": "2000"}, "less than or equal to 1440"),
        ],
        ids=lambda value: ascii(value)[:48],
    )
    def test_odd_input_is_refused_in_a_sentence_and_the_form_stays_filled(
        self, harbor: Harbor, changed: dict[str, str], sentence: str
    ) -> None:
        answer = harbor.client().post(add_url(harbor), typed(harbor, **changed))

        assert answer.status_code == 422
        page = answer.content.decode()
        assert sentence in page
        assert "Bring a jacket." in page
        assert 'value="4711#"' in page
        assert not Event.objects.exists()

    def test_a_body_that_is_no_form_and_fields_sent_twice_are_no_server_error(self, harbor: Harbor) -> None:
        client = harbor.client()

        assert client.post(add_url(harbor), b"\xff\xfe\x00", "application/json").status_code == 422
        assert client.post(add_url(harbor), {**typed(harbor), "title": ["One", "Two"]}).status_code == 302

    @pytest.mark.parametrize("template", ["0", "abc", "-1", "9" * 40, "1.5", "٤", "%00"])
    def test_a_template_that_is_none_of_theirs_is_not_found(self, harbor: Harbor, template: str) -> None:
        assert harbor.client().get(f"/events/add/?template={template}").status_code == 404
        assert harbor.client().get(f"/events/add/?template={EventTemplateFactory().pk}").status_code == 404

    def test_another_entitys_vessel_and_channel_are_not_offered(self, harbor: Harbor) -> None:
        vessel, channel = VesselFactory(), ChannelFactory()

        for changed in ({"vessel": str(vessel.pk)}, {"channel": str(channel.pk)}):
            assert harbor.client().post(add_url(harbor), typed(harbor, **changed)).status_code == 422

    def test_only_who_books_may_add(self, harbor: Harbor) -> None:
        reader = people.reader_of(harbor.entity)

        assert harbor.client(reader).get("/events/add/").status_code == 403
        assert harbor.client(reader).post(add_url(harbor), typed(harbor)).status_code == 403
        assert not Event.objects.exists()

    def test_a_past_date_is_taken_with_a_warning(self, harbor: Harbor) -> None:
        answer = harbor.client().post(add_url(harbor), typed(harbor, on="2026-11-01"), follow=True)

        assert "Its departure has passed." in answer.content.decode()
        assert Event.objects.get().departs_on == dt.date(2026, 11, 1)

    def test_a_time_that_comes_twice_is_taken_with_a_note(self, harbor: Harbor) -> None:
        answer = harbor.client().post(
            add_url(harbor),
            typed(harbor, on="2027-11-07", departure_from="clock", departure_time="01:30"),
            follow=True,
        )

        assert "01:30 comes twice at Shelter Island" in answer.content.decode()
        assert Event.objects.get().departs_at == dt.datetime(2027, 11, 7, 8, 30, tzinfo=dt.UTC)

    def test_a_vessel_that_is_elsewhere_is_said_at_once(self, harbor: Harbor) -> None:
        EventFactory(entity=harbor.entity, vessel=harbor.vessel, title="Whale watching")

        answer = harbor.client().post(add_url(harbor), typed(harbor), follow=True)

        assert "It cannot be opened as it stands: S/V Halcyon is on Whale watching" in answer.content.decode()

    def test_a_polar_port_without_a_sunset_asks_for_the_clock(self, harbor: Harbor) -> None:
        tromso = PortFactory(name="Tromsø", latitude=69.65, longitude=18.96, zone="Europe/Oslo")

        answer = harbor.client().post(add_url(harbor), typed(harbor, port=str(tromso.pk), on="2027-06-21"))

        assert answer.status_code == 422
        assert "There is no sunset at Tromsø on 21 June 2027" in answer.content.decode()

    def test_without_a_port_or_a_template_the_page_says_what_is_missing(self, db: None) -> None:
        EntityFactory()
        owner = people.owner()
        harbor = Harbor(None, None, None, None, owner, None)  # type: ignore[arg-type]

        assert "No port is on record yet" in harbor.client().get("/events/add/").content.decode()
        PortFactory()
        assert "No template is on record yet" in harbor.client().get("/events/add/").content.decode()


class TestChange:
    def test_the_form_shows_what_is_and_keeps_what_is_not_touched(self, harbor: Harbor) -> None:
        client = harbor.client()
        client.post(add_url(harbor), typed(harbor, return_days="2"))
        before = Event.objects.get()
        form = client.get(f"/events/{before.key}/change/").context["form"]
        shown = {name: form[name].value() for name in form.fields}
        assert (shown["return_days"], shown["return_time"].isoformat("minutes")) == (2, "17:30")

        # As the browser would send it back.
        answer = change(client, before, **typed(harbor, return_days="2", title="Another title"))

        after = Event.objects.get()
        assert (answer.status_code, after.title) == (302, "Another title")
        for name in ("departs_at", "returns_at", "stops", "gate_code", "notes_guests", "price_minor", "key"):
            assert getattr(after, name) == getattr(before, name)

    def test_a_refusal_keeps_what_was_typed(self, harbor: Harbor) -> None:
        OperatingLimitFactory(mode=Mode.BAREBOAT_12, passengers=12)
        event = harbor.event()

        answer = change(harbor.client(), event, **typed(harbor, mode="bareboat_12", title="My new title"))

        assert answer.status_code == 422
        assert "crewed by its charterer" in answer.content.decode()
        assert 'value="My new title"' in answer.content.decode()

    def test_a_vessel_out_of_use_stays_on_the_event_that_has_her(self, harbor: Harbor) -> None:
        event = harbor.event()
        type(harbor.vessel).objects.update(active=False)

        answer = change(harbor.client(), event, **typed(harbor))

        assert answer.status_code == 302
        assert Event.objects.get().vessel == harbor.vessel

    @pytest.mark.parametrize("role", [Role.CAPTAIN, Role.CREW, Role.GUEST])
    def test_only_an_admin_changes_or_cancels(self, harbor: Harbor, role: Role) -> None:
        event = harbor.event()
        client = harbor.client(role_on(event, role))

        for page in ("change", "cancel"):
            assert client.get(f"/events/{event.key}/{page}/").status_code == 403
            assert client.post(f"/events/{event.key}/{page}/", {"reason": "x"}).status_code == 403
        other = EventFactory()
        assert client.get(f"/events/{other.key}/change/").status_code == 404

    def test_a_reader_changes_nothing(self, harbor: Harbor) -> None:
        event = harbor.event()
        client = harbor.client(people.reader_of(harbor.entity))

        assert client.post(f"/events/{event.key}/change/", typed(harbor)).status_code == 403
        assert client.post(f"/events/{event.key}/advance/", {"to": "open"}).status_code == 403


class TestMoves:
    def test_an_admin_opens_and_confirms(self, harbor: Harbor) -> None:
        event = harbor.event()
        client = harbor.client()

        for to in ("open", "confirmed"):
            answer = client.post(f"/events/{event.key}/advance/", {"to": to})
            assert (answer.status_code, answer.headers["Location"]) == (302, f"/events/{event.key}/")
        assert Event.objects.get().state == "confirmed"

    def test_a_captain_sails_and_does_nothing_else(self, harbor: Harbor) -> None:
        event = EventFactory(state=EventState.OPEN)
        client = harbor.client(role_on(event, Role.CAPTAIN))
        url = f"/events/{event.key}/advance/"

        assert client.post(url, {"to": "confirmed"}).status_code == 403
        Event.objects.filter(pk=event.pk).update(state=EventState.CONFIRMED)
        assert client.post(url, {"to": "open"}).status_code == 403
        assert client.post(url, {"to": "underway", "early": "on"}).status_code == 302
        assert client.post(url, {"to": "confirmed"}).status_code == 403
        assert client.post(url, {"to": "completed", "early": "on"}).status_code == 302
        assert client.post(url, {"to": "underway", "early": "on"}).status_code == 403
        assert Event.objects.get(pk=event.pk).state == "completed"

    def test_leaving_days_before_crew_call_asks_for_a_tick(self, harbor: Harbor) -> None:
        event = EventFactory(state=EventState.CONFIRMED)
        client = harbor.client(role_on(event, Role.CAPTAIN))
        url = f"/events/{event.key}/"
        page = client.get(url).content.decode()
        assert 'class="button button--quiet" name="to" value="underway"' in page

        answer = client.post(f"{url}advance/", {"to": "underway"})

        assert answer.status_code == 422
        text = answer.content.decode()
        assert "Crew call is in 5 days 3 h, at 28 Nov 13:30 PST." in text
        assert 'type="checkbox" name="early"' in text
        assert Event.objects.get(pk=event.pk).state == "confirmed"

    def test_only_an_admin_is_shown_the_way_back(self, harbor: Harbor) -> None:
        event = harbor.event()
        captain = harbor.client(role_on(event, Role.CAPTAIN))
        url = f"/events/{event.key}/"
        for state, back in (("underway", "confirmed"), ("completed", "underway")):
            Event.objects.filter(pk=event.pk).update(state=state)
            assert f'value="{back}"' not in captain.get(url).content.decode()
            assert f'value="{back}"' in harbor.client().get(url).content.decode()
            assert harbor.client().post(f"{url}advance/", {"to": back}).status_code == 302
            assert Event.objects.get(pk=event.pk).state == back

    @pytest.mark.parametrize("role", [Role.CREW, Role.GUEST])
    def test_crew_and_guests_do_not_move_it(self, harbor: Harbor, role: Role) -> None:
        event = EventFactory(state=EventState.CONFIRMED)

        answer = harbor.client(role_on(event, role)).post(f"/events/{event.key}/advance/", {"to": "underway"})

        assert answer.status_code == 403

    @pytest.mark.parametrize("to", ["", "nonsense", "completed", "cancelled", "draft", "x\x00", "9" * 1000])
    def test_a_move_that_is_not_legal_is_answered_with_those_that_are(self, harbor: Harbor, to: str) -> None:
        event = harbor.event()

        answer = harbor.client().post(f"/events/{event.key}/advance/", {"to": to})

        assert answer.status_code == 422
        assert "It was not moved" in answer.content.decode()
        assert "Open it" in answer.content.decode()
        assert Event.objects.get().state == "draft"

    def test_a_get_moves_nothing(self, harbor: Harbor) -> None:
        event = harbor.event()

        assert harbor.client().get(f"/events/{event.key}/advance/?to=open").status_code == 405


class TestCancel:
    def test_it_asks_why_and_says_that_all_are_told(self, harbor: Harbor) -> None:
        event = harbor.event()
        client = harbor.client()
        assert "Reason" in client.get(f"/events/{event.key}/cancel/").content.decode()

        answer = client.post(f"/events/{event.key}/cancel/", {"reason": "Gale warning"}, follow=True)

        assert "is cancelled. Everybody who was on it is being told." in answer.content.decode()
        assert Event.objects.get().cancel_reason == "Gale warning"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "x" * 1_000_000, "a\x00b", "a\x07b"])
    def test_an_odd_reason_is_refused(self, harbor: Harbor, reason: str) -> None:
        event = harbor.event()

        answer = harbor.client().post(f"/events/{event.key}/cancel/", {"reason": reason})

        assert answer.status_code == 422
        assert Event.objects.get().state == "draft"

    def test_what_is_over_offers_no_form(self, harbor: Harbor) -> None:
        event = events.cancel(event=harbor.event(), reason="storm", by=harbor.by, at=NOW)
        client = harbor.client()

        page = client.get(f"/events/{event.key}/cancel/").content.decode()
        assert "It cannot be cancelled any more" in page
        assert "<textarea" not in page
        assert client.post(f"/events/{event.key}/cancel/", {"reason": "again"}).status_code == 422
