"""Pages of cancellation terms: what an entity offers, adding terms, retiring them, naming the standard."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from portfolio.domain import terms
from portfolio.models import CancellationTerms
from portfolio.web import tabs
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import crumbs

STEPS_OFFERED = 5


class TermsForm(forms.Form):
    """The name of terms and their steps; steps left empty are left out."""

    name = forms.CharField(label="Name", max_length=80, help_text="For example: Usual charter terms")
    note = forms.CharField(
        label="In words", max_length=200, required=False, help_text="As the client reads them."
    )
    standard = forms.BooleanField(label="Standard for new bookings", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the steps."""
        super().__init__(*args, **kwargs)
        for n in range(1, STEPS_OFFERED + 1):
            self.fields[f"days_{n}"] = forms.IntegerField(
                label=f"Step {n}: days before", required=n == 1, min_value=0, max_value=terms.LONGEST_DAYS
            )
            self.fields[f"share_{n}"] = forms.DecimalField(
                label=f"Step {n}: per cent that goes back", required=n == 1, min_value=0, max_value=100,
                max_digits=5, decimal_places=2,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse a step of which half is missing."""
        cleaned = super().clean() or {}
        for n in range(1, STEPS_OFFERED + 1):
            days, share = cleaned.get(f"days_{n}"), cleaned.get(f"share_{n}")
            names = (f"days_{n}", f"share_{n}")
            if (days is None) != (share is None) and not any(name in self.errors for name in names):
                missing = names[0] if days is None else names[1]
                self.add_error(missing, "Fill in both halves of this step, or neither.")
        return cleaned

    def steps(self) -> list[tuple[int, int]]:
        """Return the steps as (days before, basis points)."""
        return [
            (self.cleaned_data[f"days_{n}"], int(self.cleaned_data[f"share_{n}"] * 100))
            for n in range(1, STEPS_OFFERED + 1)
            if self.cleaned_data.get(f"days_{n}") is not None
        ]


@require_safe
@access.staff
def term_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the terms of an entity: offered, and retired."""
    entity = entity_or_404(request, slug)
    rows = CancellationTerms.objects.filter(entity=entity).prefetch_related("steps")
    return render(
        request,
        "portfolio/terms.html",
        {
            "entity": entity,
            "tabs": tabs.books(entity, "deferred"),
            "rows": rows.order_by("-active", "-standard", "name"),
            "owns": may(request, "own", entity),
            "crumbs": crumbs(
                entity,
                {"label": "Deferred revenue", "url": reverse("portfolio:deferred", args=[entity.slug])},
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_terms(request: HttpRequest, slug: str) -> HttpResponse:
    """Write terms down."""
    entity = entity_or_404(request, slug, verb="own")
    form = TermsForm(request.POST if request.method == "POST" else None)
    back = reverse("portfolio:terms", args=[entity.slug])
    if request.method == "POST" and form.is_valid():
        try:
            made = terms.add(
                entity=entity,
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                steps=form.steps(),
                make_standard=form.cleaned_data["standard"],
                by=request.user,
                at=clock.now(),
            )
        except terms.TermsRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{made}” can be chosen for bookings.")
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": entity,
            "heading": "Add cancellation terms",
            "lede": "Called off at least so many days before the service, so much of what was paid goes back. "
            "The step with the most days that still fits applies; where none fits, nothing goes back.",
            "facts": [("Changed later", "never: terms in use are retired and new ones added")],
            "form": form,
            "submit": "Add the terms",
            "back": back,
            "crumbs": crumbs(entity, {"label": "Cancellation terms", "url": back}),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@access.staff
def retire_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer terms no more."""
    found = record(request, CancellationTerms.objects.select_related("entity"), pk=pk, verb="own")
    return _pressed(request, found, terms.retire, f"“{found}” is not offered any more.")


@require_POST
@access.staff
def standard_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Give terms to new bookings unless others are chosen."""
    found = record(request, CancellationTerms.objects.select_related("entity"), pk=pk, verb="own")
    return _pressed(request, found, terms.make_standard, f"New bookings have “{found}” from now on.")


def _pressed(request: HttpRequest, found: CancellationTerms, deed: Any, done: str) -> HttpResponse:
    try:
        deed(terms=found, by=request.user, at=clock.now())
    except terms.TermsRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("portfolio:terms", slug=found.entity.slug)


urlpatterns = [
    path("entities/<slug:slug>/terms/", term_list, name="terms"),
    path("entities/<slug:slug>/terms/add/", add_terms, name="add_terms"),
    path("terms/<int:pk>/retire/", retire_terms, name="retire_terms"),
    path("terms/<int:pk>/standard/", standard_terms, name="standard_terms"),
]
