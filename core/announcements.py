"""Saying what has happened, for whoever on a floor above may want to act on it.

Said inside the transaction of the deed itself: what is rolled back was never said. A floor above reads the rows and
keeps for itself what it has answered. It may be told that there is news as soon as that is committed (`hear`); being told
only saves time, for a row that nobody was told of is found by the next sweep.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, models, transaction

from core import audit
from core.models import Announcement

_hearers: dict[str, list[Callable[[], object]]] = defaultdict(list)


def hear(kind: str, hearer: Callable[[], object]) -> None:
    """Have a function called, without saying of what, each time a deed of a kind was announced and committed."""
    _hearers[kind].append(hearer)


def say(
    *,
    kind: str,
    key: str,
    subject: models.Model,
    entity: str = "",
    data: dict[str, Any] | None = None,
    at: dt.datetime,
) -> bool:
    """Announce one deed; tell whether it was news. The same key is said once, however often it is tried.

    ``kind`` is ``source:subject:what``, as in ``portfolio:period:closed``; ``entity`` is a slug, empty for what belongs
    to none; ``data`` holds no secret.
    """
    if Announcement.objects.filter(key=key).exists():
        return False
    try:
        with transaction.atomic():
            Announcement.objects.create(
                kind=kind,
                key=key,
                subject_type=subject._meta.label_lower,
                subject_id=str(subject.pk),
                subject_label=audit.label(subject),
                entity_slug=entity,
                data=data or {},
                at=at,
            )
    except IntegrityError:
        return False  # Another process was quicker.
    for hearer in _hearers[kind]:
        transaction.on_commit(hearer, robust=True)
    return True
