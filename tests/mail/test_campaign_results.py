"""What became of a campaign is counted, what nobody can tell is no zero, and the model stands beside what was measured."""

import datetime as dt
from fractions import Fraction

import pytest
from pytest_django import DjangoAssertNumQueries

from mail.domain import campaign_results, campaigns, states, suppression, unsubscribe
from mail.domain.campaign_results import Rate
from mail.models import Bounce, Campaign, Message, Reason, Scope, State
from portfolio.models import Booking, BookingStage
from tests.factories.portfolio import EntityFactory
from tests.mail.campaigning import AT, drafted, mailing_list, minutes, queue_all, send_queued, started

pytestmark = pytest.mark.django_db


def mark(campaign: Campaign, count: int, **changes: object) -> None:
    """Let so many messages of a campaign, the first ones, bear what SES told."""
    chosen = list(
        Message.objects.filter(campaign=campaign, state=State.SENT)
        .order_by("pk")
        .values_list("pk", flat=True)[:count]
    )
    Message.objects.filter(pk__in=chosen).update(**changes)


class TestProgress:
    def test_each_state_is_counted_in_one_query(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        opened = mailing_list(count=6)
        suppression.add(address="guest5@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
        campaign = started(opened)
        queue_all(campaign)
        send_queued(campaign, at=AT + minutes(1), limit=2)
        first = Message.objects.filter(pk=Message.objects.filter(state=State.QUEUED).first().pk)  # type: ignore[union-attr]
        states.move(first, State.SENDING, claimed_at=AT)
        states.move(first, State.IN_DOUBT, error="Lost.")
        with django_assert_num_queries(1):
            progress = campaign_results.progress(campaign=campaign)
        assert (progress.sent, progress.queued, progress.in_doubt, progress.suppressed) == (2, 2, 1, 1)
        assert (progress.to_mail, progress.settled) == (5, 3)
        assert progress.last_sent_at == AT + minutes(1)

    def test_a_draft_has_none(self) -> None:
        progress = campaign_results.progress(campaign=drafted(mailing_list()))
        assert (progress.to_mail, progress.last_sent_at) == (0, None)


class TestResults:
    def test_what_ses_told_becomes_counts_and_shares(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        campaign = started(mailing_list(count=10))
        queue_all(campaign)
        send_queued(campaign, at=AT)
        mark(campaign, 8, delivered_at=AT)
        mark(campaign, 4, opened_at=AT)
        mark(campaign, 2, clicked_at=AT)
        mark(campaign, 1, complained_at=AT)
        late = Message.objects.filter(delivered_at__isnull=True)
        Message.objects.filter(pk=late[0].pk).update(bounce=Bounce.HARD, bounced_at=AT)
        Message.objects.filter(pk=late[1].pk).update(bounce=Bounce.SOFT, bounced_at=AT)
        Message.objects.filter(pk=late[0].pk).update(rejected_at=AT)
        # Two of mail and one of bookings.
        with django_assert_num_queries(3):
            found = campaign_results.results(campaign=campaign)
        assert found.measured
        assert (found.recipients, found.sent) == (10, 10)
        assert (found.delivered, found.hard_bounces, found.soft_bounces) == (
            Rate(8, 10),
            Rate(1, 10),
            Rate(1, 10),
        )
        assert (found.opened, found.clicked, found.complaints) == (Rate(4, 8), Rate(2, 8), Rate(1, 8))
        assert found.opened.share == 0.5
        assert found.rejected == Rate(1, 10)

    def test_what_the_mailbox_folder_cannot_tell_is_not_nought(self) -> None:
        campaign = started(mailing_list(count=3))
        queue_all(campaign)
        send_queued(campaign, at=AT)
        Message.objects.update(transport="mailbox")
        found = campaign_results.results(campaign=campaign)
        assert not found.measured
        assert found.delivered == found.complaints == found.opened == Rate(None, None)
        assert found.delivered.share is None
        assert found.unsubscribed == Rate(0, 3)

    @pytest.mark.parametrize("transport", ["smtp", "person"])
    def test_what_went_where_nobody_tells_is_not_nought_either(self, transport: str) -> None:
        campaign = started(mailing_list(count=5))
        queue_all(campaign)
        send_queued(campaign, at=AT)
        Message.objects.update(transport=transport)
        assert not campaign_results.results(campaign=campaign).measured

        by_ses = Message.objects.filter(pk__in=[row.pk for row in Message.objects.all()[:2]])
        by_ses.update(transport="ses:us-east-1", delivered_at=AT)
        found = campaign_results.results(campaign=campaign)
        assert (found.sent, found.delivered, found.hard_bounces) == (5, Rate(2, 2), Rate(0, 2))

    def test_a_share_of_nothing_is_undefined(self) -> None:
        found = campaign_results.results(campaign=drafted(mailing_list()))
        assert found.unsubscribed == Rate(0, 0)
        assert found.unsubscribed.share is None

    def test_who_unsubscribed_by_its_mail_is_counted_once(self) -> None:
        campaign = started(mailing_list(count=3))
        queue_all(campaign)
        send_queued(campaign, at=AT)
        token = unsubscribe.token(Message.objects.order_by("pk")[0].public_id)
        unsubscribe.stop(token=token, scope=Scope.LIST, at=AT)
        unsubscribe.stop(token=token, scope=Scope.COMMERCIAL, at=AT)
        assert campaign_results.results(campaign=campaign).unsubscribed == Rate(1, 3)


class TestThresholds:
    @pytest.mark.parametrize(
        ("recipients", "complaints", "bounces"),
        [(3_676, (4, 19), (184, 368)), (1_000, (1, 5), (50, 100)), (1_001, (2, 6), (51, 101)), (1, (1, 1), (1, 1)), (0, (0, 0), (0, 0))],
    )  # fmt: skip
    def test_they_are_amazons_rounded_up(
        self, recipients: int, complaints: tuple[int, int], bounces: tuple[int, int]
    ) -> None:
        one = campaign_results.complaint_threshold(recipients)
        other = campaign_results.bounce_threshold(recipients)
        assert ((one.review, one.pause), (other.review, other.pause)) == (complaints, bounces)


class TestModel:
    def test_the_model_of_3676_recipients(self) -> None:
        campaign = drafted(
            mailing_list(),
            model_low_minor=1_000_000,
            model_high_minor=5_000_000,
            model_booking_minor=190_000,
        )
        model = campaign_results.model(campaign, 3_676)
        assert model is not None
        assert model.low_each_minor == Fraction(1_000_000, 3_676)
        assert model.high_each_minor is not None
        assert (round(model.low_each_minor), round(model.high_each_minor)) == (272, 1_360)
        assert model.bookings_needed == 6

    def test_it_is_about_everybody_also_while_only_the_first_cohort_was_mailed(self) -> None:
        campaign = started(
            mailing_list(count=40), first_cohort=4, model_low_minor=40_000, model_high_minor=80_000
        )
        campaigns.advance(at=AT)
        campaigns.pause(campaign=campaign, why="The link is wrong.", by=None, at=AT)
        found = campaign_results.results(campaign=campaign)
        assert found.recipients == 4
        assert found.model is not None
        assert found.model.low_each_minor == 1_000

    def test_without_a_model_or_recipients_nothing_is_made_up(self) -> None:
        assert campaign_results.model(drafted(mailing_list()), 10) is None
        campaign = drafted(mailing_list("B"), model_low_minor=0, model_high_minor=5)
        model = campaign_results.model(campaign, 0)
        assert model is not None
        assert (model.low_each_minor, model.high_each_minor, model.bookings_needed) == (None, None, None)


class TestIncome:
    def test_firm_bookings_that_came_from_it_are_what_it_brought(self) -> None:
        campaign = started(mailing_list(count=1))
        jada = EntityFactory.create(slug="jada")
        euros = EntityFactory.create(slug="eu", currency="EUR")
        for number, (entity, stage, price, of) in enumerate(
            (
                (jada, BookingStage.BOOKED, 190_000, campaign),
                (jada, BookingStage.COMPLETED, 210_000, campaign),
                (jada, BookingStage.QUOTED, 500_000, campaign),
                (jada, BookingStage.CANCELLED, 500_000, campaign),
                (jada, BookingStage.PAID, 500_000, None),
                (euros, BookingStage.PAID, 500_000, campaign),
            )
        ):
            Booking.objects.create(
                entity=entity, reference=f"B-{number}", title="Jazz night", kind="concert", stage=stage, price_minor=price,
                campaign=of, service_on=dt.date(2026, 12, 4), completed_on=dt.date(2026, 12, 4),
            )  # fmt: skip
        found = campaign_results.results(campaign=campaign).income
        assert found == campaign_results.Measured(bookings=2, minor=400_000)

    def test_none_yet_is_nought_bookings(self) -> None:
        found = campaign_results.income(started(mailing_list(count=1)))
        assert found == campaign_results.Measured(0, 0)

    def test_a_counter_is_asked_once_however_often_it_registers(self) -> None:
        before = list(campaign_results._counters)
        for counter in before:
            campaign_results.register_income(counter)
        assert campaign_results._counters == before


def test_a_campaign_that_went_on_after_a_stop_still_counts_everything() -> None:
    campaign = started(mailing_list(count=200), first_cohort=100)
    campaigns.advance(at=AT)
    send_queued(campaign, at=AT)
    mark(campaign, 2, complained_at=AT)
    assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
    assert campaign_results.results(campaign=campaign).complaints.count == 2
