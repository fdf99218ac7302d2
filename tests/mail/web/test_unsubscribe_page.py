"""The page behind a campaign's unsubscribe address: no session, no cookie, nothing by looking, everything by one press."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.http import HttpResponseBase
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer

from core.models import AuditEvent
from mail.domain import suppression, unsubscribe
from mail.models import Kind, MailingList, Message, Reason, Scope, State, Suppression
from tests.factories import people
from tests.mail import letters
from tests.mail.audience import READER, a_campaign, a_list, a_mail, a_message, subscribe

pytestmark = pytest.mark.once_postgresql

AT = letters.AT
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SCANNERS = (
    "Mozilla/5.0 (compatible; SafeLinks)",
    "Barracuda Sentinel",
    "Proofpoint URL Defense",
    "python-requests/2.32",
)


@pytest.fixture
def reader() -> Client:
    """A browser, or a mail program, that has no cookie and would be refused wherever a token against forgery is asked for."""
    return Client(enforce_csrf_checks=True)


def mail_of(name: str = "harbour-news", **changes: object) -> tuple[Message, str, MailingList]:
    """Return a campaign's mail, its unsubscribe address, and its list."""
    mailing_list = a_list(name)
    message = a_mail(mailing_list, **changes)
    return message, urlsplit(unsubscribe.link(message)).path, mailing_list


def shown(page: HttpResponseBase) -> str:
    return page.content.decode()  # type: ignore[attr-defined]


@pytest.mark.django_db
class TestOneClick:
    @pytest.mark.parametrize("form", ["urlencoded", "multipart"])
    def test_one_post_stops_the_list_at_once(self, reader: Client, form: str) -> None:
        message, address, mailing_list = mail_of()
        if form == "multipart":
            answer = reader.post(address, ONE_CLICK)
        else:
            answer = reader.post(
                address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
            )

        assert answer.status_code == 200
        assert "You are off this list" in shown(answer)
        row = Suppression.objects.get()
        assert (row.address_key, row.scope, row.mailing_list, row.reason, row.message) == (
            READER,
            Scope.LIST,
            mailing_list,
            Reason.UNSUBSCRIBED,
            message,
        )
        message.refresh_from_db()
        assert message.state == State.SUPPRESSED
        assert AuditEvent.objects.get().actor_id is None

    def test_a_second_one_changes_nothing_and_is_answered_alike(self, reader: Client) -> None:
        _, address, _ = mail_of()
        for _ in range(3):
            answer = reader.post(address, ONE_CLICK)
            assert (answer.status_code, "You are off this list" in shown(answer)) == (200, True)

        assert (Suppression.objects.count(), AuditEvent.objects.count()) == (1, 1)

    def test_no_answer_sets_a_cookie_or_is_kept_by_a_cache(self, reader: Client) -> None:
        _, address, _ = mail_of()
        for answer in (reader.get(address), reader.post(address, ONE_CLICK), reader.get(address)):
            assert not answer.cookies
            assert "no-store" in answer.headers["Cache-Control"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "List-Unsubscribe=one-click",
            "list-unsubscribe=One-Click",
            "List-Unsubscribe=",
            "x=" + "y" * 100_000,
            "List-Unsubscribe=%00",
            "%ff%fe=1",
        ],
    )
    def test_a_post_that_does_not_say_so_changes_nothing(self, reader: Client, body: str) -> None:
        _, address, _ = mail_of()

        answer = reader.post(address, body, content_type="application/x-www-form-urlencoded")

        assert answer.status_code == 400
        assert "Nothing was changed" in shown(answer)
        assert Suppression.objects.count() == 0

    def test_a_body_that_is_no_form_changes_nothing(self, reader: Client) -> None:
        _, address, _ = mail_of()
        for kind in (
            "text/plain",
            "application/json",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
        ):
            answer = reader.post(address, b"List-Unsubscribe=One-Click", content_type=kind)
            assert answer.status_code == 400, kind
        assert Suppression.objects.count() == 0

    def test_mail_of_a_test_send_unsubscribes_as_the_real_one_would(self, reader: Client) -> None:
        mailing_list = a_list()
        test_mail = a_message(Kind.COMMERCIAL, payload={"campaign": a_campaign(mailing_list).pk})

        reader.post(urlsplit(unsubscribe.link(test_mail)).path, ONE_CLICK)

        assert Suppression.objects.get().mailing_list == mailing_list


@pytest.mark.django_db
class TestLooking:
    @pytest.mark.parametrize("agent", SCANNERS)
    def test_scanners_change_nothing(self, agent: str) -> None:
        _, address, _ = mail_of()
        visitor = Client(headers={"user-agent": agent})
        for ask in (visitor.head, visitor.get, visitor.get, visitor.options, visitor.put, visitor.delete):
            assert ask(address).status_code in (200, 405)
            assert ask(f"{address}/choose").status_code == 405

        assert Suppression.objects.count() == 0
        assert AuditEvent.objects.count() == 0

    @pytest.mark.parametrize("number", [1, 20])
    def test_it_says_which_list_and_costs_three_queries(
        self, reader: Client, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        _, address, _ = mail_of()
        for index in range(number):
            subscribe(a_list(f"list-{index}"))

        with django_assert_num_queries(3):
            page = shown(reader.get(address))

        assert "Stop “Harbour News”?" in page
        assert "News of the harbour." in page
        assert page.count("Turn off<") == number + 2

    def test_an_address_is_shown_to_its_owner_alone(self, reader: Client) -> None:
        _, address, _ = mail_of()
        for answer in (reader.get(address), reader.post(address, ONE_CLICK), reader.get(address)):
            assert READER not in shown(answer)
            assert "r•••@example.com" in shown(answer)

    def test_whoever_is_signed_in_sees_the_same_page_and_does_not_stand_in_the_trail(
        self, client: Client
    ) -> None:
        _, address, _ = mail_of()
        owner = people.owner(name="Olive Owner")
        client.force_login(owner)

        assert "Olive Owner" not in shown(client.get(address))
        client.post(address, ONE_CLICK)

        assert AuditEvent.objects.get().actor_id is None

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda token: token[:-1],
            lambda token: token[:20],
            lambda token: token + ".",
            lambda token: token + token,
            lambda token: token.upper(),
            lambda token: token[:20] + "%00" + token[21:],
            lambda token: token[:20] + "%20" + token[21:],
            lambda token: token[:20] + "/" + token[21:],
            lambda token: token[:20] + "%ed%a0%80" + token[21:],
            lambda token: token[:20] + "é" + token[21:],
            lambda token: "A" * 10_000,
            lambda token: "A" * 43,
            lambda token: "../" + token,
            lambda token: token + "/choose/choose",
        ],
    )
    def test_a_broken_address_is_answered_in_words(self, reader: Client, spoil) -> None:  # type: ignore[no-untyped-def]
        message, _, _ = mail_of()
        address = "/u/" + spoil(unsubscribe.token(message.public_id))

        for answer in (reader.get(address), reader.post(address, ONE_CLICK), reader.head(address)):
            assert answer.status_code == 404
        assert "We do not know this address" in shown(reader.get(address))
        assert reader.post(f"{address}/choose", {"turn": "off"}).status_code == 404
        assert Suppression.objects.count() == 0

    def test_a_line_break_in_it_is_no_address_at_all(self, reader: Client) -> None:
        _, address, _ = mail_of()

        assert reader.post(address.replace("/u/", "/u/%0d%0a"), ONE_CLICK).status_code == 404

    def test_an_older_key_still_opens_it(self, reader: Client, settings: Settings) -> None:
        _, address, _ = mail_of()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
            "another-key-of-many-letters",
            [settings.SECRET_KEY],
        )

        assert reader.post(address, ONE_CLICK).status_code == 200
        assert Suppression.objects.count() == 1


@pytest.mark.django_db
class TestChoosing:
    def choose(self, reader: Client, address: str, **asked: object) -> HttpResponseBase:
        return reader.post(f"{address}/choose", asked)

    def test_all_campaigns_are_stopped_and_started_again(self, reader: Client) -> None:
        _, address, _ = mail_of()

        answer = self.choose(reader, address, turn="off")
        assert (answer.status_code, answer.headers["Location"]) == (302, address)
        assert Suppression.objects.get().scope == Scope.COMMERCIAL
        page = shown(reader.get(address))
        assert "No newsletters or offers come to you" in page

        assert "It comes to you again." not in page

        answer = self.choose(reader, address, turn="on")
        assert not suppression.live(READER)
        assert answer.headers["Location"] == f"{address}?again=yes"
        told = shown(reader.get(answer.headers["Location"]))
        assert "It comes to you again." in told
        assert "campaign" not in told.partition("<main")[2].lower()
        assert "Stop “Harbour News”?" in shown(reader.get(address))

    def test_one_of_several_lists_is_stopped_and_started_again(self, reader: Client) -> None:
        _, address, _ = mail_of()
        other = a_list("concerts")
        subscribe(other)

        self.choose(reader, address, turn="off", list=other.pk)
        assert Suppression.objects.get().mailing_list == other

        self.choose(reader, address, turn="on", list=other.pk)
        assert not suppression.live(READER)

    def test_after_a_complaint_it_asks_once_more(self, reader: Client) -> None:
        _, address, _ = mail_of()
        suppression.add(address=READER, scope=Scope.COMMERCIAL, reason=Reason.COMPLAINT, at=AT)

        answer = self.choose(reader, address, turn="on")
        assert answer.status_code == 200
        assert "You reported our mail to r•••@example.com as spam" in shown(answer)
        assert suppression.live(READER)

        self.choose(reader, address, turn="on", confirmed="yes")
        assert not suppression.live(READER)

    @pytest.mark.parametrize("reason", [Reason.BY_HAND, Reason.SOFT_BOUNCES])
    def test_what_we_stopped_offers_no_button_and_is_refused(self, reader: Client, reason: Reason) -> None:
        _, address, _ = mail_of()
        suppression.add(address=READER, scope=Scope.COMMERCIAL, reason=reason, at=AT)

        assert "Turn on again" not in shown(reader.get(address))
        answer = self.choose(reader, address, turn="on", confirmed="yes")

        assert answer.status_code == 422
        assert "You did not stop this yourself" in shown(answer)
        assert suppression.live(READER)

    def test_a_dead_address_is_told_so_and_offered_no_way_to_revive_it(self, reader: Client) -> None:
        _, address, _ = mail_of()
        suppression.add(address=READER, scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)

        assert "Only codes and links go to this address" in shown(reader.get(address))
        self.choose(reader, address, turn="on", confirmed="yes")
        assert suppression.live(READER)

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({}, 400),
            ({"turn": "sideways"}, 400),
            ({"turn": "off", "list": "x"}, 400),
            ({"turn": "off", "list": "-1"}, 400),
            ({"turn": "off", "list": "9" * 30}, 400),
            ({"turn": "off", "list": "\x00"}, 400),
            ({"turn": "off", "list": str(2**62)}, 422),
        ],
    )
    def test_a_choice_that_makes_no_sense_changes_nothing(
        self, reader: Client, asked: dict[str, str], status: int
    ) -> None:
        _, address, _ = mail_of()

        assert self.choose(reader, address, **asked).status_code == status
        assert Suppression.objects.count() == 0

    def test_the_list_of_somebody_else_is_out_of_reach(self, reader: Client) -> None:
        _, address, _ = mail_of()
        other = a_list("other")
        subscribe(other, "somebody.else@example.com")

        answer = self.choose(reader, address, turn="off", list=other.pk)

        assert (answer.status_code, Suppression.objects.count()) == (422, 0)
        assert "Other" not in shown(reader.get(address))


def violations(page: Page) -> list[str]:
    """Return what WCAG 2.2 AA finds wrong with a page, and whether it is wider than its screen."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=options).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [one["id"] for one in found] + ["too wide"] * wide


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_a_browser_that_runs_every_script_changes_nothing_and_one_press_does(
    browser: Browser, live_server: LiveServer
) -> None:
    _, address, _ = mail_of()
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        for _ in range(2):
            page.goto(live_server.url + address, wait_until="networkidle")
        assert Suppression.objects.count() == 0

        assert violations(page) == []
        page.get_by_role("button", name="Stop this list").click()
        page.get_by_role("heading", name="You are off this list").wait_for()
        assert violations(page) == []
        assert Suppression.objects.get().scope == Scope.LIST

        page.get_by_role("button", name=re.compile("Turn on again")).click()
        page.get_by_role("heading", name="Stop “Harbour News”?").wait_for()
        assert not suppression.live(READER)
        assert context.cookies() == []
