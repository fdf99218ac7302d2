"""Guests are mailed their link where they are added, and later; nobody is mailed what they should not have."""

import pytest
from django.test import Client

from crew.domain import guests
from crew.domain.history import SYSTEM
from crew.models import Event, EventGrant, EventState, Guest, GuestState, Link, Person, Role
from mail.models import Message
from tests.crew.links.test_people_page import browser
from tests.factories.crew import NOW, EventFactory, GuestFactory, role_on
from tests.factories.people import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

ADA = {"name": "Ada Lane", "email": "ada@example.com", "mail": "on"}


@pytest.fixture
def event() -> Event:
    return EventFactory(title="Saturday's sail")


@pytest.fixture
def captain(event: Event) -> Client:
    return browser(role_on(event, Role.CAPTAIN))


def url(event: Event, act: str = "add") -> str:
    return f"/events/{event.key}/guests/{act}/"


class TestWhenAdded:
    def test_the_box_is_ticked_and_a_link_goes_to_the_address(self, event: Event, captain: Client) -> None:
        form = captain.get(f"/events/{event.key}/guests/").context["form"]
        assert "checked" in str(form["mail"])

        page = captain.post(url(event), ADA, follow=True).content.decode()

        assert "Ada Lane has a seat. A link is on its way to ada@example.com." in page
        assert [row.to_address for row in Message.objects.all()] == ["ada@example.com"]
        link = Link.objects.get()
        assert (link.grant.role, link.grant.person.email) == (Role.GUEST, "ada@example.com")
        assert Guest.objects.get().state == GuestState.HELD

    @pytest.mark.parametrize("typed", [{"name": "Ada"}, {"name": "Ada", "mail": "on"}, {**ADA, "mail": ""}])
    def test_without_box_or_address_it_is_a_seat_and_nothing_else(
        self, event: Event, captain: Client, typed: dict[str, str]
    ) -> None:
        assert captain.post(url(event), typed).status_code == 302
        assert (Guest.objects.count(), Message.objects.count(), Link.objects.count()) == (1, 0, 0)

    def test_where_no_link_can_be_mailed_nothing_is_left_half_done(
        self, event: Event, captain: Client
    ) -> None:
        PersonFactory(email="ada@example.com", is_active=False)

        answer = captain.post(url(event), ADA)

        assert answer.status_code == 422
        assert "The account of ada@example.com is closed" in answer.content.decode()
        assert 'value="Ada Lane"' in answer.content.decode()
        assert (Guest.objects.count(), EventGrant.objects.filter(role=Role.GUEST).count()) == (0, 0)

    def test_the_form_sent_twice_mails_once(self, event: Event, captain: Client) -> None:
        assert [captain.post(url(event), ADA).status_code for _ in range(2)] == [302, 422]
        assert (Guest.objects.count(), Message.objects.count()) == (1, 1)

    def test_the_seventh_is_neither_seated_nor_mailed(self, event: Event, captain: Client) -> None:
        for _ in range(6):
            GuestFactory(event=event)
        assert captain.post(url(event), ADA).status_code == 422
        assert (Message.objects.count(), Person.objects.filter(email="ada@example.com").count()) == (0, 0)


class TestLater:
    def test_a_button_stands_where_there_is_an_address(self, event: Event, captain: Client) -> None:
        ada, companion = GuestFactory(event=event, email="ada@example.com"), GuestFactory(event=event)

        page = captain.get(f"/events/{event.key}/guests/").content.decode()
        assert url(event, f"{ada.pk}/mail") in page
        assert url(event, f"{companion.pk}/mail") not in page

        answer = captain.post(url(event, f"{ada.pk}/mail"), follow=True)
        assert "A link is on its way to ada@example.com." in answer.content.decode()
        captain.post(url(event, f"{ada.pk}/mail"))
        assert (Message.objects.count(), Link.objects.count(), EventGrant.objects.filter(role="guest").count()) == (
            2, 1, 1,
        )  # fmt: skip

    def test_nobody_without_address_seat_or_event_is_mailed(self, event: Event, captain: Client) -> None:
        companion = GuestFactory(event=event)
        gone = GuestFactory(event=event, email="gone@example.com", state=GuestState.REMOVED)
        ada = GuestFactory(event=event, email="ada@example.com")
        for guest, sentence in ((companion, "no mail address"), (gone, "was removed before")):
            answer = captain.post(url(event, f"{guest.pk}/mail"))
            assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
        Event.objects.update(state=EventState.CANCELLED, cancel_reason="Storm")
        assert captain.post(url(event, f"{ada.pk}/mail")).status_code == 422
        assert Message.objects.count() == 0

    def test_another_events_guest_is_not_there_and_crew_may_not(self, event: Event, captain: Client) -> None:
        theirs = GuestFactory(email="canary@example.com")
        mine = GuestFactory(event=event, email="ada@example.com")
        assert captain.post(url(event, f"{theirs.pk}/mail")).status_code == 404
        for role in (Role.CREW, Role.GUEST):
            assert browser(role_on(event, role)).post(url(event, f"{mine.pk}/mail")).status_code == 403
        assert Message.objects.count() == 0

    def test_removing_the_guest_takes_the_mailed_link_back(self, event: Event, captain: Client) -> None:
        captain.post(url(event), ADA)
        guests.remove(guest=Guest.objects.get(), by=SYSTEM, at=NOW)
        assert not EventGrant.objects.live(at=NOW).filter(role=Role.GUEST).exists()
        assert Link.objects.get().revoked_at == NOW
