"""Instants of an event as pages and mails of links write them: on the port's clock, the zone always with them."""

import datetime as dt

from crew.domain import timing
from crew.models import Event


def departure(event: Event) -> str:
    """Return when an event leaves: ``Saturday 28 November 2026, 15:00 PST``."""
    return f"{timing.local(event, event.departs_at):%A %-d %B %Y, %H:%M %Z}"


def stamp(event: Event, at: dt.datetime) -> str:
    """Return an instant in short: ``28 Nov 2026, 15:00 PST``."""
    return f"{timing.local(event, at):%-d %b %Y, %H:%M %Z}"
