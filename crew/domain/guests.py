"""Who comes along: added while there are seats, cleared to board, removed. The database counts the seats.

Two people who add the last guest at once stand in line at the event's row; one gets the seat, the other a sentence.
"""

import contextlib
import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from crew.domain import grants, history
from crew.domain.history import Actor
from crew.models import OVER, Event, EventGrant, Guest, GuestState, Mode, Role
from mail.domain import fields

# What the guards of the database answer (`crew.migrations.0011_crew_guards`).
FULL = "Every seat of this event is taken."
TOO_SMALL = "More guests are on this event than that capacity."
_ONCE = "guest_once_per_event_and_address"


class GuestRefusedError(Exception):
    """The guest cannot be added or changed so; the message is a sentence."""


class SeatsTakenError(GuestRefusedError):
    """Every seat is taken; the message says by which law or decision there are no more."""


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One guest as a list shows them."""

    pk: int
    name: str
    email: str
    state: str
    words: str
    tone: str
    walk_up: bool
    cleared_how: str


def rows(*, event: Event) -> list[GuestRow]:
    """Return the guests of an event in the order they were added; one query."""
    found = (
        Guest.objects.filter(event=event)
        .exclude(state=GuestState.REMOVED)
        .order_by("id")
        .values_list("pk", "name", "email", "state", "walk_up", "cleared_how")
    )
    return [
        GuestRow(
            pk=pk,
            name=name,
            email=email,
            state=state,
            words="Cleared" if state == GuestState.CLEARED else "Held",
            tone="good" if state == GuestState.CLEARED else "watch",
            walk_up=walk_up,
            cleared_how=cleared_how,
        )
        for pk, name, email, state, walk_up, cleared_how in found
    ]


def count(*, event: Event) -> int:
    """Return how many seats are taken; one query."""
    return Guest.objects.filter(event=event).exclude(state=GuestState.REMOVED).count()


def add(*, event: Event, name: str, email: str, by: Actor, at: dt.datetime, walk_up: bool = False) -> Guest:
    """Give somebody a seat; they are held until they are cleared. ``walk_up`` came by the code on the dock.

    Raises:
        SeatsTakenError: every seat is taken.
        GuestRefusedError: the name is empty, name or address cannot be used, the address is on the list already, or
            the event is over.
    """
    try:
        name = fields.one_line(name, what="name", longest=120)
        email = fields.address(email, what="address") if email.strip() else ""
    except fields.UnsendableError as error:
        raise GuestRefusedError(str(error)) from error
    if not name:
        raise GuestRefusedError("The name is empty; write who comes along.")
    with transaction.atomic():
        now = _locked(event)
        try:
            with transaction.atomic():
                guest = Guest.objects.create(
                    event=event, name=name, email=email, walk_up=walk_up, added_at=at, added_by=by.person
                )
        except IntegrityError as error:
            if FULL in str(error):
                raise SeatsTakenError(full_sentence(now)) from error
            if _ONCE in str(error):
                raise GuestRefusedError(
                    f"{email} is on the list of this event already; leave the address empty for a companion."
                ) from error
            raise
        history.note(
            event=event,
            action="crew:guest:add",
            subject=guest,
            by=by,
            at=at,
            data={"walk_up": walk_up},
        )
    return guest


def clear(*, guest: Guest, how: str, by: Actor, at: dt.datetime) -> None:
    """Say that a guest may board, and by which evidence: ``Paper waiver seen``.

    Raises:
        GuestRefusedError: no evidence is named, somebody cleared or removed them before, or the event is over.
    """
    try:
        how = fields.one_line(how, what="evidence", longest=120)
    except fields.UnsendableError as error:
        raise GuestRefusedError(str(error)) from error
    if not how:
        raise GuestRefusedError("Say how it was checked that this guest may board.")
    with transaction.atomic():
        _locked(guest.event)
        if not Guest.objects.filter(pk=guest.pk, state=GuestState.HELD).update(
            state=GuestState.CLEARED, cleared_how=how
        ):
            raise GuestRefusedError(f"{guest.name} was cleared or removed meanwhile; look at the list again.")
        history.note(
            event=guest.event,
            action="crew:guest:clear",
            subject=guest,
            by=by,
            at=at,
            data={"state": [GuestState.HELD.value, GuestState.CLEARED.value], "how": how},
        )


def remove(*, guest: Guest, by: Actor, at: dt.datetime) -> None:
    """Free a guest's seat, and take back the role that their link opens.

    Raises:
        GuestRefusedError: they were removed before, or the event is over.
    """
    with transaction.atomic():
        _locked(guest.event)
        if not (
            Guest.objects.filter(pk=guest.pk)
            .exclude(state=GuestState.REMOVED)
            .update(state=GuestState.REMOVED)
        ):
            raise GuestRefusedError(f"{guest.name} was removed before; their seat is free.")
        history.note(
            event=guest.event,
            action="crew:guest:remove",
            subject=guest,
            by=by,
            at=at,
            data={"state": [guest.state, GuestState.REMOVED.value]},
        )
        for grant in _grants_of(guest, at):
            # Somebody may take it back in this very moment; then it is gone as well.
            with contextlib.suppress(grants.GrantRevokedAlreadyError):
                grants.revoke(grant=grant, by=by, at=at)


def seated(*, guest: Guest) -> None:
    """Be sure, until the transaction ends, that a guest has a seat on an event that is not over.

    Raises:
        GuestRefusedError: they were removed, or the event is over.
    """
    _locked(guest.event)
    if not Guest.objects.filter(pk=guest.pk).exclude(state=GuestState.REMOVED).exists():
        raise GuestRefusedError(f"{guest.name} was removed before; their seat is free.")


def full_sentence(event: Event) -> str:
    """Return why one more guest cannot come: the law where it sets the number, else the capacity."""
    if event.legal_limit is not None and event.capacity >= event.legal_limit:
        return (
            f"Passenger {event.legal_limit + 1} cannot come aboard: {_mode(event)} carries at most "
            f"{event.legal_limit} passengers, by {event.legal_source}. Remove a guest first."
        )
    if not event.capacity:
        return f"{event.title} takes no guests; raise its capacity first."
    seats = "The one seat" if event.capacity == 1 else f"All {event.capacity} seats"
    verb = "is" if event.capacity == 1 else "are"
    return f"{seats} of {event.title} {verb} taken; raise the capacity or remove a guest first."


def _mode(event: Event) -> str:
    names: dict[str, str] = {
        Mode.UPV_6: "an uninspected vessel",
        Mode.BAREBOAT_12: "a bareboat charter",
        Mode.INSPECTED_COI: "this inspected vessel",
    }
    return names.get(event.mode, "this event")


def _locked(event: Event) -> Event:
    """Return the event as it is now, nobody else writing to it until the transaction ends.

    Locked as hard at once as the trigger that counts seats will: to ask for more later is to wait in a circle.
    """
    now = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    if now.state in OVER:
        raise GuestRefusedError(
            f"{now.title} is {now.get_state_display().lower()}; its list of guests stays as it is."
        )
    return now


def _grants_of(guest: Guest, at: dt.datetime) -> list[EventGrant]:
    whose = Q(person_id=guest.person_id) if guest.person_id else Q(pk__in=[])
    if guest.email:
        whose |= Q(address=guest.email.lower())
    return list(
        EventGrant.objects.live(at=at)
        .alias(address=Lower("person__email"))
        .filter(whose, event_id=guest.event_id, role=Role.GUEST)
        .select_related("person", "event__entity")
    )
