"""Somebody's own work: the events they have a role on, the positions open there, their items that fall due, their papers.

Everything starts from live grants, so that nobody reads of an event they have no role on. A fixed number of queries.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from core import clock
from crew.domain import event_lists, event_sheet, staffing, timing
from crew.domain.events import ASHORE_PHASES
from crew.domain.timing_panel import until
from crew.models import (
    OVER,
    ChecklistItem,
    Credential,
    CredentialKind,
    Event,
    EventGrant,
    EventState,
    ItemState,
    Person,
    Position,
    PositionState,
    Role,
)

# An event stays among what is ahead for so long after its planned return, to be closed.
LINGERS = dt.timedelta(hours=12)
PAPERS_AHEAD = dt.timedelta(days=90)
SHOWN, ITEMS_SHOWN, PAST_SHOWN = 60, 12, 5
_ROLE_ORDER = (Role.ADMIN, Role.CAPTAIN, Role.CREW, Role.GUEST)


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position somebody could take, or stand in for."""

    station: str
    url: str
    words: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One event somebody has a role on, as a card; ``next_`` is what comes next and when."""

    url: str
    title: str
    role: str
    state: str
    tone: str
    when: str
    next_: str
    place: str
    mine: tuple[str, ...]
    warnings: tuple[str, ...]
    open: tuple[OpenPosition, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class DueItem:
    """A checklist item that somebody has claimed."""

    text: str
    url: str
    event: str
    due: str
    late: bool


@dataclass(frozen=True, slots=True)
class ExpiringPaper:
    """A credential that expires soon or has expired."""

    label: str
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Work:
    """All of it, the nearest departure first."""

    assignments: tuple[Assignment, ...]
    trips: tuple[Assignment, ...]
    past: tuple[Assignment, ...]
    items: tuple[DueItem, ...]
    papers: tuple[ExpiringPaper, ...]


def work(*, person: Person, only_grant: int | None, papers: bool, at: dt.datetime) -> Work:
    """Return somebody's work; ``only_grant`` narrows it to one grant, ``papers`` adds their credentials.

    At most six queries, however much there is.
    """
    events, roles = _events(person, only_grant, at)
    keys = [event.pk for event in events]
    positions = _positions(person, keys, roles)
    critical = _critical_left(keys)
    cards = [
        _assignment(event, roles[event.pk], positions[event.pk], critical.get(event.pk, 0), person, at)
        for event in events
    ]
    ahead = [card for card in cards if not card.over]
    return Work(
        assignments=tuple(card for card in ahead if card.role != Role.GUEST.label),
        trips=tuple(card for card in ahead if card.role == Role.GUEST.label),
        past=tuple(reversed([card for card in cards if card.over]))[:PAST_SHOWN],
        items=tuple(_items(person, events, roles, at)),
        papers=tuple(_papers(person, at)) if papers else (),
    )


def has_any(*, person: Person, at: dt.datetime) -> bool:
    """Tell whether somebody has a live role on any event; one query."""
    return EventGrant.objects.live(at=at).filter(person=person).exists()


def event_of(*, grant_id: int, person: Person, at: dt.datetime) -> str | None:
    """Return the key of the event of a person's live grant; None where that grant is gone. One query."""
    live = EventGrant.objects.live(at=at).filter(pk=grant_id, person=person)
    return live.values_list("event__key", flat=True).first()


def _events(
    person: Person, only_grant: int | None, at: dt.datetime
) -> tuple[list[Event], dict[int, set[str]]]:
    grants = (
        EventGrant.objects.live(at=at)
        .filter(person=person)
        .select_related("event__port", "event__end_port", "event__vessel", "event__entity")
    )
    if only_grant is not None:
        grants = grants.filter(pk=only_grant)
    roles: dict[int, set[str]] = defaultdict(set)
    events: dict[int, Event] = {}
    # The newest first, so that a long past never hides what is ahead.
    for grant in grants.order_by("-event__departs_at", "-event_id")[: SHOWN * 2]:
        roles[grant.event_id].add(grant.role)
        events[grant.event_id] = grant.event
    return list(reversed(events.values())), roles


def _positions(person: Person, keys: Sequence[int], roles: dict[int, set[str]]) -> dict[int, list[Position]]:
    """Return the positions of the events that somebody works on."""
    found: dict[int, list[Position]] = defaultdict(list)
    for position in Position.objects.filter(event__in=keys).order_by("event_id", "sort", "id"):
        if roles[position.event_id] & {Role.ADMIN, Role.CAPTAIN, Role.CREW}:
            found[position.event_id].append(position)
    return found


def _critical_left(keys: Sequence[int]) -> dict[int, int]:
    """Return how many critical items are left that departure asks for; once it is under way, how many in all."""
    asked = Q(phase__in=ASHORE_PHASES) | Q(event__state=EventState.UNDERWAY)
    counted = (
        ChecklistItem.objects.filter(asked, event__in=keys, critical=True)
        .exclude(state=ItemState.COMPLETED)
        .order_by()
        .values_list("event_id")
        .annotate(Count("id"))
    )
    return dict(counted)


def _assignment(
    event: Event,
    roles: set[str],
    positions: Sequence[Position],
    critical: int,
    person: Person,
    at: dt.datetime,
) -> Assignment:
    role = next(role for role in _ROLE_ORDER if role in roles)
    works = role != Role.GUEST
    over = event.state in OVER or event.returns_at + LINGERS < at
    mine = [position for position in positions if position.holder_id == person.pk]
    return Assignment(
        url=reverse("crew:event", args=[event.key]),
        title=event.title,
        role=role.label,
        state=event.get_state_display(),
        tone=event_lists.TONES.get(event.state, ""),
        when=event_sheet.when(event),
        next_="" if over else _next(event, works=works, at=at),
        place=f"{event.vessel or event.venue or ''}, {event.port}".removeprefix(", "),
        mine=tuple(f"{position}, {staffing.state_words(position).lower()}" for position in mine),
        warnings=() if over else tuple(_warnings(event, roles, positions, mine, critical)),
        open=()
        if over or event.state not in staffing.TAKING or not works
        else tuple(
            OpenPosition(
                str(position),
                reverse("crew:position", args=[event.key, position.pk]),
                "open" if position.state == PositionState.OPEN else "stand-in sought",
            )
            for position in positions
            if position.state == PositionState.OPEN
            or (position.stand_in_at and position.holder_id != person.pk)
        ),
        over=over,
    )


def _next(event: Event, *, works: bool, at: dt.datetime) -> str:
    if event.state == EventState.UNDERWAY:
        return f"{'Back' if event.returns_at > at else 'Due back'} {until(event.returns_at, at)}"
    first = ("Crew call", timing.crew_call_at(event)) if works else ("Boarding", timing.boarding_at(event))
    for label, moment in (first, ("Departure", event.departs_at), ("Return", event.returns_at)):
        if moment > at:
            return f"{label} {until(moment, at)}"
    return f"Return was planned {until(event.returns_at, at)}"


def _warnings(
    event: Event, roles: set[str], positions: Sequence[Position], mine: Sequence[Position], critical: int
) -> Iterable[str]:
    for position in mine:
        if position.hold_reason:
            yield f"Your position is held: {position.hold_reason}"
    if not roles & {Role.CAPTAIN, Role.ADMIN}:
        return
    missing = sum(not staffing.is_staffed(position) for position in positions)
    if missing:
        yield f"{missing} of {len(positions)} positions {'is' if missing == 1 else 'are'} not staffed."
    if critical:
        when = "" if event.state == EventState.UNDERWAY else " before departure"
        yield f"{critical} critical checklist item{'' if critical == 1 else 's'} left{when}."


def _items(
    person: Person, events: Sequence[Event], roles: dict[int, set[str]], at: dt.datetime
) -> Iterable[DueItem]:
    ahead = {
        event.pk: event for event in events if event.state not in OVER and roles[event.pk] - {Role.GUEST}
    }
    found = ChecklistItem.objects.filter(
        event__in=ahead, claimer=person, state__in=(ItemState.CLAIMED, ItemState.ON_HOLD)
    ).order_by("due_at", "id")
    for item in found[:ITEMS_SHOWN]:
        event = ahead[item.event_id]
        due = timing.local(event, item.due_at)
        yield DueItem(
            text=item.text,
            url=reverse("crew:item", args=[event.key, item.pk]),
            event=event.title,
            due=f"due {due:%a %-d %b, %H:%M %Z}, {until(item.due_at, at)}",
            late=item.due_at < at,
        )


def _papers(person: Person, at: dt.datetime) -> Iterable[ExpiringPaper]:
    """Return the kinds of credential of which the last valid day is near or past, the latest of each kind counting."""
    today = clock.today(at=at)
    held = Credential.objects.filter(person=person, withdrawn_at__isnull=True).order_by("kind", "id")
    latest: dict[str, dt.date | None] = {}
    for kind, expires_on in held.values_list("kind", "expires_on"):
        known = latest.get(kind, dt.date.min)
        latest[kind] = None if expires_on is None or known is None else max(known, expires_on)
    for kind, expires_on in sorted(latest.items()):
        if expires_on is None or expires_on > today + PAPERS_AHEAD:
            continue
        label = CredentialKind(kind).label
        days = (expires_on - today).days
        if days < 0:
            yield ExpiringPaper(label, f"expired on {expires_on:%-d %B %Y}", "bad")
        else:
            left = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"
            yield ExpiringPaper(label, f"expires {left}, on {expires_on:%-d %B %Y}", "watch")
