"""A form that is older than the event: nobody's change is undone unseen. A form sent twice: one event."""

from typing import Any

import pytest
from django.test import Client

from crew.domain import events, history
from crew.models import Event, Position
from tests.crew.events.conftest import Harbor
from tests.crew.events.test_event_form import add_url, typed
from tests.factories import people
from tests.factories.crew import NOW, EventTemplateFactory


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.now", lambda: NOW)


class Form:
    """The form of an event's change, opened in one browser."""

    def __init__(self, client: Client, event: Event) -> None:
        """Open it."""
        self.client, self.url = client, f"/events/{event.key}/change/"
        self.carries = client.get(self.url).context["carries"]

    def send(self, fields: dict[str, Any]) -> Any:
        """Send it; an answer that shows the form again is what is sent the next time."""
        answer = self.client.post(self.url, {**self.carries, **fields})
        if answer.context is not None and "carries" in answer.context:
            self.carries = answer.context["carries"]
        return answer


class TestTwoEditors:
    def test_an_older_form_is_told_who_changed_what_and_saves_when_sent_again(self, harbor: Harbor) -> None:
        other = people.StaffGrantFactory(
            duty="bookings", entity=harbor.entity, person=people.PersonFactory(name="Oda Other")
        ).person
        harbor.client().post(add_url(harbor), typed(harbor))
        event = Event.objects.get()
        mine, theirs = Form(harbor.client(), event), Form(harbor.client(other), event)
        theirs.send(typed(harbor, title="Harbor tour", capacity="4", notes_crew="Two\nlines"))

        answer = mine.send(typed(harbor, meeting_point="Gate 9"))

        page = answer.content.decode()
        assert answer.status_code == 422
        assert (
            "Oda Other changed this event on Mon 23 Nov, 10:00 PST, after you opened this form. Now: the title is "
            "“Harbor tour”; the seats for guests are 4; the notes for crew read otherwise."
        ) in page
        assert 'value="Gate 9"' in page
        assert 'value="Sunset sail for six"' in page
        assert Event.objects.get().title == "Harbor tour"
        again = mine.send(typed(harbor, meeting_point="Gate 9", capacity="4"))
        event = Event.objects.get()
        assert again.status_code == 302
        assert (event.title, event.meeting_point, event.capacity) == ("Sunset sail for six", "Gate 9", 4)

    def test_every_term_is_watched(self, harbor: Harbor) -> None:
        harbor.client().post(add_url(harbor), typed(harbor))
        event = Event.objects.get()
        form = Form(harbor.client(), event)
        changed = {
            "on": "2026-12-05",
            "mode": "",
            "venue": "Dock B",
            "vessel": "",
            "stops": "",
            "departure_minutes": "60",
            "return_time": "18:00",
            "crew_call_minutes": "60",
            "boarding_minutes": "5",
            "price": "$900",
            "client_name": "",
            "gate_code": "1",
            "notes_guests": "Bring nothing.",
            "notes_captain": "Reef early.",
            "notes_staff": "Paid.",
        }
        assert Form(harbor.client(), event).send(typed(harbor, **changed)).status_code == 302

        page = form.send(typed(harbor)).content.decode()

        for words in (
            "the date is 5 Dec 2026",
            "how it is operated is ashore",
            "the venue is “Dock B”",
            "the vessel is empty",
            "the stops are none",
            "the departure is Sat 5 Dec, 15:42 PST, by sunset",
            "the return is Sat 5 Dec, 18:00 PST;",
            "crew call is 60 minutes before departure",
            "boarding is 5 minutes before departure",
            "the price is $900.00",
            "the client is empty",
            "the gate code is “1”",
            "the notes for guests are “Bring nothing.”",
            "the notes for the captain are “Reef early.”",
            "the notes for staff are “Paid.”",
        ):
            assert words in page

    def test_who_changes_other_terms_of_the_newest_event_is_not_stopped(self, harbor: Harbor) -> None:
        harbor.client().post(add_url(harbor), typed(harbor))
        form = Form(harbor.client(), Event.objects.get())

        assert form.send(typed(harbor, title="One")).status_code == 302
        # Pressed twice: nothing is to be undone, so nothing is asked.
        assert form.send(typed(harbor, title="One")).status_code == 302

    @pytest.mark.parametrize("odd", ["", "x", "0" * 264, "\x00", "é" * 264, "9" * 1_000_000])
    def test_a_form_that_carries_nothing_of_ours_is_shown_once_more(self, harbor: Harbor, odd: str) -> None:
        harbor.client().post(add_url(harbor), typed(harbor))
        form = Form(harbor.client(), Event.objects.get())
        form.carries = {"seen": odd}

        answer = form.send(typed(harbor, title="Mine"))

        assert answer.status_code == 422
        assert "the title is “Sunset sail for six”" in answer.content.decode()
        assert form.send(typed(harbor, title="Mine")).status_code == 302

    def test_a_change_without_a_form_is_not_asked_what_it_showed(self, harbor: Harbor) -> None:
        event = harbor.event()

        events.change(event=event, terms=harbor.terms(title="By hand"), by=history.SYSTEM, at=NOW)

        assert Event.objects.get().title == "By hand"


class TestPressedTwice:
    def test_the_second_press_leads_to_the_event_of_the_first(self, harbor: Harbor) -> None:
        client = harbor.client()
        carries = client.get(add_url(harbor)).context["carries"]

        first = client.post(add_url(harbor), {**carries, **typed(harbor)})
        second = client.post(add_url(harbor), {**carries, **typed(harbor)}, follow=True)

        event = Event.objects.get()
        assert second.redirect_chain == [(first.headers["Location"], 302)]
        assert f"{event.title} was written down already; no second event was made." in second.content.decode()
        assert Position.objects.count() == 3

    def test_a_refused_form_keeps_its_key(self, harbor: Harbor) -> None:
        client = harbor.client()
        carries = client.get(add_url(harbor)).context["carries"]

        refused = client.post(add_url(harbor), {**carries, **typed(harbor, capacity="7")})

        assert refused.context["carries"] == carries

    def test_a_form_opened_anew_makes_another_event(self, harbor: Harbor) -> None:
        client = harbor.client()
        for _ in range(2):
            client.post(add_url(harbor), {**client.get(add_url(harbor)).context["carries"], **typed(harbor)})

        assert Event.objects.count() == 2

    @pytest.mark.parametrize("odd", ["", "mykey", "mykey:1:1:forged", ":::", "\x00", "é:ü", "x" * 1_000_000])
    def test_a_forged_or_missing_key_is_a_fresh_one(self, harbor: Harbor, odd: str) -> None:
        answer = harbor.client().post(add_url(harbor), {"draft": odd, **typed(harbor)})

        event = Event.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/events/{event.key}/")
        assert len(event.key) == 8

    def test_anothers_form_and_another_templates_make_a_fresh_event(self, harbor: Harbor) -> None:
        carries = harbor.client().get(add_url(harbor)).context["carries"]
        other = people.StaffGrantFactory(duty="bookings", entity=harbor.entity).person
        template = EventTemplateFactory(entity=harbor.entity)

        harbor.client().post(add_url(harbor), {**carries, **typed(harbor)})
        harbor.client(other).post(add_url(harbor), {**carries, **typed(harbor)})
        harbor.client().post(f"/events/add/?template={template.pk}", {**carries, **typed(harbor)})

        assert Event.objects.count() == 3
