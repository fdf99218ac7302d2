"""Every ``can`` of the portal. Pages, partials, commands and, later, the API ask here and nothing else.

A duty allows a set of verbs: ``read`` books and reports, ``keep`` books (import, post), ``book`` (bookings and
events), ``run`` reports, ``own`` (schedules, grants, adoption, mail). Lower floors ask through `core.access`.

On one event a person has a `Standing`, and each ``can_*`` answers from it and the thing asked about, without a query.
They say who may; whether the thing stands so that it can be done, a domain function says, in a sentence. What is not
allowed here is refused.
"""

from dataclasses import dataclass
from typing import Any

from crew.models.checklist import ChecklistItem
from crew.models.grant import Duty, StaffGrant
from crew.models.position import Position, PositionState
from crew.models.template import Role, Station

ALLOWS: dict[str, frozenset[str]] = {
    Duty.OWNER: frozenset({"read", "keep", "book", "run", "own"}),
    Duty.BOOKKEEPER: frozenset({"read", "keep", "run"}),
    Duty.BOOKINGS: frozenset({"read", "book"}),
    Duty.READER: frozenset({"read"}),
}
VERBS: frozenset[str] = frozenset().union(*ALLOWS.values())


class StaffPolicy:
    """Answers `core.access` from live staff grants, read once per person object, so once a request."""

    def entity_ids(self, person: Any, duty: str) -> frozenset[int] | None:
        """Return the entities a person may act on with a verb; None means the whole portfolio."""
        ids = {entity for entity, verbs in self._grants(person) if duty in verbs}
        return None if None in ids else frozenset(i for i in ids if i is not None)

    def may(self, person: Any, duty: str, entity_id: int | None) -> bool:
        """Tell whether a person may do a verb on one entity, or on the whole portfolio when none is named."""
        ids = self.entity_ids(person, duty)
        return ids is None or (entity_id is not None and entity_id in ids)

    def _grants(self, person: Any) -> list[tuple[int | None, frozenset[str]]]:
        # Who came by a link has what the link gives, whatever duties they hold besides.
        if not person.is_authenticated or not person.is_active or person.by_link:
            return []
        if not hasattr(person, "_staff_verbs"):
            person._staff_verbs = [
                (entity_id, ALLOWS[duty])
                for entity_id, duty in StaffGrant.objects.live()
                .filter(person_id=person.pk)
                .values_list("entity_id", "duty")
            ]
        return person._staff_verbs


# Staff who may read an entity's books but not change its events.
STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is on one event: their roles there, and the grant they came by (None: a staff duty)."""

    person_id: int | None
    roles: frozenset[str]
    grant_id: int | None = None

    def is_any(self, *roles: str) -> bool:
        """Tell whether one of these roles is theirs."""
        return not self.roles.isdisjoint(roles)


NOBODY = Standing(None, frozenset())

_RUNS = (Role.ADMIN, Role.CAPTAIN)
_WORKS = (Role.ADMIN, Role.CAPTAIN, Role.CREW)
_SEES_WORK = (*_WORKS, STAFF)
_SEES_ALL = (Role.ADMIN, STAFF)


# The event itself


def can_view_event(standing: Standing) -> bool:
    """Anybody with a role on it."""
    return bool(standing.roles)


def can_edit_event(standing: Standing) -> bool:
    """Change its facts, its date, its limits; open, confirm and cancel it."""
    return standing.is_any(Role.ADMIN)


def can_sail_event(standing: Standing) -> bool:
    """Say that it is under way, and that it is back."""
    return standing.is_any(*_RUNS)


def can_see_history(standing: Standing) -> bool:
    """Read all that was done on it."""
    return standing.is_any(*_SEES_ALL)


def can_see_price(standing: Standing) -> bool:
    """Read price, channel and client."""
    return standing.is_any(*_SEES_ALL)


def can_see_gate_code(standing: Standing) -> bool:
    """Read the code of the dock's gate. Guests see it once they are cleared, which their own page decides."""
    return standing.is_any(*_SEES_WORK)


def can_see_notes(standing: Standing, audience: str) -> bool:
    """Read the notes for ``captain``, ``crew``, ``guests`` or ``staff``."""
    readers: dict[str, tuple[str, ...]] = {
        "captain": (*_RUNS, STAFF),
        "crew": _SEES_WORK,
        "guests": (*_SEES_WORK, Role.GUEST),
        "staff": _SEES_ALL,
    }
    return standing.is_any(*readers.get(audience, ()))


# Guests


def can_see_guests(standing: Standing) -> bool:
    """Read who comes along: names, and whether each may board."""
    return standing.is_any(*_RUNS, STAFF)


def can_count_guests(standing: Standing) -> bool:
    """Read how many come along."""
    return standing.is_any(*_SEES_WORK)


def can_manage_guests(standing: Standing) -> bool:
    """Add, clear and remove guests; wave in who stands on the dock."""
    return standing.is_any(*_RUNS)


# Grants and links


def can_see_grants(standing: Standing) -> bool:
    """Read who has which role, their addresses, and which links are out: whoever can give some of them."""
    return standing.is_any(*_RUNS)


def can_grant(standing: Standing, role: str) -> bool:
    """Give or revoke a role, and issue, resend, rotate or revoke its links."""
    if role in (Role.CREW, Role.GUEST):
        return standing.is_any(*_RUNS)
    return standing.is_any(Role.ADMIN)


def can_show_dock_code(standing: Standing) -> bool:
    """Show the QR code that turns on the dock."""
    return standing.is_any(*_RUNS)


# Positions


def can_see_positions(standing: Standing) -> bool:
    """Read who works which position."""
    return standing.is_any(*_SEES_WORK)


def can_see_rate(standing: Standing, position: Position) -> bool:
    """Read what a position pays: one's own, an open one, and all of them for staff."""
    if standing.is_any(*_SEES_ALL):
        return True
    theirs = position.holder_id is not None and position.holder_id == standing.person_id
    return standing.is_any(*_WORKS) and (theirs or position.state == PositionState.OPEN)


def can_claim_position(standing: Standing, position: Position) -> bool:
    """Take an open position, or stand in for a holder who seeks somebody; a captain's is not for crew to take.

    Whether it is free, and not theirs already, the domain says.
    """
    return standing.is_any(*(_RUNS if position.station == Station.CAPTAIN else _WORKS))


def can_release_position(standing: Standing, position: Position) -> bool:
    """Give back one's own; captain and admin, anybody's. That nobody holds it any more the domain says."""
    if position.holder_id is None:
        return standing.is_any(*_WORKS)
    return standing.is_any(*_RUNS) or _holds(standing, position)


def can_seek_stand_in(standing: Standing, position: Position) -> bool:
    """Ask for somebody to stand in: the holder alone."""
    return _holds(standing, position)


def can_run_positions(standing: Standing) -> bool:
    """Confirm, hold and take off hold."""
    return standing.is_any(*_RUNS)


def can_designate_position(standing: Standing, position: Position) -> bool:
    """Put somebody into an open position. A captain's position makes a captain, which only an admin may."""
    return can_run_positions(standing) and (
        position.station != Station.CAPTAIN or can_grant(standing, Role.CAPTAIN)
    )


def can_override_position(standing: Standing) -> bool:
    """Put anybody into a position against the rules, with or without telling them."""
    return standing.is_any(Role.ADMIN)


def can_see_validity(standing: Standing) -> bool:
    """Read whether those who work the event hold valid credentials, and until when."""
    return standing.is_any(*_RUNS, STAFF)


def _holds(standing: Standing, position: Position) -> bool:
    return (
        standing.is_any(*_WORKS)
        and position.holder_id is not None
        and position.holder_id == standing.person_id
    )


# Checklists


def can_see_checklists(standing: Standing) -> bool:
    """Read every item, who has it and what was found."""
    return standing.is_any(*_SEES_WORK)


def can_claim_item(standing: Standing, item: ChecklistItem) -> bool:
    """Take an item; a captain's item is for captains. Whether it is still free the domain says."""
    return standing.is_any(*(_RUNS if item.role == Role.CAPTAIN else _WORKS))


def can_work_item(standing: Standing, item: ChecklistItem) -> bool:
    """Complete it, put it on hold, take it off hold, give it back: its claimer, or a captain."""
    if standing.is_any(*_RUNS):
        return True
    return (
        standing.is_any(Role.CREW) and item.claimer_id is not None and item.claimer_id == standing.person_id
    )


def can_reopen_item(standing: Standing, item: ChecklistItem) -> bool:
    """Take back that an item is completed."""
    return standing.is_any(*_RUNS)


# Timing


def can_see_work_times(standing: Standing) -> bool:
    """Read crew call, turnaround and warnings. Guests see boarding, departure, return and the sun."""
    return standing.is_any(*_SEES_WORK)
