"""The financial rules as they stand now, checked against the records by the same code as every edition."""

import datetime as dt
from dataclasses import dataclass

from reports.document import Figure
from reports.figures import write
from reports.lenses.frame import UnlikeCurrenciesError, desk_for
from reports.metrics.facts import Facts
from reports.rules.cash import check


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule: whether it holds (None: cannot be told), and why, in words."""

    statement: str
    holds: bool | None
    evidence: str


def standing(*, as_of: dt.date) -> list[Standing]:
    """Return each rule in force as it stands on a date; empty where entities keep books in unlike currencies."""
    try:
        desk = desk_for(Facts(as_of=as_of, entity_id=None))
    except UnlikeCurrenciesError:
        return []
    found = []
    for rule in desk.facts.rules:
        holds, evidence = check(rule, desk)
        words = "".join(write(part) if isinstance(part, Figure) else part for part in evidence)
        found.append(Standing(rule.statement, holds, words))
    return found
