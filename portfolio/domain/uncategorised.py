"""How much of the books waits for a category: what is left on those accounts, and how many entries left it there."""

from collections import Counter, defaultdict

from django.db.models import F

from portfolio.domain import rules
from portfolio.models import AccountRole, Entity, EntrySource, EntryState, MonthlyBalance, Posting


def minor(*, entity: Entity, first: int, last: int) -> int:
    """Return what some months leave on the accounts that wait for a category, both ways added up."""
    left: Counter[int] = Counter()
    for account, moved in MonthlyBalance.objects.filter(
        account__entity=entity, account__role=AccountRole.UNCATEGORISED, month__range=(first, last)
    ).values_list("account_id", F("debit_minor") - F("credit_minor")):
        left[account] += moved
    return sum(abs(amount) for amount in left.values())


def lines(*, entity: Entity, first: int, last: int, source: EntrySource | None = None) -> int:
    """Return how many postings of some months wait for a category, also where they cancel each other out; one query.

    What took one away is of its amount the other way: a correction, a reversal or an entry by hand. One entry by hand may
    take several away at once. With a source, only what came from there is counted.
    """
    waits: dict[int, Counter[int]] = defaultdict(Counter)
    taken: dict[int, Counter[int]] = defaultdict(Counter)
    by_hand = (EntrySource.MANUAL, EntrySource.REVERSAL)
    for account, amount, of, external_id in Posting.objects.filter(
        account__entity=entity,
        account__role=AccountRole.UNCATEGORISED,
        month__range=(first, last),
        entry__state=EntryState.POSTED,
    ).values_list("account_id", "amount_minor", "entry__source", "entry__external_id"):
        if of in by_hand or (external_id or "").startswith(rules.MOVED):
            taken[account][-amount] += 1
        elif source in (None, of):
            waits[account][amount] += 1
    waiting = 0
    for account, found in waits.items():
        left, spare = found - taken[account], taken[account] - found
        if not spare or sum((left - spare).elements()) != sum((spare - left).elements()):
            waiting += left.total()
    return waiting
