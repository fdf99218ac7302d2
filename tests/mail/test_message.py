"""What the database itself keeps true about a message."""

import pytest
from django.db import IntegrityError, transaction

from mail.models import MOVES, Message, State
from tests.mail import letters

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "lost"}, "mail_state_is_known"),
        ({"state": State.SENDING}, "mail_sending_has_claim"),
        ({"state": State.IN_DOUBT, "error": "x"}, "mail_sending_has_claim"),
        ({"claimed_at": letters.AT}, "mail_queued_has_no_claim"),
        ({"state": State.SENT, "transport": "ses"}, "mail_settled_has_instant"),
        ({"state": State.FAILED, "error": "x"}, "mail_settled_has_instant"),
        ({"settled_at": letters.AT}, "mail_settled_has_instant"),
        ({"state": State.SENT, "settled_at": letters.AT}, "mail_sent_names_transport"),
        ({"state": State.FAILED, "settled_at": letters.AT}, "mail_stopped_says_why"),
        ({"state": State.IN_DOUBT, "claimed_at": letters.AT}, "mail_stopped_says_why"),
        ({"sealed": b"x"}, "mail_secret_is_forgotten_when_gone"),
        (
            {
                "state": State.SENT,
                "settled_at": letters.AT,
                "transport": "ses",
                "sealed": b"x",
                "bears_secret": True,
            },
            "mail_secret_is_forgotten_when_gone",
        ),
        ({"bears_secret": True, "bcc_audit": True}, "mail_with_secret_is_never_copied"),
        (
            {"bears_secret": True, "bcc_audit": False, "bcc_address": "a@example.com"},
            "mail_with_secret_is_never_copied",
        ),
    ],
)
def test_the_database_refuses_a_message_that_contradicts_itself(
    changes: dict[str, object], constraint: str
) -> None:
    message = letters.enqueue()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**changes)


def test_two_rows_never_share_a_key() -> None:
    letters.enqueue()
    other = letters.enqueue(dedupe_key="another")
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=other.pk).update(dedupe_key="edition:7:to:owner@example.com")


def test_every_state_has_its_moves_and_sent_is_the_end() -> None:
    assert set(MOVES) == set(State)
    assert {to for targets in MOVES.values() for to in targets} <= set(State)
    assert MOVES[State.SENT] == frozenset()
