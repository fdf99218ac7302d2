"""Forms of an edition that are made when somebody first asks for them, from what it was issued with.

Images for mail and workbooks are kept once made, and are those bytes from then on; however many ask at once, one is
kept and all get it. A chart by night is the day's drawing in other colours, and is not kept.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from portfolio.render import sheets
from reports.document import Document, load
from reports.domain import queries, variants
from reports.domain.forms import File, content_id
from reports.models import Edition, EditionFile, FileKind, Variant
from reports.render import charts, xlsx

_NIGHT = ".dark"


class NoMailError(LookupError):
    """An edition that was issued without the forms a mail is made of."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An edition's words for a mail."""

    text: str
    html: str


def letter(
    *, edition_id: int, files: Sequence[EditionFile], variant: Variant | None, keep: bool = True
) -> Letter:
    """Return an edition as a variant shows it, from its files: as kept, or made now and, with ``keep``, kept.

    Raises:
        NoMailError: the edition has no mail.
    """
    kept = {file.kind: file for file in files if file.kind in (FileKind.MAIL_HTML, FileKind.TEXT)}
    if len(kept) < 2:
        raise NoMailError(f"Edition {edition_id} has no mail to send.")
    html: File | EditionFile = kept[FileKind.MAIL_HTML]
    words: File | EditionFile = kept[FileKind.TEXT]
    if variant is not None and not variants.is_whole(variant):
        stem = html.name.removesuffix(".html")
        named = {file.name: file for file in files}
        names = [variants.file_name(stem, variant, ending) for ending in ("html", "txt")]
        if all(name in named for name in names):
            html, words = (named[name] for name in names)
        else:
            html, words = _cut(edition_id, variant, stem=stem, keep=keep)
    return Letter(text=bytes(words.content).decode(), html=bytes(html.content).decode())


def _cut(
    edition_id: int, variant: Variant, *, stem: str, keep: bool
) -> tuple[File | EditionFile, File | EditionFile]:
    document = load(Document, Edition.objects.values_list("document", flat=True).get(pk=edition_id))
    html, words = variants.render(document, variant, stem=stem)
    return (_kept(edition_id, html), _kept(edition_id, words)) if keep else (html, words)


def file(*, edition: Edition, kind: FileKind) -> EditionFile | None:
    """Return a form of an edition as it is kept; a workbook that nobody asked for yet is made and kept now.

    None where the edition was issued without that form.
    """
    kept = queries.file_of(edition=edition, kind=kind)
    if kept is not None or kind != FileKind.XLSX:
        return kept
    return _kept(edition.pk, workbook(document=load(Document, edition.document), at=edition.issued_at))


def workbook(*, document: Document, at: dt.datetime) -> File:
    """Return a document as a workbook, dated by when it is issued."""
    name = f"{document.head.report}-{document.number}.xlsx"
    return File(FileKind.XLSX, name, sheets.MEDIA_TYPE, xlsx.render(document, at=at))


def drawing(*, edition: Edition, name: str) -> bytes | None:
    """Return a chart of an edition as SVG, or None where it has no such chart; by night where the name ends in .dark."""
    by_day = name.removesuffix(_NIGHT)
    # Older editions were drawn twice, and keep their drawings by night.
    rows = EditionFile.objects.filter(
        edition=edition, kind=FileKind.CHART_SVG, name__in={f"{name}.svg", f"{by_day}.svg"}
    )
    kept = {row.name: bytes(row.content) for row in rows}
    if f"{name}.svg" in kept or not kept:
        return kept.get(f"{name}.svg")
    return charts.night(kept[f"{by_day}.svg"])


def images(*, files: Iterable[File | EditionFile], html: str) -> list[File | EditionFile]:
    """Return the charts that a mail shows as PNG files: those kept, and the others drawn."""
    files = list(files)
    kept = {file.name: file for file in files if file.kind == FileKind.CHART_PNG}
    found: list[File | EditionFile] = []
    for file in files:
        chart = file.name.removesuffix(".svg")
        if file.kind == FileKind.CHART_SVG and f'"cid:{content_id(chart)}"' in html:
            name = f"{chart}.png"
            found.append(
                kept.get(name) or File(FileKind.CHART_PNG, name, "image/png", charts.png(bytes(file.content)))
            )
    return found


def mail_images(*, files: Sequence[EditionFile], html: str) -> list[EditionFile]:
    """Return the charts that an edition's mail shows as PNG files, and keep those that were not yet made."""
    return [
        file if isinstance(file, EditionFile) else _kept(files[0].edition_id, file)
        for file in images(files=files, html=html)
    ]


def _kept(edition_id: int, file: File) -> EditionFile:
    try:
        with transaction.atomic():
            return EditionFile.objects.create(
                edition_id=edition_id,
                kind=file.kind,
                name=file.name,
                media_type=file.media_type,
                content=file.content,
                sha256=hashlib.sha256(file.content).hexdigest(),
            )
    except IntegrityError:
        # Another sender was quicker; its drawing is the one.
        return EditionFile.objects.get(edition_id=edition_id, kind=file.kind, name=file.name)
