"""Commentary: what staff write into a report's editions, section by section. Rows are never changed, only withdrawn.

A piece stands in the next edition alone, or in every one up to a date, or until it is withdrawn. What an edition printed
is frozen with it, whatever becomes of the piece.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, When

from core import audit, clock
from crew.models import Person
from portfolio.models import Entity
from reports import prose
from reports.document import Document, Prose
from reports.domain import catalogue
from reports.models import Commentary, Edition, Report

HEADLINE = ("", "Under the headline")


class CommentaryRefusedError(ValueError):
    """A piece that is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece with where it stands and what becomes of it; one that is ``going`` is still to be printed."""

    row: Commentary
    place: str
    state: str
    going: bool


def places(*, report: Report) -> tuple[tuple[str, str], ...]:
    """Return where commentary can stand, as anchor and title: under the headline, and in the newest edition's sections."""
    newest = Edition.objects.filter(report=report).order_by("-as_of", "-number").first()
    sections = [] if newest is None else newest.document["sections"]
    return (HEADLINE, *((section["anchor"], section["title"]) for section in sections))


def write(
    *,
    report: Report,
    entity: Entity | None,
    anchor: str,
    body: str,
    by: Person,
    at: dt.datetime,
    until_on: dt.date | None = None,
    once: bool = True,
) -> Commentary:
    """Write a piece for the next edition, or for every one: up to a date where one is given, else until withdrawn.

    Raises:
        CommentaryRefusedError: the text cannot be printed, or the place is none.
        UnfitEntityError: the report does not look at such an entity.
    """
    catalogue.check(report=report, entity=entity)
    try:
        prose.parse(body)
    except prose.ProseRefusedError as error:
        raise CommentaryRefusedError(str(error)) from error
    if anchor not in dict(places(report=report)):
        raise CommentaryRefusedError(f"{report.title} has no such section; choose one of those offered.")
    with transaction.atomic():
        row = Commentary.objects.create(
            report=report,
            entity=entity,
            anchor=anchor,
            body=body,
            author=by,
            written_at=at,
            once=once,
            until_on=None if once else until_on,
        )
        _record("write", row, by, at)
    return row


def withdraw(*, row: Commentary, by: Person, at: dt.datetime) -> None:
    """Take a piece out of the editions to come; those that are out keep it.

    Raises:
        CommentaryRefusedError: it was withdrawn already.
    """
    try:
        with transaction.atomic():
            Commentary.objects.create(
                report=row.report,
                entity=row.entity,
                anchor=row.anchor,
                author=by,
                written_at=at,
                once=row.once,
                withdraws=row,
            )
            _record("withdraw", row, by, at)
    except IntegrityError as error:
        raise CommentaryRefusedError("This piece was withdrawn already; nothing was changed.") from error


def to_print(
    *, report: Report, entity: Entity | None, as_of: dt.date, at: dt.datetime
) -> tuple[tuple[str, Prose], ...]:
    """Return what staff wrote by an instant for the next edition of a date, each piece with the section it is for."""
    # Most reports have nothing written for them, which is soon asked.
    if not Commentary.objects.filter(report=report, withdraws__isnull=True).exists():
        return ()
    rows = _standing(report, entity, at).filter(Q(until_on__isnull=True) | Q(until_on__gte=as_of))
    return tuple((row.anchor, _prose(row)) for row in rows)


def placed(*, document: Document, pieces: Sequence[tuple[str, Prose]]) -> Document:
    """Return a document with what staff wrote for it, each piece in its section.

    A piece whose section the report has no more stands under the headline, so that it is never lost.
    """
    if not pieces:
        return document
    said: dict[str, list[Prose]] = {}
    anchors = {section.anchor for section in document.sections}
    for anchor, words in pieces:
        said.setdefault(anchor if anchor in anchors else "", []).append(words)
    return replace(
        document,
        commentary=(*document.commentary, *said.pop("", ())),
        sections=tuple(
            replace(section, commentary=(*section.commentary, *said.get(section.anchor, ())))
            for section in document.sections
        ),
    )


def pieces(*, report: Report, rows: Iterable[Commentary]) -> Iterator[Piece]:
    """Yield some of a report's pieces, as `written` returns them, with what becomes of each."""
    known = dict(places(report=report))
    for row in rows:
        state, going = _state(row)
        yield Piece(row, known.get(row.anchor, "A section that is no more"), state, going)


def written(*, report: Report) -> QuerySet[Commentary]:
    """Return a report's pieces, newest first, each with whether it was withdrawn and printed since."""
    return (
        Commentary.objects.filter(report=report, withdraws__isnull=True)
        .select_related("entity", "author", "withdrawal__author")
        .annotate(printed=_printed())
        .order_by("-written_at", "-id")
    )


def _standing(report: Report, entity: Entity | None, at: dt.datetime) -> QuerySet[Commentary]:
    rows = Commentary.objects.filter(
        report=report, entity=entity, withdraws__isnull=True, withdrawal__isnull=True, written_at__lte=at
    )
    return (
        rows.annotate(printed=_printed())
        .filter(Q(once=False) | Q(printed=False))
        .select_related("author")
        .order_by("written_at", "id")
    )


def _printed() -> Case:
    """Return whether an edition that could print a piece was issued after it was written."""
    later = Edition.objects.filter(report=OuterRef("report"), issued_at__gte=OuterRef("written_at"))
    return Case(
        When(entity__isnull=True, then=Exists(later.filter(entity__isnull=True))),
        default=Exists(later.filter(entity=OuterRef("entity"))),
        output_field=BooleanField(),
    )


def _state(row: Commentary) -> tuple[str, bool]:
    withdrawal = getattr(row, "withdrawal", None)
    if withdrawal is not None:
        return f"Withdrawn by {withdrawal.author}", False
    if row.once:
        printed = row.printed  # type: ignore[attr-defined]  # `written` says it of each row
        return ("Printed", False) if printed else ("In the next edition", True)
    if row.until_on is not None:
        return f"In every edition up to {row.until_on:%-d %b %Y}", True
    return "In every edition until it is withdrawn", True


def _prose(row: Commentary) -> Prose:
    on = row.written_at.astimezone(clock.zone())
    return Prose(prose.read(row.body), by=f"{row.author}, {on:%-d %b %Y}")


def _record(verb: str, row: Commentary, by: Person, at: dt.datetime) -> None:
    audit.record(
        action=f"reports:commentary:{verb}",
        subject=row,
        at=at,
        by=by,
        entity=row.entity.slug if row.entity is not None else "",
        data={"report": row.report.slug, "anchor": row.anchor},
    )
