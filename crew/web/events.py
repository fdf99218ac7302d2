"""Pages of events for those who run them: agenda and month, writing one down, changing, moving, cancelling, history."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, months
from crew import rules
from crew.domain import event_bookings as ties
from crew.domain import event_lists, events, seen, timing
from crew.domain.event_sheet import leaves_and_returns
from crew.domain.history import Actor
from crew.models import Event, EventState, EventTemplate, Port, Role, Vessel
from crew.web import drafts, event_bookings
from crew.web.access import REFUSAL, actor, event_page
from crew.web.event_forms import CancelForm, EventFilter, EventForm, MoveForm, initial
from portfolio.models import Booking, Entity

ROWS_A_PAGE = 25
LINES_A_PAGE = 50
EVENTS = {"label": "Events", "url": reverse_lazy("crew:events")}
# What the button of a move says, by where the event stands and where it goes.
MOVE_WORDS: dict[tuple[str, str], str] = {
    (EventState.DRAFT, EventState.OPEN): "Open it",
    (EventState.OPEN, EventState.CONFIRMED): "Confirm it",
    (EventState.OPEN, EventState.DRAFT): "Back to draft",
    (EventState.CONFIRMED, EventState.UNDERWAY): "We are under way",
    (EventState.CONFIRMED, EventState.OPEN): "Take the confirmation back",
    (EventState.UNDERWAY, EventState.COMPLETED): "We are back",
    (EventState.UNDERWAY, EventState.CONFIRMED): "She has not left: back to confirmed",
    (EventState.COMPLETED, EventState.UNDERWAY): "She is not back: under way again",
}
# What captains say; all other moves, and what corrects one said by mistake, are for those who may change the event.
_SAILING = (EventState.UNDERWAY, EventState.COMPLETED)
_CORRECTIONS = ((EventState.UNDERWAY, EventState.CONFIRMED), (EventState.COMPLETED, EventState.UNDERWAY))


@dataclass(frozen=True, slots=True)
class Move:
    """One button: where it moves an event, its words, whether it is the one that stands out, or a correction."""

    to: str
    label: str
    main: bool
    correction: bool


def moves(event: Event, standing: rules.Standing, *, at: dt.datetime) -> list[Move]:
    """Return the moves that are legal from where an event stands and allowed to this person, for buttons.

    The first stands out; leaving and being back do so from crew call on.
    """
    state = EventState(event.state)
    near = at >= timing.crew_call_at(event)
    return [
        Move(
            to.value,
            MOVE_WORDS[state, to],
            main=place == 0 and (near or to not in _SAILING) and (state, to) not in _CORRECTIONS,
            correction=(state, to) in _CORRECTIONS,
        )
        for place, to in enumerate(events.MOVES[state])
        if _may_move(standing, state, to)
    ]


def _may_move(standing: rules.Standing, state: EventState, to: EventState) -> bool:
    sails = to in _SAILING and (state, to) not in _CORRECTIONS
    return rules.can_sail_event(standing) if sails else rules.can_edit_event(standing)


def _entities(request: HttpRequest, verb: str) -> list[Entity]:
    ids = access.entity_ids(request.user, verb)
    rows = Entity.objects.filter(active=True)
    return list(rows if ids is None else rows.filter(pk__in=ids))


def _books(request: HttpRequest) -> bool:
    """Tell whether somebody may write events down for any entity."""
    ids = access.entity_ids(request.user, "book")
    return ids is None or bool(ids)


# Lists


@require_safe
@access.staff
def agenda(request: HttpRequest) -> HttpResponse:
    """List events, the next first; past ones stand behind a tab."""
    readable = _entities(request, "read")
    vessels = list(Vessel.objects.filter(entity__in=readable))
    chosen = EventFilter(request.GET, entities=readable, vessels=vessels)
    asked = request.GET.get("tab", "")
    tab = asked if asked in (event_lists.PAST, event_lists.ALL) else event_lists.UPCOMING
    ids = access.entity_ids(request.user, "read")
    found = event_lists.agenda(ids=ids, tab=tab, choice=chosen.choice(), at=clock.now())
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    kept = {
        name: value.isoformat() if isinstance(value, dt.date) else str(value)
        for name, value in chosen.cleaned_data.items()
        if value
    }
    return render(
        request,
        "crew/events/agenda.html",
        {
            "filter": chosen,
            "page_obj": page,
            "rows": event_lists.rows(pks=list(page.object_list)),
            "query": urlencode({"tab": tab, **kept}) + "&",
            "tab": tab,
            "narrowed": bool(kept),
            "filtered": bool(kept.keys() - {"q"}),
            "tabs": [
                {"label": label, "url": "?" + urlencode({"tab": value, **kept}), "current": value == tab}
                for label, value in (
                    ("Upcoming", event_lists.UPCOMING),
                    ("Past", event_lists.PAST),
                    ("All", event_lists.ALL),
                )
            ],
            "month": months.iso(months.month_of(clock.today())),
            "may_add": _books(request),
        },
    )


@require_safe
@access.staff
def month(request: HttpRequest, month: str) -> HttpResponse:
    """Show a month of events as a calendar, on a phone as a list of its days.

    Raises:
        Http404: the address names no month that events of ours can lie in.
    """
    try:
        number = months.parse(month)
    except months.MonthError as error:
        raise Http404 from error
    if not months.is_near(months.first_day(number)):
        raise Http404
    ids = access.entity_ids(request.user, "read")
    today = clock.today()
    weeks = event_lists.month(ids=ids, month=number, today=today)
    return render(
        request,
        "crew/events/month.html",
        {
            "weeks": weeks,
            "days": [f"{day.on:%A}" for day in weeks[0]],
            "label": f"{months.first_day(number):%B %Y}",
            "number": sum(len(day.events) for week in weeks for day in week if day.inside),
            "before": _month_url(number - 1),
            "after": _month_url(number + 1),
            "this": _month_url(months.month_of(today)),
            "is_this": number == months.month_of(today),
            "may_add": _books(request),
            "crumbs": [EVENTS],
        },
    )


def _month_url(number: int) -> str:
    """Return a month's address; nothing beyond the years that have one."""
    near = months.is_near(months.first_day(number))
    return reverse("crew:event_month", args=[months.iso(number)]) if near else ""


# Writing down and changing


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add(request: HttpRequest) -> HttpResponse:
    """Write an event down: first choose its template, then fill in the form that the template began.

    Raises:
        PermissionDenied: the person books for no entity.
        Http404: the template is not one of theirs.
    """
    offered = _entities(request, "book")
    if not offered:
        raise PermissionDenied("Your role does not include events. Ask the owner to extend your grant.")
    templates = EventTemplate.objects.filter(entity__in=offered, active=True).select_related("entity")
    asked = request.GET.get("template", "")
    on = request.GET.get("on", "")
    named = request.GET.get("booking", "")
    booking = event_bookings.asked_for(named, entities=offered) if named else None
    if booking is not None:
        templates = templates.filter(entity=booking.entity)
        if booking.event_key and request.method != "POST":
            messages.info(request, f"{booking.reference} has this event already.")
            return redirect("crew:event", key=booking.event_key)
    if not asked:
        return render(
            request,
            "crew/events/templates.html",
            {
                "templates": templates.order_by("entity__name", "name"),
                "query": "".join(
                    "&" + urlencode({name: value})
                    for name, value in (("on", on), ("booking", named))
                    if value
                ),
                "ports": Port.objects.exists(),
                "crumbs": [EVENTS],
            },
        )
    # No number is longer, and int() refuses some that are.
    numbered = asked.isascii() and asked.isdigit() and len(asked) < 19
    template = templates.filter(pk=int(asked)).first() if numbered else None
    if template is None:
        raise Http404
    form = EventForm(
        request.POST if request.method == "POST" else None,
        entity=template.entity,
        initial=_proposal(template, on, booking),
    )
    by = Actor(request.user)
    key = drafts.key_of(carried=request.POST.get("draft", ""), person=request.user, template=template)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        try:
            event = events.create(
                template=template, terms=form.terms(), by=by, at=now, key=key, booking=booking
            )
        except events.WrittenAlreadyError as error:
            messages.info(request, str(error))
            return redirect("crew:event", key=key)
        except (events.EventRefusedError, timing.TimingError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"{event.title} is written down as a draft. {leaves_and_returns(event)}"
            )
            _warn(request, event, now)
            return redirect("crew:event", key=event.key)
    return _form_page(
        request,
        form,
        heading=f"New: {template.name}" + (f" for {booking.reference}" if booking else ""),
        submit="Write it down",
        back=reverse("crew:event_add"),
        way=[EVENTS],
        carries={"draft": drafts.token(key=key, person=request.user, template=template)},
    )


def _proposal(template: EventTemplate, on: str, booking: Booking | None) -> dict[str, Any]:
    """Return what the form begins with: the template's terms, on the entity's vessel if it has just one; and a booking's."""
    vessels = list(Vessel.objects.filter(entity=template.entity, active=True).select_related("home_port")[:2])
    vessel = vessels[0] if len(vessels) == 1 else None
    port = vessel.home_port if vessel else Port.objects.first()
    if port is None:
        return {}
    terms = events.from_template(template=template, on=clock.today(), vessel=vessel, port=port)
    # A date is not proposed, unless a booking names one: a forgotten one would be today's.
    if booking is None:
        return initial(terms) | {"on": on}
    return initial(ties.proposed(booking=booking, terms=terms)) | {"on": on or booking.service_on}


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_edit_event)
def change(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Change an event that is not over; who is on it is told when it moves.

    The form carries what it showed. What somebody else changed since is named before it is overwritten.
    """
    form = EventForm(
        request.POST if request.method == "POST" else None,
        entity=event.entity,
        kept=event.vessel,
        initial=initial(events.terms_of(event)),
    )
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        try:
            changed = events.change(
                event=event,
                terms=form.terms(),
                by=actor(request, standing),
                at=now,
                shown=request.POST.get("seen", ""),
            )
        except (events.EventRefusedError, timing.TimingError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{changed.title} is changed. {leaves_and_returns(changed)}")
            _warn(request, changed, now)
            return redirect("crew:event", key=event.key)
    return _form_page(
        request,
        form,
        heading=f"Change {event.title}",
        submit="Save",
        back=reverse("crew:event", args=[event.key]),
        way=crumbs(event, standing),
        carries={"seen": seen.mark(event=event)},
    )


def _warn(request: HttpRequest, event: Event, now: dt.datetime) -> None:
    """Say what is legal but perhaps not meant."""
    if event.departs_at < now:
        messages.warning(
            request, "Its departure has passed. Check the date, unless you write it down afterwards."
        )
    for port, anchor, minutes in (
        (event.port, event.departure_anchor, event.departure_minutes),
        (event.end_port or event.port, event.return_anchor, event.return_minutes),
    ):
        note = timing.fold_note(port=port, on=event.departs_on, anchor=anchor, minutes=minutes)
        if note:
            messages.warning(request, note)
    sentence = events.clash(event=event)
    if sentence:
        messages.warning(request, f"It cannot be opened as it stands: {sentence}")


def _form_page(
    request: HttpRequest,
    form: EventForm,
    *,
    heading: str,
    submit: str,
    back: str,
    way: list[Any],
    carries: dict[str, str],
) -> HttpResponse:
    """Show the form; ``carries`` are hidden values, always ours and never what was sent."""
    return render(
        request,
        "crew/events/form.html",
        {
            "form": form,
            "heading": heading,
            "submit": submit,
            "back": back,
            "crumbs": way,
            "carries": carries,
        },
        status=422 if form.errors else 200,
    )


def crumbs(event: Event, standing: rules.Standing) -> list[Any]:
    """Return the way to an event's page; the agenda above it is for staff who came as staff."""
    here = {"label": event.title, "url": reverse("crew:event", args=[event.key])}
    came_as_staff = standing.grant_id is None and standing.is_any(rules.STAFF, Role.ADMIN)
    return [EVENTS, here] if came_as_staff else [here]


# Moving on, cancelling


@require_POST
@event_page(rules.can_sail_event)
def advance(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Move an event on. Captains say that it is under way and back; the rest is for those who may change it.

    Raises:
        PermissionDenied: the move is not for this person.
    """
    form = MoveForm(request.POST)
    refusal, asked, now = "Choose one of the moves below.", "", clock.now()
    if form.is_valid():
        to, early = EventState(form.cleaned_data["to"]), form.cleaned_data["early"]
        if not _may_move(standing, EventState(event.state), to):
            raise PermissionDenied(REFUSAL)
        try:
            moved = events.advance(event=event, to=to, by=actor(request, standing), at=now, early=early)
        except events.EventRefusedError as error:
            refusal = str(error)
            asked = to.value if isinstance(error, events.UnusualMoveError) else ""
        else:
            messages.success(request, f"{moved.title} is now {moved.get_state_display().lower()}.")
            return redirect("crew:event", key=event.key)
    return render(
        request,
        "crew/events/move.html",
        {
            "event": event,
            "refusal": refusal,
            "moves": moves(event, standing, at=now),
            "asked": asked,
            "crumbs": crumbs(event, standing),
        },
        status=422,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_edit_event)
def cancel(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Ask for the reason, then cancel an event and tell everybody who is on it."""
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            events.cancel(
                event=event,
                reason=form.cleaned_data["reason"],
                by=actor(request, standing),
                at=clock.now(),
            )
        except events.EventRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{event.title} is cancelled. Everybody who was on it is being told.")
            return redirect("crew:event", key=event.key)
    return render(
        request,
        "crew/events/cancel.html",
        {
            "event": event,
            "form": form,
            "possible": event.state in events.CANCELLABLE,
            "back": reverse("crew:event", args=[event.key]),
            "crumbs": crumbs(event, standing),
        },
        status=422 if form.errors else 200,
    )


@require_safe
@event_page(rules.can_see_history)
def event_history(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show all that was done on an event, the newest first."""
    lines: Paginator[event_lists.HistoryLine] = Paginator(event_lists.History(event), LINES_A_PAGE)
    return render(
        request,
        "crew/events/history.html",
        {
            "event": event,
            "page_obj": lines.get_page(request.GET.get("page")),
            "zone": timing.zone_of(event).key,
            "crumbs": crumbs(event, standing),
        },
    )


urlpatterns = [
    path("events/", agenda, name="events"),
    path("events/add/", add, name="event_add"),
    path("events/month/<str:month>/", month, name="event_month"),
    path("events/<str:key>/change/", change, name="event_change"),
    path("events/<str:key>/advance/", advance, name="event_advance"),
    path("events/<str:key>/cancel/", cancel, name="event_cancel"),
    path("events/<str:key>/history/", event_history, name="event_history"),
]
