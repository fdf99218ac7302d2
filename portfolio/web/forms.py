"""Forms of the portfolio's pages: they clean what a person typed and decide nothing."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms

from core import months
from core.money import MoneyError, format_minor, parse_minor
from mail.models import Campaign
from portfolio.domain import enquiries
from portfolio.domain.pages import UNDER_WAY
from portfolio.models import (
    Account,
    BillingModel,
    BookingStage,
    CancellationTerms,
    Channel,
    Entity,
    ImportKind,
)

# Chosen where a booking has no terms, as against the standard ones of its entity.
NO_TERMS = "none"
KINDS = ("charter", "concert", "stay", "delivery", "haul", "work")


class DayField(forms.DateField):
    """A local date, picked or typed as 2026-11-10."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {"invalid": "This is not a date; write it as 2026-11-10."}

    def __init__(self, **kwargs: Any) -> None:
        """Accept one way of writing a date, the one browsers send."""
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> dt.date | None:
        """Return the date; refuse those that no record of ours can bear."""
        day = super().to_python(value)
        if day is not None and not months.is_near(day):
            raise forms.ValidationError("This date is too far away; check the year.", code="invalid")
        return day


class MoneyField(forms.CharField):
    """An amount as people write it, cleaned to whole minor units of a currency; below zero only where ``signed``."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, currency: str = "USD", signed: bool = False, **kwargs: Any) -> None:
        """Take the currency the amount is in."""
        self.currency, self.signed = currency, signed
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> int | None:
        """Return minor units, or None where the field is empty and may be."""
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = parse_minor(text, self.currency)
        except MoneyError as error:
            raise forms.ValidationError(str(error), code="invalid") from error
        if minor < 0 and not self.signed:
            raise forms.ValidationError(
                "This amount is below zero; write it without a sign.", code="negative"
            )
        return minor

    def prepare_value(self, value: Any) -> Any:
        """Show minor units as an amount; text a person typed stays as typed."""
        return format_minor(value, self.currency) if isinstance(value, int) else value


class SignatureForm(forms.Form):
    """The day an agreement was signed."""

    signed_on = DayField(label="Signed on")


class ChannelForm(forms.Form):
    """Where a channel goes, and since when."""

    to = forms.ChoiceField(label="New status")
    on = DayField(label="Since", help_text="The first day on which this held.")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer only the moves that are legal from here."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class PressForm(forms.Form):
    """Nothing to fill in: pressing the button is the deed."""


class HandoverForm(forms.Form):
    """How far a handover has come."""

    to = forms.ChoiceField(label="Handover")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer only the moves that are legal from here."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class BillingForm(forms.Form):
    """How a client's work turns into an invoice."""

    billing_model = forms.ChoiceField(
        label="Billed by", choices=[choice for choice in BillingModel.choices if choice[0]]
    )
    rate = MoneyField(
        label="Rate",
        required=False,
        help_text="An hour for hourly work, a month for a retainer; empty where each milestone names its amount.",
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the rate in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["rate"].currency = currency  # type: ignore[attr-defined]


class StatementForm(forms.Form):
    """What the bank says its accounts held at the end of a month: of one ``statement``, of several one for each."""

    def __init__(self, *args: Any, accounts: Collection[Account], currency: str, **kwargs: Any) -> None:
        """Ask for each account's balance in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.asked = {self.field_of(account, accounts): account for account in accounts}
        for name, account in self.asked.items() or [("statement", None)]:
            self.fields[name] = MoneyField(
                label="Balance on the statement"
                if len(self.asked) < 2
                else f"Balance on the statement of {account}",
                currency=currency,
                signed=True,
                help_text="At the end of the month's last day, as the bank states it; below zero when overdrawn.",
            )

    @staticmethod
    def field_of(account: Account, accounts: Collection[Account]) -> str:
        """Return the name of an account's field."""
        return "statement" if len(accounts) == 1 else f"statement_{account.pk}"

    def balances(self) -> dict[Account, int]:
        """Return what was typed, by account."""
        return {account: self.cleaned_data[name] for name, account in self.asked.items()}


class ReversalForm(forms.Form):
    """When and why an entry is reversed."""

    on = DayField(label="Date of the reversal", help_text="A day of a month that is still open.")
    reason = forms.CharField(
        label="Reason", max_length=250, help_text="One sentence; it stays with the entry for ever."
    )


class TakeBackForm(ReversalForm):
    """Why a payment is taken back: it was never so, or the money came back."""

    what = forms.ChoiceField(
        label="What happened",
        choices=[
            ("wrong", "The record was wrong: the bank’s line of it is of something else, and waits to be decided on again"),
            ("came_back", "The money came back, as a check does that bounced; the line of its return is matched when it comes"),
        ],
        widget=forms.RadioSelect,
    )  # fmt: skip
    on = DayField(
        label="On",
        required=False,
        help_text="Empty: the payment’s own day where the record was wrong and its month is open, else today.",
    )
    field_order = ("what", "on", "reason")

    def said(self) -> dict[str, Any]:
        """Return what was said, as the domain takes it."""
        data = self.cleaned_data
        return {"on": data["on"], "came_back": data["what"] == "came_back", "reason": data["reason"]}


class BookingFilter(forms.Form):
    """What the list of bookings is narrowed to; anything that cannot be is ignored."""

    q = forms.CharField(label="Search", required=False, max_length=80)
    entity = forms.ChoiceField(required=False)
    stage = forms.ChoiceField(
        required=False, choices=[(UNDER_WAY, "Under way"), *BookingStage.choices, ("all", "All")]
    )

    def __init__(self, *args: Any, entities: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the entities this person may see."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [("", "Every entity"), *entities]  # type: ignore[attr-defined]
        self.is_valid()

    def value(self, name: str) -> str:
        """Return what was asked for, or nothing where it was odd."""
        return str(self.cleaned_data.get(name, ""))


class UploadForm(forms.Form):
    """A file to land, and whose books it belongs to."""

    entity = forms.ChoiceField(label="Entity")
    kind = forms.ChoiceField(
        label="Kind of file",
        choices=[
            (ImportKind.BANK_CSV.value, ImportKind.BANK_CSV.label),
            (ImportKind.OFX.value, ImportKind.OFX.label),
            (ImportKind.STRIPE.value, ImportKind.STRIPE.label),
            (ImportKind.JOURNAL.value, ImportKind.JOURNAL.label),
        ],
    )
    file = forms.FileField(
        label="File",
        help_text="As the bank or Stripe exported it, up to 20 MB. You see what it would do before anything is kept.",
        widget=forms.FileInput(
            attrs={"accept": ".csv,text/csv,.json,.jsonl,.ofx,.qfx,.beancount,.hledger,.journal"}
        ),
    )

    def __init__(self, *args: Any, entities: list[Entity], **kwargs: Any) -> None:
        """Offer the entities whose books this person keeps."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [(entity.slug, entity.name) for entity in entities]  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """Where a booking goes, and on which day it did."""

    to = forms.ChoiceField(label="Move to")
    on = DayField(label="On")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer only the moves that are legal from here."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class BookingForm(forms.Form):
    """What a client wants and on what terms, and how far it has come."""

    entity = forms.ChoiceField(label="Entity")
    title = forms.CharField(label="What", max_length=160, help_text="For example: Sunset sail for six")
    kind = forms.ChoiceField(label="Kind", choices=[(kind, kind.capitalize()) for kind in KINDS])
    channel = forms.ChoiceField(label="Channel", required=False)
    campaign = forms.ChoiceField(
        label="Came from the campaign",
        required=False,
        help_text="Where the client says so; it is counted among its results.",
    )
    client_name = forms.CharField(label="Client", max_length=120, required=False)
    client_email = forms.EmailField(label="Client's address", required=False)
    party_size = forms.IntegerField(label="Party", min_value=0, max_value=10_000, initial=0)
    service_on = DayField(
        label="Date of service", required=False, help_text="Needed before the booking can be booked."
    )
    price = MoneyField(label="Price")
    deposit = MoneyField(label="Deposit", required=False)
    terms = forms.ChoiceField(
        label="Cancellation terms",
        required=False,
        help_text="They decide what goes back when it is called off.",
    )
    enquired_on = DayField(label="Enquired on")
    stage = forms.ChoiceField(
        label="Stands at", choices=[(stage.value, stage.label) for stage in enquiries.FIRST_STAGES]
    )
    on = DayField(label="Since", help_text="The day it came to that stage.")

    def __init__(
        self,
        *args: Any,
        entities: list[Entity],
        channels: list[Channel],
        campaigns: list[Campaign],
        terms: list[CancellationTerms],
        **kwargs: Any,
    ) -> None:
        """Offer the entities this person books for, their channels and terms, and the campaigns there were."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [(entity.slug, entity.name) for entity in entities]  # type: ignore[attr-defined]
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            ("", "Not known"),
            *[(str(channel.pk), f"{channel.name} ({channel.entity.name})") for channel in channels],
        ]
        self.fields["terms"].choices = [  # type: ignore[attr-defined]
            ("", "The entity’s standard terms"),
            (NO_TERMS, "No terms: the owner decides"),
            *[(str(row.pk), f"{row.name} ({row.entity.name})") for row in terms],
        ]
        self.fields["campaign"].choices = [  # type: ignore[attr-defined]
            ("", "None, or not known"),
            *[(str(row.pk), f"{row.name} ({row.started_at:%-d %b %Y})") for row in campaigns],
        ]
        if not campaigns:
            self.drop("campaign")

    def drop(self, *names: str) -> None:
        """Leave out what is not to be changed any more."""
        for name in names:
            del self.fields[name]
