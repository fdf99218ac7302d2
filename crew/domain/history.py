"""What was done on an event, by whom and by which grant: one line of the audit trail, in the scope of the event.

The newest line of that scope is also how a page learns that something changed (`version`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, Max

from core import audit
from core.models import AuditEvent
from crew.models import Event, Person


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose hand it was (None: Quarterdeck itself), and the grant they came by (None: a staff duty)."""

    person: Person | None
    grant_id: int | None = None


SYSTEM = Actor(None)


def scope_of(event: Event) -> str:
    """Return the scope that gathers an event's trail."""
    return f"event:{event.key}"


def note(
    *,
    event: Event,
    action: str,
    subject: models.Model,
    by: Actor,
    at: dt.datetime,
    data: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one line, in the transaction of the change itself. ``action`` is ``crew:subject:verb``."""
    return audit.record(
        action=action,
        subject=subject,
        at=at,
        by=by.person,
        entity=event.entity.slug,
        scope=scope_of(event),
        data={**(data or {}), "grant": by.grant_id},
    )


def version(event: Event) -> str:
    """Return what changes whenever anything was done on the event; one query.

    Ids are not committed in order on PostgreSQL, so the newest id alone could hide an older one that came later; the
    count beside it cannot.
    """
    found = AuditEvent.objects.filter(scope=scope_of(event)).aggregate(newest=Max("id"), count=Count("id"))
    return f"{found['newest'] or 0}-{found['count']}"
