"""A worker killed in the middle of a run: nothing half-written, nothing lost, nothing twice."""

import datetime as dt
import signal
from pathlib import Path

import pytest

from mail.models import Message
from reports.domain import issue, runs
from reports.models import Action, Edition, EditionFile, Finding, Report, Run, RunState, Trigger
from tests.factories.portfolio import EntityFactory, StakeFactory
from tests.mail import processes
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def killed_at(point: str, run: Run, scratch: Path) -> None:
    """Let a worker begin the run and kill it, without warning, when it gets to a point."""
    worker = processes.run(
        "tests.reports.worker", run.pk, point, scratch=scratch, REPORT_RECIPIENTS="owner@example.com"
    )
    said = worker.stdout.readline()
    if said != "here\n":
        pytest.fail(f"The worker never got there: {worker.communicate()[1]}")
    worker.kill()
    worker.communicate()
    assert worker.returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", ["drawing", "freezing"])
def test_a_killed_worker_leaves_nothing_behind_and_its_run_is_carried_out_once_by_the_next(
    point: str, tmp_path: Path
) -> None:
    StakeFactory(entity=EntityFactory(slug="qos", name="QueenofSanDiego"))
    run = runs.queue(
        report=Report.objects.get(slug="ceo"),
        trigger=Trigger.PORTAL,
        as_of=dt.date(2026, 11, 10),
        send_to=["a@example.com", "b@example.com"],
        at=NOW,
        here=True,
    )

    killed_at(point, run, tmp_path)

    run.refresh_from_db()
    assert (run.state, run.tries) == (RunState.RUNNING, 1)
    assert run.started_at is not None
    written = (Edition, EditionFile, Finding, Action, Message)
    assert {model.__name__: model.objects.count() for model in written} == dict.fromkeys(
        [model.__name__ for model in written], 0
    )

    later = run.started_at + runs.STALE_AFTER + dt.timedelta(seconds=1)
    assert runs.take_up(at=later) == [run.pk]
    again = issue.carry_out(run_id=run.pk, at=later)

    assert (again.state, again.tries, again.error) == (RunState.DONE, 2, "")
    assert again.edition is not None
    assert Edition.objects.count() == 1
    assert sorted(Message.objects.values_list("to_address", flat=True)) == ["a@example.com", "b@example.com"]
    issue.carry_out(run_id=run.pk, at=later)
    assert Edition.objects.count() == 1
    assert Message.objects.count() == 2
