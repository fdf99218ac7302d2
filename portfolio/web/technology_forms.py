"""Forms of the technology's pages. What is typed is masked first, so that nothing a form shows again holds a secret."""

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict

from core import clock, months
from portfolio.domain.technology.findings import Seen
from portfolio.domain.technology.masking import mask
from portfolio.domain.technology.names import LONGEST_SECONDS, TYPES
from portfolio.models import (
    DeploymentOutcome,
    Entity,
    Exposure,
    MeasureName,
    SystemKind,
    TechFindingKind,
    TechSystem,
)
from portfolio.web.forms import DayField, MoneyField

MOST = 2**62
_KNOWN = (("", "Not known"), ("yes", "Yes"), ("no", "No"))


class MaskedForm(forms.Form):
    """A form that never sees a secret: its data is masked when it comes in."""

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        """Take what was typed, masked."""
        if data is not None:
            masked = data.copy()
            for name, values in data.lists():
                masked.setlist(name, [mask(value) if isinstance(value, str) else value for value in values])
            data = masked
        super().__init__(data, **kwargs)


class MomentField(forms.DateTimeField):
    """A moment in the portfolio's zone, picked or typed as 2026-11-10 09:30."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    default_error_messages = {"invalid": "This is not a day and a time; write it as 2026-11-10 09:30."}

    def __init__(self, **kwargs: Any) -> None:
        """Accept the ways in which browsers and people write it."""
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def to_python(self, value: Any) -> dt.datetime | None:
        """Return the instant; refuse those that no record of ours can bear."""
        try:
            moment = super().to_python(value)
        except OverflowError:
            moment = dt.datetime.max.replace(tzinfo=dt.UTC)
        if moment is None:
            return None
        if not months.is_near(moment.date()):
            raise forms.ValidationError("This moment is too far away; check the year.", code="invalid")
        return moment.replace(tzinfo=None).replace(tzinfo=clock.zone())


class FindingForm(MaskedForm):
    """What was found, how grave it is, and what puts it right."""

    title = forms.CharField(label="What was found", max_length=200)
    kind = forms.ChoiceField(label="About", choices=TechFindingKind.choices)
    system = forms.ModelChoiceField(
        label="System",
        queryset=TechSystem.objects.none(),
        required=False,
        empty_label="No system in particular",
    )
    severity = forms.TypedChoiceField(
        label="Severity", coerce=int, choices=((4, "Critical"), (3, "High"), (2, "Medium"), (1, "Low"))
    )
    exposure = forms.TypedChoiceField(
        label="Reached by", coerce=int, choices=((2, "Anybody on the internet"), (1, "Only our own"))
    )
    effort = forms.TypedChoiceField(
        label="Effort", coerce=int, choices=((1, "1: hours"), (2, "2: days"), (3, "3: weeks"))
    )
    evidence = forms.CharField(
        label="Evidence", max_length=250, required=False,
        help_text="Where it stands and what shows it, without the secret itself.",
    )  # fmt: skip
    remedy = forms.CharField(label="What puts it right", max_length=200, required=False)
    seen_on = DayField(label="Seen on")

    def __init__(self, data: QueryDict | None = None, *, entity: Entity, **kwargs: Any) -> None:
        """Offer the entity's systems."""
        super().__init__(data, **kwargs)
        field: Any = self.fields["system"]
        field.queryset = TechSystem.objects.filter(entity=entity)


def seen(said: dict[str, Any], *, key: str, source: str = "") -> Seen:
    """Return what a cleaned form says was seen."""
    return Seen(
        key=key, kind=TechFindingKind(said["kind"]), title=said["title"], severity=said["severity"],
        exposure=said["exposure"], effort=said["effort"], evidence=said["evidence"], remedy=said["remedy"],
        system=said["system"], source=source,
    )  # fmt: skip


class FixForm(MaskedForm):
    """The day it was put right."""

    fixed_on = DayField(label="Fixed on")


class MuteForm(MaskedForm):
    """Until when it is set aside, and why."""

    until = DayField(label="Until", help_text="On this day it counts again.")
    reason = forms.CharField(label="Why", max_length=200)


class SystemForm(MaskedForm):
    """A system."""

    name = forms.CharField(label="Name", max_length=120)
    kind = forms.ChoiceField(label="Kind", choices=SystemKind.choices)
    exposure = forms.ChoiceField(label="Reached by", choices=Exposure.choices)
    supported_until = DayField(
        label="Supported until",
        required=False,
        help_text="The last day on which its runtime is mended, if it ends.",
    )


class CostForm(MaskedForm):
    """What a service cost in a month."""

    month = forms.CharField(label="Month", max_length=7, help_text="As 2026-11")
    service = forms.CharField(label="Service", max_length=60)
    amount = MoneyField(label="Cost")
    forecast = MoneyField(label="The whole month, as expected", required=False)
    saveable = MoneyField(label="Of it could be saved a month", required=False)
    saving = forms.CharField(label="What would save it", max_length=160, required=False)
    covers_on = DayField(label="Known up to")

    def __init__(self, data: QueryDict | None = None, *, currency: str, **kwargs: Any) -> None:
        """Take the currency of the entity's books."""
        super().__init__(data, **kwargs)
        for name in ("amount", "forecast", "saveable"):
            field: Any = self.fields[name]
            field.currency = currency

    def clean_month(self) -> months.Month:
        """Return the month."""
        try:
            return months.parse(self.cleaned_data["month"])
        except ValueError as error:
            raise forms.ValidationError("This is not a month; write it as 2026-11.") from error


class MeasureForm(MaskedForm):
    """What was measured of a system on a day."""

    system = forms.ModelChoiceField(label="System", queryset=TechSystem.objects.none())
    on = DayField(label="Day")
    name = forms.ChoiceField(label="Measure", choices=MeasureName.choices)
    value = forms.IntegerField(label="Value", min_value=0, max_value=MOST)

    def __init__(self, data: QueryDict | None = None, *, entity: Entity, **kwargs: Any) -> None:
        """Offer the entity's systems."""
        super().__init__(data, **kwargs)
        field: Any = self.fields["system"]
        field.queryset = TechSystem.objects.filter(entity=entity).select_related("entity")


class RestoreForm(MaskedForm):
    """When a release that failed was made good."""

    restored_at = MomentField(label="Made good at")


class DeploymentForm(MaskedForm):
    """A release."""

    released_at = MomentField(label="When")
    what = forms.CharField(label="What", max_length=120, help_text="For example: frontend")
    change = forms.CharField(label="Change", max_length=160, required=False)
    outcome = forms.ChoiceField(label="Outcome", choices=DeploymentOutcome.choices)
    restored_at = MomentField(label="Made good at, if it failed", required=False)


class DomainForm(MaskedForm):
    """A domain name."""

    name = forms.CharField(label="Domain", max_length=253)
    expires_on = DayField(label="Runs out on", required=False)
    certificate_expires_on = DayField(label="Its certificate runs out on", required=False)
    spf = forms.TypedChoiceField(
        label="SPF", choices=_KNOWN, required=False, coerce=lambda word: word == "yes", empty_value=None
    )
    dkim = forms.TypedChoiceField(
        label="DKIM", choices=_KNOWN, required=False, coerce=lambda word: word == "yes", empty_value=None
    )
    dmarc = forms.TypedChoiceField(
        label="DMARC", choices=_KNOWN, required=False, coerce=lambda word: word == "yes", empty_value=None
    )


class RecordForm(MaskedForm):
    """A DNS record."""

    zone = forms.CharField(label="Zone", max_length=253, help_text="For example: example.com")
    name = forms.CharField(label="Name", max_length=253, help_text="For example: www.example.com")
    type = forms.ChoiceField(label="Type", choices=[(word, word) for word in TYPES])
    ttl = forms.IntegerField(label="Kept for, seconds", min_value=0, max_value=LONGEST_SECONDS)
    value = forms.CharField(label="Points at", max_length=500)
    dangling = forms.BooleanField(label="It points at nothing of ours any more", required=False)


class CacheForm(MaskedForm):
    """For how long a place says that a path is kept."""

    path = forms.CharField(label="Path", max_length=250, help_text="For example: index.html")
    seconds = forms.IntegerField(label="Kept for, seconds", min_value=0, max_value=LONGEST_SECONDS)
    said_by = forms.CharField(
        label="Said by", max_length=120, help_text="For example: the object’s own header"
    )
