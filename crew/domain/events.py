"""Events: made from a template, changed while they lie ahead, moved from draft to completed, or cancelled.

Everything that follows from an event's date and times is done here too: the instants its rules mean, the legal limit of
that day, its checklists' due times, its positions looked at again, and the people who are on it told.
"""

import datetime as dt
import secrets
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction

from core import clock
from crew.domain import (
    checklists,
    event_bookings,
    event_words,
    guests,
    history,
    links,
    locks,
    notices,
    positions,
    seen,
    timing,
    timing_panel,
)
from crew.domain.history import Actor
from crew.domain.terms import (
    LONGEST_LEAD_MINUTES,
    EventRefusedError,
    NoLimitError,
    Terms,
    columns,
    from_template,
    legal_limit,
    terms_of,
)
from crew.models import (
    OVER,
    Event,
    EventState,
    EventTemplate,
    GuestState,
    Phase,
    Position,
)
from mail.domain import fields
from portfolio.domain import served
from portfolio.models import Booking

__all__ = [
    "CANCELLABLE",
    "HAS_VESSEL",
    "MOVES",
    "EventRefusedError",
    "NoLimitError",
    "Terms",
    "UnusualMoveError",
    "WrittenAlreadyError",
    "advance",
    "cancel",
    "change",
    "clash",
    "create",
    "fresh_key",
    "from_template",
    "legal_limit",
    "terms_of",
]

# Digits and consonants that nobody mistakes for one another when a key is read out.
KEY_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
KEY_LENGTH = 8

# The one table of legal moves, each state's way on first. Back from under way or completed is to correct what was said
# by mistake. Cancelling has its own door, `cancel`, because it needs a reason.
MOVES: MappingProxyType[EventState, tuple[EventState, ...]] = MappingProxyType({
    EventState.DRAFT: (EventState.OPEN,),
    EventState.OPEN: (EventState.CONFIRMED, EventState.DRAFT),
    EventState.CONFIRMED: (EventState.UNDERWAY, EventState.OPEN),
    EventState.UNDERWAY: (EventState.COMPLETED, EventState.CONFIRMED),
    EventState.COMPLETED: (EventState.UNDERWAY,),
    EventState.CANCELLED: (),
})  # fmt: skip
CANCELLABLE = (EventState.DRAFT, EventState.OPEN, EventState.CONFIRMED)
# An event in one of these has its vessel to itself.
HAS_VESSEL = (EventState.OPEN, EventState.CONFIRMED, EventState.UNDERWAY)
# Critical items of these phases are completed before anybody leaves.
ASHORE_PHASES = (Phase.PRE_DEPARTURE, Phase.SAFETY_BRIEFING, Phase.GUEST_BOARDING)


class WrittenAlreadyError(EventRefusedError):
    """The form was sent before; ``event`` is what it made."""

    def __init__(self, event: Event) -> None:
        """Say which event it is."""
        super().__init__(f"{event.title} was written down already; no second event was made.")
        self.event = event


class UnusualMoveError(EventRefusedError):
    """The move is legal, and so early, or with guests who may not board, that it must be said on purpose."""


_BAREBOAT = "A bareboat charter is crewed by its charterer"  # what the guard in the database answers


def fresh_key() -> str:
    """Return a key that no event has."""
    while True:
        key = "".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH))
        if not Event.objects.filter(key=key).exists():
            return key


def create(
    *,
    template: EventTemplate,
    terms: Terms,
    by: Actor,
    at: dt.datetime,
    key: str | None = None,
    booking: Booking | None = None,
) -> Event:
    """Write down an event as a draft, with the positions and checklists its template gives it.

    Asked twice with the same ``key``, as by a button pressed twice, it writes down one. With a ``booking`` it is for that.

    Raises:
        WrittenAlreadyError: an event with this key is written down.
        EventRefusedError: the terms contradict themselves or the law, or the booking has an event.
        crew.domain.timing.TimingError: its times mean no instants on that day.
    """
    values = columns(entity=template.entity, terms=terms)
    with transaction.atomic():
        event, made = Event.objects.get_or_create(
            key=key or fresh_key(),
            defaults={
                "entity": template.entity,
                "template": template,
                "kind": template.kind,
                "release_hours": template.release_hours,
                "waiver_required": template.waiver_required,
                "created_at": at,
                "created_by": by.person,
                **values,
            },
        )
        if not made:
            raise WrittenAlreadyError(event)
        history.note(
            event=event,
            action="crew:event:create",
            subject=event,
            by=by,
            at=at,
            data={"template": template.name, "date": [None, event_words.day(terms.on)]},
        )
        positions.instantiate(event=event, template=template, by=by, at=at)
        checklists.instantiate(event=event, template=template, by=by, at=at)
        if booking is not None:
            event_bookings.tie(event=event, booking=booking, by=by, at=at)
    return event


def change(*, event: Event, terms: Terms, by: Actor, at: dt.datetime, shown: str | None = None) -> Event:
    """Change an event that is not over, and return it as it then is.

    Where its date or times move, its checklists and positions follow, and everybody on it is told; the booking it works
    is served on its new day (`portfolio.domain.served`). ``shown`` is the
    mark that a form carried of what it showed (`crew.domain.seen`); None where no form was open in between.

    Raises:
        EventRefusedError: it is over, somebody changed it meanwhile or since the form was opened, the terms contradict
            themselves or the law, more guests are on it than the new capacity, or it has positions and would become a
            bareboat charter.
        crew.domain.timing.TimingError: its times mean no instants on that day.
    """
    if event.state in OVER:
        raise EventRefusedError(f"{event.title} is {event.get_state_display().lower()}; it stays as it was.")
    values = columns(entity=event.entity, terms=terms)
    overtaken = "" if shown is None else seen.overtaken(event=event, shown=shown, wanted=terms)
    if overtaken:
        raise EventRefusedError(overtaken)
    old = {name: getattr(event, name) for name in values}
    changed = {name: value for name, value in values.items() if old[name] != value}
    if not changed:
        return event
    # What was seen when this change was made must still be so, or it would undo somebody else's; and so must all that
    # instants and limit were worked out from, whoever changes that.
    same = {name: old[name] for name in _RULES.union(changed) if name != "stops"}
    with transaction.atomic():
        locks.vessel(terms.vessel)
        try:
            with transaction.atomic():
                if not Event.objects.filter(pk=event.pk, state=event.state, **same).update(**changed):
                    raise EventRefusedError(
                        f"Somebody changed {event.title} meanwhile; look at it again before you change it."
                    )
        except IntegrityError as error:
            raise EventRefusedError(_translated(event, terms, error)) from error
        now = _fresh(event)
        if now.state in HAS_VESSEL:
            _check_vessel_is_free(now)
        told = _tell_of_move(now, event, at=at) if not _TOLD.isdisjoint(changed) else {}
        history.note(
            event=now,
            action="crew:event:change",
            subject=now,
            by=by,
            at=at,
            data={"currency": now.entity.currency}
            | event_words.changes(before=event, now=now, names=changed)
            | told,
        )
        if not _TIMES.isdisjoint(changed):
            checklists.retime(event=now)
            links.follow(event=now, at=at)
            positions.recheck(event=now, by=by, at=at)
        if "departs_on" in changed:
            served.event_moved(event_key=now.key, on=now.departs_on, by=by.person, at=at)
    return now


def advance(*, event: Event, to: EventState, by: Actor, at: dt.datetime, early: bool = False) -> Event:
    """Move an event on, or back where that is legal, and return it as it then is.

    Completing it, and taking it back from that, goes into the books of the booking it works (`portfolio.domain.served`).
    Leaving before crew call or with guests who are not cleared, and being back before departure, is said on purpose:
    with ``early``, which the trail keeps.

    Raises:
        UnusualMoveError: it was not said on purpose.
        EventRefusedError: the move is not legal from where it stands, somebody moved it meanwhile, its vessel is on
            another event at that time, critical checklist items are not completed before departure, or pay of a
            completed event was marked as paid.
    """
    if to not in MOVES[EventState(event.state)]:
        raise EventRefusedError(
            f"{event.title} is {event.get_state_display().lower()}; from there it cannot become {to.label.lower()}."
        )
    with transaction.atomic():
        if to in HAS_VESSEL and event.state not in HAS_VESSEL:
            locks.vessel(event.vessel)
        same = Event.objects.filter(pk=event.pk, state=event.state, vessel=event.vessel_id)
        if not same.update(state=to):
            raise EventRefusedError(f"Somebody changed {event.title} meanwhile; look at it again.")
        now = _fresh(event)
        if to in HAS_VESSEL and event.state not in HAS_VESSEL:
            _check_vessel_is_free(now)
        if event.state == EventState.COMPLETED:
            _check_nothing_is_paid(now)
        if (event.state, to) == (EventState.CONFIRMED, EventState.UNDERWAY):
            _check_critical_items(now)
        unusual = _unusual(now, event.state, at)
        if unusual and not early:
            raise UnusualMoveError(f"{unusual} If it is meant so, tick the box that the event's page shows.")
        history.note(
            event=now,
            action=f"crew:event:{to.value}",
            subject=now,
            by=by,
            at=at,
            data={"state": [event.state, to.value]} | ({"said_on_purpose": unusual} if unusual else {}),
        )
        today = _today(now, at)
        if to == EventState.COMPLETED:
            on = timing.served_on(now, at)
            served.event_completed(entity=now.entity, event_key=now.key, on=on, by=by.person, at=at)
        elif event.state == EventState.COMPLETED:
            served.event_reopened(entity=now.entity, event_key=now.key, on=today, by=by.person, at=at)
    return now


def cancel(*, event: Event, reason: str, by: Actor, at: dt.datetime) -> Event:
    """Cancel an event that has not left, and tell everybody who is on it why; return it as it then is.

    The booking it works is called off with it (`portfolio.domain.served`).

    Raises:
        EventRefusedError: it is under way or over, somebody moved it meanwhile, or no reason is given.
    """
    try:
        reason = fields.one_line(reason, what="reason", longest=300)
    except fields.UnsendableError as error:
        raise EventRefusedError(str(error)) from error
    if not reason:
        raise EventRefusedError("Say why it is cancelled; everybody who is on it reads the reason.")
    if event.state not in CANCELLABLE:
        raise EventRefusedError(
            f"{event.title} is {event.get_state_display().lower()}, so it cannot be cancelled."
        )
    with transaction.atomic():
        if not Event.objects.filter(pk=event.pk, state=event.state).update(
            state=EventState.CANCELLED, cancel_reason=reason
        ):
            raise EventRefusedError(f"Somebody moved {event.title} meanwhile; look at it again.")
        now = _fresh(event)
        told = notices.tell_everybody(
            event=now,
            key="cancelled",
            subject=f"Cancelled: {now.title}, {_day(now)}",
            paragraphs=[
                f"{now.title} on {_day(now)} is cancelled.",
                f"The reason: {reason}",
                "You need not come. If you have a question, answer to whoever invited you.",
            ],
            at=at,
        )
        history.note(
            event=now,
            action="crew:event:cancelled",
            subject=now,
            by=by,
            at=at,
            data={"state": [event.state, now.state], "cancel_reason": ["", reason]} | told,
        )
        served.event_cancelled(entity=now.entity, event_key=now.key, on=_today(now, at), by=by.person, at=at)
    return now


# What an event's instants, its legal limit and its hours of the vessel are worked out from.
_RULES = frozenset({
    "departs_on", "port_id", "end_port_id", "departure_anchor", "departure_minutes", "return_anchor",
    "return_minutes", "vessel_id", "mode",
})  # fmt: skip
# Changes of these move what checklists and positions hang on; of those, people are told.
_TIMES = frozenset({"departs_at", "returns_at", "departs_on", "crew_call_minutes", "port_id", "end_port_id"})
_TOLD_TO_ALL = frozenset({"departs_at", "returns_at", "port_id", "end_port_id", "boarding_minutes"})
_TOLD = _TOLD_TO_ALL | {"crew_call_minutes"}


def _fresh(event: Event) -> Event:
    return Event.objects.select_related("entity", "vessel", "port", "end_port", "template", "channel").get(
        pk=event.pk
    )


def clash(*, event: Event) -> str:
    """Return in a sentence which event has this one's vessel at that time, or nothing.

    A vessel cannot be in two places: from one crew's call to the return no other event of hers is open or further.
    """
    if event.vessel is None:
        return ""
    call_at = timing.crew_call_at(event)
    others = Event.objects.filter(
        vessel=event.vessel,
        state__in=HAS_VESSEL,
        returns_at__gt=call_at,
        departs_at__lt=event.returns_at + dt.timedelta(minutes=LONGEST_LEAD_MINUTES),
    ).exclude(pk=event.pk)
    for other in others.select_related("port").order_by("departs_at"):
        if timing.crew_call_at(other) < event.returns_at:
            return (
                f"{event.vessel} is on {other.title} from {_clock(other, timing.crew_call_at(other))} (crew call) to "
                f"{_clock(other, other.returns_at)}. Move one of the two, or take another vessel."
            )
    return ""


def _check_vessel_is_free(event: Event) -> None:
    sentence = clash(event=event)
    if sentence:
        raise EventRefusedError(sentence)


def _check_critical_items(event: Event) -> None:
    open_items = list(
        event.items.filter(critical=True, phase__in=ASHORE_PHASES)
        .exclude(state="completed")
        .order_by("sort", "id")
        .values_list("text", flat=True)
    )
    if open_items:
        shown = "; ".join(open_items[:3]) + ("; and others" if len(open_items) > 3 else "")
        what = "A critical item is" if len(open_items) == 1 else f"{len(open_items)} critical items are"
        raise EventRefusedError(f"{what} not completed: {shown}. Complete the checklist, then leave.")


def _unusual(event: Event, before: str, at: dt.datetime) -> str:
    """Return in sentences what is unusual about leaving or being back at this moment, or nothing."""
    found = []
    if (before, event.state) == (EventState.CONFIRMED, EventState.UNDERWAY):
        call_at = timing.crew_call_at(event)
        if at < call_at:
            found.append(f"Crew call is {timing_panel.until(call_at, at)}, at {_clock(event, call_at)}.")
        held = event.guests.filter(state=GuestState.HELD).count()
        if held:
            found.append(f"{held} {'guest is' if held == 1 else 'guests are'} held and may not board.")
    if event.state == EventState.COMPLETED and at < event.departs_at:
        leaves = f"{timing_panel.until(event.departs_at, at)}, at {_clock(event, event.departs_at)}"
        found.append(
            f"Its departure is {leaves}, so it cannot be back yet. Completed, its crew is owed its pay."
        )
    return " ".join(found)


def _check_nothing_is_paid(event: Event) -> None:
    paid = Position.objects.filter(event=event, paid_on__isnull=False).count()
    if paid:
        what = "A position of it is" if paid == 1 else f"{paid} positions of it are"
        raise EventRefusedError(f"{what} marked as paid, so {event.title} stays completed.")


def _translated(event: Event, terms: Terms, error: IntegrityError) -> str:
    """Return in a sentence what the database's guards refused."""
    if guests.TOO_SMALL in str(error):
        aboard = guests.count(event=event)
        return f"{aboard} guests are on it, more than a capacity of {terms.capacity}. Remove guests first."
    if _BAREBOAT in str(error):
        number = Position.objects.filter(event=event).count()
        return (
            f"A bareboat charter is crewed by its charterer, never by the portal, and this event has {number} "
            "positions. Make a new event from a bareboat template instead."
        )
    raise error


def _tell_of_move(now: Event, before: Event, *, at: dt.datetime) -> dict[str, Any]:
    """Tell everybody on it how it lies now; where only the crew's call moved, those who work it."""
    crew_call = f"Crew call is at {timing.local(now, timing.crew_call_at(now)):%H:%M %Z on %A}."
    crew_only = all(getattr(now, name) == getattr(before, name) for name in _TOLD_TO_ALL)
    if crew_only:
        subject, paragraphs = (
            f"Crew call moved: {now.title}, {_day(now)}",
            [f"{now.title} leaves on {_leaves(now)}."],
        )
    else:
        end_port = now.end_port or now.port
        boarding = timing.local(now, timing.boarding_at(now))
        subject = f"Moved: {now.title}, {_day(now)}"
        paragraphs = [
            f"{now.title} has moved. It leaves on {_leaves(now)} and returns on {_returns(now)}.",
            f"From {now.port} to {end_port}." if end_port.pk != now.port_id else f"From {now.port} and back.",
            f"Boarding is from {boarding:%H:%M %Z}.",
            f"Before, it left {before.port} on {_leaves(before)}.",
        ]
    return notices.tell_everybody(
        event=now,
        key=f"moved:{at.isoformat()}",
        subject=subject,
        paragraphs=paragraphs,
        for_crew=[crew_call],
        crew_only=crew_only,
        at=at,
    )


def _today(event: Event, at: dt.datetime) -> dt.date:
    """Return the date in the books of the event's entity."""
    return clock.today(event.entity.zone, at=at)


def _day(event: Event) -> str:
    return f"{event.departs_on:%A %-d %B %Y}"


def _leaves(event: Event) -> str:
    return f"{timing.local(event, event.departs_at):%A %-d %B %Y at %H:%M %Z}"


def _returns(event: Event) -> str:
    return f"{event.returns_at.astimezone(timing.end_zone_of(event)):%A %-d %B %Y at %H:%M %Z}"


def _clock(event: Event, moment: dt.datetime) -> str:
    return f"{timing.local(event, moment):%-d %b %H:%M %Z}"
