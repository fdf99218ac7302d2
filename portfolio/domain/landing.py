"""What every landing of a file shares: its row, its lines, and lines landing once.

A file lands whole or not at all, in one transaction. A line is known by its external id: the same id with the same
body adds nothing, with another body it refuses the file. What lines mean is decided next door, in
`portfolio.domain.intake` (money) and `portfolio.domain.exports` (records).
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import InitVar, dataclass, field

from django.contrib.auth.models import AbstractBaseUser

from core import audit, months
from portfolio.domain import ledger, periods
from portfolio.formats.errors import FormatError
from portfolio.models import (
    Entity,
    EntryChain,
    ImportedLine,
    ImportFile,
    ImportKind,
)

# Stays below the number of parameters that any SQLite in use accepts.
_LOOKUP = 900
# The field by which a line of each kind of file is known again; a bank's CSV has none.
_KNOWN_BY = {
    ImportKind.OFX: "FITID",
    ImportKind.STRIPE: "id",
    ImportKind.JOURNAL: "id",
    ImportKind.BOOKINGS: "reference",
    ImportKind.STAYS: "reference",
    ImportKind.INVOICES: "number",
    ImportKind.OPENING: "account",
    ImportKind.OPEN_ITEMS: "number",
}


@dataclass(frozen=True, slots=True)
class LandedFile:
    """What one file brought: lines read, of which new.

    Of the new ones ``matched`` were in the books already, ``repeated`` had been told by a file of another kind,
    ``waiting`` may be in the books and wait for a person, and ``uncategorised`` found no account. ``opened`` are of days
    before the opening balances, which hold their money.
    """

    file: ImportFile
    read: int
    new: int
    matched: int = 0
    uncategorised: int = 0
    repeated: int = 0
    waiting: int = 0
    opened: int = 0

    @property
    def known(self) -> int:
        """Return how many lines had landed before."""
        return self.read - self.new

    @property
    def posted(self) -> int:
        """Return how many lines became entries of their own, or records where the file brings no money."""
        return self.new - self.matched - self.repeated - self.waiting - self.opened

    @property
    def told(self) -> str:
        """Return what became of the lines, each counted once, as sentences."""
        parts = [
            f"{count:,} {words}"
            for count, words in (
                (self.known, "landed before"),
                (
                    self.posted,
                    "posted as new"
                    + (f" ({self.uncategorised:,} without a category)" if self.uncategorised else ""),
                ),
                (self.matched, "in the books already"),
                (self.repeated, "told by another file before"),
                (self.waiting, "waiting for a decision"),
                (self.opened, "of before the opening balances, which hold them"),
            )
            if count
        ]
        return f"Of {self.read:,} line{'' if self.read == 1 else 's'}: {', '.join(parts) or 'none'}."


@dataclass(slots=True)
class NewLine:
    """One line of a file on its way in; ``entry_id`` comes when its entry is posted or found.

    ``body`` is what makes two lines of one id the same; only its hash is kept.
    """

    line: int
    external_id: str
    on: dt.date
    amount_minor: int
    description: str
    body: InitVar[tuple[object, ...]]
    payout_id: str = ""
    booking_id: int | None = None
    entry_id: int | None = None
    account_id: int | None = None
    reference: str = ""
    waits: bool = False
    same_as_id: int | None = None
    matched_at: dt.datetime | None = None
    body_hash: str = field(init=False)

    def __post_init__(self, body: tuple[object, ...]) -> None:
        """Hash what makes two lines of one id the same."""
        self.body_hash = hashlib.sha256(repr(body).encode("utf-8", "surrogatepass")).hexdigest()


def lock(*entities: Entity) -> None:
    """Let one file at a time land for an entity; seals of other work go on meanwhile.

    First the entities, in the order of their ids, then the bookings (`portfolio.domain.held.lock`), then the chain, which
    posting holds: who locks in this order never waits for somebody who waits for them.
    """
    ids = [entity.pk for entity in entities]
    list(Entity.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


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
                    column=_KNOWN_BY.get(kind),
                    reason=f"{line.external_id} stands already on line {here[line.external_id]}",
                    fix="keep one of the two",
                )
            here[line.external_id] = line.line
            fresh.append(position)
        elif body_hash != line.body_hash:
            raise FormatError(
                file=name,
                line=line.line,
                column=_KNOWN_BY.get(kind),
                reason=f"{line.external_id} landed before and said something else",
                fix="a landed line never changes; correct it in the books and leave this line out",
            )
    return fresh


def opening_day(*, entity: Entity) -> dt.date | None:
    """Return the day of the opening balances that stand in an entity's books, None where there are none; one query."""
    return EntryChain.objects.filter(entity=entity).values_list("opened_on", flat=True).first()


def refuse_early(*, entity: Entity, lines: Iterable[NewLine], name: str, column: str) -> None:
    """Refuse lines of days before the opening balances, which hold their money, by file, line and column of their day."""
    opened = opening_day(entity=entity)
    early = next((line for line in lines if opened is not None and line.on < opened), None)
    if early is not None and opened is not None:
        raise FormatError(
            file=name,
            line=early.line,
            column=column,
            reason=f"it is of {months.spelled(early.on)}, and the books begin with the opening balances of "
            f"{months.spelled(opened)}, which hold its money already",
            fix="leave the lines before that day out, or check that it is the right file",
        )


def refuse_closed(*, entity: Entity, lines: Iterable[NewLine], name: str, column: str) -> None:
    """Refuse lines of months whose books are closed, by file, line and the column of their day."""
    closed = periods.closed_months(entity=entity)
    for line in lines:
        month = months.month_of(line.on)
        if month in closed:
            raise FormatError(
                file=name,
                line=line.line,
                column=column,
                reason=f"the books of {entity.name} are closed for {periods.named(closed=closed, asked=[month])}",
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
        column = "amount" if isinstance(error, ledger.UnbalancedEntryError) else None
        raise FormatError(
            file=name, line=lines[0].line, column=column, reason=reason, fix="nothing of this file was kept"
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
    file = open_file(entity=entity, kind=kind, name=name, data=data, by=by, at=at)
    add_lines(file=file, lines=lines)
    close_file(file=file, entity=entity, read=read, new=len(lines), covers_to=covers_to, by=by, at=at)
    return file


def open_file(
    *,
    entity: Entity | None,
    kind: ImportKind,
    name: str,
    data: bytes,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> ImportFile:
    """Write the row of a file whose lines follow; `close_file` says how many there were."""
    return ImportFile.objects.create(
        entity=entity,
        kind=kind,
        name=name[-200:],
        sha256=hashlib.sha256(data).hexdigest(),
        lines_read=0,
        lines_new=0,
        landed_at=at,
        by_id=by.pk if by is not None else None,
    )


def add_lines(*, file: ImportFile | None, lines: Iterable[tuple[Entity, NewLine]], kind: str = "") -> None:
    """Write new lines of a file, each with whose it is; ``kind`` is said where no file told of them."""
    ImportedLine.objects.bulk_create(
        (
            ImportedLine(
                entity_id=owner.pk,
                file=file,
                kind=file.kind if file is not None else kind,
                line=line.line,
                external_id=line.external_id,
                body_hash=line.body_hash,
                on=line.on,
                amount_minor=line.amount_minor,
                description=line.description[:250],
                entry_id=line.entry_id,
                booking_id=line.booking_id,
                payout_id=line.payout_id,
                account_id=line.account_id,
                reference=line.reference[:80],
                waits=line.waits,
                same_as_id=line.same_as_id,
                matched_at=line.matched_at,
            )
            for owner, line in lines
        ),
        batch_size=2000,
    )


def close_file(
    *,
    file: ImportFile,
    entity: Entity | None,
    read: int,
    new: int,
    covers_to: dt.date | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Say what a file brought, and write the audit event."""
    file.lines_read, file.lines_new, file.covers_to = read, new, covers_to
    ImportFile.objects.filter(pk=file.pk).update(lines_read=read, lines_new=new, covers_to=covers_to)
    audit.record(
        action="portfolio:file:land",
        subject=file,
        by=by,
        at=at,
        entity=entity.slug if entity is not None else "",
        data={"kind": str(file.kind), "read": read, "new": new, "sha256": file.sha256},
    )


def origin(name: str, line: int) -> str:
    """Return where an entry was read from, as it stands in the books."""
    return f"{name[-180:]} line {line}"
