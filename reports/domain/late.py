"""Forms of an edition that are made when somebody first asks for them, from what it was issued with.

Images for mail are kept once made, and are those bytes from then on; however many mails ask at once, one drawing is
kept and all send it. A chart by night is the day's drawing in other colours, and is not kept.
"""

import hashlib
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction

from reports.domain.forms import File, content_id
from reports.models import Edition, EditionFile, FileKind
from reports.render import charts

_NIGHT = ".dark"


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
