"""The parts of every edition in their order, and what stands in those that no lens wrote: actions, changes, definitions.

Nothing here knows how a figure is printed: parts are made of the document's own blocks, and `frame` writes them.
"""

import datetime as dt
import enum
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby

from reports.document import (
    ActionLine,
    Align,
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    FindingLine,
    Line,
    Note,
    Para,
    Passage,
    Prose,
    Row,
    Stands,
    Table,
    Tone,
)
from reports.render.words import STATE_WORDS, STATUS_WORDS, action_state, action_tone, count

_AGENDA = ("overdue", "open", "later", "done")

# How many open actions the part "Actions first" shows; the agenda at the end shows every one.
OPEN_SHOWN = 5


class Kind(enum.StrEnum):
    """What a part is, for renderers that give some parts a look of their own."""

    ACTIONS = "actions"
    HEADLINE = "headline"
    CHANGES = "changes"
    KPIS = "kpis"
    SECTION = "section"
    FINDINGS = "findings"
    DECISIONS = "decisions"
    AGENDA = "agenda"
    DEFINITIONS = "definitions"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Said(Cell):
    """A run of words of a commentary, set as its author asked; ``href`` makes a link of it."""

    strong: bool = False
    emphasis: bool = False
    code: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A short list under a heading of its own, such as the findings cleared since the edition before."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One titled part of an edition: its blocks, then its groups.

    Tiles and findings are no blocks: see `Frame.tiles` and `Frame.findings`.
    """

    kind: Kind
    anchor: str
    title: str
    blocks: tuple[Block, ...] = ()
    lead: str = ""
    groups: tuple[Group, ...] = ()


def day(date: dt.date) -> str:
    """Return a date as people write it: ``10 Nov 2026``."""
    return f"{date.day} {date:%b} {date.year}"


def parts(document: Document) -> tuple[Part, ...]:
    """Return every part after the head, in the order of every edition; of a variant those it shows, and what else there is.

    No part of an edition is ever left out.
    """
    whole = _parts(document)
    if not document.parts:
        return whole
    shown = tuple(part for part in whole if part.kind in document.parts)
    return (*shown, _rest(document, [part for part in whole if part.kind not in document.parts]))


def is_said(line: Line) -> bool:
    """Tell whether a line is of a commentary."""
    return bool(line) and isinstance(line[0], Said)


def _rest(document: Document, left: list[Part]) -> Part:
    named = ", ".join(part.title for part in left)
    return Part(
        Kind.REST,
        "edition-rest",
        "In the whole edition",
        (Para((Cell("See "), Said("the whole edition", href=document.url), Cell(f" for: {named}."))),),
    )


def _parts(document: Document) -> tuple[Part, ...]:
    return (
        _actions_first(document),
        Part(
            Kind.HEADLINE,
            "edition-headline",
            "Headline",
            (
                *((Bullets(document.headline),) if document.headline else ()),
                *said(document.commentary),
            )
            or (_nothing("No headline was written for this edition."),),
        ),
        _changes(document),
        Part(
            Kind.KPIS,
            "edition-kpis",
            "Key figures",
            () if document.kpis else (_nothing("This report has no key figures."),),
        ),
        *(
            Part(
                Kind.SECTION,
                section.anchor,
                section.title,
                (
                    *(section.blocks or (_nothing("There is no record to show here."),)),
                    *said(section.commentary),
                ),
                section.lead,
            )
            for section in document.sections
        ),
        Part(
            Kind.FINDINGS,
            "edition-findings",
            "Findings",
            ()
            if document.findings
            else (_nothing("No findings: every rule of this report came out clean."),),
            _findings_lead(document),
        ),
        Part(
            Kind.DECISIONS,
            "edition-decisions",
            "Decisions asked of you",
            (Bullets(document.decisions, ordered=True),)
            if document.decisions
            else (_nothing("No decision is asked of you in this edition."),),
        ),
        Part(Kind.AGENDA, "edition-agenda", "Agenda", (_agenda(document),)),
        Part(Kind.DEFINITIONS, "edition-definitions", "Formulas and definitions", (_definitions(document),)),
    )


def findings(document: Document) -> tuple[FindingLine, ...]:
    """Return the findings as they count: one that is muted is neither new nor open."""
    return tuple(
        replace(finding, status="muted") if finding.muted_until and finding.status != "cleared" else finding
        for finding in document.findings
    )


def _findings_lead(document: Document) -> str:
    tally = Counter(finding.status for finding in findings(document))
    words = [f"{tally[status]} {STATUS_WORDS[status].lower()}" for status in STATUS_WORDS if tally[status]]
    return ", ".join(words) + "." if words else ""


def first_actions(document: Document) -> tuple[ActionLine, ...]:
    """Return the actions a reader sees first: overdue, the next few open ones, those newly done."""
    by_state = _actions_by_state(document)
    return (*by_state["overdue"], *by_state["open"][:OPEN_SHOWN], *by_state["done"])


def _actions_by_state(document: Document) -> dict[str, list[ActionLine]]:
    by_state: dict[str, list[ActionLine]] = {state: [] for state in STATE_WORDS}
    for action in document.actions:
        by_state[action.state].append(action)
    return by_state


def _actions_first(document: Document) -> Part:
    by_state, shown = _actions_by_state(document), first_actions(document)
    tally = [
        f"{len(by_state[state])} {word.lower()}" for state, word in STATE_WORDS.items() if by_state[state]
    ]
    left = len(document.actions) - len(shown)
    where = "below" if not document.parts or Kind.AGENDA in document.parts else "of the whole edition"
    rest = f" {count(left, 'more action')} in the agenda {where}." if left else ""
    return Part(
        Kind.ACTIONS,
        "edition-actions",
        "Actions first",
        (
            Table(
                "Overdue, open next, and done since the edition before",
                (Column("Action"), Column("Owner"), Column("Due"), Column("State")),
                tuple(Row(_action_cells(action)) for action in shown),
                empty="No action is open, overdue or newly done.",
            ),
        ),
        f"{', '.join(tally).capitalize()}.{rest}" if tally else "",
    )


def _agenda(document: Document) -> Table:
    return Table(
        "What, by whom, by when, and from which finding",
        (Column("Action"), Column("Owner"), Column("Due"), Column("State"), Column("From finding")),
        tuple(
            Row((*_action_cells(action), Cell(action.finding or "by a person")))
            for action in sorted(document.actions, key=lambda a: (_AGENDA.index(a.state), a.due_on, a.title))
        ),
        empty="There is no action on the agenda.",
    )


def _changes(document: Document) -> Part:
    changes = document.changes
    blocks: list[Block] = []
    if changes.figures:
        blocks.append(
            Table(
                "Figures that moved",
                (Column("Figure"), Column("Before", Align.RIGHT), Column("Now", Align.RIGHT)),
                tuple(Row((Cell(c.label), Cell(c.before), _toned(c.after, c.tone))) for c in changes.figures),
            )
        )
    if changes.restatements:
        blocks.append(
            Table(
                "Restated: printed before, and what the records say now",
                (
                    Column("Figure"),
                    Column("Period"),
                    Column("Printed", Align.RIGHT),
                    Column("Now", Align.RIGHT),
                ),
                tuple(
                    Row((Cell(r.label), Cell(r.period), Cell(r.printed), Cell(r.now)))
                    for r in changes.restatements
                ),
            )
        )
    groups = tuple(
        Group(title, lines)
        for title, lines in (
            ("New findings", changes.findings_new),
            ("Cleared findings", changes.findings_cleared),
            ("Actions done", changes.actions_done),
            ("Actions now overdue", changes.actions_overdue),
        )
        if lines
    )
    if not changes.since:
        blocks.insert(0, _nothing("This is the first edition: there is none before it to compare with."))
    elif not blocks and not groups:
        blocks.append(_nothing(f"Nothing changed since {changes.since}."))
    lead = f"Since {changes.since}." if changes.since else ""
    return Part(Kind.CHANGES, "edition-changes", "What changed", tuple(blocks), lead, groups)


def _definitions(document: Document) -> Table:
    return Table(
        "Each metric is defined once and means the same in every report",
        (Column("Metric"), Column("Formula"), Column("Unit"), Column("Source")),
        tuple(
            Row((Cell(d.name), Cell(d.formula), Cell(d.unit), Cell(d.source))) for d in document.definitions
        ),
        empty="This edition uses no metric.",
    )


def said(commentary: tuple[Prose, ...]) -> tuple[Block, ...]:
    """Return a commentary as paragraphs and lists of its words, each piece with who wrote it."""
    blocks: list[Block] = []
    for prose in commentary:
        for stands, passages in groupby(prose.passages, key=lambda passage: passage.stands):
            lines = tuple(
                tuple(
                    Said(
                        span.text, strong=span.strong, emphasis=span.emphasis, code=span.code, href=span.href
                    )
                    for span in passage.spans
                )
                for passage in passages
            )
            if stands is Stands.PARAGRAPH:
                blocks += map(Para, lines)
            else:
                blocks.append(Bullets(lines, ordered=stands is Stands.NUMBER))
        if prose.by:
            blocks.append(Note((Cell(prose.by),)))
    return tuple(blocks)


def written(commentary: tuple[Prose, ...]) -> list[str]:
    """Return a commentary passage by passage as plain text: its words, and behind a link's words its address."""
    return [_words(passage) for prose in commentary for passage in prose.passages]


def _action_cells(action: ActionLine) -> tuple[Cell, ...]:
    return (
        Cell(action.title),
        Cell(action.owner or "No owner yet", tone=Tone.PLAIN if action.owner else Tone.WARN),
        Cell(day(action.due_on)),
        Cell(action_state(action), tone=action_tone(action)),
    )


def _words(passage: Passage) -> str:
    return "".join(
        with_address("".join(span.text for span in spans), href)
        for href, spans in groupby(passage.spans, key=lambda span: span.href)
    )


def with_address(text: str, href: str) -> str:
    """Return a link's words with its address behind them, where they are not the address itself."""
    return f"{text} ({href})" if href and href != text else text


def _nothing(text: str) -> Note:
    return Note((Cell(text),))


def _toned(cell: Cell, tone: Tone) -> Cell:
    if cell.tone is not Tone.PLAIN or tone is Tone.PLAIN:
        return cell
    return replace(cell, tone=tone)
