"""Pacing: one line for everybody who sends, as fast as SES allows and no faster, and one process that leads.

A transport's line is one number, the next free moment to start a message; whoever wants to send moves it on by one atomic
statement and waits until then. It lives in Redis where there is one, else in the transport's row `Pace`, and is read off
the store's own clock, so that the clocks of machines do not matter. What SES allows, how far throttling has slowed us and
until when the day's quota is used up are in the row, for all processes alike. The mailbox of a laptop is not paced.
"""

import dataclasses
import datetime as dt
import functools
import logging
import time
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Q

from mail import transport as transports
from mail.models import Pace
from mail.transport import Way

logger = logging.getLogger(__name__)

# A little below what is allowed: the way to SES is not equally long for each message.
HEADROOM = 0.985
# After a stall of ours, so many seconds' worth of messages may be caught up at once. Our choice: SES promises no burst, and is
# understood to count by the second.
CATCH_UP = 0.5
# What is assumed until SES has said more: the pace of its sandbox.
UNKNOWN_RATE = 1.0
# SES is asked again after so long; sooner where it could not be asked.
ASK_EVERY = dt.timedelta(minutes=5)
ASK_AGAIN = 60.0
# Each throttled call in another second takes this share of the pace; it comes back by so much a second.
SLOWER = 0.7
RECOVERS = 0.01
SLOWEST = 0.05
# How long a used-up quota of 24 hours keeps a transport closed. It runs with the hours, so some of it is back soon.
CLOSED_FOR = dt.timedelta(minutes=10)
# A leader's turn, if it is not prolonged: so long nobody leads after a leader was killed.
TURN = dt.timedelta(seconds=5)
# A turn or a place in the line further off than this was written by a clock that has been set back since; so was the end
# of a closed time, further off than it can last.
FAR_TURN = dt.timedelta(minutes=1)
FAR_PLACE = 300.0

# These set no pace.
_UNPACED = frozenset({"mailbox", "smtp"})
# When this process last could not ask, by transport.
_failed_at: dict[str, float] = {}

# The same arithmetic as `_of_row`, on Redis's clock.
_SCRIPT = """
local now = redis.call('TIME')
local at = tonumber(now[1]) + tonumber(now[2]) / 1000000
local first = tonumber(redis.call('GET', KEYS[1]) or '0')
if first > at + tonumber(ARGV[4]) then first = 0 end
first = math.max(first, at - tonumber(ARGV[2]))
if first > at + tonumber(ARGV[3]) then return '' end
redis.call('SET', KEYS[1], string.format('%.6f', first + tonumber(ARGV[1])), 'EX', 3600)
return string.format('%.6f', first - at)
"""

_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}


@dataclass(frozen=True)
class Standing:
    """What a transport allows now. ``rate`` is None where it sets no pace."""

    rate: float | None
    closed: bool = False

    @property
    def gap(self) -> float:
        """Return the seconds from one message to the next."""
        return 0.0 if self.rate is None else 1.0 / (self.rate * HEADROOM)


@dataclass(frozen=True)
class Turn:
    """One process's leave to send what is due, until an instant that also names it."""

    transport: str
    until: dt.datetime


def standing(*, transport: str, at: dt.datetime) -> Standing:
    """Return what a transport allows now, as the row has it."""
    if transport == "mailbox":
        return Standing(None)
    row = _row(transport)
    rate = None if transport in _UNPACED else (row.rate or UNKNOWN_RATE) * _share(row, at)
    return Standing(
        rate, closed=row.closed_until is not None and at < row.closed_until <= at + FAR_TURN + CLOSED_FOR
    )


def reserve(*, transport: str, n: int, gap: float, patience: float = 5.0) -> float | None:
    """Take the next ``n`` places in a transport's line; return the seconds until the last of them has come.

    None, and nothing taken, where the first is more than ``patience`` seconds away.
    """
    if not gap:
        return 0.0
    try:
        store = _of_redis if settings.REDIS_URL else _of_row
        first = store(transport, n * gap, patience)
    except redis.RedisError as error:
        logger.warning("Redis keeps no line for %s now (%s); the database does.", transport, error)
        first = _of_row(transport, n * gap, patience)
    return None if first is None else max(0.0, first + (n - 1) * gap)


def learn(*, way: Way, at: dt.datetime) -> None:
    """Ask SES what our account may send, where the last answer is old. What it said last stands until it says more."""
    if way.name in _UNPACED:
        return
    read_at = _row(way.name).read_at
    if read_at is not None and at - read_at < ASK_EVERY:
        return
    failed_at = _failed_at.get(way.name)
    if failed_at is not None and time.monotonic() - failed_at < ASK_AGAIN:
        return
    told = transports.account(over=way)
    if told.rate is None:
        _failed_at[way.name] = time.monotonic()
        logger.warning("%s Mail by %s goes at the pace known before, else one a second.", told.why, way.name)
        return
    Pace.objects.filter(transport=way.name).update(
        rate=told.rate, daily=told.daily, used=told.used, production=told.production, read_at=at
    )


def forget_failures() -> None:
    """Ask SES again at once, though it could not be asked a moment ago."""
    _failed_at.clear()


def throttled(*, transport: str, at: dt.datetime) -> None:
    """Go slower for a while, because a call was throttled. Calls throttled within one second count once."""
    row = _row(transport)
    share = max(SLOWEST, _share(row, at) * SLOWER)
    same = Q(slowed_at__isnull=True) | Q(slowed_at__lte=at - dt.timedelta(seconds=1))
    if Pace.objects.filter(same, pk=row.pk).update(slowed=share, slowed_at=at):
        logger.warning("%s throttled us; we go on at %.0f %% of the pace it allows.", transport, share * 100)


def close(*, transport: str, until: dt.datetime) -> None:
    """Close a transport for a while, because it is down or its quota of the day is used up."""
    if transport == "mailbox":
        return
    _row(transport)
    open_still = (
        Q(closed_until__isnull=True) | Q(closed_until__lt=until) | Q(closed_until__gt=until + CLOSED_FOR)
    )
    if Pace.objects.filter(open_still, transport=transport).update(closed_until=until):
        logger.error("Nothing is sent by %s until %s.", transport, until.isoformat(timespec="seconds"))


def lead(*, transport: str, at: dt.datetime) -> Turn | None:
    """Take the lead in sending what is due, None where another process has it."""
    row = _row(transport)
    until = at + TURN
    free = Q(leader_until__isnull=True) | Q(leader_until__lte=at) | Q(leader_until__gt=at + FAR_TURN)
    won = Pace.objects.filter(free, pk=row.pk).update(leader_until=until)
    return Turn(transport, until) if won else None


def prolong(turn: Turn, *, at: dt.datetime) -> Turn | None:
    """Keep the lead, None where the turn ended and another process took over."""
    later = dataclasses.replace(turn, until=max(at + TURN, turn.until))
    held = Pace.objects.filter(transport=turn.transport, leader_until=turn.until)
    return later if held.update(leader_until=later.until) else None


def resign(turn: Turn) -> None:
    """Give up the lead, so that the next sweep need not wait."""
    Pace.objects.filter(transport=turn.transport, leader_until=turn.until).update(leader_until=None)


def _row(transport: str) -> Pace:
    return Pace.objects.get_or_create(transport=transport)[0]


def _share(row: Pace, at: dt.datetime) -> float:
    """Return the share of the allowed pace in use: what throttling left of it, and what came back since."""
    if row.slowed_at is None:
        return row.slowed
    return min(1.0, row.slowed + RECOVERS * max(0.0, (at - row.slowed_at).total_seconds()))


def _of_row(transport: str, seconds: float, patience: float) -> float | None:
    """Move the line in the transport's row on; return how far off its old end is, None where that is too far."""
    now = _NOW[connection.vendor]
    table = connection.ops.quote_name(Pace._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            # The only words put in are the table's name and the engine's clock.
            f"UPDATE {table} SET next_at = "  # noqa: S608
            f"CASE WHEN next_at > {now} - %s AND next_at <= {now} + %s THEN next_at ELSE {now} - %s END + %s "
            f"WHERE transport = %s AND (next_at <= {now} + %s OR next_at > {now} + %s) RETURNING next_at - {now}",
            [CATCH_UP, FAR_PLACE, CATCH_UP, seconds, transport, patience, FAR_PLACE],
        )
        rows = cursor.fetchall()
    return float(rows[0][0]) - seconds if rows else None


def _of_redis(transport: str, seconds: float, patience: float) -> float | None:
    """Do the same in Redis.

    Raises:
        RedisError: it does not answer.
    """
    said = _redis(settings.REDIS_URL).eval(
        _SCRIPT, 1, f"quarterdeck:pace:{transport}", seconds, CATCH_UP, patience, FAR_PLACE
    )
    return float(said) if said else None


@functools.lru_cache(maxsize=2)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
