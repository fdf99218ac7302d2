"""Giving and taking back: a member of staff's duty, and a role on one event. Who may do what is in `crew.rules`."""

import contextlib
import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F

from core import access, audit
from crew.domain import history, links
from crew.domain.history import Actor
from crew.models import Duty, Event, EventGrant, Person, Position, Role, StaffGrant
from portfolio.models import Entity

# Every other role is given for as long as the event matters; this one may change everything.
ADMIN_LASTS = dt.timedelta(minutes=10)


class DutyHeldAlreadyError(Exception):
    """The person holds this duty there already."""


class GrantRevokedAlreadyError(Exception):
    """Somebody revoked this grant before."""


class RoleRefusedError(Exception):
    """This role cannot be given to this person."""


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
    """Take a grant back, and the roles of admin that hung on it; the person's next request feels it.

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
        _end_admin_roles(grant.person_id, by=Actor(by), at=at)
    grant.revoked_at = at


def _end_admin_roles(person_id: int, *, by: Actor, at: dt.datetime) -> None:
    """Take back the roles of admin that somebody had for being staff, and is no more."""
    # Read anew: a person's duties are remembered for the length of a request.
    person = Person.objects.get(pk=person_id)
    held = EventGrant.objects.live(at=at).filter(person=person, role=Role.ADMIN)
    for grant in held.select_related("event__entity", "person"):
        if not may_be_admin(grant.event, person):
            with contextlib.suppress(GrantRevokedAlreadyError):
                revoke(grant=grant, by=by, at=at)


# Roles on one event


def give(
    *,
    event: Event,
    person: Person,
    role: str,
    by: Actor,
    at: dt.datetime,
    position: Position | None = None,
    expires_at: dt.datetime | None = None,
) -> EventGrant:
    """Give a person a role on an event and return the grant; one that lives already is returned as it is.

    A grant that lives but ends sooner is prolonged, and one that came with a position and is now given by itself
    outlives that position. An admin's grant ends after ten minutes, whatever is asked for.

    Raises:
        RoleRefusedError: the account is closed, or somebody is to be admin who is not staff for the event's entity.
    """
    if not person.is_active:
        raise RoleRefusedError(
            f"The account of {person} is closed. Open it again first, or ask somebody else."
        )
    if role == Role.ADMIN:
        expires_at = at + ADMIN_LASTS
        if not may_be_admin(event, person):
            raise RoleRefusedError(
                f"{person.email} is not staff with bookings of {event.entity.name}, so no link may make an admin of "
                "them. Give them that duty first, or another role here."
            )
    with transaction.atomic():
        held = EventGrant.objects.filter(
            event=event, person=person, role=role, revoked_at__isnull=True
        ).first()
        if held is not None and held.expires_at is not None and held.expires_at <= at:
            # Somebody may do the same in this very moment; then it is gone as well.
            with contextlib.suppress(GrantRevokedAlreadyError):
                revoke(grant=held, by=by, at=at)
            held = None
        if held is not None:
            _widen(held, by=by, at=at, position=position, expires_at=expires_at)
            return held
        try:
            with transaction.atomic():
                grant = EventGrant.objects.create(
                    event=event,
                    person=person,
                    role=role,
                    position=position,
                    granted_at=at,
                    granted_by=by.person,
                    expires_at=expires_at,
                )
        except IntegrityError:
            # Somebody else gave it in this very moment.
            return EventGrant.objects.get(event=event, person=person, role=role, revoked_at__isnull=True)
        history.note(
            event=event,
            action="crew:role:give",
            subject=person,
            by=by,
            at=at,
            data={"role": ["", str(role)], "given": grant.pk},
        )
    return grant


def may_be_admin(event: Event, person: Person) -> bool:
    """Tell whether somebody is staff enough for a link to make them admin of an event."""
    return access.may(person, "book", event.entity_id)


def _widen(
    held: EventGrant,
    *,
    by: Actor,
    at: dt.datetime,
    position: Position | None,
    expires_at: dt.datetime | None,
) -> None:
    """Let a live grant last as long, and stand as freely, as one given now would."""
    longer = held.expires_at is not None and (expires_at is None or expires_at > held.expires_at)
    freer = held.position_id is not None and position is None
    if not longer and not freer:
        return
    ends = expires_at if longer else held.expires_at
    came_with = None if freer else held.position_id
    same = EventGrant.objects.filter(pk=held.pk, revoked_at__isnull=True, version=held.version)
    if same.update(expires_at=ends, position_id=came_with, version=F("version") + 1):
        history.note(
            event=held.event,
            action="crew:role:prolong",
            subject=held.person,
            by=by,
            at=at,
            data={"role": held.role, "given": held.pk},
        )
        held.expires_at, held.position_id = ends, came_with
        held.version += 1


def revoke(*, grant: EventGrant, by: Actor, at: dt.datetime) -> None:
    """Take a role back with every link to it; sessions that stand on it see nothing from their next request on.

    Raises:
        GrantRevokedAlreadyError: it was revoked before.
    """
    with transaction.atomic():
        live = EventGrant.objects.filter(pk=grant.pk, revoked_at__isnull=True)
        if not live.update(revoked_at=at, version=F("version") + 1):
            raise GrantRevokedAlreadyError("This role was taken back before; nothing is left to do.")
        links.revoke_all(grant=grant, by=by, at=at)
        history.note(
            event=grant.event,
            action="crew:role:revoke",
            subject=grant.person,
            by=by,
            at=at,
            data={"role": [grant.role, ""], "given": grant.pk},
        )
    grant.revoked_at = at
    grant.version += 1


def holders(*, event: Event, at: dt.datetime) -> list[EventGrant]:
    """Return the live grants on an event with their people, the widest role first; one query."""
    rank = {role: place for place, role in enumerate((Role.ADMIN, Role.CAPTAIN, Role.CREW, Role.GUEST))}
    found = EventGrant.objects.live(at=at).filter(event=event).select_related("person", "event__entity")
    return sorted(found, key=lambda grant: (rank[Role(grant.role)], str(grant.person).casefold(), grant.pk))
