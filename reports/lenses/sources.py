"""What a report rests on, and how fresh it is: files and notes that were brought in, and what a family of records tells."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from portfolio.models import ImportKind
from reports.document import Source
from reports.metrics import Desk, Facts


@dataclass(frozen=True, slots=True)
class Watched:
    """A kind of source; ``reaches`` gives each entity that has one the last date it covers.

    One that is more than ``days`` old at the as-of date is stale.
    """

    name: str
    days: int
    reaches: Callable[[Facts], Mapping[int, dt.date]]


def imported(*kinds: str) -> Callable[[Facts], Mapping[int, dt.date]]:
    """Return how to tell how far the imports of some kinds of file reach together."""

    def reaches(facts: Facts) -> Mapping[int, dt.date]:
        found: dict[int, dt.date] = {}
        for (entity, kind), day in facts.freshness.items():
            if kind in kinds:
                found[entity] = max(day, found.get(entity, day))
        return found

    return reaches


BANK = Watched("bank statement", 14, imported(ImportKind.BANK_CSV, ImportKind.OFX))
STRIPE = Watched("Stripe balance history", 14, imported(ImportKind.STRIPE))
NOTES = Watched("handoff note", 30, imported("handoff"))
BOOKS = (BANK, STRIPE, NOTES)


def sources(desk: Desk, watched: tuple[Watched, ...] = BOOKS) -> Iterable[Source]:
    """Yield each entity's sources with the last date they cover; a stale one says so."""
    reached = [(kind, kind.reaches(desk.facts)) for kind in watched]
    for entity in desk.entities:
        for kind, days in reached:
            fresh_to = days.get(entity.id)
            if fresh_to is None:
                continue
            age = (desk.as_of - fresh_to).days
            yield Source(
                name=f"{entity.name} {kind.name}",
                fresh_to=fresh_to,
                stale=age > kind.days,
                note="" if age <= 0 else "1 day old" if age == 1 else f"{age} days old",
            )
