"""What changed of an event, as its trail keeps it: words that are read again years later, never columns."""

import datetime as dt
from collections.abc import Collection

from crew.domain import timing
from crew.domain.timing_panel import span
from crew.models import Anchor, Event

# How the trail names what changed, and what it does not repeat: a code is no matter of record, notes are long.
_NAMES = {
    "vessel_id": "vessel",
    "port_id": "port",
    "end_port_id": "end_port",
    "channel_id": "channel",
    "departs_on": "date",
    "departs_at": "leaves",
    "returns_at": "is_back",
    "crew_call_minutes": "crew_call",
    "boarding_minutes": "boarding",
}
_RULES = {
    "departure_anchor": "departure",
    "departure_minutes": "departure",
    "return_anchor": "return",
    "return_minutes": "return",
}
_LEADS = ("crew_call_minutes", "boarding_minutes")
_UNWRITTEN = frozenset({"gate_code", "notes_captain", "notes_crew", "notes_guests", "notes_staff"})


def changes(*, before: Event, now: Event, names: Collection[str]) -> dict[str, object]:
    """Return what columns of an event said before and say now, by the names the trail calls them."""
    found: dict[str, object] = {}
    for name in names:
        if name in _UNWRITTEN:
            found[name] = "changed"
        elif name in _RULES:
            side = _RULES[name]
            found[side] = [rule(before, side), rule(now, side)]
        else:
            found[_NAMES.get(name, name)] = [_value(before, name), _value(now, name)]
    return found


def rule(event: Event, side: str) -> str:
    """Return the rule of an event's ``departure`` or ``return``: "10:00", "1 h 45 min before sunset"."""
    anchor, minutes = getattr(event, f"{side}_anchor"), getattr(event, f"{side}_minutes")
    if anchor == Anchor.CLOCK:
        days, minute = divmod(minutes, timing.DAY_MINUTES)
        later = "" if not days else ", the day after" if days == 1 else f", {days} days after"
        return f"{minute // 60:02}:{minute % 60:02}{later}"
    label = Anchor(anchor).label.lower()
    if not minutes:
        return f"at {label}"
    return f"{span(dt.timedelta(minutes=minutes))} {'before' if minutes < 0 else 'after'} {label}"


def day(on: dt.date) -> str:
    """Return a date in words."""
    return f"{on:%a %-d %b %Y}"


def _value(event: Event, name: str) -> object:
    if name == "mode":
        return event.get_mode_display() or "ashore"
    value = getattr(event, name.removesuffix("_id"))
    if name in _LEADS:
        return f"{span(dt.timedelta(minutes=value))} before departure"
    if isinstance(value, dt.datetime):
        zone = timing.end_zone_of(event) if name == "returns_at" else timing.zone_of(event)
        return f"{value.astimezone(zone):%-d %b %Y %H:%M %Z}"
    if isinstance(value, dt.date):
        return day(value)
    if isinstance(value, list):
        return ", ".join(value)
    return value if value is None or isinstance(value, int | str) else str(value)
