"""Giving and taking back a member of staff's duty. Who may do what with a duty is in `crew.rules`."""

import datetime as dt

from django.db import IntegrityError, transaction

from core import audit
from crew.models import Duty, Person, StaffGrant
from portfolio.models import Entity


class DutyHeldAlreadyError(Exception):
    """The person holds this duty there already."""


class GrantRevokedAlreadyError(Exception):
    """Somebody revoked this grant before."""


def grant_duty(
    *, person: Person, duty: Duty, entity: Entity | None, at: dt.datetime, by: Person | None
) -> StaffGrant:
    """Give a person a duty on one entity, or on the whole portfolio when none is named.

    ``by`` is None where the operator's command line does it.

    Raises:
        DutyHeldAlreadyError: a live grant of that duty there exists.
    """
    try:
        with transaction.atomic():
            grant = StaffGrant.objects.create(person=person, duty=duty, entity=entity, granted_at=at)
            audit.record(
                action="crew:grant:give",
                subject=grant,
                at=at,
                by=by,
                entity=entity.slug if entity else "",
                data={"person": person.email, "duty": str(duty)},
            )
    except IntegrityError as error:
        where = entity.name if entity else "the whole portfolio"
        raise DutyHeldAlreadyError(
            f"{person} is {duty.label.lower()} of {where} already; revoke that grant first to give it anew."
        ) from error
    return grant


def revoke_grant(*, grant: StaffGrant, at: dt.datetime, by: Person | None) -> None:
    """Take a grant back; the person's next request feels it.

    Raises:
        GrantRevokedAlreadyError: it was revoked before.
    """
    with transaction.atomic():
        if not StaffGrant.objects.live().filter(pk=grant.pk).update(revoked_at=at):
            raise GrantRevokedAlreadyError(f"{grant} was revoked before; nothing is left to do.")
        audit.record(
            action="crew:grant:revoke",
            subject=grant,
            at=at,
            by=by,
            entity=grant.entity.slug if grant.entity else "",
            data={"person": grant.person.email, "duty": grant.duty},
        )
    grant.revoked_at = at
