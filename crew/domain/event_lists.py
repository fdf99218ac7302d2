"""The events somebody may see, as an agenda, as a month, and one event's history. Reads only, a fixed number of queries."""

import calendar
import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core import months, trail
from core.models import AuditEvent
from core.months import Month
from crew.domain import history, timing
from crew.domain.staffing import STAFFED
from crew.models import (
    ChecklistItem,
    Event,
    EventGrant,
    EventState,
    Guest,
    GuestState,
    ItemState,
    Position,
)
from portfolio.models import Booking

EN_DASH = "\u2013"
UPCOMING, PAST, ALL = "upcoming", "past", "all"
# How a state looks at a glance; those not named are neutral.
TONES: dict[str, str] = {
    EventState.OPEN: "info",
    EventState.CONFIRMED: "good",
    EventState.UNDERWAY: "watch",
    EventState.CANCELLED: "bad",
}
# Weeks begin on Sunday, as the calendars of San Diego do.
_CALENDAR = calendar.Calendar(calendar.SUNDAY)
# Not worth a place in a history: ids of other rows, and what is told in words elsewhere in the line.
_UNSAID = frozenset({"grant", "currency", "given", "item", "link"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list is narrowed to; empty means everything."""

    search: str = ""
    entity: str = ""
    kind: str = ""
    state: str = ""
    vessel: int | None = None
    first: dt.date | None = None
    last: dt.date | None = None


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One event in a list, its times in words on the clock of its port."""

    key: str
    title: str
    kind: str
    entity: str
    place: str
    client: str
    state: str
    tone: str
    on: dt.date
    time: str
    span: str
    taken: int
    capacity: int
    filled: int
    positions: int
    critical: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a month's page; days of the neighbouring months fill the first and last week."""

    on: dt.date
    inside: bool
    today: bool
    events: tuple[AgendaRow, ...]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing done on an event: when, what, what changed, by whom and in which role."""

    at: dt.datetime
    title: str
    text: str
    by: str


def agenda(*, ids: Collection[int] | None, tab: str, choice: Choice, at: dt.datetime) -> QuerySet[Event, int]:
    """Return the ids of the events that a choice leaves of some entities' (None: of all); `rows` tells them in words.

    The next comes first, past ones newest first. What is cancelled stands among the upcoming only when cancelled
    events are asked for.
    """
    found = _of(ids)
    ahead = Q(returns_at__gte=at) | Q(state=EventState.UNDERWAY)
    if tab == UPCOMING:
        found = found.filter(ahead)
        if not choice.state:
            found = found.exclude(state=EventState.CANCELLED)
    elif tab == PAST:
        found = found.exclude(ahead)
    for name, value in (
        ("entity__slug", choice.entity),
        ("kind", choice.kind),
        ("state", choice.state),
        ("vessel_id", choice.vessel),
        ("departs_on__gte", choice.first),
        ("departs_on__lte", choice.last),
    ):
        if value:
            found = found.filter(**{name: value})
    if choice.search:
        found = found.filter(_matches(choice.search))
    order = ("departs_at", "id") if tab == UPCOMING else ("-departs_at", "-id")
    return found.order_by(*order).values_list("pk", flat=True)


def rows(*, pks: Sequence[int]) -> list[AgendaRow]:
    """Return events in words, in the order given; one query, which counts only for them."""
    found = {event.pk: event for event in _counted(Event.objects.filter(pk__in=pks))}
    return [_row(found[pk]) for pk in pks if pk in found]


def _row(event: Event) -> AgendaRow:
    counts: Any = event
    return AgendaRow(
        key=event.key,
        title=event.title,
        kind=event.get_kind_display(),
        entity=event.entity.name,
        place=str(event.vessel or event.venue),
        client=event.client_name,
        state=event.get_state_display(),
        tone=TONES.get(event.state, ""),
        on=event.departs_on,
        time=f"{timing.local(event, event.departs_at):%H:%M %Z}",
        span=_span(event),
        taken=counts.taken,
        capacity=event.capacity,
        filled=counts.filled,
        positions=counts.slots,
        critical=counts.critical,
    )


def _span(event: Event) -> str:
    leaves, returns = (
        timing.local(event, event.departs_at),
        event.returns_at.astimezone(timing.end_zone_of(event)),
    )
    later = "" if leaves.date() == returns.date() else f"{returns:%a %-d %b} "
    zone = "" if f"{leaves:%Z}" == f"{returns:%Z}" else f" {leaves:%Z}"
    return f"{leaves:%H:%M}{zone}{' to ' if later or zone else EN_DASH}{later}{returns:%H:%M} {returns:%Z}"


def month(*, ids: Collection[int] | None, month: Month, today: dt.date) -> list[list[Day]]:
    """Return the weeks of a month with the events that leave on each day; one query."""
    first = months.first_day(month)
    weeks = _CALENDAR.monthdatescalendar(first.year, first.month)
    found = _counted(_of(ids)).filter(departs_on__gte=weeks[0][0], departs_on__lte=weeks[-1][-1])
    rows = [_row(event) for event in found.order_by("departs_on", "departs_at", "id")]
    events = {on: tuple(group) for on, group in groupby(rows, key=lambda one: one.on)}
    return [
        [Day(on, on.month == first.month, on == today, events.get(on, ())) for on in week] for week in weeks
    ]


class History:
    """The whole trail of one event, newest first; sliced by a paginator, it reads one page in two queries."""

    def __init__(self, event: Event) -> None:
        """Take the event whose trail it is."""
        self._event = event
        self._rows = AuditEvent.objects.filter(scope=history.scope_of(event)).order_by("-id")

    def count(self) -> int:
        """Return how many lines there are."""
        return self._rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, page: slice) -> list[HistoryLine]:
        """Return some of the lines in words."""
        found = list(self._rows.select_related("actor")[page])
        roles: dict[int, str] = {
            grant.pk: grant.get_role_display().lower()
            for grant in EventGrant.objects.filter(pk__in={line.data.get("grant") for line in found} - {None})
        }
        return [_line(self._event, line, roles) for line in found]


def _line(event: Event, line: AuditEvent, roles: dict[int, str]) -> HistoryLine:
    zone = timing.zone_of(event)
    told = trail.line(line, zone=zone)
    # What changed is told as old → new; what is noted once (a reason, the evidence) stands after it.
    notes = [
        f"{name.replace('_', ' ')}: {'yes' if value is True else trail.shown(value, zone=zone)}"
        for name, value in sorted(line.data.items())
        if name not in _UNSAID and isinstance(value, str | int) and value not in ("", False)
    ]
    role = roles.get(line.data.get("grant") or 0)
    return HistoryLine(
        at=told.at,
        title=told.title,
        text="; ".join(part for part in (told.text, *notes) if part),
        by=f"{told.by}, as {role}" if role else told.by,
    )


def _of(ids: Collection[int] | None) -> QuerySet[Event]:
    return Event.objects.all() if ids is None else Event.objects.filter(entity_id__in=ids)


def _counted(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Read events with what a row says of them, and count their guests, positions and critical items still open."""
    return (
        rows.select_related("entity", "vessel", "port", "end_port")
        .annotate(
            taken=_number(Guest.objects.exclude(state=GuestState.REMOVED)),
            filled=_number(Position.objects.filter(STAFFED)),
            slots=_number(Position.objects.all()),
            critical=_number(ChecklistItem.objects.filter(critical=True).exclude(state=ItemState.COMPLETED)),
        )
        .defer("notes_captain", "notes_crew", "notes_guests", "notes_staff", "stops")
    )


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.filter(event=OuterRef("pk")).order_by().values("event").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _matches(search: str) -> Q:
    """Find an event by title, client, key, booking reference, or the name of somebody who works or sails."""
    booked = Booking.objects.filter(reference__iexact=search).exclude(event_key="").values("event_key")
    return (
        Q(title__icontains=search)
        | Q(client_name__icontains=search)
        | Q(key=search.lower())
        | Q(key__in=booked)
        | _any(Guest.objects.filter(name__icontains=search).exclude(state=GuestState.REMOVED))
        | _any(Position.objects.filter(holder__name__icontains=search))
        | _any(EventGrant.objects.filter(person__name__icontains=search, revoked_at__isnull=True))
    )


def _any(rows: QuerySet[Any, Model]) -> Q:
    return Q(Exists(rows.filter(event=OuterRef("pk"))))
