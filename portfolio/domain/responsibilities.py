"""Handing a responsibility over, from one who does it alone to something written down that another can do."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import Handover, Responsibility

# A handover goes on, or is found not to hold and starts again.
MOVES: dict[str, frozenset[str]] = {
    Handover.NOT_STARTED: frozenset({Handover.IN_PROGRESS, Handover.COMPLETE}),
    Handover.IN_PROGRESS: frozenset({Handover.COMPLETE, Handover.NOT_STARTED}),
    Handover.COMPLETE: frozenset({Handover.IN_PROGRESS}),
}


class HandoverRefusedError(Exception):
    """The handover cannot go from where it stands to where it was sent."""


def move_handover(
    *, responsibility: Responsibility, to: Handover, at: dt.datetime, by: AbstractBaseUser
) -> None:
    """Move a responsibility's handover on.

    Raises:
        HandoverRefusedError: `MOVES` does not hold the move, or somebody moved it meanwhile.
    """
    before = Handover(responsibility.handover)
    if to not in MOVES[before]:
        raise HandoverRefusedError(
            f"The handover of {responsibility.role} is {before.label.lower()}; it cannot become {to.label.lower()}."
        )
    with transaction.atomic():
        if not Responsibility.objects.filter(pk=responsibility.pk, handover=before).update(handover=to):
            raise HandoverRefusedError(
                f"Somebody moved the handover of {responsibility.role} meanwhile; look at it again."
            )
        audit.record(
            action="portfolio:responsibility:hand_over",
            subject=responsibility,
            at=at,
            by=by,
            entity=responsibility.entity.slug,
            data={"handover": [str(before), str(to)]},
        )
    responsibility.handover = to
