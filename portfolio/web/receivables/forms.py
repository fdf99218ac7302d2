"""Forms of receivables: they clean what a person typed and decide nothing."""

import re
import uuid
from typing import Any

from django import forms

from core import months
from core.money import format_minor
from portfolio.models import Account, AccountRole, Client, ClientContract, ContractState, Invoice, Payment
from portfolio.web.forms import DayField, MoneyField
from portfolio.web.sisters import sister_field
from portfolio.web.told import ToldForm

_QUANTITY = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?", re.ASCII)
_PERCENT = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", re.ASCII)
_TIME = re.compile(r"(?:([0-9]{1,2}):([0-5][0-9])|([0-9]{1,4}))", re.ASCII)


class QuantityField(forms.CharField):
    """A quantity with up to three decimals, cleaned to thousandths."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 6})

    def clean(self, value: Any) -> int | None:
        """Return thousandths, or None where the field is empty and may be."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        if not _QUANTITY.fullmatch(text):
            raise forms.ValidationError("Write a quantity as 1.5, with up to three decimals.", code="invalid")
        whole, _, rest = text.partition(".")
        return int(whole) * 1000 + int(rest.ljust(3, "0") or 0)

    def prepare_value(self, value: Any) -> Any:
        """Show thousandths as a quantity; text a person typed stays as typed."""
        if isinstance(value, int):
            return f"{value // 1000}.{value % 1000:03d}".rstrip("0").rstrip(".")
        return value


class PercentField(forms.CharField):
    """A percentage with up to two decimals, cleaned to basis points."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 5})

    def clean(self, value: Any) -> int:
        """Return basis points; nothing is 0."""
        text = str(super().clean(value)).strip().removesuffix("%").strip()
        if not text:
            return 0
        if not _PERCENT.fullmatch(text):
            raise forms.ValidationError("Write a percentage as 8 or 7.75.", code="invalid")
        whole, _, rest = text.partition(".")
        return int(whole) * 100 + int(rest.ljust(2, "0") or 0)

    def prepare_value(self, value: Any) -> Any:
        """Show basis points as a percentage."""
        return f"{value / 100:g}" if isinstance(value, int) and value else "" if value == 0 else value


class MinutesField(forms.CharField):
    """Time as 1:30, or as minutes; cleaned to minutes."""

    widget = forms.TextInput(
        attrs={"inputmode": "text", "autocomplete": "off", "size": 6, "placeholder": "1:30"}
    )

    def clean(self, value: Any) -> int:
        """Return minutes."""
        match = _TIME.fullmatch(str(super().clean(value)).strip())
        minutes = 0 if match is None else int(match[3]) if match[3] else int(match[1]) * 60 + int(match[2])
        if not 0 < minutes <= 1440:
            raise forms.ValidationError("Write the time as 1:30, or as minutes up to 1440.", code="invalid")
        return minutes

    def prepare_value(self, value: Any) -> Any:
        """Show minutes as hours and minutes."""
        return f"{value // 60}:{value % 60:02d}" if isinstance(value, int) else value


class ClientForm(forms.Form):
    """What is known of a client."""

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(
        label="Mail address", required=False, help_text="Where invoices and reminders go."
    )
    address = forms.CharField(
        label="Address", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As it stands on an invoice.",
    )  # fmt: skip
    terms_days = forms.IntegerField(label="Terms in days", min_value=0, max_value=365, initial=30)
    active = forms.BooleanField(label="Active", required=False, initial=True)
    sister_id = sister_field()

    def __init__(self, *args: Any, sisters: list[tuple[Any, str]], **kwargs: Any) -> None:
        """Offer the entities it may be."""
        super().__init__(*args, **kwargs)
        self.fields["sister_id"].choices = sisters  # type: ignore[attr-defined]


class PaperForm(forms.Form):
    """What stands on invoices, and when reminders are due."""

    name = forms.CharField(label="Name on invoices", max_length=120)
    address = forms.CharField(
        label="Address", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )
    email = forms.EmailField(label="Mail address", required=False, help_text="Clients answer to it.")
    how_to_pay = forms.CharField(
        label="How to pay", required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Bank and account, or the address for checks.",
    )  # fmt: skip
    first_days = forms.IntegerField(label="First reminder, days overdue", min_value=1, max_value=365)
    second_days = forms.IntegerField(label="Second reminder, days overdue", min_value=1, max_value=365)
    third_days = forms.IntegerField(label="Last reminder, days overdue", min_value=1, max_value=365)


class ContractForm(forms.Form):
    """For how long a contract runs, and its terms."""

    title = forms.CharField(
        label="Title",
        required=False,
        max_length=120,
        help_text="Tells several contracts of one client apart.",
    )
    starts_on = DayField(
        label="Starts",
        required=False,
        help_text="Empty: a retainer runs from the day the contract was signed.",
    )
    ends_on = DayField(label="Ends", required=False)
    renews = forms.BooleanField(
        label="Renews by itself", required=False, help_text="Runs on unless somebody gives notice."
    )
    notice_days = forms.IntegerField(label="Notice in days", required=False, min_value=0, max_value=730)
    terms_days = forms.IntegerField(
        label="Invoices payable within days",
        required=False,
        min_value=0,
        max_value=365,
        help_text="Empty: as the client's.",
    )
    active = forms.BooleanField(label="Active", required=False, initial=True)


class ContractMoveForm(forms.Form):
    """How firm the paper has become, and since when."""

    to = forms.ChoiceField(label="The paper is now")
    on = DayField(label="Since", help_text="The day it was signed, sent or ran out.")

    def __init__(self, *args: Any, moves: list[ContractState], **kwargs: Any) -> None:
        """Offer only the moves that are legal from here."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(state.value, state.label) for state in moves]  # type: ignore[attr-defined]


class TimeForm(forms.Form):
    """One stretch of work."""

    contract = forms.ChoiceField(label="Contract")
    on = DayField(label="On")
    minutes = MinutesField(label="Time", help_text="1:30, or minutes")
    description = forms.CharField(label="What", max_length=200)
    who = forms.CharField(label="Who", max_length=120)
    rate = MoneyField(label="Rate an hour", required=False, help_text="Empty: the contract's.")
    billable = forms.BooleanField(label="Billable", required=False, initial=True)

    def __init__(self, *args: Any, contracts: list[ClientContract], currency: str, **kwargs: Any) -> None:
        """Offer the entity's contracts."""
        super().__init__(*args, **kwargs)
        self.fields["contract"].choices = [(str(row.pk), str(row)) for row in contracts]  # type: ignore[attr-defined]
        self.fields["rate"].currency = currency  # type: ignore[attr-defined]


class TimeSheetForm(forms.Form):
    """A time sheet to bring in."""

    file = forms.FileField(
        label="Time sheet",
        help_text="CSV with the columns on, client, contract, minutes, who, description, billable (yes or no) and rate.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


class MilestoneForm(forms.Form):
    """An agreed result and its price."""

    name = forms.CharField(label="Milestone", max_length=120)
    amount = MoneyField(label="Price")
    due_on = DayField(label="Planned for", required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the price in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]


class RebillableForm(forms.Form):
    """What was paid for a client."""

    on = DayField(label="Paid on")
    what = forms.CharField(label="What", max_length=160, help_text="As the invoice will say it.")
    amount = MoneyField(label="Amount")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]


class BilledForm(forms.Form):
    """Which work a landed invoice billed: what waits, each with its own box."""

    work = forms.MultipleChoiceField(label="Time", required=False, widget=forms.CheckboxSelectMultiple)
    milestones = forms.MultipleChoiceField(
        label="Milestones", required=False, widget=forms.CheckboxSelectMultiple
    )
    rebillables = forms.MultipleChoiceField(
        label="Paid for the client", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        """Offer what waits; a kind of which nothing waits is left out."""
        super().__init__(*args, **kwargs)
        for name, choices in offered.items():
            if choices:
                self.fields[name].choices = choices  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Return the numbers of what is ticked, by kind.

        Raises:
            forms.ValidationError: nothing is ticked.
        """
        said = {name: [int(pk) for pk in chosen] for name, chosen in (super().clean() or {}).items()}
        if not self.errors and not any(said.values()):
            raise forms.ValidationError("Tick what this invoice billed.", code="required")
        return said


class DraftForm(forms.Form):
    """From what an invoice is drafted: time or milestones up to a day, or a month's retainer."""

    up_to = DayField(label="Work up to", required=False)
    month = forms.CharField(
        label="Month", required=False, max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    tax = PercentField(label="Tax, percent", required=False)

    def clean_month(self) -> int | None:
        """Return the month as a whole number."""
        text = self.cleaned_data["month"]
        if not text:
            return None
        try:
            return months.parse(text)
        except months.MonthError as error:
            raise forms.ValidationError(str(error), code="invalid") from error


class LineForm(forms.Form):
    """One line of an invoice; an empty one is left out."""

    line = forms.IntegerField(required=False, widget=forms.HiddenInput)
    description = forms.CharField(label="Description", required=False, max_length=200)
    quantity = QuantityField(label="Quantity", required=False)
    unit = MoneyField(label="Price", required=False, signed=True)
    tax = PercentField(label="Tax %", required=False)
    account = forms.ChoiceField(label="Earns", required=False)

    def __init__(
        self, *args: Any, accounts: list[Account], currency: str, tax_bp: int = 0, **kwargs: Any
    ) -> None:
        """Offer the accounts that a line may go to, and propose its tax."""
        super().__init__(*args, **kwargs)
        self.fields["tax"].initial = tax_bp
        self.fields["account"].choices = [(str(row.pk), str(row)) for row in accounts]  # type: ignore[attr-defined]
        self.fields["unit"].currency = currency  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what a line that was begun lacks."""
        said = super().clean() or self.cleaned_data
        if not self.errors and self.begun():
            if not said.get("description"):
                self.add_error("description", "Say what this line is for.")
            if said.get("unit") is None:
                self.add_error("unit", "Give this line a price.")
        return said

    def begun(self) -> bool:
        """Tell whether anything was typed into the line."""
        said = self.cleaned_data
        return bool(said.get("description") or said.get("unit") is not None)


class NoteForm(forms.Form):
    """What stands under the lines."""

    note = forms.CharField(label="Note", required=False, max_length=400, help_text="Printed under the lines.")


class IssueForm(forms.Form):
    """The day an invoice is issued, and when it is due."""

    on = DayField(label="Date of the invoice")
    due_on = DayField(
        label="Due on", required=False, help_text="Empty: by the terms of the contract or client."
    )


class TakeOffForm(forms.Form):
    """How much of an invoice is credited or given up, and why."""

    amount = MoneyField(label="Amount")
    on = DayField(label="Date")
    reason = forms.CharField(label="Reason", max_length=250, help_text="One sentence; it stays for ever.")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the invoice's currency."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]


class PaymentForm(ToldForm):
    """Money a client paid. ``once`` names the form, so that one sent twice is one payment."""

    once = forms.CharField(max_length=36, widget=forms.HiddenInput)
    amount = MoneyField(label="Amount")
    on = DayField(label="Received on")
    cash_account = forms.ChoiceField(label="Into")
    reference = forms.CharField(
        label="Reference", required=False, max_length=80, help_text="Check number, or what the bank says."
    )
    invoice = forms.ChoiceField(label="Settles", required=False)

    def __init__(
        self,
        *args: Any,
        client: Client,
        accounts: list[Account],
        invoices: list[Invoice],
        **kwargs: Any,
    ) -> None:
        """Offer the bank accounts, the client's open invoices, and the bank's lines it may be."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = client.entity.currency  # type: ignore[attr-defined]
        self.fields["once"].initial = str(uuid.uuid4())
        self.fields["cash_account"].choices = [(str(row.pk), str(row)) for row in accounts]  # type: ignore[attr-defined]
        self.fields["invoice"].choices = [  # type: ignore[attr-defined]
            ("", "The oldest first"), *[(str(row.pk), row.reference) for row in invoices], ("none", "Nothing yet: to the client's credit"),
        ]  # fmt: skip
        role = AccountRole.INTERCOMPANY if client.sister_id else AccountRole.RECEIVABLE
        self.offer(entity=client.entity, role=role, incoming=True)


class PayBackForm(ToldForm):
    """Credit paid back to a client. ``once`` names the form, so that one sent twice is one."""

    once = forms.CharField(max_length=36, widget=forms.HiddenInput)
    amount = MoneyField(label="Amount")
    on = DayField(label="Paid back on")
    cash_account = forms.ChoiceField(label="Out of")
    reference = forms.CharField(
        label="Reference", required=False, max_length=80, help_text="Check or transfer number."
    )

    def __init__(self, *args: Any, client: Client, accounts: list[Account], **kwargs: Any) -> None:
        """Offer the bank accounts, and the bank's lines it may be."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = client.entity.currency  # type: ignore[attr-defined]
        self.fields["once"].initial = str(uuid.uuid4())
        self.fields["cash_account"].choices = [(str(row.pk), str(row)) for row in accounts]  # type: ignore[attr-defined]
        role = AccountRole.INTERCOMPANY if client.sister_id else AccountRole.RECEIVABLE
        self.offer(entity=client.entity, role=role, incoming=False)


class TieForm(forms.Form):
    """Of which payment Stripe paid something back."""

    payment = forms.ChoiceField(label="It was paid back of")
    sure = forms.BooleanField(
        label="I have checked it against Stripe’s own page of the charge",
        help_text="A tie is not undone: what the payment settled is open again by as much.",
    )

    def __init__(self, *args: Any, payments: list[Payment], **kwargs: Any) -> None:
        """Offer the payments that may bear it."""
        super().__init__(*args, **kwargs)
        self.fields["payment"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            *(
                (
                    str(row.pk),
                    f"{row.on:%-d %b %Y}  {row.client}  {format_minor(row.amount_minor, row.client.entity.currency)}",
                )
                for row in payments
            ),
        ]


class AllocateForm(forms.Form):
    """What is left of a payment settles an invoice."""

    invoice = forms.ChoiceField(label="Settles", required=False)
    amount = MoneyField(label="Amount", required=False, help_text="Empty: as much as it can.")
    on = DayField(label="As of")

    def __init__(self, *args: Any, currency: str, invoices: list[Invoice], **kwargs: Any) -> None:
        """Offer the client's open invoices."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]
        offered = [("", "The oldest first"), *[(str(row.pk), row.reference) for row in invoices]]
        self.fields["invoice"].choices = offered  # type: ignore[attr-defined]


class OnForm(forms.Form):
    """A day."""

    on = DayField(label="On")


class RangeForm(forms.Form):
    """From when to when a statement of account tells."""

    first = DayField(label="From", required=False)
    last = DayField(label="To", required=False)
