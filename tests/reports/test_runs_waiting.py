"""Runs that wait for their time, and runs that an event asks for."""

import datetime as dt

import pytest

from core import announcements
from core.models import Announcement
from reports.domain import runs
from reports.models import EventKind, EventTrigger, Report, Run, RunState, Trigger
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db

AS_OF = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    taken: list[int] = []
    monkeypatch.setattr(runs, "wake", lambda *, run_id: taken.append(run_id))
    return taken


def test_a_run_is_taken_up_when_its_time_has_come_and_not_before(
    ceo: Report, woken: list[int], django_capture_on_commit_callbacks
) -> None:
    later = NOW + dt.timedelta(minutes=2)
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.queue(
            report=ceo, trigger=Trigger.PORTAL, as_of=AS_OF, at=NOW, not_before=later, send_to=[]
        )

    just_before = later - dt.timedelta(microseconds=1)
    assert woken == []
    assert runs.take_up(at=just_before) == []
    assert runs.claim(run_id=run.pk, at=just_before) is None
    assert runs.take_up(at=later) == [run.pk]
    held = runs.claim(run_id=run.pk, at=later)
    assert held is not None
    assert held.state == RunState.RUNNING


def test_a_trigger_answers_an_announcement_once(ceo: Report) -> None:
    trigger = EventTrigger.objects.create(
        report=ceo, name="Month closed", kind=EventKind.MONTH_CLOSED, starts_at=NOW
    )
    announcements.say(kind=EventKind.MONTH_CLOSED, key="period:1:2026-11-11", subject=ceo, at=NOW)
    said = Announcement.objects.get()

    first, again = (
        runs.queue(
            report=ceo,
            trigger=Trigger.EVENT,
            as_of=AS_OF,
            at=NOW,
            event_trigger=trigger,
            announcement=said,
        )
        for _ in range(2)
    )

    assert first == again == Run.objects.get()
    assert (first.trigger, first.announcement) == (Trigger.EVENT, said)
