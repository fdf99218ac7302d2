"""What SES tells again and at once has one effect, and each telling costs few queries."""

import random
import threading
from collections import Counter

import pytest
from django.db import OperationalError, connections
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import delivery, feedback
from mail.domain.feedback import Answer
from mail.models import (
    Campaign,
    CampaignState,
    Kind,
    MessageEvent,
    Notification,
    Scope,
    Suppression,
)
from tests.mail import signing
from tests.mail.ses_told import (
    AT,
    DAY,
    KINDS,
    NOW,
    body,
    campaign,
    envelope,
    facts,
    of_campaign,
    row,
    tell,
    waiting,
)
from tests.mail.signing import SnsServer


class TestQueries:
    """How much an event costs: a blast to 3,676 people brings some 11,000 of them."""

    pytestmark = pytest.mark.django_db

    @pytest.mark.parametrize(
        ("kind", "queries"),
        [("Send", 3), ("Delivery", 4), ("DeliveryDelay", 3), ("Open", 4), ("Click", 4)],
    )
    @pytest.mark.parametrize("others", [0, 50])
    def test_the_usual_event_takes_few(
        self, django_assert_num_queries: DjangoAssertNumQueries, kind: str, queries: int, others: int
    ) -> None:
        for _ in range(others):
            tell(body(row(), "Delivery", at=AT))
        told = envelope(body(row(), kind, at=AT), at=NOW)

        # And the savepoint of the transaction, which a test's own makes of it.
        with django_assert_num_queries(queries + 2):
            feedback.receive(envelope=told, at=NOW)

    @pytest.mark.parametrize("others", [0, 50])
    def test_a_replay_takes_few(self, django_assert_num_queries: DjangoAssertNumQueries, others: int) -> None:
        for _ in range(others):
            tell(body(row(), "Delivery", at=AT))
        told = envelope(body(row(), "Delivery", at=AT), at=NOW)
        feedback.receive(envelope=told, at=NOW)

        with django_assert_num_queries(6):
            assert feedback.receive(envelope=told, at=NOW) is Answer.KNOWN


class TestReplays:
    @pytest.mark.django_db
    def test_a_hundred_replays_have_one_effect(self, client: Client, sns_home: SnsServer) -> None:
        message = row()
        posted = signing.wire(
            signing.notification(body(message, "Bounce", at=AT), at=AT, pem_url=sns_home.pem_url)
        )

        said = [
            client.post("/mail/sns", posted, content_type="text/plain").content.decode() for _ in range(100)
        ]

        assert Counter(said) == {"taken\n": 1, "known\n": 99}
        assert _counts() == (1, 1, 1, 1)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("kind", ["Bounce", "Delivery"])
    def test_a_hundred_replays_at_once_have_one_effect(self, sns_home: SnsServer, kind: str) -> None:
        message = row()
        posted = signing.wire(
            signing.notification(body(message, kind, at=AT), at=AT, pem_url=sns_home.pem_url)
        )

        said = _at_once([posted] * 100)

        assert Counter(said) == {(200, "taken"): 1, (200, "known"): 99}
        assert _counts() == ((1, 1, 1, 1) if kind == "Bounce" else (1, 1, 0, 0))

    @pytest.mark.django_db(transaction=True)
    def test_one_event_in_forty_messages_of_sns_at_once_has_one_effect(self, sns_home: SnsServer) -> None:
        message = row()
        told = body(message, "Bounce", at=AT)

        said = _at_once(
            [signing.wire(signing.notification(told, at=AT, pem_url=sns_home.pem_url)) for _ in range(40)]
        )

        assert Counter(said) == {(200, "taken"): 1, (200, "known"): 39}
        assert _counts() == (40, 1, 1, 1)

    @pytest.mark.django_db(transaction=True)
    def test_everything_told_at_once_while_mail_is_claimed_locks_nothing_for_good(
        self, sns_home: SnsServer
    ) -> None:
        owner = campaign(stop_complaints=3, first_cohort=10_000)
        sent = [of_campaign(owner, number) for number in range(12)]
        for number in range(12):
            waiting(f"guest{number}@example.com", kind=Kind.SERVICE, dedupe_key=f"notice:{number}")
            waiting(f"more{number}@example.com", kind=Kind.COMMERCIAL, campaign=owner)
        posts = [
            signing.wire(signing.notification(body(message, kind, at=at), at=AT, pem_url=sns_home.pem_url))
            for message in sent
            for kind, at in KINDS.items()
        ]
        random.Random(9).shuffle(posts)  # noqa: S311
        claimed: list[int] = []

        def claim() -> None:
            for _ in range(12):
                claimed.extend(one.pk for one in delivery.claim_batch(limit=1, at=AT + DAY))
            connections.close_all()

        claimer = threading.Thread(target=claim)
        claimer.start()
        said = _at_once(posts)
        claimer.join()

        assert Counter(said) == {(200, "taken"): len(posts)}
        assert len({tuple(facts(message).values()) for message in sent}) == 1
        assert Suppression.objects.filter(scope=Scope.ALL).count() == 12
        assert Suppression.objects.filter(scope=Scope.COMMERCIAL).count() == 12
        assert Campaign.objects.get().state == CampaignState.PAUSED
        assert len(claimed) == len(set(claimed))

    @pytest.mark.django_db
    def test_a_database_that_does_not_answer_is_a_reason_to_come_again(
        self, client: Client, sns_home: SnsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        posted = signing.wire(
            signing.notification(body(row(), "Bounce", at=AT), at=AT, pem_url=sns_home.pem_url)
        )

        def locked(**_: object) -> Answer:
            raise OperationalError("database is locked")

        monkeypatch.setattr(feedback, "receive", locked)

        assert client.post("/mail/sns", posted, content_type="text/plain").status_code == 503


def _at_once(posts: list[bytes]) -> list[tuple[int, str]]:
    """Post all from eight threads with connections of their own."""
    said: list[tuple[int, str]] = []
    start = threading.Barrier(8)

    def post(share: list[bytes]) -> None:
        start.wait()
        try:
            for raw in share:
                answer = Client().post("/mail/sns", raw, content_type="text/plain")
                said.append((answer.status_code, answer.content.decode().strip()))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post, args=(posts[number::8],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def _counts() -> tuple[int, int, int, int]:
    """Return how many notifications, events, suppressions, and audit rows of these."""
    return (
        Notification.objects.count(),
        MessageEvent.objects.count(),
        Suppression.objects.count(),
        AuditEvent.objects.filter(action="mail:suppression:add").count(),
    )
