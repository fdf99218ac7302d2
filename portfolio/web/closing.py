"""Pages of a month's end: the checklist, its ticks, closing and reopening."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock, months
from portfolio.domain import close_checks, reconciliation
from portfolio.models import Entity, Period, PeriodState
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may
from portfolio.web.entities import crumbs
from portfolio.web.tabs import books


class ReopenForm(forms.Form):
    """Why a closed month is opened again."""

    reason = forms.CharField(
        label="Reason", max_length=250, help_text="One sentence; it stays with the month for ever."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def close_month(request: HttpRequest, slug: str, month: int) -> HttpResponse:
    """Show how far a month is from its close, and close it where its checks hold."""
    entity = entity_or_404(request, slug, verb="own" if request.method == "POST" else "keep")
    error = ""
    if request.method == "POST":
        try:
            reconciliation.close_month(entity=entity, month=month, by=request.user, at=clock.now())
        except reconciliation.ReconciliationError as refusal:
            error = str(refusal)
        else:
            messages.success(request, f"{months.label(month)} is closed.")
            return redirect("portfolio:months", entity.slug)
    return _checklist(request, entity, month, error)


@require_POST
@access.staff
def tick_item(request: HttpRequest, slug: str, month: int) -> HttpResponse:
    """Tick an item of the checklist, accept what a check found, or take that back."""
    entity = entity_or_404(request, slug, verb="keep")
    at = clock.now()
    try:
        if item := request.POST.get("untick", ""):
            close_checks.untick(entity=entity, month=month, item=item, by=request.user, at=at)
        else:
            close_checks.tick(
                entity=entity, month=month, item=request.POST.get("tick", ""), note=_note(request), by=request.user,
                at=at,
            )  # fmt: skip
    except close_checks.CloseCheckError as refusal:
        return _checklist(request, entity, month, str(refusal))
    return redirect("portfolio:close_month", entity.slug, month)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def reopen_month(request: HttpRequest, slug: str, month: int) -> HttpResponse:
    """Open a closed month again, with a reason."""
    entity = entity_or_404(request, slug, verb="own")
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reconciliation.reopen_month(
                entity=entity,
                month=month,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=clock.now(),
            )
        except reconciliation.ReconciliationError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, f"{months.label(month)} is open again; reconcile and close it when it is right."
            )
            return redirect("portfolio:months", entity.slug)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": entity,
            "heading": f"Reopen {months.label(month)}",
            "lede": "Figures that were given out for this month may change. Who reopened it, when and why stays on record.",
            "facts": [],
            "form": form,
            "submit": "Reopen the month",
            "back": reverse("portfolio:months", args=[entity.slug]),
            "crumbs": crumbs(entity),
        },
        status=422 if form.errors else 200,
    )


def _note(request: HttpRequest) -> str:
    """Return the note beside the button that was pressed: one form holds all of them."""
    return request.POST.get(f"note-{request.POST.get('tick', '')}", "").replace("\x00", "")[:400]


def _checklist(request: HttpRequest, entity: Entity, month: int, error: str) -> HttpResponse:
    checks = close_checks.checks(entity=entity, month=month, at=clock.now())
    period = Period.objects.filter(entity=entity, month=month).select_related("by").first()
    state = PeriodState(period.state) if period is not None else PeriodState.OPEN
    stopped = [check for check in checks if check.state == close_checks.CheckState.STOPS]
    items = close_checks.items(entity=entity, month=month)
    left = sum(item.tick is None for item in items)
    return render(
        request,
        "portfolio/close.html",
        {
            "entity": entity,
            "month": month,
            "period": period,
            "state": state,
            "checks": checks,
            "items": items,
            "ready_words": "Nothing stops the close"
            + (f"; {left} item{' is' if left == 1 else 's are'} not ticked" if left else ""),
            "stopped": len(stopped),
            "ready": not stopped and state == PeriodState.RECONCILED,
            "owns": may(request, "own", entity),
            "error": error,
            "tabs": books(entity, "months"),
            "crumbs": crumbs(
                entity, {"label": "Months", "url": reverse("portfolio:months", args=[entity.slug])}
            ),
        },
        status=422 if error else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/months/<month:month>/close/", close_month, name="close_month"),
    path("entities/<slug:slug>/months/<month:month>/tick/", tick_item, name="tick_item"),
    path("entities/<slug:slug>/months/<month:month>/reopen/", reopen_month, name="reopen_month"),
]
