"""Reading the audit trail, in words. Writing it is `core.audit`."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q

from core import clock
from core.models import AuditEvent
from core.money import EXPONENTS, format_minor


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One thing that was done: when, what in words, what changed, and who did it."""

    at: dt.datetime
    title: str
    text: str
    by: str


# So many events may have been written after one that is newer: those of the sample were, all in one moment.
_NEAR = 1_000
_words: dict[str, str] = {}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00")
_STATE = re.compile(r"[a-z]+(?:_[a-z]+)+")


def name_actions(words: Mapping[str, str]) -> None:
    """Say what actions are called in the portal; apps call it in ``AppConfig.ready()``."""
    _words.update(words)


def called(action: str) -> str:
    """Return what an action is called, or its own last words where no app has named it."""
    return _words.get(action) or " ".join(action.split(":")[1:]).replace("_", " ").capitalize()


def recent(*, entity_slugs: Collection[str] | None, limit: int) -> list[TrailLine]:
    """Return the newest events, at most ``limit``: by their instants, among those written last.

    With slugs, only events of those entities: what belongs to none is for people who see everything (None).
    """
    newest = AuditEvent.objects.order_by("-pk")
    if entity_slugs is not None:
        newest = newest.filter(entity_slug__in=entity_slugs)
    # By their ids, which have a key, and only those by their instants, which have none.
    events = AuditEvent.objects.filter(pk__in=newest.values("pk")[: limit + _NEAR]).select_related("actor")
    return [line(event) for event in events[:limit]]


def of_records(
    *, records: Collection[tuple[str, int]], limit: int, zone: dt.tzinfo | None = None
) -> list[TrailLine]:
    """Return the newest events of some records, each named as (model label in lower case, primary key)."""
    if not records:
        return []
    wanted = Q()
    for label, pk in records:
        wanted |= Q(subject_type=label, subject_id=str(pk))
    found = AuditEvent.objects.filter(wanted).select_related("actor")[:limit]
    return [line(event, zone=zone) for event in found]


def line(event: AuditEvent, *, zone: dt.tzinfo | None = None) -> TrailLine:
    """Return one event in words, its instants on the clock of a zone, else the portfolio's."""
    changes = [
        _change(name, *pair, currency=str(event.data.get("currency", "USD")), zone=zone)
        for name, pair in sorted(event.data.items())
        if isinstance(pair, list)
        and len(pair) == 2
        and not any(isinstance(side, dict | list) for side in pair)
    ]
    return TrailLine(
        at=event.at,
        title=f"{called(event.action)}: {event.subject_label}",
        text="; ".join(changes),
        by=str(event.actor) if event.actor else "Quarterdeck itself",
    )


def _change(name: str, old: object, new: object, *, currency: str, zone: dt.tzinfo | None) -> str:
    """Return one change in words; what is counted in minor units is written as money."""
    if name.endswith("_minor"):
        old, new = (
            format_minor(side, currency) if isinstance(side, int) and currency in EXPONENTS else side
            for side in (old, new)
        )
    return (
        f"{name.removesuffix('_minor').replace('_', ' ')}: {shown(old, zone=zone)} → {shown(new, zone=zone)}"
    )


def shown(value: object, *, zone: dt.tzinfo | None = None) -> str:
    """Return one value of an event's data in words: dates and instants as they are said, not as they are stored."""
    if value in (None, ""):
        return "none"
    text = str(value)
    try:
        if _DATE.fullmatch(text):
            return f"{dt.date.fromisoformat(text):%-d %b %Y}"
        if _INSTANT.fullmatch(text):
            return f"{dt.datetime.fromisoformat(text).astimezone(zone or clock.zone()):%-d %b %Y %H:%M %Z}"
    except ValueError:  # It only looks like one; somebody's text stays as it is.
        return text
    # A state is written as it is stored, ``not_listed``; other texts stay as they are.
    return text.replace("_", " ") if _STATE.fullmatch(text) else text
