"""The dock: the captain's screen with the QR code that turns, and the pages of whoever scans it.

The scanned code leaves the address bar at once. What the browser then holds is a signed ticket in its session, good
for ten minutes to ask with, and for as long as the trip to wait with.
"""

import secrets
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from crew import rules, sessions
from crew.domain import dock, guests, link_words, people, qr
from crew.domain.link_mail import absolute
from crew.models import BoardingRequest, Event
from crew.web import client
from crew.web.access import actor, event_page
from crew.web.link_forms import BoardForm

TICKET = "dock_ticket"
_SALT = "crew.web.dock"
WAITING = "waiting"


# The captain's screen


@require_safe
@event_page(rules.can_show_dock_code)
def dock_page(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show the code that turns, and who asks to come aboard."""
    return _dock_page(request, event)


@require_safe
@event_page(rules.can_show_dock_code)
def dock_code(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Return the code as it stands now: what the page asks for every ten seconds."""
    return render(request, "crew/dock/code.html", _code(event))


@require_safe
@event_page(rules.can_show_dock_code)
def dock_requests(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Return who asks to come aboard now; nothing (204) where that is what the page shows already."""
    found = _requests(event)
    if request.GET.get("seen") == found["seen"]:
        return HttpResponse(status=204)
    return render(request, "crew/dock/requests.html", found)


@require_POST
@event_page(rules.can_manage_guests, of=BoardingRequest)
def dock_accept(
    request: HttpRequest, event: Event, standing: rules.Standing, asked: BoardingRequest
) -> HttpResponse:
    """Wave somebody aboard; the reason why not, the law's limit for one, is shown on the dock page."""
    try:
        dock.accept(request=asked, by=actor(request, standing), at=clock.now())
    except (dock.BoardingRefusedError, guests.GuestRefusedError, people.PersonRefusedError) as error:
        return _dock_page(request, event, refusal=f"{asked.name} is not aboard. {error}")
    messages.success(request, f"{asked.name} is on the list, and their phone says so.")
    return redirect("crew:dock", key=event.key)


@require_POST
@event_page(rules.can_manage_guests, of=BoardingRequest)
def dock_decline(
    request: HttpRequest, event: Event, standing: rules.Standing, asked: BoardingRequest
) -> HttpResponse:
    """Turn somebody away."""
    try:
        dock.decline(request=asked, by=actor(request, standing), at=clock.now())
    except dock.BoardingRefusedError as error:
        return _dock_page(request, event, refusal=str(error))
    messages.success(request, f"{asked.name} was turned away.")
    return redirect("crew:dock", key=event.key)


def _dock_page(request: HttpRequest, event: Event, *, refusal: str = "") -> HttpResponse:
    return render(
        request,
        "crew/dock/dock.html",
        {**_code(event), **_requests(event), "refusal": refusal},
        status=422 if refusal else 200,
    )


def _code(event: Event) -> dict[str, Any]:
    now = clock.now()
    showing = dock.is_boarding(event, at=now)
    address = absolute("crew:dock_scanned", dock.code(event=event, at=now))
    return {"event": event, "showing": showing, "svg": qr.svg(address) if showing else ""}


def _requests(event: Event) -> dict[str, Any]:
    rows = dock.waiting(event=event, at=clock.now())
    return {
        "event": event,
        "seen": " ".join(f"{row.pk}{'+' if row.on_list else ''}" for row in rows),
        "waiting": [{"row": row, "asked_at": link_words.stamp(event, row.asked_at)} for row in rows],
    }


# The phone on the dock


@require_http_methods(["GET", "HEAD"])
@never_cache
def dock_scanned(request: HttpRequest, code: str) -> HttpResponse:
    """Give a ticket for the event whose code was scanned; a code that has turned gives none."""
    event = dock.event_of(text=code, at=clock.now())
    if event is None:
        return render(request, "crew/dock/turned.html", {"nav": None}, status=410)
    held = _ticket(request)
    asked = dock.request_of(ticket=held["ticket"]) if held and held["event"] == event.pk else None
    if asked is None or asked.accepted is False:
        sessions.keep_briefly(request)
        request.session[TICKET] = signing.dumps(
            {"event": event.pk, "ticket": secrets.token_urlsafe(32)}, salt=_SALT
        )
    return redirect("crew:dock_ask" if asked is None or asked.accepted is False else "crew:dock_wait")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def dock_ask(request: HttpRequest) -> HttpResponse:
    """Ask name and address of whoever holds a ticket; the party is never shown."""
    held = _ticket(request, fresh=True)
    event = held and Event.objects.select_related("entity", "port").filter(pk=held["event"]).first()
    if not held or event is None:
        return render(request, "crew/dock/turned.html", {"nav": None}, status=410)
    form = BoardForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            dock.ask(
                event=event,
                name=form.cleaned_data["name"],
                email=form.cleaned_data["email"],
                ticket=held["ticket"],
                at=clock.now(),
                address_key=client.address_key(request),
            )
        except dock.BoardingRefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect("crew:dock_wait")
    return render(
        request,
        "crew/dock/ask.html",
        {"form": form, "event": event, "departs": link_words.departure(event), "nav": None},
        status=422 if form.errors else 200,
    )


@require_safe
@never_cache
def dock_wait(request: HttpRequest) -> HttpResponse:
    """Say how the request of this browser stands; htmx asks for the changing part alone."""
    asked = _asked(request)
    if asked is None:
        return render(request, "crew/dock/turned.html", {"nav": None}, status=410)
    found = _wait(request, asked)
    if not getattr(request, "htmx", False):
        return render(request, "crew/dock/wait.html", found)
    # What asks is the page that waits already: read aloud again each time, it would be a nuisance.
    if found["state"] == WAITING:
        return HttpResponse(status=204)
    return render(request, "crew/dock/standing.html", found)


@require_POST
@never_cache
def dock_open(request: HttpRequest) -> HttpResponse:
    """Open the session of somebody the captain waved aboard, once."""
    held, asked = _ticket(request), _asked(request)
    if held is None or asked is None or asked.grant is None:
        return redirect("crew:dock_wait")
    theirs = sessions.is_theirs(request, asked.grant)
    if (
        request.user.is_authenticated
        and not theirs
        and request.POST.get("instead_of") != str(request.user.pk)
    ):
        return render(request, "crew/dock/wait.html", _wait(request, asked), status=409)
    if theirs and not sessions.is_by_link(request):
        return redirect("crew:event", key=asked.event.key)
    grant = dock.open_once(ticket=held["ticket"], at=clock.now())
    if grant is None:
        return render(request, "crew/dock/wait.html", _wait(request, asked), status=410)
    sessions.open_grant(request, grant, proved=False)
    return redirect("crew:event", key=asked.event.key)


def _ticket(request: HttpRequest, *, fresh: bool = False) -> dict[str, Any] | None:
    """Return the ticket of this browser; with ``fresh`` only while one may ask with it."""
    try:
        return signing.loads(
            request.session.get(TICKET, ""), salt=_SALT, max_age=dock.TICKET_LASTS if fresh else None
        )
    except signing.BadSignature:
        return None


def _asked(request: HttpRequest) -> BoardingRequest | None:
    held = _ticket(request)
    return dock.request_of(ticket=held["ticket"]) if held else None


def _wait(request: HttpRequest, asked: BoardingRequest) -> dict[str, Any]:
    """Return how a request stands, in one word the template has sentences for."""
    opened = asked.grant_id is not None and (
        asked.opened_at is not None or asked.grant_id in sessions.opened_grants(request)
    )
    if asked.accepted is None:
        state = WAITING if dock.is_boarding(asked.event, at=clock.now()) else "over"
    elif asked.accepted:
        state = "opened" if opened else "accepted"
    else:
        state = "declined"
    other = (
        request.user.is_authenticated
        and asked.grant is not None
        and not sessions.is_theirs(request, asked.grant)
    )
    return {
        "asked": asked,
        "event": asked.event,
        "number": dock.number(asked.ticket_hash),
        "state": state,
        "other": request.user if other else None,
        "nav": None,
    }


urlpatterns = [
    path("q/", dock_ask, name="dock_ask"),
    path("q/wait/", dock_wait, name="dock_wait"),
    path("q/open/", dock_open, name="dock_open"),
    path("q/<str:code>/", dock_scanned, name="dock_scanned"),
    path("events/<str:key>/dock/", dock_page, name="dock"),
    path("events/<str:key>/dock/code/", dock_code, name="dock_code"),
    path("events/<str:key>/dock/requests/", dock_requests, name="dock_requests"),
    path("events/<str:key>/dock/requests/<int:pk>/accept/", dock_accept, name="dock_accept"),
    path("events/<str:key>/dock/requests/<int:pk>/decline/", dock_decline, name="dock_decline"),
]
