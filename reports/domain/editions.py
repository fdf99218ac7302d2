"""Editions: what the next one would say, and keeping it with everything that follows from it."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from core import audit, clock
from portfolio.domain import chain
from portfolio.models import AnchorReason, Entity
from reports.document import Document, Draft, dump
from reports.domain import actions, agenda, commentary, compare, findings, mailing, prints, runs
from reports.domain.forms import File
from reports.domain.prints import Print
from reports.models import Edition, EditionFile, Report, Run, canonical
from reports.models.canonical import Written


class NumberTakenError(Exception):
    """Another run issued the edition of this number first."""


class OvertakenError(Exception):
    """Something changed that an edition was set beside: it is to be set beside it, and checked, anew."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An edition to be, set beside the edition ``before`` and what stood at that moment.

    ``said`` is what findings, actions and staff said, for `keep` to find it unchanged.
    """

    document: Document
    before: Print | None
    said: tuple[Any, ...]


def url(*, report: Report, number: int) -> str:
    """Return the absolute address of an edition's page, ending in a slash."""
    return f"{settings.BASE_URL.rstrip('/')}/reports/{report.slug}/{number}/"


def next_document(*, draft: Draft, report: Report, entity: Entity | None, at: dt.datetime) -> Document:
    """Return what the next edition would say: a draft, numbered, set beside the edition before, with its commentary.

    ``at`` is when it is issued: what staff write later is for the one after it.
    """
    return set_beside(draft=draft, report=report, entity=entity, at=at).document


def set_beside(
    *,
    draft: Draft,
    report: Report,
    entity: Entity | None,
    at: dt.datetime,
    known: Print | None = None,
    patience: actions.Patience | None = None,
) -> Beside:
    """Return what `next_document` does, with what it is set beside.

    ``known`` is the print of the edition before as it was returned earlier; ``patience`` is that of the draft's date, where
    it was read already.
    """
    as_of = draft.head.as_of
    # The number first: whoever issues an edition from here on takes it, and this one compares anew.
    number = (report.editions.aggregate(last=Max("number"))["last"] or 0) + 1
    before = prints.before(report=report, entity=entity, as_of=as_of, known=known)
    standing = compare.standing(report=report, entity=entity, rules=draft.rules)
    pieces = commentary.to_print(report=report, entity=entity, as_of=as_of, at=at)
    document = compare.document(
        draft=draft,
        number=number,
        url=url(report=report, number=number),
        before=before,
        standing=standing,
        patience=patience or actions.patience(as_of=as_of),
    )
    return Beside(commentary.placed(document=document, pieces=pieces), before, (standing.said, pieces))


def newest() -> int:
    """Return the id of the newest edition there is, 0 where there is none."""
    return Edition.objects.order_by().aggregate(newest=Max("pk"))["newest"] or 0


def as_json(document: Document) -> Written:
    """Return a document's JSON, to be kept."""
    return canonical.write(dump(document))


def keep(
    *,
    run: Run,
    draft: Draft,
    document: Document,
    files: Sequence[File],
    at: dt.datetime,
    checked_against: int | None,
    said: tuple[Any, ...] | None = None,
    written: Written | None = None,
) -> Edition:
    """Write a run's edition with its files, findings, actions and mail, and settle the run, in one transaction.

    ``checked_against`` is what `newest` said before the edition was set beside the others; None for one that a person
    let go on, which goes out whatever the others say. ``said`` is what `set_beside` found, and
    ``written`` the document's JSON where it was written already.

    Raises:
        NumberTakenError: another run was quicker with an edition of this number.
        OvertakenError: an edition of the same date came out since it was checked, or not all is said any more that was.
        RunLostError: another process holds the run.
    """
    written = written or as_json(document)
    with transaction.atomic():
        # Editions are frozen one after the other, so that of two that disagree the second is seen, and so that two never
        # settle the same findings at once. Runs can be queued all the while.
        list(Report.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        if checked_against is not None and (
            Edition.objects.filter(as_of=run.as_of, pk__gt=checked_against).exists()
        ):
            raise OvertakenError(f"Another report as of {run.as_of} was issued meanwhile.")
        standing = compare.standing(report=run.report, entity=run.entity, rules=draft.rules)
        if said is not None and said != (
            standing.said,
            commentary.to_print(report=run.report, entity=run.entity, as_of=run.as_of, at=at),
        ):
            raise OvertakenError(f"Findings, actions or words of {run.report.slug} changed meanwhile.")
        try:
            edition = Edition.objects.create(
                report=run.report,
                number=document.number,
                entity=run.entity,
                as_of=run.as_of,
                issued_at=at,
                document=written,
                sha256=written.digest,
            )
        except IntegrityError as error:
            raise NumberTakenError(f"Edition {document.number} of {run.report.slug} exists.") from error
        del edition.document  # Whoever asks it reads what is kept.
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
        prints.keep(edition=edition, document=document)
        heads = {head.entity_id: chain.Head(head.number, head.hash) for head in document.books}
        chain.record_read(heads=heads, reason=AnchorReason.EDITION, at=at)
        findings.settle(edition=edition, draft=draft, document=document, standing=standing, at=at)
        sent = mailing.enqueue(
            edition=edition, document=document, send_to=run.send_to, variant=run.variant, at=at
        )
        if run.send_to is None:  # One that goes to somebody chosen asks nobody to do anything.
            agenda.note(edition=edition, rules=draft.rules, at=at)
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
        runs.finish(run=run, at=clock.now(), edition=edition, mails=sent)
    return edition


def digest(plain: Any) -> str:
    """Return the SHA-256 of a document's or draft's JSON in canonical form."""
    return canonical.write(plain).digest
