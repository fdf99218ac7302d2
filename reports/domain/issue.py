"""Issuing a report: from records to a frozen edition with its mail in the outbox.

`carry_out` does one run; `preview` does the same work and writes nothing. Building and rendering happen
outside any transaction; the edition, its files, findings, actions, mail and the run's end are one.
"""

import dataclasses
import datetime as dt
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from core import audit, clock
from portfolio.domain import chain, queries
from portfolio.models import AnchorReason, Entity
from reports.document import Document, Draft, dump
from reports.domain import compare, findings, mailing, runs
from reports.lenses import LENSES
from reports.metrics import Facts
from reports.models import Edition, EditionFile, FileKind, Report, Run
from reports.render import charts, html_mail, pdf, text

logger = logging.getLogger(__name__)

# Each lost number is another run's edition, so somebody always gets on; this many are lost only by what is stuck.
NUMBER_TRIES = 100
STILL_TRIES = 5


class BooksMovingError(Exception):
    """Entries were posted all the while a report was being worked out."""


class NumberTakenError(Exception):
    """Another run issued the edition of this number first."""


@dataclass(frozen=True, slots=True)
class File:
    """One rendered form, before it is kept."""

    kind: FileKind
    name: str
    media_type: str
    content: bytes


def default_as_of(at: dt.datetime) -> dt.date:
    """Return the date reports stand at unless asked: the sample's own, else yesterday in the portfolio's zone."""
    return queries.sample_as_of() or clock.today(at=at) - dt.timedelta(days=1)


def build(*, report: Report, entity: Entity | None, as_of: dt.date) -> Draft:
    """Work a report out from the records, for the whole portfolio or one entity.

    Raises:
        BooksMovingError: entries kept being posted while it was read.
    """
    sample = queries.sample_as_of()
    words = ""
    if sample is not None:
        words = (
            "Sample portfolio: invented people and figures. Unless asked otherwise, its reports stand at "
            f"{sample:%-d %B %Y}."
        )
    only = None if entity is None else (entity.pk,)
    for _ in range(STILL_TRIES):
        facts = Facts(as_of=as_of, entity_id=None if entity is None else entity.pk)
        draft = LENSES[report.lens](
            facts, zone=settings.QUARTERDECK_ZONE if entity is None else entity.zone, sample=words
        )
        # Reads are not one snapshot on SQLite, so a posting made meanwhile could split a total from its rows.
        if queries.entities(only=only) == facts.entities:
            break
    else:
        raise BooksMovingError(f"The books changed during each of {STILL_TRIES} tries; run the report again.")
    head = dataclasses.replace(draft.head, report=report.slug, title=report.title, reader=report.reader)
    return dataclasses.replace(draft, head=head)


def edition_url(*, report: Report, number: int) -> str:
    """Return the absolute address of an edition's page, ending in a slash."""
    return f"{settings.BASE_URL.rstrip('/')}/reports/{report.slug}/{number}/"


def render(document: Document) -> tuple[File, ...]:
    """Return every form an edition is kept in: mail, text, PDF, and each chart in light, dark and for mail."""
    found = []
    drawn = {}
    for chart in document.charts:
        light = charts.draw(chart)
        drawn[chart.name] = light
        found += [
            File(FileKind.CHART_SVG, f"{chart.name}.svg", "image/svg+xml", light),
            File(
                FileKind.CHART_SVG, f"{chart.name}.dark.svg", "image/svg+xml", charts.draw(chart, dark=True)
            ),
            File(FileKind.CHART_PNG, f"{chart.name}.png", "image/png", charts.png(light)),
        ]
    stem = f"{document.head.report}-{document.number}"
    return (
        File(
            FileKind.MAIL_HTML,
            f"{stem}.html",
            "text/html; charset=utf-8",
            html_mail.render(document, chart_cid=mailing.content_id).encode(),
        ),
        File(FileKind.TEXT, f"{stem}.txt", "text/plain; charset=utf-8", text.render(document).encode()),
        File(FileKind.PDF, f"{stem}.pdf", "application/pdf", pdf.render(document, charts=drawn)),
        *found,
    )


def preview(*, report: Report, entity: Entity | None, as_of: dt.date) -> tuple[Document, tuple[File, ...]]:
    """Build and render the edition that would come next, and write nothing."""
    draft = build(report=report, entity=entity, as_of=as_of)
    number = _next_number(report)
    before = compare.edition_before(report=report, entity=entity, as_of=as_of)
    document = compare.document(
        draft=draft,
        report=report,
        entity=entity,
        number=number,
        url=edition_url(report=report, number=number),
        before=before,
    )
    return document, render(document)


def carry_out(*, run_id: int, at: dt.datetime) -> Run:
    """Carry a queued run out and return it settled; a run that another process has is returned as it is.

    Whatever stops it is logged and becomes the run's error, so that a failure is never mistaken for silence.
    """
    run = runs.claim(run_id=run_id, at=at)
    if run is None:
        return Run.objects.get(pk=run_id)
    try:
        _issue(run, at)
    except runs.RunLostError:
        logger.warning("Run %s was taken up by another worker; this one leaves it.", run_id)
    except Exception as error:
        logger.exception("Run %s of report %s failed.", run_id, run.report.slug)
        sentence = str(error).strip() or type(error).__name__
        runs.fail(
            run=run,
            at=clock.now(),
            error=f"{run.report.title} could not be issued while {run.doing.lower() or 'starting'}: {sentence}",
        )
    return Run.objects.select_related("report", "entity", "edition").get(pk=run_id)


def _issue(run: Run, at: dt.datetime) -> None:
    draft = build(report=run.report, entity=run.entity, as_of=run.as_of)
    runs.advance(run=run, step=1, doing="Comparing with the edition before")
    for _ in range(NUMBER_TRIES):
        # The number first: whoever issues an edition from here on takes it, and this one compares anew.
        number = _next_number(run.report)
        before = compare.edition_before(report=run.report, entity=run.entity, as_of=run.as_of)
        document = compare.document(
            draft=draft,
            report=run.report,
            entity=run.entity,
            number=number,
            url=edition_url(report=run.report, number=number),
            before=before,
        )
        runs.advance(run=run, step=2, doing="Drawing the charts and setting the pages")
        files = render(document)
        if run.dry_run:
            runs.finish(run=run, at=clock.now())
            return
        runs.advance(run=run, step=3, doing="Freezing the edition and queueing its mail")
        try:
            _freeze(run, draft, document, files, at)
        except NumberTakenError:
            continue
        return
    raise NumberTakenError(
        f"Edition {number} of {run.report.title} was issued by other runs {NUMBER_TRIES} times; run it again."
    )


def _next_number(report: Report) -> int:
    return (report.editions.aggregate(last=Max("number"))["last"] or 0) + 1


def _freeze(run: Run, draft: Draft, document: Document, files: Sequence[File], at: dt.datetime) -> None:
    """Write the edition with everything that follows from it, in one transaction."""
    plain = dump(document)
    with transaction.atomic():
        try:
            with transaction.atomic():
                edition = Edition.objects.create(
                    report=run.report,
                    number=document.number,
                    entity=run.entity,
                    as_of=run.as_of,
                    issued_at=at,
                    document=plain,
                    sha256=digest(plain),
                )
        except IntegrityError as error:
            raise NumberTakenError(f"Edition {document.number} of {run.report.slug} exists.") from error
        EditionFile.objects.bulk_create(
            EditionFile(
                edition=edition,
                kind=file.kind,
                name=file.name,
                media_type=file.media_type,
                content=file.content,
                sha256=hashlib.sha256(file.content).hexdigest(),
            )
            for file in files
        )
        heads = {head.entity_id: chain.Head(head.number, head.hash) for head in document.books}
        chain.record_read(heads=heads, reason=AnchorReason.EDITION, at=at)
        findings.settle(edition=edition, draft=draft, document=document, at=at)
        sent = mailing.enqueue(edition=edition, document=document, send_to=run.send_to, at=at)
        audit.record(
            action="reports:edition:issue",
            subject=edition,
            at=at,
            by=run.by,
            entity=run.entity.slug if run.entity is not None else "",
            data={
                "report": run.report.slug,
                "number": edition.number,
                "mails": sent,
                "sha256": edition.sha256,
            },
        )
        runs.finish(run=run, at=clock.now(), edition=edition)


def digest(document: Any) -> str:
    """Return the SHA-256 of a document's JSON in canonical form: sorted keys, no spaces, UTF-8."""
    return hashlib.sha256(
        json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()
