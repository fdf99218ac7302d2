"""Clients: the list, one client with everything about them, the statement of account, and their contracts."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from core.money import exponent
from portfolio.domain import pages, tax
from portfolio.domain.receivables import clients, contracts, measures, papers, paying_back, queries
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.contracts import Term
from portfolio.models import Client, ClientContract, ContractState
from portfolio.render import invoice as render_paper
from portfolio.render import sheets
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.receivables.common import act, data, file_answer, frame
from portfolio.web.receivables.forms import ClientForm, ContractForm, ContractMoveForm, DraftForm, RangeForm
from portfolio.web.sisters import sister_choices

forms_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.staff
def client_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's clients with their contracts and what they owe."""
    entity = entity_or_404(request, slug)
    rows = queries.client_lines(entity=entity, as_of=pages.as_of_date())
    return render(request, "portfolio/receivables/clients.html", frame(request, entity, "clients", rows=rows))


@require_safe
@access.staff
def client_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one client: contracts, unbilled work, the account, and what stands to their credit."""
    client = _client(request, pk, "read")
    as_of = pages.as_of_date()
    first, last = _range(request, as_of)
    gaps = [
        gap
        for gap in measures.billing_gap(entity=client.entity, as_of=as_of)
        if gap.contract.client_id == client.pk
    ]
    rate = tax.on_invoices(entity=client.entity, on=as_of)
    return render(
        request,
        "portfolio/receivables/client.html",
        frame(
            request,
            client.entity,
            "clients",
            client=client,
            as_of=as_of,
            contracts=[
                (contract, DraftForm(initial={"up_to": as_of, "month": months.iso(months.month_of(as_of)), "tax": rate.rate_bp if rate else 0}, auto_id=f"id_{contract.pk}_%s"))
                for contract in client.contracts.all()
            ],
            gaps=gaps,
            laid_out=set(client.contracts.filter(rebillables__invoice_line__isnull=True, rebillables__isnull=False).values_list("pk", flat=True)),
            drafts=list(client.invoices.filter(state="draft")),
            moves=queries.statement(client=client, first=first, last=last),
            first=first,
            last=last,
            balance=queries.balance(client=client),
            credit=paying_back.credit_of(client),
            payments=list(client.payments.order_by("-on", "-pk")[:20]),
        ),
    )  # fmt: skip


@require_safe
@access.staff
def client_statement(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Answer with a client's statement of account as PDF or CSV."""
    client = _client(request, pk, "read")
    first, last = _range(request, pages.as_of_date())
    if kind == "pdf":
        named = papers.statement(client, first=first, last=last)
        return file_answer(render_paper.pdf(named.paper, on=last), named.name, kind)
    if kind != "csv":
        raise Http404
    digits = exponent(client.entity.currency)
    rows: list[list[Any]] = [["Date", "What", "Amount", "Balance"]]
    rows += [
        [move.on, move.what, Decimal(move.amount_minor).scaleb(-digits), Decimal(move.balance_minor).scaleb(-digits)]
        for move in queries.statement(client=client, first=first, last=last)
    ]  # fmt: skip
    return file_answer(sheets.csv_bytes(rows), f"statement-{last}.csv", kind)


@forms_methods
@access.staff
def add_client(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a client down."""
    entity = entity_or_404(request, slug, verb="keep")
    return act(
        request,
        entity=entity,
        part="clients",
        heading="Write a client down",
        lede="Whom invoices go to, and on which terms.",
        form=ClientForm(data(request), sisters=sister_choices(request, entity=entity)),
        submit="Save",
        do=lambda said: clients.add(
            entity=entity, particulars=Particulars(**said), by=request.user, at=clock.now()
        ),
        done="The client is written down.",
        back=reverse("portfolio:clients", args=[slug]),
        lands_on=lambda made: reverse("portfolio:client", args=[made.pk]),
    )


@forms_methods
@access.staff
def change_client(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of a client."""
    client = _client(request, pk, "keep")
    known = {name: getattr(client, name) for name in Particulars.__dataclass_fields__}
    return act(
        request,
        entity=client.entity,
        part="clients",
        heading=f"Change {client}",
        lede="Invoices issued before keep what they say.",
        form=ClientForm(
            data(request),
            initial=known,
            sisters=sister_choices(request, entity=client.entity, chosen=client.sister_id),
        ),
        submit="Save",
        do=lambda said: clients.change(
            client=client, particulars=Particulars(**said), by=request.user, at=clock.now()
        ),
        done=f"{client} is changed.",
        back=reverse("portfolio:client", args=[pk]),
    )


@forms_methods
@access.staff
def add_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a contract with a client down."""
    client = _client(request, pk, "keep")
    return act(
        request,
        entity=client.entity,
        part="clients",
        heading=f"A contract with {client}",
        lede="Its term. How firm the paper is and how work is billed are said afterwards.",
        form=ContractForm(data(request)),
        submit="Save",
        do=lambda said: contracts.add(client=client, term=Term(**said), by=request.user, at=clock.now()),
        done="The contract is written down.",
        back=reverse("portfolio:client", args=[pk]),
    )


@forms_methods
@access.staff
def change_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a contract's term."""
    contract = _contract(request, pk)
    known = {name: getattr(contract, name) for name in Term.__dataclass_fields__}
    return act(
        request,
        entity=contract.entity,
        part="clients",
        heading=f"Contract of {contract}",
        lede="Its term, and when notice must be given.",
        form=ContractForm(data(request), initial=known),
        submit="Save",
        do=lambda said: contracts.change(
            contract=contract, term=Term(**said), by=request.user, at=clock.now()
        ),
        done="The contract is changed.",
        back=reverse("portfolio:client", args=[contract.client_id]),
    )


@forms_methods
@access.staff
def move_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how firm the paper has become."""
    contract = _contract(request, pk)
    at = clock.now()
    moves = [state for state in ContractState if state in contracts.MOVES[contract.state]]
    return act(
        request,
        entity=contract.entity,
        part="clients",
        heading=f"The paper of {contract}",
        lede="From a word to a signature, and to its end.",
        facts=[
            ("The paper now", contract.get_state_display()),
            ("Signed", months.spelled(contract.signed_on) if contract.signed_on else "not yet"),
        ],
        form=ContractMoveForm(data(request), moves=moves, initial={"on": pages.as_of_date()}),
        submit="Save",
        do=lambda said: contracts.move(
            contract=contract,
            to=ContractState(said["to"]),
            on=said["on"],
            today=clock.today(contract.entity.zone, at=at),
            by=request.user,
            at=at,
        ),
        done="The paper of the contract is set.",
        back=reverse("portfolio:client", args=[contract.client_id]),
    )


def _client(request: HttpRequest, pk: int, verb: str) -> Client:
    return record(request, Client.objects.select_related("entity"), pk=pk, verb=verb)


def _contract(request: HttpRequest, pk: int) -> ClientContract:
    return record(request, ClientContract.objects.select_related("entity", "client"), pk=pk, verb="keep")


def _range(request: HttpRequest, as_of: dt.date) -> tuple[dt.date, dt.date]:
    """Return the days asked for; anything odd is the last year."""
    form = RangeForm(request.GET)
    form.is_valid()
    last = form.cleaned_data.get("last") or as_of
    first = form.cleaned_data.get("first") or max(months.EARLIEST, last - dt.timedelta(days=365))
    return (first, last) if first <= last else (last, last)


urlpatterns = [
    path("entities/<slug:slug>/receivables/clients/", client_list, name="clients"),
    path("entities/<slug:slug>/receivables/clients/add/", add_client, name="add_client"),
    path("clients/<int:pk>/", client_page, name="client"),
    path("clients/<int:pk>/change/", change_client, name="change_client"),
    path("clients/<int:pk>/statement.<slug:kind>", client_statement, name="client_statement"),
    path("clients/<int:pk>/contracts/add/", add_contract, name="add_contract"),
    path("contracts/<int:pk>/change/", change_contract, name="change_contract"),
    path("contracts/<int:pk>/move/", move_contract, name="move_contract"),
]
