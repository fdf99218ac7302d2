"""The people of an event: roles given, links mailed, shown, replaced and revoked, by who may."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from crew.domain import link_secrets, link_words
from crew.models import Event, EventGrant, EventState, Guest, Link, LinkEvent, LinkSecret, Person, Role
from mail.models import Message
from tests.crew.links.conftest import hold, opened
from tests.factories.crew import NOW, EventFactory, EventGrantFactory, GuestFactory, role_on
from tests.factories.people import PersonFactory, owner, reader_of

pytestmark = pytest.mark.django_db


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def event() -> Event:
    return EventFactory(title="Saturday's sunset sail")


@pytest.fixture
def captain(event: Event) -> Client:
    return browser(role_on(event, Role.CAPTAIN))


def people(event: Event) -> str:
    return f"/events/{event.key}/people/"


def test_a_captain_gives_crew_and_guest_and_each_gets_a_mail(event: Event, captain: Client) -> None:
    for email, name, role in (
        ("mate@example.com", "New Mate", "crew"),
        ("guest@example.com", "A Guest", "guest"),
    ):
        done = captain.post(people(event), {"email": email, "name": name, "role": role})
        assert done["Location"] == people(event)
    assert [row.to_address for row in Message.objects.order_by("pk")] == [
        "mate@example.com",
        "guest@example.com",
    ]
    assert Guest.objects.get().name == "A Guest"
    page = captain.get(people(event)).content.decode()
    assert "New Mate" in page
    assert "looked at 0 times, used 0 of 10; until 29 Nov 2026, 17:00 PST" in page


@pytest.mark.parametrize("role", ["captain", "admin", "owner", "", "CREW"])
def test_a_captain_gives_no_more_than_that(event: Event, captain: Client, role: str) -> None:
    page = captain.post(people(event), {"email": "mate@example.com", "name": "New Mate", "role": role})
    assert page.status_code == 422
    assert 'value="mate@example.com"' in page.content.decode()
    assert not Person.objects.filter(email="mate@example.com").exists()


def test_staff_give_any_role_and_admin_to_staff_alone(event: Event) -> None:
    boss, office = owner(email="boss@example.com"), browser(owner())
    assert (
        office.post(people(event), {"email": "c@example.com", "name": "C", "role": "captain"}).status_code
        == 302
    )
    refused = office.post(people(event), {"email": "c@example.com", "name": "C", "role": "admin"})
    assert refused.status_code == 422
    assert "no link may make an admin of them" in refused.content.decode()
    assert office.post(people(event), {"email": boss.email, "name": "", "role": "admin"}).status_code == 302
    grant = EventGrant.objects.get(role=Role.ADMIN)
    first = Link.objects.get(grant=grant)
    assert (grant.expires_at, first.expires_at, first.uses_allowed) == (
        NOW + dt.timedelta(minutes=10), NOW + dt.timedelta(minutes=10), 1,
    )  # fmt: skip
    with time_machine.travel(NOW + dt.timedelta(minutes=5), tick=False):
        office.post(people(event), {"email": boss.email, "name": "", "role": "admin"})
    second = Link.objects.exclude(pk=first.pk).get(grant=grant)
    assert second.expires_at == NOW + dt.timedelta(minutes=15)
    first.refresh_from_db()
    assert first.revoked_at == NOW + dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("email", "name", "sentence"),
    [
        ("nobody", "A", "is not one mail address"),
        ("", "A", "is not one mail address"),
        ("a@example.com\nBcc: x@example.com", "A", "cannot bear"),
        ("a\x00@example.com", "A", "cannot bear"),
        ("a@example.com", "A\x00", "cannot bear"),
        ("a@example.com", "A" * 130, "at most 120"),
        ("a" * 1_000_000 + "@example.com", "A", "at most"),
        ("closed@example.com", "A", "is closed"),
    ],
)
def test_what_cannot_be_is_refused_on_the_page_with_everything_typed_kept(
    event: Event, captain: Client, email: str, name: str, sentence: str
) -> None:
    PersonFactory(email="closed@example.com", is_active=False)
    page = captain.post(people(event), {"email": email, "name": name, "role": "crew"})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not Message.objects.exists()
    assert not Link.objects.exists()


def test_the_seventh_passenger_is_refused_with_the_law_and_nothing_is_given(
    event: Event, captain: Client
) -> None:
    GuestFactory.create_batch(6, event=event)
    page = captain.post(people(event), {"email": "seventh@example.com", "name": "Seventh", "role": "guest"})
    assert page.status_code == 422
    assert "46 USC 2101" in page.content.decode()
    assert not Person.objects.filter(email="seventh@example.com").exists()


def test_a_link_is_shown_once_by_a_button_and_never_by_looking(event: Event, captain: Client) -> None:
    held = hold(event=event)
    Link.objects.filter(pk=held.link.pk).update(revoked_at=NOW)
    address = f"{people(event)}{held.grant.pk}/show/"
    before = LinkSecret.objects.count()
    assert captain.get(address).status_code == 405
    assert LinkSecret.objects.count() == before
    page = captain.post(address)
    assert page.status_code == 200
    text = page.content.decode()
    assert "<svg" in text
    code = text.split('class="qr__typed">')[1].split("<")[0]
    secret = LinkSecret.objects.get(shown="screen")
    assert secret.code_hash == link_secrets.code_hash(code.replace("-", ""))
    assert "no-store" in page["Cache-Control"]
    assert not Message.objects.exists()
    phone = Client()
    assert phone.post("/l/code/", {"code": code})["Location"] == "/l/"
    assert phone.post("/l/")["Location"] == held.event_url


def test_links_are_mailed_again_replaced_and_revoked_and_the_role_taken_back(
    event: Event, captain: Client
) -> None:
    held = hold(event=event)
    guest = opened(held)
    address = f"{people(event)}{held.grant.pk}/"
    for act, links_then in (("mail", 1), ("rotate", 2), ("revoke-links", 2)):
        assert captain.post(f"{address}{act}/")["Location"] == people(event)
        assert Link.objects.filter(grant=held.grant).count() == links_then
    assert Message.objects.count() == 2
    assert not Link.objects.filter(revoked_at=None).exists()
    assert not LinkSecret.objects.filter(revoked_at=None).exists()
    assert guest.get(held.event_url).status_code == 200
    captain.post(f"{address}take-back/")
    assert guest.get(held.event_url).status_code == 404
    assert captain.post(f"{address}take-back/").status_code == 422
    assert captain.post(f"{address}mail/").status_code == 422
    assert captain.post(f"{address}nonsense/").status_code == 404
    kinds = list(LinkEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["issued", "minted", "viewed", "used", "issued", "rotated", "issued", "revoked"]


def test_after_the_event_links_are_refused_in_a_sentence(event: Event, captain: Client) -> None:
    grant = EventGrantFactory(event=event, role=Role.CREW)
    Event.objects.update(state=EventState.COMPLETED)
    with time_machine.travel(event.returns_at + dt.timedelta(days=5), tick=False):
        page = captain.post(f"{people(event)}{grant.pk}/mail/")
    assert page.status_code == 422
    assert "is over, and links to it no longer work" in page.content.decode()


def test_nobody_acts_on_what_is_not_theirs_to_give(event: Event, captain: Client) -> None:
    chief = EventGrantFactory(event=event, role=Role.CAPTAIN)
    elsewhere = EventGrantFactory(role=Role.GUEST)
    for act in ("mail", "rotate", "revoke-links", "take-back", "show"):
        assert captain.post(f"{people(event)}{chief.pk}/{act}/").status_code == 403
        assert captain.post(f"{people(event)}{elsewhere.pk}/{act}/").status_code == 404
        assert captain.post(f"{people(elsewhere.event)}{elsewhere.pk}/{act}/").status_code == 404
    assert captain.post(f"{people(event)}{10**30}/mail/").status_code == 404
    assert not Message.objects.exists()


@pytest.mark.parametrize(("role", "status"), [(Role.CREW, 403), (Role.GUEST, 403), (None, 404)])
def test_crew_guests_and_strangers_see_no_roles(event: Event, role: str | None, status: int) -> None:
    person = role_on(event, role) if role else PersonFactory()
    assert browser(person).get(people(event)).status_code == status


def test_staff_who_only_read_see_no_addresses_and_links(event: Event) -> None:
    grant = EventGrantFactory(event=event, role=Role.GUEST)
    client = browser(reader_of(event.entity))
    assert client.get(people(event)).status_code == 403
    assert people(event) not in client.get(f"/events/{event.key}/").content.decode()
    assert (
        client.post(people(event), {"email": "a@example.com", "name": "A", "role": "guest"}).status_code
        == 403
    )
    assert client.post(f"{people(event)}{grant.pk}/mail/").status_code == 403


@pytest.mark.parametrize("many", [1, 40])
def test_the_page_asks_the_same_however_many_people(
    event: Event, captain: Client, many: int, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    for _ in range(many):
        opened(hold(event=event))
    captain.get(people(event))
    with django_assert_num_queries(11):
        page = captain.get(people(event))
    assert page.content.decode().count("people__row") == many + 1


def test_the_trail_is_folded_and_names_programs_in_words(event: Event, captain: Client) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    Client(headers={"user-agent": agent}).get(hold(event=event).url, follow=True)

    page = captain.get(people(event)).content.decode()

    assert "Firefox on Linux" in page
    assert "Gecko" not in page
    fold = page.index('<details class="section disclosure">')
    assert fold < page.index("What happened to links") < page.index("Firefox on Linux")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("", ""),
        ("curl/8.5", "Another program"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1", "Chrome on iPad"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1", "Safari on Mac"),
    ],
)
def test_a_program_is_known_by_browser_and_system(agent: str, words: str) -> None:
    assert link_words.program(agent) == words


def test_a_person_without_a_name_is_shown_by_their_address_once(event: Event, captain: Client) -> None:
    hold(event=event, person=PersonFactory(name="", email="una@example.com"))

    page = captain.get(people(event)).content.decode()

    row = page[page.index('class="people__who"', page.index("una@example.com") - 120) :]
    assert row[: row.index("</div>")].count("una@example.com") == 1
