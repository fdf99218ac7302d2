"""Pages of bookings: the pipeline, one booking, writing one down, moving it on."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, trail
from portfolio.domain import (
    bookings,
    campaign_income,
    enquiries,
    held,
    ledger,
    pages,
    terms,
    worked_as,
)
from portfolio.models import Booking, BookingStage, CancellationTerms, Channel, Entity, UnpostedDeed
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import EVENTS_SHOWN, PORTFOLIO, ROWS_A_PAGE, crumbs, views_of_portfolio
from portfolio.web.forms import NO_TERMS, BookingFilter, BookingForm, MoveForm

ALL = "all"
# Nobody owes the price of what will not be.
GIVEN_UP = (BookingStage.CANCELLED, BookingStage.LOST)
BOOKINGS = {"label": "Bookings", "url": reverse_lazy("portfolio:bookings")}


def entities_for(request: HttpRequest, verb: str) -> list[Entity]:
    """Return the active entities on which this person holds a verb."""
    ids = access.entity_ids(request.user, verb)
    rows = Entity.objects.filter(active=True)
    return list(rows if ids is None else rows.filter(pk__in=ids))


@require_safe
@access.staff
def booking_list(request: HttpRequest) -> HttpResponse:
    """List bookings by stage, entity and words."""
    seen = entities_for(request, "read")
    chosen = BookingFilter(request.GET, entities=[(entity.slug, entity.name) for entity in seen])
    entity, search = chosen.value("entity"), chosen.value("q")
    stage = chosen.value("stage") or pages.UNDER_WAY
    ids = [found.pk for found in seen]
    everywhere = pages.bookings(ids=ids, entity=entity, search=search)
    counts = pages.stage_counts(rows=everywhere)
    asked = "" if stage == ALL else stage
    rows = pages.bookings(ids=ids, entity=entity, stage=asked, search=search)
    kept = {"entity": entity, "q": search}
    return render(
        request,
        "portfolio/bookings.html",
        {
            "filter": chosen,
            "page_obj": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "query": _query(stage=stage, **kept),
            "stages": [
                {
                    "label": label,
                    "url": "?" + _query(stage=value, **kept),
                    "current": value == stage,
                    "count": count,
                }
                for label, value, count in _tabs(counts)
            ],
            "counts": counts,
            "everything": sum(count.count for count in counts),
            "stage": stage,
            "narrowed": any((entity, search)),
            "books": bool(entities_for(request, "book")),
            "tabs": views_of_portfolio("bookings"),
            "crumbs": [PORTFOLIO],
        },
    )


def _tabs(counts: list[pages.StageCount]) -> list[tuple[str, str, int]]:
    """Return the tabs above the list: (label, stage, how many)."""
    under_way = sum(count.count for count in counts if count.stage not in pages.ENDED)
    return [
        ("Under way", pages.UNDER_WAY, under_way),
        *((count.label, count.stage, count.count) for count in counts),
        ("All", ALL, sum(count.count for count in counts)),
    ]


def _query(**parameters: str) -> str:
    """Return parameters for an address, those that are empty left out, with a trailing ampersand."""
    kept = {name: value for name, value in parameters.items() if value}
    return urlencode(kept) + "&" if kept else ""


@require_safe
@access.staff
def booking_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one booking whole, and the moves that are legal from where it stands."""
    booking = record(
        request, Booking.objects.select_related("entity", "channel", "asset", "campaign", "terms"), pk=pk
    )
    return _booking_page(request, booking, None)


def _booking_page(request: HttpRequest, booking: Booking, form: MoveForm | None) -> HttpResponse:
    stage = BookingStage(booking.stage)
    books = may(request, "book", booking.entity)
    moves = _moves(stage)
    if form is None and books and moves:
        form = MoveForm(choices=moves, initial={"to": moves[0][0], "on": pages.as_of_date()})
    postings = list(
        booking.postings.filter(entry__state="posted")
        .select_related("entry", "account")
        .order_by("entry__on", "id")
    )
    return render(
        request,
        "portfolio/booking.html",
        {
            "booking": booking,
            "entity": booking.entity,
            "costs": list(booking.costs.all()),
            "postings": postings,
            "balance_minor": None if stage in GIVEN_UP else booking.price_minor - booking.paid_minor,
            "form": form if books and moves else None,
            "keeps": may(request, "keep", booking.entity) and stage not in enquiries.SETTLED[1:],
            "may_change": books and stage not in enquiries.SETTLED,
            "way": _way(stage),
            **_money(request, booking, stage),
            "work": worked_as.of(booking=booking, books=books),
            "events": trail.of_records(records=[("portfolio.booking", booking.pk)], limit=EVENTS_SHOWN),
            "crumbs": crumbs(booking.entity, BOOKINGS),
        },
        status=422 if form is not None and form.is_bound else 200,
    )


def _money(request: HttpRequest, booking: Booking, stage: BookingStage) -> dict[str, Any]:
    """Return where a booking's money is, what calling it off today would do, and what may be decided about it."""
    money = held.of(booking)
    standing = [
        ("Held as deferred revenue", money.deferred),
        ("Held as a deposit", money.deposits),
        ("Owed by the client", money.receivable),
        ("Owed back to the client", money.refunds_due),
        ("Earned", money.earned - money.tax),
        ("Set aside for tax", money.tax),
        ("Kept", money.kept),
    ]
    owns, today = may(request, "own", booking.entity), pages.as_of_date()
    callable_off = BookingStage.CANCELLED in bookings.MOVES[stage]
    return {
        "standing": [(label, amount) for label, amount in standing if amount],
        "if_cancelled": {
            "on": today,
            "decision": terms.decide(booking=booking, money=money, on=today),
            "held_minor": money.held,
        }
        if callable_off
        else None,
        "waiting": UnpostedDeed.objects.filter(booking=booking).first(),
        "may_decide": owns and stage in GIVEN_UP and money.held + money.refunds_due + money.kept > 0,
        "may_reprice": owns and stage == BookingStage.COMPLETED,
        "may_take_back": stage == BookingStage.COMPLETED and may(request, "book", booking.entity),
    }


def _moves(stage: BookingStage) -> list[tuple[str, str]]:
    """Return where a booking may go from a stage, in the order of the pipeline."""
    return [(to.value, to.label) for to in BookingStage if to in bookings.MOVES[stage]]


def _way(stage: BookingStage) -> list[dict[str, Any]]:
    """Return the way of a booking as steps; one that ended early shows where it ended."""
    way = [s for s in BookingStage if s not in (BookingStage.CANCELLED, BookingStage.LOST)]
    if stage not in way:
        return [{"name": stage.label, "state": "failed", "detail": "It went no further."}]
    reached = way.index(stage)
    last = stage == BookingStage.COMPLETED
    return [
        {
            "name": step.label,
            "state": "done"
            if index < reached or (last and index == reached)
            else "current"
            if index == reached
            else "todo",
        }
        for index, step in enumerate(way)
    ]


@require_POST
@access.staff
def advance_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a booking on; a refusal is shown on its page."""
    booking = record(
        request,
        Booking.objects.select_related("entity", "channel", "asset", "campaign", "terms"),
        pk=pk,
        verb="book",
    )
    form = MoveForm(request.POST, choices=_moves(BookingStage(booking.stage)))
    if (
        form.is_valid()
        and _is_cancelled_earlier(form.cleaned_data)
        and not may(request, "own", booking.entity)
    ):
        form.add_error("on", "The day decides what goes back, so only an owner dates it back. Choose today.")
    if form.is_valid():
        try:
            bookings.advance(
                booking=booking,
                to=BookingStage(form.cleaned_data["to"]),
                by=request.user,
                at=clock.now(),
                on=form.cleaned_data["on"],
            )
        except (bookings.BookingError, ledger.LedgerError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{booking.reference} is now {booking.get_stage_display().lower()}.")
            return redirect("portfolio:booking", pk=pk)
    return _booking_page(request, booking, form)


def _is_cancelled_earlier(data: dict[str, Any]) -> bool:
    """Tell whether a booking is to be called off on a day that is past."""
    return bool(data["to"] == BookingStage.CANCELLED and data["on"] < pages.as_of_date())


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_booking(request: HttpRequest) -> HttpResponse:
    """Write a booking down.

    Raises:
        PermissionDenied: the person books for no entity.
    """
    offered = entities_for(request, "book")
    if not offered:
        raise PermissionDenied("Your role does not include bookings. Ask the owner to extend your grant.")
    as_of = pages.as_of_date()
    form = BookingForm(
        request.POST if request.method == "POST" else None,
        entities=offered,
        channels=_channels(offered),
        terms=terms.offered(entities=offered),
        campaigns=list(campaign_income.sources()),
        initial={"entity": request.GET.get("entity", ""), "enquired_on": as_of, "on": as_of},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        entity = entity_or_404(request, data["entity"], verb="book")
        try:
            booking = enquiries.add_booking(
                entity=entity,
                terms=_terms(data, offered),
                enquired_on=data["enquired_on"],
                stage=BookingStage(data["stage"]),
                on=data["on"],
                by=request.user,
                at=clock.now(),
            )
        except (enquiries.TermsRefusedError, bookings.BookingError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{booking.reference} is written down.")
            return redirect("portfolio:booking", pk=booking.pk)
    return _form_page(request, form, "Write a booking down", "Write it down", reverse("portfolio:bookings"))


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is agreed on a booking that is not settled yet."""
    booking = record(
        request, Booking.objects.select_related("entity", "channel", "campaign", "terms"), pk=pk, verb="book"
    )
    form = BookingForm(
        request.POST if request.method == "POST" else None,
        entities=[booking.entity],
        channels=_channels([booking.entity]),
        terms=_kept_terms(booking),
        campaigns=list(campaign_income.sources()),
        initial={
            "entity": booking.entity.slug,
            "title": booking.title,
            "kind": booking.kind,
            "channel": str(booking.channel_id or ""),
            "campaign": str(booking.campaign_id or ""),
            "terms": str(booking.terms_id or NO_TERMS),
            "client_name": booking.client_name,
            "client_email": booking.client_email,
            "party_size": booking.party_size,
            "service_on": booking.service_on,
            "price": booking.price_minor,
            "deposit": booking.deposit_minor,
        },
    )
    form.drop("entity", "enquired_on", "stage", "on")
    if request.method == "POST" and form.is_valid():
        try:
            enquiries.change_terms(
                booking=booking,
                terms=_terms(form.cleaned_data, [booking.entity]),
                by=request.user,
                at=clock.now(),
            )
        except enquiries.TermsRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{booking.reference} is changed.")
            return redirect("portfolio:booking", pk=pk)
    return _form_page(
        request, form, f"Change {booking.reference}", "Save", reverse("portfolio:booking", args=[pk])
    )


def _form_page(request: HttpRequest, form: BookingForm, heading: str, submit: str, back: str) -> HttpResponse:
    return render(
        request,
        "portfolio/booking_form.html",
        {"form": form, "heading": heading, "submit": submit, "back": back, "crumbs": [PORTFOLIO, BOOKINGS]},
        status=422 if form.errors else 200,
    )


def _kept_terms(booking: Booking) -> list[CancellationTerms]:
    """Return the terms a booking may have: those offered, and its own though they be retired."""
    offered = terms.offered(entities=[booking.entity])
    kept = [booking.terms] if booking.terms is not None and booking.terms not in offered else []
    return [*offered, *kept]


def _chosen_terms(data: dict[str, Any], entities: list[Entity]) -> CancellationTerms | None:
    chosen = data["terms"]
    if chosen == NO_TERMS:
        return None
    if chosen:
        return CancellationTerms.objects.filter(pk=chosen, entity__in=entities).first()
    named = next((found for found in entities if found.slug == data.get("entity", entities[0].slug)), None)
    return terms.standard(entity=named) if named is not None else None


def _channels(entities: list[Entity]) -> list[Channel]:
    return list(Channel.objects.filter(entity__in=entities).select_related("entity"))


def _terms(data: dict[str, Any], entities: list[Entity]) -> enquiries.Terms:
    chosen, campaign = data["channel"], data.get("campaign")
    service_on: dt.date | None = data["service_on"]
    return enquiries.Terms(
        title=data["title"],
        kind=data["kind"],
        channel=Channel.objects.get(pk=chosen, entity__in=entities) if chosen else None,
        client_name=data["client_name"],
        client_email=data["client_email"],
        party_size=data["party_size"],
        service_on=service_on,
        price_minor=data["price"],
        deposit_minor=data["deposit"] or 0,
        campaign=campaign_income.sources().get(pk=campaign) if campaign else None,
        terms=_chosen_terms(data, entities),
    )
