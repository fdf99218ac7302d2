"""Sample months: the newest month's checklist half worked, and the first month of the books closed and opened again.

No month stays reconciled: that none is, is what the reports are to find.
"""

import datetime as dt

from core import months
from portfolio.domain import close_checks, reconciliation
from portfolio.models import Entity

_OPENING, _NEWEST = months.parse("2025-10"), months.parse("2026-10")
_OPENING_MINOR = 390_000
_LOOKED_AT = (
    ("receipts", "All above $250 are in the folder"),
    ("assets", "Nothing was bought to be kept"),
)


def load(*, at: dt.datetime) -> None:
    """Tick, close and reopen; inside the caller's transaction."""
    qos = Entity.objects.get(slug="qos")
    for item, note in _LOOKED_AT:
        close_checks.tick(entity=qos, month=_NEWEST, item=item, note=note, by=None, at=at)
    reconciliation.reconcile_month(entity=qos, month=_OPENING, statement_minor=_OPENING_MINOR, by=None, at=at)
    reconciliation.close_month(entity=qos, month=_OPENING, by=None, at=at)
    reconciliation.reopen_month(
        entity=qos,
        month=_OPENING,
        reason="The vessel's value on the first day is looked at again",
        by=None,
        at=at,
    )
