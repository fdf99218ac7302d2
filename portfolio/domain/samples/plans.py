"""Sample budgets of the year, and forecasts made in September for the months that followed."""

import datetime as dt

from portfolio.domain.plan import budgets, forecasts
from portfolio.models import Account, Entity

# entity, account, cents of a whole year
BUDGETS = (
    ("qos", "4000", 7_800_000),
    ("qos", "5100", 1_560_000),
    ("qos", "6100", 1_416_000),
    ("qos", "6200", 540_000),
    ("rental-3028", "4000", 5_400_000),
    ("rental-3028", "6800", 2_400_000),
    ("dc", "4000", 6_600_000),
)
SOURCE = "Owner, January 2026"


def load(*, at: dt.datetime) -> None:
    """Load budgets and forecasts; inside the caller's transaction."""
    for slug, code, year_minor in BUDGETS:
        account = Account.objects.select_related("entity").get(entity__slug=slug, code=code)
        amounts: dict[int, int | None] = dict(enumerate(budgets.spread(year_minor), start=2026 * 12))
        budgets.set_months(account=account, amounts=amounts, source=SOURCE, by=None, at=at)
    said = dt.date(2026, 9, 4)
    qos = Entity.objects.get(slug="qos")
    for month, value in ((2026 * 12 + 9, 720_000), (2026 * 12 + 10, 500_000), (2026 * 12 + 11, 420_000)):
        forecasts.make(
            entity=qos, key="revenue", month=month, value_minor=value, scenario="Base", source="Autumn plan",
            today=said, by=None, at=at,
        )  # fmt: skip
    forecasts.score_due(today=dt.date(2026, 11, 10))
