"""A run: queued once, carried out by one worker, taken up again when that worker dies."""

import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from core.models import AuditEvent
from portfolio.models import Entity
from reports.domain import runs, schedule
from reports.models import Report, Run, RunState, Schedule, Trigger
from tests.reports.conftest import NOW

AS_OF = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the wake-ups instead of handing them to a broker."""
    taken: list[int] = []
    monkeypatch.setattr(
        "reports.domain.runs.current_app.send_task", lambda name, args, **options: taken.append(args[0])
    )
    return taken


def queued(report: Report, **fields: object) -> Run:
    given = {"trigger": Trigger.PORTAL, "as_of": AS_OF, "at": NOW, **fields}
    return runs.queue(report=report, **given)


def test_a_run_wakes_a_worker_only_once_its_transaction_commits(
    ceo: Report, woken: list[int], django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = queued(ceo)
        assert woken == []

    assert woken == [run.pk]
    assert AuditEvent.objects.get(action="reports:run:queue").subject_id == str(run.pk)


def test_a_dead_broker_does_not_lose_the_run(
    ceo: Report, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks, caplog
) -> None:
    def dead(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("reports.domain.runs.current_app.send_task", dead)

    with django_capture_on_commit_callbacks(execute=True):
        run = queued(ceo)

    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert "the sweep will find it" in caplog.text
    assert runs.take_up(at=NOW + dt.timedelta(seconds=5)) == [run.pk]


def test_an_occurrence_is_queued_once_however_often_it_is_asked_for(ceo: Report) -> None:
    row = Schedule.objects.create(report=ceo, name="Weekly", cron="0 7 * * MON", starts_at=NOW)
    occurrence = dt.datetime(2026, 11, 16, 15, 0, tzinfo=dt.UTC)

    first = queued(ceo, trigger=Trigger.SCHEDULE, schedule=row, occurrence_at=occurrence)
    second = queued(ceo, trigger=Trigger.SCHEDULE, schedule=row, occurrence_at=occurrence)

    assert second.pk == first.pk
    assert Run.objects.count() == 1
    assert AuditEvent.objects.filter(action="reports:run:queue").count() == 1


def test_a_claimed_run_is_not_claimed_again(ceo: Report) -> None:
    run = queued(ceo)

    held = runs.claim(run_id=run.pk, at=NOW)

    assert held is not None
    assert (held.state, held.tries, held.started_at) == (RunState.RUNNING, 1, NOW)
    assert runs.claim(run_id=run.pk, at=NOW) is None
    assert runs.claim(run_id=run.pk + 1, at=NOW) is None


def test_progress_and_the_end_are_written_by_who_holds_the_run(ceo: Report) -> None:
    held = runs.claim(run_id=queued(ceo).pk, at=NOW)
    assert held is not None

    runs.advance(run=held, step=2, doing="Drawing the charts")
    row = Run.objects.get()
    assert (row.step, row.doing) == (2, "Drawing the charts")

    runs.finish(run=held, at=NOW)
    row = Run.objects.get()
    assert (row.state, row.step, row.doing, row.settled_at) == (RunState.DONE, row.steps, "", NOW)
    assert runs.fail(run=held, at=NOW, error="Too late.") is False


def test_a_failed_run_keeps_its_sentence(ceo: Report) -> None:
    held = runs.claim(run_id=queued(ceo).pk, at=NOW)
    assert held is not None

    assert runs.fail(run=held, at=NOW, error="The bank file is missing.")

    row = Run.objects.get()
    assert (row.state, row.error) == (RunState.FAILED, "The bank file is missing.")
    assert AuditEvent.objects.get(action="reports:run:fail").data["error"] == "The bank file is missing."


def test_a_run_whose_worker_died_is_taken_up_again_and_the_dead_one_cannot_settle_it(ceo: Report) -> None:
    run = queued(ceo)
    dead = runs.claim(run_id=run.pk, at=NOW)
    assert dead is not None
    assert runs.take_up(at=NOW + runs.STALE_AFTER) == []
    later = NOW + runs.STALE_AFTER + dt.timedelta(seconds=1)

    assert runs.take_up(at=later) == [run.pk]

    alive = runs.claim(run_id=run.pk, at=later)
    assert alive is not None
    assert alive.tries == 2
    with pytest.raises(runs.RunLostError):
        runs.advance(run=dead, step=1, doing="Drawing")
    with pytest.raises(runs.RunLostError):
        runs.finish(run=dead, at=later)
    assert runs.fail(run=dead, at=later, error="Out of memory.") is False
    runs.finish(run=alive, at=later)
    assert Run.objects.get().state == RunState.DONE


def test_the_third_dead_worker_is_the_last(ceo: Report) -> None:
    run = queued(ceo)
    at = NOW
    for tries in (1, 2, 3):
        held = runs.claim(run_id=run.pk, at=at)
        assert held is not None
        assert held.tries == tries
        at += runs.STALE_AFTER + dt.timedelta(seconds=1)
        assert runs.take_up(at=at) == ([run.pk] if tries < 3 else [])

    row = Run.objects.get()
    assert row.state == RunState.FAILED
    assert row.error == (
        "Three tries ended without a result while reading the records. Look for what stopped the worker "
        "(memory, a restart), then run the report again."
    )


def test_the_sweep_leaves_a_fresh_run_to_its_own_wake_up(ceo: Report) -> None:
    run = queued(ceo)

    assert runs.take_up(at=NOW + dt.timedelta(seconds=4)) == []
    assert runs.take_up(at=NOW + dt.timedelta(seconds=5)) == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_woken_for_one_run_one_gets_it() -> None:
    run = queued(Report.objects.get(slug="ceo"))
    start = threading.Barrier(8)
    held: list[Run] = []

    def work() -> None:
        start.wait()
        try:
            claimed = runs.claim(run_id=run.pk, at=NOW)
            if claimed is not None:
                held.append(claimed)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [item.pk for item in held] == [run.pk]
    assert Run.objects.get().tries == 1


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_queue_each_occurrence_once() -> None:
    report = Report.objects.get(slug="ceo")
    for n in range(5):
        Schedule.objects.create(report=report, name=f"No. {n}", cron="0 7 * * *", starts_at=NOW)
    at = NOW + dt.timedelta(days=1)
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def beat() -> None:
        try:
            found = schedule.due(at=at)
            assert len(found) == 5
            start.wait()
            for item in found:
                runs.queue(
                    report=item.schedule.report,
                    trigger=Trigger.SCHEDULE,
                    as_of=AS_OF,
                    at=at,
                    schedule=item.schedule,
                    occurrence_at=item.occurrence_at,
                )
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told by the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Run.objects.count() == 5
    assert AuditEvent.objects.filter(action="reports:run:queue").count() == 5
    assert schedule.due(at=at) == []


def test_a_long_outage_runs_the_newest_missed_occurrence_alone(ceo: Report) -> None:
    daily = Schedule.objects.create(report=ceo, name="Daily", cron="0 7 * * *", starts_at=NOW)

    [found] = schedule.due(at=NOW + dt.timedelta(days=30, hours=6))

    assert found.schedule == daily
    assert found.occurrence_at == dt.datetime(2026, 12, 11, 15, 0, tzinfo=dt.UTC)


def test_what_was_due_before_a_schedule_started_or_while_it_was_paused_is_not_run(ceo: Report, owner) -> None:
    row = Schedule.objects.create(report=ceo, name="Daily", cron="0 7 * * *", starts_at=NOW)
    assert schedule.due(at=NOW + dt.timedelta(hours=1)) == []

    assert schedule.set_active(schedule=row, active=False, at=NOW, by=owner)
    assert schedule.due(at=NOW + dt.timedelta(days=2)) == []
    assert schedule.set_active(schedule=row, active=True, at=NOW + dt.timedelta(days=2), by=owner)
    assert schedule.due(at=NOW + dt.timedelta(days=2)) == []
    assert len(schedule.due(at=NOW + dt.timedelta(days=3))) == 1
    assert not schedule.set_active(schedule=row, active=True, at=NOW, by=owner)
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "reports:schedule:pause",
        "reports:schedule:resume",
    ]


def test_a_schedule_that_cannot_be_read_does_not_stop_the_others(ceo: Report) -> None:
    Schedule.objects.create(report=ceo, name="Broken line", cron="nonsense", starts_at=NOW)
    Schedule.objects.create(report=ceo, name="Broken zone", cron="0 7 * * *", zone="Mars", starts_at=NOW)
    good = Schedule.objects.create(report=ceo, name="Good", cron="0 7 * * *", starts_at=NOW)

    assert [item.schedule for item in schedule.due(at=NOW + dt.timedelta(days=1))] == [good]


@pytest.mark.parametrize(
    ("as_of", "first_on", "sentence"),
    [
        (dt.date(2026, 11, 12), dt.date(2025, 11, 1), "is in the future"),
        (dt.date(2025, 10, 31), dt.date(2025, 11, 1), "before the first record"),
        (dt.date(2026, 11, 1), None, "There are no records yet"),
    ],
)
def test_a_date_no_report_can_stand_at_is_refused(
    as_of: dt.date, first_on: dt.date | None, sentence: str
) -> None:
    with pytest.raises(runs.AsOfError, match=sentence):
        runs.check_as_of(as_of=as_of, at=NOW, first_on=first_on)


def test_addresses_are_read_once_each_and_a_bad_one_is_named() -> None:
    assert runs.read_addresses("a@example.com, B@example.com,A@example.com") == [
        "a@example.com",
        "B@example.com",
    ]
    for bad in (
        "",
        "a@example.com,",
        "a@example.com,nobody",
        "a@b\r\nBcc: x@example.com",
        "a@example.com\u2028",
        # What a validator of forms takes and the outbox does not.
        "a@[127.0.0.1]",
        "a" * 300 + "@example.com",
    ):
        with pytest.raises(runs.AddressError, match="is not a mail address") as caught:
            runs.read_addresses(bad)
        assert len(str(caught.value)) < 250


def test_the_database_refuses_a_failed_run_without_a_reason_and_a_settled_one_without_an_instant(
    ceo: Report, qos: Entity
) -> None:
    run = queued(ceo, entity=qos)
    for fields in ({"state": "failed", "settled_at": NOW}, {"state": "done"}):
        with (
            pytest.raises(Exception, match=r"failed_run_says_why|settled_run_has_instant"),
            transaction.atomic(),
        ):
            Run.objects.filter(pk=run.pk).update(**fields)
