"""The list of one's own work, and where the first page sends whom."""

import datetime as dt
from importlib import import_module

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crew import sessions
from crew.domain import work
from crew.models import CredentialKind, Event, EventGrant, EventState, Person, Role
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    ChecklistItemFactory,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    PositionFactory,
    role_on,
)
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def by_link(grant: EventGrant) -> Client:
    """Return a browser whose session a link to this grant opened."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update(
        {
            SESSION_KEY: str(grant.person_id),
            BACKEND_SESSION_KEY: sessions.BACKEND,
            HASH_SESSION_KEY: grant.person.get_session_auth_hash(),
            sessions.ACTIVE: grant.pk,
            sessions.OPENED: [grant.pk],
        }
    )
    session.create()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def work_of(person: Person, only_grant: int | None = None) -> work.Work:
    return work.work(person=person, only_grant=only_grant, papers=only_grant is None, at=NOW)


def later(days: int, **fields: object) -> Event:
    return EventFactory(
        departs_at=DEPARTS_AT + days * DAY,
        returns_at=DEPARTS_AT + days * DAY + dt.timedelta(hours=2),
        **fields,
    )


def test_assignments_stand_by_date_with_what_comes_next() -> None:
    person = PersonFactory()
    for days, role in ((3, Role.CREW), (0, Role.CAPTAIN), (1, Role.CREW)):
        EventGrantFactory(person=person, role=role, event=later(days, title=f"In {days} days"))

    found = work_of(person).assignments

    assert [(card.title, card.role, card.next_) for card in found] == [
        ("In 0 days", "Captain", "Crew call in 5 days 3 h"),
        ("In 1 days", "Crew", "Crew call in 6 days 3 h"),
        ("In 3 days", "Crew", "Crew call in 8 days 3 h"),
    ]


def test_open_positions_of_events_one_is_invited_to_are_offered() -> None:
    event = EventFactory()
    person = role_on(event, Role.CREW)
    taken = PositionFactory(event=event, holder=PersonFactory())
    free = PositionFactory(event=event, station="host")
    PositionFactory(event=EventFactory())

    (card,) = work_of(person).assignments

    assert [(position.station, position.words) for position in card.open] == [("Host", "open")]
    assert card.open[0].url == f"/events/{event.key}/positions/{free.pk}/"
    type(taken).objects.filter(pk=taken.pk).update(stand_in_at=NOW)
    assert [position.words for position in work_of(person).assignments[0].open] == ["stand-in sought", "open"]


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.UNDERWAY])
def test_positions_are_offered_only_while_they_are_taken(state: EventState) -> None:
    event = EventFactory(state=state)
    PositionFactory(event=event)

    assert work_of(role_on(event, Role.CREW)).assignments[0].open == ()


def test_captains_are_warned_of_gaps_and_crew_of_their_own_hold() -> None:
    event = EventFactory()
    captain, crew = role_on(event, Role.CAPTAIN), role_on(event, Role.CREW)
    PositionFactory(event=event)
    PositionFactory(event=event, holder=crew, state="held", hold_reason="First aid has expired.")
    ChecklistItemFactory(event=event, critical=True)

    assert work_of(captain).assignments[0].warnings == (
        "2 of 2 positions are not staffed.",
        "1 critical checklist item left before departure.",
    )
    card = work_of(crew).assignments[0]
    assert card.warnings == ("Your position is held: First aid has expired.",)
    assert card.mine == ("Deckhand, held",)


def test_claimed_items_stand_by_when_they_are_due_across_events() -> None:
    person = PersonFactory()
    first, second = later(0), later(2)
    for event in (second, first):
        EventGrantFactory(event=event, person=person)
        ChecklistItemFactory(event=event, text=f"Check of {event.key}", state="claimed", claimer=person)
        ChecklistItemFactory(event=event, text="Free")
    ChecklistItemFactory(event=EventFactory(), state="claimed", claimer=person)

    items = work_of(person).items

    assert [item.text for item in items] == [f"Check of {first.key}", f"Check of {second.key}"]
    assert items[0].due == "due Sat 28 Nov, 14:30 PST, in 5 days 4 h"
    assert not items[0].late


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [
        (-1, "expired on 22 November 2026", "bad"),
        (0, "expires today, on 23 November 2026", "watch"),
        (1, "expires in 1 day, on 24 November 2026", "watch"),
        (90, "expires in 90 days, on 21 February 2027", "watch"),
    ],
)
def test_papers_that_expire_are_told(days: int, words: str, tone: str) -> None:
    person = PersonFactory()
    CredentialFactory(person=person, expires_on=NOW.date() + days * DAY)

    (paper,) = work_of(person).papers
    assert (paper.label, paper.words, paper.tone) == ("Captain's licence", words, tone)


def test_papers_that_hold_or_are_renewed_are_not_told() -> None:
    person = PersonFactory()
    for kind, days in ((CredentialKind.MEDICAL, 5), (CredentialKind.MEDICAL, 400), (CredentialKind.TWIC, 91)):
        CredentialFactory(person=person, kind=kind, expires_on=NOW.date() + days * DAY)
    CredentialFactory(person=person, kind=CredentialKind.FIRST_AID, expires_on=None)
    CredentialFactory(
        person=person, kind=CredentialKind.DRUG_PROGRAMME, expires_on=NOW.date(), withdrawn_at=NOW
    )

    assert work_of(person).papers == ()


def test_guests_see_trips_and_nothing_of_the_work() -> None:
    event = EventFactory()
    PositionFactory(event=event)
    ChecklistItemFactory(event=event, critical=True)
    found = work_of(role_on(event, Role.GUEST))

    assert found.assignments == ()
    (trip,) = found.trips
    assert (trip.next_, trip.open, trip.warnings, trip.mine) == ("Boarding in 5 days 4 h", (), (), ())


def test_what_is_over_stands_apart() -> None:
    person = PersonFactory()
    gone = later(-7, title="Last week", state=EventState.COMPLETED)
    off = later(1, title="Called off", state=EventState.CANCELLED, cancel_reason="Gale")
    for event in (gone, off):
        EventGrantFactory(event=event, person=person)

    found = work_of(person)

    assert found.assignments == ()
    assert [card.title for card in found.past] == ["Called off", "Last week"]


def test_revoked_and_expired_roles_show_nothing() -> None:
    person = PersonFactory()
    EventGrantFactory(person=person, revoked_at=NOW)
    EventGrantFactory(person=person, expires_at=NOW - DAY, granted_at=NOW - 2 * DAY)

    assert work_of(person) == work.Work((), (), (), (), ())
    assert "Nothing ahead" in client_of(person).get("/my-work/").content.decode()


def test_a_link_shows_what_its_grant_gives_and_no_more() -> None:
    person = PersonFactory()
    here = EventGrantFactory(person=person, event=EventFactory(title="This one"))
    there = EventGrantFactory(person=person, event=EventFactory(title="Another one"))
    CredentialFactory(person=person, expires_on=NOW.date())
    ChecklistItemFactory(event=there.event, text="Secret item", state="claimed", claimer=person)

    page = by_link(here).get("/my-work/").content.decode()

    assert "This one" in page
    for hidden in ("Another one", "Secret item", "licence"):
        assert hidden not in page, hidden


@pytest.mark.parametrize("rows", [1, 40])
def test_the_list_takes_the_same_queries_however_much_there_is(
    rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = PersonFactory()
    for number in range(rows):
        event = later(number)
        EventGrantFactory(event=event, person=person, role=Role.CAPTAIN)
        PositionFactory(event=event)
        ChecklistItemFactory(event=event, state="claimed", claimer=person)
        CredentialFactory(person=person, expires_on=NOW.date())
    client = client_of(person)

    with django_assert_num_queries(10):
        client.get("/my-work/")


# The first page


def test_a_link_leads_to_its_event() -> None:
    grant = EventGrantFactory(role=Role.GUEST)

    assert by_link(grant).get("/").headers["Location"] == f"/events/{grant.event.key}/"


def test_people_with_roles_are_sent_to_their_work() -> None:
    assert client_of(EventGrantFactory().person).get("/").headers["Location"] == "/my-work/"


def test_whoever_has_nothing_is_told_so_kindly() -> None:
    revoked = EventGrantFactory(revoked_at=NOW)
    # What else that browser opened links to stands there.
    assert by_link(revoked).get("/").headers["Location"] == "/grants/"
    for client in (client_of(PersonFactory()), client_of(revoked.person)):
        answer = client.get("/")
        assert answer.status_code == 403
        text = answer.content.decode()
        assert "nothing here is yours yet" in text
        # The first page would refuse them again.
        assert 'href="/">Go to the first page' not in text
        assert "Sign out</button>" in text
        assert 'href="/grants/">See your roles' in text


def test_visitors_are_sent_to_sign_in() -> None:
    for path in ("/", "/my-work/"):
        assert Client().get(path).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    ("role", "linked", "places"),
    [
        (Role.CAPTAIN, False, ["My work", "Days off", "Papers", "Pay", "My roles"]),
        (Role.CREW, False, ["My work", "Days off", "Papers", "Pay", "My roles"]),
        (Role.GUEST, False, ["My trips", "My roles"]),
        (Role.CREW, True, ["Event", "My roles"]),
        (Role.GUEST, True, ["Event", "My roles"]),
    ],
)
def test_the_frame_offers_only_places_that_open(role: Role, linked: bool, places: list[str]) -> None:
    grant = EventGrantFactory(role=role)
    client = by_link(grant) if linked else client_of(grant.person)

    nav = client.get(f"/events/{grant.event.key}/").context["nav"]

    assert [place["label"] for place in nav] == places
    assert [place["current"] for place in nav] == [True] + [False] * (len(places) - 1)
    for place in nav:
        assert client.get(place["url"], follow=True).status_code == 200, place
