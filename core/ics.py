"""Calendars as files (RFC 5545): days with something on them, as every calendar program takes them in."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MEDIA_TYPE = "text/calendar; charset=utf-8"
_LONGEST_LINE = 75
"""Octets of one line, its end not counted (section 3.1)."""


@dataclass(frozen=True, slots=True)
class Day:
    """Something that stands on one day, from midnight to midnight wherever it is read.

    ``uid`` names it for good; ``sequence`` counts up with each change, so that a later file replaces an earlier one.
    ``changed_at`` is an instant in UTC.
    """

    uid: str
    on: dt.date
    summary: str
    description: str
    url: str
    sequence: int
    changed_at: dt.datetime
    cancelled: bool = False


def calendar(*, name: str, days: Iterable[Day], at: dt.datetime) -> bytes:
    """Return a calendar as a file; ``at`` is when it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Quarterdeck//Actions//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{text(name)}",
    ]
    for day in days:
        lines += _event(day, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line)).encode()


def text(said: str) -> str:
    """Return a text value as it stands in a line: escaped (section 3.3.11), what is no character of a text left out."""
    kept = "".join(c for c in said.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(plain, escaped)
    return kept


def folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets, each but the first behind a blank; no character is cut in two."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode("utf-8"))
        if size + octets > _LONGEST_LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece


def _event(day: Day, at: dt.datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{text(day.uid)}"
    yield f"DTSTAMP:{_instant(at)}"
    yield f"LAST-MODIFIED:{_instant(day.changed_at)}"
    yield f"SEQUENCE:{day.sequence}"
    yield f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day.on + dt.timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{text(day.summary)}"
    yield f"DESCRIPTION:{text(day.description)}"
    yield f"URL:{day.url}"
    yield f"STATUS:{'CANCELLED' if day.cancelled else 'CONFIRMED'}"
    # A thing to do takes no time away from whoever has it.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _instant(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
