"""What SES tells, applied: facts, doubts and suppressions, once each, in whatever order it is told."""

import datetime as dt
import itertools
import json
import random
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import decisions, delivery, feedback, sns, states, suppression
from mail.domain.feedback import Answer
from mail.models import (
    Bounce,
    Campaign,
    CampaignState,
    EventKind,
    Kind,
    MailingList,
    Message,
    MessageEvent,
    Notification,
    Reason,
    Scope,
    State,
    Suppression,
)
from mail.transport import Outcome, Receipt
from tests.factories.people import PersonFactory
from tests.mail import letters, ses_told, signing
from tests.mail.ses_told import AUDIT, body, doubtful, envelope, row, soft
from tests.mail.signing import SnsServer

AT = letters.AT
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
# Every kind, as SES names it, with the instant it tells.
KINDS = {
    "Send": AT + 1 * SECOND,
    "Delivery": AT + 4 * SECOND,
    "DeliveryDelay": AT + 2 * SECOND,
    "Bounce": AT + 5 * SECOND,
    "Complaint": AT + 9 * SECOND,
    "Open": AT + 6 * SECOND,
    "Click": AT + 7 * SECOND,
    "Reject": AT + 3 * SECOND,
}
NOW = AT + 60 * SECOND
DONE = ("delivered_at", "bounced_at", "bounce", "complained_at", "opened_at", "clicked_at")


def tell(told: dict[str, Any], *, at: dt.datetime = NOW, **changes: Any) -> Answer:
    """Let SES tell something, as it stands once its signature held."""
    return feedback.receive(envelope=envelope(told, at=at, **changes), at=at)


def facts(message: Message) -> dict[str, Any]:
    return Message.objects.values(*DONE).get(pk=message.pk)


def campaign(**changes: Any) -> Campaign:
    """Return a campaign under way."""
    mailing_list = MailingList.objects.create(
        slug="whales", name="Whale season", purpose="News of the season", created_at=AT
    )
    return Campaign.objects.create(
        **{
            "mailing_list": mailing_list,
            "name": "November",
            "subject": "Whale season begins",
            "from_name": "Angel Gate Charters",
            "body": "Hello {{ name }}",
            "state": CampaignState.SENDING,
            "created_at": AT,
            "started_at": AT,
            "last_subscriber_id": 10_000,
            **changes,
        }
    )


def of_campaign(owner: Campaign, number: int, **changes: Any) -> Message:
    return row(f"guest{number}@example.com", kind=Kind.COMMERCIAL, campaign=owner, **changes)


def waiting(to: str, **changes: Any) -> Message:
    """Return a message that waits for its turn."""
    return row(
        to,
        **{
            "state": State.QUEUED,
            "claimed_at": None,
            "settled_at": None,
            "transport": "",
            "provider_message_id": "",
            "tries": 0,
            **changes,
        },
    )


class TestFacts:
    pytestmark = pytest.mark.django_db

    def test_each_kind_is_kept_as_a_row_with_what_the_other_server_said(self) -> None:
        message = row()

        for kind, at in KINDS.items():
            assert tell(body(message, kind, at=at)) is Answer.TAKEN

        told = MessageEvent.objects.order_by("at").values_list("kind", "at", "recipient", "detail")
        assert list(told) == [
            ("send", AT + 1 * SECOND, "reader.one@example.com", ""),
            ("delay", AT + 2 * SECOND, "reader.one@example.com", "MailboxFull: smtp; 452 full"),
            ("reject", AT + 3 * SECOND, "reader.one@example.com", "Bad content"),
            ("delivery", AT + 4 * SECOND, "reader.one@example.com", "250 2.6.0 Message received"),
            ("bounce", AT + 5 * SECOND, "reader.one@example.com", "Permanent: General: smtp; 550 5.1.1"),
            ("open", AT + 6 * SECOND, "reader.one@example.com", ""),
            ("click", AT + 7 * SECOND, "reader.one@example.com", "book.example.com"),
            ("complaint", AT + 9 * SECOND, "reader.one@example.com", "abuse"),
        ]
        assert facts(message) == {
            "delivered_at": AT + 4 * SECOND,
            "bounced_at": AT + 5 * SECOND,
            "bounce": "hard",
            "complained_at": AT + 9 * SECOND,
            "opened_at": AT + 6 * SECOND,
            "clicked_at": AT + 7 * SECOND,
        }

    @pytest.mark.parametrize("state", [State.SENT, State.IN_DOUBT, State.SENDING])
    def test_every_order_leaves_the_same(self, state: State) -> None:
        orders = list(itertools.permutations(KINDS, 2))
        drawn = random.Random(4)  # noqa: S311
        orders += [tuple(drawn.sample(list(KINDS), len(KINDS))) for _ in range(12)]
        ends: dict[frozenset[str], set[str]] = {}

        for order in orders:
            message = {
                State.SENT: row,
                State.IN_DOUBT: doubtful,
                State.SENDING: lambda **more: doubtful(state=State.SENDING, error="", **more),
            }[state](to=f"{'-'.join(order).lower()}.{drawn.random()}@example.com"[-60:])
            for kind in order:
                assert tell(body(message, kind, at=KINDS[kind])) is Answer.TAKEN
            left = Message.objects.values("state", "settled_at", "error", *DONE).get(pk=message.pk)
            held = Suppression.objects.filter(address_key=message.address_key)
            story = json.dumps([left, sorted(held.values_list("scope", "reason"))], default=str)
            ends.setdefault(frozenset(order), set()).add(story)

        assert {len(stories) for stories in ends.values()} == {1}

    def test_of_several_the_earliest_counts_whenever_it_is_told(self) -> None:
        message = row()

        for seconds in (30, 10, 50, 20):
            tell(body(message, "Open", at=AT + seconds * SECOND))

        assert facts(message)["opened_at"] == AT + 10 * SECOND
        assert MessageEvent.objects.count() == 4

    @pytest.mark.parametrize("order", [("Permanent", "Transient"), ("Transient", "Permanent")])
    def test_of_two_bounces_at_one_instant_the_hard_one_counts(self, order: tuple[str, str]) -> None:
        message = row()
        other = f"{message.provider_message_id}-again"

        for number, kind in enumerate(order):
            told = soft(message, at=AT, kind=kind)
            told["mail"]["messageId"] = other if number else message.provider_message_id
            tell(told)

        assert facts(message)["bounce"] == Bounce.HARD

    def test_a_receiving_servers_clock_that_is_ahead_is_not_believed(self) -> None:
        message = row()

        tell(body(message, "Bounce", at=AT + 900 * DAY))

        assert facts(message)["bounced_at"] == NOW

    def test_a_link_that_was_clicked_is_not_kept_for_it_may_bear_a_token(self) -> None:
        message = row()

        tell(body(message, "Click", at=AT))

        assert "token" not in MessageEvent.objects.get().detail

    def test_what_another_server_said_is_kept_in_one_line_that_every_database_takes(self) -> None:
        message = row()
        said = "550 \x00no\r\nsuch \ud800 user\u2028" + "x" * 2000
        told = body(message, "Bounce", at=AT)
        told["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = said

        tell(told)

        detail = MessageEvent.objects.get().detail
        assert detail.startswith("Permanent: General: 550 no such user xxx")
        assert len(detail) == 500


class TestWhoseMail:
    pytestmark = pytest.mark.django_db

    def test_the_tag_names_the_message(self) -> None:
        message = row()

        tell(body(message, "Delivery", at=AT, mail={"messageId": "0100-another", "headers": []}))

        assert facts(message)["delivered_at"] == AT

    @pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint"])
    def test_the_older_shape_names_it_in_a_header(self, kind: str) -> None:
        message = row()

        assert tell(body(message, kind, at=AT, old=True)) is Answer.TAKEN
        assert MessageEvent.objects.get().message == message

    def test_without_both_the_id_that_ses_gave_finds_it(self) -> None:
        message = row()

        tell(body(message, "Delivery", at=AT, old=True, mail={"headers": []}))

        assert facts(message)["delivered_at"] == AT

    def test_both_shapes_of_one_bounce_are_one_event(self) -> None:
        message = row()

        assert tell(body(message, "Bounce", at=AT)) is Answer.TAKEN
        assert tell(body(message, "Bounce", at=AT, old=True)) is Answer.KNOWN
        assert MessageEvent.objects.count() == 1
        # Both messages of SNS are known from now on.
        assert Notification.objects.count() == 2

    def test_of_an_event_known_in_part_the_rest_is_taken(self) -> None:
        message = row(bcc_audit=True)
        to = {"mail": {"destination": [message.to_address, AUDIT]}}
        tell(body(message, "Delivery", at=AT, recipients=[AUDIT], **to))

        assert (
            tell(body(message, "Delivery", at=AT, recipients=[AUDIT, message.to_address], **to))
            is Answer.TAKEN
        )
        assert facts(message)["delivered_at"] == AT
        assert MessageEvent.objects.count() == 2

    def test_a_blind_copys_fate_is_kept_and_is_not_the_messages(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        message = row(bcc_audit=True, bcc_address=AUDIT)

        tell(
            body(
                message,
                "Bounce",
                at=AT,
                recipients=[AUDIT],
                mail={"destination": [message.to_address, AUDIT]},
            )
        )

        assert set(facts(message).values()) == {None, ""}
        assert MessageEvent.objects.get().recipient == AUDIT
        assert not Suppression.objects.exists()
        assert "look at ADMIN_BCC_ADDRESS" in caplog.text
        assert AUDIT not in caplog.text

    def test_a_bounce_of_both_is_two_rows_and_the_messages_own_counts(self) -> None:
        message = row(bcc_audit=True, bcc_address=AUDIT)
        both = [AUDIT, message.to_address.upper()]

        tell(body(message, "Bounce", at=AT, recipients=both, mail={"destination": both}))

        assert sorted(MessageEvent.objects.values_list("recipient", flat=True)) == [
            AUDIT,
            "reader.one@example.com",
        ]
        assert facts(message)["bounce"] == Bounce.HARD
        assert Suppression.objects.get().address_key == "reader.one@example.com"

    def test_who_of_two_opened_it_nobody_knows_so_it_is_kept_and_sets_nothing(self) -> None:
        message = row(bcc_audit=True, bcc_address=AUDIT)

        tell(body(message, "Open", at=AT, mail={"destination": [message.to_address, AUDIT]}))

        assert MessageEvent.objects.get().detail == "By one of 2 recipients."
        assert facts(message)["opened_at"] is None

    def test_a_name_before_an_address_is_no_other_recipient(self) -> None:
        message = row()
        named = f'"Reader, One" <{message.to_address}>'

        tell(body(message, "Send", at=AT, mail={"destination": [named]}))

        assert MessageEvent.objects.get().recipient == "reader.one@example.com"

    def test_mail_of_others_leaves_no_trace(self) -> None:
        stranger = Message(pk=0, to_address="x@example.com", subject="x", provider_message_id="0100-x")

        assert tell(body(stranger, "Bounce", at=AT)) is Answer.NOT_OURS
        assert not Notification.objects.exists()
        assert not Suppression.objects.exists()


class TestDoubt:
    pytestmark = pytest.mark.django_db

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Reject"])
    def test_whatever_ses_tells_of_a_mail_in_doubt_proves_that_it_took_it(self, kind: str) -> None:
        message = doubtful()

        tell(body(message, kind, at=KINDS[kind]))

        left = Message.objects.get(pk=message.pk)
        assert (left.state, left.provider_message_id) == (State.SENT, "0100018f-unseen-000000")
        assert (
            AuditEvent.objects.filter(action="mail:message:proven", subject_id=str(message.pk)).count() == 1
        )

    def test_what_ses_rejected_stays_in_doubt_for_a_person(self, caplog: pytest.LogCaptureFixture) -> None:
        message = doubtful()

        tell(body(message, "Reject", at=AT))

        assert Message.objects.get(pk=message.pk).state == State.IN_DOUBT
        assert "rejected" in caplog.text

    def test_an_event_before_the_sender_settled_is_not_lost_when_it_settles(self) -> None:
        message = doubtful(state=State.SENDING, error="")
        tell(body(message, "Delivery", at=AT))

        receipt = Receipt(
            Outcome.ACCEPTED, NOW, provider_message_id="0100018f-unseen-000000", transport="ses"
        )
        assert delivery.settle(message=message, receipt=receipt, size_bytes=1000)

        left = Message.objects.get(pk=message.pk)
        assert (left.state, left.delivered_at) == (State.SENT, AT)

    def test_an_event_before_the_sender_died_settles_what_would_be_in_doubt(self) -> None:
        message = doubtful(state=State.SENDING, error="")
        tell(body(message, "Delivery", at=AT))

        assert delivery.doubt_stale(at=AT + DAY) == 0

        assert Message.objects.get(pk=message.pk).state == State.SENT

    def test_another_trys_event_tells_of_the_message_and_overwrites_no_id(self) -> None:
        message = doubtful()
        decisions.send_again(message=message, by=PersonFactory.create(), at=AT)
        Message.objects.filter(pk=message.pk).update(state=State.SENDING, claimed_at=AT)
        states.move(
            Message.objects.filter(pk=message.pk),
            State.SENT,
            settled_at=AT,
            transport="ses",
            provider_message_id="0100018f-second-000000",
        )

        first = body(message, "Bounce", at=AT, mail={"messageId": "0100018f-first-000000"})
        assert tell(first) is Answer.TAKEN

        left = Message.objects.get(pk=message.pk)
        assert left.provider_message_id == "0100018f-second-000000"
        assert MessageEvent.objects.get().provider_message_id == "0100018f-first-000000"
        assert left.bounce == Bounce.HARD
        assert Suppression.objects.get().reason == Reason.HARD_BOUNCE


class TestSuppression:
    pytestmark = pytest.mark.django_db

    def test_a_hard_bounce_stops_all_mail_that_waits_for_the_address(self) -> None:
        message, next_one = row(), waiting("READER.one@example.com")

        tell(body(message, "Bounce", at=AT))

        held = Suppression.objects.get()
        assert (held.scope, held.reason, held.message) == (Scope.ALL, Reason.HARD_BOUNCE, message)
        assert held.detail == "Permanent: General: smtp; 550 5.1.1"
        assert Message.objects.get(pk=next_one.pk).state == State.SUPPRESSED

    @pytest.mark.parametrize("why", ["abuse", "not-spam", "virus", "auth-failure", None])
    def test_any_complaint_stops_campaigns_at_once(self, why: str | None) -> None:
        owner = campaign()
        message, other = of_campaign(owner, 1), waiting("guest1@example.com")

        tell(body(message, "Complaint", at=AT, more={"complaintFeedbackType": why}))

        held = Suppression.objects.get()
        assert (held.scope, held.reason) == (Scope.COMMERCIAL, Reason.COMPLAINT)
        assert Message.objects.get(pk=other.pk).state == State.QUEUED

    @pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
    def test_the_third_soft_bounce_within_thirty_days_stops_campaigns(self, kind: str) -> None:
        for number in range(3):
            assert not Suppression.objects.exists()
            tell(soft(row(), at=AT - (2 - number) * 14 * DAY, kind=kind))

        held = Suppression.objects.get()
        assert (held.scope, held.reason) == (Scope.COMMERCIAL, Reason.SOFT_BOUNCES)

    def test_soft_bounces_count_in_whatever_order_they_are_told(self) -> None:
        for days in (0, 20, 10):
            tell(soft(row(), at=AT - days * DAY))

        assert Suppression.objects.get().reason == Reason.SOFT_BOUNCES

    def test_three_in_more_than_thirty_days_are_not_enough(self) -> None:
        for days in (31, 15, 0):
            tell(soft(row(), at=AT - days * DAY))

        assert not Suppression.objects.exists()

    def test_a_delivery_between_starts_the_count_anew(self) -> None:
        for days in (9, 8):
            tell(soft(row(), at=AT - days * DAY))
        tell(body(row(), "Delivery", at=AT - 7 * DAY))
        for days in (6, 5):
            tell(soft(row(), at=AT - days * DAY))

        assert not Suppression.objects.exists()
        tell(soft(row(), at=AT - 4 * DAY))
        assert Suppression.objects.get().reason == Reason.SOFT_BOUNCES

    def test_out_of_office_answers_after_deliveries_never_count(self) -> None:
        for days in (9, 8, 7, 6, 5):
            message = row()
            tell(body(message, "Delivery", at=AT - days * DAY))
            tell(soft(message, at=AT - days * DAY + SECOND))

        assert not Suppression.objects.exists()

    def test_three_tellings_of_one_soft_bounce_are_one(self) -> None:
        message = row()
        for seconds in range(5):
            tell(soft(message, at=AT + seconds * SECOND))

        assert not Suppression.objects.exists()

    def test_soft_bounces_of_others_do_not_count(self) -> None:
        for number in range(5):
            tell(soft(row(f"guest{number}@example.com"), at=AT))

        assert not Suppression.objects.exists()

    def test_lifted_and_delivered_since_one_more_soft_bounce_is_the_first_of_a_new_row(self) -> None:
        for days in (9, 8, 7):
            tell(soft(row(), at=AT - days * DAY))
        suppression.lift(
            suppression=Suppression.objects.get(), why="Their mailbox works again.", by=None, at=AT
        )
        tell(body(row(), "Delivery", at=AT - 2 * DAY))
        tell(soft(row(), at=AT - DAY))

        assert not Suppression.objects.filter(lifted_at__isnull=True).exists()

    def test_opens_and_clicks_are_facts_alone(self) -> None:
        message = row()
        for kind in ("Open", "Click", "Send", "Delivery", "DeliveryDelay"):
            tell(body(message, kind, at=AT))

        assert not Suppression.objects.exists()

    def test_the_second_complaint_stops_the_campaign_in_the_same_transaction(self) -> None:
        owner = campaign()
        sent = [of_campaign(owner, number) for number in range(3)]
        next_one = waiting("guest9@example.com", kind=Kind.COMMERCIAL, campaign=owner)

        tell(body(sent[0], "Complaint", at=AT))
        assert Campaign.objects.get().state == CampaignState.SENDING
        tell(body(sent[1], "Complaint", at=AT))

        assert Campaign.objects.get().state == CampaignState.PAUSED
        assert Message.objects.get(pk=next_one.pk).state == State.HELD


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


def test_every_kind_is_tried() -> None:
    assert len(KINDS) == len(EventKind.values)
    assert sns.LARGEST == 262_144
    assert ses_told.AUDIT == AUDIT
