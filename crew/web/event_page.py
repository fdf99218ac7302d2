"""One event on one page, as much of it as the reader's role holds: what is next, times, positions, checklist, guests."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from core import access, clock
from crew import rules
from crew.domain import (
    dock,
    event_bookings,
    event_lists,
    event_sheet,
    guests,
    item_rows,
    positions,
    timing,
    timing_panel,
)
from crew.domain.events import CANCELLABLE
from crew.models import OVER, Event, Role
from crew.web.access import event_page
from crew.web.events import EVENTS, moves

# What the templates ask: the rules that need nothing but the standing.
_ASKED = (
    "edit_event",
    "sail_event",
    "see_history",
    "see_price",
    "see_guests",
    "count_guests",
    "manage_guests",
    "see_grants",
    "show_dock_code",
    "see_positions",
    "run_positions",
    "override_position",
    "see_validity",
    "see_checklists",
    "see_work_times",
)


def may(standing: rules.Standing) -> dict[str, bool]:
    """Return what this person may do on the event, by the rule's name without its ``can_``."""
    return {name: getattr(rules, f"can_{name}")(standing) for name in _ASKED}


@require_safe
@event_page(rules.can_view_event)
def event_view(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show one event to whoever has a role on it."""
    at = clock.now()
    allowed = may(standing)
    staff_rows = positions.rows(event=event, standing=standing, at=at) if allowed["see_positions"] else []
    items = item_rows.rows(event=event, standing=standing, at=at) if allowed["see_checklists"] else []
    people = guests.rows(event=event) if allowed["see_guests"] else []
    taken = len(people) if allowed["see_guests"] else None
    if taken is None and allowed["count_guests"]:
        taken = guests.count(event=event)
    seat = (
        event_sheet.own_guest_state(event=event, person=request.user) if standing.is_any(Role.GUEST) else ""
    )
    notes = event_sheet.notes(event=event, standing=standing)
    panel = timing_panel.panel(event=event, standing=standing, at=at)
    return render(
        request,
        "crew/event.html",
        {
            "event": event,
            "crumbs": [EVENTS]
            if standing.is_any(rules.STAFF, Role.ADMIN) and standing.grant_id is None
            else [],
            "standing": standing,
            "may": allowed,
            "zone": timing.zone_of(event).key,
            "timing": panel,
            "countdown": timing_panel.countdown(event=event, standing=standing, at=at),
            **stand(request, event, standing, at=at),
            "jumps": _jumps(allowed, noted=bool(notes)),
            "positions": staff_rows,
            "checklist": items,
            "guests": people,
            "facts": event_sheet.facts(event=event, standing=standing, taken=taken),
            "notes": notes,
            "meeting": event_sheet.meeting(event=event, standing=standing, seat=seat),
            "tiles": event_sheet.tiles(
                event=event, standing=standing, positions=staff_rows, checklist=items, guests=people
            ),
            "welcome": event_sheet.welcome(event=event, seat=seat),
            "is_guest": not allowed["see_work_times"],
        },
    )


def stand(request: HttpRequest, event: Event, standing: rules.Standing, *, at: dt.datetime) -> dict[str, Any]:
    """Return how an event stands and what this person may do with it as a whole."""
    found = moves(event, standing, at=at)
    return {
        "state_tone": event_lists.TONES.get(event.state, ""),
        "when": event_sheet.when(event),
        "moves": [move for move in found if not move.correction],
        "corrections": [move for move in found if move.correction],
        "pages": [*_pages(event, may(standing)), *_booking(request, event)],
    }


def _pages(event: Event, allowed: dict[str, bool]) -> list[dict[str, Any]]:
    """Return the pages of this event that lead on from here, those this person may open."""
    ahead = event.state in CANCELLABLE
    boards = bool(event.capacity) and event.state in dock.BOARDING
    pages = (
        (allowed["show_dock_code"] and boards, "dock", "Dock code"),
        (allowed["see_grants"], "people", "People and links"),
        (allowed["edit_event"] and event.state not in OVER, "event_change", "Change"),
        (allowed["see_history"], "event_history", "History"),
        (allowed["edit_event"] and ahead, "event_cancel", "Cancel it"),
    )
    return [
        {
            "label": label,
            "url": reverse(f"crew:{name}", args=[event.key]),
            "danger": name == "event_cancel",
        }
        for shown, name, label in pages
        if shown
    ]


def _booking(request: HttpRequest, event: Event) -> list[dict[str, Any]]:
    """Return the way to the event's booking, for staff of its entity; who books may choose it."""
    if not access.may(request.user, "read", event.entity_id):
        return []
    booking = event_bookings.booking_of(event=event)
    books = access.may(request.user, "book", event.entity_id)
    if booking is None:
        url, label = reverse("crew:event_booking", args=[event.key]), "Tie to a booking"
        return [{"label": label, "url": url, "danger": False}] if books and event.state not in OVER else []
    url = (
        reverse("crew:event_booking", args=[event.key])
        if books
        else reverse("portfolio:booking", args=[booking.pk])
    )
    return [{"label": f"Booking {booking.reference}", "url": url, "danger": False}]


def _jumps(allowed: dict[str, bool], *, noted: bool) -> list[tuple[str, str]]:
    """Return the sections of the page, in its order."""
    if not allowed["see_work_times"]:
        bring = [("notes", "What to bring")] if noted else []
        return [("meeting", "Where to meet"), *bring, ("timing", "Sun and times"), ("facts", "Your trip")]
    sections = (
        ("see_work_times", "timing", "Times"),
        ("see_positions", "positions", "Positions"),
        ("see_checklists", "checklist", "Checklist"),
        ("see_guests", "guests", "Guests"),
        ("see_work_times", "meeting", "Where to meet"),
        ("see_work_times", "facts", "Facts"),
    )
    return [(place, label) for can, place, label in sections if allowed[can]]


urlpatterns: list[Any] = [path("events/<str:key>/", event_view, name="event")]
