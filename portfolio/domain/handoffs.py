"""Landing handoff notes: whole files into typed rows, each with its file and line.

`land` keeps the newest version of each entity's note. What a note says that no record says yet is adopted
next door in `portfolio.domain.adoption`; a record once made is never overwritten by a note, and where the
two disagree `queries.contradictions` says so.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain import adoption
from portfolio.domain.chart import open_chart
from portfolio.domain.technology.masking import mask_bytes
from portfolio.formats import handoff
from portfolio.formats.cells import Cell, CellKind
from portfolio.formats.errors import FormatError
from portfolio.formats.handoff import Handoff
from portfolio.models import Entity, EntityKind, HandoffFile, HandoffRow


@dataclass(frozen=True, slots=True)
class Landed:
    """What one reading brought: files read, of which new, and their rows."""

    files: int
    new: int
    rows: int


@transaction.atomic
def land(
    *, files: Iterable[tuple[str, bytes]], at: dt.datetime, by: AbstractBaseUser | None = None
) -> Landed:
    """Read notes, given as (name, bytes), and keep what they say; all of them or none.

    A version read before changes nothing. An entity that has no record yet is opened with its chart of
    accounts.

    Raises:
        FormatError: a note is broken, names a kind of business we do not know, or two notes name one entity.
    """
    # What looks like a secret is blanked before anything of the note is read, kept or shown.
    notes = [(note, data) for name, data in files for note in [handoff.parse(mask_bytes(data), name=name)]]
    first_of: dict[str, str] = {}
    for note, _ in notes:
        if note.kind not in EntityKind.values:
            raise FormatError(
                file=note.file,
                line=1,
                column="kind",
                reason=f"{note.kind!r} is not a kind of business we know",
                fix="use " + ", ".join(EntityKind.values),
            )
        if note.entity in first_of:
            raise FormatError(
                file=note.file,
                line=1,
                column="entity",
                reason=f"{note.entity} is the subject of {first_of[note.entity]} too",
                fix="keep one note for each entity",
            )
        first_of[note.entity] = note.file
    new = rows = 0
    for note, data in notes:
        count = _land_one(note, data, at=at, by=by)
        new, rows = new + (count is not None), rows + (count or 0)
    return Landed(len(notes), new, rows)


def _land_one(note: Handoff, data: bytes, *, at: dt.datetime, by: AbstractBaseUser | None) -> int | None:
    """Keep one note; return how many rows it brought, or None where this version was read before."""
    entity, opened = Entity.objects.get_or_create(
        slug=note.entity, defaults={"name": note.name, "kind": note.kind}
    )
    if opened:
        open_chart(entity=entity)
        audit.record(
            action="portfolio:entity:open",
            subject=entity,
            at=at,
            by=by,
            entity=entity.slug,
            data={"from": note.file},
        )
    digest = hashlib.sha256(data).hexdigest()
    newest = entity.handoff_files.filter(current=True).first()
    if entity.handoff_files.filter(sha256=digest).exists():
        return None
    current = newest is None or newest.updated_on <= note.updated_on
    if current:
        entity.handoff_files.filter(current=True).update(current=False)
    file = HandoffFile.objects.create(
        entity=entity, name=note.file, sha256=digest, updated_on=note.updated_on, read_at=at, current=current
    )
    rows = HandoffRow.objects.bulk_create([_row(file, row) for row in note.rows])
    audit.record(
        action="portfolio:handoff:read",
        subject=file,
        at=at,
        by=by,
        entity=entity.slug,
        data={"rows": len(rows)},
    )
    if current:
        adoption.adopt(entity=entity, note=note, at=at, by=by)
    return len(rows)


def _row(file: HandoffFile, row: handoff.HandoffRow) -> HandoffRow:
    value = row.value or Cell("", CellKind.EMPTY)
    return HandoffRow(
        file=file,
        line=row.line,
        section=row.section[:120],
        kind=row.kind.value,
        label=row.label[:250],
        text=row.raw,
        number=_number(value),
        unit=(value.unit or (row.per and f"per {row.per}"))[:30],
        amount_minor=value.minor,
        percent_bp=value.percent_bp,
        on=value.on or row.due_on or row.done_on,
        tracked=value.tracked,
        done=row.done,
        severity=row.severity,
        exposure=row.exposure,
        effort=row.effort,
        cells=row.cells_json(),
    )


def _number(value: Cell) -> Decimal | None:
    return None if value.number is None else value.number.quantize(Decimal("0.0001"))
