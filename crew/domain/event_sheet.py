"""One event as its page tells it to one reader: facts, notes, where to meet, what is next. No more than they may read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q

from core.money import format_minor
from crew import rules
from crew.domain import timing
from crew.domain.events import ASHORE_PHASES
from crew.domain.guests import GuestRow
from crew.domain.item_rows import ItemRow
from crew.domain.staffing import PositionRow
from crew.models import OVER, Event, EventState, Guest, GuestState, Person, Role

AUDIENCES = (
    ("guests", "For guests: what to know and bring"),
    ("crew", "For the crew"),
    ("captain", "For the captain"),
    ("staff", "For the office"),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where to be. ``why_not`` says what is missing where the reader may not know it yet."""

    point: str
    gate_code: str
    directions: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of what is next, leading to its section; ``tone`` is good, watch, bad or nothing."""

    value: str
    label: str
    url: str
    tone: str = ""


def facts(*, event: Event, standing: rules.Standing, taken: int | None) -> list[tuple[str, str]]:
    """Return what the reader may know of an event as pairs of name and finished words."""
    return [(name, words) for name, words in _facts(event, standing, taken) if words]


def _facts(event: Event, standing: rules.Standing, taken: int | None) -> Iterator[tuple[str, str]]:
    works = rules.can_see_work_times(standing)
    yield "When", when(event) if works else ""
    yield "Vessel", str(event.vessel or "")
    yield "Venue", event.venue
    yield "Port", f"{event.port} to {event.end_port}" if event.end_port else str(event.port)
    yield "Stops", ", ".join(str(stop) for stop in event.stops)
    if taken is not None and event.capacity:
        yield "Seats", f"{taken} of {event.capacity} taken"
    elif event.capacity and works:
        yield "Seats", str(event.capacity)
    if event.mode and rules.can_count_guests(standing):
        yield "Mode", event.get_mode_display()
        yield "Legal limit", f"{event.legal_limit} passengers, by {event.legal_source}"
    if rules.can_see_price(standing):
        yield "Client", event.client_name or "not written down"
        yield "Price", format_minor(event.price_minor, event.entity.currency)
        yield "Channel", str(event.channel or "not written down")
        yield "Waiver", "asked of every guest" if event.waiver_required else "not asked"


def when(event: Event) -> str:
    """Return departure and return in words, with their zone."""
    out, back = timing.local(event, event.departs_at), event.returns_at.astimezone(timing.end_zone_of(event))
    ends = f"{back:%H:%M}" if back.date() == out.date() else f"{back:%a %-d %b %Y, %H:%M}"
    zone = "" if f"{out:%Z}" == f"{back:%Z}" else f" {out:%Z}"
    return f"{out:%A %-d %B %Y, %H:%M}{zone} to {ends} {back:%Z}"


def leaves_and_returns(event: Event) -> str:
    """Return departure and return as a sentence, as they were worked out."""
    out, back = timing.local(event, event.departs_at), event.returns_at.astimezone(timing.end_zone_of(event))
    day = "" if back.date() == out.date() else f"{back:%A %-d %b} "
    return f"Leaves {out:%A %-d %b %H:%M %Z}, back {day}{back:%H:%M %Z}."


def welcome(*, event: Event, seat: str) -> str:
    """Return a guest's first sentence; nothing to whom is not expected, or once the event is over."""
    if seat != GuestState.CLEARED or event.state in OVER:
        return ""
    greeting = f"Welcome aboard {event.vessel}." if event.vessel else f"Welcome to {event.title}."
    return f"{greeting} You are cleared to board."


def notes(*, event: Event, standing: rules.Standing) -> list[tuple[str, str]]:
    """Return the notes for the audiences the reader belongs to."""
    alone = not rules.can_see_work_times(standing)
    return [
        ("What to know and bring" if alone else label, text)
        for audience, label in AUDIENCES
        if (text := getattr(event, f"notes_{audience}")) and rules.can_see_notes(standing, audience)
    ]


def own_guest_state(*, event: Event, person: Person) -> str:
    """Return how a guest's own seat stands, the best of theirs; nothing where they have none. One query."""
    mine = Guest.objects.filter(Q(person=person) | Q(email__iexact=person.email), event=event)
    states = set(mine.values_list("state", flat=True))
    return next(
        (state for state in (GuestState.CLEARED, GuestState.HELD, GuestState.REMOVED) if state in states), ""
    )


def meeting(*, event: Event, standing: rules.Standing, seat: str) -> Meeting:
    """Return where to be; guests are told once they are cleared (``seat`` is how theirs stands)."""
    if not rules.can_see_gate_code(standing) and seat != GuestState.CLEARED:
        return Meeting("", "", "", _why_not(event, seat))
    place = f"{event.port.latitude:.5f},{event.port.longitude:.5f}"
    return Meeting(
        point=event.meeting_point or f"{event.vessel or event.venue or event.port}, {event.port}",
        gate_code=event.gate_code,
        directions=f"https://www.google.com/maps/search/?api=1&query={place}",
        why_not="",
    )


def _why_not(event: Event, seat: str) -> str:
    if event.state in OVER:
        return "This trip is cancelled." if event.state == EventState.CANCELLED else "This trip is over."
    if seat == GuestState.HELD and event.waiver_required:
        return (
            "You cannot board yet: your waiver is not on file. The captain or the office clears you once it is "
            "signed; the meeting point stands here from then on."
        )
    if seat == GuestState.HELD:
        return (
            "You cannot board yet: you are not cleared. The captain or the office does that; the meeting point "
            "stands here from then on."
        )
    if seat == GuestState.REMOVED:
        return "You are not on the guest list of this trip any more. Ask whoever booked it, or the office."
    return "You are not on the guest list yet. Once you are, and cleared, the meeting point stands here."


# What is next


def tiles(
    *,
    event: Event,
    standing: rules.Standing,
    positions: Sequence[PositionRow],
    checklist: Sequence[ItemRow],
    guests: Sequence[GuestRow],
) -> list[Tile]:
    """Return the figures that say at a glance whether the event is ready; from rows at hand, without a query.

    Nothing is to be done on an event that is over.
    """
    if event.state in OVER:
        return []
    return list(_tiles(event, standing, positions, checklist, guests))


def _tiles(
    event: Event,
    standing: rules.Standing,
    positions: Sequence[PositionRow],
    checklist: Sequence[ItemRow],
    guests: Sequence[GuestRow],
) -> Iterator[Tile]:
    mine = [row for row in positions if row.mine]
    if mine and not standing.is_any(Role.CAPTAIN, Role.ADMIN):
        yield Tile(mine[0].station, f"yours, {mine[0].state.lower()}", "#positions", mine[0].tone)
    if positions:
        missing = sum(not row.staffed for row in positions)
        yield Tile(
            f"{len(positions) - missing} of {len(positions)}",
            "positions staffed",
            "#positions",
            "watch" if missing else "good",
        )
    if checklist:
        critical = [row.phase for row in checklist if row.critical and row.is_open]
        words = "left"
        if event.state != EventState.UNDERWAY:
            # What departure asks for; the rest is for later.
            critical = [phase for phase in critical if phase in ASHORE_PHASES]
            words = "left before departure"
        noun = "critical item" if len(critical) == 1 else "critical items"
        yield Tile(str(len(critical)), f"{noun} {words}", "#checklist", "watch" if critical else "good")
        late = sum(row.late and row.is_open for row in checklist)
        own = sum(row.mine and row.is_open for row in checklist)
        if late:
            yield Tile(str(late), "item late" if late == 1 else "items late", "#checklist", "bad")
        elif own:
            yield Tile(str(own), "item is yours" if own == 1 else "items are yours", "#checklist")
    if rules.can_see_guests(standing) and event.capacity:
        held = sum(row.state == GuestState.HELD for row in guests)
        yield Tile(
            f"{held} of {len(guests)}" if guests else "0",
            "guests not cleared" if guests else "guests yet",
            "#guests",
            "watch" if held else "good" if guests else "",
        )
