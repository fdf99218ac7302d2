"""What follows from what SES tells: doubts that it settles, and suppressions that it makes."""

import pytest

from core.models import AuditEvent
from mail.domain import decisions, delivery, states, suppression
from mail.domain.feedback import Answer
from mail.models import (
    Bounce,
    Campaign,
    CampaignState,
    Kind,
    Message,
    MessageEvent,
    Reason,
    Scope,
    State,
    Suppression,
)
from mail.transport import Outcome, Receipt
from tests.factories.people import PersonFactory
from tests.mail.ses_told import (
    AT,
    DAY,
    KINDS,
    NOW,
    SECOND,
    body,
    campaign,
    doubtful,
    of_campaign,
    row,
    soft,
    tell,
    waiting,
)


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

    def test_what_a_person_sent_again_does_not_leave_twice_when_the_first_try_is_proven(self) -> None:
        message = doubtful()
        decisions.send_again(message=message, by=PersonFactory.create(), at=AT)

        tell(body(message, "Delivery", at=AT, mail={"messageId": "0100018f-first-000000"}))

        left = Message.objects.get(pk=message.pk)
        assert (left.state, left.provider_message_id) == (State.SENT, "0100018f-first-000000")
        assert delivery.claim(message_id=message.pk, at=AT + DAY) is None

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

    @pytest.mark.parametrize("why", ["abuse", "fraud", "virus", "auth-failure", None])
    def test_any_complaint_stops_campaigns_at_once(self, why: str | None) -> None:
        owner = campaign()
        message, other = of_campaign(owner, 1), waiting("guest1@example.com")

        tell(body(message, "Complaint", at=AT, more={"complaintFeedbackType": why}))

        held = Suppression.objects.get()
        assert (held.scope, held.reason) == (Scope.COMMERCIAL, Reason.COMPLAINT)
        assert Message.objects.get(pk=other.pk).state == State.QUEUED

    def test_that_it_was_no_spam_is_kept_and_is_no_complaint(self) -> None:
        owner = campaign(stop_complaints=1)
        message = of_campaign(owner, 1)

        tell(body(message, "Complaint", at=AT, more={"complaintFeedbackType": "not-spam"}))

        assert MessageEvent.objects.get().detail == "not-spam"
        assert Message.objects.get(pk=message.pk).complained_at is None
        assert not Suppression.objects.exists()
        assert Campaign.objects.get().state == CampaignState.SENDING

    def test_what_ses_did_not_try_stops_campaigns_to_the_address_and_is_no_complaint_about_this_one(
        self,
    ) -> None:
        owner = campaign(stop_complaints=1)
        message = of_campaign(owner, 1)
        more = {"complaintFeedbackType": None, "complaintSubType": "OnAccountSuppressionList"}

        tell(body(message, "Complaint", at=AT, more=more))

        held = Suppression.objects.get()
        assert (held.scope, held.reason) == (Scope.COMMERCIAL, Reason.COMPLAINT)
        assert held.detail == "OnAccountSuppressionList"
        assert Message.objects.get(pk=message.pk).complained_at is None
        assert Campaign.objects.get().state == CampaignState.SENDING

    @pytest.mark.parametrize("state", [State.SENT, State.SENDING])
    def test_what_ses_took_and_then_rejected_says_so_itself(self, state: State) -> None:
        message = row() if state == State.SENT else doubtful(state=state, error="")

        tell(body(message, "Reject", at=AT))

        left = Message.objects.get(pk=message.pk)
        assert (left.state, left.rejected_at) == (state, AT)

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
