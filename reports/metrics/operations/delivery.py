"""Operations of deliveries: rates over days and miles, promoters, what a deposit must cover."""

from core.money import divide
from reports.metrics.operations.base import operation


@operation
def per_whole(amount: int, tenths: int) -> int | None:
    """Return an amount for each whole one of a quantity told in tenths; undefined without any."""
    return divide(amount * 10, tenths) if tenths > 0 else None


@operation
def per_thousand(count: int, tenths: int) -> int | None:
    """Return a count for each thousand of a quantity told in tenths, in hundredths; undefined without any."""
    return divide(count * 1_000_000, tenths) if tenths > 0 else None


@operation
def promoter_score(promoters: int, detractors: int, asked: int) -> int | None:
    """Return (promoters − detractors) ÷ ratings × 100; undefined without a rating."""
    return divide((promoters - detractors) * 100, asked) if asked > 0 else None


@operation
def half_and(fee: int, expenses: int) -> int:
    """Return half of a fee, and all of the expenses."""
    return divide(fee, 2) + expenses


@operation
def part_of_year(a_year: int, months: int) -> int:
    """Return what a yearly amount is in a number of months."""
    return divide(a_year * months, 12)
