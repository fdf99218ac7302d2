"""Rows go into the outbox a batch at a time: everybody once, whoever is killed and however many write at once."""

import contextlib
import datetime as dt
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from pytest_django import DjangoAssertNumQueries

from mail.domain import campaign_queue, campaigns, suppression
from mail.models import Campaign, CampaignState, Kind, Message, Reason, Scope, State
from tests.mail import processes
from tests.mail.campaigning import AT, mailing_list, queue_all, started, states_of

pytestmark = pytest.mark.django_db


def whole(campaign: Campaign, count: int) -> None:
    """See that everybody has one row, and one only."""
    keys = list(Message.objects.filter(campaign=campaign).values_list("address_key", flat=True))
    assert len(keys) == len(set(keys)) == count


def test_a_row_is_what_the_outbox_would_have_written() -> None:
    opened = mailing_list(count=2)
    suppression.add(
        address="guest1@example.com", scope=Scope.LIST, reason=Reason.UNSUBSCRIBED, mailing_list=opened, at=AT
    )
    campaign = started(opened)
    campaigns.advance(at=AT)
    queued, stopped = Message.objects.order_by("pk")
    by_default = Message(
        dedupe_key=f"campaign:{campaign.pk}:guest0@example.com",
        composer="mail.campaign",
        kind=Kind.COMMERCIAL,
        campaign=campaign,
        to_address="guest0@example.com",
        to_name="Guest 0",
        from_name="JADA Concerts",
        reply_to="hello@example.com",
        subject="Four evenings of jazz",
        created_at=AT,
        due_at=AT,
    )
    for field in Message._meta.local_concrete_fields:
        if field.name not in ("id", "public_id", "address_key"):
            assert getattr(queued, field.attname) == getattr(by_default, field.attname), field.name
    assert queued.address_key == "guest0@example.com"
    assert queued.public_id != stopped.public_id
    assert (stopped.state, stopped.settled_at) == (State.SUPPRESSED, AT)
    assert "the list “Concert guests”" in stopped.error
    queued.full_clean(exclude=["payload", "address_key"])


def test_a_batch_asks_the_same_questions_for_few_and_for_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (1, 500):
        campaign = started(mailing_list(f"List {count}", count=count), first_cohort=1000)
        # Savepoint and its release, lock, campaign, mailed so far, members, who is suppressed, the rows, the cursor; and on
        # PostgreSQL the fence.
        with django_assert_num_queries(9 + (connection.vendor == "postgresql")):
            assert campaign_queue._batch(campaign.pk, AT) == count


def test_ids_with_gaps_and_people_gone_meanwhile_leave_nobody_out() -> None:
    opened = mailing_list(count=30)
    opened.subscribers.filter(
        address__in=[f"guest{number}@example.com" for number in range(0, 30, 3)]
    ).delete()
    campaign = started(opened, first_cohort=4)
    campaigns.advance(at=AT)
    # The last of the list, up to whom the campaign goes, is taken off after the start.
    opened.subscribers.order_by("-pk").first().delete()
    queue_all(campaign)
    whole(campaign, 19)
    assert campaign_queue.is_through(campaign)


def test_a_campaign_that_is_not_under_way_is_not_written() -> None:
    campaign = started(mailing_list(count=5))
    campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
    assert campaign_queue.fill(campaign_id=campaign.pk, at=AT) == 0
    assert states_of(campaign) == {}


def test_a_batch_whose_transaction_fails_leaves_neither_rows_nor_cursor() -> None:
    campaign = started(mailing_list(count=5), first_cohort=1000)

    class Killed(Exception):
        pass

    with contextlib.suppress(Killed), transaction.atomic():
        campaign_queue._batch(campaign.pk, AT)
        raise Killed
    campaign.refresh_from_db()
    assert (campaign.queued_through_id, states_of(campaign)) == (0, {})
    campaigns.advance(at=AT)
    whole(campaign, 5)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_parallel_advances_write_everybody_once(self) -> None:
        campaign = started(mailing_list(count=2_500), first_cohort=100)
        campaigns.release(campaign=campaign, by=None, at=AT)
        start, wrong = threading.Barrier(4), []

        def work() -> None:
            try:
                start.wait(10)
                while campaigns.advance(at=AT):
                    pass
            except Exception as error:  # noqa: BLE001 - told to the test
                wrong.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        whole(campaign, 2_500)

    def test_parallel_advances_write_the_first_cohort_and_no_more(self) -> None:
        campaign = started(mailing_list(count=300), first_cohort=100)
        start = threading.Barrier(4)

        def work() -> None:
            try:
                start.wait(10)
                campaigns.advance(at=AT)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        whole(campaign, 100)

    def test_killed_processes_leave_nobody_out_and_nobody_twice(self, tmp_path: Path) -> None:
        campaign = started(mailing_list(count=6_000), first_cohort=100)
        campaigns.release(campaign=campaign, by=None, at=dt.datetime.now(dt.UTC))
        for kills in range(3):
            racing = [processes.run("tests.mail.queueing", "race", scratch=tmp_path) for _ in range(2)]
            for process in racing:
                assert process.stdout.readline() == "ready\n"
            before = Message.objects.count()
            for process in racing:
                process.stdin.write("\n")
                process.stdin.flush()
            # Killed as soon as somebody has written something, wherever the others then are.
            while Message.objects.count() == before and any(process.poll() is None for process in racing):
                pass
            for process in racing:
                process.kill()
                process.communicate(timeout=10)
            written = Message.objects.count()
            campaign.refresh_from_db()
            reached = campaign_queue.audience(campaign).filter(pk__lte=campaign.queued_through_id).count()
            assert written == reached, f"kill {kills}"
        while campaigns.advance(at=AT):
            pass
        whole(campaign, 6_000)

    def test_pausing_in_the_middle_holds_all_that_was_written(self) -> None:
        campaign = started(mailing_list(count=3_000), first_cohort=100)
        campaigns.release(campaign=campaign, by=None, at=AT)
        begun = threading.Event()

        def write() -> None:
            try:
                while campaign_queue._batch(campaign.pk, AT):
                    begun.set()
            finally:
                begun.set()
                connections.close_all()

        writer = threading.Thread(target=write)
        writer.start()
        begun.wait(30)
        campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
        writer.join(60)
        assert set(states_of(campaign)) == {"held"}

    def test_who_is_suppressed_while_rows_are_written_is_queued_nowhere(self) -> None:
        campaign = started(mailing_list(count=3_000), first_cohort=100)
        campaigns.release(campaign=campaign, by=None, at=AT)

        def write() -> None:
            try:
                while campaign_queue._batch(campaign.pk, AT):
                    pass
            finally:
                connections.close_all()

        writer = threading.Thread(target=write)
        writer.start()
        numbers = range(0, 3_000, 300)
        for number in numbers:
            suppression.add(
                address=f"guest{number}@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT
            )
        writer.join(60)
        gone = Message.objects.filter(address_key__in=[f"guest{number}@example.com" for number in numbers])
        assert set(gone.values_list("state", flat=True)) == {State.SUPPRESSED}
        assert states_of(campaign) == {"queued": 2_990, "suppressed": 10}


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_memory_is_flat_in_the_number_of_recipients(tmp_path: Path) -> None:
    peaks = {}
    for count in (10_000, 100_000):
        campaign = started(mailing_list(f"List {count}", count=count), first_cohort=100)
        campaigns.release(campaign=campaign, by=None, at=AT)
        process = processes.run("tests.mail.queueing", "weigh", campaign.pk, scratch=tmp_path)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        rows, seconds, peak = out.split()
        sys.stdout.write(
            f"{connection.vendor}: {rows} rows, {int(rows) / float(seconds):,.0f}/s, {int(peak) // 1024} MB\n"
        )
        assert int(rows) == count
        peaks[count] = int(peak)
    assert peaks[100_000] < 150 * 1024
    # What grows is the database's own cache and map of its file, which have a limit.
    assert peaks[100_000] - peaks[10_000] < 50 * 1024
    assert Campaign.objects.filter(state=CampaignState.SENDING).count() == 2


@pytest.mark.django_db
def test_a_campaign_that_the_database_refuses_keeps_no_other_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck = started(mailing_list("Stuck", count=2))
    other = started(mailing_list("Other", count=2))
    Message.objects.create(
        dedupe_key=f"campaign:{stuck.pk}:guest1@example.com", composer="mail.letter", to_address="guest1@example.com",
        subject="Taken", created_at=AT, due_at=AT,
    )  # fmt: skip
    assert campaigns.advance(at=AT) == 2
    assert Message.objects.filter(campaign=other).count() == 2
    assert not Message.objects.filter(campaign=stuck).exists()
    assert f"Campaign {stuck.pk} could not go a step further." in caplog.text
