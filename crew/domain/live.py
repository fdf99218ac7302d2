"""What changed on an event since somebody looked: read from the event's own trail, so nothing else has to be kept."""

import datetime as dt
import re
from dataclasses import dataclass

from django.db.models import Q

from core.models import AuditEvent
from crew.domain import history
from crew.models import Event

# PostgreSQL does not commit ids in order: an older line may appear after a newer one was read. What was touched lately is
# therefore told again, by ids and, for a busy hour of other events, by time.
LATELY_IDS = 50
LATELY = dt.timedelta(minutes=2)
_VERSION = re.compile(r"([0-9]{1,18})-[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Changes:
    """The records touched since a version, as ids by model label, and the version that now holds."""

    version: str
    touched: dict[str, frozenset[int]]

    def of(self, label: str) -> frozenset[int]:
        """Return the ids of one model's touched records."""
        return self.touched.get(label, frozenset())


def since(*, event: Event, version: str, at: dt.datetime) -> Changes | None:
    """Return what was touched since a version, or None where nothing was; one query, or two.

    A version that is empty or not one of ours stands for a page that was loaded a moment ago.
    """
    now = history.version(event)
    if version == now:
        return None
    known = _VERSION.fullmatch(version)
    # The version is read before the records, so that what changes between the two is told the next time.
    newest = int(known[1]) if known else int(now.partition("-")[0])
    lines = AuditEvent.objects.filter(
        Q(id__gt=newest - LATELY_IDS) | Q(at__gte=at - LATELY), scope=history.scope_of(event)
    )
    touched: dict[str, set[int]] = {}
    for label, pk in lines.order_by().values_list("subject_type", "subject_id").distinct():
        if pk.isdecimal():
            touched.setdefault(label, set()).add(int(pk))
    return Changes(now, {label: frozenset(pks) for label, pks in touched.items()})
