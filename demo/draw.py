"""Choices that look random and are the same on every machine and Python: each is a hash of its own name.

No generator state, so adding a row to the story changes no other row.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import TypeVar

SEED = "quarterdeck-2026-11-10"
Choice = TypeVar("Choice")


def number(*key: object, below: int) -> int:
    """Return a whole number from 0 to below - 1 that belongs to that key."""
    digest = hashlib.sha256("|".join(map(str, (SEED, *key))).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def choice(*key: object, of: Sequence[Choice]) -> Choice:
    """Return one of some things."""
    return of[number(*key, below=len(of))]


def identifier(prefix: str, *key: object) -> str:
    """Return an id in Stripe's form, such as ``ch_1Q`` and 22 letters and digits."""
    digest = hashlib.sha256("|".join(map(str, (SEED, prefix, *key))).encode()).digest()
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"
    return f"{prefix}_1Q" + "".join(alphabet[byte % len(alphabet)] for byte in digest[:22])


def business_day(day: dt.date, *, after: int = 0) -> dt.date:
    """Return the day itself or the next Monday to Friday, and then so many business days later."""
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    for _ in range(after):
        day += dt.timedelta(days=1)
        while day.weekday() >= 5:
            day += dt.timedelta(days=1)
    return day
