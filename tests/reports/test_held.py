"""Editions that wait for a person: held with what they were to say, let go on exactly so, or discarded."""

import dataclasses
import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from core.models import AuditEvent
from crew.models import Person
from mail.models import Message
from portfolio.models import Entity, Stake
from reports.document import Cell, Document, Source, dump, load
from reports.domain import held, issue, oneoff, runs
from reports.models import Edition, HeldDraft, Hold, Report, Run, RunState, Trigger
from tests.factories.people import owner as an_owner
from tests.factories.portfolio import EntityFactory, StakeFactory
from tests.factories.reports import a_document
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db

AS_OF = dt.date(2026, 11, 10)
WRONG = "Revenue is 1 here and 2 in edition 7 of the CFO's report."


@pytest.fixture
def doubtful(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A check that finds what the test puts into the list."""
    found = [WRONG]
    monkeypatch.setattr(issue, "CHECKS", [lambda document, run: list(found)])
    return found


def run_once(*, dry_run: bool = False, **changed: object) -> Run:
    report = Report.objects.get(slug="ceo")
    for name, value in changed.items():
        setattr(report, name, value)
    report.save()
    run = runs.queue(
        report=report,
        trigger=Trigger.PORTAL,
        as_of=AS_OF,
        at=NOW,
        send_to=["a@example.com"],
        dry_run=dry_run,
        here=True,
    )
    return issue.carry_out(run_id=run.pk, at=NOW)


def trail() -> list[str]:
    return [
        action.removeprefix("reports:run:")
        for action in AuditEvent.objects.order_by("id").values_list("action", flat=True)
        if action.startswith("reports:run:")
    ]


@pytest.mark.usefixtures("qos")
def test_a_failed_check_holds_the_run_with_what_it_worked_out_and_nothing_goes_out(
    doubtful: list[str],
) -> None:
    run = run_once()

    assert (run.state, run.reasons, run.settled_at, run.edition) == (RunState.HELD, WRONG, None, None)
    assert Edition.objects.count() == Message.objects.count() == 0  # And there is no owner yet to be told.
    assert held.draft_of(run=run).head.title == "CEO: operational audit"
    assert held.document(run=run).number == 1
    assert list(held.waiting()) == [run]
    assert trail() == ["queue", "hold"]
    assert runs.take_up(at=NOW + dt.timedelta(days=30)) == []


def test_what_is_let_go_on_is_what_was_kept_whatever_the_records_say_by_then(
    qos: Entity, owner: Person, doubtful: list[str]
) -> None:
    stake = StakeFactory(entity=qos, holder="Sailing partner")
    run = run_once()
    kept = held.draft_of(run=run)
    Stake.objects.filter(pk=stake.pk).update(holder="Somebody else")

    held.approve(run=run, by=owner, at=NOW)
    assert (run.state, run.decided_by, run.decided_at) == (RunState.QUEUED, owner, NOW)
    done = issue.carry_out(run_id=run.pk, at=NOW)

    assert (done.state, done.error) == (RunState.DONE, "")
    assert done.edition is not None
    document = load(Document, done.edition.document)
    assert document.sections == kept.sections
    assert {key: document.figures[key] for key in kept.figures} == kept.figures
    assert [entry.figure for entry in document.kpis] == [entry.figure for entry in kept.kpis]
    assert Message.objects.filter(composer="reports.edition").count() == 1
    assert trail() == ["queue", "hold", "approve", "finish"]
    doubtful.clear()
    newer = issue.build(report=done.report, entity=None, as_of=AS_OF)
    assert dump(newer.sections) != dump(kept.sections)


@pytest.mark.once
def test_what_others_let_go_on_meanwhile_is_issued_and_not_what_was_made_ahead(
    owner: Person, doubtful: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ceo = Report.objects.get(slug="ceo")
    row = runs.queue(report=ceo, trigger=Trigger.PORTAL, as_of=AS_OF, at=NOW, send_to=[], here=True)
    draft = issue.build(report=ceo, entity=None, as_of=AS_OF)
    approved = dataclasses.replace(draft, headline=((Cell("What was approved."),),))
    made_ahead = issue._made_ahead

    def slowly(run_ids: Any, at: dt.datetime) -> Any:
        made = made_ahead(run_ids, at)
        run = runs.claim(run_id=row.pk, at=at)
        assert run is not None
        held.hold(run=run, draft=approved, reasons=[WRONG], at=at)
        held.approve(run=run, by=owner, at=at)
        return made

    monkeypatch.setattr(issue, "_made_ahead", slowly)
    other = runs.queue(report=ceo, trigger=Trigger.PORTAL, as_of=AS_OF, at=NOW, dry_run=True, here=True)
    assert runs.claim(run_id=other.pk, at=NOW) is not None  # Others have that one.
    done = issue.carry_out_many(run_ids=[row.pk, other.pk], at=NOW)[0]

    assert (done.state, done.error) == (RunState.DONE, "")
    assert done.edition is not None
    assert load(Document, done.edition.document).headline == approved.headline


@pytest.mark.usefixtures("qos", "doubtful")
def test_a_discarded_run_is_settled_with_its_reason_and_takes_no_number(owner: Person) -> None:
    run = run_once()

    for reason in ("", " \n ", "x" * 501, "a\x00b", "a\ud800b"):
        with pytest.raises(held.DecisionError, match="Say"):
            held.discard(run=run, by=owner, reason=reason, at=NOW)
    held.discard(run=run, by=owner, reason="The bank file\nwas of another month.", at=NOW)

    row = Run.objects.get()
    assert (row.state, row.error, row.settled_at, row.decided_by) == (
        RunState.DISCARDED,
        "The bank file was of another month.",
        NOW,
        owner,
    )
    for known in (row, run):
        with pytest.raises(held.DecisionError, match="somebody has decided"):
            held.approve(run=known, by=owner, at=NOW)
    assert issue.carry_out(run_id=row.pk, at=NOW).state == RunState.DISCARDED
    assert (Edition.objects.count(), HeldDraft.objects.count()) == (0, 1)
    assert trail() == ["queue", "hold", "discard"]


@pytest.mark.usefixtures("qos")
def test_an_owner_may_have_it_held_every_time_and_a_dry_run_is_never_held() -> None:
    run = run_once(hold=Hold.ALWAYS)

    assert (run.state, run.reasons) == (
        RunState.HELD,
        "CEO: operational audit waits for approval every time.",
    )
    assert run_once(dry_run=True).state == RunState.DONE


def test_a_stale_source_holds_only_where_the_owner_says_so() -> None:
    report = Report.objects.get(slug="ceo")
    fresh = a_document()
    late = Source("JADA Stripe balance history", dt.date(2026, 10, 16), stale=True, note="25 days old")
    head = dataclasses.replace(fresh.head, sources=(*fresh.head.sources, late))
    document = dataclasses.replace(fresh, head=head)

    assert held.wanted(report=report, document=document) == []
    report.hold = Hold.STALE
    assert held.wanted(report=report, document=document) == [
        "JADA Stripe balance history is stale: it reaches to 16 Oct 2026, 25 days old."
    ]


@pytest.mark.usefixtures("qos", "doubtful")
def test_a_run_nobody_decides_on_waits_for_ever_or_as_long_as_its_report_says() -> None:
    run = run_once()
    later = NOW + dt.timedelta(hours=49)
    assert held.release(at=later) == []
    Report.objects.update(release_after_hours=48)

    assert held.release(at=HeldDraft.objects.get().built_at) == []
    assert held.release(at=HeldDraft.objects.get().built_at + dt.timedelta(hours=48)) == [run.pk]
    assert issue.carry_out(run_id=run.pk, at=later).state == RunState.DONE
    assert (Run.objects.get().decided_by, trail()) == (None, ["queue", "hold", "release", "finish"])


@pytest.mark.usefixtures("qos")
def test_what_somebody_asked_to_see_first_waits_for_a_person_whatever_the_hours(owner: Person) -> None:
    Report.objects.update(release_after_hours=1)
    report = Report.objects.get(slug="ceo")
    run = runs.queue(report=report, trigger=Trigger.PORTAL, as_of=AS_OF, at=NOW, hold=True, here=True)
    run = issue.carry_out(run_id=run.pk, at=NOW)
    late = HeldDraft.objects.get().built_at + dt.timedelta(days=30)

    assert (run.state, run.reasons) == (
        RunState.HELD,
        "Whoever asked for it wants to see it before it goes out.",
    )
    assert held.release(at=late) == []
    held.approve(run=Run.objects.select_related("report", "entity").get(), by=owner, at=late)
    assert issue.carry_out(run_id=run.pk, at=late).state == RunState.DONE


@pytest.mark.usefixtures("qos", "doubtful")
def test_a_worker_that_dies_after_approval_leaves_the_kept_draft_to_the_next(owner: Person) -> None:
    run = run_once()
    held.approve(run=run, by=owner, at=NOW)
    assert runs.claim(run_id=run.pk, at=NOW) is not None
    later = NOW + runs.STALE_AFTER + dt.timedelta(seconds=1)

    assert runs.take_up(at=later) == [run.pk]
    assert issue.carry_out(run_id=run.pk, at=later).state == RunState.DONE


@pytest.mark.usefixtures("qos", "doubtful")
def test_a_draft_that_is_not_as_it_was_kept_is_not_issued(owner: Person) -> None:
    run = Run.objects.create(
        report=Report.objects.get(slug="ceo"), trigger="portal", as_of=AS_OF, queued_at=NOW, state="held",
        reasons="Look at it.",
    )  # fmt: skip
    HeldDraft.objects.create(run=run, draft={"head": "forged"}, sha256="0" * 64, built_at=NOW)
    held.approve(run=run, by=owner, at=NOW)

    settled = issue.carry_out(run_id=run.pk, at=NOW)

    assert settled.state == RunState.FAILED
    assert "is not as it was kept" in settled.error


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_decide_at_once_one_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    EntityFactory(slug="qos")
    monkeypatch.setattr(issue, "CHECKS", [lambda document, run: [WRONG]])
    monkeypatch.setattr(runs, "wake", lambda **given: True)
    run = run_once()
    person = an_owner(email="decider@example.com")
    start = threading.Barrier(8)
    decided: list[str] = []

    def decide(n: int) -> None:
        mine = Run.objects.select_related("report", "entity").get(pk=run.pk)
        start.wait()
        try:
            if n % 2:
                held.approve(run=mine, by=person, at=NOW)
            else:
                held.discard(run=mine, by=person, reason="Not this one.", at=NOW)
            decided.append(mine.state)
        except held.DecisionError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert decided == [Run.objects.get().state]
    assert len(trail()) == 3


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"state": "held"}, "held_run_says_why"),
        ({"state": "discarded", "reasons": "Why.", "error": "No."}, "discarded_run_says_why"),
        ({"decided_at": NOW}, "decided_run_was_held"),
    ],
)
def test_the_database_refuses_half_a_decision(ceo: Report, fields: dict[str, object], name: str) -> None:
    run = Run.objects.create(report=ceo, trigger="portal", as_of=AS_OF, queued_at=NOW)
    with pytest.raises(Exception, match=name), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(**fields)


@pytest.mark.usefixtures("qos")
def test_reports_issued_together_read_the_records_once_and_one_that_fails_does_not_stop_the_others(
    ceo: Report, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    readings: issue.Readings = {}
    issue.build(report=ceo, entity=None, as_of=AS_OF, readings=readings)
    with django_assert_num_queries(1):  # Whether the books stood still.
        issue.build(report=ceo, entity=None, as_of=AS_OF, readings=readings)

    def fails_for_cfo(document: Document, run: Run) -> list[str]:
        if run.report.slug == "cfo":
            raise RuntimeError("The check broke.")
        return []

    monkeypatch.setattr(issue, "CHECKS", [fails_for_cfo])
    cfo, last = (Report.objects.get(slug=slug) for slug in ("cfo", "board-pack"))
    found = oneoff.issue_many(reports=[ceo, cfo, last], entity=None, as_of=AS_OF, send_to=[], at=NOW)

    assert [run.state for run in found] == [RunState.DONE, RunState.FAILED, RunState.DONE]
    assert [run.edition.report for run in found if run.edition] == [ceo, last]
    assert found[1].error.endswith("The check broke.")
