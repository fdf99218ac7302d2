"""Template filters that write amounts, shares and months for people."""

from decimal import Decimal

from django import template

from core import months
from core.money import format_minor

register = template.Library()


@register.filter
def money(minor: int | None, currency: str = "USD") -> str:
    """Write whole minor units as ``$1,234.50``; nothing where there is no amount."""
    return "" if minor is None else format_minor(minor, currency)


@register.filter
def money_round(minor: int | None, currency: str = "USD") -> str:
    """Write whole minor units as ``$1,235``; nothing where there is no amount."""
    return "" if minor is None else format_minor(minor, currency, cents=False)


@register.filter
def money_change(minor: int | None, currency: str = "USD") -> str:
    """Write a change with its sign: ``+$5.00``, ``−$5.00``."""
    return "" if minor is None else format_minor(minor, currency, plus=True)


@register.filter
def money_negated(minor: int | None, currency: str = "USD") -> str:
    """Write a credit posting as the positive amount people expect in a credit column."""
    return "" if minor is None else format_minor(-minor, currency)


@register.filter
def plain_number(value: Decimal | int | None) -> str:
    """Write a number with thousands apart and no idle decimals: ``3,676``, ``4.7``."""
    if value is None:
        return ""
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


@register.filter
def share(basis_points: int | None) -> str:
    """Write basis points as ``20 %``."""
    return "" if basis_points is None else f"{basis_points / 100:g} %".replace("-", "\u2212")


@register.filter
def hundredths(value: int | None) -> str:
    """Write a count of hundredths as what they come to: 350 as ``3.5``."""
    return "" if value is None else f"{value / 100:g}".replace("-", "\u2212")


@register.filter
def month_label(month: int) -> str:
    """Write a whole-number month as ``Oct 2026``."""
    return months.label(month)
