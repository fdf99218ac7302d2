"""Pages of deferred revenue: its roll-forward, what is held for whom, what needs a person, and the decisions a person takes."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from core.money import exponent
from portfolio.domain import bookings, exceptions, held, ledger, recognition, roll_forward, served
from portfolio.domain.pages import as_of_date
from portfolio.models import Booking, Entity
from portfolio.render.sheets import Sheet, csv_bytes, xlsx_bytes
from portfolio.web import acts, tabs
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.forms import DayField, MoneyField

MONTHS_SHOWN = 6
MOST_MONTHS = 36
# The lines of the table: what it is called, the field of a month, and whether it is taken off.
LINES = (
    ("Opening balance", "opening_minor", "", False),
    ("Received", "received_minor", "received", False),
    ("Recognised", "recognised_minor", "recognised", True),
    ("Refunded, or owed back", "refunded_minor", "refunded", True),
    ("Kept from cancellations", "kept_minor", "kept", True),
    ("Other entries", "other_minor", "other", False),
    ("Closing balance", "closing_minor", "", False),
    ("In the ledger", "ledger_minor", "", False),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SpanForm(forms.Form):
    """Which months are shown; anything odd is ignored."""

    to = forms.CharField(required=False, max_length=7)
    months = forms.IntegerField(required=False, min_value=1, max_value=MOST_MONTHS)


class DecisionForm(forms.Form):
    """What goes back, and why."""

    refund = MoneyField(label="Goes back to the client")
    on = DayField(label="Decided on")
    reason = forms.CharField(label="Reason", max_length=160, help_text="It stays with the entry for ever.")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["refund"].currency = currency  # type: ignore[attr-defined]


class PriceForm(forms.Form):
    """What the service cost after all, and why."""

    price = MoneyField(label="Price")
    on = DayField(label="Changed on")
    reason = forms.CharField(label="Reason", max_length=120, help_text="It stays with the entry for ever.")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the price in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["price"].currency = currency  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """When and why."""

    on = DayField(label="On", help_text="A day of a month that is still open.")
    reason = forms.CharField(label="Reason", max_length=200, help_text="It stays with the entries for ever.")


class DismissForm(forms.Form):
    """How something was settled by hand."""

    reason = forms.CharField(label="How it was settled", max_length=200)


@require_safe
@access.staff
def deferred_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the roll-forward, what is held for whom, and what needs a person."""
    entity = entity_or_404(request, slug)
    stands_on = as_of_date()
    as_of = roll_forward.newest(entity=entity, since=stands_on, today=clock.today(entity.zone))
    first, last = _span(request, as_of)
    roll = roll_forward.roll_forward(entity=entity, first=first, last=last)
    standing = roll_forward.held_now(entity=entity, month=last, as_of=min(as_of, months.last_day(last)))
    return render(
        request,
        "portfolio/deferred.html",
        {
            "entity": entity,
            "roll": roll,
            "lines": [
                {
                    "label": label,
                    "kind": kind,
                    "total": not kind,
                    "cells": [(row.month, getattr(row, name) * (-1 if less else 1)) for row in roll.months],
                }
                for label, name, kind, less in LINES
            ],
            "held": standing,
            "page_obj": Paginator(standing.rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "last": last,
            "troubles": exceptions.exceptions(entity_ids=[entity.pk], as_of=stands_on),
            "accounts": roll_forward.accounts(entity=entity),
            "query": f"to={months.iso(last)}&months={last - first + 1}",
            "earlier": f"to={months.iso(first - 1)}&months={last - first + 1}",
            "later": f"to={months.iso(last + last - first + 1)}&months={last - first + 1}"
            if last < months.month_of(as_of)
            else "",
            "keeps": may(request, "keep", entity),
            "tabs": tabs.books(entity, "deferred"),
            "crumbs": crumbs(entity),
        },
    )


@require_safe
@access.staff
def deferred_month(request: HttpRequest, slug: str, month: int) -> HttpResponse:
    """Show the entries behind a month's figures, all or those of one line."""
    entity = entity_or_404(request, slug)
    kind = request.GET.get("kind", "")
    kind = kind if kind in roll_forward.KINDS else ""
    moves = [
        move
        for move in roll_forward.moves(entity=entity, first=month, last=month)
        if not kind or kind in move.amounts
    ]
    page = Paginator(moves, ROWS_A_PAGE).get_page(request.GET.get("page"))
    named = Booking.objects.filter(pk__in={pk for move in page.object_list for pk in move.bookings}).in_bulk()
    labels = {name: label for label, _, name, _ in LINES if name}
    return render(
        request,
        "portfolio/deferred_month.html",
        {
            "entity": entity,
            "tabs": tabs.books(entity, "deferred"),
            "month": month,
            "page_obj": page,
            "rows": [
                {
                    "move": move,
                    "bookings": [named[pk] for pk in move.bookings if pk in named],
                    "amounts": [
                        (labels[name], amount)
                        for name, amount in move.amounts.items()
                        if not kind or name == kind
                    ],
                }
                for move in page.object_list
            ],
            "total": sum(amount for move in moves for name, amount in move.amounts.items() if name == kind),
            "kind": labels.get(kind, ""),
            "query": f"kind={kind}&" if kind else "",
            "crumbs": crumbs(
                entity,
                {"label": "Deferred revenue", "url": reverse("portfolio:deferred", args=[entity.slug])},
            ),
        },
    )


@require_safe
@access.staff
def deferred_file(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Give the roll-forward and the list of what is held as CSV or XLSX."""
    entity = entity_or_404(request, slug)
    as_of = roll_forward.newest(entity=entity, since=as_of_date(), today=clock.today(entity.zone))
    first, last = _span(request, as_of)
    roll = roll_forward.roll_forward(entity=entity, first=first, last=last)
    standing = roll_forward.held_now(entity=entity, month=last, as_of=min(as_of, months.last_day(last)))
    table: list[list[Any]] = [["Deferred revenue", *(months.iso(row.month) for row in roll.months)]]
    table += [
        [label, *(_decimal(getattr(row, name) * (-1 if less else 1), entity) for row in roll.months)]
        for label, name, _, less in LINES
    ]
    listed: list[list[Any]] = [["Booking", "Title", "Stage", "Service", "Held since", "Deferred", "Deposits"]]
    listed += [
        [
            row.booking.reference,
            row.booking.title,
            row.booking.get_stage_display(),
            row.booking.service_on,
            row.since,
            _decimal(row.deferred_minor, entity),
            _decimal(row.deposits_minor, entity),
        ]
        for row in standing.rows
    ]
    if form == "csv":
        content, kind = csv_bytes([*table, [], *listed]), "text/csv; charset=utf-8"
    else:
        sheets = [Sheet("Roll-forward", table, fixed=1), Sheet("Held", listed, fixed=1)]
        content, kind = xlsx_bytes(sheets), _XLSX
    name = f"{entity.slug}-deferred-{months.iso(last)}.{form}"
    disposition = content_disposition_header(as_attachment=True, filename=name) or ""
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": disposition})


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def decide_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the owner decide what goes back of a called-off booking's money, whatever its terms say."""
    booking = _booking(request, pk, "own")
    money = held.of(booking)
    here = money.held + money.refunds_due + money.kept
    return acts.act(
        request,
        entity=booking.entity,
        heading=f"Decide on the money of {booking.reference}",
        lede="What does not go back is kept. It decides on all that is still here, whatever the terms said.",
        facts=[
            ("Terms", booking.terms or booking.cancellation_terms or "none"),
            ("Held, undecided", acts.money(money.held, booking.entity)),
            ("Owed back", acts.money(money.refunds_due, booking.entity)),
            ("Kept", acts.money(money.kept, booking.entity)),
        ],
        form=DecisionForm(
            _data(request),
            currency=booking.entity.currency,
            initial={"on": as_of_date(), "refund": max(here, 0)},
        ),
        submit="Decide so",
        do=lambda data: recognition.overrule(
            booking=booking, refund_minor=data["refund"], on=data["on"], reason=data["reason"],
            by=request.user, at=clock.now(),
        ),
        refusal=(recognition.OverruledError, recognition.NotCancelledError, ledger.LedgerError),
        done=f"What becomes of the money of {booking.reference} is decided.",
        back=reverse("portfolio:booking", args=[pk]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def reprice_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the price of a completed booking by an entry of the difference."""
    booking = _booking(request, pk, "own")
    return acts.act(
        request,
        entity=booking.entity,
        heading=f"Change the price of {booking.reference}",
        lede="It is completed, so the difference is posted by itself. What is then unpaid is owed; what is paid beyond it is credit.",
        facts=[
            ("Price now", acts.money(booking.price_minor, booking.entity)),
            ("Paid", acts.money(booking.paid_minor, booking.entity)),
        ],
        form=PriceForm(_data(request), currency=booking.entity.currency, initial={"on": as_of_date()}),
        submit="Post the difference",
        do=lambda data: recognition.reprice(
            booking=booking, price_minor=data["price"], on=data["on"], reason=data["reason"],
            by=request.user, at=clock.now(),
        ),
        refusal=(recognition.OverruledError, ledger.LedgerError),
        done="The price is changed, and the difference is in the books.",
        back=reverse("portfolio:booking", args=[pk]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def take_back_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a booking back from completed: what it posted is reversed."""
    booking = _booking(request, pk, "book")
    return acts.act(
        request,
        entity=booking.entity,
        heading=f"Take {booking.reference} back from completed",
        lede="For when it was said by mistake. What completing it posted is reversed, and what was paid is held again.",
        facts=[
            ("Completed on", f"{booking.completed_on:%-d %B %Y}" if booking.completed_on else "not completed")
        ],
        form=ReasonForm(_data(request), initial={"on": as_of_date()}),
        submit="Take it back",
        do=lambda data: bookings.take_back(
            booking=booking, reason=data["reason"], on=data["on"], by=request.user, at=clock.now()
        ),
        refusal=(bookings.BookingError, ledger.LedgerError),
        done=f"{booking.reference} is no longer completed.",
        back=reverse("portfolio:booking", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def dismiss_waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Put aside what an event left waiting, because a person settled it by hand."""
    booking = _booking(request, pk, "keep")
    waiting = getattr(booking, "unposted", None)
    return acts.act(
        request,
        entity=booking.entity,
        heading=f"Put aside what waits for {booking.reference}",
        lede="The books try again by themselves every few minutes. Put it aside only where it was settled by hand.",
        facts=[
            ("Its event", waiting.get_deed_display() if waiting else "nothing waits"),
            ("Why it waits", waiting.refusal if waiting else ""),
        ],
        form=DismissForm(_data(request)),
        submit="Put it aside",
        do=lambda data: served.dismiss(
            booking=booking, reason=data["reason"], by=request.user, at=clock.now()
        ),
        refusal=served.DismissedError,
        done="It is put aside.",
        back=reverse("portfolio:deferred", args=[booking.entity.slug]),
    )


def _booking(request: HttpRequest, pk: int, verb: str) -> Booking:
    return record(
        request, Booking.objects.select_related("entity", "channel", "terms", "unposted"), pk=pk, verb=verb
    )


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _span(request: HttpRequest, as_of: dt.date) -> tuple[int, int]:
    """Return the first and the last month that are asked for, by default the last six."""
    form = SpanForm(request.GET)
    form.is_valid()
    try:
        last = months.parse(form.cleaned_data.get("to") or "")
    except months.MonthError:
        last = months.month_of(as_of)
    last = min(max(last, months.month_of(months.EARLIEST) + MOST_MONTHS), months.month_of(months.LATEST))
    return last - (form.cleaned_data.get("months") or MONTHS_SHOWN) + 1, last


def _decimal(minor: int, entity: Entity) -> Decimal:
    return Decimal(minor).scaleb(-exponent(entity.currency))


urlpatterns = [
    path("entities/<slug:slug>/deferred/", deferred_page, name="deferred"),
    path("entities/<slug:slug>/deferred/csv/", deferred_file, {"form": "csv"}, name="deferred_csv"),
    path("entities/<slug:slug>/deferred/xlsx/", deferred_file, {"form": "xlsx"}, name="deferred_xlsx"),
    path("entities/<slug:slug>/deferred/<month:month>/", deferred_month, name="deferred_month"),
    path("bookings/<int:pk>/decide/", decide_booking, name="decide_booking"),
    path("bookings/<int:pk>/price/", reprice_booking, name="reprice_booking"),
    path("bookings/<int:pk>/take-back/", take_back_booking, name="take_back_booking"),
    path("bookings/<int:pk>/put-aside/", dismiss_waiting, name="dismiss_waiting"),
]
