"""The page of an event's guests: added while there are seats, mailed their link, cleared to board, removed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from crew import rules
from crew.domain import grants, guests, invitations, links, people
from crew.models import OVER, Event, Guest
from crew.web.access import actor, event_page
from crew.web.event_forms import ClearForm, GuestForm
from crew.web.events import crumbs

REFUSALS = (
    guests.GuestRefusedError,
    people.PersonRefusedError,
    links.LinkRefusedError,
    grants.RoleRefusedError,
)


@require_http_methods(["GET", "HEAD"])
@event_page(rules.can_see_guests)
def guest_list(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show who comes along, and whether each may board."""
    return _page(request, event, standing)


@require_POST
@event_page(rules.can_manage_guests)
def add(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Give somebody a seat; a refusal is shown on the page, with what was typed."""
    form = GuestForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            guest = invitations.add_guest(
                event=event,
                name=data["name"],
                email=data["email"],
                mail=data["mail"],
                by=actor(request, standing),
                at=clock.now(),
            )
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            mailed = data["mail"] and guest.email
            messages.success(
                request,
                f"{guest.name} has a seat." + (f" A link is on its way to {guest.email}." if mailed else ""),
            )
            return redirect("crew:guests", key=event.key)
    return _page(request, event, standing, form=form)


@require_POST
@event_page(rules.can_manage_guests, of=Guest)
def clear(request: HttpRequest, event: Event, standing: rules.Standing, guest: Guest) -> HttpResponse:
    """Say that a guest may board, and by which evidence."""
    form = ClearForm(request.POST)
    if not form.is_valid():
        return _page(
            request,
            event,
            standing,
            clearing=form,
            refusal="Choose how it was checked that the guest may board.",
        )
    try:
        guests.clear(guest=guest, how=form.cleaned_data["how"], by=actor(request, standing), at=clock.now())
    except guests.GuestRefusedError as error:
        return _page(request, event, standing, clearing=form, refusal=str(error))
    messages.success(request, f"{guest.name} may board.")
    return redirect("crew:guests", key=event.key)


@require_POST
@event_page(rules.can_manage_guests, of=Guest)
def mail(request: HttpRequest, event: Event, standing: rules.Standing, guest: Guest) -> HttpResponse:
    """Mail a guest their link, a new one where the one they have can be used no more."""
    guest.event = event
    try:
        invitations.mail_guest(guest=guest, by=actor(request, standing), at=clock.now())
    except REFUSALS as error:
        return _page(request, event, standing, refusal=str(error))
    messages.success(request, f"A link is on its way to {guest.email}.")
    return redirect("crew:guests", key=event.key)


@require_POST
@event_page(rules.can_manage_guests, of=Guest)
def remove(request: HttpRequest, event: Event, standing: rules.Standing, guest: Guest) -> HttpResponse:
    """Free a guest's seat."""
    try:
        guests.remove(guest=guest, by=actor(request, standing), at=clock.now())
    except guests.GuestRefusedError as error:
        return _page(request, event, standing, refusal=str(error))
    messages.success(request, f"{guest.name} is removed; the seat is free.")
    return redirect("crew:guests", key=event.key)


def _page(
    request: HttpRequest,
    event: Event,
    standing: rules.Standing,
    *,
    form: GuestForm | None = None,
    clearing: ClearForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    rows = guests.rows(event=event)
    manages = rules.can_manage_guests(standing) and event.state not in OVER
    return render(
        request,
        "crew/events/guests.html",
        {
            "event": event,
            "rows": rows,
            "held": sum(row.state == "held" for row in rows),
            "full": guests.full_sentence(event) if len(rows) >= event.capacity else "",
            "manages": manages,
            "form": form or GuestForm(),
            "clearing": clearing or ClearForm(),
            "refusal": refusal,
            "crumbs": crumbs(event, standing),
        },
        status=422 if refusal or (form is not None and form.errors) else 200,
    )


urlpatterns = [
    path("events/<str:key>/guests/", guest_list, name="guests"),
    path("events/<str:key>/guests/add/", add, name="guest_add"),
    path("events/<str:key>/guests/<int:pk>/clear/", clear, name="guest_clear"),
    path("events/<str:key>/guests/<int:pk>/mail/", mail, name="guest_mail"),
    path("events/<str:key>/guests/<int:pk>/remove/", remove, name="guest_remove"),
]
