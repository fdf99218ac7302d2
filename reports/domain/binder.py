"""Binders: the newest editions of all reports of one date, with an index, as one PDF and one workbook.

Issuing one freezes which editions it holds and why the others are missing. Its files are made when somebody first asks
for them, from those editions alone, and are the same bytes from then on.
"""

import datetime as dt
import enum
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from core import audit, clock
from portfolio.render import sheets
from reports.document import Document, load
from reports.domain import queries
from reports.models import Binder, BinderEdition, BinderFile, Edition, FileKind, Report, Run, RunState
from reports.render import binder as render
from reports.render.frame_parts import day

WHOLE = "The whole portfolio"


class BinderError(ValueError):
    """A binder that cannot be issued, with a sentence that says why and what to do."""


class Form(enum.StrEnum):
    """The forms a binder is had in, as their files end."""

    PDF = "pdf"
    XLSX = "xlsx"


MEDIA_TYPES = {Form.PDF: "application/pdf", Form.XLSX: sheets.MEDIA_TYPE}


@dataclass(frozen=True, slots=True)
class Line:
    """An edition's line in the index: its place, and what it is to readers of the binder before."""

    position: int
    edition: Edition
    about: str
    news: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a binder holds, what it lacks with the reasons, and what the binder before held that it does not."""

    lines: tuple[Line, ...]
    absent: tuple[tuple[str, str], ...]
    gone: tuple[str, ...]
    before: Binder | None


def url(*, number: int) -> str:
    """Return the absolute address of a binder's page, ending in a slash."""
    return f"{settings.BASE_URL.rstrip('/')}/reports/binders/{number}/"


def binders() -> QuerySet[Binder]:
    """Return every binder, newest first."""
    return Binder.objects.select_related("by").order_by("-number")


def newest_number() -> int:
    """Return the number of the newest binder, 0 where there is none."""
    return Binder.objects.aggregate(last=Max("number"))["last"] or 0


def newest_date() -> dt.date | None:
    """Return the latest date at which an edition stands, None where there is no edition."""
    return Edition.objects.order_by().aggregate(last=Max("as_of"))["last"]


def issue(
    *, as_of: dt.date, by: AbstractBaseUser | None, at: dt.datetime, after: int | None = None
) -> Binder:
    """Put the newest edition of each report as of a date into a binder of the next number.

    Of a report's editions as of that date, one about the whole portfolio goes before one about an entity. ``after`` is the
    newest binder that whoever asks has seen: where there is a newer one by now, theirs is refused.

    Raises:
        BinderError: no report has an edition as of that date, or another binder was issued meanwhile.
    """
    chosen, absent = _standing(as_of)
    if not chosen:
        raise BinderError(
            f"No report has an edition as of {day(as_of)}; run the reports as of that date first, or choose another."
        )
    last = newest_number()
    if after is not None and after != last:
        raise BinderError(
            f"Binder {last} was issued meanwhile; look at it, and issue another if it is not what you want."
        )
    try:
        with transaction.atomic():
            binder = Binder.objects.create(
                number=last + 1,
                as_of=as_of,
                issued_at=at,
                by_id=by.pk if by is not None else None,
                absent=absent,
            )
            BinderEdition.objects.bulk_create(
                BinderEdition(binder=binder, edition=edition, position=position)
                for position, edition in enumerate(chosen, 1)
            )
            audit.record(
                action="reports:binder:issue",
                subject=binder,
                at=at,
                by=by,
                data={
                    "number": binder.number,
                    "as_of": as_of.isoformat(),
                    "editions": {edition.report.slug: edition.number for edition in chosen},
                    "absent": [title for title, _ in absent],
                },
            )
    except IntegrityError as error:
        raise BinderError(
            f"Binder {last + 1} was issued at the same moment; look at it, and issue another if it is not what you want."
        ) from error
    return binder


def _standing(as_of: dt.date) -> tuple[list[Edition], list[tuple[str, str]]]:
    """Return the edition of each report that a binder of a date holds, and for the other reports why there is none."""
    reports = list(queries.reports())
    newest: dict[int, Edition] = {}
    rows = Edition.objects.filter(as_of=as_of, report__in=reports).select_related("report").defer("document")
    for edition in sorted(rows, key=lambda row: (row.entity_id is not None, -row.number)):
        newest.setdefault(edition.report_id, edition)
    chosen = [newest[report.pk] for report in reports if report.pk in newest]
    return chosen, [(report.title, _why_not(report, as_of)) for report in reports if report.pk not in newest]


def _why_not(report: Report, as_of: dt.date) -> str:
    run = Run.objects.filter(report=report, as_of=as_of, dry_run=False).order_by("-queued_at", "-id").first()
    if run is not None and run.state == RunState.HELD:
        return f"Its edition as of {day(as_of)} is held until somebody approves it."
    if run is not None and run.state in (RunState.QUEUED, RunState.RUNNING):
        return f"Its edition as of {day(as_of)} was being worked out."
    if run is not None and run.state == RunState.FAILED:
        return f"Its run as of {day(as_of)} failed. {run.error}".strip()
    newest = Edition.objects.filter(report=report).defer("document").order_by("-as_of", "-number").first()
    if newest is None:
        return "It was never issued."
    return f"It was not issued as of {day(as_of)}; its newest edition, No. {newest.number}, stands at {day(newest.as_of)}."


def index(*, binder: Binder) -> Index:
    """Return what a binder holds beside the one before it. Three queries."""
    before = Binder.objects.filter(number__lt=binder.number).order_by("-number").first()
    held = _held(binder)
    earlier = {edition.report_id: edition for edition in _held(before)} if before is not None else {}
    lines = tuple(
        Line(
            position,
            edition,
            edition.entity.name if edition.entity is not None else WHOLE,
            _news(edition, earlier.get(edition.report_id)),
        )
        for position, edition in enumerate(held, 1)
    )
    here = {edition.report_id for edition in held}
    gone = tuple(
        f"{edition.report.title}, edition {edition.number}"
        for report_id, edition in earlier.items()
        if report_id not in here
    )
    return Index(lines, tuple((title, why) for title, why in binder.absent), gone, before)


def _held(binder: Binder) -> list[Edition]:
    rows = BinderEdition.objects.filter(binder=binder).select_related("edition__report", "edition__entity")
    return [row.edition for row in rows.defer("edition__document").order_by("position")]


def _news(edition: Edition, earlier: Edition | None) -> str:
    if earlier is None:
        return "new in the binder"
    return "the same edition" if earlier.pk == edition.pk else f"in place of edition {earlier.number}"


def file(*, binder: Binder, form: Form) -> BinderFile:
    """Return a form of a binder as it is kept; one that nobody asked for yet is made and kept now.

    Raises:
        BinderPdfError: the pages could not be set.
    """
    name = f"binder-{binder.number}.{form}"
    kept = BinderFile.objects.filter(binder=binder, name=name).first()
    if kept is not None:
        return kept
    make = {Form.PDF: render.as_pdf, Form.XLSX: render.as_xlsx}[form]
    content = make(_whole(binder, charts=form is Form.PDF))
    try:
        with transaction.atomic():
            return BinderFile.objects.create(
                binder=binder,
                name=name,
                media_type=MEDIA_TYPES[form],
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
    except IntegrityError:
        # Somebody else asked at the same moment and was quicker; theirs is the one.
        return BinderFile.objects.get(binder=binder, name=name)


def _whole(binder: Binder, *, charts: bool) -> render.Binder:
    """Return everything a binder says, with the documents of its editions."""
    found = index(binder=binder)
    ids = [line.edition.pk for line in found.lines]
    editions = Edition.objects.in_bulk(ids)
    drawn: dict[int, dict[str, bytes]] = {pk: {} for pk in ids}
    if charts:
        for pk in ids:
            files = editions[pk].files.filter(kind=FileKind.CHART_SVG).exclude(name__endswith=".dark.svg")
            drawn[pk] = {file.name.removesuffix(".svg"): bytes(file.content) for file in files}
    issued = timezone.localtime(binder.issued_at, clock.zone())
    return render.Binder(
        number=binder.number,
        as_of=binder.as_of,
        issued_at=binder.issued_at,
        issued=f"{day(issued.date())}, {issued:%H:%M %Z}",
        url=url(number=binder.number),
        bound=[
            render.Bound(
                load(Document, editions[line.edition.pk].document),
                drawn[line.edition.pk],
                line.about,
                line.news,
            )
            for line in found.lines
        ],
        absent=found.absent,
        gone=found.gone,
        since=f"binder {found.before.number}, as of {day(found.before.as_of)}" if found.before else "",
    )
