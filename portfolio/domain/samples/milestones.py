"""Sample milestones of the plan to break-even, through the first quarter of 2027; the records tell how each stands."""

import datetime as dt

from core import months
from portfolio.domain import milestones
from portfolio.domain.milestones import Promise
from portfolio.models import Entity, MilestoneCheck, PlanName

_SOURCE = "Owner, plan to break-even of October 2026"
# The entity it is about (None: the whole portfolio) and what is promised. The first was promised for October.
MILESTONES = (
    (None, Promise(
        "A first month reconciled with its bank statement", dt.date(2026, 11, 30), "Bookkeeper", _SOURCE,
        MilestoneCheck.MONTHS_RECONCILED, 1, promised_on=dt.date(2026, 10, 31),
    )),
    (None, Promise(
        "October 2026 closed in all books", dt.date(2026, 12, 31), "Bookkeeper", _SOURCE,
        MilestoneCheck.MONTH_CLOSED, months.parse("2026-10"),
    )),
    ("qos", Promise(
        "Six charters in one month", dt.date(2027, 2, 28), "Operations lead", _SOURCE,
        MilestoneCheck.SERVICES_IN_MONTH, 6,
    )),
    (None, Promise(
        "A first quarter of 2027 that burns nothing", dt.date(2027, 3, 31), "Owner", _SOURCE,
        MilestoneCheck.NET_BURN, 0,
    )),
)  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Promise them; inside the caller's transaction."""
    for slug, promise in MILESTONES:
        entity = Entity.objects.get(slug=slug) if slug else None
        milestones.add(plan=PlanName.BREAK_EVEN, promise=promise, entity=entity, by=None, at=at)
