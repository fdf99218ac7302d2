"""What handoff notes say, and where a record denies it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portfolio.models import HandoffRow


def note_rows(*, entity_ids: Collection[int], kinds: Collection[str]) -> tuple[HandoffRow, ...]:
    """Return the rows of some kinds in current handoff notes, with their files."""
    return tuple(
        HandoffRow.objects.filter(
            file__entity_id__in=entity_ids, file__current=True, kind__in=kinds
        ).select_related("file")
    )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement of a current note that a record denies."""

    entity_id: int
    where: str
    note_says: str
    record_says: str
    ref: str


@dataclass(frozen=True, slots=True)
class Held:
    """How a note's rows of one kind are held against the records they speak of.

    ``column`` is where the note states it; ``key`` gives the entity and the label by which a row finds its record,
    ``says`` the words with which the note's cell would begin if it agreed, in small letters.
    """

    column: str
    ref: str
    key: Callable[[Any], tuple[int, str]]
    says: Callable[[Any], str]


# By kind of row. Whoever brings another kind of record adds its line from a module of its own.
HELD: dict[str, Held] = {
    "equity": Held("Agreement", "stake", lambda row: (row.entity_id, row.holder), lambda row: row.agreement),
    "channel": Held(
        "Status",
        "channel",
        lambda row: (row.entity_id, row.name),
        lambda row: row.get_status_display().casefold(),
    ),
    "role": Held(
        "Handoff",
        "responsibility",
        lambda row: (row.entity_id, row.role),
        lambda row: row.get_handover_display().casefold(),
    ),
}


def contradictions(
    *, rows: Iterable[HandoffRow], records: Mapping[str, Iterable[Any]]
) -> tuple[Contradiction, ...]:
    """Return the statements of note rows that the records deny; ``records`` by the kind of row that speaks of them."""
    known = {
        kind: {HELD[kind].key(record): record for record in of_kind} for kind, of_kind in records.items()
    }
    found = []
    for row in rows:
        record = known.get(row.kind, {}).get((row.file.entity_id, row.label))
        if record is None:
            continue
        held = HELD[row.kind]
        said, says = row.cells.get(held.column, {}).get("text", ""), held.says(record)
        if said and not said.casefold().startswith(says):
            where = f"{row.file.name} line {row.line}"
            found.append(
                Contradiction(
                    row.file.entity_id, where, f"{row.label}: {said}", says, f"{held.ref}:{record.pk}"
                )
            )
    return tuple(found)
