"""Opening balances: what every account held on the day an entity's books begin."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from core import access, clock
from portfolio.domain import ledger
from portfolio.domain.payables import opening
from portfolio.models import EntrySource, JournalEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.payables.forms import OpeningForm
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


urlpatterns = [
    path("entities/<slug:slug>/opening/", opening_balances, name="opening"),
]
