"""Forms of channels: they clean what a person typed and decide nothing."""

from typing import Any

from django import forms

from core import months
from portfolio.domain.channel_rows import Plan, Seen, Spent
from portfolio.models import FunnelStep
from portfolio.web.forms import DayField, MoneyField

LARGEST = 1_000_000_000


class MonthField(forms.CharField):
    """A month, written as 2026-10."""

    def __init__(self, **kwargs: Any) -> None:
        """Take no more than a month needs."""
        super().__init__(max_length=7, help_text="As 2026-10.", **kwargs)

    def clean(self, value: Any) -> int:
        """Return the month as a whole number."""
        text = super().clean(value)
        try:
            month = months.parse(text)
        except months.MonthError as error:
            raise forms.ValidationError(
                "This is not a month; write it as 2026-10.", code="invalid"
            ) from error
        if not months.is_near(months.first_day(month)):
            raise forms.ValidationError("This month is too far away; check the year.", code="invalid")
        return month


class NewChannelForm(forms.Form):
    """A place bookings could come from."""

    name = forms.CharField(label="Name", max_length=80)
    marketplace = forms.BooleanField(
        label="A marketplace", required=False, initial=True, help_text="Not our own site or desk."
    )
    source = forms.CharField(label="Source", max_length=120, help_text="Who says so, or which paper.")


class ChannelPlanForm(forms.Form):
    """What is next for a channel, and what it is expected to bring."""

    next_step = forms.CharField(label="Next step", max_length=160, required=False)
    next_owner = forms.CharField(label="Who takes it", max_length=120, required=False)
    expected_minor = MoneyField(
        label="Expected a month",
        required=False,
        help_text="Before commission. Reports rank the next channels by it.",
    )
    expected_source = forms.CharField(
        label="Where the expectation comes from", max_length=120, required=False
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["expected_minor"].currency = currency  # type: ignore[attr-defined]

    def plan(self) -> Plan:
        """Return what was typed."""
        return Plan(**self.cleaned_data)


class GateForm(forms.Form):
    """Something that must be done before a channel can list us."""

    name = forms.CharField(label="Gate", max_length=120, help_text="For example: certificate of insurance")
    external = forms.BooleanField(label="Waits for a paper that somebody else issues", required=False)
    source = forms.CharField(label="Source", max_length=120)


class PassForm(forms.Form):
    """When a gate was passed, and what shows it."""

    on = DayField(label="Passed on")
    evidence = forms.CharField(
        label="What shows it", max_length=200, help_text="A paper, a number, a page: where one can look."
    )


class SeenForm(forms.Form):
    """How a channel shows us; empty is not looked up."""

    on = DayField(label="Looked up on")
    photos = forms.IntegerField(label="Photos", required=False, min_value=0, max_value=100_000)
    listed_minor = MoneyField(label="Price of one offer there", required=False)
    direct_minor = MoneyField(
        label="The same offer on our own site",
        required=False,
        help_text="Both prices together tell whether they agree.",
    )
    reviews = forms.IntegerField(label="Reviews", required=False, min_value=0, max_value=LARGEST)
    stars = forms.DecimalField(
        label="Stars",
        required=False,
        min_value=1,
        max_value=5,
        max_digits=3,
        decimal_places=2,
        help_text="The mean, as 4.87.",
    )
    calendar_synced = forms.NullBooleanField(
        label="Calendar connected",
        required=False,
        widget=forms.Select(choices=[("unknown", "Not looked up"), ("true", "Yes"), ("false", "No")]),
    )
    source = forms.CharField(label="Source", max_length=120)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the prices in the entity's currency."""
        super().__init__(*args, **kwargs)
        for name in ("listed_minor", "direct_minor"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]

    def seen(self) -> Seen:
        """Return what was typed."""
        data, stars = self.cleaned_data, self.cleaned_data["stars"]
        return Seen(
            photos=data["photos"],
            listed_minor=data["listed_minor"],
            direct_minor=data["direct_minor"],
            reviews=data["reviews"],
            rating_x100=None if stars is None else int(stars * 100),
            calendar_synced=data["calendar_synced"],
        )


class CountForm(forms.Form):
    """What a channel counted in a month; empty takes a count away."""

    month = MonthField(label="Month")
    source = forms.CharField(label="Source", max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for one count for each step."""
        super().__init__(*args, **kwargs)
        for step in FunnelStep:
            self.fields[step.value] = forms.IntegerField(
                label=step.label, required=False, min_value=0, max_value=LARGEST
            )
        self.order_fields(["month", *FunnelStep.values, "source"])

    def counts(self) -> dict[str, int | None]:
        """Return step to count, None where there is none."""
        return {step.value: self.cleaned_data[step.value] for step in FunnelStep}


class SpendForm(forms.Form):
    """What a channel cost in a month beside its commission."""

    month = MonthField(label="Month")
    spend_minor = MoneyField(label="Money spent", required=False)
    labour_minutes = forms.IntegerField(
        label="Minutes worked on it", required=False, min_value=0, max_value=100_000
    )
    labour_rate_minor = MoneyField(label="Worth an hour", required=False)
    source = forms.CharField(label="Source", max_length=120)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amounts in the entity's currency."""
        super().__init__(*args, **kwargs)
        for name in ("spend_minor", "labour_rate_minor"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]

    def spent(self) -> Spent:
        """Return what was typed; empty is nothing."""
        data = self.cleaned_data
        return Spent(data["spend_minor"] or 0, data["labour_minutes"] or 0, data["labour_rate_minor"] or 0)


class CommissionForm(forms.Form):
    """What a channel keeps of the price, from a day on."""

    effective_on = DayField(label="From")
    rate = forms.DecimalField(
        label="Per cent of the price", min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    source = forms.CharField(label="Source", max_length=120)
