"""What pages and mails of links say: instants on the port's clock, the zone always with them, and programs by name."""

import datetime as dt

from crew.domain import timing
from crew.models import Event

# What an agent's string holds, and whose it then is: the first that fits. Most name others too (“like Safari”).
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("Chromium", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def departure(event: Event) -> str:
    """Return when an event leaves: ``Saturday 28 November 2026, 15:00 PST``."""
    return f"{timing.local(event, event.departs_at):%A %-d %B %Y, %H:%M %Z}"


def stamp(event: Event, at: dt.datetime) -> str:
    """Return an instant in short: ``28 Nov 2026, 15:00 PST``."""
    return f"{timing.local(event, at):%-d %b %Y, %H:%M %Z}"


def program(agent: str) -> str:
    """Return what a program says it is, in words: ``Firefox on Linux``; the whole string is for the admin."""
    if not agent:
        return ""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return " on ".join(part for part in (browser or "Another program", system) if part)
