"""Taking a link up in a browser: GET spends nothing, a pressed button opens a session limited to the grant."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client

from core.models import AuditEvent
from crew import sessions
from crew.domain import grant_rows, grants, links, people, stepup
from crew.domain.history import SYSTEM
from crew.models import EventState, Link, LinkEvent, LinkEventKind, LinkSecret, Person, Role
from mail.models import Message
from tests.crew.links.conftest import Held, hold, opened
from tests.factories.crew import NOW, EventFactory, EventGrantFactory
from tests.factories.people import PersonFactory, owner

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(LinkEvent.objects.order_by("pk").values_list("kind", flat=True))


def uses(held: Held) -> int:
    return Link.objects.get(pk=held.link.pk).uses


class TestOpening:
    def test_a_get_shows_whom_it_is_for_at_an_address_without_the_token_and_spends_nothing(self) -> None:
        held = hold(person=PersonFactory(name="Mia Torres"))
        client = Client()
        first = client.get(held.url)
        assert (first.status_code, first["Location"]) == (302, "/l/")
        page = client.get("/l/").content.decode()
        assert "Mia Torres" in page
        assert held.grant.event.title in page
        assert "Saturday 28 November 2026, 15:00 PST" in page
        assert "Open as guest" in page
        assert held.secret.token not in page
        assert uses(held) == 0
        assert SESSION_KEY not in client.session
        assert kinds() == ["issued", "minted", "viewed"]
        assert client.session["link_pending"] == [held.link.pk, LinkSecret.objects.get().pk]

    def test_somebody_without_a_name_is_not_given_away_by_their_address(self) -> None:
        held = hold(person=PersonFactory(name="", email="mia@example.com"))
        client = Client()
        page = client.get(held.url, follow=True).content.decode()
        assert "m•••@example.com" in page
        assert "mia@example.com" not in page

    def test_the_button_opens_a_session_on_a_fresh_key_limited_to_the_grant(self) -> None:
        held = hold()
        client = Client()
        client.get(held.url)
        key = client.session.session_key
        done = client.post("/l/", HTTP_USER_AGENT="Phone\x07 5")
        assert (done.status_code, done["Location"]) == (302, held.event_url)
        assert client.session.session_key != key
        assert client.session[sessions.ACTIVE] == held.grant.pk
        assert client.session[sessions.OPENED] == [held.grant.pk]
        assert uses(held) == 1
        used = LinkEvent.objects.get(kind=LinkEventKind.USED)
        assert (used.by, used.address, used.agent) == (held.grant.person, "127.0.0.1", "Phone 5")
        assert AuditEvent.objects.filter(action="crew:person:sign_in", data={"way": "link"}).count() == 1
        assert client.get(held.event_url).status_code == 200
        assert client.get(f"/events/{EventFactory().key}/").status_code == 404

    def test_opened_again_in_the_same_browser_it_goes_on_without_spending(self) -> None:
        held = hold()
        client = opened(held)
        client.get(held.url)
        assert "Continue" in client.get("/l/").content.decode()
        assert client.post("/l/")["Location"] == held.event_url
        assert uses(held) == 1

    def test_a_last_use_spent_elsewhere_does_not_shut_the_browser_that_has_it_open(self) -> None:
        held = hold(uses_allowed=1)
        client = opened(held)
        client.get(held.url)
        assert client.get("/l/").status_code == 200
        assert client.post("/l/")["Location"] == held.event_url

    def test_a_button_pressed_without_a_link_says_how_to_open_one(self) -> None:
        response = Client().post("/l/")
        assert response.status_code == 200
        assert "No link is open here" in response.content.decode()

    def test_the_button_refuses_a_forged_form(self) -> None:
        held = hold()
        client = Client(enforce_csrf_checks=True)
        client.get(held.url)
        assert client.post("/l/").status_code == 403
        assert uses(held) == 0

    def test_next_in_the_address_leads_nowhere(self) -> None:
        held = hold()
        client = Client()
        assert client.get(held.url + "?next=//evil.example").headers["Location"] == "/l/"
        client.get("/l/?next=//evil.example")
        done = client.post("/l/?next=//evil.example", {"next": "//evil.example"})
        assert done["Location"] == held.event_url

    def test_pages_of_links_are_kept_by_no_cache_and_send_no_referrer(self) -> None:
        held = hold()
        client = Client()
        for response in (client.get(held.url), client.get("/l/")):
            assert "no-store" in response["Cache-Control"]
            assert response["Referrer-Policy"] == "no-referrer"


class TestNotOpen:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"uses": 20}, "This link is used up"),
            ({"expires_at": NOW + dt.timedelta(seconds=1)}, "This link has run out"),
            ({"revoked_at": NOW}, "This link was taken back"),
        ],
    )
    def test_each_says_what_happened_and_offers_a_fresh_one_to_the_same_address(
        self, changes: dict[str, object], sentence: str
    ) -> None:
        held = hold(person=PersonFactory(email="mia@example.com"), **changes)
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            client = Client()
            client.get(held.url)
            for response in (client.get("/l/"), client.post("/l/")):
                assert response.status_code == 410
                page = response.content.decode()
                assert sentence in page
                assert "Mail me a fresh one" in page
                assert "m•••@example.com" in page
                assert "mia@example.com" not in page
            assert SESSION_KEY not in client.session
            assert LinkEvent.objects.filter(kind=LinkEventKind.REFUSED).count() == 1
            sent = client.post("/l/fresh/", follow=True)
        assert "A fresh link is on its way to m•••@example.com" in sent.content.decode()
        assert Message.objects.get().to_address == "mia@example.com"
        assert Message.objects.get().payload["link"] != held.link.pk

    def test_a_link_that_a_newer_one_replaced_says_so(self) -> None:
        held = hold()
        new = links.rotate(grant=held.grant, by=SYSTEM, at=NOW)
        client = Client()
        client.get(held.url)
        page = client.get("/l/")
        assert page.status_code == 410
        assert "A newer link took the place of this one" in page.content.decode()
        client.post("/l/fresh/")
        assert [row.payload for row in Message.objects.all()] == [{"link": new.pk}, {"link": new.pk}]

    def test_a_role_taken_back_offers_nothing(self) -> None:
        held = hold()
        client = Client()
        client.get(held.url)
        grants.revoke(grant=held.grant, by=SYSTEM, at=NOW)
        page = client.get("/l/")
        assert page.status_code == 410
        assert "Your role on this event has ended" in page.content.decode()
        assert "fresh" not in page.content.decode()
        client.post("/l/fresh/")
        assert not Message.objects.exists()
        assert client.post("/l/").status_code == 410
        assert SESSION_KEY not in client.session

    def test_fresh_links_are_mailed_three_times_an_hour_and_then_a_sentence_says_where_to_look(self) -> None:
        held = hold(uses=20)
        client = Client()
        client.get(held.url)
        said = [client.post("/l/fresh/", follow=True).content.decode() for _ in range(5)]
        assert [("on its way" in page, "Look into that mailbox" in page) for page in said] == [
            *[(True, False)] * 3,
            *[(False, True)] * 2,
        ]
        assert Message.objects.count() == 3

    def test_without_a_link_nothing_fresh_is_mailed(self) -> None:
        client = Client()
        client.get("/l/" + "A" * 43 + "/")
        client.post("/l/fresh/")
        assert not Message.objects.exists()

    def test_an_account_that_was_closed_gets_in_by_no_link(self) -> None:
        held = hold()
        client = Client()
        client.get(held.url)
        Person.objects.filter(pk=held.grant.person_id).update(is_active=False)
        assert client.post("/l/").status_code == 410
        assert uses(held) == 0


class TestSomebodyElse:
    def test_staff_are_asked_before_their_session_ends(self) -> None:
        boss, held = owner(email="boss@example.com"), hold()
        client = Client()
        client.force_login(boss)
        client.get(held.url)
        page = client.get("/l/").content.decode()
        assert "boss@example.com" in page
        assert "Stay signed in as" in page
        assert client.post("/l/").status_code == 409
        assert client.post("/l/", {"instead_of": "999999"}).status_code == 409
        assert client.session[SESSION_KEY] == str(boss.pk)
        assert client.get("/").status_code == 200
        assert uses(held) == 0
        assert client.post("/l/", {"instead_of": str(boss.pk)})["Location"] == held.event_url
        assert client.session[SESSION_KEY] == str(held.grant.person_id)
        assert client.get("/").status_code != 200

    def test_another_persons_link_session_is_asked_too(self) -> None:
        first, second = hold(), hold()
        client = opened(first)
        client.get(second.url)
        assert client.post("/l/").status_code == 409
        client.post("/l/", {"instead_of": str(first.grant.person_id)})
        assert client.session[sessions.OPENED] == [second.grant.pk]
        assert client.get(first.event_url).status_code == 404

    def test_somebody_signed_in_by_code_keeps_that_session_on_their_own_link(self) -> None:
        held = hold()
        client = Client()
        client.force_login(held.grant.person)
        client.get(held.url)
        assert client.post("/l/")["Location"] == held.event_url
        assert uses(held) == 0
        assert sessions.ACTIVE not in client.session


class TestStepUp:
    def code_of(self, row: Message) -> str:
        from mail.domain import sealing  # noqa: PLC0415

        assert row.sealed is not None
        return sealing.unseal(row.sealed)

    def test_a_captain_on_a_new_device_types_a_mailed_code_once(self) -> None:
        held = hold(Role.CAPTAIN)
        client = Client()
        client.get(held.url)
        assert "we mail a code" in client.get("/l/").content.decode()
        assert client.post("/l/")["Location"] == "/l/step/"
        assert uses(held) == 0
        row = Message.objects.get()
        assert (row.to_address, row.bears_secret) == (held.grant.person.email, True)
        code = self.code_of(row)
        assert "is on its way to" in client.get("/l/step/").content.decode()
        done = client.post("/l/step/", {"code": code.lower()})
        assert done["Location"] == held.event_url
        assert uses(held) == 1
        cookie = client.cookies[f"device_{held.grant.person_id}"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/l/")

        client.post("/account/logout/")
        client.get(held.url)
        assert client.post("/l/")["Location"] == held.event_url
        assert uses(held) == 2
        assert Message.objects.count() == 1

    def test_a_device_is_known_for_one_person_and_forgotten_at_once(self) -> None:
        held, other = hold(Role.CAPTAIN), hold(Role.CAPTAIN)
        token = stepup.device_token(held.grant.person)
        assert not stepup.needed(link=held.link, device=token)
        assert stepup.needed(link=other.link, device=token)
        assert stepup.needed(link=held.link, device=token + "x")
        session = Client()
        session.force_login(held.grant.person)
        people.sign_out_everywhere(person=held.grant.person, at=NOW, by=None)
        link = Link.objects.select_related("grant__person").get(pk=held.link.pk)
        assert stepup.needed(link=link, device=token)
        assert session.get("/grants/").status_code == 302

    def test_five_wrong_codes_and_the_right_one_no_longer_counts(self) -> None:
        held = hold(Role.CAPTAIN)
        client = Client()
        client.get(held.url)
        client.post("/l/")
        code = self.code_of(Message.objects.get())
        for left in (4, 3, 2, 1, 0):
            page = client.post("/l/step/", {"code": "2222-2222"})
            assert page.status_code == 422
            assert (f"{left} more time" in page.content.decode()) is bool(left)
        late = client.post("/l/step/", {"code": code})
        assert "Ask for a new one" in late.content.decode()
        assert SESSION_KEY not in client.session
        client.post("/l/step/", {"action": "again"})
        fresh = self.code_of(Message.objects.order_by("-pk")[0])
        assert client.post("/l/step/", {"code": fresh})["Location"] == held.event_url

    def test_a_code_works_for_ten_minutes_and_for_its_own_link(self) -> None:
        held, other = hold(Role.CAPTAIN), hold(Role.CAPTAIN)
        client = Client()
        client.get(held.url)
        client.post("/l/")
        code = self.code_of(Message.objects.get())
        client.get(other.url)
        assert client.post("/l/step/", {"code": code})["Location"] == "/l/"
        client.get(held.url)
        client.post("/l/")
        with time_machine.travel(NOW + dt.timedelta(minutes=11), tick=False):
            assert client.post("/l/step/", {"code": code}).status_code == 422
        assert SESSION_KEY not in client.session

    def test_an_admins_link_opens_once_for_staff_and_for_nobody_who_is_not_staff_any_more(self) -> None:
        event, boss = EventFactory(), owner()
        held = hold(Role.ADMIN, event=event, person=boss)
        assert (held.link.uses_allowed, held.link.expires_at) == (1, NOW + dt.timedelta(minutes=10))
        device = {f"device_{boss.pk}": stepup.device_token(boss)}
        boss.staff_grants.update(revoked_at=NOW)
        client = Client()
        client.cookies.load(device)
        client.get(held.url)
        assert client.post("/l/").status_code == 410
        boss.staff_grants.update(revoked_at=None)
        assert client.post("/l/")["Location"] == held.event_url
        assert client.get(f"/events/{event.key}/people/").status_code == 200
        second = Client()
        second.cookies.load(device)
        second.get(held.url)
        assert second.post("/l/").status_code == 410
        with time_machine.travel(NOW + dt.timedelta(minutes=10), tick=False):
            assert client.get(held.event_url).status_code == 404


class TestRevocation:
    """Programme 8, sessions: nothing of the event is seen from the very next request on."""

    def test_a_role_taken_back(self) -> None:
        held = hold()
        client = opened(held)
        grants.revoke(grant=held.grant, by=SYSTEM, at=NOW)
        assert client.get(held.event_url).status_code == 404
        assert "Your role has ended" in client.get("/", follow=True).content.decode()

    def test_a_role_that_ran_out(self) -> None:
        held = hold()
        type(held.grant).objects.filter(pk=held.grant.pk).update(expires_at=NOW + dt.timedelta(minutes=1))
        client = opened(held)
        assert client.get(held.event_url).status_code == 200
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            assert client.get(held.event_url).status_code == 404
            assert "Your role has ended" in client.get("/", follow=True).content.decode()

    def test_a_closed_account(self) -> None:
        held = hold()
        client = opened(held)
        Person.objects.filter(pk=held.grant.person_id).update(is_active=False)
        assert client.get(held.event_url).status_code == 302
        assert client.get("/")["Location"].startswith("/account/login/")

    def test_a_role_given_anew_does_not_wake_the_old_session(self) -> None:
        held = hold()
        client = opened(held)
        grants.revoke(grant=held.grant, by=SYSTEM, at=NOW)
        grants.give(event=held.grant.event, person=held.grant.person, role=Role.GUEST, by=SYSTEM, at=NOW)
        assert client.get(held.event_url).status_code == 404

    def test_links_revoked_leave_open_sessions_open(self) -> None:
        held = hold()
        client = opened(held)
        assert links.revoke(grant=held.grant, by=SYSTEM, at=NOW) == 1
        assert client.get(held.event_url).status_code == 200
        assert kinds()[-1] == "revoked"


class TestSwitching:
    def test_a_link_session_switches_between_the_roles_it_opened_and_no_others(self) -> None:
        person = PersonFactory()
        first, second = hold(person=person), hold(Role.CREW, person=person)
        third = hold(person=person)
        client = opened(second, opened(first))
        assert client.session[sessions.OPENED] == [first.grant.pk, second.grant.pk]
        assert client.get(first.event_url).status_code == 404
        page = client.get("/grants/").content.decode()
        assert first.grant.event.title in page
        assert second.grant.event.title in page
        assert third.grant.event.title not in page
        assert "Sign in by code for all my roles" in page
        assert client.post(f"/grants/{first.grant.pk}/")["Location"] == first.event_url
        assert client.get(first.event_url).status_code == 200
        assert client.get(second.event_url).status_code == 404
        assert client.post(f"/grants/{third.grant.pk}/").status_code == 404
        assert client.post(f"/grants/{hold().grant.pk}/").status_code == 404
        assert client.get(f"/grants/{first.grant.pk}/").status_code == 405

    def test_what_is_ahead_stands_first_and_what_is_over_last(self) -> None:
        person = PersonFactory()

        def role(days: int, state: EventState = EventState.CONFIRMED) -> str:
            starts = NOW + dt.timedelta(days=days)
            event = EventFactory(
                departs_at=starts,
                returns_at=starts + dt.timedelta(hours=2),
                departs_on=starts.date(),
                state=state,
            )
            EventGrantFactory(event=event, person=person)
            return event.title

        last, before, late = role(-30), role(-3, EventState.COMPLETED), role(-1, EventState.UNDERWAY)
        far, near = role(9), role(2)

        found = grant_rows.own(person=person, only=None, at=NOW)

        assert [row.title for row in found] == [late, near, far, before, last]

    def test_a_full_sign_in_reaches_all_its_roles(self) -> None:
        person = PersonFactory()
        held = [hold(person=person) for _ in range(2)]
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get("/grants/").content.decode()
        assert all(one.grant.event.title in page for one in held)
        assert client.post(f"/grants/{held[0].grant.pk}/")["Location"] == held[0].event_url
        assert all(client.get(one.event_url).status_code == 200 for one in held)

    def test_staff_duties_do_not_come_along_in_a_link_session(self) -> None:
        boss, event = owner(is_staff=True, is_superuser=True), EventFactory()
        client = opened(hold(person=boss, event=event))
        assert client.get("/admin/")["Location"].startswith("/admin/login/")
        assert client.get(f"/events/{event.key}/people/").status_code == 403
        assert client.get("/portfolio/").status_code == 403

    @pytest.mark.parametrize("many", [1, 12])
    def test_the_page_of_roles_asks_the_same_however_many(self, many: int, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
        person = PersonFactory()
        for _ in range(many):
            hold(person=person)
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.get("/grants/")
        with django_assert_num_queries(7):
            client.get("/grants/")

    def test_an_end_can_be_put_to_the_session(self) -> None:
        client = opened(hold())
        assert client.post("/account/logout/", {"next": "/l/"})["Location"] == "/l/"
        assert client.get("/grants/").status_code == 302
