"""Forms of payables: they clean what a person typed and decide nothing."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from portfolio.domain import cards, open_items
from portfolio.domain.payables.vendors import BILLED_KINDS, VendorTerms
from portfolio.models import Account, AccountRole, Booking, Entity, Vendor
from portfolio.models.account import CASH_ROLES
from portfolio.web.forms import DayField, MoneyField
from portfolio.web.sisters import sister_field
from portfolio.web.told import ToldForm

LINES = 4
MOST_LINES = 60


def choices_of(accounts: Iterable[Account], first: str) -> list[tuple[str, str]]:
    """Return accounts as choices, after one that means none."""
    return [("", first), *((str(account.pk), str(account)) for account in accounts)]


class VendorForm(forms.Form):
    """Whom an entity pays."""

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="Mail address", required=False, max_length=254)
    account = forms.ChoiceField(
        label="Where their bills go",
        required=False,
        help_text="Proposed on each new bill; you can choose another there.",
    )
    terms_days = forms.IntegerField(label="Days to pay", min_value=0, max_value=365, initial=30)
    contractor = forms.BooleanField(
        label="A contractor",
        required=False,
        help_text="Paid for services and not a corporation: what they get is added up by year for the tax form.",
    )
    tax_form_on = DayField(
        label="Tax form received on", required=False, help_text="The day their W-9 came in."
    )
    active = forms.BooleanField(label="In use", required=False, initial=True)
    sister_id = sister_field()

    def __init__(self, *args: Any, entity: Entity, sisters: list[tuple[Any, str]], **kwargs: Any) -> None:
        """Offer the accounts a bill may go to, and the entities it may be."""
        super().__init__(*args, **kwargs)
        self.fields["sister_id"].choices = sisters  # type: ignore[attr-defined]
        billed = Account.objects.filter(entity=entity, active=True, kind__in=BILLED_KINDS).exclude(
            role__in=CASH_ROLES
        )
        self.fields["account"].choices = choices_of(billed, "Chosen on each bill")  # type: ignore[attr-defined]

    def terms(self) -> VendorTerms:
        """Return what was filled in."""
        data = self.cleaned_data
        return VendorTerms(
            name=data["name"],
            email=data["email"],
            contractor=data["contractor"],
            tax_form_on=data["tax_form_on"],
            account_id=int(data["account"]) if data["account"] else None,
            terms_days=data["terms_days"],
            active=data["active"],
            sister_id=data["sister_id"],
        )


class BillForm(forms.Form):
    """The head of a bill."""

    vendor = forms.ChoiceField(label="Vendor")
    reference = forms.CharField(label="Their number", max_length=60, help_text="As it stands on the bill.")
    issued_on = DayField(label="Date of the bill")
    due_on = DayField(
        label="Due on", required=False, help_text="Empty: after as many days as the vendor gives."
    )

    def __init__(self, *args: Any, vendors: Sequence[Vendor], **kwargs: Any) -> None:
        """Offer the vendors in use."""
        super().__init__(*args, **kwargs)
        self.terms = {str(row.pk): row.terms_days for row in vendors}
        self.fields["vendor"].choices = [("", "Choose"), *((str(row.pk), row.name) for row in vendors)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Say when it is due, where nobody did."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "due_on" in data and data["due_on"] is None and data.get("issued_on") and data.get("vendor"):
            data["due_on"] = data["issued_on"] + dt.timedelta(days=self.terms[data["vendor"]])
        return data


class LineForm(forms.Form):
    """One line of a bill; a line with nothing in it is left out."""

    account = forms.ChoiceField(label="Account", required=False)
    amount = MoneyField(label="Amount", signed=True, required=False)
    description = forms.CharField(label="For what", max_length=200, required=False)
    booking = forms.CharField(label="Booking", max_length=40, required=False)

    def __init__(
        self,
        *args: Any,
        choices: list[tuple[str, str]],
        currency: str,
        bookings: dict[str, Booking],
        **kwargs: Any,
    ) -> None:
        """Offer accounts, read amounts in a currency and know bookings by reference."""
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = choices  # type: ignore[attr-defined]
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]
        self.bookings = bookings

    def clean_booking(self) -> Booking | None:
        """Return the booking of that reference, or None where nothing is typed."""
        typed = self.cleaned_data["booking"].strip()
        if not typed:
            return None
        booking = self.bookings.get(typed.casefold())
        if booking is None:
            raise forms.ValidationError(
                f"There is no booking {typed}; look its reference up.", code="unknown"
            )
        return booking

    def clean(self) -> dict[str, Any]:
        """Refuse half a line."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        said = any(data.get(name) for name in ("account", "amount", "description", "booking"))
        if said and not self.errors:
            if not data.get("account"):
                self.add_error("account", "Choose where this line goes.")
            if not data.get("amount"):
                self.add_error("amount", "Enter what this line costs; it is not zero.")
        return data

    @property
    def is_filled(self) -> bool:
        """Tell whether the line says anything."""
        return bool(self.cleaned_data.get("account"))


class PayForm(ToldForm):
    """What was paid of a bill."""

    amount = MoneyField(label="Paid")
    on = DayField(label="On")
    account = forms.ChoiceField(label="From")
    reference = forms.CharField(
        label="Reference", max_length=80, required=False, help_text="Check or transfer number."
    )
    others = forms.BooleanField(
        label="What is more than this bill pays the vendor’s other open bills, those due first",
        required=False,
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, vendor: Vendor, **kwargs: Any) -> None:
        """Offer the accounts that bills are paid from, the bank first."""
        super().__init__(*args, **kwargs)
        entity = vendor.entity
        self.fields["account"].choices = [(str(row.pk), str(row)) for row in cards.paying(entity=entity)]  # type: ignore[attr-defined]
        self.fields["amount"].currency = entity.currency  # type: ignore[attr-defined]
        role = AccountRole.INTERCOMPANY if vendor.sister_id else AccountRole.PAYABLE
        self.offer(entity=entity, role=role, incoming=False)


class OpeningForm(forms.Form):
    """The day the books begin, what each account held, and where the rest goes."""

    on = DayField(label="On", help_text="The last day before the first entry, usually a year's end.")
    rest = forms.ChoiceField(
        label="The difference goes to",
        required=False,
        help_text="What the accounts do not add up to; usually the owner's capital.",
    )

    def __init__(self, *args: Any, accounts: Sequence[Account], entity: Entity, **kwargs: Any) -> None:
        """Ask for one balance for each account, named ``balance_<id>``."""
        super().__init__(*args, **kwargs)
        self.accounts = accounts
        equity = [account for account in accounts if account.kind == "equity"]
        self.fields["rest"].choices = choices_of(equity, "Nowhere: they must add up")  # type: ignore[attr-defined]
        for account in accounts:
            self.fields[f"balance_{account.pk}"] = MoneyField(
                label=str(account), currency=entity.currency, signed=True, required=False
            )

    def balances(self) -> dict[Account, int]:
        """Return what was filled in, in each account's own sense."""
        return {
            account: self.cleaned_data[f"balance_{account.pk}"]
            for account in self.accounts
            if self.cleaned_data.get(f"balance_{account.pk}")
        }


class OpenItemForm(forms.Form):
    """An invoice or bill that was open when the books began."""

    kind = forms.ChoiceField(label="What it is", choices=open_items.KINDS)
    name = forms.CharField(
        label="Client or vendor", max_length=100, help_text="Somebody new is written down with it."
    )
    number = forms.CharField(label="Number", max_length=40)
    issued_on = DayField(label="Date it bears")
    due_on = DayField(label="Due on")
    amount = MoneyField(label="Open that day", help_text="What was not paid of it when the books began.")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]

    def item(self) -> open_items.OpenItem:
        """Return what was filled in."""
        data = self.cleaned_data
        return open_items.OpenItem(
            data["kind"], data["name"], data["number"], data["issued_on"], data["due_on"], data["amount"]
        )
