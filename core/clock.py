"""The one place that reads the clock. Edges (views, tasks, commands) call it and pass the instant down."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings


class UnknownZoneError(ValueError):
    """A time zone name that the zone database does not hold."""


def now() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def zone(name: str | None = None) -> ZoneInfo:
    """Return the zone of that IANA name, or the portfolio's own zone when none is given.

    Raises:
        UnknownZoneError: the name is empty, a path, or not in the zone database.
    """
    key = settings.QUARTERDECK_ZONE if name is None else name
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZoneError(
            f"{key!r} is not a time zone; use a name such as America/Los_Angeles."
        ) from error


def today(name: str | None = None, *, at: dt.datetime | None = None) -> dt.date:
    """Return the local date in that zone (the portfolio's by default) at an instant (now by default)."""
    return (at or now()).astimezone(zone(name)).date()


def end_of(day: dt.date, name: str | None = None) -> dt.datetime:
    """Return the instant (UTC) at which a local day ends, exclusive: the next local midnight."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone(name))
    return midnight.astimezone(dt.UTC)
