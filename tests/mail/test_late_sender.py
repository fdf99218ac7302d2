"""A sender that was given up for dead and comes to life again does not take the second way."""

import pytest

from mail.domain import claims, decisions
from mail.models import Attempt, Message, State
from mail.transport import Outcome, Receipt
from tests.factories.people import PersonFactory
from tests.mail import letters


@pytest.mark.django_db
@pytest.mark.parametrize("again", [False, True])
def test_who_was_given_up_for_dead_does_not_take_the_second_way(again: bool) -> None:
    asked = letters.enqueue()
    message = claims.claim(message_id=asked.pk, at=letters.AT)
    assert message is not None
    late = letters.AT + claims.STALE_AFTER
    assert claims.doubt_stale(at=late) == 1
    if again:
        decisions.send_again(message=Message.objects.get(pk=asked.pk), by=PersonFactory.create(), at=late)
    refused = Receipt(Outcome.LATER, late, "Nobody is there.", transport="ses")

    assert not claims.passed_on(message=message, receipt=refused)
    assert not Attempt.objects.exists()
    # Its answer still counts where nobody has decided: what was surely not taken is queued again.
    assert claims.settle(message=message, receipt=refused, size_bytes=1) is not again
    assert Message.objects.get(pk=asked.pk).state == State.QUEUED
