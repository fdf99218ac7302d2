"""Operations over what channels and campaigns bring and cost."""

from core.money import divide
from reports.metrics.operations.base import operation


@operation
def kept_by_channel(net: int, listed: int) -> int | None:
    """Return 1 − net ÷ listed in basis points; undefined where nothing was listed."""
    return 10_000 - divide(net * 10_000, listed) if listed > 0 else None


@operation
def cost_to_win(spend: int, commission: int, labour: int, bookings: int) -> int | None:
    """Return (spend + commission + labour) ÷ bookings; undefined without a booking."""
    return divide(spend + commission + labour, bookings) if bookings > 0 else None


@operation
def after_commission(amount: int, basis_points: int) -> int:
    """Return what is left of an amount after a commission of so many basis points."""
    return divide(amount * (10_000 - basis_points), 10_000)


@operation
def share_of_people(people: int, basis_points: int) -> int:
    """Return the next whole number of people at or above a share of them: ⌈people × basis points ÷ 10,000⌉."""
    return -(-people * basis_points // 10_000)
