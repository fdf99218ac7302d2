"""Papers of an entity that run out: permits, insurance, certificates."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, months
from portfolio.domain.rental import RentalRefusedError
from portfolio.models import Entity, Expiry, ExpiryKind


def enter(
    *,
    entity: Entity,
    kind: ExpiryKind,
    name: str,
    expires_on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Expiry:
    """Write a paper down with the last day it is good for.

    Raises:
        RentalRefusedError: it has no name, or one of that name is there.
    """
    if not name.strip():
        raise RentalRefusedError("Say what the paper is called.")
    try:
        with transaction.atomic():
            paper = Expiry.objects.create(
                entity=entity, kind=kind, name=name.strip(), expires_on=expires_on,
                source=f"entered by {by}"[:120] if by is not None else "",
            )  # fmt: skip
            audit.record(
                action="portfolio:expiry:enter", subject=paper, by=by, at=at, entity=entity.slug,
                data={"expires_on": [None, expires_on.isoformat()]},
            )  # fmt: skip
    except IntegrityError as error:
        raise RentalRefusedError(
            f"“{name.strip()[:60]}” is there already; renew that one, or call this one something else."
        ) from error
    return paper


def renew(*, paper: Expiry, expires_on: dt.date, by: AbstractBaseUser | None, at: dt.datetime) -> Expiry:
    """Move the day up to which a paper is good, and return it as it then is.

    Raises:
        RentalRefusedError: the day is not a later one, or somebody moved it meanwhile.
    """
    old = paper.expires_on
    if expires_on <= old:
        raise RentalRefusedError(
            f"{paper.name} is good until {months.spelled(old)} already; a renewal gives a later day."
        )
    with transaction.atomic():
        if not Expiry.objects.filter(pk=paper.pk, expires_on=old).update(expires_on=expires_on):
            raise RentalRefusedError(f"Somebody changed {paper.name} meanwhile; look at it again.")
        paper.refresh_from_db()
        audit.record(
            action="portfolio:expiry:renew", subject=paper, by=by, at=at, entity=paper.entity.slug,
            data={"expires_on": [old.isoformat(), expires_on.isoformat()]},
        )  # fmt: skip
    return paper
