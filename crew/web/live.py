"""What others did on an event, asked for every two seconds by a page that is looked at.

Nothing changed: 204 and five queries at most. Else each row that changed, marked to replace the one of the same id, so that
nothing else on the page moves under anybody's thumb; and where the event itself was moved, its state, times and buttons.
Once a minute the page asks for what a clock alone changes: how long it is until what is next, and the rows that press.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from core import clock
from crew import rules
from crew.domain import checklists, event_sheet, guests, live, positions, timing, timing_panel
from crew.domain.item_rows import ItemRow
from crew.models import Event
from crew.web.access import event_page
from crew.web.checklist_board import board, item_html
from crew.web.event_page import may, stand


@require_safe
@event_page(rules.can_see_checklists)
def changes(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Answer with what changed since the version the page knows."""
    at = clock.now()
    if request.GET.get("minute"):
        return _of_this_minute(event, standing, at)
    found = live.since(event=event, version=request.GET.get("since", ""), at=at)
    if found is None:
        return HttpResponse(status=204)
    parts: list[str] = [
        format_html(
            '<input type="hidden" id="live-since" name="since" value="{}" hx-swap-oob="true">', found.version
        )
    ]
    whole_event = bool(found.of("crew.event"))
    items = found.of("crew.checklistitem")
    checklist = checklists.rows(event=event, standing=standing, at=at)
    if items or whole_event:
        parts += _rows(checklist, [row for row in checklist if whole_event or row.pk in items])
        gone = items - {row.pk for row in checklist}
        parts += [format_html('<li id="item-{}" hx-swap-oob="delete"></li>', pk) for pk in sorted(gone)]
    shared = _shared(event, standing, checklist, at)
    allowed = shared["may"]
    if whole_event:
        shared |= stand(request, event, standing, at=at)
        shared["timing"] = timing_panel.panel(event=event, standing=standing, at=at)
    told = (
        ("next", True),
        ("now", whole_event),
        ("acts", whole_event),
        ("timing", whole_event),
        ("positions", allowed["see_positions"] and (whole_event or found.of("crew.position"))),
        ("guests", allowed["see_guests"] and (whole_event or found.of("crew.guest"))),
    )
    parts += [_section(request, name, shared) for name, shown in told if shown]
    return HttpResponse("".join(parts))


def _of_this_minute(event: Event, standing: rules.Standing, at: dt.datetime) -> HttpResponse:
    checklist = checklists.rows(event=event, standing=standing, at=at)
    pressing = [row for row in checklist if row.is_open and (row.soon or row.late)]
    parts = [_section(None, "next", _shared(event, standing, checklist, at))]
    return HttpResponse("".join([*parts, *(_rows(checklist, pressing) if pressing else ())]))


def _rows(checklist: Sequence[ItemRow], changed: Sequence[ItemRow]) -> list[str]:
    """Return rows that changed, and everything that counts."""
    return [*(item_html(row, oob=True) for row in changed), board(checklist).counts()]


def _shared(
    event: Event, standing: rules.Standing, checklist: Sequence[ItemRow], at: dt.datetime
) -> dict[str, Any]:
    """Return what the sections of the event's page are written from."""
    allowed = may(standing)
    staffing = positions.rows(event=event, standing=standing, at=at) if allowed["see_positions"] else []
    people = guests.rows(event=event) if allowed["see_guests"] else []
    return {
        "event": event,
        "standing": standing,
        "may": allowed,
        "zone": timing.zone_of(event).key,
        "positions": staffing,
        "guests": people,
        "countdown": timing_panel.countdown(event=event, standing=standing, at=at),
        "tiles": event_sheet.tiles(
            event=event, standing=standing, positions=staffing, checklist=checklist, guests=people
        ),
    }


def _section(request: HttpRequest | None, name: str, context: dict[str, Any]) -> str:
    """Return a section of the event's page, marked to replace the one that stands there.

    Without a request it has no token for a form, and asks nothing for the frame around a page.
    """
    html = render_to_string(f"crew/event/{name}.html", context, request)
    return html.replace(f'id="{name}"', f'id="{name}" hx-swap-oob="true"', 1)


urlpatterns: list[Any] = [path("events/<str:key>/live/", changes, name="live")]
