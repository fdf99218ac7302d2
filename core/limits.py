"""Named limits on how often something may be tried, counted atomically across all processes.

`take` counts first and asks afterwards, so that parallel tries cannot slip past between the asking and the
counting. Redis counts where there is one, else one row in the database does, by a single upsert.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from core.models import RateCount


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` tries of one key in each window of ``seconds``. Windows stand at fixed times of the clock."""

    name: str
    most: int
    seconds: int


def take(limit: Limit, key: str, *, at: dt.datetime) -> bool:
    """Count one try of a key and tell whether it is within the limit."""
    return _count(limit, key, at=at, step=1) <= limit.most


def give_back(limit: Limit, key: str, *, at: dt.datetime) -> None:
    """Uncount one try, for limits that count failures: taken before, given back on success."""
    _count(limit, key, at=at, step=-1)


def left(limit: Limit, key: str, *, at: dt.datetime) -> int:
    """Return how many tries are left in the present window, without counting one."""
    name, _ = _window(limit, key, at)
    if settings.REDIS_URL:
        count = int(cache.get(name, 0))
    else:
        count = RateCount.objects.filter(key=name).values_list("count", flat=True).first() or 0
    return max(0, limit.most - count)


def forget_old(*, at: dt.datetime) -> int:
    """Delete counters of windows that ended; return how many."""
    ended = RateCount.objects.filter(ends_at__lt=at)
    return ended.delete()[0] if ended.exists() else 0


def _window(limit: Limit, key: str, at: dt.datetime) -> tuple[str, dt.datetime]:
    number = int(at.timestamp()) // limit.seconds
    # Addresses and mail addresses stay out of the counters.
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    ends_at = dt.datetime.fromtimestamp((number + 1) * limit.seconds, dt.UTC)
    return f"limit:{limit.name}:{number}:{digest}", ends_at


def _count(limit: Limit, key: str, *, at: dt.datetime, step: int) -> int:
    name, ends_at = _window(limit, key, at)
    if settings.REDIS_URL:
        cache.add(name, 0, timeout=limit.seconds)
        return int(cache.incr(name, step))
    table = connection.ops.quote_name(RateCount._meta.db_table)
    start = max(step, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            # The only words put in are the table's own name.
            f"INSERT INTO {table} (key, count, ends_at) VALUES (%s, %s, %s) "  # noqa: S608
            f"ON CONFLICT (key) DO UPDATE SET count = {table}.count + %s WHERE {table}.count + %s >= 0 "
            "RETURNING count",
            [name, start, connection.ops.adapt_datetimefield_value(ends_at), step, step],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
