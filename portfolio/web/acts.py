"""Small forms that set one record right: each shows what it is about, takes a form, and makes one domain call."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import access, clock, months
from core.money import format_minor
from portfolio.domain import (
    bank_accounts,
    channels,
    entries,
    ledger,
    pages,
    plans,
    reconciliation,
    responsibilities,
    stakes,
)
from portfolio.domain.receivables import contracts
from portfolio.models import (
    Account,
    BillingModel,
    Channel,
    ChannelStatus,
    ClientContract,
    Entity,
    EntryState,
    Handover,
    JournalEntry,
    ProfitabilityModel,
    Responsibility,
    Stake,
)
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.entities import crumbs
from portfolio.web.forms import (
    BillingForm,
    ChannelForm,
    HandoverForm,
    PressForm,
    ReversalForm,
    SignatureForm,
    StatementForm,
)

act_methods = require_http_methods(["GET", "HEAD", "POST"])
Facts = Sequence[tuple[str, Any]]


def act(
    request: HttpRequest,
    *,
    entity: Entity,
    heading: str,
    lede: str,
    facts: Facts,
    form: forms.Form,
    submit: str,
    do: Callable[[dict[str, Any]], object],
    refusal: type[Exception] | tuple[type[Exception], ...],
    done: str = "",
    back: str,
    within: str = "",
) -> HttpResponse:
    """Show the form, or do what it says and go back; a refusal is shown in the form with nothing lost.

    What is said of it afterwards is ``done``, else what ``do`` returns. ``within`` names the page it leads back to where
    that is not the entity's own.
    """
    if request.method == "POST" and form.is_valid():
        try:
            said = do(form.cleaned_data)
        except refusal as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done or str(said))
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": entity,
            "heading": heading,
            "lede": lede,
            "facts": facts,
            "form": form,
            "submit": submit,
            "back": back,
            "crumbs": crumbs(entity, {"label": within, "url": back}) if within else crumbs(entity),
        },
        status=422 if form.errors else 200,
    )


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _chosen(request: HttpRequest, choices: list[tuple[str, str]]) -> str:
    """Return the label of the choice that was posted, as it stands inside a sentence."""
    return dict(choices).get(request.POST.get("to", ""), "").lower()


def _section(entity: Entity, section: str) -> str:
    return f"{reverse('portfolio:entity', args=[entity.slug])}#{section}"


def _today(entity: Entity, at: dt.datetime) -> dt.date:
    return clock.today(entity.zone, at=at)


@act_methods
@access.staff
def sign_stake(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a partner's agreement was signed."""
    stake = record(request, Stake.objects.select_related("entity"), pk=pk, verb="own")
    at = clock.now()
    today = _today(stake.entity, at)
    return act(
        request,
        entity=stake.entity,
        heading=f"Agreement with {stake.holder}",
        lede="Record the day on which both sides had signed. The finding clears in the next edition.",
        facts=[
            ("Share", f"{stake.share_bp / 100:g} %"),
            ("Agreement now", stake.get_agreement_display()),
            ("Source", stake.source or "not stated"),
        ],
        form=SignatureForm(_data(request), initial={"signed_on": pages.as_of_date()}),
        submit="Record the signature",
        do=lambda data: stakes.sign_agreement(
            stake=stake, signed_on=data["signed_on"], today=today, at=at, by=request.user
        ),
        refusal=stakes.AgreementRefusedError,
        done=f"The agreement with {stake.holder} is recorded as signed.",
        back=_section(stake.entity, "stakes"),
    )


@act_methods
@access.staff
def move_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """List a channel, take it down, or say that its gate is passed."""
    channel = record(request, Channel.objects.select_related("entity"), pk=pk, verb="book")
    at = clock.now()
    today = _today(channel.entity, at)
    choices = [
        (status.value, status.label) for status in ChannelStatus if status in channels.MOVES[channel.status]
    ]
    return act(
        request,
        entity=channel.entity,
        heading=str(channel),
        lede="Say where guests stand with this channel now. Live means that they can find and book us there.",
        facts=[
            ("Status now", channel.get_status_display()),
            ("Gates", ", ".join(str(gate) for gate in channel.gates) or "none"),
            ("Source", channel.source or "not stated"),
        ],
        form=ChannelForm(
            _data(request), choices=choices, initial={"to": choices[0][0], "on": pages.as_of_date()}
        ),
        submit="Move the channel",
        do=lambda data: channels.move_channel(
            channel=channel, to=ChannelStatus(data["to"]), on=data["on"], today=today, at=at, by=request.user
        ),
        refusal=channels.ChannelMoveRefusedError,
        done=f"{channel} is recorded as {_chosen(request, choices)}.",
        back=_section(channel.entity, "channels"),
    )


@act_methods
@access.staff
def adopt_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt a profitability model."""
    model = record(request, ProfitabilityModel.objects.select_related("entity"), pk=pk, verb="own")
    at = clock.now()
    return act(
        request,
        entity=model.entity,
        heading=f"Adopt “{model}”",
        lede="Adopting says that this is the model you steer by. Break-even and scenarios are computed from it.",
        facts=[
            ("State", model.get_state_display()),
            ("Price", money(model.price_minor, model.entity)),
            ("Source", model.source),
        ],
        form=PressForm(_data(request)),
        submit="Adopt the model",
        do=lambda _: plans.adopt_model(model=model, today=pages.as_of_date(), at=at, by=request.user),
        refusal=plans.ModelAdoptedAlreadyError,
        done=f"“{model}” is adopted.",
        back=_section(model.entity, "models"),
    )


@act_methods
@access.staff
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a responsibility's handover on."""
    found = record(request, Responsibility.objects.select_related("entity"), pk=pk, verb="own")
    choices = [
        (state.value, state.label) for state in Handover if state in responsibilities.MOVES[found.handover]
    ]
    complete = Handover.COMPLETE.value
    return act(
        request,
        entity=found.entity,
        heading=f"Handover of {found.role}",
        lede="A handover is complete when somebody else could do the work tomorrow from what is written down.",
        facts=[
            ("Who answers for it", found.who),
            ("Handover now", found.get_handover_display()),
            ("Source", found.source or "not stated"),
        ],
        form=HandoverForm(
            _data(request),
            choices=choices,
            initial={"to": complete if complete in dict(choices) else choices[0][0]},
        ),
        submit="Save",
        do=lambda data: responsibilities.move_handover(
            responsibility=found, to=Handover(data["to"]), at=clock.now(), by=request.user
        ),
        refusal=responsibilities.HandoverRefusedError,
        done=f"The handover of {found.role} is recorded as {_chosen(request, choices)}.",
        back=_section(found.entity, "responsibilities"),
    )


@act_methods
@access.staff
def set_billing(request: HttpRequest, pk: int) -> HttpResponse:
    """Set how a client is billed."""
    contract = record(request, ClientContract.objects.select_related("entity", "client"), pk=pk, verb="own")
    return act(
        request,
        entity=contract.entity,
        heading=f"How {contract} is billed",
        lede="Work is invoiced by this model. While it is undefined, no invoice can be checked against it.",
        facts=[
            ("Billed now", contract.get_billing_model_display() or "Undefined"),
            ("Contract", contract.get_state_display()),
            ("Source", contract.source or "not stated"),
        ],
        form=BillingForm(
            _data(request),
            currency=contract.entity.currency,
            initial={"billing_model": contract.billing_model},
        ),
        submit="Set the billing model",
        do=lambda data: contracts.set_billing_model(
            contract=contract,
            billing_model=BillingModel(data["billing_model"]),
            rate_minor=data["rate"],
            at=clock.now(),
            by=request.user,
        ),
        refusal=contracts.BillingRefusedError,
        done=f"How {contract} is billed is set.",
        back=_section(contract.entity, "contracts"),
    )


@act_methods
@access.staff
def reverse_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct an entry by its mirror image: nothing in the books is edited or deleted."""
    entry = record(
        request,
        JournalEntry.objects.filter(state=EntryState.POSTED).select_related("entity"),
        pk=pk,
        verb="keep",
    )
    at = clock.now()
    return act(
        request,
        entity=entry.entity,
        heading="Reverse an entry",
        lede="A posted entry stays for ever. Its mirror image is posted and linked to it; then post what is right.",
        facts=[
            ("Entry", entry.memo),
            ("Date", f"{entry.on:%-d %B %Y}"),
            ("Source", entry.origin or "not stated"),
        ],
        form=ReversalForm(_data(request), initial={"on": pages.as_of_date()}),
        submit="Post the reversal",
        do=lambda data: entries.reverse(
            entry=entry, on=data["on"], reason=data["reason"], by=request.user, at=at
        ),
        refusal=ledger.LedgerError,
        done="The reversal is posted.",
        back=reverse("portfolio:entry", args=[entry.pk]),
    )


@act_methods
@access.staff
def reconcile_month(request: HttpRequest, slug: str, month: int) -> HttpResponse:
    """Assert that a month of books agrees with the bank's statement."""
    entity = entity_or_404(request, slug, verb="keep")
    books = bank_accounts.cash_of(entity=entity, month=month)
    told = _told(books, month)
    data = _data(request)
    if data is not None and "told" in data:  # The button of the months page: what the statements told stands.
        data = {name: money(minor, entity) for name, minor in told.items()}
    form = StatementForm(data, accounts=list(books), currency=entity.currency, initial=told)
    what = "type what it says" if len(books) < 2 else "type what the statement of each account says"
    return act(
        request,
        entity=entity,
        heading=f"Reconcile {months.label(month)}",
        lede=f"Take the bank's statement and {what}. The month is reconciled when both agree to the cent.",
        facts=[
            (
                "The books hold at the bank" if len(books) < 2 else f"The books hold on {account}",
                money(held, entity),
            )
            for account, held in books.items()
        ],
        form=form,
        submit="Reconcile the month",
        do=lambda data: _reconcile(request, entity, month, form),
        refusal=reconciliation.ReconciliationError,
        done=f"{months.label(month)} is reconciled.",
        back=reverse("portfolio:months", args=[entity.slug]),
    )


def _reconcile(request: HttpRequest, entity: Entity, month: int, form: StatementForm) -> None:
    said: dict[str, Any] = {"entity": entity, "month": month, "by": request.user, "at": clock.now()}
    if form.asked:
        reconciliation.reconcile_accounts(balances=form.balances(), **said)
    else:
        reconciliation.reconcile_month(statement_minor=form.cleaned_data["statement"], **said)


def _told(books: Collection[Account], month: int) -> dict[str, int]:
    """Return by field what statements told that each bank account held at a month's end."""
    told = bank_accounts.asserted_on(accounts=list(books), on=months.last_day(month))
    return {StatementForm.field_of(row.balance.account, books): row.balance.balance_minor for row in told}


def money(minor: int, entity: Entity) -> str:
    """Return an amount in the currency of an entity."""
    return format_minor(minor, entity.currency)
