"""The frame of every edition: its parts in their order, and the words that every form of it uses.

A renderer asks here what comes next and what it says, and only decides how that looks. `reports.figures`
writes numbers; this writes dates, badges, states and links. Nothing here reads the database or knows HTML.
"""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import quote, urlsplit

from reports.document import (
    ActionLine,
    Badge,
    Cell,
    Column,
    Document,
    Figure,
    FindingLine,
    Line,
    Row,
    Severity,
    Source,
    Table,
    Tone,
)
from reports.figures import write
from reports.render import frame_parts
from reports.render.frame_parts import Part, Said, day, with_address
from reports.render.words import (
    BADGE_MEANINGS,
    BADGE_WORDS,
    MARKS,
    books_read,
    one_line,
)

# More fresh sources than these are counted at the head of a mail and named at its end.
FEW_SOURCES = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell as printed. ``mark`` says how a figure is known where that differs from most of the edition.

    ``said`` words are of a commentary: ``strong``, ``emphasis`` and ``code`` say how they are set, ``href`` is their link.
    """

    text: str
    tone: Tone = Tone.PLAIN
    key: str = ""
    href: str = ""
    mark: str = ""
    badge: str = ""
    missing: bool = False
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    said: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A KPI as printed; ``prior``, ``change`` and ``target`` are None where the report has none."""

    label: str
    value: Piece
    badge: Badge
    prior: Piece | None
    change: Piece | None
    target: Piece | None
    tone: Tone
    status: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the head."""

    label: str
    text: str
    note: str = ""
    tone: Tone = Tone.PLAIN


# Each column's badge, and the rows' cells.
Grid = tuple[tuple[str, ...], tuple[tuple[Piece, ...], ...]]


class Frame:
    """A document with its words. ``base`` is the address links start from, by default the document's own."""

    def __init__(self, document: Document, *, base: str | None = None) -> None:
        """Find how most figures are known, so that only the others need a mark."""
        self.document = document
        self.base = document.url if base is None else base
        known = Counter(figure.badge for figure in document.figures.values() if figure.value is not None)
        self.usual: Badge | None = (
            max(known, key=lambda badge: (known[badge], badge.value)) if known else None
        )
        self.others = tuple(badge for badge in Badge if badge in known and badge is not self.usual)
        # Several forms are made of one frame, and each asks for the same tables, parts and addresses.
        self._parts: tuple[Part, ...] | None = None
        self._traces: dict[str, str] = {}
        # By the table's identity, with the table, so that no other one takes its place.
        self._grids: dict[int, tuple[Table, Grid]] = {}

    @staticmethod
    def path_of(document: Document) -> str:
        """Return the path of the edition's page: links that hold whichever name the site was opened by."""
        return urlsplit(document.url).path

    def trace(self, key: str) -> str:
        """Return the address of a figure's trace."""
        found = self._traces.get(key)
        if found is None:
            found = self._traces[key] = f"{self.base}figures/{quote(key, safe='/:@,=')}/"
        return found

    def figure(self, key: str) -> Figure:
        """Return a figure of this document by its key."""
        return self.document.figures[key]

    def piece(self, cell: Cell) -> Piece:
        """Return a cell as printed; a figure carries its trace."""
        if isinstance(cell, Said):
            return Piece(
                cell.text,
                href=cell.href,
                strong=cell.strong,
                emphasis=cell.emphasis,
                code=cell.code,
                said=True,
            )
        if not cell.figure:
            return Piece(cell.text, cell.tone)
        figure = self.figure(cell.figure)
        missing = figure.value is None
        marked = not missing and figure.badge is not self.usual
        return Piece(
            write(figure, cents=cell.cents, plus=cell.plus),
            Tone.MUTED if missing and cell.tone is Tone.PLAIN else cell.tone,
            cell.figure,
            self.trace(cell.figure),
            MARKS[figure.badge] if marked else "",
            BADGE_WORDS[figure.badge],
            missing,
        )

    def line(self, line: Line) -> tuple[Piece, ...]:
        """Return a line of cells as printed."""
        return tuple(self.piece(cell) for cell in line)

    def grid(self, table: Table) -> Grid:
        """Return each column's badge and the rows' cells as printed.

        Where every figure of a column carries the same mark, the column's head says it once, as a word, and
        the cells are left without; other columns have an empty badge.
        """
        if id(table) not in self._grids:
            self._grids[id(table)] = table, self._grid(table)
        return self._grids[id(table)][1]

    def _grid(self, table: Table) -> Grid:
        rows = [tuple(self.piece(cell) for cell in row.cells) for row in table.rows]
        badges = []
        for at in range(len(table.columns)):
            found = [row[at] for row in rows if at < len(row) and row[at].key and not row[at].missing]
            shared = len(found) > 1 and found[0].mark and len({piece.mark for piece in found}) == 1
            badges.append(found[0].badge if shared else "")
        if not any(badges):
            return tuple(badges), tuple(rows)
        return tuple(badges), tuple(
            tuple(
                replace(piece, mark="") if at < len(badges) and badges[at] else piece
                for at, piece in enumerate(row)
            )
            for row in rows
        )

    def plain(self, line: Line) -> str:
        """Return a line as one string, marks included, and the address behind the words of a commentary's link."""
        return "".join(
            with_address("".join(f"{p.text} {p.mark}" if p.mark else p.text for p in run), href)
            for href, run in groupby(self.line(line), key=lambda p: p.href if p.said else "")
        )

    @property
    def title(self) -> str:
        """Return the edition's title with its number, for document titles."""
        head = self.document.head
        return one_line(f"{head.title}, edition {self.document.number}")

    def facts(self) -> tuple[Fact, ...]:
        """Return what the head says: for whom, about whom, when, which edition, and the books' state."""
        head = self.document.head
        since = self.document.changes.since
        return (
            Fact("Entities", head.entities),
            Fact("Period", head.period),
            Fact("As of", day(head.as_of), head.zone.replace("_", " ")),
            Fact("Edition", f"No. {self.document.number}", f"since {since}" if since else "the first"),
            Fact("Ledger", head.ledger),
            Fact("Written for", head.reader),
        )

    def legend(self) -> str:
        """Return the sentences that say how figures are known, what the marks mean, and how far the books went."""
        return " ".join(filter(None, (self.known(), self.books())))

    def books(self) -> str:
        """Return the sentence that says how far each entity's books were read, for whoever checks them; or nothing."""
        return books_read(self.document.books)

    def known(self) -> str:
        """Return the sentence that says how figures are known, and what the marks mean."""
        if self.usual is None:
            return "No figure of this edition has a value."
        usual = f"Figures are {BADGE_WORDS[self.usual]} ({BADGE_MEANINGS[self.usual]})"
        if not self.others:
            return f"{usual}."
        marks = ", ".join(f"{MARKS[badge]} = {BADGE_WORDS[badge]}" for badge in self.others)
        return f"{usual} unless marked: {marks}."

    def stale(self) -> str:
        """Return the sentence that names stale sources, or nothing."""
        names = [source.name for source in self.document.head.sources if source.stale]
        if not names:
            return ""
        verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
        return f"{_joined(names)} {verb} older than this report allows; read what rests on {them} with care."

    def sources(self) -> Table:
        """Return how fresh each source is, as a table."""
        return Table(
            "How fresh the sources are",
            (Column("Source"), Column("Covers up to"), Column("State"), Column("Note")),
            tuple(
                Row(
                    (
                        Cell(source.name),
                        Cell(
                            day(source.fresh_to) if source.fresh_to else "no data",
                            tone=_pale(source.fresh_to),
                        ),
                        Cell("Stale", tone=Tone.WARN) if source.stale else Cell("Fresh", tone=Tone.GOOD),
                        Cell(source.note),
                    )
                )
                for source in self.document.head.sources
            ),
            empty="No source is recorded for this edition.",
        )

    def freshness(self, *, short: bool = False) -> tuple[tuple[str, str], ...]:
        """Return how fresh the sources are in two sentences, stale ones first: a word, and the sources.

        A variant names the stale ones alone, and counts the others; in ``short`` many are counted too, and stand in
        `small_print`.
        """
        sources = self.document.head.sources
        if not sources:
            return (("Sources", "none is recorded for this edition."),)
        lines = []
        if stale := [source for source in sources if source.stale]:
            named = (f"{s.name} ({_reach(s)}{', ' + s.note if s.note else ''})" for s in stale)
            lines.append(("Stale sources", "; ".join(named) + "."))
        if fresh := [source for source in sources if not source.stale]:
            counted = bool(self.document.parts) or (short and len(fresh) > FEW_SOURCES)
            lines.append(("Fresh sources", f"{len(fresh)}{_oldest(fresh)}." if counted else _named(fresh)))
        return tuple(lines)

    def small_print(self) -> tuple[str, ...]:
        """Return what stands at the end of a mail: every fresh source where its head only counts them, and the books."""
        fresh = [source for source in self.document.head.sources if not source.stale]
        every = "" if self.document.parts or len(fresh) <= FEW_SOURCES else f"Fresh sources: {_named(fresh)}"
        return tuple(filter(None, (every, self.books())))

    def tiles(self) -> tuple[Tile, ...]:
        """Return the KPIs as printed."""
        return tuple(
            Tile(
                self.figure(kpi.figure).label,
                self.piece(Cell(figure=kpi.figure)),
                self.figure(kpi.figure).badge,
                self.piece(Cell(figure=kpi.prior)) if kpi.prior else None,
                self.piece(Cell(figure=kpi.change, plus=True)) if kpi.change else None,
                self.piece(Cell(figure=kpi.target)) if kpi.target else None,
                kpi.tone,
                kpi.status[:1].upper() + kpi.status[1:],
            )
            for kpi in self.document.kpis
        )

    def findings(self) -> tuple[FindingLine, ...]:
        """Return findings as printed: those that stand by severity, new before old, then the muted and the cleared."""
        order = {"new": 0, "open": 0, "muted": 1, "cleared": 2}
        ranks = list(Severity)
        return tuple(
            sorted(
                frame_parts.findings(self.document),
                key=lambda f: (order.get(f.status, 0), ranks.index(f.severity), f.status != "new"),
            )
        )

    def parts(self) -> tuple[Part, ...]:
        """Return every part after the head, in the order of every edition. None is ever left out."""
        if self._parts is None:
            self._parts = frame_parts.parts(self.document)
        return self._parts

    def first_actions(self) -> tuple[ActionLine, ...]:
        """Return the actions a reader sees first: overdue, the next few open ones, those newly done."""
        return frame_parts.first_actions(self.document)


def _named(sources: list[Source]) -> str:
    return "; ".join(f"{source.name} ({_reach(source)})" for source in sources) + "."


def _oldest(sources: list[Source]) -> str:
    days = [source.fresh_to for source in sources if source.fresh_to is not None]
    return f", the oldest to {day(min(days))}" if days else ""


def _reach(source: Source) -> str:
    return f"to {day(source.fresh_to)}" if source.fresh_to else "no data"


def _pale(value: object) -> Tone:
    return Tone.PLAIN if value else Tone.MUTED


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
