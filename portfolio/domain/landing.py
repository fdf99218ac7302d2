"""What every landing of a file shares: its row, its lines, and lines landing once.

A file lands whole or not at all, in one transaction. A line is known by its external id: the same id with the same
body adds nothing, with another body it refuses the file. What lines mean is decided next door, in
`portfolio.domain.intake` (money) and `portfolio.domain.exports` (records).
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser

from core import audit, months
from portfolio.domain import ledger
from portfolio.formats.errors import FormatError
from portfolio.models import (
    Entity,
    ImportedLine,
    ImportFile,
    ImportKind,
    Period,
    PeriodState,
)

# Stays below the number of parameters that any SQLite in use accepts.
_LOOKUP = 900


@dataclass(frozen=True, slots=True)
class LandedFile:
    """What one file brought: lines read, of which new, of which matched with another file or uncategorised."""

    file: ImportFile
    read: int
    new: int
    matched: int = 0
    uncategorised: int = 0


@dataclass(slots=True)
class NewLine:
    """One line of a file on its way in; ``entry_id`` comes when its entry is posted."""

    line: int
    external_id: str
    on: dt.date
    amount_minor: int
    description: str
    body: tuple[object, ...]
    payout_id: str = ""
    booking_id: int | None = None
    entry_id: int | None = None
    body_hash: str = field(init=False)

    def __post_init__(self) -> None:
        """Hash what makes two lines of one id the same."""
        self.body_hash = hashlib.sha256(repr(self.body).encode("utf-8", "surrogatepass")).hexdigest()


def lock(entity: Entity) -> None:
    """Let one file at a time land for an entity; seals of other work go on meanwhile."""
    list(Entity.objects.select_for_update(no_key=True).filter(pk=entity.pk).values_list("pk"))


def entities_named(rows: Iterable[tuple[int, str]], *, name: str) -> dict[str, Entity]:
    """Return the entities that rows, given as (line, slug), name.

    Raises:
        FormatError: a slug names no entity.
    """
    known = {entity.slug: entity for entity in Entity.objects.all()}
    found = {}
    for line, slug in rows:
        if slug not in known:
            raise FormatError(
                file=name,
                line=line,
                column="entity",
                reason=f"{slug!r} is no entity of this portfolio",
                fix=f"use one of {', '.join(sorted(known)) or 'none yet'}",
            )
        found[slug] = known[slug]
    return found


def unseen(*, entity: Entity, kind: ImportKind, lines: Sequence[NewLine], name: str) -> list[int]:
    """Return the positions of the lines that have not landed before.

    Raises:
        FormatError: an external id landed with another body, or stands twice in the file.
    """
    landed: dict[str, str] = {}
    ids = [line.external_id for line in lines]
    for start in range(0, len(ids), _LOOKUP):
        landed.update(
            ImportedLine.objects.order_by()
            .filter(entity=entity, kind=kind, external_id__in=ids[start : start + _LOOKUP])
            .values_list("external_id", "body_hash")
        )
    fresh: list[int] = []
    here: dict[str, int] = {}
    for position, line in enumerate(lines):
        body_hash = landed.get(line.external_id)
        if body_hash is None:
            if line.external_id in here:
                raise FormatError(
                    file=name,
                    line=line.line,
                    column=None,
                    reason=f"{line.external_id} stands already on line {here[line.external_id]}",
                    fix="keep one of the two",
                )
            here[line.external_id] = line.line
            fresh.append(position)
        elif body_hash != line.body_hash:
            raise FormatError(
                file=name,
                line=line.line,
                column=None,
                reason=f"{line.external_id} landed before and said something else",
                fix="a landed line never changes; correct it in the books and leave this line out",
            )
    return fresh


def refuse_closed(*, entity: Entity, lines: Iterable[NewLine], name: str) -> None:
    """Refuse lines of months whose books are closed, by file and line."""
    closed = set(
        Period.objects.filter(entity=entity, state=PeriodState.CLOSED).values_list("month", flat=True)
    )
    for line in lines:
        if months.month_of(line.on) in closed:
            raise FormatError(
                file=name,
                line=line.line,
                column=None,
                reason=f"the books of {entity.slug} are closed for {months.label(months.month_of(line.on))}",
                fix="leave the lines of that month out",
            )


def post(
    *,
    entity: Entity,
    drafts: Sequence[ledger.Draft],
    lines: Sequence[NewLine],
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Post one entry for each line and note its id there.

    Raises:
        FormatError: the ledger refuses an entry; says which line of the file it came from where it can.
    """
    try:
        ids = ledger.post_many(entity=entity, drafts=drafts, by=by, at=at)
    except ledger.LedgerError as error:
        reason = str(error).rstrip(".")
        raise FormatError(
            file=name, line=lines[0].line, column=None, reason=reason, fix="nothing of this file was kept"
        ) from error
    for line, entry_id in zip(lines, ids, strict=True):
        line.entry_id = entry_id


def keep(
    *,
    entity: Entity | None,
    kind: ImportKind,
    name: str,
    data: bytes,
    lines: Collection[tuple[Entity, NewLine]],
    read: int,
    covers_to: dt.date | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> ImportFile:
    """Write the file's row, its new lines and the audit event; ``entity`` is None for a file of several."""
    file = ImportFile.objects.create(
        entity=entity,
        kind=kind,
        name=name[-200:],
        sha256=hashlib.sha256(data).hexdigest(),
        lines_read=read,
        lines_new=len(lines),
        covers_to=covers_to,
        landed_at=at,
        by_id=by.pk if by is not None else None,
    )
    ImportedLine.objects.bulk_create(
        (
            ImportedLine(
                entity_id=owner.pk,
                file_id=file.pk,
                kind=kind,
                line=line.line,
                external_id=line.external_id,
                body_hash=line.body_hash,
                on=line.on,
                amount_minor=line.amount_minor,
                description=line.description[:250],
                entry_id=line.entry_id,
                booking_id=line.booking_id,
                payout_id=line.payout_id,
            )
            for owner, line in lines
        ),
        batch_size=2000,
    )
    audit.record(
        action="portfolio:file:land",
        subject=file,
        by=by,
        at=at,
        entity=entity.slug if entity is not None else "",
        data={"kind": kind.value, "read": read, "new": len(lines), "sha256": file.sha256},
    )
    return file


def origin(name: str, line: int) -> str:
    """Return where an entry was read from, as it stands in the books."""
    return f"{name[-180:]} line {line}"
