"""Operations over what clients are asked for and pay: rates, shares, how well is collected."""

from core.money import divide
from reports.metrics.operations.base import operation


@operation
def per_hour(amount: int, minutes: int) -> int | None:
    """Return an amount per hour of some minutes; undefined without any."""
    return divide(amount * 60, minutes) if minutes > 0 else None


@operation
def leak(gap: int, earned: int) -> int | None:
    """Return what of the earned is not invoiced, in basis points, never below nothing; undefined without earnings."""
    return divide(max(gap, 0) * 10_000, earned) if earned > 0 else None


@operation
def collection_effectiveness(opening: int, asked: int, closing: int, current: int) -> int | None:
    """Return (opening + asked − closing) ÷ (opening + asked − current) in basis points; undefined if nothing was due."""
    could = opening + asked - current
    return divide((opening + asked - closing) * 10_000, could) if could > 0 else None


@operation
def part_of(whole: int, *parts: int) -> int | None:
    """Return the sum of parts ÷ the whole in basis points; undefined where the whole is not positive."""
    return divide(sum(parts) * 10_000, whole) if whole > 0 else None


@operation
def concentration(*amounts: int) -> int | None:
    """Return the Herfindahl–Hirschman index: Σ of the squared shares in percent, 10,000 where there is one alone.

    What is not positive has no share; undefined where nothing has.
    """
    kept = [amount for amount in amounts if amount > 0]
    whole = sum(kept)
    return divide(sum(amount * amount for amount in kept) * 10_000, whole * whole) if whole else None


@operation
def served(
    own: int, direct: int, fixed: int, paid_for_all: int, minutes: int, all_minutes: int
) -> int | None:
    """Return a client's cost: what was paid for it, and of all other cost its share by time; undefined without time."""
    if all_minutes <= 0:
        return None
    return own + divide((direct + fixed - paid_for_all) * minutes, all_minutes)
