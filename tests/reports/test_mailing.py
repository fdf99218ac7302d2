"""Mailing an edition: one message for each reader, and a dead address among them."""

import pytest

from mail.domain import suppression
from mail.models import Kind, Message, Reason, Scope, State
from reports.domain import mailing
from reports.models import Report
from tests.factories.reports import ISSUED_AT, a_document, an_edition

pytestmark = pytest.mark.django_db


def test_a_reader_with_a_dead_address_is_kept_as_suppressed_and_not_counted() -> None:
    edition = an_edition(Report.objects.get(slug="ceo"))
    suppression.add(address="dead@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=ISSUED_AT)

    going = mailing.enqueue(
        edition=edition,
        document=a_document(),
        send_to=["owner@example.com", "Dead@example.com"],
        at=ISSUED_AT,
    )

    assert going == 1
    assert dict(Message.objects.values_list("address_key", "state")) == {
        "owner@example.com": State.QUEUED,
        "dead@example.com": State.SUPPRESSED,
    }
    assert set(Message.objects.values_list("kind", flat=True)) == {Kind.SERVICE}


def test_a_reader_who_unsubscribed_from_campaigns_still_gets_reports() -> None:
    suppression.add(
        address="owner@example.com", scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=ISSUED_AT
    )

    assert (
        mailing.enqueue(
            edition=an_edition(Report.objects.get(slug="ceo")),
            document=a_document(),
            send_to=["owner@example.com"],
            at=ISSUED_AT,
        )
        == 1
    )
