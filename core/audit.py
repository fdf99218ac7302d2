"""Writing the audit trail. Called inside the transaction of the change it records."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from core.models import AuditEvent


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
        subject_label=str(subject)[:200],
        entity_slug=entity,
        scope=scope,
        data=data or {},
    )
