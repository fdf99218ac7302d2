"""Signing in by emailed code, end to end: page, outbox, mailbox, page."""

import datetime as dt
from collections.abc import Callable
from email.message import EmailMessage

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from core.models import AuditEvent
from crew.models import Person
from crew.web.forms import SealedCodeForm
from mail.models import Message, State
from tests.crew.conftest import CODE, code_in
from tests.factories.people import owner

Letters = Callable[[], list[EmailMessage]]

LOGIN, CONFIRM = "/account/login/", "/account/login/code/confirm/"
AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client, address: str) -> None:
    answer = client.post(LOGIN, {"login": address})
    assert (answer.status_code, answer.headers["Location"]) == (302, CONFIRM)


def type_in(client: Client, code: str) -> bool:
    """Type a code; return whether it signed in."""
    client.post(CONFIRM, {"code": code})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("typed", ["mate@example.com", "MATE@EXAMPLE.COM", " Mate@Example.com "])
def test_a_code_signs_in_whatever_the_case_of_the_address(
    client: Client, letters: Letters, typed: str
) -> None:
    mate = owner(email="mate@example.com", name="Mate")

    ask(client, typed)
    (letter,) = letters()
    answer = client.post(CONFIRM, {"code": code_in(letter)})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(mate.pk)
    assert client.get("/").status_code == 200


def test_the_letter_goes_to_the_known_address_alone_with_a_text_and_an_html_part(
    client: Client, letters: Letters
) -> None:
    owner(email="mate@example.com", name="Mate")

    ask(client, "MATE@example.com")
    (letter,) = letters()

    assert letter["To"].addresses[0].addr_spec == "mate@example.com"
    assert letter["Subject"] == "Your Quarterdeck sign-in code"
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "multipart/alternative"
    html = letter.get_body(preferencelist=("html",))
    assert html is not None
    assert code_in(letter) in html.get_content()
    row = Message.objects.get()
    assert (row.state, row.bcc_audit, row.bcc_address) == (State.SENT, False, "")


def test_the_code_is_nowhere_in_the_database(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")

    ask(client, "mate@example.com")
    before = Message.objects.get()
    (session,) = [session.get_decoded() for session in Session.objects.all()]
    (letter,) = letters()
    code = code_in(letter)
    after = Message.objects.get()

    for row in (before, after):
        kept = {name: value for name, value in vars(row).items() if name != "sealed"}
        assert code not in repr(kept)
        assert code.encode() not in bytes(row.sealed or b"")
    assert before.sealed is not None
    assert after.sealed is None
    assert code not in repr(list(AuditEvent.objects.values()))
    assert session["account_login"]["state"]
    assert code not in repr(session)


@pytest.mark.parametrize("case", ["unknown", "inactive"])
def test_an_unknown_address_gets_the_same_page_and_no_mail(
    client: Client, letters: Letters, case: str
) -> None:
    known = owner(email="known@example.com")
    if case == "inactive":
        Person.objects.filter(pk=owner(email="nobody@example.com").pk).update(is_active=False)

    stranger = Client()
    ask(stranger, "nobody@example.com")
    page = stranger.get(CONFIRM).content.decode()
    ask(client, known.email)
    page_of_known = client.get(CONFIRM).content.decode()

    assert without_tokens(page).replace("nobody@", "known@") == without_tokens(page_of_known)
    assert "is known here" in page
    assert "has been sent" not in page
    assert [letter["To"].addresses[0].addr_spec for letter in letters()] == ["known@example.com"]
    assert not type_in(stranger, "BCDF-GHJK")
    assert not type_in(stranger, "")


def without_tokens(page: str) -> str:
    """Return a page without what differs by nature: the form tokens."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_a_wrong_code_is_refused_and_the_third_ends_the_attempt(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    (letter,) = letters()

    for _ in range(2):
        answer = client.post(CONFIRM, {"code": "BBBB-BBBB"})
        assert answer.status_code == 200
        assert "That is not the code we sent." in answer.content.decode()
    third = client.post(CONFIRM, {"code": "BBBB-BBBB"})

    assert (third.status_code, third.headers["Location"]) == (302, "/account/login/code/")
    assert not type_in(client, code_in(letter))


@pytest.mark.parametrize(
    "typed",
    ["{}", " {} ", "{lower}", "{bare}", "{spaced}"],
    ids=["as sent", "blanks", "lower", "no dash", "spaced"],
)
def test_a_code_may_be_typed_carelessly(client: Client, letters: Letters, typed: str) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    code = code_in(letters()[0])

    assert type_in(
        client,
        typed.format(code, lower=code.lower(), bare=code.replace("-", ""), spaced=code.replace("-", " ")),
    )


@pytest.mark.parametrize("odd", ["", "\x00", "ＷＤＪＢ", "١٢٣٤", "🚤" * 8, "B" * 100_000, "--------"])
def test_an_odd_code_is_refused_without_an_error(client: Client, letters: Letters, odd: str) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    letters()

    answer = client.post(CONFIRM, {"code": odd})

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "odd", ["", "nobody", "a@b", "\x00@example.com", "a" * 330 + "@example.com", '"a@b, evil@x"']
)
def test_an_odd_address_is_refused_with_a_sentence(client: Client, letters: Letters, odd: str) -> None:
    answer = client.post(LOGIN, {"login": odd})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert letters() == []


def test_a_code_runs_out_after_ten_minutes(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    with time_machine.travel(AT, tick=False) as traveller:
        ask(client, "mate@example.com")
        code = code_in(letters()[0])

        traveller.shift(dt.timedelta(minutes=10, seconds=1))
        answer = client.post(CONFIRM, {"code": code})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/login/code/")
    assert "_auth_user_id" not in client.session


def test_a_code_still_works_in_its_last_second(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    with time_machine.travel(AT, tick=False) as traveller:
        ask(client, "mate@example.com")
        code = code_in(letters()[0])

        traveller.shift(dt.timedelta(minutes=10))
        assert type_in(client, code)


def test_a_code_that_could_not_be_sent_in_time_is_not_sent_late(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    with time_machine.travel(AT, tick=False) as traveller:
        ask(client, "mate@example.com")
        traveller.shift(dt.timedelta(minutes=11))

        assert letters() == []

    row = Message.objects.get()
    assert (row.state, row.sealed) == (State.FAILED, None)
    assert row.error.startswith("The code ran out 10 minutes after it was asked for")


def test_a_code_works_once(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    code = code_in(letters()[0])
    assert type_in(client, code)
    client.post("/account/logout/")

    assert not type_in(client, code)


def test_a_code_works_only_in_the_browser_that_asked(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    code = code_in(letters()[0])
    thief = Client()

    assert not type_in(thief, code)
    ask(thief, "mate@example.com")
    assert not type_in(thief, code)
    assert type_in(client, code)


def test_a_new_code_replaces_the_first(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    (first,) = letters()
    client.post(LOGIN, {"login": "mate@example.com"})
    second = [letter for letter in letters() if code_in(letter) != code_in(first)]

    assert len(second) <= 1
    assert type_in(client, code_in((second or [first])[0]))


def test_signing_in_rotates_the_session_and_is_written_down(client: Client, letters: Letters) -> None:
    mate = owner(email="mate@example.com")
    ask(client, "mate@example.com")
    before = client.session.session_key
    assert type_in(client, code_in(letters()[0]))

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    event = AuditEvent.objects.get(action="crew:person:sign_in")
    assert (event.actor, event.subject_id, event.data) == (mate, str(mate.pk), {"way": "code"})


def test_signing_out_is_a_post_and_is_written_down(client: Client, letters: Letters) -> None:
    mate = owner(email="mate@example.com")
    client.force_login(mate)

    assert client.get("/account/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    client.post("/account/logout/")

    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.get(action="crew:person:sign_out").actor == mate
    assert client.get("/").headers["Location"] == "/account/login/?next=/"


def test_somebody_closed_out_between_code_and_typing_does_not_get_in(
    client: Client, letters: Letters
) -> None:
    mate = owner(email="mate@example.com")
    ask(client, "mate@example.com")
    code = code_in(letters()[0])
    Person.objects.filter(pk=mate.pk).update(is_active=False)

    answer = client.post(CONFIRM, {"code": code})

    assert (answer.status_code, answer.headers["Location"]) == (302, LOGIN)
    assert "_auth_user_id" not in client.session


def test_the_way_back_leads_within_the_portal_only(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    client.post(f"{LOGIN}?next=//evil.example/", {"login": "mate@example.com", "next": "//evil.example/"})
    answer = client.post(
        f"{CONFIRM}?next=//evil.example/", {"code": code_in(letters()[0]), "next": "//evil.example/"}
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_asking_for_many_codes_is_slowed_down(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    for _ in range(8):
        Client().post(LOGIN, {"login": "mate@example.com"})

    assert len(letters()) == 3


def test_no_other_page_of_allauth_is_on_the_map(client: Client) -> None:
    for name in ("account_signup", "account_email", "account_change_password", "account_reset_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for path in (
        "signup/",
        "email/",
        "password/change/",
        "password/reset/",
        "confirm-email/",
        "inactive/",
        "",
    ):
        assert client.get(f"/account/{path}").status_code == 404


def test_a_code_sealed_under_a_lost_key_does_not_work(
    client: Client, letters: Letters, settings: Settings
) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")
    code = code_in(letters()[0])
    sealed = client.session["account_login"]["state"]["stages"]["login_by_code"]["data"]["code"]

    settings.SECRET_KEY = "another-key-" + "y" * 50

    form = SealedCodeForm({"code": code}, code=sealed)
    assert not form.is_valid()


def test_codes_avoid_vowels_and_look_alikes(client: Client, letters: Letters) -> None:
    owner(email="mate@example.com")
    ask(client, "mate@example.com")

    assert CODE.fullmatch(code_in(letters()[0]))
