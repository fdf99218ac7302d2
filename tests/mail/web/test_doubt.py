"""The queue of mail in doubt: what is known, choosing many, confirming, and what is refused."""

import datetime as dt
import re
import uuid
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import delivery, doubts, states
from mail.models import Attempt, EventKind, Message, MessageEvent, Notification, State
from mail.transport import Outcome, Receipt
from tests.factories import people
from tests.mail import letters

pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]

LATER = letters.AT + dt.timedelta(minutes=14)


@pytest.fixture(autouse=True)
def folder(mailbox: Path) -> Path:
    return mailbox


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(people.owner())
    return client


def doubtful(number: int = 1, **changes: object) -> Message:
    """Return a message whose sender heard no answer."""
    asked = {"dedupe_key": str(number), "subject": f"Edition {number}", **changes}
    make = letters.enqueue_code if asked.pop("secret", False) else letters.enqueue
    row = make(**asked)
    message = delivery.claim(message_id=row.pk, at=letters.AT)
    assert message is not None
    silence = Receipt(Outcome.UNKNOWN, letters.AT, "The answer of the transport was lost: ReadTimeoutError.")
    delivery.settle(message=message, receipt=silence, size_bytes=None)
    message.refresh_from_db()
    assert message.state == State.IN_DOUBT
    return message


def handed_to_ses(message: Message) -> None:
    Attempt.objects.filter(message=message).delete()
    Attempt.objects.create(
        message=message, at=letters.AT, transport="ses", outcome="unknown", reason="Time-out."
    )


def heard(at: dt.datetime) -> Notification:
    return Notification.objects.create(sns_id=str(uuid.uuid4()), topic_arn="arn:aws:sns:t", received_at=at)


def known(message: Message) -> str:
    return " ".join(doubts.of_message(message, at=LATER).known)


# What is known


def test_silence_of_ses_while_other_events_come_says_that_it_most_likely_never_left() -> None:
    message = doubtful()
    handed_to_ses(message)
    heard(LATER)

    assert "Handed to Amazon SES 14 minutes ago, try 1." in known(message)
    assert "SES has told nothing about it for 14 minutes" in known(message)
    assert "Most likely SES never took it." in known(message)


def test_silence_about_everything_is_no_proof() -> None:
    message = doubtful()
    handed_to_ses(message)
    heard(letters.AT - dt.timedelta(hours=1))

    assert "so they may be late or cut off" in known(message)
    assert "never took it" not in known(message)


def test_without_any_event_ever_its_silence_means_nothing() -> None:
    message = doubtful()
    handed_to_ses(message)

    assert "No event of SES has ever come here, so its silence means nothing." in known(message)


def test_right_after_the_doubt_one_waits() -> None:
    message = doubtful()
    handed_to_ses(message)
    heard(letters.AT)

    assert doubts.of_message(message, at=letters.AT + dt.timedelta(seconds=20)).advice.startswith(
        "Wait a minute"
    )


def test_what_ses_told_about_it_is_told() -> None:
    message = doubtful()
    handed_to_ses(message)
    MessageEvent.objects.create(
        notification=heard(LATER),
        message=message,
        provider_message_id="ses-1",
        recipient=message.address_key,
        kind=EventKind.DELAY,
        detail="Mailbox full for now.",
        at=LATER,
    )

    assert "SES told: delayed. Mailbox full for now." in known(message)


# The queue


def test_the_queue_shows_the_oldest_first_with_what_is_known(owner: Client) -> None:
    for number in (1, 2, 3):
        doubtful(number)
    with time_machine.travel(LATER, tick=False):
        page = owner.get("/mail/doubt/").content.decode()

    assert re.findall(r"<span>(Edition \d)</span>", page) == ["Edition 1", "Edition 2", "Edition 3"]
    assert "3 in doubt, the oldest first." in page
    assert "The answer of the transport was lost: ReadTimeoutError." in page
    assert "In doubt since 10 Nov 2026, 09:00 PST." in page


def test_an_empty_queue_says_so(owner: Client) -> None:
    assert "Nothing is in doubt" in owner.get("/mail/doubt/").content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_queue_takes_ten_queries_however_long(
    count: int, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        doubtful(number)
    # Session, person, grants, sample notice, then rows, tries, events, the newest notification, the count.
    with django_assert_num_queries(9):
        owner.get("/mail/doubt/")


def test_a_queue_longer_than_a_page_leads_on(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "PAGE", 2)
    for number in (1, 2, 3):
        doubtful(number)
    page = owner.get("/mail/doubt/").content.decode()
    (later,) = re.findall(r'rel="next" href="([^"]*)"', page)

    assert re.findall(r"<span>(Edition \d)</span>", owner.get(f"/mail/doubt/{later}").content.decode()) == [
        "Edition 3"
    ]


def test_all_on_the_page_are_chosen_by_one_link(owner: Client) -> None:
    doubtful(1), doubtful(2)

    assert owner.get("/mail/doubt/").content.decode().count(" checked>") == 0
    assert owner.get("/mail/doubt/?all=1").content.decode().count(" checked>") == 2


@pytest.mark.parametrize("after", ["x", "0", "-1", "9" * 30, "a\x00b", "\ud800"])
def test_a_place_that_makes_no_sense_is_answered_400_with_the_first_page(owner: Client, after: str) -> None:
    doubtful()
    answer = owner.get("/mail/doubt/", {"after": after.encode("utf-8", "surrogatepass")})

    assert answer.status_code == 400
    assert "Edition 1" in answer.content.decode()


# Deciding


def test_the_confirmation_says_what_will_happen_and_to_whom_and_does_nothing(owner: Client) -> None:
    rows = [doubtful(1, to_address="ann@example.com"), doubtful(2, to_address="bob@example.com")]
    events = AuditEvent.objects.count()
    answer = owner.post(
        "/mail/doubt/confirm", {"verdict": "again", "message": [row.public_id for row in rows]}
    )
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "Send these again?" in page
    assert "If one did arrive, its reader gets it twice." in page
    assert "2 will be sent again" in page
    assert "ann@example.com" in page
    assert "bob@example.com" in page
    assert AuditEvent.objects.count() == events
    assert set(Message.objects.values_list("state", flat=True)) == {State.IN_DOUBT}


@pytest.mark.parametrize("count", [1, 30])
def test_the_confirmation_takes_nine_queries_however_many(
    count: int, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [doubtful(number) for number in range(count)]
    # Session, person, grants, sample notice, then rows, tries, events, the newest notification, the tabs' count.
    with django_assert_num_queries(9):
        owner.post("/mail/doubt/confirm", {"verdict": "again", "message": [row.public_id for row in rows]})


@pytest.mark.parametrize(
    ("verdict", "state", "said"),
    [("arrived", State.SENT, "Noted: 2 arrived."), ("again", State.QUEUED, "2 are queued again")],
)
def test_what_was_confirmed_is_done_to_those_chosen_and_to_no_other(
    verdict: str, state: State, said: str, owner: Client
) -> None:
    rows, other = [doubtful(1), doubtful(2)], doubtful(3)
    answer = owner.post(
        "/mail/doubt/decide", {"verdict": verdict, "message": [row.public_id for row in rows]}, follow=True
    )

    assert answer.redirect_chain == [("/mail/doubt/", 302)]
    assert said in answer.content.decode()
    assert [Message.objects.get(pk=row.pk).state for row in rows] == [state, state]
    assert Message.objects.get(pk=other.pk).state == State.IN_DOUBT


def test_one_that_was_settled_meanwhile_is_left_out_and_named(owner: Client) -> None:
    still, gone = doubtful(1), doubtful(2, to_address="gone@example.com")
    states.move(Message.objects.filter(pk=gone.pk), State.SENT, settled_at=LATER, transport="ses", error="")
    chosen = {"verdict": "again", "message": [still.public_id, gone.public_id]}
    asked = owner.post("/mail/doubt/confirm", chosen).content.decode()
    done = owner.post("/mail/doubt/decide", chosen, follow=True).content.decode()

    assert "1 of those chosen was settled meanwhile and is left out." in asked
    assert "Queued again; it goes out by itself." in done
    assert "gone@example.com, Edition 2: This mail is no longer in doubt" in done
    assert Message.objects.get(pk=gone.pk).state == State.SENT


def test_a_code_cannot_be_sent_again_and_the_pages_say_how_to_get_a_new_one(owner: Client) -> None:
    code = doubtful(1, secret=True, subject="Your code")
    queue = owner.get("/mail/doubt/").content.decode()
    chosen = {"verdict": "again", "message": [code.public_id]}
    asked = owner.post("/mail/doubt/confirm", chosen).content.decode()
    done = owner.post("/mail/doubt/decide", chosen, follow=True).content.decode()

    assert f"/mail/{code.public_id}/arrived" in queue
    assert f"/mail/{code.public_id}/again" not in queue
    assert "let the person ask for a new one" in queue
    assert "1 cannot be sent again" in asked
    assert "Send them again" not in asked
    assert "Let the person ask for a new one." in done
    assert Message.objects.get(pk=code.pk).state == State.IN_DOUBT


def test_a_button_beside_one_message_decides_about_it_and_comes_back_to_the_queue(owner: Client) -> None:
    message, other = doubtful(1), doubtful(2)
    answer = owner.post(
        f"/mail/{message.public_id}/arrived", {"back": "doubt", "message": other.public_id}, follow=True
    )

    assert answer.redirect_chain == [("/mail/doubt/", 302)]
    assert Message.objects.get(pk=message.pk).state == State.SENT
    assert Message.objects.get(pk=other.pk).state == State.IN_DOUBT


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "No message was chosen"),
        ({"verdict": "arrived"}, "No message was chosen"),
        ({"verdict": "arrived", "message": "x"}, "One of the boxes names no message"),
        ({"verdict": "arrived", "message": "a\x00b"}, "One of the boxes names no message"),
        ({"verdict": "lost", "message": str(uuid.UUID(int=1))}, "Press one of the two buttons"),
        ({"verdict": "arrived", "message": "y" * 100_000}, "One of the boxes names no message"),
        (
            {"verdict": "arrived", "message": [str(uuid.UUID(int=n)) for n in range(101)]},
            "At most 100 messages",
        ),
    ],
)
@pytest.mark.parametrize("page", ["confirm", "decide"])
def test_a_choice_that_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(
    page: str, sent: dict[str, object], said: str, owner: Client
) -> None:
    message = doubtful()
    answer = owner.post(f"/mail/doubt/{page}", sent)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Message.objects.get(pk=message.pk).state == State.IN_DOUBT


def test_what_was_ticked_stays_ticked_where_it_was_refused(owner: Client) -> None:
    message, _ = doubtful(1), doubtful(2)
    page = owner.post("/mail/doubt/confirm", {"message": [message.public_id]}).content.decode()

    assert re.findall(r'value="([0-9a-f-]{36})" checked>', page) == [str(message.public_id)]


def test_buttons_say_whether_they_act_at_once(client: Client) -> None:
    doubtful()
    client.force_login(people.owner())
    page = client.get("/mail/doubt/").content.decode()

    assert "Note now: it arrived" in page
    assert "Those ticked arrived…" in page
    assert "For those ticked, the next page says what will happen" in page
    assert "The buttons beside a single mail act at once." in page


# Who may


def test_a_reader_sees_the_queue_and_no_buttons(client: Client) -> None:
    message = doubtful()
    client.force_login(people.bookkeeper())
    page = client.get("/mail/doubt/").content.decode()

    assert "Edition 1" in page
    assert "An owner decides." in page
    assert "it arrived" not in page
    chosen = {"verdict": "arrived", "message": [message.public_id]}
    assert client.post("/mail/doubt/confirm", chosen).status_code == 403
    assert client.post("/mail/doubt/decide", chosen).status_code == 403
    assert Message.objects.get(pk=message.pk).state == State.IN_DOUBT
