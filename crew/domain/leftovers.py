"""What nobody needs any more: sessions that ended, codes that ran out, requests from a dock that is long empty.

The trail of what was done with them stays; it is kept by `core.audit` and `crew.domain.link_trail`.
"""

import datetime as dt

from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from crew.models import BoardingRequest, StepUp

# Whoever was mailed a code may ask about it for a while; phones on the dock wait until the trip is over, and guests' own
# links work two days longer.
CODES_KEPT = dt.timedelta(days=30)
REQUESTS_KEPT = dt.timedelta(days=2)
# So that no sweep holds anybody up.
MOST_AT_ONCE = 1_000


def sweep(*, at: dt.datetime) -> int:
    """Delete what has ended, at most so many rows of each kind at once; return how many. Where nothing has, nothing is written."""
    found: tuple[QuerySet[Model], ...] = (
        Session.objects.filter(expire_date__lt=at),
        StepUp.objects.filter(expires_at__lt=at - CODES_KEPT),
        BoardingRequest.objects.filter(event__returns_at__lt=at - REQUESTS_KEPT),
    )
    return sum(_delete(rows) for rows in found)


def _delete(rows: QuerySet[Model]) -> int:
    ended = list(rows.order_by().values_list("pk", flat=True)[:MOST_AT_ONCE])
    # Asked once more: a session may have been prolonged in between.
    return rows.filter(pk__in=ended).delete()[0] if ended else 0
