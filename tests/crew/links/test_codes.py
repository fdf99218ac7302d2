"""Short codes: read however they are typed, guessed at never more than the caps allow, and nobody locked out."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from crew.domain import invitations, link_secrets
from crew.domain.invitations import UNKNOWN_CODE
from crew.domain.link_secrets import ALPHABET, NotACodeError
from crew.domain.link_trail import NOBODY
from crew.models import LinkEvent, LinkEventKind, Role
from crew.web import client as web_client
from tests.crew.links.conftest import Held, hold
from tests.factories.crew import NOW
from tests.factories.people import PersonFactory

FULL_WIDTH = str.maketrans(ALPHABET, "".join(chr(ord(c) + 0xFEE0) for c in ALPHABET))


def wrong(number: int) -> str:
    """Return a well-formed code that no link has, but by a chance of one in a billion."""
    code = ""
    for _ in range(8):
        number, place = divmod(number, 28)
        code += ALPHABET[place]
    return code


def evaluated() -> int:
    return LinkEvent.objects.filter(kind=LinkEventKind.REFUSED, reason=UNKNOWN_CODE).count()


def type_code(code: str, *, address: str = "198.51.100.7", client: Client | None = None, **data: str):  # type: ignore[no-untyped-def]
    return (client or Client()).post("/l/code/", {"code": code, **data}, REMOTE_ADDR=address)


@pytest.mark.once
class TestReading:
    def test_there_are_28_characters_and_no_look_alikes(self) -> None:
        assert (len(ALPHABET), len(set(ALPHABET))) == (28, 28)
        assert not set(ALPHABET) & set("AEIOUL01")

    @pytest.mark.parametrize(
        "typed",
        [
            "WDJB-MJHT",
            "wdjbmjht",
            "  WDJB MJHT\n",
            "W-D-J-B-M-J-H-T",
            "WDJB–MJHT",
            "wdjb\u00a0mjht",
            "WDJB-MJHT".translate(FULL_WIDTH),
        ],
    )
    def test_a_code_is_read_however_it_is_typed(self, typed: str) -> None:
        assert link_secrets.code_in(typed) == "WDJBMJHT"

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("", "Type the code"),
            (" - ", "Type the code"),
            ("WDJB-MJH", "you typed 7"),
            ("WDJB-MJHTT", "you typed 9"),
            ("WDJB-MJH0", "No code holds the character 0"),
            ("WDJB-MJHL", "No code holds the character L"),
            ("WDJB-MJHÉ", "No code holds the character you typed"),
            ("٢٣٤٥٦٧٨٩", "No code holds the character you typed"),
            ("⛵⛵⛵⛵⛵⛵⛵⛵", "No code holds the character you typed"),
            ("WDJB\x00MJHT", "No code holds the character you typed"),
            ("\ud800WDJBMJH", "No code holds the character you typed"),
            ("W" * 1_000_000, "too long"),
            ("ﷺ" * 20, "No code holds"),
        ],
    )
    def test_what_is_no_code_is_refused_in_a_sentence(self, typed: str, sentence: str) -> None:
        with pytest.raises(NotACodeError, match=sentence):
            link_secrets.code_in(typed)

    def test_what_is_kept_of_a_code_cannot_be_tried_without_the_key_and_outlives_its_rotation(
        self, settings: Settings
    ) -> None:
        kept = link_secrets.code_hash("WDJBMJHT")
        old, settings.SECRET_KEY = settings.SECRET_KEY, "another-" + "y" * 50
        assert link_secrets.code_hash("WDJBMJHT") != kept
        settings.SECRET_KEY_FALLBACKS = [old]
        assert kept in link_secrets.code_hashes("WDJBMJHT")


@pytest.mark.once
class TestClientAddress:
    @pytest.mark.parametrize(
        ("remote", "key"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("", ""),
            ("not an address", ""),
        ],
    )
    def test_the_peer_counts_and_of_ipv6_its_network(self, remote: str, key: str) -> None:
        request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR="203.0.113.9")
        assert web_client.address_key(request) == key

    @pytest.mark.parametrize(
        ("forwarded", "key"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("1.2.3.4, 5.6.7.8, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, forged", ""),
            ("", ""),
        ],
    )
    def test_behind_our_own_proxy_its_last_word_counts(
        self, settings: Settings, forwarded: str, key: str
    ) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        assert web_client.address_key(request) == key


@pytest.mark.django_db
class TestTyping:
    def test_a_code_leads_to_the_page_of_its_link_and_spends_nothing(self) -> None:
        held, client = hold(), Client()
        done = type_code(held.secret.shown_code.lower(), client=client)
        assert (done.status_code, done["Location"]) == (302, "/l/")
        assert held.grant.event.title in client.get("/l/").content.decode()
        assert client.post("/l/")["Location"] == held.event_url

    @pytest.mark.parametrize(
        "typed", ["", "LLLL-LLLL", "٢٣٤٥٦٧٨٩", "⛵", "W" * 4_000, "W" * 1_000_000, "A\x00B"]
    )
    def test_bad_input_is_answered_with_a_sentence_and_counts_for_nothing(self, typed: str) -> None:
        page = type_code(typed)
        assert page.status_code == 422
        assert "errorlist" in page.content.decode()
        assert evaluated() == 0
        held = hold()
        for _ in range(12):
            type_code("nonsense")
        assert type_code(held.secret.code).status_code == 302

    def test_a_wrong_code_is_told_so_and_keeps_what_was_typed(self) -> None:
        page = type_code("wdjb-mjht")
        assert page.status_code == 422
        assert "No invitation has this code" in page.content.decode()
        assert 'value="wdjb-mjht"' in page.content.decode()
        assert evaluated() == 1

    def test_ten_wrong_ones_from_one_address_then_the_mail_address_is_asked_for_too(self) -> None:
        held = hold(person=PersonFactory(email="mia@example.com"))
        other = hold()
        for number in range(10):
            assert type_code(wrong(number)).status_code == 422
        for code in (wrong(11), held.secret.code):
            page = type_code(code)
            assert page.status_code == 429
            assert "Give the mail address your invitation went to" in page.content.decode()
            assert 'type="email"' in page.content.decode()
        assert type_code(other.secret.code, email="mia@example.com").status_code == 422
        assert type_code(held.secret.code, email="not an address").status_code == 429
        assert type_code(held.secret.code, email=" MIA@example.com ").status_code == 302
        assert type_code(held.secret.code, address="198.51.100.8").status_code == 302
        with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
            assert type_code(held.secret.code).status_code == 302

    def test_right_codes_are_given_back(self) -> None:
        held = hold()
        for _ in range(30):
            assert type_code(held.secret.code).status_code == 302

    def test_a_hundred_wrong_ones_from_anywhere_then_every_code_needs_its_address(self) -> None:
        held = hold(person=PersonFactory(email="mia@example.com"))
        for number in range(130):
            type_code(wrong(number), address=f"198.51.{number // 9}.7")
        assert evaluated() == 100
        assert type_code(held.secret.code, address="203.0.113.1").status_code == 429
        assert type_code(held.secret.code, address="203.0.113.1", email="mia@example.com").status_code == 302

    def test_twenty_wrong_ones_for_one_mail_address_and_the_link_itself_still_works(self) -> None:
        held = hold(person=PersonFactory(email="mia@example.com"))
        for number in range(40):
            type_code(wrong(number), email="mia@example.com")
        assert evaluated() == 10 + 20
        page = type_code(held.secret.code, email="mia@example.com")
        assert page.status_code == 429
        assert "Open the link in your mail instead" in page.content.decode()
        client = Client()
        client.get(held.url)
        assert client.post("/l/")["Location"] == held.event_url

    def test_a_captains_code_steps_up_like_the_link(self) -> None:
        held, client = hold(Role.CAPTAIN), Client()
        type_code(held.secret.code, client=client)
        assert client.post("/l/")["Location"] == "/l/step/"


def guess(how_many: int, *, threads: int, held: Held) -> None:
    """Guess from several threads at once, each with a connection of its own and every header forged anew."""

    def work(first: int) -> None:
        try:
            factory = RequestFactory()
            for number in range(first, how_many, threads):
                request = factory.post(
                    "/l/code/",
                    REMOTE_ADDR="198.51.100.7",
                    HTTP_X_FORWARDED_FOR=f"203.0.113.{number % 250}, 10.{number % 250}.0.1",
                    HTTP_X_REAL_IP=f"203.0.113.{number % 250}",
                    HTTP_FORWARDED=f"for=203.0.113.{number % 250}",
                )
                try:
                    invitations.by_code(
                        code=wrong(number),
                        email="",
                        at=NOW,
                        visitor=web_client.visitor(request),
                        address_key=web_client.address_key(request),
                    )
                except (invitations.UnknownCodeError, invitations.NeedsEmailError):
                    continue
                failures.append(f"guess {number} got in")
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(repr(error))
        finally:
            connection.close()

    failures: list[str] = []
    running = [threading.Thread(target=work, args=(first,)) for first in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []
    assert evaluated() == invitations.GUESSES_FROM_ADDRESS.most
    assert type_code(held.secret.code, address="203.0.113.200").status_code == 302
    client = Client()
    client.get(held.url, REMOTE_ADDR="198.51.100.7")
    assert client.post("/l/", REMOTE_ADDR="198.51.100.7")["Location"] == held.event_url


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how_many", [1_000, pytest.param(10_000, marks=pytest.mark.full)])
def test_parallel_guesses_with_forged_headers_are_looked_at_no_more_than_the_cap(how_many: int) -> None:
    held = hold()
    guess(how_many, threads=8, held=held)


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_from_many_addresses_are_looked_at_no_more_than_the_cap() -> None:
    held = hold(person=PersonFactory(email="mia@example.com"))
    failures: list[str] = []

    def work(first: int) -> None:
        try:
            for number in range(first, 400, 8):
                try:
                    invitations.by_code(
                        code=wrong(number),
                        email="",
                        at=NOW,
                        visitor=NOBODY,
                        address_key=f"198.51.100.{number % 200}",
                    )
                except (invitations.UnknownCodeError, invitations.NeedsEmailError):
                    continue
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(repr(error))
        finally:
            connection.close()

    running = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []
    assert evaluated() == invitations.GUESSES_FROM_ANYWHERE.most
    assert type_code(held.secret.code, email="mia@example.com").status_code == 302
