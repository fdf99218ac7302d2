"""How much of the books waits for a category: what is left on those accounts, and how many entries left it there."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import F

from portfolio.domain import rules
from portfolio.models import AccountRole, Entity, EntrySource, EntryState, MonthlyBalance, Posting


class Waiting(NamedTuple):
    """A posting that waits for a category."""

    entity_id: int
    entry_id: int
    on: dt.date
    amount_minor: int
    memo: str


def minor(*, entity: Entity, first: int, last: int) -> int:
    """Return what some months leave on the accounts that wait for a category, both ways added up."""
    left: Counter[int] = Counter()
    for account, moved in MonthlyBalance.objects.filter(
        account__entity=entity, account__role=AccountRole.UNCATEGORISED, month__range=(first, last)
    ).values_list("account_id", F("debit_minor") - F("credit_minor")):
        left[account] += moved
    return sum(abs(amount) for amount in left.values())


def lines(*, entity: Entity, first: int, last: int, source: EntrySource | None = None) -> int:
    """Return how many postings of an entity's months wait for a category, as `lines_of` counts them; one query."""
    return lines_of(entity_ids=[entity.pk], first=first, last=last, source=source)


def lines_of(*, entity_ids: Collection[int], first: int, last: int, source: EntrySource | None = None) -> int:
    """Return how many postings of some months wait for a category, also where they cancel each other out; one query."""
    return len(waiting(entity_ids=entity_ids, first=first, last=last, source=source))


def waiting(
    *, entity_ids: Collection[int], first: int, last: int, source: EntrySource | None = None
) -> list[Waiting]:
    """Return the postings of some months that wait for a category, the oldest first; one query.

    What took one away is of its amount the other way: a correction, a reversal or an entry by hand. One entry by hand may
    take several away at once. The reversal of what took one away gives it back. With a source, only what came from there
    is counted.
    """
    waits: dict[int, dict[int, list[Waiting]]] = defaultdict(lambda: defaultdict(list))
    taken: dict[int, Counter[int]] = defaultdict(Counter)
    # Whether a reversal takes away or gives back, by its id: it may be reversed itself.
    takes: dict[int, bool] = {}
    for account, amount, entry, of, external_id, reverses, of_reversed, id_of_reversed, entity, on, memo in (
        Posting.objects.filter(
            account__entity__in=entity_ids,
            account__role=AccountRole.UNCATEGORISED,
            month__range=(first, last),
            entry__state=EntryState.POSTED,
        )
        .order_by("entry_id", "pk")
        .values_list(
            "account_id", "amount_minor", "entry_id", "entry__source", "entry__external_id", "entry__reverses_id",
            "entry__reverses__source", "entry__reverses__external_id", "entry__entity_id", "entry__on", "entry__memo",
        )
    ):  # fmt: skip
        if reverses is not None:
            takes[entry] = not takes.get(reverses, _takes(of_reversed, id_of_reversed))
            if takes[entry]:
                taken[account][-amount] += 1
            else:
                taken[account][amount] -= 1
        elif _takes(of, external_id):
            taken[account][-amount] += 1
        elif source in (None, of):
            waits[account][amount].append(Waiting(entity, entry, on, amount, memo))
    still: list[Waiting] = []
    for account, lines_by_amount in waits.items():
        # What was taken in other months and given back in these is no line of these.
        found, gone = (
            Counter({amount: len(rows) for amount, rows in lines_by_amount.items()}),
            +taken[account],
        )
        left, spare = found - gone, gone - found
        if not spare or sum((left - spare).elements()) != sum((spare - left).elements()):
            # Those of one amount are alike; the first to come are taken for the first to go.
            for amount, count in left.items():
                still += lines_by_amount[amount][-count:]
    return sorted(still, key=lambda row: (row.on, row.entry_id))


def _takes(source: str, external_id: str | None) -> bool:
    """Tell whether an entry takes away what waits: one by hand, a reversal, or what a rule moved."""
    by_hand = (EntrySource.MANUAL, EntrySource.REVERSAL)
    return source in by_hand or (external_id or "").startswith(rules.MOVED)
