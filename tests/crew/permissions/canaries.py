"""Words that only some may read, strewn over two events, and who may read which. Written out by hand.

A canary is one word that occurs nowhere else: ``zq``, what it stands in, the event's letter, ``zq``. Amounts and
phrases that no word can be put into have patterns of their own. Who may read what is taken from what the portal
promises, and not from `crew.rules`: that is what the matrix tests.
"""

import re

# Who somebody is on an event: C captain, W crew (they work), G guest, A admin, S staff who only read its entity.
EVERYBODY = "CWGAS"
WORKERS = "CWAS"

# What stands in the rows of an event, and who on that event may read it. Nobody off the event may read any.
AUDIENCE: dict[str, str] = {
    # The trip itself.
    "title": EVERYBODY,
    "vessel": EVERYBODY,
    "stop": EVERYBODY,
    "notesguests": EVERYBODY,
    # Work.
    "notescrew": WORKERS,
    "gatecode": WORKERS,
    "meeting": WORKERS,
    "holdername": WORKERS,
    "standin": WORKERS,
    "itemtext": WORKERS,
    "itemdetail": WORKERS,
    "itemhold": WORKERS,
    "value": WORKERS,
    "photo": WORKERS,
    # Those who run it.
    "holdreason": "CAS",
    "notescaptain": "CAS",
    "guestname": "CAS",
    "guestemail": "CAS",
    "boardername": "CAS",
    "boarderemail": "CAS",
    "holderemail": "CA",
    "mending": "CAS",
    # The office.
    "notesstaff": "AS",
    "client": "AS",
    "channel": "AS",
    "history": "AS",
    "price": "AS",
    "rateother": "AS",
    # People's papers belong to no event: only the office that books an entity's people reads them.
    "credential": "",
    "dayoff": "",
    # The books of an event's entity: its staff alone.
    "books": "",
    "rateopen": WORKERS,
    # What is worked out, known by figures that only one event has.
    "crewcall": WORKERS,
    "taken": WORKERS,
}
# What a guest reads once they may board.
ONCE_CLEARED = frozenset({"gatecode", "meeting"})

# Amounts, in cents, by (what, event).
AMOUNTS: dict[tuple[str, str], int] = {
    ("price", "a"): 73_421_937,
    ("price", "b"): 81_357_924,
    ("rateopen", "a"): 41_913,
    ("rateopen", "b"): 45_543,
    ("rateother", "a"): 44_631,
    ("rateother", "b"): 46_759,
}

# Crew call of each event at its port, not the clock of an answer's own headers, and how many of its seats are taken.
_PHRASES = {
    ("crewcall", "a"): ("13:23", re.compile(r"(?<!\d:)\b13:23\b(?!:\d\d gmt)")),
    ("crewcall", "b"): ("13:19", re.compile(r"(?<!\d:)\b13:19\b(?!:\d\d gmt)")),
    ("taken", "a"): (" 37", re.compile(r"\b\d+ (?:of|/) 37\b")),
    ("taken", "b"): (" 38", re.compile(r"\b\d+ (?:of|/) 38\b")),
}

# The known ones only: tokens are random letters too.
_WORD = re.compile(rf"zq({'|'.join(AUDIENCE)})([ab])zq")


def word(what: str, event: str) -> str:
    """Return the canary that stands in one field of an event."""
    assert what in AUDIENCE, what
    return f"zq{what}{event}zq"


def _amount(cents: int) -> tuple[str, re.Pattern[str]]:
    pattern = rf"(?<![\d.]){cents // 100:,}\.{cents % 100:02}(?!\d)".replace(",", ",?")
    return f"{cents / 100:,.2f}".rpartition(",")[2], re.compile(pattern)


# With each pattern what every match of it holds: that is found, or missed, in a hundredth of the time.
_PATTERNS = {**_PHRASES, **{key: _amount(cents) for key, cents in AMOUNTS.items()}}


def found(text: str) -> set[tuple[str, str]]:
    """Return every canary in a text, as (what, event)."""
    text = text.lower()
    words = {(what, event) for what, event in _WORD.findall(text)}
    return words | {
        key for key, (part, pattern) in _PATTERNS.items() if part in text and pattern.search(text)
    }
