"""A part that a family of records adds to the page of an entity."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portfolio.models import Entity


@dataclass(frozen=True, slots=True)
class Part:
    """A section of an entity's page; ``read`` gives what its template shows as ``part.rows``.

    ``kinds`` are the kinds of entity that have it at all.
    """

    label: str
    anchor: str
    template: str
    kinds: frozenset[str]
    read: Callable[[Entity, dt.date], Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A part with what it shows."""

    label: str
    anchor: str
    template: str
    rows: Any


def shown(*, parts: tuple[Part, ...], entity: Entity, as_of: dt.date) -> list[Shown]:
    """Return the parts that an entity of this kind has, each read."""
    return [
        Shown(part.label, part.anchor, part.template, part.read(entity, as_of))
        for part in parts
        if entity.kind in part.kinds
    ]
