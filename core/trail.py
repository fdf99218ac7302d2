"""Reading the audit trail, in words. Writing it is `core.audit`."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q

from core.models import AuditEvent
from core.money import EXPONENTS, format_minor


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One thing that was done: when, what in words, what changed, and who did it."""

    at: dt.datetime
    title: str
    text: str
    by: str


_words: dict[str, str] = {}
_STATE = re.compile(r"[a-z]+(?:_[a-z]+)+")


def name_actions(words: Mapping[str, str]) -> None:
    """Say what actions are called in the portal; apps call it in ``AppConfig.ready()``."""
    _words.update(words)


def recent(*, entity_slugs: Collection[str] | None, limit: int) -> list[TrailLine]:
    """Return the newest events, at most ``limit``.

    With slugs, only events of those entities: what belongs to none is for people who see everything (None).
    """
    events = AuditEvent.objects.select_related("actor")
    if entity_slugs is not None:
        events = events.filter(entity_slug__in=entity_slugs)
    return [line(event) for event in events[:limit]]


def of_records(*, records: Collection[tuple[str, int]], limit: int) -> list[TrailLine]:
    """Return the newest events of some records, each named as (model label in lower case, primary key)."""
    if not records:
        return []
    wanted = Q()
    for label, pk in records:
        wanted |= Q(subject_type=label, subject_id=str(pk))
    return [line(event) for event in AuditEvent.objects.filter(wanted).select_related("actor")[:limit]]


def line(event: AuditEvent) -> TrailLine:
    """Return one event in words."""
    what = _words.get(event.action) or " ".join(event.action.split(":")[1:]).replace("_", " ").capitalize()
    changes = [
        _change(name, *pair, currency=str(event.data.get("currency", "USD")))
        for name, pair in sorted(event.data.items())
        if isinstance(pair, list)
        and len(pair) == 2
        and not any(isinstance(side, dict | list) for side in pair)
    ]
    return TrailLine(
        at=event.at,
        title=f"{what}: {event.subject_label}",
        text="; ".join(changes),
        by=str(event.actor) if event.actor else "Quarterdeck itself",
    )


def _change(name: str, old: object, new: object, *, currency: str) -> str:
    """Return one change in words; what is counted in minor units is written as money."""
    if name.endswith("_minor"):
        old, new = (
            format_minor(side, currency) if isinstance(side, int) and currency in EXPONENTS else side
            for side in (old, new)
        )
    return f"{name.removesuffix('_minor').replace('_', ' ')}: {_shown(old)} → {_shown(new)}"


def _shown(value: object) -> str:
    if value in (None, ""):
        return "none"
    text = str(value)
    # A state is written as it is stored, ``not_listed``; other texts stay as they are.
    return text.replace("_", " ") if _STATE.fullmatch(text) else text
