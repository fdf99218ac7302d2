"""Writing the audit trail. Called inside the transaction of the change it records."""

import datetime as dt
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from core.models import AuditEvent

# For whoever writes an event among statements of his own.
INSERT_SQLITE = (
    "INSERT INTO core_auditevent (at, action, actor_id, subject_type, subject_id, subject_label, entity_slug, scope, data) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Event(NamedTuple):
    """What `record` would write, before its subject has an id; ``data`` is JSON."""

    action: str
    subject_type: str
    subject_label: str
    entity: str
    scope: str
    data: str

    def values(self, *, subject_id: int, at: object, by_id: int | None) -> tuple[Any, ...]:
        """Return the values for `INSERT_SQLITE`."""
        return (
            at, self.action, by_id, self.subject_type, str(subject_id), self.subject_label, self.entity, self.scope,
            self.data,
        )  # fmt: skip


def record(
    *,
    action: str,
    subject: models.Model,
    at: dt.datetime,
    by: AbstractBaseUser | None = None,
    entity: str = "",
    scope: str = "",
    data: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one event: ``action`` is ``source:subject:verb``, ``data`` holds old and new values, never a secret.

    ``by`` is None where the system acted by itself; ``entity`` is a slug, empty for what belongs to none; ``scope``
    gathers what happened within one larger thing (``event:KEY``).
    """
    return AuditEvent.objects.create(
        at=at,
        action=action,
        actor_id=by.pk if by is not None else None,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        subject_label=label(subject),
        entity_slug=entity,
        scope=scope,
        data=data or {},
    )


def label(subject: object) -> str:
    """Return the words for a subject, cut to what the trail keeps."""
    return str(subject)[:200]
