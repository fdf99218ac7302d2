"""The rows a handoff note is made of: what a row is about, how it was written, and what it says.

The types and the words that tell them; `portfolio.formats.handoff` reads notes into them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from portfolio.formats.cells import Cell


class RowKind(StrEnum):
    """What a row of a note is about."""

    KPI = "kpi"
    BASELINE = "baseline"
    DEBT = "debt"
    ROLE = "role"
    EQUITY = "equity"
    ASSET = "asset"
    CHANNEL = "channel"
    DEPLOYMENT = "deployment"
    STAY = "stay"
    BLOCKED = "blocked"
    MAINTENANCE = "maintenance"
    JOB = "job"
    READINESS = "readiness"
    CLIENT = "client"
    FUNNEL = "funnel"
    ROADMAP = "roadmap"
    DECISION = "decision"
    NOTE = "note"
    OTHER = "other"


class Shape(StrEnum):
    """How a row was written."""

    TABLE = "table"
    BULLET = "bullet"
    TASK = "task"
    NUMBER = "number"
    FUNNEL = "funnel"
    TEXT = "text"


# What a heading begins with, and what the first header of a table is, tell what its rows are about.
HEADING_WORDS = (
    ("financial baseline", RowKind.BASELINE), ("baseline", RowKind.BASELINE),
    ("technical debt", RowKind.DEBT), ("debt", RowKind.DEBT), ("kpis", RowKind.KPI), ("kpi", RowKind.KPI),
    ("roles", RowKind.ROLE), ("equity", RowKind.EQUITY), ("assets", RowKind.ASSET), ("channels", RowKind.CHANNEL),
    ("deployments", RowKind.DEPLOYMENT), ("stays", RowKind.STAY), ("maintenance", RowKind.MAINTENANCE),
    ("queue", RowKind.JOB), ("jobs", RowKind.JOB), ("readiness", RowKind.READINESS),
    ("client portfolio", RowKind.CLIENT), ("clients", RowKind.CLIENT), ("funnel", RowKind.FUNNEL),
    ("roadmap", RowKind.ROADMAP), ("decisions", RowKind.DECISION), ("notes", RowKind.NOTE),
)  # fmt: skip
FIRST_HEADERS = {
    "kpi": RowKind.KPI, "role": RowKind.ROLE, "holder": RowKind.EQUITY, "asset": RowKind.ASSET,
    "channel": RowKind.CHANNEL, "when": RowKind.DEPLOYMENT, "check in": RowKind.STAY,
    "reported": RowKind.MAINTENANCE, "job": RowKind.JOB, "client": RowKind.CLIENT, "step": RowKind.FUNNEL,
}  # fmt: skip

SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class HandoffRow:
    """One statement of a note.

    ``section`` is the heading above it as written and ``subject`` what follows the heading's own word
    ("Readiness EYD-034" has the subject "EYD-034"). ``label`` is a table row's first cell, the words before
    a colon, a task without its marks, or a whole sentence. ``value`` is the one value of a KPI, a baseline,
    a share, a funnel step or a blocked period; ``per`` what a value recurs by ("month", "charter", "nm").
    ``cells`` holds a table row by header, or the qualifiers of a share. ``position`` counts from 1 within a
    funnel or is the written number of a numbered item.
    """

    file: str
    line: int
    last_line: int
    section: str
    subject: str
    kind: RowKind
    shape: Shape
    label: str
    raw: str
    value: Cell | None = None
    per: str = ""
    cells: Mapping[str, Cell] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    position: int | None = None
    done: bool | None = None
    severity: str = ""
    tags: tuple[str, ...] = ()
    effort: int | None = None
    due_on: dt.date | None = None
    done_on: dt.date | None = None

    def cell(self, header: str) -> Cell | None:
        """Return the cell under a header in any case of letters, brackets behind it ignored ("Hours (Oct)")."""
        wanted = header.casefold()
        for name, cell in self.cells.items():
            if wanted in (name.casefold(), name.casefold().split(" (")[0]):
                return cell
        return None

    @property
    def exposure(self) -> str:
        """Return "internet" where the writer tagged the row so, else nothing."""
        return "internet" if "internet" in self.tags else ""

    def cells_json(self) -> dict[str, dict[str, str | int | bool]]:
        """Return every cell by header as plain JSON values."""
        return {header: cell.as_json() for header, cell in self.cells.items()}
