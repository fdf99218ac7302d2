"""The KPI-gap register: a KPI is a gap while it has no measured value in 45 days.

Measured means: from a month whose books are reconciled and, where it is about charters, from records that
are linked to their bookings; or, for a survey, a value recorded as measured.
"""

from dataclasses import dataclass

from core import months
from portfolio.models import AccountRole, EntityKind
from reports.document import Badge, Figure
from reports.metrics import Desk, Scope
from reports.metrics.bookings import completed

WINDOW_DAYS = 45


@dataclass(frozen=True, slots=True)
class Gap:
    """A KPI that nobody has measured lately: what it shows instead, and why it does not count."""

    name: str
    figure: Figure
    why: str


@dataclass(frozen=True, slots=True)
class _Kpi:
    metric: str
    name: str
    charter: bool
    linked: bool


KPIS = (
    _Kpi("revenue_per_charter", "Revenue per charter", True, True),
    _Kpi("contribution_per_charter", "Contribution per charter", True, True),
    _Kpi("utilisation", "Utilisation", True, True),
    _Kpi("lead_conversion", "Lead conversion", True, True),
    _Kpi("acquisition_cost", "Acquisition cost by channel", True, False),
    _Kpi("deferred_balance", "Deferred balance", False, False),
    _Kpi("dso", "Days sales outstanding", False, False),
    _Kpi("runway", "Runway", False, False),
    _Kpi("satisfaction", "Guest satisfaction", True, False),
)


def window(desk: Desk) -> int:
    """Return how many days a measured value stays good."""
    return desk.facts.assumed("measured-window-days", WINDOW_DAYS)


def gaps(desk: Desk) -> list[Gap]:
    """Return the KPIs without a measured value in the window, in the register's order."""
    charter = desk.kind(EntityKind.CHARTER)
    found = []
    for kpi in KPIS:
        if kpi.charter and charter is None:
            continue
        scope = charter if kpi.charter and charter is not None else desk.all
        figure = desk.get(kpi.metric, scope)
        why = _why_not(desk, kpi, scope, figure)
        if why:
            found.append(Gap(kpi.name, figure, why))
    return found


def count(desk: Desk) -> int:
    """Return how many KPIs the register watches for this report."""
    charter = desk.kind(EntityKind.CHARTER)
    return sum(1 for kpi in KPIS if not kpi.charter or charter is not None)


def _why_not(desk: Desk, kpi: _Kpi, scope: Scope, figure: Figure) -> str:
    """Return why a KPI has no measured value, or nothing where it has one."""
    if kpi.metric == "satisfaction":
        if figure.value is not None and figure.badge is Badge.MEASURED:
            return "" if _recorded_recently(desk, scope) else "the last measured value is too old"
        return figure.missing or f"the only value is {figure.badge.value}"
    month = _last_reconciled(desk, scope)
    if month is None:
        return f"no month in the last {window(desk)} days is reconciled"
    if figure.value is None:
        return figure.missing
    if kpi.linked and not _linked(desk, scope, month):
        return f"{months.label(month)} has sales that name no booking"
    return ""


def _recorded_recently(desk: Desk, scope: Scope) -> bool:
    return any(
        row.key == "guest-satisfaction"
        and row.entity_id in scope.ids
        and (desk.as_of - row.as_of).days <= window(desk)
        for row in desk.facts.kpi_values
        if row.tracked and row.value is not None
    )


def _last_reconciled(desk: Desk, scope: Scope) -> int | None:
    """Return the newest reconciled month of the scope that ended within the window, or None."""
    for month in range(months.month_of(desk.as_of), desk.facts.first_month - 1, -1):
        if (desk.as_of - months.last_day(month)).days > window(desk):
            return None
        if desk.is_reconciled(scope, month):
            return month
    return None


def _linked(desk: Desk, scope: Scope, month: int) -> bool:
    """Tell whether every sale of a month names a booking, and the month's services are among them."""
    accounts = {account.id for account in desk.facts.accounts_in(scope.ids, AccountRole.REVENUE)}
    linked = -sum(
        row.amount_minor for row in desk.facts.linked if row.account_id in accounts and row.month == month
    )
    sold = desk.postings(scope, [AccountRole.REVENUE], first=month, last=month, sign=-1).value or 0
    return linked == sold and bool(completed(desk, scope, month, month) or not sold)
