"""What is paid for clients, and which work an invoice of another program billed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock, months
from core.money import format_minor
from portfolio.domain import pages
from portfolio.domain.receivables import billed, drafting, rebillables
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import ClientContract, Entity, Invoice, Rebillable
from portfolio.web.access import record
from portfolio.web.receivables.common import act, data, press
from portfolio.web.receivables.forms import BilledForm, DraftForm, RebillableForm


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_rebillable(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what was paid for a client."""
    contract = _contract(request, pk)
    at = clock.now()
    return act(
        request,
        entity=contract.entity,
        part="work",
        heading=f"Paid for {contract}",
        lede="Hosting, a domain, a licence: what the client is to pay back at cost. It waits until it stands on an invoice.",
        form=RebillableForm(
            data(request), currency=contract.entity.currency, initial={"on": pages.as_of_date()}
        ),
        submit="Write it down",
        do=lambda said: rebillables.add(
            contract=contract, on=said["on"], what=said["what"], amount_minor=said["amount"],
            today=clock.today(contract.entity.zone, at=at), by=request.user, at=at,
        ),
        done="It is written down.",
        back=reverse("portfolio:work", args=[contract.entity.slug]),
    )  # fmt: skip


@require_POST
@access.staff
def delete_rebillable(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove what stands on no invoice."""
    found = Rebillable.objects.select_related("contract__entity").filter(pk=pk).first()
    if found is None:
        raise Http404
    access.require(request.user, "keep", found.contract.entity_id)
    return press(
        request,
        do=lambda: rebillables.delete(rebillable=found, by=request.user, at=clock.now()),
        done="It is removed.",
        back=reverse("portfolio:work", args=[found.contract.entity.slug]),
    )


@require_POST
@access.staff
def draft_rebillables(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an invoice of what was paid for a client up to a day."""
    contract = _contract(request, pk)
    form = DraftForm(request.POST)

    def draft() -> Invoice:
        if not form.is_valid():
            raise RefusedError(" ".join(str(error) for errors in form.errors.values() for error in errors))
        up_to = form.cleaned_data["up_to"] or pages.as_of_date()
        return drafting.from_rebillables(contract=contract, up_to=up_to, by=request.user, at=clock.now())

    return press(
        request,
        do=draft,
        done="The invoice is drafted.",
        back=reverse("portfolio:work", args=[contract.entity.slug]),
        lands_on=lambda made: reverse("portfolio:invoice", args=[made.pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def bill_landed(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which work a landed invoice billed, in every entity whose books this person keeps."""
    invoice = record(request, Invoice.objects.select_related("client", "entity"), pk=pk, verb="keep")
    kept = access.entity_ids(request.user, "keep")
    entities = Entity.objects.filter(active=True) if kept is None else Entity.objects.filter(pk__in=kept)
    time, milestones, paid = billed.waiting(
        invoice=invoice, entity_ids=list(entities.values_list("pk", flat=True))
    )
    currency = invoice.currency
    offered = {
        "work": [
            (str(row.pk), f"{months.spelled(row.on)}: {row.description}, {row.minutes} minutes")
            for row in time
        ],
        "milestones": [
            (str(row.pk), f"{row.name}, {format_minor(row.amount_minor, currency)}") for row in milestones
        ],
        "rebillables": [
            (str(row.pk), f"{months.spelled(row.on)}: {row.what}, {format_minor(row.amount_minor, currency)}")
            for row in paid
        ],
    }

    def tell(said: dict[str, Any]) -> None:
        billed.stand_on(invoice=invoice, by=request.user, at=clock.now(), **said)

    return act(
        request,
        entity=invoice.entity,
        part="invoices",
        heading=f"What {invoice} billed",
        lede="The invoice was issued elsewhere and does not know. What you tick waits to be billed no more. "
        + ("" if any(offered.values()) else "Nothing of this client waits."),
        facts=[
            ("Client", str(invoice.client)),
            ("Total", format_minor(invoice.total_minor, currency)),
            ("Date", months.spelled(invoice.issued_on) if invoice.issued_on else "draft"),
        ],
        form=BilledForm(data(request), offered=offered),
        submit="It billed these",
        do=tell,
        done="The work stands on the invoice.",
        back=reverse("portfolio:invoice", args=[pk]),
    )


def _contract(request: HttpRequest, pk: int) -> ClientContract:
    return record(request, ClientContract.objects.select_related("entity", "client"), pk=pk, verb="keep")


urlpatterns = [
    path("contracts/<int:pk>/paid-for/add/", add_rebillable, name="add_rebillable"),
    path("contracts/<int:pk>/paid-for/draft/", draft_rebillables, name="draft_rebillables"),
    path("paid-for/<int:pk>/delete/", delete_rebillable, name="delete_rebillable"),
    path("invoices/<int:pk>/bills/", bill_landed, name="bill_landed"),
]
