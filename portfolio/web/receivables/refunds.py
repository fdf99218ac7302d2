"""Money that goes back to clients: credit paid back by check or transfer, and refunds of Stripe that no payment bears yet."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from core import access, clock, months
from core.money import format_minor
from portfolio.domain import pages
from portfolio.domain.receivables import paying_back, refunds
from portfolio.models import Account, AccountRole, Client, ImportedLine, JournalEntry, PaymentRefund
from portfolio.web.access import record
from portfolio.web.forms import TakeBackForm
from portfolio.web.receivables.common import act, data
from portfolio.web.receivables.forms import PayBackForm, TieForm
from portfolio.web.told import from_line

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
@access.staff
def pay_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a client's credit was paid back."""
    client = record(request, Client.objects.select_related("entity"), pk=pk, verb="keep")
    entity, credit = client.entity, paying_back.credit_of(client)
    accounts = list(
        Account.objects.filter(entity=entity, active=True, role=AccountRole.CASH).order_by("code")
    )
    form = PayBackForm(
        data(request),
        client=client,
        accounts=accounts,
        initial={
            "on": pages.as_of_date(),
            "amount": credit or None,
            **from_line(request, entity=entity, incoming=False),
        },
    )

    def do(said: dict[str, Any]) -> JournalEntry:
        return paying_back.pay_back(
            client=client,
            on=said["on"],
            amount_minor=said["amount"],
            cash_account=next(row for row in accounts if str(row.pk) == said["cash_account"]),
            reference=said["reference"],
            key=said["once"],
            **form.told(),
            by=request.user,
            at=clock.now(),
        )

    return act(
        request,
        entity=entity,
        part="clients",
        heading=f"Pay {client} back",
        lede="What stands to the client’s credit went out by check or transfer. What Stripe pays back lands by itself.",
        facts=[("To their credit", format_minor(credit, entity.currency))],
        form=form,
        submit="Record it",
        do=do,
        done="The refund is in the books.",
        back=reverse("portfolio:client", args=[pk]),
    )


@form_methods
@access.staff
def undo_refund(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that credit was paid back."""
    rows = PaymentRefund.objects.select_related("payment__client", "payment__entity", "entry__entity")
    refund = rows.filter(pk=pk).exclude(payment__entity__active=False).first()
    if refund is None:
        raise Http404
    entity = refund.payment.entity
    access.require(request.user, "keep", entity.pk)
    form = TakeBackForm(data(request))
    return act(
        request,
        entity=entity,
        part="payments",
        heading=f"Undo paying {refund.payment.client} back",
        lede="All that went out by the same entry stands to the client’s credit again. A mirror image is posted beside it.",
        facts=[
            ("Paid back", format_minor(refund.amount_minor, entity.currency)),
            ("On", months.spelled(refund.on)),
        ],
        form=form,
        submit="Undo it",
        do=lambda _: paying_back.undo(refund=refund, by=request.user, at=clock.now(), **form.said()),
        done="It stands to the client’s credit again.",
        back=reverse("portfolio:payment", args=[refund.payment_id]),
    )


@form_methods
@access.staff
def tie_refund(request: HttpRequest, pk: int) -> HttpResponse:
    """Say of which payment Stripe paid something back, where its charge does not tell."""
    lines = ImportedLine.objects.filter(refunds.IS_REFUND).select_related("entity", "entry")
    line = record(request, lines, pk=pk, verb="keep")
    found = refunds.bearers(line=line)
    return act(
        request,
        entity=line.entity,
        part="payments",
        heading="Tie a refund to its payment",
        lede="What no invoice had of the payment goes first, then what it settled last is open again. Nothing is posted.",
        facts=[
            ("Refund", f"{line.description}, {months.spelled(line.on)}"),
            ("Amount", format_minor(-line.amount_minor, line.entity.currency)),
        ],
        form=TieForm(data(request), payments=found),
        submit="Tie it",
        do=lambda said: refunds.tie(
            payment=next(row for row in found if str(row.pk) == said["payment"]), line=line, by=request.user, at=clock.now()
        ),
        done="The refund is tied to its payment.",
        back=reverse("portfolio:payments", args=[line.entity.slug]),
    )  # fmt: skip


urlpatterns = [
    path("clients/<int:pk>/pay-back/", pay_back, name="pay_back"),
    path("refunds/<int:pk>/undo/", undo_refund, name="undo_refund"),
    path("refund-lines/<int:pk>/tie/", tie_refund, name="tie_refund"),
]
