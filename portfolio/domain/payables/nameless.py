"""What was paid to contractors and names no vendor: bank lines that a rule or a hand sent to the contractors' account.

Such money is in nobody's total of a year, so the page of contractors shows it beside them. What a rule moved there from
the uncategorised counts, too, unless a card paid it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, QuerySet

from portfolio.domain import rules
from portfolio.domain.accounts import CONTRACTORS
from portfolio.models import AccountRole, Entity, EntryState, Posting
from portfolio.models.account import CASH_ROLES

_LOOKUP = 900


def paid(*, entity: Entity, year: int) -> Sequence[Posting]:
    """Return the postings on the contractors' account that cash paid in a calendar year, by day."""
    rows = _rows(entity).filter(entry__on__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)))
    found = list(rows.select_related("entry").order_by("entry__on", "pk"))
    by_card = _by_card(row.entry.external_id for row in found)
    return [row for row in found if row.entry.external_id not in by_card]


def years(*, entity: Entity) -> list[int]:
    """Return the years in which there are any."""
    found = list(_rows(entity).values_list("entry__on__year", "entry__external_id").distinct())
    by_card = _by_card(external_id for _, external_id in found)
    return sorted({year for year, external_id in found if external_id not in by_card})


def _rows(entity: Entity) -> QuerySet[Posting]:
    """Leave out what was reversed; what is paid by a bill or crew pay stands against payables, not against cash."""
    paid_or_moved = (*CASH_ROLES, AccountRole.UNCATEGORISED)
    against = Posting.objects.filter(entry=OuterRef("entry"), account__role__in=paid_or_moved)
    return Posting.objects.filter(
        Exists(against),
        account__entity=entity,
        account__code=CONTRACTORS,
        entry__state=EntryState.POSTED,
        entry__reverses__isnull=True,
        entry__reversed_by__isnull=True,
    )


def _by_card(external_ids: Iterable[str | None]) -> set[str]:
    """Return which of some rule's moves are of money that a card paid; no query where there is no move."""
    moves: dict[int, list[str]] = defaultdict(list)
    for name in external_ids:
        if name is not None and name.startswith(rules.MOVED):
            moves[int(name.removeprefix(rules.MOVED).partition(":")[0])].append(name)
    firsts = sorted(moves)
    return {
        name
        for start in range(0, len(firsts), _LOOKUP)
        for first in Posting.objects.filter(
            entry__in=firsts[start : start + _LOOKUP], account__bank_account__card=True
        ).values_list("entry_id", flat=True)
        for name in moves[first]
    }
