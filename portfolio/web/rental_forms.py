"""Forms of the rental's pages: they clean what a person typed and decide nothing."""

from typing import Any

from django import forms

from portfolio.models import BlockReason, Entity, ExpiryKind, MaintenanceTicket, TicketPriority, TicketState
from portfolio.web.forms import DayField, MoneyField


class TicketForm(forms.Form):
    """Something to be mended."""

    what = forms.CharField(label="What is to be mended", max_length=160)
    priority = forms.ChoiceField(
        label="Priority",
        choices=TicketPriority.choices,
        help_text="An emergency keeps guests away; urgent is what they would complain of.",
    )
    on = DayField(label="Seen on")


class MoveTicketForm(forms.Form):
    """The next step of a repair, and what belongs to it."""

    to = forms.ChoiceField(label="New state")
    on = DayField(label="On")
    amount = MoneyField(
        label="Amount",
        required=False,
        help_text="The quote, or what it cost in the end; empty for the other steps.",
    )
    scheduled_for = DayField(
        label="Arranged for", required=False, help_text="The day of the repair; only where it is scheduled."
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], entity: Entity, **kwargs: Any) -> None:
        """Offer only the steps that are legal from here, and read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        self.fields["amount"].currency = entity.currency  # type: ignore[attr-defined]


class BlockForm(forms.Form):
    """Nights out of sale, the first and the last included."""

    first_on = DayField(label="First night")
    last_on = DayField(label="Last night", help_text="This night is blocked too.")
    reason = forms.ChoiceField(label="Why", choices=BlockReason.choices)
    ticket = forms.ChoiceField(label="For the repair", required=False)
    note = forms.CharField(label="Note", max_length=160, required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Offer the repairs that are open."""
        super().__init__(*args, **kwargs)
        rows = MaintenanceTicket.objects.filter(entity=entity).exclude(state=TicketState.DONE)
        self.tickets = {str(row.pk): row for row in rows.order_by("reported_on", "id")}
        self.fields["ticket"].choices = [  # type: ignore[attr-defined]
            ("", "No repair"), *((pk, str(row)) for pk, row in self.tickets.items()),
        ]  # fmt: skip


class RateForm(forms.Form):
    """What a night is offered at."""

    first_on = DayField(label="First night")
    last_on = DayField(label="Last night", help_text="This night is offered at it too.")
    night = MoneyField(label="Rate of a night")
    source = forms.CharField(label="Source", max_length=120, help_text="Who set it, and when.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Read the rate in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["night"].currency = entity.currency  # type: ignore[attr-defined]


class PaperForm(forms.Form):
    """A paper and the last day it is good for."""

    name = forms.CharField(label="Paper", max_length=120)
    kind = forms.ChoiceField(label="Kind", choices=ExpiryKind.choices)
    expires_on = DayField(label="Good until", help_text="The last day it is good for.")


class RenewForm(forms.Form):
    """Until when a paper is good now."""

    expires_on = DayField(label="Good until", help_text="The last day it is good for.")


class NightsForm(forms.Form):
    """When guests arrive and leave."""

    check_in = DayField(label="Arrival")
    check_out = DayField(label="Departure", help_text="The night of this day is not theirs.")


class StayForm(NightsForm):
    """A stay that was booked."""

    channel_name = forms.CharField(
        label="Booked through",
        max_length=80,
        required=False,
        help_text="Empty where the guest came directly.",
    )
    guest = forms.CharField(label="Guest", max_length=120, required=False)
    guests = forms.IntegerField(label="How many come", min_value=0, max_value=1_000, required=False)
    price = MoneyField(label="Price", help_text="What the guest pays in all.")
    fee = MoneyField(label="Channel’s fee", required=False, help_text="What the channel keeps of the price.")
    cleaning = MoneyField(label="Cleaning", required=False, help_text="What the turnover will cost.")
    booked_on = DayField(label="Booked on")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Read the amounts in the entity's currency."""
        super().__init__(*args, **kwargs)
        for name in ("price", "fee", "cleaning"):
            self.fields[name].currency = entity.currency  # type: ignore[attr-defined]
