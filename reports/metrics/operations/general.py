"""Operations over the figures of every family: ratios, changes, what is left."""

from core.money import divide
from reports.metrics.operations.base import operation


@operation
def difference(first: int, *rest: int) -> int:
    """Return the first less all the others."""
    return first - sum(rest)


@operation
def negated_mean(*values: int) -> int:
    """Return the mean with its sign turned."""
    return -divide(sum(values), len(values))


@operation
def per_unit(amount: int, count: int) -> int | None:
    """Return an amount per one of a count; undefined where the count is not positive."""
    return divide(amount, count) if count > 0 else None


@operation
def share(part: int, whole: int) -> int | None:
    """Return part ÷ whole in basis points; undefined where the whole is not positive."""
    return divide(part * 10_000, whole) if whole > 0 else None


@operation
def change(now: int, before: int) -> int | None:
    """Return the change against an earlier value in basis points of it; undefined from zero or across it."""
    if not before or (now < 0) != (before < 0):
        return None
    return divide((abs(now) - abs(before)) * 10_000, abs(before))


@operation
def months_left(stock: int, flow: int) -> int | None:
    """Return stock ÷ monthly flow in hundredths of a month; undefined where the flow is not positive."""
    return divide(max(stock, 0) * 100, flow) if flow > 0 else None


@operation
def times(stock: int, flow: int) -> int | None:
    """Return a ratio in hundredths; undefined where the denominator is not positive."""
    return divide(stock * 100, flow) if flow > 0 else None


@operation
def units_to_cover(fixed: int, contribution: int) -> int | None:
    """Return ⌈fixed ÷ contribution⌉; undefined where a unit contributes nothing."""
    return -(-fixed // contribution) if contribution > 0 else None


@operation
def days_outstanding(receivable: int, sales: int, days: int) -> int | None:
    """Return receivables ÷ credit sales × days, in tenths of a day; undefined without sales."""
    return divide(receivable * days * 10, sales) if sales > 0 else None


@operation
def margin_of_safety(actual: int, needed: int) -> int | None:
    """Return (actual − needed) ÷ actual in basis points; undefined without any actual."""
    return divide((actual - needed) * 10_000, actual) if actual > 0 else None


@operation
def product(first: int, second: int) -> int:
    """Return first × second."""
    return first * second


@operation
def scaled(amount: int, basis_points: int) -> int:
    """Return an amount changed by a share of itself: amount × (1 + basis points ÷ 10,000)."""
    return divide(amount * (10_000 + basis_points), 10_000)


@operation
def after_months(start: int, monthly: int, count: int) -> int:
    """Return a stock after a number of months at a monthly flow."""
    return start + monthly * count


@operation
def weekly(month_amount: int) -> int:
    """Return a monthly amount as a week's: × 12 ÷ 52."""
    return divide(month_amount * 12, 52)
