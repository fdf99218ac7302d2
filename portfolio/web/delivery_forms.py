"""Forms of deliveries: they clean what a person typed and decide nothing."""

import re
from typing import Any

from django import forms

from portfolio.models import Booking, CostKind, GateKind, IncidentSeverity, JobRole
from portfolio.web.forms import DayField, MoneyField

_MILES = re.compile(r"[0-9]{1,5}(?:\.[0-9])?", re.ASCII)
MOST_DAYS = 400


class TenthsField(forms.CharField):
    """A quantity with one decimal at most, cleaned to tenths."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 8})

    def clean(self, value: Any) -> int | None:
        """Return tenths, or None where the field is empty and may be."""
        text = str(super().clean(value)).strip().replace(",", "")
        if not text:
            return None
        if not _MILES.fullmatch(text):
            raise forms.ValidationError("Write it as 502 or 67.5, with one decimal at most.", code="invalid")
        whole, _, rest = text.partition(".")
        return int(whole) * 10 + int(rest or 0)

    def prepare_value(self, value: Any) -> Any:
        """Show tenths as a quantity; text a person typed stays as typed."""
        if isinstance(value, int):
            return f"{value // 10}.{value % 10}".removesuffix(".0")
        return value


class JobForm(forms.Form):
    """What is agreed about a passage."""

    booking = forms.ChoiceField(
        label="Booking", error_messages={"invalid_choice": "Choose one of the bookings offered."}
    )
    vessel = forms.CharField(label="Vessel", max_length=80, help_text="As people call it: 47 ft ketch.")
    from_place = forms.CharField(label="From", max_length=80)
    to_place = forms.CharField(label="To", max_length=80)
    miles_tenths = TenthsField(label="Nautical miles", required=False)
    promised_on = DayField(
        label="Promised for", required=False, help_text="The day the client expects arrival."
    )
    estimated_days = forms.IntegerField(
        label="Estimated days", required=False, min_value=1, max_value=MOST_DAYS
    )
    weather_days = forms.IntegerField(label="Days lost to weather", min_value=0, max_value=MOST_DAYS)

    def __init__(self, *args: Any, bookings: list[Booking] | None = None, **kwargs: Any) -> None:
        """Offer bookings without a job; None where a job has its booking, and may have lost days."""
        super().__init__(*args, **kwargs)
        if bookings is None:
            del self.fields["booking"]
        else:
            del self.fields["weather_days"]
            self.fields["booking"].choices = [(str(row.pk), str(row)) for row in bookings]  # type: ignore[attr-defined]


class MoveJobForm(forms.Form):
    """Where a job goes, and on which day it came there."""

    to = forms.ChoiceField(label="Move to")
    on = DayField(label="On")
    actual_days = forms.IntegerField(
        label="Days the passage took", required=False, min_value=1, max_value=MOST_DAYS,
        help_text="For an arrival; empty counts from the day it left.",
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer only the moves that are legal from here."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        if "arrived" not in dict(choices):
            del self.fields["actual_days"]


class StepBackForm(forms.Form):
    """Why a job goes back a step."""

    reason = forms.CharField(label="Reason", max_length=250)


class RatingForm(forms.Form):
    """What a client gave a job."""

    rating = forms.IntegerField(
        label="Rating", min_value=0, max_value=10, help_text="0 to 10, as the client said."
    )
    on = DayField(label="On")


class GateForm(forms.Form):
    """Another thing that must be ready."""

    kind = forms.ChoiceField(label="Kind", choices=GateKind.choices)
    name = forms.CharField(label="What", max_length=120)


class GateDayForm(forms.Form):
    """The day something was found ready."""

    on = DayField(label="Ready on")


class AboardForm(forms.Form):
    """Who sails, as what, and for how many days."""

    role = forms.ChoiceField(label="As", choices=JobRole.choices)
    who = forms.CharField(label="Who", max_length=120)
    days = TenthsField(
        label="Days", help_text="Days worked, with one decimal at most; 0 until they are known."
    )


class IncidentForm(forms.Form):
    """Something that went wrong."""

    on = DayField(label="On")
    severity = forms.ChoiceField(label="Severity", choices=IncidentSeverity.choices)
    what = forms.CharField(label="What happened", max_length=200)


class EstimateForm(forms.Form):
    """What a job is to cost of one kind, and whether the client pays it."""

    kind = forms.ChoiceField(label="Kind", choices=CostKind.choices)
    amount = MoneyField(label="Estimate")
    rebillable = forms.BooleanField(label="The client pays it at cost", required=False)
    recovered = MoneyField(label="Recovered so far", required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read amounts in the entity's currency."""
        super().__init__(*args, **kwargs)
        for name in ("amount", "recovered"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]
