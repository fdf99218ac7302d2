"""Issuing a report: from records to a frozen edition with its mail in the outbox.

`carry_out` does one run and `carry_out_many` several; `preview` does the same work and writes nothing. Building and
rendering happen outside any transaction; the edition, its files, findings, actions, mail and the run's end are one
(`reports.domain.editions`). A run that a check stops is held for a person instead (`reports.domain.held`).
"""

import dataclasses
import datetime as dt
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Length

from core import clock
from core.collector import uncollected
from portfolio.domain import queries
from portfolio.models import Entity
from reports.document import Document, Draft
from reports.domain import actions, agreement, catalogue, editions, forms, held, muting, runs
from reports.lenses import LENSES
from reports.metrics import Facts
from reports.models import Edition, EditionFile, FileKind, Report, Run, RunState

logger = logging.getLogger(__name__)

# Each lost number is another run's edition, so somebody always gets on; this many are lost only by what is stuck.
NUMBER_TRIES = 100
STILL_TRIES = 5
SETTING = "Drawing the charts and setting the pages"

CHECKS: list[Callable[[Document, Run], list[str]]] = [agreement.check]
"""What is asked of every edition before it goes out; each answers with a sentence for everything that is wrong."""

Readings = dict[tuple[dt.date, int | None], Facts]
"""Records read already, by as-of date and entity, for reports that are issued together."""


class BooksMovingError(Exception):
    """Entries were posted all the while a report was being worked out."""


def default_as_of(at: dt.datetime) -> dt.date:
    """Return the date reports stand at unless asked: the sample's own, else yesterday in the portfolio's zone."""
    return queries.sample_as_of() or clock.today(at=at) - dt.timedelta(days=1)


def build(
    *, report: Report, entity: Entity | None, as_of: dt.date, readings: Readings | None = None
) -> Draft:
    """Work a report out from the records, for the whole portfolio or one entity.

    ``readings`` are the records that reports before it have read, and are added to.

    Raises:
        BooksMovingError: entries kept being posted while it was read.
    """
    only = None if entity is None else (entity.pk,)
    readings = {} if readings is None else readings
    read = as_of, None if entity is None else entity.pk
    for _ in range(STILL_TRIES):
        if read not in readings:
            readings[read] = Facts(as_of=as_of, entity_id=read[1], aside=muting.in_force(on=as_of))
        facts = readings[read]
        words = (
            ""
            if facts.sample is None
            else "Sample portfolio: invented people and figures. Unless asked otherwise, its reports stand at "
            f"{facts.sample:%-d %B %Y}."
        )
        draft = LENSES[report.lens](
            facts, zone=settings.QUARTERDECK_ZONE if entity is None else entity.zone, sample=words
        )
        # Reads are not one snapshot on SQLite, so a posting made meanwhile could split a total from its rows.
        if queries.entities(only=only) == facts.entities:
            break
        del readings[read]
    else:
        raise BooksMovingError(f"The books changed during each of {STILL_TRIES} tries; run the report again.")
    head = dataclasses.replace(draft.head, report=report.slug, title=report.title, reader=report.reader)
    return dataclasses.replace(draft, head=head)


def preview(
    *, report: Report, entity: Entity | None, as_of: dt.date
) -> tuple[Document, tuple[forms.File, ...]]:
    """Build and render the edition that would come next, and write nothing."""
    draft = build(report=report, entity=entity, as_of=as_of)
    document = editions.next_document(draft=draft, report=report, entity=entity, at=clock.now())
    return document, forms.render(document)


def carry_out(*, run_id: int, at: dt.datetime) -> Run:
    """Carry a queued run out and return it settled or held; one that another process has is returned as it is."""
    return carry_out_many(run_ids=[run_id], at=at)[0]


def carry_out_many(*, run_ids: Iterable[int], at: dt.datetime) -> list[Run]:
    """Carry queued runs out, one after the other, and return them; those alike in date and entity read records once.

    Whatever stops one is logged and becomes its error, so that a failure is never mistaken for silence; the others go
    on. One that was held and that agrees with the others once they are issued is issued too.
    """
    found: dict[int, Run | None] = dict.fromkeys(run_ids)
    waiting = deque(found)
    issued: set[dt.date] = set()
    with uncollected(), agreement.remembered():
        ahead = _made_ahead(waiting, at) if len(waiting) > 1 else {}
        while waiting:
            run_id = waiting.popleft()
            run = found[run_id] = _carry_out(run_id, at, ahead.pop(run_id, None))
            if run.edition_id is not None:
                issued.add(run.as_of)
            if not waiting:
                waiting += [held_id for held_id in _reconsider(issued) if held_id in found]
                issued.clear()
    return [run for run in found.values() if run is not None]


@dataclasses.dataclass(frozen=True, slots=True)
class _Ahead:
    """What a run would issue if nothing that comes before it changed anything that it says."""

    draft: Draft
    beside: editions.Beside
    forms: forms.Forms


def _made_ahead(run_ids: Iterable[int], at: dt.datetime) -> dict[int, _Ahead]:
    """Work out what several runs would issue, writing nothing, so that each one's pages are set while others are worked out."""
    readings: Readings = {}
    patience: dict[dt.date, actions.Patience] = {}
    found = {}
    rows = Run.objects.select_related("report", "entity").filter(
        pk__in=run_ids, state=RunState.QUEUED, decided_at__isnull=True
    )
    for run in _soonest_first(rows):
        try:
            draft = build(report=run.report, entity=run.entity, as_of=run.as_of, readings=readings)
            if run.as_of not in patience:
                patience[run.as_of] = actions.patience(as_of=run.as_of)
            beside = editions.set_beside(
                draft=draft, report=run.report, entity=run.entity, at=at, patience=patience[run.as_of]
            )
            found[run.pk] = _Ahead(draft, beside, forms.begin(beside.document))
        except Exception:
            # Its own turn says what stops it, and settles it.
            logger.info("Run %s of report %s is not made ahead.", run.pk, run.report.slug, exc_info=True)
    return found


def _soonest_first(rows: QuerySet[Run]) -> list[Run]:
    """Return runs in their order, but before the others the one whose report had the shortest PDF last.

    The press stands still until the first report is worked out, and that one is soon.
    """
    newest = Edition.objects.filter(report=OuterRef(OuterRef("report"))).order_by("-number").values("pk")[:1]
    pages = EditionFile.objects.filter(edition=Subquery(newest), kind=FileKind.PDF).order_by()
    size = pages.annotate(size=Length("content")).values("size")[:1]
    sized = list(rows.annotate(size=Coalesce(Subquery(size), 0)).order_by("pk"))
    first = min(sized, key=lambda run: run.size, default=None)
    return sorted(sized, key=lambda run: run is not first)


def _carry_out(run_id: int, at: dt.datetime, ahead: _Ahead | None) -> Run:
    if ahead is None:
        run = runs.claim(run_id=run_id, at=at)
    else:
        run = runs.claim(run_id=run_id, at=at, step=2, doing=SETTING)
    if run is not None:
        try:
            _issue(run, at, ahead)
        except runs.RunLostError:
            logger.warning("Run %s was taken up by another worker; this one leaves it.", run_id)
        except catalogue.UnfitEntityError as error:
            # What a person asks for is checked at once; this was set up earlier, and its entity changed since.
            runs.fail(run=run, at=clock.now(), error=f"Nothing was issued. {error}")
        except Exception as error:
            logger.exception("Run %s of report %s failed.", run_id, run.report.slug)
            sentence = str(error).strip() or type(error).__name__
            runs.fail(
                run=run,
                at=clock.now(),
                error=f"{run.report.title} could not be issued while {run.doing.lower() or 'starting'}: {sentence}",
            )
        else:
            return run
    return Run.objects.select_related("report", "entity", "edition").defer("edition__document").get(pk=run_id)


def _issue(run: Run, at: dt.datetime, ahead: _Ahead | None) -> None:
    approved = run.decided_at is not None
    if not approved:
        catalogue.check(report=run.report, entity=run.entity)
    if approved:
        # Held and let go on by others since it was made ahead: what was approved is issued, not what was worked out here.
        draft, ahead = held.draft_of(run=run), None
    elif ahead is not None:
        draft = ahead.draft
    else:
        draft = build(report=run.report, entity=run.entity, as_of=run.as_of)
    beside = None if ahead is None else ahead.beside
    if beside is None:
        runs.advance(run=run, step=1, doing="Comparing with the edition before")
    note = held.note(run=run) if approved else None
    for tried in range(NUMBER_TRIES):
        newest = None if approved else editions.newest()
        if beside is None or tried:
            beside = editions.set_beside(
                draft=draft,
                report=run.report,
                entity=run.entity,
                at=at,
                known=None if beside is None else beside.before,
            )
        document = beside.document
        if note is not None:
            document = dataclasses.replace(document, commentary=(note, *document.commentary))
        reasons = [] if approved or run.dry_run else _reasons(run, document)
        if reasons:
            held.hold(run=run, draft=draft, reasons=reasons, at=clock.now())
            return
        written = None if run.dry_run else editions.as_json(document)  # While its pages are set.
        if ahead is not None and ahead.beside.document == document:
            files = ahead.forms.files()
        else:
            runs.advance(run=run, step=2, doing=SETTING)
            files = forms.render(document)
        if run.dry_run:
            runs.finish(run=run, at=clock.now())
            return
        runs.advance(run=run, step=3, doing="Freezing the edition and queueing its mail")
        try:
            edition = editions.keep(
                run=run,
                draft=draft,
                document=document,
                written=written,
                files=files,
                at=at,
                checked_against=newest,
                said=beside.said,
            )
        except (editions.NumberTakenError, editions.OvertakenError):
            continue
        agreement.remember(edition=edition, document=document)
        return
    raise editions.NumberTakenError(
        f"Other runs were quicker than edition {document.number} of {run.report.title} {NUMBER_TRIES} times; run it again."
    )


def _reconsider(dates: Collection[dt.date]) -> list[int]:
    """Let go on the held runs that nothing speaks against any more, now that reports of their date are issued anew."""
    found = []
    for run in held.waiting().filter(as_of__in=dates):
        if held.overtaken_by(run=run) is not None:
            continue  # It was issued anew meanwhile; whether this one is to follow is for a person to say.
        try:
            if not _reasons(run, held.document(run=run)):
                held.agreed(run=run, at=clock.now())
                found.append(run.pk)
        except (held.BrokenDraftError, held.DecisionError):
            continue
    return found


def _reasons(run: Run, document: Document) -> list[str]:
    return held.wanted(report=run.report, document=document, asked=run.hold) + [
        sentence for check in CHECKS for sentence in check(document, run)
    ]
