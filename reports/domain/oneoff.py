"""One-off reports, carried out by the process that asks, so that they need no worker. Each is a run like any other.

What a run does is `reports.domain.issue`; this queues it, does it, and for a dry run hands back what it made.
"""

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from portfolio.domain import queries as portfolio
from portfolio.models import Entity
from reports.document import Document
from reports.domain import catalogue, issue, late, queries, runs, variants
from reports.domain.forms import File, content_id
from reports.lenses import Family
from reports.models import EditionFile, FileKind, Report, Run, Trigger, Variant
from reports.render import json

# What ``all`` names; a report of another family is asked for by its own name.
FAMILIES = (Family.CORE, Family.DOMAIN)
ENDINGS = {
    ".html": FileKind.MAIL_HTML,
    ".txt": FileKind.TEXT,
    ".pdf": FileKind.PDF,
    ".xlsx": FileKind.XLSX,
    ".json": None,
}

CUTS = {FileKind.MAIL_HTML: FileKind.CUT_HTML, FileKind.TEXT: FileKind.CUT_TEXT}


class UnknownReportError(LookupError):
    """A word that is neither a report nor a family of reports, or a family without any."""


class UnknownEntityError(LookupError):
    """A slug that names no active entity."""


class UnknownVariantError(LookupError):
    """A slug that names no variant."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a dry run made, with its row."""

    run: Run
    document: Document
    files: tuple[File, ...]


def choose(words: Sequence[str], entity: Entity | None) -> list[Report]:
    """Return the reports that slugs and families name, in order and each once; a family's that can be about the entity.

    Raises:
        UnknownReportError: a word names nothing, or a family that has no such report.
    """
    rows = list(queries.reports())
    built = ", ".join(row.slug for row in rows)
    wanted: set[str] = set()
    for word in words:
        families = FAMILIES if word == "all" else (word,) if word in FAMILIES else ()
        named = {
            row.slug
            for row in rows
            if row.slug == word
            or (row.family in families and (entity is None or catalogue.fits(row, entity.kind)))
        }
        if families and not named:
            about = f" about {entity.name}" if entity is not None else ""
            raise UnknownReportError(
                f"{word} has no report{about}; the reports that can be sent are {built}."
            )
        if not named:
            raise UnknownReportError(
                f"{word!r} is not a report; name some of {built}, or core, domain or all."
            )
        wanted |= named
    return [row for row in rows if row.slug in wanted]


def entity_of(slug: str) -> Entity:
    """Return the active entity of a slug.

    Raises:
        UnknownEntityError: there is none.
    """
    found = Entity.objects.filter(slug=slug, active=True).first()
    if found is None:
        known = ", ".join(entity.slug for entity in portfolio.entities()) or "none yet"
        raise UnknownEntityError(f"{slug!r} is not an entity; the entities are {known}.")
    return found


def variant_of(slug: str) -> Variant:
    """Return the variant of a slug.

    Raises:
        UnknownVariantError: there is none.
    """
    found = variants.named(slug)
    if found is None:
        known = ", ".join(variant.slug for variant in variants.known())
        raise UnknownVariantError(f"{slug!r} is not a variant; there are {known}.")
    return found


def issue_now(
    *,
    report: Report,
    entity: Entity | None,
    as_of: dt.date,
    send_to: Sequence[str] | None,
    at: dt.datetime,
    hold: bool = False,
    variant: Variant | None = None,
) -> Run:
    """Issue a report in this process and return its run, settled or held unless a worker was quicker to take it."""
    return issue_many(
        reports=[report], entity=entity, as_of=as_of, send_to=send_to, at=at, hold=hold, variant=variant
    )[0]


def issue_many(
    *,
    reports: Sequence[Report],
    entity: Entity | None,
    as_of: dt.date,
    send_to: Sequence[str] | None,
    at: dt.datetime,
    hold: bool = False,
    variant: Variant | None = None,
) -> list[Run]:
    """Issue reports in this process as `issue_now` does, reading the records once for all; return their runs.

    With ``hold`` each edition waits for a person instead of going out. ``variant`` replaces each reader's own.
    """
    queued = [
        runs.queue(
            report=report,
            trigger=Trigger.COMMAND,
            as_of=as_of,
            at=at,
            entity=entity,
            send_to=send_to,
            hold=hold,
            variant=variant,
            here=True,
        )
        for report in reports
    ]
    return issue.carry_out_many(run_ids=[run.pk for run in queued], at=at)


def preview_now(*, report: Report, entity: Entity | None, as_of: dt.date, at: dt.datetime) -> Preview:
    """Build and render a report in this process and keep nothing but the row of the dry run.

    Raises:
        Exception: whatever stopped it, after the run was settled as failed.
    """
    queued = runs.queue(
        report=report,
        trigger=Trigger.COMMAND,
        as_of=as_of,
        at=at,
        entity=entity,
        send_to=[],
        dry_run=True,
        here=True,
    )
    run = runs.claim(run_id=queued.pk, at=at)
    if run is None:
        raise runs.RunLostError(f"Run {queued.pk} was taken up by a worker; look at it in the portal.")
    try:
        document, files = issue.preview(report=report, entity=entity, as_of=as_of)
    except Exception as error:
        runs.fail(run=run, at=at, error=f"{report.title} could not be built: {error or type(error).__name__}")
        raise
    runs.finish(run=run, at=at)
    return Preview(run, document, files)


def as_file(
    *,
    document: Document,
    files: Sequence[File | EditionFile],
    ending: str,
    variant: Variant | None = None,
) -> bytes:
    """Return an edition in the form that a file's ending asks for; HTML holds its charts in itself.

    A workbook is among the files once it was asked for (`reports.domain.late`). ``variant`` cuts HTML and text; the other
    forms are always the whole.
    """
    kind = ENDINGS[ending]
    if kind is None:
        return json.render(document)
    if variant is not None and kind in CUTS and not variants.is_whole(variant):
        files, kind = [*files, *variants.render(document, variant, stem="cut")], CUTS[kind]
    content = [bytes(file.content) for file in files if file.kind == kind][-1]
    if ending != ".html":
        return content
    html = content.decode()
    for file in late.images(files=files, html=html):
        address = f"cid:{content_id(file.name.removesuffix('.png'))}"
        data = base64.b64encode(bytes(file.content)).decode()
        html = html.replace(f'"{address}"', f'"data:image/png;base64,{data}"')
    return html.encode()
