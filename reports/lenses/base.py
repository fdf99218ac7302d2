"""What a lens is: an analysis for one reader, and the report it makes."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from reports.document import Draft, Head
from reports.lenses import frame
from reports.lenses.sources import BOOKS, Watched
from reports.metrics import Desk, Facts


class Family(enum.StrEnum):
    """What a report belongs to: ``all`` are those of the core and of the domains; an extra one is asked for by name."""

    CORE = "core"
    DOMAIN = "domain"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens and its report, as a new installation gets it; what the owner changes in the report's row stays.

    ``draft`` works the report out at a desk, and puts it under the head it is given. ``kinds`` keeps it to entities
    of these kinds, and ``sources`` are what must be fresh for it.
    """

    slug: str
    title: str
    reader: str
    family: Family
    position: int
    from_name: str
    draft: Callable[[Desk, Head], Draft]
    kinds: tuple[str, ...] = ()
    sources: tuple[Watched, ...] = BOOKS

    def __call__(self, facts: Facts, *, zone: str, sample: str = "") -> Draft:
        """Work the report out from the records up to ``facts.as_of``.

        Raises:
            UnlikeCurrenciesError: the report's entities keep their books in different currencies.
        """
        desk = frame.desk_for(facts, self.kinds)
        head = frame.head(
            desk,
            report=self.slug,
            title=self.title,
            reader=self.reader,
            watched=self.sources,
            zone=zone,
            sample=sample,
        )
        return self.draft(desk, head)
