"""The QR code on the dock: it turns every half minute and lets whoever stands there ask to come aboard as a guest.

The code is an HMAC of event and time step, so nothing is stored and a photograph of it is worthless a minute later.
Scanning it gives ten minutes to say name and address; the captain decides, and sees a number that must stand on the
asking phone too.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.crypto import constant_time_compare, salted_hmac

from core.limits import Limit, take
from crew.domain import grants, guests, history, people
from crew.domain.history import Actor
from crew.models import BoardingRequest, Event, EventGrant, EventState, Guest, GuestState, Role
from mail.domain import fields

STEP_SECONDS = 30
TICKET_LASTS = dt.timedelta(minutes=10)
# A ticket asks once, by a constraint; a whole party may share one address.
ASKED_FROM_ADDRESS = Limit("dock_address", most=40, seconds=3600)
BOARDING = (EventState.OPEN, EventState.CONFIRMED, EventState.UNDERWAY)


class BoardingRefusedError(Exception):
    """Asking to come aboard did not work; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request as the captain sees it; ``number`` stands on the asking phone too."""

    pk: int
    name: str
    email: str
    number: str
    on_list: bool
    asked_at: dt.datetime


def code(*, event: Event, at: dt.datetime) -> str:
    """Return the code that stands on the captain's screen now."""
    return f"{event.key}.{_mac(event.key, _step(at), settings.SECRET_KEY)}"


def event_of(*, text: str, at: dt.datetime) -> Event | None:
    """Return the event whose code this is, now or half a minute ago; None for everything else."""
    key, _, mac = text.rpartition(".")
    if not key or not mac.isascii() or "\x00" in key or len(text) > 100:
        return None
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    shown = [_mac(key, _step(at) - ago, secret) for ago in (0, 1) for secret in secrets]
    if not any([constant_time_compare(mac, each) for each in shown]):  # noqa: C419 - compare with all, always
        return None
    event = Event.objects.select_related("entity", "port", "vessel").filter(key=key).first()
    return event if event is not None and is_boarding(event, at=at) else None


def is_boarding(event: Event, *, at: dt.datetime) -> bool:
    """Tell whether somebody can still come aboard an event."""
    return event.state in BOARDING and at < event.returns_at


def ticket_hash(ticket: str) -> str:
    """Return what is kept of the ticket that a browser holds."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def number(hashed: str) -> str:
    """Return the number by which captain and guest know each other's screens."""
    return f"{int(hashed[:8], 16) % 900 + 100}"


def ask(
    *, event: Event, name: str, email: str, ticket: str, at: dt.datetime, address_key: str
) -> BoardingRequest:
    """Ask to come aboard. The answer is the same whether or not the address is one of the party's.

    An address has one open request; asking again from another phone takes the place of the first.

    Raises:
        BoardingRefusedError: name or address cannot be used, the event is over, or it was asked too often.
    """
    hashed = ticket_hash(ticket)
    try:
        name = fields.one_line(name, what="name", longest=120)
        email = fields.address(email, what="address").lower()
    except fields.UnsendableError as error:
        raise BoardingRefusedError(str(error)) from error
    if not name:
        raise BoardingRefusedError("The name is empty; write yours, so that the captain knows who asks.")
    if not is_boarding(event, at=at):
        raise BoardingRefusedError("Nobody can come aboard this event any more. Ask the captain.")
    asked = BoardingRequest.objects.filter(event=event, ticket_hash=hashed).first()
    if asked is not None:
        return asked
    if not take(ASKED_FROM_ADDRESS, address_key, at=at):
        raise BoardingRefusedError(
            "That was asked very often from here. Speak to the captain, who can add you."
        )
    try:
        with transaction.atomic():
            BoardingRequest.objects.filter(event=event, email=email, decided_at__isnull=True).update(
                decided_at=at, accepted=False
            )
            return BoardingRequest.objects.create(
                event=event,
                name=name,
                email=email,
                ticket_hash=hashed,
                asked_at=at,
                guest=_on_list(event, email),
            )
    except IntegrityError as error:
        asked = BoardingRequest.objects.filter(event=event, ticket_hash=hashed).first()
        if asked is not None:
            return asked
        raise BoardingRefusedError(
            "Somebody asked with that address in this very moment. Try again."
        ) from error


def waiting(*, event: Event, at: dt.datetime) -> list[RequestRow]:
    """Return the open requests of an event, the oldest first; one query, none once nobody can board."""
    if not is_boarding(event, at=at):
        return []
    listed = _listed(event).filter(email__iexact=OuterRef("email"))
    return [
        RequestRow(
            asked.pk, asked.name, asked.email, number(asked.ticket_hash), asked.on_list, asked.asked_at
        )
        for asked in BoardingRequest.objects.filter(event=event, decided_at__isnull=True)
        .annotate(on_list=Exists(listed))
        .order_by("asked_at", "pk")
    ]


def accept(*, request: BoardingRequest, by: Actor, at: dt.datetime) -> EventGrant:
    """Wave somebody aboard: a stranger gets a seat as a walk-up, and both get the role of a guest.

    Raises:
        BoardingRefusedError: it was decided before, or the event is over.
        crew.domain.guests.GuestRefusedError: there is no seat; the message names the law's limit.
        crew.domain.people.PersonRefusedError: the account at that address is closed.
    """
    event = request.event
    if not is_boarding(event, at=at):
        raise BoardingRefusedError("Nobody can come aboard this event any more.")
    with transaction.atomic():
        if not _open(request).update(decided_at=at, decided_by=by.person, accepted=True):
            raise BoardingRefusedError("Somebody decided about this request a moment ago.")
        person = people.find_or_add(email=request.email, name=request.name, by=by.person, at=at)
        guest = _on_list(event, request.email) or guests.add(
            event=event, name=request.name, email=request.email, by=by, at=at, walk_up=True
        )
        grant = grants.give(event=event, person=person, role=Role.GUEST, by=by, at=at)
        BoardingRequest.objects.filter(pk=request.pk).update(guest=guest, grant=grant)
        history.note(event=event, action="crew:boarding:accept", subject=guest, by=by, at=at)
    return grant


def decline(*, request: BoardingRequest, by: Actor, at: dt.datetime) -> None:
    """Turn somebody away.

    Raises:
        BoardingRefusedError: it was decided before.
    """
    with transaction.atomic():
        if not _open(request).update(decided_at=at, decided_by=by.person, accepted=False):
            raise BoardingRefusedError("Somebody decided about this request a moment ago.")
        history.note(event=request.event, action="crew:boarding:decline", subject=request, by=by, at=at)


def request_of(*, ticket: str) -> BoardingRequest | None:
    """Return what the browser with this ticket asked for."""
    return (
        BoardingRequest.objects.select_related(
            "event__entity", "event__port", "grant__person", "grant__event"
        )
        .filter(ticket_hash=ticket_hash(ticket))
        .first()
    )


def open_once(*, ticket: str, at: dt.datetime) -> EventGrant | None:
    """Return the grant that the browser with this ticket may open a session with, this once; else None."""
    live = EventGrant.objects.live(at=at).filter(pk=OuterRef("grant_id"), person__is_active=True)
    with transaction.atomic():
        mine = BoardingRequest.objects.filter(
            Exists(live), ticket_hash=ticket_hash(ticket), accepted=True, opened_at__isnull=True
        )
        if not mine.update(opened_at=at):
            return None
        grant = EventGrant.objects.select_related("person", "event").get(
            pk=BoardingRequest.objects.values_list("grant_id", flat=True).get(ticket_hash=ticket_hash(ticket))
        )
        people.note_sign_in(person=grant.person, at=at, way="dock code")
    return grant


def _open(request: BoardingRequest):  # type: ignore[no-untyped-def]
    return BoardingRequest.objects.filter(pk=request.pk, decided_at__isnull=True)


def _listed(event: Event):  # type: ignore[no-untyped-def]
    return Guest.objects.filter(event=event).exclude(state=GuestState.REMOVED)


def _on_list(event: Event, email: str) -> Guest | None:
    return _listed(event).filter(email__iexact=email).first()


def _step(at: dt.datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _mac(key: str, step: int, secret: str | bytes) -> str:
    digest = salted_hmac("crew.domain.dock", f"{key}:{step}", secret=secret, algorithm="sha256").digest()
    return digest[:12].hex()
