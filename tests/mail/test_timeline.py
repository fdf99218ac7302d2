"""What happened to a message, told in order whatever order it came in."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from core import audit
from mail.domain import fates, timeline
from mail.models import Attempt, EventKind, Message, MessageEvent, Notification, State, Suppression
from tests.factories import people
from tests.mail import letters
from tests.mail.letters import AT

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def after(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


@pytest.fixture
def message() -> Message:
    """A message that SES took after a second try."""
    row = letters.enqueue()
    assert isinstance(row, Message)
    Message.objects.filter(pk=row.pk).update(
        state=State.SENT,
        tries=2,
        claimed_at=after(31),
        settled_at=after(32),
        transport="ses",
        provider_message_id="ses-7",
    )
    row.refresh_from_db()
    return row


def told(message: Message, kind: EventKind, at: dt.datetime, **more: str) -> MessageEvent:
    notification, _ = Notification.objects.get_or_create(
        sns_id="n-1", defaults={"topic_arn": "arn:aws:sns:t", "received_at": AT}
    )
    asked = {"recipient": message.address_key, "provider_message_id": "ses-7", **more}
    return MessageEvent.objects.create(notification=notification, message=message, kind=kind, at=at, **asked)


def titles(message: Message) -> list[str]:
    return [moment.title for moment in timeline.of_message(message)]


def test_tries_acceptance_and_what_ses_told_stand_in_order_whatever_order_they_came_in(
    message: Message,
) -> None:
    told(message, EventKind.CLICK, after(500), detail="https://example.com/sail")
    told(message, EventKind.DELIVERY, after(34))
    told(message, EventKind.OPEN, after(400))
    told(message, EventKind.SEND, after(32))
    Attempt.objects.create(
        message=message, at=after(1), transport="ses", outcome="throttled", reason="Too fast."
    )

    assert [(moment.title, moment.text) for moment in timeline.of_message(message)] == [
        ("Written into the outbox", ""),
        ("Told to slow down by Amazon SES", "Too fast."),
        ("Taken for sending, try 2", ""),
        ("Accepted by Amazon SES", "Message id ses-7"),
        ("Accepted, as SES told", ""),
        ("Delivered to the recipient's server", ""),
        ("Opened", ""),
        ("A link in it was clicked", "https://example.com/sail"),
    ]


def test_what_bears_one_instant_keeps_the_order_in_which_such_things_happen(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(claimed_at=AT, settled_at=AT)
    message.refresh_from_db()
    for kind in (EventKind.DELIVERY, EventKind.SEND):
        told(message, kind, AT)

    assert titles(message)[:3] == [
        "Written into the outbox",
        "Taken for sending, try 2",
        "Accepted by Amazon SES",
    ]
    assert titles(message) == titles(message)


def test_an_event_before_our_own_clocks_instant_does_no_harm(message: Message) -> None:
    told(message, EventKind.SEND, after(-3))

    assert titles(message)[0] == "Accepted, as SES told"
    assert len(titles(message)) == 4


def test_a_bounce_bears_the_servers_words_and_the_suppression_that_came_of_it(message: Message) -> None:
    told(message, EventKind.BOUNCE, after(40), detail="550 5.1.1 No such user")
    Suppression.objects.create(
        address_key=message.address_key,
        scope="all",
        reason="hard_bounce",
        message=message,
        created_at=after(41),
        lifted_at=after(90),
        lifted_why="They wrote to us from it.",
    )

    assert [(moment.title, moment.text) for moment in timeline.of_message(message)][3:] == [
        ("Bounced: the recipient's server turned it back", "550 5.1.1 No such user"),
        ("The address is suppressed: all mail but codes and links", "Hard bounce"),
        ("The suppression was lifted", "They wrote to us from it."),
    ]


def test_what_happened_to_the_blind_copy_names_it(message: Message) -> None:
    told(message, EventKind.DELIVERY, after(40), recipient="audit@example.com")

    assert titles(message)[-1] == "Delivered to the recipient's server (audit@example.com)"


def test_a_decision_bears_the_persons_name_and_a_reason_is_told_once(message: Message) -> None:
    reason = "SES answered 400 MessageRejected: no."
    Attempt.objects.create(message=message, at=AT, transport="ses", outcome="refused", reason=reason)
    audit.record(action="mail:message:fail", subject=message, at=AT, data={"reason": reason})
    audit.record(
        action="mail:message:retry", subject=message, at=after(9), by=people.owner(name="Olive Owner")
    )
    moments = timeline.of_message(message)

    assert [moment.text for moment in moments if moment.text == reason] == [reason]
    (decided,) = [moment for moment in moments if moment.by]
    assert (decided.title, decided.by) == ("Mail queued again", "Olive Owner")


def test_a_suppressed_message_says_when_and_by_what() -> None:
    row = letters.enqueue()
    Message.objects.filter(pk=row.pk).update(
        state=State.SUPPRESSED, settled_at=after(5), error="This address gets no campaigns."
    )
    row.refresh_from_db()

    assert [(moment.title, moment.text) for moment in timeline.of_message(row)][1:] == [
        ("Suppressed: it does not leave", "This address gets no campaigns.")
    ]


@pytest.mark.parametrize("noted", [True, False], ids=["by itself", "with its whole campaign"])
def test_a_failure_is_told_once_whether_the_trail_names_it_or_not(noted: bool) -> None:
    row = letters.enqueue()
    Message.objects.filter(pk=row.pk).update(
        state=State.FAILED, settled_at=after(5), error="It was cancelled."
    )
    row.refresh_from_db()
    if noted:
        audit.record(
            action="mail:message:fail", subject=row, at=after(5), data={"reason": "It was cancelled."}
        )

    assert [(moment.title, moment.text) for moment in timeline.of_message(row)][1:] == [
        ("Mail failed", "It was cancelled.")
    ]


@pytest.mark.parametrize(
    ("detail", "title"),
    [
        ("abuse", "Complaint: the recipient called it spam"),
        ("not-spam", "The recipient called it no spam"),
        ("OnAccountSuppressionList", "Not delivered: the address is on the suppression list of SES"),
    ],
)
def test_what_ses_calls_a_complaint_is_called_what_it_is(detail: str, title: str, message: Message) -> None:
    told(message, EventKind.COMPLAINT, after(100), detail=detail)

    assert titles(message)[-1] == title


@pytest.mark.parametrize("count", [1, 300])
def test_a_timeline_takes_four_queries_and_ends(
    count: int, message: Message, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        told(message, EventKind.OPEN, after(100 + number))
    with django_assert_num_queries(4):
        moments = timeline.of_message(message)

    assert len(moments) == 3 + min(count, timeline.EVENTS_SHOWN) + (count > timeline.EVENTS_SHOWN)


def test_an_action_nobody_named_and_a_transport_nobody_named_are_shown_as_they_are(message: Message) -> None:
    audit.record(action="mail:message:looked_at", subject=message, at=after(50))
    Attempt.objects.create(message=message, at=after(60), transport="pigeon", outcome="later", reason="Rain.")

    assert titles(message)[-2:] == ["Message looked at", "Turned away for now by pigeon"]


@pytest.mark.parametrize(
    ("changes", "words", "bad"),
    [
        ({"delivered_at": AT}, "Delivered", False),
        (
            {"delivered_at": AT, "opened_at": AT, "clicked_at": AT},
            "Delivered, opened, clicked",
            False,
        ),
        ({"bounced_at": AT, "bounce": "hard"}, "Hard bounce", True),
        ({"bounced_at": AT, "bounce": "soft"}, "Soft bounce", True),
        ({"delivered_at": AT, "complained_at": AT}, "Delivered, complaint", True),
        ({"rejected_at": AT}, "Rejected by SES", True),
    ],
)
def test_what_became_of_a_message_is_said_in_words(changes: dict[str, object], words: str, bad: bool) -> None:
    assert fates.of(Message(**changes)) == fates.Fate(words, bad)


def test_of_what_ses_told_nothing_about_nothing_is_said() -> None:
    assert fates.of(Message()) is None
