"""An event and its booking: made from it, tied to it, shown both ways, and never two of one."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.models import AuditEvent
from crew.domain import event_bookings, events
from crew.domain.events import EventRefusedError
from crew.models import Event, EventState, Role
from portfolio.models import Booking, BookingStage
from tests.crew.events.conftest import Harbor, build_harbor
from tests.crew.events.test_at_once import together
from tests.crew.events.test_event_form import add_url, typed
from tests.factories import people
from tests.factories.crew import NOW, EventFactory, role_on
from tests.factories.portfolio import BookingFactory, ChannelFactory


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.now", lambda: NOW)


def book(harbor: Harbor, **fields: Any) -> Booking:
    return BookingFactory(
        entity=harbor.entity,
        **{
            "reference": "QOS-7",
            "title": "Anniversary sail",
            "service_on": dt.date(2026, 11, 28),
            "channel": ChannelFactory(entity=harbor.entity),
            **fields,
        },
    )


def url(event: Event, verb: str = "") -> str:
    return f"/events/{event.key}/booking/{verb}"


def books(booking: Booking) -> str:
    return reverse("portfolio:booking", args=[booking.pk])


class TestMadeFromABooking:
    def test_the_bookings_page_leads_to_a_form_that_knows_it(self, harbor: Harbor) -> None:
        booking = book(harbor)
        client = harbor.client()

        page = client.get(books(booking)).content.decode()
        assert f'href="/events/add/?booking={booking.pk}"' in page
        page = client.get(f"/events/add/?booking={booking.pk}").content.decode()
        assert f'href="?template={harbor.template.pk}&amp;booking={booking.pk}"' in page
        answer = client.get(f"{add_url(harbor)}&booking={booking.pk}")

        form = answer.context["form"]
        shown = {name: form[name].value() for name in form.fields}
        assert "New: Sunset sail for QOS-7" in answer.content.decode()
        assert (shown["title"], shown["client_name"], shown["price"]) == (
            "Anniversary sail",
            "Ada Client",
            "$2,100.00",
        )
        assert (shown["channel"], shown["on"]) == (booking.channel_id, dt.date(2026, 11, 28))
        assert shown["capacity"] == 6

    def test_once_made_they_lead_to_each_other(self, harbor: Harbor) -> None:
        booking = book(harbor)
        client = harbor.client()
        address = f"{add_url(harbor)}&booking={booking.pk}"
        sent = {**client.get(address).context["carries"], **typed(harbor)}

        client.post(address, sent)
        again = client.post(address, sent)

        event = Event.objects.get()
        booking.refresh_from_db()
        assert (again.status_code, again.headers["Location"]) == (302, f"/events/{event.key}/")
        assert (booking.event_key, booking.stage) == (event.key, "enquiry")
        assert "Booking QOS-7" in client.get(f"/events/{event.key}/").content.decode()
        page = client.get(books(booking)).content.decode()
        assert f'<a href="/events/{event.key}/">Sunset sail for six</a>' in page
        assert "28 Nov 2026, draft" in page
        assert "Make an event" not in page
        assert "Tied to an event" in page
        assert client.get(address).headers["Location"] == f"/events/{event.key}/"

    def test_a_booking_that_got_an_event_meanwhile_makes_no_second_one(self, harbor: Harbor) -> None:
        booking = book(harbor)
        Booking.objects.filter(pk=booking.pk).update(event_key="elsewhere")

        answer = harbor.client().post(f"{add_url(harbor)}&booking={booking.pk}", typed(harbor))

        assert answer.status_code == 422
        assert "QOS-7 has an event already" in answer.content.decode()
        assert "Bring a jacket." in answer.content.decode()
        assert not Event.objects.exists()

    @pytest.mark.parametrize("kind", ["stay", "haul", "work"])
    def test_stays_and_yard_work_have_no_event(self, harbor: Harbor, kind: str) -> None:
        booking = book(harbor, kind=kind)

        assert "Make an event" not in harbor.client().get(books(booking)).content.decode()

    def test_what_was_lost_and_who_only_reads_make_none(self, harbor: Harbor) -> None:
        lost = book(harbor, stage=BookingStage.LOST)
        booking = book(harbor, reference="QOS-8")
        reader = harbor.client(people.reader_of(harbor.entity))

        assert "Make an event" not in harbor.client().get(books(lost)).content.decode()
        assert "Make an event" not in reader.get(books(booking)).content.decode()

    @pytest.mark.parametrize("odd", ["0", "x", "-1", "9" * 18, "9" * 5_000, "٤", "%00"])
    def test_a_booking_that_is_none_of_theirs_is_not_found(self, harbor: Harbor, odd: str) -> None:
        assert harbor.client().get(f"/events/add/?booking={odd}").status_code == 404
        assert harbor.client().get(f"{add_url(harbor)}&booking={odd}").status_code == 404
        assert harbor.client().get(f"{add_url(harbor)}&booking={BookingFactory().pk}").status_code == 404


class TestTying:
    def test_those_without_an_event_are_offered_the_nearest_day_first(self, harbor: Harbor) -> None:
        event = harbor.event()
        far = book(harbor, reference="FAR", service_on=dt.date(2027, 5, 1))
        near = book(harbor, reference="NEAR", service_on=dt.date(2026, 11, 29))
        book(harbor, reference="LOST", stage=BookingStage.LOST)
        book(harbor, reference="TAKEN", event_key="other")
        never = book(harbor, reference="NO-DAY", service_on=None)
        BookingFactory(title="CANARY")
        client = harbor.client()
        assert url(event) in client.get(f"/events/{event.key}/").content.decode()

        form = client.get(url(event)).context["form"]

        assert form.fields["booking"].choices == [
            ("", "Choose one"),
            (str(near.pk), "NEAR · Anniversary sail · Ada Client · 29 Nov 2026 · $2,100.00"),
            (str(far.pk), "FAR · Anniversary sail · Ada Client · 1 May 2027 · $2,100.00"),
            (str(never.pk), "NO-DAY · Anniversary sail · Ada Client · no day yet · $2,100.00"),
        ]

    def test_tied_and_untied_it_stands_in_both_trails(self, harbor: Harbor) -> None:
        event, booking = harbor.event(), book(harbor)
        client = harbor.client()

        assert client.post(url(event), {"booking": str(booking.pk)}).status_code == 302
        page = client.get(url(event)).content.decode()
        assert "It is for QOS-7" in page
        assert f'href="{books(booking)}"' in page
        answer = client.post(url(event, "untie/"), follow=True)

        assert "Sunset sail is not for QOS-7 any more." in answer.content.decode()
        assert Booking.objects.get().event_key == ""
        lines = AuditEvent.objects.filter(subject_type="portfolio.booking").order_by("id")
        assert [(line.action, line.scope, line.data["event"]) for line in lines] == [
            ("crew:booking:tie", f"event:{event.key}", ["", "Sunset sail"]),
            ("crew:booking:untie", f"event:{event.key}", ["Sunset sail", ""]),
        ]
        assert client.post(url(event, "untie/"), follow=True).status_code == 200
        assert lines.count() == 2

    def test_an_event_has_one_booking_and_a_booking_one_event(self, harbor: Harbor) -> None:
        first, second, booking = harbor.event(), harbor.event(), book(harbor)
        event_bookings.tie(event=first, booking=booking, by=harbor.by, at=NOW)

        for event, other, sentence in (
            (second, booking, "QOS-7 has an event already"),
            (first, book(harbor, reference="QOS-8"), "is for QOS-7 already"),
            (second, BookingFactory(reference="THEIRS"), "THEIRS is another entity's"),
            (second, book(harbor, reference="LOST", stage=BookingStage.LOST), "LOST is lost"),
        ):
            with pytest.raises(EventRefusedError, match=sentence):
                event_bookings.tie(event=event, booking=other, by=harbor.by, at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Booking.objects.filter(reference="QOS-8").update(event_key=first.key)

    def test_what_is_cancelled_is_for_no_booking(self, harbor: Harbor) -> None:
        event = events.cancel(event=harbor.event(), reason="storm", by=harbor.by, at=NOW)

        answer = harbor.client().post(url(event), {"booking": str(book(harbor).pk)})

        assert answer.status_code == 422
        assert "a booking needs an event that takes place" in answer.content.decode()

    @pytest.mark.parametrize("odd", ["", "0", "x", "9" * 5_000, "\x00", "x" * 1_000_000])
    def test_an_odd_choice_is_refused(self, harbor: Harbor, odd: str) -> None:
        event = harbor.event()
        book(harbor)

        assert harbor.client().post(url(event), {"booking": odd}).status_code == 422
        assert Booking.objects.get().event_key == ""

    def test_without_a_booking_to_choose_it_says_so(self, harbor: Harbor) -> None:
        assert "Every booking has its event" in harbor.client().get(url(harbor.event())).content.decode()


class TestWhoMay:
    def test_an_events_own_admin_reads_no_bookings(self, harbor: Harbor) -> None:
        event, booking = harbor.event(), book(harbor)
        client = harbor.client(role_on(event, Role.ADMIN))

        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        assert client.get(url(event)).status_code == 403
        assert client.post(url(event), {"booking": str(booking.pk)}).status_code == 403
        assert client.post(url(event, "untie/")).status_code == 403
        assert Booking.objects.get().event_key == ""

    @pytest.mark.parametrize("role", [Role.CAPTAIN, Role.CREW, Role.GUEST])
    def test_nor_does_anybody_else_on_it(self, harbor: Harbor, role: Role) -> None:
        event, booking = harbor.event(), book(harbor)
        event_bookings.tie(event=event, booking=booking, by=harbor.by, at=NOW)
        client = harbor.client(role_on(event, role))

        assert "QOS-7" not in client.get(f"/events/{event.key}/").content.decode()
        assert client.get(url(event)).status_code == 403
        assert client.get(url(EventFactory())).status_code == 404

    def test_who_reads_the_entity_is_led_to_the_booking(self, harbor: Harbor) -> None:
        event, booking = harbor.event(), book(harbor)
        event_bookings.tie(event=event, booking=booking, by=harbor.by, at=NOW)
        client = harbor.client(people.reader_of(harbor.entity))

        assert f'href="{books(booking)}"' in client.get(f"/events/{event.key}/").content.decode()
        assert client.get(url(event)).status_code == 403

    def test_an_event_that_is_gone_from_the_books_page_is_no_link(self, harbor: Harbor) -> None:
        booking = book(harbor, event_key="gone")

        page = harbor.client().get(books(booking)).content.decode()

        assert "/events/gone/" not in page
        assert "Make an event" not in page


@pytest.mark.django_db(transaction=True)
def test_two_events_that_reach_for_one_booking_at_once_do_not_both_get_it() -> None:
    harbor = build_harbor()
    booking, pair = book(harbor), [harbor.event(), harbor.event()]

    outcomes = together(
        *(
            lambda event=event: event_bookings.tie(event=event, booking=booking, by=harbor.by, at=NOW)
            for event in pair
        )
    )

    assert sum(isinstance(outcome, EventRefusedError) for outcome in outcomes) == 1
    assert Event.objects.get(key=Booking.objects.get().event_key).state == EventState.DRAFT


def test_a_booking_is_served_on_the_day_its_event_moves_to_unless_it_is_settled(harbor: Harbor) -> None:
    event, booking = harbor.event(), book(harbor, stage="booked")
    Booking.objects.update(event_key=event.key)

    def served_after_a_move(days: int) -> dt.date | None:
        now = Event.objects.get()
        terms = harbor.terms(on=now.departs_on + dt.timedelta(days=days))
        events.change(event=now, terms=terms, by=harbor.by, at=NOW)
        booking.refresh_from_db()
        return booking.service_on

    assert served_after_a_move(3) == dt.date(2026, 12, 1)
    trail = AuditEvent.objects.get(action="portfolio:booking:change")
    assert trail.data["service_on"] == ["2026-11-28", "2026-12-01"]
    Booking.objects.update(stage="cancelled")
    assert served_after_a_move(2) == dt.date(2026, 12, 1)
