"""What needs attention on the portal's home. Upper apps register sources in ``AppConfig.ready()``; home only asks.

A source decides by itself, through `crew.rules`, what the person may see.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crew.models import Person

# How much a card matters; home shows them in this order.
SEVERITIES = ("critical", "high", "medium", "low")
# The severity of a card that asks for nothing: something new to read.
NEWS = ""


@dataclass(frozen=True, slots=True)
class HomeCard:
    """One thing that wants a person's attention.

    ``value`` is a short finished text (an amount, a date, "3 of 8") and may be empty; ``note`` is a sentence or
    empty; ``severity`` is one of `SEVERITIES` or `NEWS`; ``kind`` says what it is in one word, for example "Finding".
    """

    title: str
    url: str
    value: str = ""
    note: str = ""
    severity: str = "low"
    kind: str = ""


CardSource = Callable[[Person, dt.datetime], Iterable[HomeCard]]

_sources: list[CardSource] = []


def register(source: CardSource) -> CardSource:
    """Ask this source whenever somebody opens home: ``source(person, at)`` returns cards, most pressing first."""
    if source not in _sources:
        _sources.append(source)
    return source


def cards_for(*, person: Person, at: dt.datetime) -> list[HomeCard]:
    """Return every source's cards, the most severe first and news last, else in the order given."""
    found = [card for source in _sources for card in source(person, at)]
    return sorted(found, key=lambda card: (*SEVERITIES, NEWS).index(card.severity))
