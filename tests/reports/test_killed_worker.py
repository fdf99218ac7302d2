"""A worker killed in the middle of a run: nothing half-written, nothing lost, nothing twice."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from mail.models import Message
from reports.domain import issue, runs
from reports.models import Action, Edition, EditionFile, Finding, Report, Run, RunState, Trigger
from tests.factories.portfolio import EntityFactory, StakeFactory
from tests.mail.processes import database_url
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def killed_at(point: str, run: Run, scratch: Path) -> None:
    """Let a worker begin the run and kill it, without warning, when it gets to a point."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.reports.worker", str(run.pk), point],
        cwd=settings.BASE_DIR,
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": "",
            "SECRET_KEY": settings.SECRET_KEY,
            "BASE_URL": "http://localhost:8000",
            "DATA_DIR": str(scratch),
            "DATABASE_URL": database_url(),
            "MAIL_TRANSPORT": "mailbox",
            "SES_FROM_ADDRESS": settings.SES_FROM_ADDRESS,
            "ADMIN_BCC_ADDRESS": settings.ADMIN_BCC_ADDRESS,
            "REPORT_RECIPIENTS": "owner@example.com",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    said = worker.stdout.readline()
    if said != "here\n":
        pytest.fail(f"The worker never got there: {worker.communicate()[1]}")
    worker.send_signal(signal.SIGKILL)
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
