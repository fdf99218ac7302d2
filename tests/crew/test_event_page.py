"""An event's page: what each role reads and may do there, what is next, and a fixed number of queries."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crew.models import (
    ChecklistItem,
    Duty,
    Event,
    EventGrant,
    EventState,
    GuestState,
    Mode,
    Person,
    Port,
    Role,
    StaffGrant,
)
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    GuestFactory,
    PositionFactory,
    role_on,
)
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db

NOTES = {
    "notes_captain": "Double the spring line",
    "notes_crew": "Ginger is in the galley",
    "notes_guests": "Soft-soled shoes",
    "notes_staff": "Deposit paid by card",
}
MEETING = "Dock C, slip 14"
OFFICE = ("Ada Client", "$1,850.00")


@pytest.fixture(autouse=True)
def _monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def event() -> Event:
    return EventFactory(
        title="Sail of the <b>Sheba</b>",
        meeting_point=MEETING,
        gate_code="4471#",
        client_name="Ada Client",
        price_minor=185_000,
        stops=["Coronado", "Point Loma"],
        **NOTES,
    )


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(event: Event, person: Person) -> str:
    response = client_of(person).get(f"/events/{event.key}/")
    assert response.status_code == 200
    return response.content.decode()


def staff(event: Event, duty: Duty) -> Person:
    person = PersonFactory()
    StaffGrant.objects.create(person=person, duty=duty, entity=event.entity, granted_at=NOW)
    return person


def test_a_stranger_finds_nothing_and_a_visitor_is_sent_to_sign_in(event: Event) -> None:
    assert client_of(PersonFactory()).get(f"/events/{event.key}/").status_code == 404
    assert client_of(role_on(EventFactory(), Role.CAPTAIN)).get(f"/events/{event.key}/").status_code == 404
    assert Client().get(f"/events/{event.key}/").headers["Location"].startswith("/account/login/")
    assert client_of(role_on(event, Role.CAPTAIN)).post(f"/events/{event.key}/").status_code == 405


@pytest.mark.parametrize(
    ("role", "sections", "notes"),
    [
        (Role.CAPTAIN, {"positions", "checklist", "guests"}, {"notes_captain", "notes_crew", "notes_guests"}),
        (Role.CREW, {"positions", "checklist"}, {"notes_crew", "notes_guests"}),
        (Role.GUEST, set(), {"notes_guests"}),
        (Role.ADMIN, {"positions", "checklist", "guests"}, set(NOTES)),
    ],
)
def test_each_role_reads_its_sections_and_notes(
    event: Event, role: Role, sections: set[str], notes: set[str]
) -> None:
    GuestFactory(event=event, name="Gwen Guest")
    PositionFactory(event=event)
    ChecklistItemFactory(event=event, text="Bilges dry")

    found = page(event, role_on(event, role))

    for section in ("positions", "checklist", "guests"):
        assert (f'id="{section}"' in found) == (section in sections), section
    for field, text in NOTES.items():
        assert (text in found) == (field in notes), field
    assert ("Gwen Guest" in found) == ("guests" in sections)
    assert ("Bilges dry" in found) == ("checklist" in sections)
    assert "Sail of the &lt;b&gt;Sheba&lt;/b&gt;" in found


def test_price_and_client_are_for_staff(event: Event) -> None:
    for duty in (Duty.BOOKINGS, Duty.READER):
        found = page(event, staff(event, duty))
        assert all(words in found for words in OFFICE)
    for role in (Role.CAPTAIN, Role.CREW, Role.GUEST):
        found = page(event, role_on(event, role))
        assert not any(words in found for words in OFFICE), role


def test_the_head_tells_state_time_zone_vessel_and_the_law(event: Event) -> None:
    found = page(event, role_on(event, Role.CREW))

    for words in (
        "Open",
        "Saturday 28 November 2026, 15:00 to 17:00 PST",
        str(event.vessel),
        "Coronado, Point Loma",
        "Uninspected, at most 6",
        "6 passengers, by 46 USC 2101, uninspected passenger vessel",
        "0 of 6 taken",
    ):
        assert words in found, words


@pytest.mark.parametrize(
    ("state", "told", "words"),
    [
        (GuestState.CLEARED, True, "Where to meet"),
        (GuestState.HELD, False, "You cannot board yet: your waiver is not on file."),
        (GuestState.REMOVED, False, "not on the guest list of this trip any more"),
        (None, False, "not on the guest list yet"),
    ],
)
def test_guests_learn_where_to_meet_once_they_are_cleared(
    event: Event, state: str | None, told: bool, words: str
) -> None:
    guest = role_on(event, Role.GUEST, email="gwen@example.com")
    if state:
        GuestFactory(event=event, email="Gwen@Example.com", state=state, cleared_how="On paper")

    found = page(event, guest)

    assert words in found
    for secret in (MEETING, "4471#", "google.com/maps"):
        assert (secret in found) == told, secret


def test_a_guest_is_welcomed_once_cleared_and_reads_none_of_the_offices_words(event: Event) -> None:
    guest = role_on(event, Role.GUEST, email="gwen@example.com")
    assert "Welcome aboard" not in page(event, guest)
    GuestFactory(event=event, email="gwen@example.com", state=GuestState.CLEARED, cleared_how="On paper")

    found = page(event, guest)

    assert f"Welcome aboard {event.vessel}. You are cleared to board." in found
    for words in ("<dt>Seats</dt>", "<dt>Mode</dt>", "Nautical dusk", "Civil dawn", ">Open</span>"):
        assert words not in found, words
    assert found.index('id="next"') < found.index('id="meeting"') < found.index('id="timing"')


def test_nobody_tells_a_guests_page_of_changes_so_it_asks_for_what_is_next(event: Event) -> None:
    asks = 'hx-select="#next"'
    assert asks in page(event, role_on(event, Role.GUEST))
    assert asks not in page(event, role_on(event, Role.CAPTAIN))


def test_another_guests_clearance_opens_nothing(event: Event) -> None:
    GuestFactory(event=event, email="other@example.com", state=GuestState.CLEARED, cleared_how="On paper")

    assert MEETING not in page(event, role_on(event, Role.GUEST))


def test_captain_and_crew_learn_where_to_meet_at_once(event: Event) -> None:
    for role in (Role.CAPTAIN, Role.CREW):
        found = page(event, role_on(event, role))
        assert MEETING in found
        assert "query=32.71570,-117.16110" in found


def test_a_captain_sees_first_what_is_next(event: Event) -> None:
    PositionFactory(event=event)
    PositionFactory(event=event, holder=PersonFactory())
    for number in range(3):
        ChecklistItemFactory(event=event, critical=number < 2)
    ChecklistItemFactory(event=event, critical=True, phase="return")
    GuestFactory(event=event)
    GuestFactory(event=event, state=GuestState.CLEARED, cleared_how="On paper")
    captain = role_on(event, Role.CAPTAIN)

    with time_machine.travel(event.departs_at - dt.timedelta(hours=1), tick=False):
        response = client_of(captain).get(f"/events/{event.key}/")

    countdown = response.context["countdown"]
    assert (countdown.what, countdown.words, countdown.time) == ("Boarding", "in 40 min", "14:40 PST")
    assert [(tile.value, tile.label) for tile in response.context["tiles"]] == [
        ("1 of 2", "positions staffed"),
        ("2", "critical items left before departure"),
        ("1 of 2", "guests not cleared"),
    ]
    text = response.content.decode()
    assert text.index("What is next") < text.index('id="timing"') < text.index('id="checklist"')


def test_under_way_counts_every_critical_item_and_once_over_nothing_is_to_be_done(event: Event) -> None:
    for phase in ("pre_departure", "return"):
        ChecklistItemFactory(event=event, critical=True, phase=phase)
    GuestFactory(event=event)
    client = client_of(role_on(event, Role.CAPTAIN))

    def tiles(state: EventState) -> list[tuple[str, str]]:
        Event.objects.filter(pk=event.pk).update(
            state=state, cancel_reason="Gale" * (state == EventState.CANCELLED)
        )
        return [(tile.value, tile.label) for tile in client.get(f"/events/{event.key}/").context["tiles"]]

    assert tiles(EventState.UNDERWAY)[0] == ("2", "critical items left")
    assert tiles(EventState.COMPLETED) == tiles(EventState.CANCELLED) == []


def test_a_guest_who_is_not_cleared_reads_nothing_of_boarding_once_the_trip_is_over(event: Event) -> None:
    guest = role_on(event, Role.GUEST, email="gwen@example.com")
    GuestFactory(event=event, email="gwen@example.com")
    Event.objects.filter(pk=event.pk).update(waiver_required=False)
    assert "You cannot board yet: you are not cleared." in page(event, guest)

    for state, words in ((EventState.COMPLETED, "This trip is over."), (EventState.CANCELLED, "cancelled")):
        Event.objects.filter(pk=event.pk).update(
            state=state, cancel_reason="Gale" * (state == EventState.CANCELLED)
        )
        found = page(event, guest)
        assert words in found
        assert "cannot board" not in found


def test_crew_see_their_own_position_first(event: Event) -> None:
    crew = role_on(event, Role.CREW)
    PositionFactory(event=event, holder=crew)

    tiles = client_of(crew).get(f"/events/{event.key}/").context["tiles"]

    assert (tiles[0].value, tiles[0].label) == ("Deckhand", "yours, claimed")


@pytest.mark.parametrize(
    ("role", "state", "buttons", "pages"),
    [
        (Role.CAPTAIN, EventState.OPEN, [], ["Dock code", "People and links"]),
        (Role.CAPTAIN, EventState.CONFIRMED, ["underway"], ["Dock code", "People and links"]),
        (Role.CAPTAIN, EventState.UNDERWAY, ["completed"], ["Dock code", "People and links"]),
        (Role.CREW, EventState.CONFIRMED, [], []),
        (Role.GUEST, EventState.CONFIRMED, [], []),
        (
            Role.ADMIN,
            EventState.OPEN,
            ["confirmed", "draft"],
            ["Dock code", "People and links", "Change", "History", "Cancel it"],
        ),
        (Role.ADMIN, EventState.COMPLETED, [], ["People and links", "History"]),
    ],
)
def test_each_role_is_offered_what_it_may_do(
    event: Event, role: Role, state: EventState, buttons: list[str], pages: list[str]
) -> None:
    Event.objects.filter(pk=event.pk).update(state=state)

    context = client_of(role_on(event, role)).get(f"/events/{event.key}/").context

    assert [move.to for move in context["moves"]] == buttons
    assert [entry["label"] for entry in context["pages"]] == pages


def test_every_page_offered_opens(event: Event) -> None:
    admin = client_of(staff(event, Duty.OWNER))

    pages = admin.get(f"/events/{event.key}/").context["pages"]

    assert {"Dock code", "Change", "History", "Cancel it"} <= {entry["label"] for entry in pages}
    for entry in pages:
        assert admin.get(entry["url"]).status_code == 200, entry


def test_a_cancelled_event_says_why(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(state=EventState.CANCELLED, cancel_reason="Gale warning")

    for role in (Role.GUEST, Role.CREW):
        found = page(event, role_on(event, role))
        assert "Gale warning" in found
        assert 'aria-label="What is next" hidden' in found


def test_an_event_ashore_without_guests_has_a_page(event: Event) -> None:
    ashore = EventFactory(
        vessel=None,
        port=event.port,
        venue="Boat yard",
        mode="",
        legal_limit=None,
        legal_source="",
        capacity=0,
    )

    found = page(ashore, role_on(ashore, Role.CAPTAIN))

    assert "Boat yard" in found
    assert "Boarding" not in found


def _grow(event: Event, rows: int) -> None:
    Event.objects.filter(pk=event.pk).update(mode=Mode.INSPECTED_COI, legal_limit=500, capacity=500)
    event.refresh_from_db()
    for _ in range(rows):
        ChecklistItemFactory(event=event)
    for _ in range(rows // 3):
        GuestFactory(event=event)
    for _ in range(max(1, rows // 25)):
        CredentialFactory(
            person=PositionFactory(event=event, holder=PersonFactory(), requires=["medical"]).holder
        )
        EventGrantFactory(event=event)


@pytest.mark.parametrize("rows", [1, 300])
@pytest.mark.parametrize(
    ("role", "queries"), [(Role.CAPTAIN, 13), (Role.CREW, 12), (Role.ADMIN, 14), (Role.GUEST, 9)]
)
def test_the_page_takes_the_same_queries_however_much_there_is(
    event: Event, role: Role, queries: int, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _grow(event, rows)
    client = client_of(role_on(event, role))

    with django_assert_num_queries(queries):
        client.get(f"/events/{event.key}/")


@pytest.mark.parametrize("rows", [1, 300])
def test_staff_take_the_same_queries_however_much_there_is(
    event: Event, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _grow(event, rows)
    client = client_of(staff(event, Duty.OWNER))

    with django_assert_num_queries(13):
        client.get(f"/events/{event.key}/")


def test_a_port_whose_zone_is_none_breaks_no_page(event: Event) -> None:
    item = ChecklistItemFactory(
        event=event, state="claimed", claimer=role_on(event, Role.CREW), claimed_at=NOW
    )
    Port.objects.update(zone="Mars/Olympus_Mons")
    client = Client()
    client.force_login(role_on(event, Role.CAPTAIN))

    assert client.get(f"/events/{event.key}/").status_code == 200
    assert client.get(f"/events/{event.key}/items/{item.pk}/").status_code == 200
    refused = client.post(f"/events/{event.key}/items/{item.pk}/claim/", follow=True)
    assert "has this since 10:00 PST." in refused.content.decode()


def test_opening_the_page_changes_nothing(event: Event) -> None:
    before = list(EventGrant.objects.values()), list(ChecklistItem.objects.values())
    page(event, role_on(event, Role.GUEST))

    assert len(EventGrant.objects.values()) == len(before[0]) + 1
    assert list(ChecklistItem.objects.values()) == before[1]
