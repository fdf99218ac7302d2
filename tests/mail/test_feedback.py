"""What SES tells, applied: facts, doubts and suppressions, once each, in whatever order it is told."""

import itertools
import json
import random

import pytest

from mail.domain import decisions, sns
from mail.domain.feedback import Answer
from mail.models import (
    Bounce,
    EventKind,
    Message,
    MessageEvent,
    Notification,
    State,
    Suppression,
)
from tests.factories import people
from tests.mail import ses_told
from tests.mail.ses_told import (
    AT,
    AUDIT,
    DAY,
    DONE,
    KINDS,
    NOW,
    SECOND,
    body,
    doubtful,
    facts,
    row,
    soft,
    tell,
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
            "rejected_at": AT + 3 * SECOND,
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

    @pytest.mark.parametrize("order", [("Permanent", "Transient"), ("Transient", "Permanent")])
    def test_a_soft_bounce_hides_no_hard_one_whichever_was_first(self, order: tuple[str, str]) -> None:
        earlier = {"Transient": AT + SECOND, "Permanent": AT + 30 * SECOND}
        message = row()

        for kind in order:
            tell(soft(message, at=earlier[kind], kind=kind))

        assert facts(message) == {**facts(message), "bounce": "hard", "bounced_at": earlier["Permanent"]}

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


def test_every_kind_is_tried() -> None:
    assert len(KINDS) == len(EventKind.values)
    assert sns.LARGEST == 262_144
    assert ses_told.AUDIT == AUDIT


@pytest.mark.django_db
def test_what_was_told_of_while_its_answer_was_lost_is_not_sent_again_by_a_person() -> None:
    message = doubtful()
    tell(body(message, "Delivery", at=AT + SECOND))
    # As if the event had come while the sender still waited for its answer.
    Message.objects.filter(pk=message.pk).update(
        state=State.IN_DOUBT, error="Lost.", settled_at=None, transport=""
    )

    with pytest.raises(decisions.DecisionRefusedError, match="SES has told that it took this mail"):
        decisions.send_again(message=message, by=people.owner(), at=NOW)
