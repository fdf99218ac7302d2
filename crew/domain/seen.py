"""What a form showed of an event when it was opened, so that an older form undoes no newer change unseen.

The form carries a mark of each of the event's terms. Terms that read otherwise by now, and that the form would change
back, are named to whoever sends it; sent once more, what they typed counts.
"""

import dataclasses
import hashlib
from types import MappingProxyType

from core.models import AuditEvent
from core.money import format_minor
from crew.domain import history, timing
from crew.domain.terms import Terms, terms_of
from crew.models import Anchor, Event

# How long a text may be to be shown whole beside what somebody typed.
LONGEST_QUOTE = 60
_MARK = 12
_CHANGED = "crew:event:change"
_LABELS = MappingProxyType({
    "title": "the title",
    "on": "the date",
    "vessel": "the vessel",
    "venue": "the venue",
    "port": "the port",
    "end_port": "where it ends",
    "stops": "the stops",
    "mode": "how it is operated",
    "departure": "the departure",
    "return_": "the return",
    "crew_call_minutes": "crew call",
    "boarding_minutes": "boarding",
    "capacity": "the seats for guests",
    "price_minor": "the price",
    "channel": "the channel",
    "client_name": "the client",
    "meeting_point": "the meeting point",
    "gate_code": "the gate code",
    "notes_captain": "the notes for the captain",
    "notes_crew": "the notes for crew",
    "notes_guests": "the notes for guests",
    "notes_staff": "the notes for staff",
})  # fmt: skip


def mark(*, event: Event) -> str:
    """Return what a form about an event carries of it: a mark of each term."""
    return "".join(_mark(name, value) for name, value in _values(terms_of(event)).items())


def overtaken(*, event: Event, shown: str, wanted: Terms) -> str:
    """Return in sentences what was changed since a form was opened that the form would undo; nothing where all is well.

    ``shown`` is the mark the form carried. Where it is none, everything the form would change counts as not seen.
    """
    now, then = _values(terms_of(event)), _marks(shown)
    asked = _values(wanted)
    names = [
        name for name, value in now.items() if asked[name] != value and then.get(name) != _mark(name, value)
    ]
    if not names:
        return ""
    newest = (
        AuditEvent.objects.filter(scope=history.scope_of(event), action=_CHANGED)
        .select_related("actor")
        .order_by("-id")
        .first()
        if then
        else None
    )
    if newest is not None:
        when = f"{timing.local(event, newest.at):%a %-d %b, %H:%M %Z}"
        begin = f"{newest.actor or 'Quarterdeck itself'} changed this event on {when}, after you opened this form."
    elif then:
        begin = "This event was changed after you opened this form."
    else:
        begin = "What this form showed when you opened it is not known any more."
    reads = "; ".join(f"{_LABELS[name]} {_words(event, name, now[name])}" for name in names)
    return f"{begin} Now: {reads}. What you typed still stands below: take over what should stay, and save once more."


def _values(terms: Terms) -> dict[str, object]:
    """Return terms as they are compared: line ends and an end at the same port make no difference."""
    found: dict[str, object] = {field.name: getattr(terms, field.name) for field in dataclasses.fields(terms)}
    if terms.end_port == terms.port:
        found["end_port"] = None
    return {
        name: value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
        for name, value in found.items()
    }


def _mark(name: str, value: object) -> str:
    known = getattr(value, "pk", value)
    return hashlib.sha256(f"{name}={known}".encode()).hexdigest()[:_MARK]


def _marks(shown: str) -> dict[str, str]:
    """Return the marks by name; none where this is nothing a form carried."""
    if len(shown) != _MARK * len(_LABELS):
        return {}
    names = [field.name for field in dataclasses.fields(Terms)]
    return {name: shown[place * _MARK : (place + 1) * _MARK] for place, name in enumerate(names)}


def _words(event: Event, name: str, value: object) -> str:
    """Return how one term reads now."""
    if name in ("departure", "return_"):
        instant = event.departs_at if name == "departure" else event.returns_at
        zone = timing.zone_of(event) if name == "departure" else timing.end_zone_of(event)
        anchor = event.departure_anchor if name == "departure" else event.return_anchor
        follows = "" if anchor == Anchor.CLOCK else f", by {Anchor(anchor).label.lower()}"
        return f"is {instant.astimezone(zone):%a %-d %b, %H:%M %Z}{follows}"
    if name == "price_minor":
        return f"is {format_minor(event.price_minor, event.entity.currency)}"
    if name in ("crew_call_minutes", "boarding_minutes"):
        return f"is {value} minutes before departure"
    if name == "capacity":
        return f"are {value}"
    if name == "on":
        return f"is {event.departs_on:%-d %b %Y}"
    if name == "stops":
        return f"are {', '.join(event.stops)}" if event.stops else "are none"
    if name == "mode":
        return f"is {event.get_mode_display() or 'ashore'}"
    several = name.startswith("notes_")
    verb = "are" if several else "is"
    text = str(value or "")
    if not text:
        return f"{verb} empty"
    if len(text) > LONGEST_QUOTE or "\n" in text:
        return "read otherwise" if several else "reads otherwise"
    return f"{verb} “{text}”" if isinstance(value, str) else f"{verb} {text}"
