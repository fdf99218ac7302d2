"""Writing the audit trail. Called inside the transaction of the change it records."""

import datetime as dt
import json
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models

from core.models import AuditEvent

_COLUMNS = (
    "at", "action", "actor_id", "subject_type", "subject_id", "subject_label", "entity_slug", "scope", "data"
)  # fmt: skip
_INSERT = f"INSERT INTO core_auditevent ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 - names


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
        **_values(action, subject, at, by.pk if by is not None else None, entity, scope, data)
    )


def statement(
    *,
    action: str,
    subject: models.Model,
    at: dt.datetime,
    by_id: int | None,
    entity: str,
    data: dict[str, Any],
) -> tuple[str, list[Any]]:
    """Return what `record` would write, as SQL for whoever writes his own in the same breath."""
    values = _values(action, subject, at, by_id, entity, "", json.dumps(data))
    values["at"] = connection.ops.adapt_datetimefield_value(at)
    return _INSERT, [values[column] for column in _COLUMNS]


def _values(
    action: str, subject: models.Model, at: dt.datetime, by_id: int | None, entity: str, scope: str, data: Any
) -> dict[str, Any]:
    return {
        "at": at,
        "action": action,
        "actor_id": by_id,
        "subject_type": subject._meta.label_lower,
        "subject_id": str(subject.pk),
        "subject_label": str(subject)[:200],
        "entity_slug": entity,
        "scope": scope,
        "data": data or {},
    }
