"""Opening balances: what every account held on the day an entity's books begin."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from core import access, clock
from portfolio.domain import ledger, open_items
from portfolio.domain.payables import opening
from portfolio.models import Bill, EntrySource, Invoice, JournalEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.payables.forms import OpeningForm, OpenItemForm
from portfolio.web.payables.frame import frame


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def opening_balances(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the openings there are, and post one."""
    entity = entity_or_404(request, slug, verb="keep")
    accounts = opening.accounts(entity=entity)
    form = OpeningForm(request.POST if request.method == "POST" else None, accounts=accounts, entity=entity)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["rest"]
        try:
            entry = opening.post(
                entity=entity,
                on=form.cleaned_data["on"],
                balances=form.balances(),
                rest=next((row for row in accounts if str(row.pk) == chosen), None),
                by=request.user,
                at=clock.now(),
            )
        except ledger.LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The opening balances are in the books.")
            return redirect("portfolio:entry", pk=entry.pk)
    return render(
        request,
        "portfolio/payables/opening.html",
        {
            **frame(entity, "opening"),
            "form": form,
            "begun": open_items.opening_of(entity=entity),
            "openings": list(
                JournalEntry.objects.filter(entity=entity, source=EntrySource.OPENING, state="posted")
            ),
            "head": [form[name] for name in ("on", "rest")],
            "groups": [
                (label, [form[f"balance_{row.pk}"] for row in accounts if row.kind == kind])
                for kind, label in (("asset", "Assets"), ("liability", "Liabilities"), ("equity", "Equity"))
            ],
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def opening_items(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which open invoices and bills the opening holds, and name one more."""
    entity = entity_or_404(request, slug, verb="keep")
    form = OpenItemForm(request.POST if request.method == "POST" else None, currency=entity.currency)
    if request.method == "POST" and form.is_valid():
        try:
            open_items.bring(entity=entity, items=[form.item()], by=request.user, at=clock.now())
        except ledger.LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{form.item().number} is open since the books began.")
            return redirect("portfolio:opening_items", slug=entity.slug)
    entry = open_items.opening_of(entity=entity)
    return render(
        request,
        "portfolio/payables/opening_items.html",
        {
            **frame(entity, "opening", inside=True),
            "form": form,
            "entry": entry,
            "sides": [row for row in open_items.sides(entry) if row.held_minor or row.named_minor]
            if entry
            else [],
            "invoices": Invoice.objects.filter(entry=entry, brought_forward=True).select_related("client")
            if entry
            else [],
            "bills": Bill.objects.filter(entry=entry, brought_forward=True).select_related("vendor")
            if entry
            else [],
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/opening/items/", opening_items, name="opening_items"),
    path("entities/<slug:slug>/opening/", opening_balances, name="opening"),
]
