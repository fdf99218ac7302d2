"""What a handoff note says becomes a record where there is none yet.

A record once made wins: people change it in the portal and the note is only words. Every adopted record
names the note's file and line as its source. Where notes and records disagree, `queries.contradictions` says so.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser

from core import audit
from portfolio.domain.adoption import channels, clients, jobs, people, plans, rental, technology
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import RowKind
from portfolio.models import Entity

# Each family of records adopts its own kinds of rows.
_ADOPTERS: dict[RowKind, Adopter] = {
    **people.ADOPTERS,
    **channels.ADOPTERS,
    **plans.ADOPTERS,
    **clients.ADOPTERS,
    **jobs.ADOPTERS,
    **rental.ADOPTERS,
    **technology.ADOPTERS,
}


def adopt(*, entity: Entity, note: Handoff, at: dt.datetime, by: AbstractBaseUser | None) -> int:
    """Make the records a note speaks of and nobody has made yet; return how many were made.

    Runs in the caller's transaction. Amounts are cents, dates local to the entity.
    """
    made = 0
    for row in note.rows:
        adopter = _ADOPTERS.get(row.kind)
        if adopter is not None:
            made += adopter(entity, note, row)
    made += plans.adopt_model(entity, note)
    if made:
        audit.record(
            action="portfolio:handoff:adopt",
            subject=entity,
            at=at,
            by=by,
            entity=entity.slug,
            data={"file": note.file, "records": made},
        )
    return made
