"""One figure, one value: an edition that would print another value than one that is out waits, and says which."""

import datetime as dt

import pytest

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import BookingStage, Entity
from reports.document import Document, load
from reports.domain import agreement, forms, held, issue, oneoff, runs
from reports.models import Edition, HeldDraft, Report, Run, RunState, Trigger
from tests.factories.portfolio import BookingFactory

AS_OF = dt.date(2026, 11, 10)
NEXT = dt.date(2026, 11, 11)
AT = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def run_of(slug: str, *, as_of: dt.date = AS_OF, entity: Entity | None = None) -> Run:
    run = runs.queue(
        report=Report.objects.get(slug=slug),
        trigger=Trigger.COMMAND,
        as_of=as_of,
        at=AT,
        entity=entity,
        send_to=[],
        here=True,
    )
    return issue.carry_out(run_id=run.pk, at=AT)


def a_booking(entity: Entity) -> None:
    BookingFactory(
        entity=entity,
        stage=BookingStage.COMPLETED,
        service_on=dt.date(2026, 10, 5),
        completed_on=dt.date(2026, 10, 5),
    )


@pytest.fixture
def changed(qos: Entity) -> None:
    """Both reports are out, and then a booking comes."""
    a_booking(qos)
    assert [run_of(slug).state for slug in ("ceo", "cfo")] == [RunState.DONE, RunState.DONE]
    a_booking(qos)


@pytest.mark.usefixtures("changed")
def test_an_edition_that_disagrees_waits_and_names_both_figures_and_both_editions(owner: Person) -> None:
    run = run_of("ceo")

    assert run.state == RunState.HELD
    assert run.reasons.startswith(
        "Edition 2 of CEO: operational audit would not agree with CFO: cash and capital, edition 1, of the same date: "
    ), run.reasons
    assert ", Oct 2026, is 2 here and 1 there" in run.reasons
    assert run.reasons.endswith("Issue CFO: cash and capital anew, or approve this edition.")

    held.approve(run=run, by=owner, at=AT)
    assert issue.carry_out(run_id=run.pk, at=AT).state == RunState.DONE
    assert run_of("cfo").state == RunState.DONE


@pytest.mark.usefixtures("changed")
def test_a_held_edition_goes_on_once_the_other_is_issued_anew_and_says_the_same() -> None:
    first, second = run_of("ceo"), run_of("cfo")
    first.refresh_from_db()

    assert (second.state, first.state, first.decided_by) == (RunState.DONE, RunState.QUEUED, None)
    done = issue.carry_out(run_id=first.pk, at=AT)
    assert done.edition is not None
    document: Document = load(Document, done.edition.document)
    assert document.commentary[0].passages[0].spans[0].text.endswith("and it went out by itself.")
    assert "Nobody decided" not in str(document.commentary)
    assert AuditEvent.objects.filter(action="reports:run:agree").count() == 1


@pytest.mark.usefixtures("changed")
def test_two_that_say_otherwise_both_wait_until_a_person_lets_one_go_on(qos: Entity, owner: Person) -> None:
    first = run_of("ceo")
    a_booking(qos)
    second = run_of("cfo")
    assert (second.state, ", is 3 here and 1 there" in second.reasons) == (RunState.HELD, True)

    held.approve(run=second, by=owner, at=AT)
    assert issue.carry_out(run_id=second.pk, at=AT).state == RunState.DONE

    first.refresh_from_db()
    assert first.state == RunState.HELD
    assert [row.edition.number for row in agreement.disagreements(
        figures=held.document(run=first).figures, run=first
    )] == [2]  # fmt: skip


@pytest.mark.usefixtures("changed")
def test_reports_issued_together_are_set_beside_each_other_and_not_beside_what_they_replace() -> None:
    reports = list(Report.objects.filter(slug__in=["ceo", "cfo"]))
    found = oneoff.issue_many(reports=reports, entity=None, as_of=AS_OF, send_to=[], at=AT)

    assert [(run.state, run.reasons) for run in found] == [(RunState.DONE, "")] * 2
    assert sorted(Edition.objects.values_list("report__slug", "number")) == [
        ("ceo", 1), ("ceo", 2), ("cfo", 1), ("cfo", 2),
    ]  # fmt: skip


@pytest.mark.usefixtures("changed")
def test_an_edition_that_comes_out_while_another_is_drawn_is_seen_before_that_is_frozen(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[RunState] = []

    def render(document: Document) -> tuple[forms.File, ...]:
        if not drawn:
            drawn.append(RunState.RUNNING)
            a_booking(qos)
            drawn[0] = RunState(run_of("cfo", as_of=NEXT).state)
        return ()

    monkeypatch.setattr(forms, "render", render)
    run = run_of("ceo", as_of=NEXT)

    assert (drawn, run.state) == ([RunState.DONE], RunState.HELD)
    assert "is 2 here and 3 there" in run.reasons


@pytest.mark.usefixtures("changed")
def test_a_held_edition_that_was_issued_anew_meanwhile_is_left_to_a_person() -> None:
    old = run_of("ceo")
    reports = list(Report.objects.filter(slug__in=["ceo", "cfo"]))
    oneoff.issue_many(reports=reports, entity=None, as_of=AS_OF, send_to=[], at=AT)

    old.refresh_from_db()
    assert old.state == RunState.HELD
    assert agreement.disagreements(figures=held.document(run=old).figures, run=old) == []
    newer = held.overtaken_by(run=old)
    assert newer is not None
    assert newer.number == 2
    Report.objects.update(release_after_hours=1)
    assert held.release(at=old.held_draft.built_at + dt.timedelta(days=1)) == []


@pytest.mark.usefixtures("changed")
def test_a_broken_draft_and_a_report_that_is_no_longer_active_stop_nobody() -> None:
    cfo = Report.objects.get(slug="cfo")
    broken = Run.objects.create(
        report=cfo, trigger="portal", as_of=AS_OF, queued_at=AT, state="held", reasons="Look."
    )
    HeldDraft.objects.create(run=broken, draft={}, sha256="0" * 64, built_at=AT)
    waiting = run_of("ceo")
    assert (waiting.state, waiting.error) == (RunState.HELD, "")

    Report.objects.filter(pk=cfo.pk).update(active=False)
    assert run_of("ceo").state == RunState.DONE


@pytest.mark.usefixtures("changed")
def test_other_dates_and_the_same_report_s_own_edition_before_are_no_disagreement(qos: Entity) -> None:
    assert run_of("ceo", as_of=NEXT).state == RunState.DONE
    cfo = run_of("cfo", as_of=NEXT)
    assert (cfo.state, cfo.reasons) == (RunState.DONE, "")
    a_booking(qos)
    about = run_of("cfo", as_of=NEXT, entity=qos)
    assert (about.state, about.reasons.count("\n")) == (RunState.HELD, 1)
