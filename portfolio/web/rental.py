"""Pages of a rental: its stays, blocked nights, repairs, rate card and papers, with a form for each step."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from core import access, clock
from core.money import format_minor
from portfolio.domain import bookings, enquiries, pages
from portfolio.domain.rental import RentalRefusedError, nights, papers, stays, tickets
from portfolio.domain.rental.pages import overview
from portfolio.models import (
    BlockedNights,
    BlockReason,
    Entity,
    Expiry,
    ExpiryKind,
    MaintenanceTicket,
    NightRate,
    Stay,
    TicketPriority,
    TicketState,
)
from portfolio.web import rental_forms as forms
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.acts import act, act_methods
from portfolio.web.entities import crumbs
from portfolio.web.forms import PressForm

BOOK = "book"
REFUSALS = (RentalRefusedError, enquiries.TermsRefusedError, bookings.BookingError)


@require_safe
@access.staff
def rental(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is going on at a rental."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    return render(
        request,
        "portfolio/rental/page.html",
        {
            "entity": entity,
            "as_of": as_of,
            "found": overview(entity=entity, as_of=as_of),
            "books": may(request, BOOK, entity),
            "crumbs": crumbs(entity),
        },
    )


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _back(entity: Entity, section: str) -> str:
    return f"{reverse('portfolio:rental', args=[entity.slug])}#{section}"


def _today(entity: Entity, at: dt.datetime) -> dt.date:
    return clock.today(entity.zone, at=at)


@act_methods
@access.staff
def report_ticket(request: HttpRequest, slug: str) -> HttpResponse:
    """Report something to be mended."""
    entity = entity_or_404(request, slug, verb=BOOK)
    at = clock.now()
    return act(
        request,
        entity=entity,
        heading="Report a repair",
        lede="Say what is to be mended. How long it may take follows from its priority.",
        facts=[],
        form=forms.TicketForm(_data(request), initial={"on": pages.as_of_date(), "priority": "routine"}),
        submit="Report it",
        do=lambda data: tickets.report(
            entity=entity, what=data["what"], priority=TicketPriority(data["priority"]), on=data["on"],
            today=_today(entity, at), by=request.user, at=at,
        ),
        refusal=REFUSALS,
        done="The repair is reported.",
        back=_back(entity, "repairs"),
    )  # fmt: skip


@act_methods
@access.staff
def move_ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a repair on: looked at, quoted, scheduled, done."""
    ticket = record(request, MaintenanceTicket.objects.select_related("entity"), pk=pk, verb=BOOK)
    entity, at = ticket.entity, clock.now()
    choices = [(state.value, state.label) for state in tickets.MOVES[TicketState(ticket.state)]]
    quote = "none" if ticket.quote_minor is None else format_minor(ticket.quote_minor, entity.currency)
    return act(
        request,
        entity=entity,
        heading=str(ticket),
        lede="Say how far the repair has come. A quote needs its amount, an appointment its day."
        if choices
        else "This repair is done. Report a new one if it comes back.",
        facts=[
            ("State now", ticket.get_state_display()),
            ("Priority", ticket.get_priority_display()),
            ("Reported", f"{ticket.reported_on:%-d %B %Y}"),
            ("Quote", quote),
        ],
        form=forms.MoveTicketForm(
            _data(request), choices=choices, entity=entity, initial={"on": pages.as_of_date()}
        ),
        submit="Move the repair",
        do=lambda data: tickets.move(
            ticket=ticket, to=TicketState(data["to"]), on=data["on"], today=_today(entity, at),
            scheduled_for=data["scheduled_for"], amount_minor=data["amount"], by=request.user, at=at,
        ),
        refusal=REFUSALS,
        done=f"{ticket.reference} is moved.",
        back=_back(entity, "repairs"),
    )  # fmt: skip


@act_methods
@access.staff
def block_nights(request: HttpRequest, slug: str) -> HttpResponse:
    """Take nights out of sale."""
    entity = entity_or_404(request, slug, verb=BOOK)
    form = forms.BlockForm(_data(request), entity=entity)
    return act(
        request,
        entity=entity,
        heading="Block nights",
        lede="Blocked nights cannot be sold; occupancy is told with them and without.",
        facts=[],
        form=form,
        submit="Block them",
        do=lambda data: nights.block(
            entity=entity, first_on=data["first_on"], last_on=data["last_on"], reason=BlockReason(data["reason"]),
            note=data["note"], ticket=form.tickets.get(data["ticket"]), by=request.user, at=clock.now(),
        ),
        refusal=REFUSALS,
        done="The nights are blocked.",
        back=_back(entity, "nights"),
    )  # fmt: skip


@act_methods
@access.staff
def unblock_nights(request: HttpRequest, pk: int) -> HttpResponse:
    """Give blocked nights back to sale."""
    row = record(request, BlockedNights.objects.select_related("entity"), pk=pk, verb=BOOK)
    return act(
        request,
        entity=row.entity,
        heading="Give nights back",
        lede="The nights can be sold again.",
        facts=[
            ("First night", f"{row.first_on:%-d %B %Y}"),
            ("Last night", f"{row.last_on:%-d %B %Y}"),
            ("Why", row.get_reason_display()),
        ],
        form=PressForm(_data(request)),
        submit="Give them back",
        do=lambda _: nights.unblock(row=row, by=request.user, at=clock.now()),
        refusal=REFUSALS,
        done="The nights can be sold again.",
        back=_back(row.entity, "nights"),
    )


@act_methods
@access.staff
def offer_rate(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what nights are offered at."""
    entity = entity_or_404(request, slug, verb=BOOK)
    return act(
        request,
        entity=entity,
        heading="Offer nights at a rate",
        lede="Each night has one rate. Take a rate back before another holds for the same night.",
        facts=[],
        form=forms.RateForm(_data(request), entity=entity),
        submit="Offer them",
        do=lambda data: nights.offer(
            entity=entity, first_on=data["first_on"], last_on=data["last_on"], night_minor=data["night"],
            source=data["source"], by=request.user, at=clock.now(),
        ),
        refusal=REFUSALS,
        done="The rate is on the card.",
        back=_back(entity, "rates"),
    )  # fmt: skip


@act_methods
@access.staff
def take_rate_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a rate off the card."""
    row = record(request, NightRate.objects.select_related("entity"), pk=pk, verb=BOOK)
    return act(
        request,
        entity=row.entity,
        heading="Take a rate back",
        lede="The nights have no rate until another is set.",
        facts=[
            ("Nights", f"{row.first_on:%-d %B %Y} to {row.last_on:%-d %B %Y}"),
            ("Rate of a night", format_minor(row.night_minor, row.entity.currency)),
            ("Source", row.source),
        ],
        form=PressForm(_data(request)),
        submit="Take it back",
        do=lambda _: nights.take_back(row=row, by=request.user, at=clock.now()),
        refusal=REFUSALS,
        done="The rate is off the card.",
        back=_back(row.entity, "rates"),
    )


@act_methods
@access.staff
def enter_paper(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a paper down that runs out."""
    entity = entity_or_404(request, slug, verb=BOOK)
    return act(
        request,
        entity=entity,
        heading="Enter a paper",
        lede="Permits, insurance and certificates run out; the report says so in time.",
        facts=[],
        form=forms.PaperForm(_data(request)),
        submit="Enter it",
        do=lambda data: papers.enter(
            entity=entity, kind=ExpiryKind(data["kind"]), name=data["name"], expires_on=data["expires_on"],
            by=request.user, at=clock.now(),
        ),
        refusal=REFUSALS,
        done="The paper is entered.",
        back=_back(entity, "papers"),
    )  # fmt: skip


@act_methods
@access.staff
def renew_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the day up to which a paper is good."""
    paper = record(request, Expiry.objects.select_related("entity"), pk=pk, verb=BOOK)
    return act(
        request,
        entity=paper.entity,
        heading=f"Renew: {paper.name}",
        lede="Give the last day that the renewed paper is good for.",
        facts=[
            ("Good until now", f"{paper.expires_on:%-d %B %Y}"),
            ("Source", paper.source or "not stated"),
        ],
        form=forms.RenewForm(_data(request)),
        submit="Renew it",
        do=lambda data: papers.renew(
            paper=paper, expires_on=data["expires_on"], by=request.user, at=clock.now()
        ),
        refusal=REFUSALS,
        done=f"{paper.name} is renewed.",
        back=_back(paper.entity, "papers"),
    )


@act_methods
@access.staff
def add_stay(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a stay down."""
    entity = entity_or_404(request, slug, verb=BOOK)
    at = clock.now()
    return act(
        request,
        entity=entity,
        heading="Enter a stay",
        lede="A stay is a booking with its nights. Money comes with the bank and is never entered here.",
        facts=[],
        form=forms.StayForm(_data(request), entity=entity, initial={"booked_on": pages.as_of_date()}),
        submit="Enter it",
        do=lambda data: stays.book(
            entity=entity,
            told=stays.Told(
                check_in=data["check_in"], check_out=data["check_out"], channel_name=data["channel_name"],
                guest=data["guest"], guests=data["guests"] or 0, price_minor=data["price"],
                fee_minor=data["fee"] or 0, cleaning_minor=data["cleaning"] or 0, booked_on=data["booked_on"],
            ),
            today=_today(entity, at), by=request.user, at=at,
        ),
        refusal=REFUSALS,
        done="The stay is entered.",
        back=_back(entity, "stays"),
    )  # fmt: skip


@act_methods
@access.staff
def move_stay(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a stay other nights."""
    found = Stay.objects.filter(pk=pk).values_list("booking__entity__slug", flat=True).first()
    entity = entity_or_404(request, found or "", verb=BOOK)
    stay = Stay.objects.select_related("booking__entity").get(pk=pk)
    return act(
        request,
        entity=entity,
        heading=f"Other nights for {stay.booking.reference}",
        lede="Its price stays as it is; change that on the booking.",
        facts=[("Nights now", f"{stay.check_in:%-d %B %Y} to {stay.check_out:%-d %B %Y}")],
        form=forms.NightsForm(
            _data(request), initial={"check_in": stay.check_in, "check_out": stay.check_out}
        ),
        submit="Move the stay",
        do=lambda data: stays.move(
            stay=stay, check_in=data["check_in"], check_out=data["check_out"], by=request.user, at=clock.now()
        ),
        refusal=REFUSALS,
        done=f"{stay.booking.reference} is moved.",
        back=_back(entity, "stays"),
    )


urlpatterns = [
    path("entities/<slug:slug>/rental/", rental, name="rental"),
    path("entities/<slug:slug>/rental/stays/add/", add_stay, name="add_stay"),
    path("entities/<slug:slug>/rental/repairs/add/", report_ticket, name="report_ticket"),
    path("entities/<slug:slug>/rental/nights/block/", block_nights, name="block_nights"),
    path("entities/<slug:slug>/rental/rates/add/", offer_rate, name="offer_rate"),
    path("entities/<slug:slug>/rental/papers/add/", enter_paper, name="enter_paper"),
    path("stays/<int:pk>/move/", move_stay, name="move_stay"),
    path("repairs/<int:pk>/move/", move_ticket, name="move_ticket"),
    path("blocked/<int:pk>/unblock/", unblock_nights, name="unblock_nights"),
    path("rates/<int:pk>/take-back/", take_rate_back, name="take_rate_back"),
    path("papers/<int:pk>/renew/", renew_paper, name="renew_paper"),
]
