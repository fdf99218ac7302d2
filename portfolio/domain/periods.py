"""Which months of an entity's books are closed: every month up to the newest that was closed.

An entry of an earlier month would change the balances that a closed month was closed with, whether or not anything had
been posted in that earlier month before. The seals of the database refuse by the same rule (migration
``journal_guards``); months are reopened from the newest back.
"""

from collections.abc import Iterable

from core import months
from portfolio.models import Entity, Period, PeriodState


def closed_months(*, entity: Entity) -> range:
    """Return the months that take no entry; ask with ``in``. It ends before the first open month."""
    newest = (
        Period.objects.filter(entity=entity, state=PeriodState.CLOSED)
        .order_by("-month")
        .values_list("month", flat=True)
        .first()
    )
    return range(0 if newest is None else newest + 1)


def named(*, closed: range, asked: Iterable[int]) -> str:
    """Return the closed months among those asked for, as a sentence says them, and why they are where that is not seen."""
    found = sorted({month for month in asked if month in closed})
    names = ", ".join(map(months.label, found))
    newest = closed.stop - 1
    return names if newest in found else f"{names}, as for every month up to {months.label(newest)}"
