"""What a rule is, and how a lens runs some of them."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import ModuleType

from reports.document import Cell, Figure, FindingNote, Line, Severity
from reports.metrics import Desk
from reports.metrics.registry import PORTFOLIO

# What a finding that is about no single entity is called.
WHOLE = "Whole portfolio"
# What the records of findings and actions have room for.
LONGEST_SUBJECT, LONGEST_TITLE = 80, 200


@dataclass(frozen=True, slots=True)
class Rule:
    """A named live query: what it looks for, how bad it is, and what to do about it."""

    name: str
    looks_for: str
    severity: Severity
    action: str
    owner: str
    due_days: int
    look: Callable[["Rule", Desk], list[FindingNote]]

    def finding(
        self, subject: str, title: str, *evidence: str | Figure | Cell, severity: Severity | None = None
    ) -> FindingNote:
        """Return a finding of this rule; evidence is text, figures and record links, in order."""
        return FindingNote(
            rule=self.name,
            subject=identity(subject),
            severity=severity or self.severity,
            title=shorten(title),
            evidence=line(*evidence),
            action=self.action,
            owner=self.owner,
            due_days=self.due_days,
        )


def identity(subject: str) -> str:
    """Return a subject that its record has room for; a longer one ends in a mark of the whole, so that two stay two."""
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    mark = hashlib.sha256(subject.encode()).hexdigest()[:8]
    return f"{subject[: LONGEST_SUBJECT - len(mark) - 1]}-{mark}"


def shorten(title: str) -> str:
    """Return a title of a finding or an action that its record has room for."""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def line(*parts: str | Figure | Cell) -> Line:
    """Return a line of cells from text, figures and cells."""
    return tuple(
        Cell(text=part)
        if isinstance(part, str)
        else Cell(figure=part.key)
        if isinstance(part, Figure)
        else part
        for part in parts
    )


def run(rules: Iterable[Rule], desk: Desk) -> tuple[FindingNote, ...]:
    """Return what these rules see, worst first, in the rules' own order within a severity."""
    order = list(Severity)
    names = {entity.slug: entity.name for entity in desk.facts.entities}
    several = WHOLE if desk.all.label == PORTFOLIO else desk.all.label[:1].upper() + desk.all.label[1:]
    found = [
        replace(note, about=names.get(note.subject.partition(":")[0], several))
        for rule in rules
        for note in rule.look(rule, desk)
    ]
    return tuple(sorted(found, key=lambda note: order.index(note.severity)))


def counted(notes: Iterable[FindingNote], desk: Desk) -> tuple[FindingNote, ...]:
    """Return the findings that count on a desk's day: not those set aside, be it by their record or by a person."""
    return tuple(
        note
        for note in notes
        if note.muted_until is None and (note.rule, note.subject) not in desk.facts.aside
    )


def by_name(modules: Iterable[ModuleType]) -> dict[str, Rule]:
    """Return the rules that stand in tuples of some modules, by name.

    Raises:
        ValueError: two rules have one name, so their findings would be taken for each other.
    """
    found: dict[str, Rule] = {}
    for module in modules:
        for held in vars(module).values():
            for rule in held if isinstance(held, tuple) else ():
                if isinstance(rule, Rule) and found.setdefault(rule.name, rule) is not rule:
                    raise ValueError(f"The rule {rule.name} is defined twice.")
    return found
