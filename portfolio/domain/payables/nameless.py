"""What was paid to contractors and names no vendor: bank lines that a rule or a hand sent to the contractors' account.

Such money is in nobody's total of a year, so the page of contractors shows it beside them.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from portfolio.domain.accounts import CONTRACTORS
from portfolio.models import Entity, EntryState, Posting
from portfolio.models.account import CASH_ROLES


def paid(*, entity: Entity, year: int) -> Sequence[Posting]:
    """Return the postings on the contractors' account that cash paid in a calendar year, by day; one query."""
    rows = _rows(entity).filter(entry__on__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)))
    return list(rows.select_related("entry").order_by("entry__on", "pk"))


def years(*, entity: Entity) -> list[int]:
    """Return the years in which there are any; one query."""
    return [day.year for day in _rows(entity).dates("entry__on", "year")]


def _rows(entity: Entity) -> QuerySet[Posting]:
    """Leave out what was reversed; what is paid by a bill or crew pay stands against payables, not against cash."""
    in_cash = Posting.objects.filter(entry=OuterRef("entry"), account__role__in=CASH_ROLES)
    return Posting.objects.filter(
        Exists(in_cash),
        account__entity=entity,
        account__code=CONTRACTORS,
        entry__state=EntryState.POSTED,
        entry__reverses__isnull=True,
        entry__reversed_by__isnull=True,
    )
