"""The calendar of a rental, read once: which night belongs to which stay, which is blocked, and what follows what."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from core import months
from core.money import divide
from portfolio.domain.queries import rental
from portfolio.domain.queries.rental import BlockFact, StayFact
from reports.document import TraceRow
from reports.metrics.facts import Facts

_AHEAD_DAYS = 760
DAY = dt.timedelta(days=1)
Night = tuple[int, dt.date]
"""A night of an entity, named by the day on which it begins."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nights in a row that are neither sold nor blocked, between two stays or blocks; ``last_on`` is its last night."""

    entity_id: int
    first_on: dt.date
    last_on: dt.date

    @property
    def nights(self) -> int:
        """How many nights it has."""
        return (self.last_on - self.first_on).days + 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """Stays and blocked nights as they stand at a date.

    A night that two stays claim is the earlier one's, and one that is sold is not blocked: no night counts twice. A
    rental is tracked from the first night that any record tells of.
    """

    stays: tuple[StayFact, ...]
    blocks: tuple[BlockFact, ...]
    sold: dict[Night, StayFact] = field(default_factory=dict)
    blocked: dict[Night, BlockFact] = field(default_factory=dict)
    begun: dict[int, dt.date] = field(default_factory=dict)
    clashes: list[tuple[StayFact, StayFact | BlockFact, dt.date]] = field(default_factory=list)
    months_of: dict[tuple[int, int], list[StayFact]] = field(default_factory=lambda: defaultdict(list))

    @property
    def standing(self) -> tuple[StayFact, ...]:
        """The stays nobody called off."""
        return tuple(stay for stay in self.stays if stay.called_off_on is None)

    def tracked(self, ids: Collection[int]) -> tuple[int, ...]:
        """Return which of these entities have any record of nights."""
        return tuple(entity for entity in ids if entity in self.begun)

    def begun_of(self, ids: Collection[int]) -> dt.date | None:
        """Return the first night known of any of these entities."""
        return min((self.begun[entity] for entity in self.tracked(ids)), default=None)

    def staying(self, ids: Collection[int], first: dt.date, last: dt.date) -> Iterator[StayFact]:
        """Yield the standing stays that have a night from one day to another, both counted, in order."""
        seen: set[int] = set()
        for month in range(months.month_of(first), months.month_of(last) + 1):
            for entity in ids:
                for stay in self.months_of.get((entity, month), ()):
                    if stay.id not in seen and stay.check_in <= last and stay.check_out > first:
                        seen.add(stay.id)
                        yield stay

    def gaps(self, ids: Collection[int], first: dt.date, last: dt.date) -> list[Gap]:
        """Return the gaps that reach into these days, whole: what lies before or after every record is none."""
        taken: dict[int, list[dt.date]] = defaultdict(list)
        for entity, night in (*self.sold, *self.blocked):
            if entity in ids:
                taken[entity].append(night)
        found = []
        for entity, nights in taken.items():
            nights.sort()
            for night, following in pairwise(nights):
                gap = Gap(entity, night + DAY, following - DAY)
                if gap.nights > 0 and gap.first_on <= last and gap.last_on >= first:
                    found.append(gap)
        return sorted(found, key=lambda gap: (gap.first_on, gap.entity_id))


def read(*, entity_ids: Collection[int], as_of: dt.date) -> Calendar:
    """Read the calendar of these entities as known at a date."""
    found = Calendar(
        rental.stays(entity_ids=entity_ids, as_of=as_of),
        rental.blocked_nights(entity_ids=entity_ids, as_of=as_of),
    )
    earliest = as_of - dt.timedelta(days=rental.REACH_DAYS)
    latest = as_of + dt.timedelta(days=_AHEAD_DAYS)
    for stay in found.standing:
        first, last = max(stay.check_in, earliest), min(stay.check_out - DAY, latest)
        other: StayFact | BlockFact | None = None
        for night in days(first, last):
            holder = found.sold.setdefault((stay.entity_id, night), stay)
            if holder is not stay and holder is not other:
                other = holder
                found.clashes.append((stay, holder, night))
        for month in range(months.month_of(first), months.month_of(last) + 1):
            found.months_of[stay.entity_id, month].append(stay)
    for block in found.blocks:
        sold_to: StayFact | None = None
        for night in days(max(block.first_on, earliest), min(block.last_on, latest)):
            stayed = found.sold.get((block.entity_id, night))
            if stayed is None:
                found.blocked.setdefault((block.entity_id, night), block)
            elif stayed is not sold_to:
                sold_to = stayed
                found.clashes.append((stayed, block, night))
    for entity, night in (*found.sold, *found.blocked):
        found.begun[entity] = min(night, found.begun.get(entity, night))
    return found


Rows = Callable[[Calendar, tuple[int, ...], dt.date, dt.date], list[TraceRow]]
"""What each record of the calendar adds over some days, both counted."""


def of(facts: Facts) -> Calendar:
    """Return the calendar of a report's entities."""
    return facts.once(read)


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days from one to another, both counted."""
    for number in range((last - first).days + 1):
        yield first + dt.timedelta(days=number)


def named(stay: StayFact) -> str:
    """Return what a stay is called."""
    return f"{stay.reference}, {span(stay.check_in, stay.check_out)}, {stay.channel or 'channel not stated'}"


def named_block(block: BlockFact) -> str:
    """Return what a block is called."""
    words = block.note or block.reason
    return f"{words[:1].upper()}{words[1:]}, {span(block.first_on, block.last_on)}"


def span(first: dt.date, last: dt.date) -> str:
    """Return two days as people write them together."""
    start = f"{first:%-d}" if (first.year, first.month) == (last.year, last.month) else f"{first:%-d %b}"
    if first.year != last.year:
        start = f"{first:%-d %b %Y}"
    return f"{start} to {last:%-d %b %Y}"


def nights_sold(calendar: Calendar, ids: Collection[int], first: dt.date, last: dt.date) -> list[TraceRow]:
    """Return for each stay how many of these nights are its own."""
    return _counted(
        (named(stay), stay.id, stay.check_in, _held(calendar.sold, stay, first, last))
        for stay in calendar.staying(ids, first, last)
    )


def _held(sold: dict[Night, StayFact], stay: StayFact, first: dt.date, last: dt.date) -> int:
    inside = days(max(stay.check_in, first), min(stay.check_out - DAY, last))
    return sum(sold.get((stay.entity_id, night)) is stay for night in inside)


def _counted(found: Iterable[tuple[str, int, dt.date, int]]) -> list[TraceRow]:
    return [TraceRow(label, count, f"stay:{pk}", on) for label, pk, on, count in found if count]


def nights_blocked(calendar: Calendar, ids: Collection[int], first: dt.date, last: dt.date) -> list[TraceRow]:
    """Return for each block how many of these nights it takes."""
    found = []
    for block in calendar.blocks:
        if block.entity_id not in ids or block.first_on > last or block.last_on < first:
            continue
        inside = days(max(block.first_on, first), min(block.last_on, last))
        count = sum(calendar.blocked.get((block.entity_id, night)) is block for night in inside)
        if count:
            found.append(TraceRow(named_block(block), count, f"blocked:{block.id}", block.first_on))
    return found


def revenue_of(calendar: Calendar, ids: Collection[int], first: dt.date, last: dt.date) -> list[TraceRow]:
    """Return each stay's price for its nights among these; a price is spread evenly over the nights of its stay."""
    found = []
    for stay in calendar.staying(ids, first, last):
        before = max((first - stay.check_in).days, 0)
        until = min((last - stay.check_in).days + 1, stay.nights)
        part = divide(stay.gross_minor * until, stay.nights) - divide(stay.gross_minor * before, stay.nights)
        found.append(TraceRow(named(stay), part, f"stay:{stay.id}", stay.check_in))
    return found
