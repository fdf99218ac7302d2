"""The sweep, the sample's schedules, and what home says of the reports."""

import datetime as dt

import pytest
import time_machine
from celery import current_app

from core.models import AuditEvent
from crew.models import Person
from mail.models import Message
from portfolio.models import Entity
from reports import tasks
from reports.domain import cards, events, forms, runs, sample
from reports.lenses import LENSES
from reports.models import (
    Action,
    EventTrigger,
    Finding,
    Recipient,
    Report,
    Run,
    RunState,
    Schedule,
    Trigger,
)
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the wake-ups instead of handing them to a broker."""
    taken: list[int] = []
    monkeypatch.setattr(
        "reports.domain.runs.current_app.send_task", lambda name, args, **options: taken.append(args[0])
    )
    return taken


def test_the_wake_up_names_a_task_that_workers_know() -> None:
    assert {"reports.tasks.sweep", "reports.tasks.carry_out"} <= set(current_app.tasks)


def test_the_sweep_queues_what_is_due_and_a_worker_issues_it(
    qos: Entity, woken: list[int], django_capture_on_commit_callbacks
) -> None:
    Report.objects.exclude(slug__in=["ceo", "cfo"]).update(active=False)
    sample.load(at=NOW)
    monday = dt.datetime(2026, 11, 16, 15, 0, 20, tzinfo=dt.UTC)

    with time_machine.travel(monday, tick=False):
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                tasks.sweep()
        queued = list(Run.objects.order_by("id"))
        assert [(run.report.slug, run.trigger, run.as_of) for run in queued] == [
            ("ceo", Trigger.SCHEDULE, dt.date(2026, 11, 15)),
            ("cfo", Trigger.SCHEDULE, dt.date(2026, 11, 15)),
        ]
        assert {run.occurrence_at for run in queued} == {dt.datetime(2026, 11, 16, 15, 0, tzinfo=dt.UTC)}
        assert woken == [run.pk for run in queued]
        assert [run.not_before for run in queued] == [None, monday + dt.timedelta(seconds=20)]
        for run in queued:
            tasks.carry_out(run.pk)
            tasks.carry_out(run.pk)
        assert [run.state for run in Run.objects.order_by("id")] == [RunState.DONE, RunState.QUEUED]
    with time_machine.travel(monday + dt.timedelta(seconds=20), tick=False):
        tasks.carry_out(queued[1].pk)

    assert [run.state for run in Run.objects.order_by("id")] == [RunState.DONE] * 2
    assert [run.edition.number for run in Run.objects.order_by("id") if run.edition] == [1, 1]


def test_the_sweep_wakes_what_was_lost_and_takes_up_what_died(ceo: Report, woken: list[int]) -> None:
    lost, died, fresh = (
        Run.objects.create(
            report=ceo,
            trigger=Trigger.PORTAL,
            as_of=NOW.date(),
            queued_at=queued_at,
            state=state,
            started_at=queued_at if state == RunState.RUNNING else None,
            tries=1 if state == RunState.RUNNING else 0,
        )
        for queued_at, state in (
            (NOW - dt.timedelta(minutes=1), RunState.QUEUED),
            (NOW - dt.timedelta(minutes=16), RunState.RUNNING),
            (NOW, RunState.QUEUED),
        )
    )

    with time_machine.travel(NOW, tick=False):
        tasks.sweep()

    assert sorted(woken) == sorted([lost.pk, died.pk])
    assert Run.objects.get(pk=died.pk).state == RunState.QUEUED
    assert Run.objects.get(pk=fresh.pk).state == RunState.QUEUED


def test_a_schedule_about_an_entity_says_why_nothing_comes_once_that_is_archived(
    ceo: Report, qos: Entity, dc: Entity, caplog: pytest.LogCaptureFixture
) -> None:
    for entity in (qos, dc):
        Schedule.objects.create(
            report=ceo, name=entity.name, cron="0 7 * * MON", starts_at=NOW, entity=entity
        )
    monday = dt.datetime(2026, 11, 16, 15, 0, 20, tzinfo=dt.UTC)
    with time_machine.travel(monday, tick=False):
        tasks.sweep()
    dc.active = False
    dc.save()
    with time_machine.travel(monday + dt.timedelta(seconds=20), tick=False):
        for run in Run.objects.order_by("id"):
            tasks.carry_out(run.pk)

    issued, refused = Run.objects.order_by("id")
    assert (issued.entity, issued.state, issued.error) == (qos, RunState.DONE, "")
    assert (refused.entity, refused.state, refused.edition) == (dc, RunState.FAILED, None)
    assert refused.error == (
        "Nothing was issued. DangerousCentaur is archived, so no report looks at it; choose another entity, or pause what "
        "asks for this."
    )
    assert "failed" not in caplog.text


def test_a_schedule_of_a_report_that_does_not_look_at_its_entity_stops_no_other(
    ceo: Report, qos: Entity
) -> None:
    rental = Report.objects.get(slug="rental-3028")
    Schedule.objects.create(report=rental, name="Odd", cron="0 7 * * MON", starts_at=NOW, entity=qos)
    Schedule.objects.create(report=ceo, name="Good", cron="0 7 * * MON", starts_at=NOW)
    monday = dt.datetime(2026, 11, 16, 15, 0, 20, tzinfo=dt.UTC)
    with time_machine.travel(monday, tick=False):
        tasks.sweep()
    with time_machine.travel(monday + dt.timedelta(minutes=1), tick=False):
        tasks.carry_out(Run.objects.get(report=rental).pk)

    assert Run.objects.get(report=ceo).state == RunState.QUEUED
    assert Run.objects.get(report=rental).error == (
        "Nothing was issued. 3028 51st St: rental operations looks at entities of the kind rental; QueenofSanDiego is of the "
        "kind charter."
    )


def test_the_sample_gives_each_report_its_readers_and_two_schedules_once() -> None:
    sample.load(at=NOW)
    sample.load(at=NOW + dt.timedelta(days=1))

    assert set(Recipient.objects.values_list("report__slug", "address")) == {
        *((slug, "owner@example.com") for slug in LENSES),
        ("ceo", "partner@example.com"),
    }
    assert {(row.report.slug, row.cron, row.starts_at) for row in Schedule.objects.all()} == {
        (slug, cron, NOW) for slug in LENSES for cron in ("0 7 * * MON", "30 7 1 * *")
    }
    assert AuditEvent.objects.filter(action="reports:schedule:create").count() == 2 * len(LENSES)
    triggers = EventTrigger.objects.values_list("report__slug", "kind", "active", "starts_at", "send_to")
    assert set(triggers) == {
        ("accounting", "portfolio:period:closed", True, NOW, None),
        ("cmo", "mail:campaign:finished", True, NOW, None),
        ("ceo", "reports:finding:raised", False, NOW, None),
    }


def test_home_shows_what_is_late_then_findings_then_editions(
    ceo: Report, owner: Person, reader: Person, qos: Entity
) -> None:
    an_edition(ceo, number=7)
    for subject, severity in (("portfolio", "critical"), ("qos", "high"), ("qos", "high")):
        finding = Finding.objects.create(
            rule=f"rule-{Finding.objects.count()}",
            subject=subject,
            severity=severity,
            title="A finding",
            first_seen_on=NOW.date(),
            last_seen_on=NOW.date(),
        )
        Action.objects.create(
            report=ceo,
            finding=finding,
            title="Mend it",
            owner="Owner",
            due_on=NOW.date() - dt.timedelta(days=1),
            opened_on=NOW.date(),
        )

    assert [(card.title, card.value, card.severity) for card in cards.cards(owner, NOW)] == [
        ("Overdue actions", "3", "high"),
        ("Critical findings", "1", "critical"),
        ("High findings", "2", "high"),
        ("CEO: operational audit", "No. 7", ""),
    ]
    assert [card.note for card in cards.cards(owner, NOW)][1:3] == ["A finding.", "A finding; A finding."]
    assert [(card.title, card.value) for card in cards.cards(reader, NOW)] == [
        ("Overdue actions", "2"),
        ("High findings", "2"),
    ]


def test_home_names_the_first_findings_and_counts_the_rest(owner: Person) -> None:
    for number in range(5):
        Finding.objects.create(
            rule=f"rule-{number}",
            subject="portfolio",
            severity="low",
            title=f"Finding {number}",
            first_seen_on=NOW.date(),
            last_seen_on=NOW.date(),
        )

    (card,) = cards.cards(owner, NOW)

    assert (card.value, card.note) == ("5", "Finding 0; Finding 1; Finding 2; and 2 more.")


def test_a_run_that_breaks_is_told_to_the_operator_and_kept(
    ceo: Report, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**given: object) -> None:
        raise RuntimeError("The handoff folder is gone.")

    monkeypatch.setattr("reports.domain.issue.build", broken)
    run = runs.queue(report=ceo, trigger=Trigger.PORTAL, as_of=NOW.date(), at=NOW)

    tasks.carry_out(run.pk)

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.error.endswith("The handoff folder is gone.")
    assert f"Run {run.pk} of report ceo failed." in caplog.text


def test_the_sample_issues_the_first_edition_of_each_report_and_no_second(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "render", lambda document: ())  # How they look is not looked at here.
    sample.load(at=NOW)

    first, again = sample.issue_first(at=NOW), sample.issue_first(at=NOW)

    assert [(run.report.slug, run.state, run.edition and run.edition.number, run.error) for run in first] == [
        (slug, RunState.DONE, 1, "") for slug in LENSES
    ]
    assert again == []
    events.answer(at=NOW + dt.timedelta(days=1))
    assert (
        Run.objects.filter(trigger=Trigger.EVENT).count() == 0
    )  # What the sample itself raised asks for nothing.
    assert sorted(Message.objects.values_list("to_address", flat=True)) == [
        *["owner@example.com"] * len(LENSES),
        "partner@example.com",
    ]
