"""The parts of a document, and the document itself: as a lens drafts it, and as an edition holds it."""

import datetime as dt
from dataclasses import dataclass, field

from reports.document.blocks import Cell, Chart, Line, Prose, Section
from reports.document.traces import Figure
from reports.document.values import Severity, Tone


@dataclass(frozen=True, slots=True)
class Kpi:
    """One of at most ten headline figures. ``prior``, ``change`` and ``target`` are figure keys or empty.

    ``better`` is ``more``, ``less`` or ``neither``: which way the reader would have it go.
    """

    figure: str
    prior: str = ""
    change: str = ""
    target: str = ""
    tone: Tone = Tone.PLAIN
    status: str = ""
    better: str = "neither"


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh one source is: the last date it covers, and whether that is too old for this report."""

    name: str
    fresh_to: dt.date | None
    stale: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What the report is, about whom, for when, and how much to trust it. ``lens`` worked it out."""

    report: str
    title: str
    reader: str
    entities: str
    period: str
    as_of: dt.date
    zone: str
    ledger: str
    sources: tuple[Source, ...]
    currency: str = "USD"
    sample: str = ""
    lens: str = ""


@dataclass(frozen=True, slots=True)
class BooksHead:
    """Where an entity's chain of entries had come to when the books were read: its last number and its hash there."""

    entity_id: int
    slug: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class FindingNote:
    """One finding as a lens sees it: its rule and subject are its identity over editions.

    ``about`` is what people call the subject: the entity's name, or the whole portfolio. One whose own record is set
    aside says until when, and why.
    """

    rule: str
    subject: str
    severity: Severity
    title: str
    evidence: Line
    action: str
    owner: str
    due_days: int
    about: str = ""
    muted_until: dt.date | None = None
    mute_reason: str = ""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as printed: its note, with its history. Until ``muted_until`` it stands aside from the others."""

    rule: str
    subject: str
    severity: Severity
    title: str
    evidence: Line
    status: str  # new, open or cleared
    first_seen_on: dt.date
    age_days: int
    about: str = ""  # the subject in words; empty in editions older than it
    muted_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action as printed: how many editions before this one had it open, and when it was escalated, if it was."""

    title: str
    owner: str
    due_on: dt.date
    state: str  # open, overdue, done or later
    finding: str = ""
    pk: int = 0
    carried: int = 0
    escalated_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved since the edition before; values as figure keys of this and formatted before."""

    label: str
    before: str
    after: Cell
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure an earlier edition printed and its records now give otherwise."""

    label: str
    period: str
    printed: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the edition before; ``since`` is empty in a first edition."""

    since: str = ""
    figures: tuple[Change, ...] = ()
    findings_new: tuple[str, ...] = ()
    findings_cleared: tuple[str, ...] = ()
    actions_done: tuple[str, ...] = ()
    actions_overdue: tuple[str, ...] = ()
    restatements: tuple[Restatement, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as defined in the registry."""

    metric: str
    name: str
    formula: str
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a lens returns: everything computed from records, nothing about earlier editions."""

    head: Head
    headline: tuple[Line, ...]
    kpis: tuple[Kpi, ...]
    sections: tuple[Section, ...]
    findings: tuple[FindingNote, ...]
    decisions: tuple[Line, ...]
    definitions: tuple[Definition, ...]
    figures: dict[str, Figure]
    books: tuple[BooksHead, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole edition, ready to render. ``url`` is its page; a figure's trace is ``url + figures/<key>/``.

    ``commentary`` is what staff wrote about the whole; it follows the headline. ``books`` is how far the books
    went that were read, and leaves this house with the edition's mail. ``parts`` are the kinds of part that a variant
    shows of it; an edition's own names none, and shows all.
    """

    head: Head
    number: int
    url: str
    headline: tuple[Line, ...]
    actions: tuple[ActionLine, ...]
    changes: Changes
    kpis: tuple[Kpi, ...]
    sections: tuple[Section, ...]
    findings: tuple[FindingLine, ...]
    decisions: tuple[Line, ...]
    definitions: tuple[Definition, ...]
    figures: dict[str, Figure] = field(default_factory=dict)
    commentary: tuple[Prose, ...] = ()
    books: tuple[BooksHead, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Return every chart, in order."""
        return tuple(
            block for section in self.sections for block in section.blocks if isinstance(block, Chart)
        )
