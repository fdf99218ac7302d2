"""Money is whole minor units (cents) with a currency code; never a float, never a bare Decimal.

Reading is strict: ASCII digits only, because ``Decimal`` also takes ``1e400``, ``NaN``, ``1_000`` and
Arabic digits, and a book must not.
"""

import re

MINUS = "\u2212"

# ISO 4217 minor-unit exponents of the currencies the businesses meet; others are refused, not guessed.
EXPONENTS = {"USD": 2, "MXN": 2, "CAD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "JPY": 0}
SYMBOLS = {"USD": "$", "MXN": "MX$", "CAD": "CA$", "EUR": "€", "GBP": "£", "AUD": "A$", "JPY": "¥"}

# A book's amount fits in a signed 64-bit column with room for a million of them to be added up.
LIMIT_MINOR = 10**13

_PLAIN = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.([0-9]*))?", re.ASCII)


class MoneyError(ValueError):
    """Text that is not an amount of money in that currency."""


def exponent(currency: str) -> int:
    """Return how many decimals a currency has.

    Raises:
        MoneyError: the currency is not one we keep books in.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        known = ", ".join(EXPONENTS)
        raise MoneyError(f"{currency!r} is not a currency we keep; use one of {known}.") from None


def parse_minor(text: str, currency: str = "USD") -> int:
    """Read an amount as people and banks write it and return whole minor units, signed.

    Accepts ``1234.5``, ``$1,234.50``, ``-5.00``, ``-$5.00``, ``$-5.00``, ``+5`` and ``(5.00)`` as negative.
    Decimals beyond the currency's own must be zeros: ``1.000`` is an amount of dollars, ``1.005`` is not.

    Raises:
        MoneyError: anything else, with a sentence that says what was found.
    """
    digits = exponent(currency)
    body = text.strip().replace(MINUS, "-")
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
        if body[:1] in ("+", "-"):
            raise MoneyError(f"{text!r} has both brackets and a sign; use one of them.")
    symbol = SYMBOLS[currency]
    signed = body[:1] in ("-", "+")
    if signed:
        negative, body = body[0] == "-", body[1:].strip()
    if body.startswith(symbol):
        body = body[len(symbol) :].strip()
        if body[:1] == "-" and not signed and not negative:
            negative, body = True, body[1:]
    match = _PLAIN.fullmatch(body)
    if not match or not (match[1] or match[2]):
        raise MoneyError(f"{text!r} is not an amount; write it as 1234.50.")
    whole, fraction = (match[1] or "0").replace(",", ""), match[2] or ""
    if fraction[digits:].strip("0"):
        raise MoneyError(f"{text!r} has more than {digits} decimals, which {currency} does not have.")
    if len(whole) > 15:
        raise MoneyError(f"{text!r} is larger than any amount these books hold.")
    minor = int(whole) * 10**digits + int((fraction[:digits]).ljust(digits, "0") or "0")
    if minor > LIMIT_MINOR:
        raise MoneyError(f"{text!r} is larger than any amount these books hold.")
    return -minor if negative else minor


def format_minor(minor: int, currency: str = "USD", *, cents: bool = True, plus: bool = False) -> str:
    """Write an amount for people: ``$1,234.50``, ``−$5.00``; ``cents=False`` rounds half away from zero.

    ``plus`` puts a plus sign before positive amounts, for changes.
    """
    digits = exponent(currency)
    size = abs(minor)
    if cents and digits:
        whole, fraction = divmod(size, 10**digits)
        body = f"{whole:,}.{fraction:0{digits}d}"
    else:
        body = f"{(size + 10**digits // 2) // 10**digits:,}"
    shown_zero = not body.strip("0.,")
    sign = "" if shown_zero else MINUS if minor < 0 else "+" if plus else ""
    return f"{sign}{SYMBOLS[currency]}{body}"


def divide(numerator: int, denominator: int) -> int:
    """Return a quotient of whole numbers rounded half away from zero. The denominator is not zero."""
    negative = (numerator < 0) != (denominator < 0)
    size = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return -size if negative else size


def share(minor: int, basis_points: int) -> int:
    """Return a share of an amount in whole minor units, rounded half away from zero."""
    return divide(minor * basis_points, 10_000)
