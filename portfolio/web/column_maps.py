"""Saved column maps: the form that says which column of a bank's CSV is which, and the list to change or forget one."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from portfolio.domain import bank_accounts, column_maps
from portfolio.formats.bank_csv import BankColumns
from portfolio.models import Account, ColumnMap, Entity
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import crumbs
from portfolio.web.tabs import books

DATE_CHOICES = (
    ("", "As the first row is written: 2026-10-31 or 10/31/2026"),
    ("%Y-%m-%d", "2026-10-31"),
    ("%m/%d/%Y", "10/31/2026, the month first"),
    ("%d/%m/%Y", "31/10/2026, the day first"),
    ("%d.%m.%Y", "31.10.2026"),
    ("%d-%m-%Y", "31-10-2026, the day first"),
    ("%m-%d-%Y", "10-31-2026, the month first"),
    ("%Y%m%d", "20261031"),
)


class ColumnsForm(forms.Form):
    """Which column is which, how dates and amounts are written, and a name to find it under."""

    name = forms.CharField(label="Save it as", max_length=80, help_text="The bank's name, for example.")
    account = forms.ModelChoiceField(queryset=Account.objects.none(), label="Its account", empty_label=None)
    date = forms.ChoiceField(label="Date")
    date_format = forms.ChoiceField(label="Dates are written", choices=DATE_CHOICES, required=False)
    description = forms.ChoiceField(label="Description")
    amount = forms.ChoiceField(
        label="Amount",
        required=False,
        help_text="One column with a sign; otherwise leave it and choose debit and credit.",
    )
    debit = forms.ChoiceField(label="Debit, money out", required=False)
    credit = forms.ChoiceField(label="Credit, money in", required=False)
    balance = forms.ChoiceField(label="Balance after the line", required=False)
    reference = forms.ChoiceField(label="Reference or check number", required=False)
    decimal_comma = forms.BooleanField(label="Amounts are written 1.234,50", required=False)
    money_out_is_positive = forms.BooleanField(
        label="Money out has no minus sign, as on card statements", required=False
    )

    def __init__(self, *args: Any, entity: Entity, headings: Sequence[str], **kwargs: Any) -> None:
        """Offer the file's headings for each thing."""
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = bank_accounts.with_statements(entity=entity)  # type: ignore[attr-defined]
        columns = [(heading, heading) for heading in headings]
        for role in column_maps.ROLES:
            needed = role in ("date", "description")
            self.fields[role].choices = columns if needed else [("", "No such column"), *columns]  # type: ignore[attr-defined]

    def columns(self) -> BankColumns:
        """Return the answer as the reader of statements takes it."""
        chosen = {role: self.cleaned_data[role] for role in column_maps.ROLES}
        return BankColumns(
            **chosen,
            date_format=self.cleaned_data["date_format"],
            decimal_comma=self.cleaned_data["decimal_comma"],
            money_out_is_positive=self.cleaned_data["money_out_is_positive"],
        )


def as_initial(saved: ColumnMap) -> dict[str, Any]:
    """Return a saved map as the form shows it."""
    return {
        **saved.columns, "name": saved.name, "account": saved.account_id, "date_format": saved.date_format,
        "decimal_comma": saved.decimal_comma, "money_out_is_positive": saved.money_out_is_positive,
    }  # fmt: skip


def first_guess(*, entity: Entity, headings: Sequence[str], name: str) -> dict[str, Any]:
    """Return what the form starts from: the map these headings are known by, or what they say themselves."""
    saved = column_maps.recognised(entity=entity, headings=headings)
    if saved is not None:
        return as_initial(saved)
    guess = column_maps.guessed(headings=headings)
    chosen = {role: getattr(guess, role) for role in column_maps.ROLES} if guess is not None else {}
    return {"name": name.rsplit(".", 1)[0][:80], **chosen}


@require_safe
@access.staff
def map_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List how an entity's bank files are read."""
    entity = entity_or_404(request, slug)
    return render(
        request,
        "portfolio/column_maps.html",
        {
            "entity": entity,
            "maps": list(ColumnMap.objects.filter(entity=entity).select_related("account")),
            "keeps": may(request, "keep", entity),
            "tabs": books(entity, "bank"),
            "crumbs": crumbs(entity, {"label": "Bank", "url": reverse("portfolio:bank", args=[entity.slug])}),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how a bank's file is read from now on, or forget it."""
    saved = record(request, ColumnMap.objects.select_related("entity", "account"), pk=pk, verb="keep")
    entity = saved.entity
    if request.method == "POST" and "delete" in request.POST:
        column_maps.delete(column_map=saved, by=request.user, at=clock.now())
        messages.success(request, f"“{saved.name}” is forgotten.")
        return redirect("portfolio:column_maps", entity.slug)
    form = ColumnsForm(
        request.POST if request.method == "POST" else None, entity=entity, headings=saved.headings,
        initial=as_initial(saved),
    )  # fmt: skip
    del form.fields["name"]
    if request.method == "POST" and form.is_valid():
        try:
            column_maps.save(
                entity=entity, account=form.cleaned_data["account"], name=saved.name, headings=saved.headings,
                columns=form.columns(), by=request.user, at=clock.now(),
            )  # fmt: skip
        except column_maps.ColumnMapError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{saved.name}” is changed.")
            return redirect("portfolio:column_maps", entity.slug)
    return render(
        request,
        "portfolio/column_map.html",
        {
            "entity": entity,
            "saved": saved,
            "form": form,
            "crumbs": crumbs(
                entity, {"label": "Column maps", "url": reverse("portfolio:column_maps", args=[entity.slug])}
            ),
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/column-maps/", map_list, name="column_maps"),
    path("column-maps/<int:pk>/", change_map, name="column_map"),
]
