"""What clients paid: the list, taking a payment, allocating and reversing, and bank lines that may be payments."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from core.money import format_minor
from portfolio.domain import pages
from portfolio.domain.receivables import payments, queries, refunds, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Account, AccountRole, Allocation, Client, Invoice, Payment
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.forms import TakeBackForm
from portfolio.web.receivables.common import act, data, frame, press
from portfolio.web.receivables.forms import AllocateForm, PaymentForm
from portfolio.web.told import from_line

UNTIED_SHOWN = 20


@require_safe
@access.staff
def payment_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List what an entity's clients paid, the newest first."""
    entity = entity_or_404(request, slug)
    page = Paginator(queries.payments(entity=entity), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolio/receivables/payments.html",
        frame(
            request,
            entity,
            "payments",
            page_obj=page,
            untied=refunds.untied(entity=entity)[:UNTIED_SHOWN],
        ),
    )


@require_safe
@access.staff
def payment_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one payment and what it settles."""
    payment = _payment(request, pk, "read")
    return render(
        request,
        "portfolio/receivables/payment.html",
        frame(
            request,
            payment.entity,
            "payments",
            payment=payment,
            left=0 if payment.void_on else settling.left_of(payment),
            refunds=list(
                payment.refunds.select_related("entry")
                .annotate(undone=F("entry__reversed_by"))
                .order_by("on", "pk")
            ),
            allocations=list(
                payment.allocations.select_related("invoice", "reversed_by").order_by("on", "pk")
            ),
            today=pages.as_of_date(),
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def take_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Record money a client paid."""
    client = record(request, Client.objects.select_related("entity"), pk=pk, verb="keep")
    entity, opened = client.entity, _open(client)
    accounts = list(
        Account.objects.filter(entity=entity, active=True, role=AccountRole.CASH).order_by("code")
    )
    chosen = next((row for row in opened if str(row.pk) == request.GET.get("invoice")), None)
    form = PaymentForm(
        data(request),
        client=client,
        accounts=accounts,
        invoices=opened,
        initial={
            "on": pages.as_of_date(),
            "invoice": chosen.pk if chosen else "",
            "amount": chosen.total_minor - chosen.settled_minor if chosen else None,
            **from_line(request, entity=entity, incoming=True),
        },
    )

    def take(said: dict[str, Any]) -> Payment:
        to: list[tuple[Invoice, int]] | None = None
        if said["invoice"] == "none":
            to = []
        elif said["invoice"]:
            invoice = next(row for row in opened if str(row.pk) == said["invoice"])
            to = [(invoice, min(said["amount"], invoice.total_minor - invoice.settled_minor))]
        return payments.take(
            entity=entity,
            client=client,
            on=said["on"],
            amount_minor=said["amount"],
            cash_account=next(row for row in accounts if str(row.pk) == said["cash_account"]),
            reference=said["reference"],
            to=to,
            key=said["once"],
            **form.told(),
            by=request.user,
            at=clock.now(),
        )

    return act(
        request,
        entity=entity,
        part="payments",
        heading=f"A payment of {client}",
        lede="The bank's statement is matched to it when it comes. What settles no invoice stands to the client's credit.",
        facts=[
            (
                "Open now",
                format_minor(sum(row.total_minor - row.settled_minor for row in opened), entity.currency),
            )
        ],
        form=form,
        submit="Record the payment",
        do=take,
        done="The payment is in the books.",
        back=reverse("portfolio:client", args=[pk]),
        lands_on=lambda made: reverse("portfolio:payment", args=[made.pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def allocate_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle invoices with what is left of a payment."""
    payment = _payment(request, pk, "keep")
    opened, left = _open(payment.client), settling.left_of(payment)

    def allocate(said: dict[str, Any]) -> int:
        to: list[tuple[Invoice, int]] | None = None
        if said["invoice"]:
            invoice = next(row for row in opened if str(row.pk) == said["invoice"])
            most = min(left, invoice.total_minor - invoice.settled_minor)
            to = [(invoice, most if said["amount"] is None else said["amount"])]
        elif said["amount"] is not None:
            raise RefusedError("An amount is for one invoice; choose which.")
        return payments.allocate(payment=payment, to=to, on=said["on"], by=request.user, at=clock.now())

    return act(
        request,
        entity=payment.entity,
        part="payments",
        heading=f"Use what is left of {payment.client}'s payment",
        lede="It stands to the client's credit until it settles an invoice.",
        facts=[("Left", format_minor(left, payment.entity.currency))],
        form=AllocateForm(
            data(request),
            currency=payment.entity.currency,
            invoices=opened,
            initial={"on": pages.as_of_date()},
        ),
        submit="Settle",
        do=allocate,
        done="What was left of the payment is used.",
        back=reverse("portfolio:payment", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def reverse_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a payment that was none: what it settled is open again."""
    payment = _payment(request, pk, "keep")
    form = TakeBackForm(data(request))
    return act(
        request,
        entity=payment.entity,
        part="payments",
        heading=f"Reverse the payment of {payment.client}",
        lede="Its entry stays and a mirror image is posted beside it. Its invoices are open again.",
        facts=[("Payment", format_minor(payment.amount_minor, payment.entity.currency)), ("Received", f"{payment.on:%-d %B %Y}")],
        form=form,
        submit="Reverse the payment",
        do=lambda _: payments.reverse(payment=payment, by=request.user, at=clock.now(), **form.said()),
        done="The payment is reversed.",
        back=reverse("portfolio:payment", args=[pk]),
    )  # fmt: skip


@require_POST
@access.staff
def take_back(request: HttpRequest, pk: int, allocation: int) -> HttpResponse:
    """Take back what a payment settled; the money stands to the client's credit again."""
    payment = _payment(request, pk, "keep")
    found = _allocation(payment, allocation)
    return press(
        request,
        do=lambda: payments.take_back(
            allocation=found, on=pages.as_of_date(), by=request.user, at=clock.now()
        ),
        done="The money stands to the client’s credit again.",
        back=reverse("portfolio:payment", args=[pk]),
    )


def _allocation(payment: Payment, pk: int) -> Allocation:
    """Return an allocation of a payment."""
    found = payment.allocations.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _open(client: Client) -> list[Invoice]:
    rows = queries.invoices(entity=client.entity, as_of=pages.as_of_date(), view=queries.OPEN)
    return list(rows.filter(client=client).order_by("issued_on", "pk"))


def _payment(request: HttpRequest, pk: int, verb: str) -> Payment:
    return record(
        request,
        Payment.objects.select_related("entity", "client", "entry", "imported_line__file"),
        pk=pk,
        verb=verb,
    )


urlpatterns = [
    path("entities/<slug:slug>/receivables/payments/", payment_list, name="payments"),
    path("clients/<int:pk>/pay/", take_payment, name="take_payment"),
    path("payments/<int:pk>/", payment_page, name="payment"),
    path("payments/<int:pk>/allocate/", allocate_payment, name="allocate_payment"),
    path("payments/<int:pk>/reverse/", reverse_payment, name="reverse_payment"),
    path("payments/<int:pk>/allocations/<int:allocation>/take-back/", take_back, name="take_back"),
]
