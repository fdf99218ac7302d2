"""Runs that wait for their time, take turns, and are asked for twice at once."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection

from core.models import AuditEvent
from portfolio.models import Entity
from reports.domain import runs, schedule
from reports.models import Report, Run, RunState, Schedule, Trigger
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db

AS_OF = dt.date(2026, 11, 10)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Collect the runs that a worker is told of, and in how many seconds."""
    taken: list[tuple[int, float]] = []
    monkeypatch.setattr(runs, "wake", lambda *, run_id, wait=0.0: taken.append((run_id, wait)))
    return taken


def asked(report: Report, **changes: Any) -> Run:
    given: dict[str, Any] = {"trigger": Trigger.PORTAL, "as_of": AS_OF, "at": NOW, "send_to": [], **changes}
    return runs.queue(report=report, **given)


@pytest.mark.parametrize(("wait", "wakes"), [(40, True), (3_600, False)])
def test_a_run_is_taken_up_when_its_time_has_come_and_not_before(
    wait: int,
    wakes: bool,
    ceo: Report,
    woken: list[tuple[int, float]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    later = NOW + dt.timedelta(seconds=wait)
    with django_capture_on_commit_callbacks(execute=True):
        run = asked(ceo, not_before=later)

    assert woken == ([(run.pk, float(wait))] if wakes else [])
    just_before = later - dt.timedelta(microseconds=1)
    assert runs.take_up(at=just_before) == []
    assert runs.claim(run_id=run.pk, at=just_before) is None
    assert runs.take_up(at=later) == [run.pk]
    held = runs.claim(run_id=run.pk, at=later)
    assert held is not None
    assert held.state == RunState.RUNNING


def test_schedules_of_one_instant_take_turns_that_everybody_finds_alike(ceo: Report) -> None:
    slugs = list(Report.objects.order_by("position").values_list("slug", flat=True))
    for slug in reversed(slugs):
        report = Report.objects.get(slug=slug)
        Schedule.objects.create(report=report, name="Mondays", cron="0 7 * * MON", starts_at=NOW)
    Schedule.objects.create(report=ceo, name="Alone", cron="1 7 * * MON", starts_at=NOW)
    at = dt.datetime(2026, 11, 16, 15, 1, 7, tzinfo=dt.UTC)

    due = schedule.due(at=at)

    mondays = [item for item in due if item.schedule.name == "Mondays"]
    assert [(item.schedule.report.slug, item.turn) for item in mondays] == list(
        zip(slugs, range(len(slugs)), strict=True)
    )
    assert [item.turn for item in due if item.schedule.name == "Alone"] == [0]
    starts = [item.not_before(at) for item in mondays]
    assert starts == [None, *(at + n * dt.timedelta(seconds=20) for n in range(1, len(slugs)))]

    for item in mondays[:3]:
        asked(
            item.schedule.report,
            trigger=Trigger.SCHEDULE,
            schedule=item.schedule,
            occurrence_at=item.occurrence_at,
        )
    left = {item.schedule.report.slug: item.turn for item in schedule.due(at=at) if item.turn}
    assert left == {slug: n for n, slug in enumerate(slugs) if n >= 3}


def test_who_asks_again_for_what_is_under_way_gets_the_same_run(
    ceo: Report, qos: Entity, django_capture_on_commit_callbacks: Any, woken: list[tuple[int, float]]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = asked(ceo)
        again = asked(ceo, at=NOW + MINUTE, trigger=Trigger.COMMAND)
        others = [
            asked(ceo, send_to=None),
            asked(ceo, send_to=["a@example.com"]),
            asked(ceo, as_of=AS_OF - dt.timedelta(days=1)),
            asked(ceo, entity=qos),
            asked(ceo, hold=True),
            asked(ceo, dry_run=True),
            asked(ceo, dry_run=True),
        ]

    assert again == first
    assert (again.queued_at, again.trigger) == (NOW, Trigger.PORTAL)
    assert len({first.pk, *(run.pk for run in others)}) == 8
    assert len(woken) == 8
    assert AuditEvent.objects.filter(action="reports:run:queue").count() == 8

    assert runs.claim(run_id=first.pk, at=NOW) is not None
    assert asked(ceo, at=NOW + MINUTE) == first
    late = asked(ceo, at=NOW + MINUTE + dt.timedelta(seconds=1))
    assert late != first  # It has read the records of a minute ago.
    assert Run.objects.get(pk=first.pk).state == RunState.RUNNING

    held = runs.claim(run_id=late.pk, at=NOW)
    assert held is not None
    runs.finish(run=held, at=NOW)
    assert asked(ceo, at=NOW) not in (first, late)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_each_gets_the_one_run() -> None:
    report = Report.objects.get(slug="ceo")
    start = threading.Barrier(2)
    found: list[int] = []

    def ask() -> None:
        try:
            start.wait()
            found.append(asked(report).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [Run.objects.get().pk] * 2
