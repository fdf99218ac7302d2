"""Pages of tax set aside: what is owed by kind and month, when it is due, the rates, and what was paid on."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from portfolio.domain import ledger, tax, tax_calendar
from portfolio.domain.pages import as_of_date
from portfolio.models import (
    Account,
    AccountRole,
    Entity,
    EntrySource,
    JournalEntry,
    TaxFiling,
    TaxKind,
    TaxPeriod,
    TaxRate,
)
from portfolio.web import acts, tabs
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import crumbs
from portfolio.web.forms import KINDS, DayField, MoneyField, TakeBackForm
from portfolio.web.told import ToldForm, from_line


class RateForm(forms.Form):
    """A rate in force from a day on."""

    kind = forms.ChoiceField(label="Tax", choices=TaxKind.choices)
    applies_to = forms.ChoiceField(
        label="On",
        choices=[
            *((kind, f"Bookings: {kind}") for kind in KINDS),
            (tax.INVOICES, "Invoices without a booking, on top of their price"),
        ],
    )
    rate = forms.DecimalField(
        label="Per cent of the price without tax", min_value=0, max_value=50, max_digits=4, decimal_places=2
    )
    effective_on = DayField(label="In force from")
    collected_by_channel = forms.BooleanField(
        label="Marketplaces collect it themselves",
        required=False,
        help_text="Then nothing is set aside for bookings that come through one.",
    )
    source = forms.CharField(
        label="Source", max_length=200, help_text="The law, the authority's page with its date, or a letter."
    )


class RemitForm(ToldForm):
    """What was paid on, and when."""

    kind = forms.ChoiceField(label="Tax", choices=TaxKind.choices)
    amount = MoneyField(label="Amount")
    on = DayField(label="Paid on")
    cash_account = forms.ChoiceField(label="Out of")
    reference = forms.CharField(label="Reference", max_length=80, required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Read the amount in the entity's currency, and offer its bank accounts and the bank's lines it may be."""
        super().__init__(*args, **kwargs)
        self.accounts = {
            str(row.pk): row
            for row in Account.objects.filter(entity=entity, active=True, role=AccountRole.CASH).order_by(
                "code"
            )
        }
        self.fields["cash_account"].choices = [(pk, str(row)) for pk, row in self.accounts.items()]  # type: ignore[attr-defined]
        self.fields["amount"].currency = entity.currency  # type: ignore[attr-defined]
        self.offer(entity=entity, role=AccountRole.TAX, incoming=False)


class FilingForm(forms.Form):
    """To whom a tax is reported, how often, and by when."""

    kind = forms.ChoiceField(label="Tax", choices=TaxKind.choices)
    jurisdiction = forms.CharField(
        label="Paid to", max_length=80, help_text="The city, county or state, as City of San Diego."
    )
    every = forms.ChoiceField(label="Reported", choices=TaxPeriod.choices)
    due_day = forms.IntegerField(
        label="Due by this day of the month after", min_value=1, max_value=31,
        help_text="31 is the last day of any month. Weekends and holidays are not counted.",
    )  # fmt: skip
    first_on = DayField(label="From", help_text="A day in the first period that you report.")
    source = forms.CharField(
        label="Source", max_length=200, help_text="The authority's page with its date, or a letter."
    )


@require_safe
@access.staff
def tax_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is owed, by kind, month and quarter, and the rates."""
    entity = entity_or_404(request, slug)
    as_of = as_of_date()
    owed = tax.owed(entity=entity, as_of=as_of)
    due = tax_calendar.calendar(entity=entity, as_of=as_of, owed=owed)
    return render(
        request,
        "portfolio/tax.html",
        {
            "entity": entity,
            "tabs": tabs.books(entity, "deferred"),
            "as_of": as_of,
            "owed": owed,
            "due": due,
            "overdue": [
                _overdue(row, entity) for row in due if row.standing == tax_calendar.Standing.OVERDUE
            ],
            "unsaid": tax_calendar.without_filing(entity=entity, owed=owed),
            "paid": tax.remittances(entity=entity, as_of=as_of),
            "rates": TaxRate.objects.filter(entity=entity).order_by("kind", "applies_to", "-effective_on"),
            "keeps": may(request, "keep", entity),
            "owns": may(request, "own", entity),
            "crumbs": crumbs(
                entity,
                {"label": "Deferred revenue", "url": reverse("portfolio:deferred", args=[entity.slug])},
            ),
        },
    )


def _overdue(due: tax_calendar.Due, entity: Entity) -> tuple[str, str]:
    """Return what is said above the page of a period whose day has passed."""
    return (
        f"{due.filing.get_kind_display()} for {due.label} is overdue",
        f"{acts.money(due.owed_minor, entity)} was due to {due.filing.jurisdiction} by {months.spelled(due.due_on)}.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_rate(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a rate down."""
    entity = entity_or_404(request, slug, verb="own")
    return acts.act(
        request,
        entity=entity,
        heading="Add a tax rate",
        lede="Guests’ prices include the tax. It is set aside when the service is done, at the rate of that day.",
        facts=[("Rates before it", "stay, and apply to services before its day")],
        form=RateForm(request.POST if request.method == "POST" else None),
        submit="Add the rate",
        do=lambda data: tax.add_rate(
            entity=entity, kind=TaxKind(data["kind"]), applies_to=data["applies_to"],
            rate_bp=int(data["rate"] * 100), effective_on=data["effective_on"],
            collected_by_channel=data["collected_by_channel"], source=data["source"], by=request.user,
            at=clock.now(),
        ),
        refusal=tax.TaxRefusedError,
        done="The rate is written down.",
        back=reverse("portfolio:tax", args=[entity.slug]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def remit_tax(request: HttpRequest, slug: str) -> HttpResponse:
    """Record that tax was paid on."""
    entity = entity_or_404(request, slug, verb="keep")
    as_of = as_of_date()
    owed = tax.owed(entity=entity, as_of=as_of)
    form = RemitForm(
        request.POST if request.method == "POST" else None,
        entity=entity,
        initial={
            "on": as_of,
            "kind": owed[0].kind if owed else None,
            "amount": owed[0].next_due.owed_minor if owed and owed[0].next_due else None,
            **from_line(request, entity=entity, incoming=False),
        },
    )
    return acts.act(
        request,
        entity=entity,
        heading="Record a tax payment",
        lede="The oldest months are paid first. The bank’s line is matched to this when the statement lands.",
        facts=[(row.label, f"{acts.money(row.owed_minor, entity)} owed") for row in owed]
        or [("Owed", "nothing is set aside")],
        form=form,
        submit="Record the payment",
        do=lambda data: tax.remit(
            entity=entity, kind=TaxKind(data["kind"]), amount_minor=data["amount"], on=data["on"],
            cash_account=form.accounts[data["cash_account"]], reference=data["reference"], **form.told(),
            by=request.user, at=clock.now(),
        ),
        refusal=(tax.TaxRefusedError, ledger.LedgerError),
        done="The payment is in the books.",
        back=reverse("portfolio:tax", args=[entity.slug]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def say_filing(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down when and to whom a tax is due."""
    entity = entity_or_404(request, slug, verb="own")
    known = TaxFiling.objects.filter(
        entity=entity, kind=request.GET.get("kind", "")[:10].replace("\0", "")
    ).first()
    initial = {name: getattr(known, name) for name in FilingForm.base_fields} if known else {"due_day": 31}
    return acts.act(
        request,
        entity=entity,
        heading="Say when a tax is due",
        lede="For each tax once; saying it again changes it. The page of tax then tells what is due when.",
        facts=[],
        form=FilingForm(request.POST if request.method == "POST" else None, initial=initial),
        submit="Write it down",
        do=lambda data: tax_calendar.say_filing(
            entity=entity, kind=TaxKind(data["kind"]), jurisdiction=data["jurisdiction"],
            every=TaxPeriod(data["every"]), due_day=data["due_day"], first_on=data["first_on"],
            source=data["source"], by=request.user, at=clock.now(),
        ),
        refusal=tax.TaxRefusedError,
        done="It is written down.",
        back=reverse("portfolio:tax", args=[entity.slug]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def undo_tax(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that tax was paid on."""
    payments = JournalEntry.objects.filter(source=EntrySource.TAX, reverses__isnull=True).select_related(
        "entity"
    )
    entry = record(request, payments, pk=pk, verb="keep")
    form = TakeBackForm(request.POST if request.method == "POST" else None)
    return acts.act(
        request,
        entity=entry.entity,
        heading="Undo a payment of tax",
        lede="Its entry stays and a mirror image is posted beside it. The tax is owed again.",
        facts=[("Payment", entry.memo), ("Paid on", months.spelled(entry.on))],
        form=form,
        submit="Undo the payment",
        do=lambda _: tax.undo(entry=entry, by=request.user, at=clock.now(), **form.said()),
        refusal=(tax.TaxRefusedError, ledger.LedgerError),
        done="The payment is undone, and the tax is owed again.",
        back=reverse("portfolio:tax", args=[entry.entity.slug]),
    )  # fmt: skip


urlpatterns = [
    path("entities/<slug:slug>/tax/", tax_page, name="tax"),
    path("entities/<slug:slug>/tax/rates/add/", add_rate, name="add_tax_rate"),
    path("entities/<slug:slug>/tax/remit/", remit_tax, name="remit_tax"),
    path("entities/<slug:slug>/tax/due/", say_filing, name="say_tax_filing"),
    path("tax-payments/<int:pk>/undo/", undo_tax, name="undo_tax"),
]
