"""A link shown on somebody's screen opens the event for whoever holds the phone, and nothing of its person's own.

A captain may make anybody crew and show their link: without this, that would open their papers, days off and pay.
"""

import re

import pytest
from django.test import Client

from crew import sessions
from crew.domain import link_mail
from crew.models import EventGrant, LinkEvent, Person, Role
from tests.crew.links.conftest import Held, hold, opened
from tests.crew.links.test_people_page import browser
from tests.factories.crew import NOW, CredentialFactory, EventFactory, role_on
from tests.factories.people import PersonFactory, owner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

OWN = ("/me/credentials/", "/me/credentials/add/", "/me/days/", "/me/pay/")


def shown(held: Held) -> Held:
    """Return the same link with a secret made for a screen."""
    return Held(held.link, link_mail.mint(link=held.link, shown="screen", at=NOW))


@pytest.fixture
def mate() -> Person:
    return PersonFactory(name="Mate Malone")


class TestShown:
    def test_it_opens_the_event_and_none_of_the_persons_own_pages(self, mate: Person) -> None:
        paper = CredentialFactory(person=mate, number="CANARY-7")
        phone = opened(shown(hold(Role.CREW, person=mate)))

        assert phone.get(f"/events/{EventGrant.objects.get().event.key}/").status_code == 200
        for path in (*OWN, f"/credentials/{paper.pk}/change/", f"/credentials/{paper.pk}/file/"):
            answer = phone.get(path)
            assert (answer.status_code, "CANARY" in answer.content.decode()) == (404, False), path
        assert phone.post(f"/credentials/{paper.pk}/withdraw/").status_code == 404
        assert phone.post("/me/days/", {"first_on": "2026-11-28", "last_on": "2026-11-28"}).status_code == 404

    def test_a_captain_who_makes_the_owner_crew_and_shows_their_link_reads_nothing_of_theirs(self) -> None:
        event, boss = EventFactory(), owner(email="boss@example.com")
        CredentialFactory(person=boss, number="CANARY-7")
        captain = browser(role_on(event, Role.CAPTAIN))
        captain.post(f"/events/{event.key}/people/", {"email": boss.email, "name": "", "role": "crew"})
        grant = EventGrant.objects.get(person=boss)
        page = captain.post(f"/events/{event.key}/people/{grant.pk}/show/").content.decode()
        code = re.search(r"[2-9B-Z]{4}-[2-9B-Z]{4}", page)
        assert code

        phone = Client()
        phone.post("/l/code/", {"code": code[0]})
        assert phone.post("/l/").status_code == 302
        for path in (*OWN, "/credentials/", "/pay/", "/events/", "/portfolio/", "/admin/", "/mail/"):
            answer = phone.get(path)
            assert answer.status_code in {302, 403, 404}, path
            assert "CANARY" not in answer.content.decode()

    def test_its_short_code_gives_no_more(self, mate: Person) -> None:
        held = shown(hold(Role.CREW, person=mate))
        phone = Client()
        phone.post("/l/code/", {"code": held.secret.shown_code})
        assert phone.post("/l/").status_code == 302
        assert phone.get("/me/pay/").status_code == 404


class TestMailed:
    def test_it_opens_the_persons_own_pages_for_its_event(self, mate: Person) -> None:
        phone = opened(hold(Role.CREW, person=mate))
        assert [phone.get(path).status_code for path in OWN] == [200] * 4

    def test_after_a_screen_the_mail_still_counts_and_the_other_way_round(self, mate: Person) -> None:
        mailed = hold(Role.CREW, person=mate)
        phone = opened(shown(mailed))
        assert phone.get("/me/pay/").status_code == 404
        opened(mailed, phone)
        assert phone.get("/me/pay/").status_code == 200
        opened(shown(mailed), phone)
        assert phone.get("/me/pay/").status_code == 200
        assert phone.session[sessions.OPENED] == phone.session[sessions.PROVED] == [mailed.grant.pk]

    def test_what_one_event_proved_proves_nothing_on_another(self, mate: Person) -> None:
        mailed, other = hold(Role.CREW, person=mate), hold(Role.CREW, person=mate)
        phone = opened(shown(other), opened(mailed))
        assert phone.get("/me/pay/").status_code == 404
        phone.post(f"/grants/{mailed.grant.pk}/")
        assert phone.get("/me/pay/").status_code == 200

    def test_another_persons_session_leaves_nothing_behind(self, mate: Person) -> None:
        phone = opened(hold(Role.CREW, person=mate))
        stranger = shown(hold(Role.CREW))
        phone.get(stranger.url)
        phone.post("/l/", {"instead_of": str(mate.pk)})
        assert phone.get("/me/pay/").status_code == 404
        assert phone.session[sessions.PROVED] == []


class TestHowLongABrowserIsRemembered:
    def test_one_that_only_looked_is_forgotten_after_a_day(self, mate: Person) -> None:
        held, phone = hold(Role.CREW, person=mate), Client()
        phone.get(held.url)
        assert phone.session.get_expiry_age() == sessions.BRIEF_SECONDS
        phone.post("/l/")
        assert phone.session.get_expiry_age() == 14 * 24 * 3600

    def test_one_that_is_signed_in_stays_so(self, mate: Person) -> None:
        phone = browser(PersonFactory())
        phone.get(hold(Role.CREW, person=mate).url)
        assert phone.session.get_expiry_age() == 14 * 24 * 3600


def test_wrong_codes_with_ever_new_addresses_fill_no_table() -> None:
    phone = Client()
    for number in range(230):
        phone.post("/l/code/", {"code": "WDJB-MJHT", "email": f"nobody{number}@example.com"})
    assert LinkEvent.objects.count() == 200
