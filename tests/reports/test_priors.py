"""What a figure compares with: every headline figure says what it was before, and the edition before is not read whole."""

import datetime as dt
from concurrent.futures import Future

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crew.models import Person
from portfolio.models import BookingStage, Entity
from reports.document import Document, load
from reports.domain import actions, commentary, editions, forms, issue, oneoff, prints, runs, trace
from reports.figures import write
from reports.models import ActionState, Edition, EditionPrint, Report, Trigger
from tests.factories.portfolio import BookingFactory

AS_OF = dt.date(2026, 11, 10)
NEXT = dt.date(2026, 11, 17)
AT = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def issued(report: Report, as_of: dt.date) -> tuple[Edition, Document]:
    run = runs.queue(report=report, trigger=Trigger.COMMAND, as_of=as_of, at=AT, send_to=[], here=True)
    run = issue.carry_out(run_id=run.pk, at=AT)
    assert (run.error, run.reasons) == ("", "")
    edition = Edition.objects.get(report=report, as_of=as_of)
    return edition, load(Document, edition.document)


def headline(document: Document, metric: str) -> tuple[str, str, str]:
    """Return a headline figure, what it was before and its change, as printed."""
    kpi = next(row for row in document.kpis if document.figures[row.figure].metric == metric)
    figures = document.figures
    change = write(figures[kpi.change], plus=True) if kpi.change else ""
    return write(figures[kpi.figure]), write(figures[kpi.prior]), change


@pytest.fixture
def pipeline(qos: Entity) -> None:
    """One enquiry, which the pipeline of the CEO's report weighs."""
    BookingFactory(
        entity=qos, stage=BookingStage.QUOTED, price_minor=100_000, service_on=dt.date(2026, 12, 5)
    )


@pytest.mark.usefixtures("pipeline")
def test_a_figure_of_the_day_compares_with_the_edition_before_and_a_first_edition_says_there_is_none(
    ceo: Report, qos: Entity
) -> None:
    first, document = issued(ceo, AS_OF)
    now, before, change = headline(document, "weighted_pipeline")
    assert (before, change) == ("none: the first edition", "")
    assert all(row.prior for row in document.kpis)

    BookingFactory(
        entity=qos, stage=BookingStage.QUOTED, price_minor=100_000, service_on=dt.date(2026, 12, 6)
    )
    _, document = issued(ceo, NEXT)

    assert headline(document, "weighted_pipeline")[1:] == (now, "+100.0 %")
    key = next(row.prior for row in document.kpis if row.prior.startswith("before.weighted_pipeline"))
    explained = trace.explain_in(document, key)
    assert explained.holds
    assert [(row.label, row.ref, row.on) for row in explained.rows()] == [
        ("CEO: operational audit, edition 1", f"edition:{first.pk}", AS_OF)
    ]
    assert all(trace.explain_in(document, row.change).holds for row in document.kpis if row.change)


@pytest.mark.usefixtures("pipeline")
def test_the_edition_before_is_compared_by_its_print_and_an_older_one_by_its_document(ceo: Report) -> None:
    edition, _ = issued(ceo, AS_OF)
    draft = issue.build(report=ceo, entity=None, as_of=NEXT)
    with CaptureQueriesContext(connection) as asked:
        editions.next_document(draft=draft, report=ceo, entity=None, at=AT)
    # The number, the findings known, the print, the actions, how long they may be late, the commentary.
    assert len(asked) == 6
    assert not any('"reports_edition"."document"' in query["sql"] for query in asked.captured_queries)

    by_print = prints.before(report=ceo, entity=None, as_of=NEXT)
    assert prints.before(report=ceo, entity=None, as_of=NEXT, known=by_print) is by_print
    older = Edition.objects.create(
        report=ceo, number=2, as_of=NEXT, issued_at=AT, document=edition.document, sha256=edition.sha256
    )
    by_document = prints.before(report=ceo, entity=None, as_of=NEXT, known=by_print)

    assert EditionPrint.objects.count() == 1
    assert by_print is not None
    assert by_document is not None
    assert by_document.edition == older
    for name in ("figures", "printed", "kpis", "findings", "actions"):
        assert getattr(by_print, name) == getattr(by_document, name), name


@pytest.mark.once
@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("what", ["nothing", "action", "words", "edition"])
def test_what_changed_since_an_edition_was_made_ahead_is_in_it(
    what: str, ceo: Report, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = actions.add(
        report=ceo, title="Mend the dock", owner="Founder", due_on=NEXT, today=AS_OF, by=owner, at=AT
    )
    made: list[Document] = []

    def begin(document: Document) -> forms.Forms:
        made.append(document)
        if len(made) == 2 and what == "action":
            actions.settle(action=action, state=ActionState.DROPPED, by=owner, at=AT)
        elif len(made) == 2 and what == "words":
            commentary.write(report=ceo, entity=None, anchor="", body="Words", by=owner, at=AT)
        elif len(made) == 2 and what == "edition":
            asked = runs.queue(
                report=ceo, trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, send_to=["a@example.com"], here=True
            )
            issue.carry_out(run_id=asked.pk, at=AT)
        pages: Future[bytes] = Future()
        pages.set_result(b"")
        return forms.Forms(tuple, (), pages, "")

    drawn: list[Document] = []
    monkeypatch.setattr(forms, "begin", begin)
    monkeypatch.setattr(forms, "render", lambda document: drawn.append(document) or ())
    reports = [ceo, Report.objects.get(slug="cmo")]
    found = oneoff.issue_many(reports=reports, entity=None, as_of=AS_OF, send_to=[], at=AT)

    kept = [load(Document, run.edition.document) for run in found if run.edition]
    assert [document.head.report for document in kept] == ["ceo", "cmo"]
    assert kept[1] == made[1]
    if what == "nothing":
        assert (kept[0], drawn) == (made[0], [])
        return
    assert kept[0] == drawn[-1] != made[0]
    titles = [line.title for line in kept[0].actions]
    assert ("Mend the dock" in titles, len(kept[0].commentary), kept[0].number) == (
        what != "action", int(what == "words"), 2 if what == "edition" else 1,
    )  # fmt: skip
