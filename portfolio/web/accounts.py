"""Pages of accounts: the chart, one account's month with its running balance, adding and changing an account."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from portfolio.domain import account_changes, cards, pages
from portfolio.domain.account_changes import AccountRefusedError
from portfolio.models import Account, AccountKind, AccountRole, Entity
from portfolio.web import (
    converters,  # noqa: F401 - makes months in addresses known
    statements,
)
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.tabs import books


class AccountForm(forms.Form):
    """A new account."""

    code = forms.CharField(label="Code", max_length=10, help_text="Accounts are listed by it, such as 6150.")
    name = forms.CharField(label="Name", max_length=account_changes.NAME_LIMIT)
    kind = forms.ChoiceField(label="Kind", choices=AccountKind.choices)
    role = forms.ChoiceField(
        label="What it is for", choices=AccountRole.choices, help_text="Statements choose accounts by this."
    )


class AccountChangeForm(forms.Form):
    """What may change of an account."""

    name = forms.CharField(label="Name", max_length=account_changes.NAME_LIMIT)
    active = forms.BooleanField(
        label="In use",
        required=False,
        help_text="Out of use, it takes no more entries and keeps its history.",
    )
    card = forms.BooleanField(
        label="It is a credit card",
        required=False,
        help_text="Bills are paid by it, too. What contractors are paid by card stays off their tax form.",
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        """Ask of loans alone whether they are a card."""
        super().__init__(*args, **kwargs)
        if not cards.may_be(account):
            del self.fields["card"]


@require_safe
@access.staff
def chart(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's accounts by kind, with what each holds."""
    entity = entity_or_404(request, slug)
    rows = account_changes.chart(entity=entity)
    return render(
        request,
        "portfolio/chart.html",
        {
            "entity": entity,
            "groups": [
                (kind.label, [(account, held) for account, held in rows if account.kind == kind])
                for kind in AccountKind
            ],
            "owns": may(request, "own", entity),
            "tabs": books(entity, "entries"),
            "crumbs": _crumbs(entity, last=False),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_account(request: HttpRequest, slug: str) -> HttpResponse:
    """Add an account to the chart."""
    entity = entity_or_404(request, slug, verb="own")
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            account = account_changes.add(
                entity=entity,
                code=told["code"],
                name=told["name"],
                kind=AccountKind(told["kind"]),
                role=AccountRole(told["role"]),
                by=request.user,
                at=clock.now(),
            )
        except AccountRefusedError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"{account} is added.")
            return redirect("portfolio:chart", slug=slug)
    return _form(
        request,
        entity,
        form,
        "Add an account",
        f"It is kept in {entity.currency}, as all of these books. Its kind and what it is for stay once it has postings.",
        "Add the account",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename an account, or take it out of use."""
    account = record(request, Account.objects.select_related("entity"), pk=pk, verb="own")
    form = AccountChangeForm(
        request.POST if request.method == "POST" else None,
        account=account,
        initial={"name": account.name, "active": account.active, "card": cards.is_card(account)},
    )
    if request.method == "POST" and form.is_valid():
        told, at = form.cleaned_data, clock.now()
        try:
            account_changes.set_active(account=account, active=told["active"], by=request.user, at=at)
            account_changes.rename(account=account, name=told["name"], by=request.user, at=at)
            cards.say(account=account, card=told.get("card", False), by=request.user, at=at)
        except AccountRefusedError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"Account {account.code} is changed.")
            return redirect("portfolio:chart", slug=account.entity.slug)
    return _form(
        request,
        account.entity,
        form,
        f"Change {account}",
        f"{account.get_kind_display()}, {account.get_role_display().lower()}, {account.currency}.",
        "Save",
    )


@require_safe
@access.staff
def account_newest(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the newest month in which an account moved; with ``from`` or ``to``, show what it moved in those months."""
    if "from" in request.GET or "to" in request.GET:
        return statements.account_span(request, pk)
    account = record(request, Account.objects.all(), pk=pk)
    moved = pages.account_months(account=account)
    month = moved[0] if moved else months.month_of(pages.as_of_date())
    return redirect("portfolio:account_month", pk=pk, month=month)


@require_safe
@access.staff
def account_page(request: HttpRequest, pk: int, month: int) -> HttpResponse:
    """Show what an account held and moved in a month, and its postings with the balance after each."""
    account = record(request, Account.objects.select_related("entity"), pk=pk)
    rows = pages.account_postings(account=account, month=month)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    balance = pages.account_month(account=account, month=month)
    before = page.start_index() - 1 if page.object_list else 0
    earlier = rows[:before].aggregate(moved=Sum("amount_minor"))["moved"] if before > 0 else 0
    opening = held = balance.opening_minor + (earlier or 0)
    lines = []
    for posting in page.object_list:
        held += posting.amount_minor
        lines.append((posting, held))
    return render(
        request,
        "portfolio/account.html",
        {
            "account": account,
            "entity": account.entity,
            "month": month,
            "balance": balance,
            "lines": lines,
            "page_opening": opening,
            "page_closing": held,
            "moved_months": pages.account_months(account=account),
            "page_obj": page,
            "owns": may(request, "own", account.entity),
            "crumbs": _crumbs(account.entity, last=True),
        },
    )


def _form(
    request: HttpRequest, entity: Entity, form: forms.Form, heading: str, lede: str, submit: str
) -> HttpResponse:
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": entity,
            "heading": heading,
            "lede": lede,
            "facts": [],
            "form": form,
            "submit": submit,
            "back": reverse("portfolio:chart", args=[entity.slug]),
            "crumbs": _crumbs(entity, last=True),
        },
        status=422 if form.errors else 200,
    )


def _crumbs(entity: Entity, *, last: bool) -> list[dict[str, Any]]:
    here = {"label": "Accounts", "url": reverse("portfolio:chart", args=[entity.slug])}
    return crumbs(entity, here) if last else crumbs(entity)


urlpatterns = [
    path("entities/<slug:slug>/accounts/", chart, name="chart"),
    path("entities/<slug:slug>/accounts/add/", add_account, name="add_account"),
    path("accounts/<int:pk>/", account_newest, name="account"),
    path("accounts/<int:pk>/<month:month>/", account_page, name="account_month"),
    path("accounts/<int:pk>/change/", change_account, name="change_account"),
]
