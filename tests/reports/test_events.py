"""Triggers: what happened elsewhere asks for a report once, whoever looks and whatever dies in between."""

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from core import announcements, months
from core.models import Announcement, AuditEvent
from crew.models import Person
from portfolio.domain import reconciliation
from portfolio.models import Agreement, Entity, Stake
from reports import tasks
from reports.domain import events, oneoff, runs
from reports.models import (
    EventAnswer,
    EventKind,
    EventTrigger,
    Finding,
    LeastSeverity,
    Report,
    Run,
    RunState,
    Trigger,
)
from tests.factories.portfolio import StakeFactory
from tests.portfolio.conftest import open_books
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db

AS_OF = dt.date(2026, 11, 10)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of the tasks that a broker is asked for."""
    taken: list[str] = []
    monkeypatch.setattr(
        "reports.domain.runs.current_app.send_task", lambda name, args, **options: taken.append(name)
    )
    return taken


def a_trigger(
    slug: str = "ceo", kind: EventKind = EventKind.CAMPAIGN_FINISHED, **changes: Any
) -> EventTrigger:
    given: dict[str, Any] = {
        "report": Report.objects.get(slug=slug),
        "name": "When it happens",
        "kind": kind,
        "entity": None,
        "min_severity": LeastSeverity.HIGH,
        "about": None,
        "send_to": None,
        "min_gap_minutes": 60,
        "at": NOW,
        "by": None,
        **changes,
    }
    return events.save_trigger(**given)


def happens(
    number: int = 1, *, kind: EventKind = EventKind.CAMPAIGN_FINISHED, minutes: float = 1, **more: Any
) -> Announcement:
    """Announce something after NOW; the report that it is about is never looked at."""
    key = f"{kind}:{number}"
    announcements.say(
        kind=kind, key=key, subject=Report.objects.get(slug="cfo"), at=NOW + minutes * MINUTE, **more
    )
    return Announcement.objects.get(key=key)


def answered() -> list[tuple[int | None, str]]:
    return [(answer.run_id, answer.why) for answer in EventAnswer.objects.order_by("id")]


def test_what_happens_asks_for_the_report_once_for_whom_and_about_what_was_chosen(
    ceo: Report, qos: Entity
) -> None:
    trigger = a_trigger(about=qos, send_to=["a@example.com"])
    said = happens()

    (run,) = events.answer(at=NOW + 2 * MINUTE)

    assert (run.report, run.entity, run.send_to, run.event_trigger) == (ceo, qos, ["a@example.com"], trigger)
    assert (run.trigger, run.as_of, run.not_before) == (Trigger.EVENT, AS_OF, None)
    assert events.answer(at=NOW + 3 * MINUTE) == []
    assert answered() == [(run.pk, "")]
    assert events.answered_by(run=run) == [
        f"The campaign “{said.subject_label}” finished on 11 Nov 2026, 10:01 PST."
    ]


def test_what_was_announced_before_the_trigger_was_there_asks_for_nothing() -> None:
    happens(minutes=0)
    a_trigger()

    assert events.answer(at=NOW + MINUTE) == []
    assert answered() == []


def test_a_trigger_of_one_entity_listens_to_that_alone(qos: Entity, dc: Entity) -> None:
    a_trigger(entity=qos)
    for number, slug in enumerate(("dc", "", "qos")):
        happens(number, entity=slug)

    (run,) = events.answer(at=NOW + 2 * MINUTE)

    assert [answer.announcement.entity_slug for answer in EventAnswer.objects.all()] == ["qos"]
    assert run.entity is None


def test_within_the_gap_one_run_waits_and_answers_all_that_happens_until_it_is_taken_up() -> None:
    a_trigger()
    happens(1)
    (first,) = events.answer(at=NOW + MINUTE)
    claimed = runs.claim(run_id=first.pk, at=NOW + MINUTE)
    assert claimed is not None
    runs.finish(run=claimed, at=NOW + MINUTE)

    happens(2)
    (waits,) = events.answer(at=NOW + 5 * MINUTE)
    happens(3)
    assert events.answer(at=NOW + 6 * MINUTE) == []

    assert waits.not_before == NOW + 61 * MINUTE
    assert runs.claim(run_id=waits.pk, at=NOW + 60 * MINUTE) is None
    assert answered() == [(first.pk, ""), (waits.pk, ""), (waits.pk, "")]
    assert len(events.answered_by(run=waits)) == 2

    assert runs.claim(run_id=waits.pk, at=NOW + 61 * MINUTE) is not None
    happens(4)  # The run has begun to read; what happens now is for another.
    (third,) = events.answer(at=NOW + 62 * MINUTE)
    assert third.not_before == NOW + 121 * MINUTE


def test_a_run_that_goes_on_with_what_was_held_answers_nothing_new(ceo: Report, owner: Person) -> None:
    a_trigger()
    happens(1)
    (first,) = events.answer(at=NOW + MINUTE)
    Run.objects.filter(pk=first.pk).update(reasons="Look.", decided_by=owner, decided_at=NOW)
    happens(2)

    (second,) = events.answer(at=NOW + 2 * MINUTE)

    assert second != first


def test_a_paused_trigger_says_that_it_was_and_asks_for_nothing_afterwards(owner: Person) -> None:
    trigger = a_trigger()
    happens(1)
    # Before the pause it listened, whether a sweep has come by or not.
    assert events.set_active(trigger=trigger, active=False, at=NOW + MINUTE, by=owner)
    (run,) = Run.objects.all()
    happens(2)
    assert events.set_active(trigger=trigger, active=True, at=NOW + 2 * MINUTE, by=owner)
    assert not events.set_active(trigger=trigger, active=True, at=NOW + 2 * MINUTE, by=owner)
    assert events.answer(at=NOW + 3 * MINUTE) == []

    assert answered() == [(run.pk, ""), (None, "The trigger was paused.")]
    assert list(
        AuditEvent.objects.filter(action__startswith="reports:trigger")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["reports:trigger:create", "reports:trigger:pause", "reports:trigger:resume"]
    (line,) = events.lines()
    assert (line.trigger, line.last and line.last.why) == (trigger, "The trigger was paused.")


def test_a_report_that_is_not_in_use_is_not_run(ceo: Report) -> None:
    a_trigger()
    Report.objects.filter(slug="ceo").update(active=False)
    happens()

    assert events.answer(at=NOW + 2 * MINUTE) == []
    assert answered() == [(None, "CEO: operational audit is not in use.")]


def test_a_change_counts_for_what_happens_after_it(owner: Person) -> None:
    trigger = a_trigger(send_to=["a@example.com"])
    happens(1)
    changed = a_trigger(
        trigger=trigger,
        kind=EventKind.MONTH_CLOSED,
        send_to=[],
        min_gap_minutes=5,
        at=NOW + 2 * MINUTE,
        by=owner,
    )
    happens(2, minutes=3)
    assert events.answer(at=NOW + 4 * MINUTE) == []

    assert [run.send_to for run in Run.objects.all()] == [["a@example.com"]]
    assert (changed.kind, changed.send_to, changed.starts_at) == (
        "portfolio:period:closed",
        [],
        NOW + 2 * MINUTE,
    )
    trail = AuditEvent.objects.get(action="reports:trigger:change")
    assert trail.data["send_to"] == [["a@example.com"], []]
    assert trail.actor == owner


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Taken"}, "has a trigger called 'Taken' already"),
        ({"min_gap_minutes": 4}, "5 to 10,080 minutes"),
        ({"min_gap_minutes": 10_081}, "5 to 10,080 minutes"),
        ({"slug": "rental-3028", "about": "qos"}, "looks at entities of the kind rental"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused_with_a_sentence(
    changes: dict[str, Any], sentence: str, qos: Entity
) -> None:
    a_trigger(name="Taken")
    if "about" in changes:
        changes = {**changes, "about": qos}

    with pytest.raises(events.TriggerError, match=sentence):
        a_trigger(**changes)
    assert EventTrigger.objects.count() == 1


def test_a_month_closed_and_closed_again_asks_for_its_report_each_time(
    woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    books = open_books()
    october = months.parse("2026-10")
    a_trigger("accounting", EventKind.MONTH_CLOSED, min_gap_minutes=5)
    books.post("1010", "3000", 100_00, on=dt.date(2026, 10, 1))

    def close(at: dt.datetime) -> None:
        reconciliation.reconcile_month(
            entity=books.entity, month=october, statement_minor=100_00, by=None, at=at
        )
        with django_capture_on_commit_callbacks(execute=True):
            reconciliation.close_month(entity=books.entity, month=october, by=None, at=at)

    close(NOW + MINUTE)
    assert woken == ["reports.tasks.sweep"]  # At once, not at the next tick.
    (first,) = events.answer(at=NOW + MINUTE)
    assert first.as_of == dt.date(2026, 10, 31)
    reconciliation.reopen_month(
        entity=books.entity, month=october, reason="A receipt came late", by=None, at=NOW + 2 * MINUTE
    )
    assert events.answer(at=NOW + 2 * MINUTE) == []
    claimed = runs.claim(run_id=first.pk, at=NOW + 2 * MINUTE)
    assert claimed is not None
    close(NOW + 3 * MINUTE)
    (second,) = events.answer(at=NOW + 3 * MINUTE)

    assert (second.as_of, second.not_before) == (first.as_of, NOW + 6 * MINUTE)
    assert events.answered_by(run=second) == [
        "QueenofSanDiego, Oct 2026 was closed on 11 Nov 2026, 10:03 PST."
    ]


def a_severe_finding(qos: Entity, *, at: dt.datetime, slug: str = "ceo", as_of: dt.date = AS_OF) -> Run:
    """Issue a report that raises what an agreement not signed raises."""
    if not Entity.objects.filter(stakes__isnull=False).exists():
        StakeFactory(entity=qos)
    report = Report.objects.get(slug=slug)
    return oneoff.issue_now(report=report, entity=None, as_of=as_of, send_to=[], at=at)


def test_a_severe_finding_asks_another_report_once_and_never_the_one_that_raised_it(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.domain.forms.render", lambda document: ())
    own = a_trigger("ceo", EventKind.FINDING_RAISED)
    other = a_trigger("board-pack", EventKind.FINDING_RAISED)
    critical = a_trigger("cfo", EventKind.FINDING_RAISED, min_severity=LeastSeverity.CRITICAL)

    assert a_severe_finding(qos, at=NOW + MINUTE).error == ""
    severe = Finding.objects.filter(severity__in=["high", "critical"])
    said = Announcement.objects.filter(kind=EventKind.FINDING_RAISED)
    assert severe.exists()
    assert said.count() == severe.count() < Finding.objects.count()
    (run,) = [run for run in events.answer(at=NOW + 2 * MINUTE) if run.event_trigger == other]

    assert {answer.why for answer in own.answers.all()} == {
        "An edition of the same report raised it, and says so itself."
    }
    assert {answer.run for answer in other.answers.all()} == {run}
    assert other.answers.count() == severe.count()
    assert critical.answers.count() == severe.filter(severity="critical").count()
    assert events.answered_by(run=run)[0].endswith(
        "was raised by CEO: operational audit, edition 1 on 11 Nov 2026, 10:01 PST."
    )

    # Found again by the next edition, they are no news; cleared and back on a later day one is.
    a_severe_finding(qos, at=NOW + 3 * MINUTE)
    assert said.count() == severe.count()
    unsigned = Finding.objects.get(rule="partner-unsigned")
    stake = Stake.objects.get()
    for day, agreement in ((1, Agreement.SIGNED), (2, stake.agreement)):
        Stake.objects.update(agreement=agreement, signed_on=AS_OF if agreement == Agreement.SIGNED else None)
        a_severe_finding(qos, at=NOW + 4 * MINUTE, as_of=AS_OF + dt.timedelta(days=day))
    assert [row.subject_id for row in said.filter(at=NOW + 4 * MINUTE)] == [str(unsigned.pk)]


def test_an_edition_that_comes_to_nothing_announces_nothing(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.domain.forms.render", lambda document: ())

    def broken(**given: object) -> None:
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr("reports.domain.runs.finish", broken)

    run = a_severe_finding(qos, at=NOW + MINUTE)

    assert run.state == RunState.FAILED
    assert Finding.objects.count() == Announcement.objects.count() == 0


def test_the_sweep_answers_and_a_worker_issues_what_was_asked(
    qos: Entity, django_capture_on_commit_callbacks: Any, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.domain.forms.render", lambda document: ())
    a_trigger()
    happens()
    with time_machine.travel(NOW + 2 * MINUTE, tick=False):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.sweep()
        tasks.carry_out(Run.objects.get().pk)

    run = Run.objects.get()
    assert woken == ["reports.tasks.carry_out"]
    assert (run.state, run.mails, run.edition and run.edition.as_of) == (RunState.DONE, 1, AS_OF)


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_answer_everything_once() -> None:
    for number in range(3):
        a_trigger(name=f"No. {number}")
    for number in range(4):
        happens(number)
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def beat() -> None:
        try:
            start.wait()
            events.answer(at=NOW + 2 * MINUTE)
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
    assert EventAnswer.objects.count() == 12
    assert Run.objects.count() == 3  # What came while the run waited for a worker is answered by it.


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_run_and_answer_leaves_neither_and_the_next_sweep_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_trigger()
    happens()

    def crash(**given: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(EventAnswer.objects, "create", crash)
        with pytest.raises(SystemExit):
            events.answer(at=NOW + 2 * MINUTE)
    assert Run.objects.count() == 0

    (run,) = events.answer(at=NOW + 3 * MINUTE)
    assert answered() == [(run.pk, "")]


def test_an_answer_is_neither_given_twice_nor_changed() -> None:
    trigger = a_trigger()
    said = happens()
    (run,) = events.answer(at=NOW + 2 * MINUTE)
    rows = EventAnswer.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.create(trigger=trigger, announcement=said, run=run, at=NOW)
    for attack in (lambda: rows.update(why="Else."), rows.delete):
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
            attack()
