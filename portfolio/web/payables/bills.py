"""Bills: what is open, all of them, one of them, entering, paying and voiding."""

import datetime as dt
import secrets
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, trail
from core.money import format_minor
from portfolio.domain import cards, ledger, pages
from portfolio.domain.payables import bills, queries
from portfolio.domain.payables.vendors import BILLED_KINDS
from portfolio.models import Account, Bill, BillPayment, Booking, Entity, Vendor
from portfolio.models.account import CASH_ROLES
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import EVENTS_SHOWN, ROWS_A_PAGE
from portfolio.web.forms import ReversalForm, TakeBackForm
from portfolio.web.payables.forms import LINES, MOST_LINES, BillForm, LineForm, PayForm, choices_of
from portfolio.web.payables.frame import frame
from portfolio.web.told import from_line

act_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.staff
def payables(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is owed: open bills by age, and whether they are what the ledger says."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    found = queries.payables(entity=entity, as_of=as_of)
    return render(
        request,
        "portfolio/payables/open.html",
        {
            **frame(entity, "payables"),
            "as_of": as_of,
            "payables": found,
            "page_obj": Paginator(found.bills, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "ages": list(zip(queries.BUCKETS, found.by_age, strict=True)),
            "keeps": may(request, "keep", entity),
        },
    )


@require_safe
@access.staff
def bill_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List every bill of an entity, newest first."""
    entity = entity_or_404(request, slug)
    page = Paginator(queries.bills(entity=entity), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolio/payables/bills.html",
        {**frame(entity, "bills"), "page_obj": page, "keeps": may(request, "keep", entity)},
    )


@require_safe
@access.staff
def bill_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bill whole: its lines, its payments, its entry, and who did what with it."""
    return _page(request, _bill(request, pk))


@act_methods
@access.staff
def add_bill(request: HttpRequest, slug: str) -> HttpResponse:
    """Enter a bill of a vendor; "More lines" shows more of them and keeps what was typed."""
    entity = entity_or_404(request, slug, verb="keep")
    vendors = list(Vendor.objects.filter(entity=entity, active=True).select_related("account"))
    if not vendors:
        messages.info(request, "A bill comes from a vendor; write down whom you pay first.")
        return redirect("portfolio:add_vendor", slug=slug)
    posted = request.POST if request.method == "POST" else None
    form = BillForm(posted, vendors=vendors, initial=_proposed(request, vendors))
    lines = _lines(request, entity, _first_account(request, vendors))
    if (
        posted is not None
        and "more" not in posted
        and all([form.is_valid(), *(line.is_valid() for line in lines)])
    ):
        try:
            bill = bills.enter(
                vendor=next(row for row in vendors if str(row.pk) == form.cleaned_data["vendor"]),
                reference=form.cleaned_data["reference"],
                issued_on=form.cleaned_data["issued_on"],
                due_on=form.cleaned_data["due_on"],
                lines=_drafts(entity, lines),
                by=request.user,
                at=clock.now(),
            )
        except ledger.LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Bill {bill.reference} is in the books.")
            return redirect("portfolio:bill", pk=bill.pk)
    failed = posted is not None and "more" not in posted
    return render(
        request,
        "portfolio/payables/bill_form.html",
        {**frame(entity, "bills", inside=True), "form": form, "lines": lines, "failed": failed},
        status=422 if failed else 200,
    )


@require_POST
@access.staff
def pay_bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a payment of a bill."""
    bill = _bill(request, pk, verb="keep")
    form = PayForm(request.POST, vendor=bill.vendor)
    if form.is_valid():
        try:
            bills.pay(
                bill=bill,
                on=form.cleaned_data["on"],
                amount_minor=form.cleaned_data["amount"],
                account=Account.objects.get(pk=form.cleaned_data["account"], entity=bill.entity),
                reference=form.cleaned_data["reference"],
                others=form.cleaned_data["others"],
                key=form.cleaned_data["key"],
                **form.told(),
                by=request.user,
                at=clock.now(),
            )
        except ledger.LedgerError as error:
            form.add_error(None, str(error))
        else:
            words = (
                "It took the place of what the bank’s line was posted as."
                if form.told()["line"] is not None
                else "The bank’s line is matched to it when it comes."
            )
            messages.success(request, f"The payment is in the books. {words}")
            return redirect("portfolio:bill", pk=pk)
    return _page(request, bill, form, status=422)


@act_methods
@access.staff
def void_bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a bill out of the books by reversing it."""
    bill = _bill(request, pk, verb="keep")
    return _reversal(
        request,
        entity=bill.entity,
        heading=f"Void bill {bill.reference}",
        lede="Its entry stays and a mirror image is posted beside it. A bill of which something is paid is not voided.",
        facts=[("Vendor", bill.vendor.name), ("Total", format_minor(bill.total_minor, bill.entity.currency))],
        form=ReversalForm(
            request.POST if request.method == "POST" else None, initial={"on": pages.as_of_date()}
        ),
        do=lambda form: bills.void(bill=bill, by=request.user, at=clock.now(), **form.cleaned_data),
        done=f"Bill {bill.reference} is void.",
        back=reverse("portfolio:bill", args=[pk]),
    )


@act_methods
@access.staff
def take_back_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Reverse a payment that was recorded by mistake."""
    payment = record(
        request, BillPayment.objects.select_related("entity", "vendor", "bill", "entry"), pk=pk, verb="keep"
    )
    return _reversal(
        request,
        entity=payment.entity,
        heading="Reverse a payment",
        lede="The bill is open again by this much, and so is every other that the same payment paid. Its entry stays and a mirror "
        "image is posted beside it.",
        facts=[
            ("Vendor", payment.vendor.name),
            ("Amount", format_minor(payment.amount_minor, payment.entity.currency)),
            ("Paid on", f"{payment.on:%-d %B %Y}"),
        ],
        form=TakeBackForm(request.POST if request.method == "POST" else None),
        do=lambda form: bills.take_back(payment=payment, by=request.user, at=clock.now(), **form.said()),
        done="The payment is reversed.",
        back=reverse("portfolio:bill", args=[payment.bill_id]),
    )


def _bill(request: HttpRequest, pk: int, verb: str = "read") -> Bill:
    return record(request, Bill.objects.select_related("entity", "vendor__entity", "entry"), pk=pk, verb=verb)


def _page(request: HttpRequest, bill: Bill, form: PayForm | None = None, status: int = 200) -> HttpResponse:
    entity, keeps = bill.entity, may(request, "keep", bill.entity)
    open_minor = 0 if bill.void_on else bill.total_minor - bill.settled_minor
    if form is None and keeps and open_minor:
        form = PayForm(
            vendor=bill.vendor,
            initial={
                "amount": open_minor,
                "on": pages.as_of_date(),
                "key": secrets.token_urlsafe(16),
                **from_line(request, entity=entity, incoming=False),
            },
        )
    return render(
        request,
        "portfolio/payables/bill.html",
        {
            **frame(entity, "bills", inside=True),
            "bill": bill,
            "open_minor": open_minor,
            "lines": list(bill.lines.select_related("account", "booking")),
            "payments": list(bill.payments.select_related("entry").annotate(by_card=cards.by_card())),
            "form": form,
            "keeps": keeps,
            "events": trail.of_records(records=[("portfolio.bill", bill.pk)], limit=EVENTS_SHOWN),
        },
        status=status,
    )


def _proposed(request: HttpRequest, vendors: list[Vendor]) -> dict[str, Any]:
    asked = next((row for row in vendors if str(row.pk) == request.GET.get("vendor")), None)
    if asked is None:
        return {"issued_on": pages.as_of_date()}
    today = pages.as_of_date()
    return {"vendor": asked.pk, "issued_on": today, "due_on": today + dt.timedelta(days=asked.terms_days)}


def _first_account(request: HttpRequest, vendors: list[Vendor]) -> str:
    """Return the account where bills of the vendor that was asked for go."""
    return next(
        (
            str(row.account_id)
            for row in vendors
            if str(row.pk) == request.GET.get("vendor") and row.account_id
        ),
        "",
    )


def _lines(request: HttpRequest, entity: Entity, first: str) -> list[LineForm]:
    """Return the forms of the lines, as many as were posted and some more when those were asked for."""
    accounts = Account.objects.filter(entity=entity, active=True, kind__in=BILLED_KINDS).exclude(
        role__in=CASH_ROLES
    )
    posted = request.POST if request.method == "POST" else None
    count = LINES
    if posted is not None:
        said = posted.get("lines", "")
        count = int(said) if said.isascii() and said.isdigit() and len(said) <= 3 else LINES
        count = min(count + (LINES if "more" in posted else 0), MOST_LINES)
    typed = [(posted.get(f"{n}-booking") or "").strip() for n in range(count)] if posted is not None else []
    asked = [text.upper() for text in typed if text and "\x00" not in text]
    known = Booking.objects.annotate(upper=Upper("reference")).filter(entity=entity, upper__in=asked)
    shared = {
        "choices": choices_of(accounts, "Choose"),
        "currency": entity.currency,
        "bookings": {booking.reference.casefold(): booking for booking in known},
    }
    bound = posted if posted is not None and "more" not in posted else None
    rows = []
    for n in range(count):
        given: dict[str, Any] = {"account": first} if n == 0 else {}
        if posted is not None and bound is None:
            given = {name: posted.get(f"{n}-{name}", "") for name in LineForm.base_fields}
        rows.append(LineForm(bound, prefix=str(n), initial=given, **shared))
    return rows


def _drafts(entity: Entity, lines: list[LineForm]) -> list[bills.LineDraft]:
    filled = [line.cleaned_data for line in lines if line.is_filled]
    accounts = {str(row.pk): row for row in Account.objects.filter(entity=entity)}
    return [
        bills.LineDraft(accounts[data["account"]], data["amount"], data["description"], data["booking"])
        for data in filled
    ]


def _reversal(
    request: HttpRequest,
    *,
    entity: Entity,
    heading: str,
    lede: str,
    facts: list[tuple[str, Any]],
    form: Any,
    do: Any,
    done: str,
    back: str,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            do(form)
        except ledger.LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            **frame(entity, "bills", inside=True),
            "heading": heading,
            "lede": lede,
            "facts": facts,
            "form": form,
            "submit": "Post the reversal",
            "back": back,
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/payables/", payables, name="payables"),
    path("entities/<slug:slug>/payables/bills/", bill_list, name="bills"),
    path("entities/<slug:slug>/payables/bills/add/", add_bill, name="add_bill"),
    path("bills/<int:pk>/", bill_page, name="bill"),
    path("bills/<int:pk>/pay/", pay_bill, name="pay_bill"),
    path("bills/<int:pk>/void/", void_bill, name="void_bill"),
    path("bill-payments/<int:pk>/reverse/", take_back_payment, name="reverse_bill_payment"),
]
