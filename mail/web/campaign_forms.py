"""Forms of campaigns and lists: they clean what a person typed and decide nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from core.money import MoneyError, format_minor, parse_minor

# What is asked beyond these is a slip of the finger; the columns would hold more.
MOST_RECIPIENTS = 1_000_000
MOST_MINUTES = 7 * 24 * 60
LONGEST_BODY = 100_000
LARGEST_FILE = 20_000_000

Choices = list[tuple[str, list[tuple[str, str]]]]


# What a field says of itself where Django would speak; `HouseForm` adds what is to be done about an empty one.
_WORDS = {
    "min_value": "At least %(limit_value)s.",
    "max_value": "At most %(limit_value)s.",
    "max_length": "At most %(limit_value)s characters; this has %(show_value)s.",
}
_INVALID = {
    forms.IntegerField: "Write a whole number, in figures.",
    forms.EmailField: "Write one mail address, like name@example.com.",
    forms.FileField: "Choose a file.",
}


class HouseForm(forms.Form):
    """A form whose refusals say in the words of the house what to do."""

    # What to do about each field that is empty and may not be.
    EMPTY: Mapping[str, str] = MappingProxyType({})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give each field its words."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.error_messages |= _WORDS
            for kind, sentence in _INVALID.items():
                if isinstance(field, kind):
                    field.error_messages["invalid"] = sentence
            if name in self.EMPTY:
                field.error_messages["required"] = self.EMPTY[name]
                if isinstance(field, forms.ChoiceField):
                    field.error_messages["invalid_choice"] = self.EMPTY[name]


class DollarsField(forms.CharField):
    """An amount of dollars as people write it, cleaned to whole cents; never below zero."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **kwargs: Any) -> None:
        """Take what every field takes."""
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> int | None:
        """Return cents, or None where the field is empty and may be."""
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = parse_minor(text)
        except MoneyError as error:
            raise forms.ValidationError(str(error), code="invalid") from error
        if minor < 0:
            raise forms.ValidationError(
                "This amount is below zero; write it without a sign.", code="negative"
            )
        return minor

    def prepare_value(self, value: Any) -> Any:
        """Show cents as an amount; text a person typed stays as typed."""
        return format_minor(value) if isinstance(value, int) else value


class CampaignForm(HouseForm):
    """What is sent, to whom, how carefully, and what the model says it earns."""

    name = forms.CharField(
        label="Name", max_length=120, help_text="What it is called in the portal. Its readers never see it."
    )
    audience = forms.ChoiceField(
        label="Who gets it",
        help_text="A whole list or one segment of it. Suppressed addresses are left out by themselves.",
    )
    subject = forms.CharField(label="Subject", max_length=200)
    from_name = forms.CharField(
        label="From",
        max_length=120,
        help_text="The name readers see. The address is the portal's own, so that it is signed.",
    )
    reply_to = forms.EmailField(
        label="Replies go to", required=False, help_text="Empty: to the address it comes from."
    )
    body = forms.CharField(
        label="Text",
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "true"}),
        help_text=(
            "In Markdown: # before a heading, **bold**, [words](https://…) for a link. "
            "{{ first_name }} and {{ name }} become the reader's own. Leave an empty line between paragraphs."
        ),
    )
    first_cohort = forms.IntegerField(
        label="First cohort",
        min_value=1,
        max_value=MOST_RECIPIENTS,
        initial=100,
        help_text="How many people get it first.",
    )
    wait_minutes = forms.IntegerField(
        label="Minutes to wait",
        min_value=0,
        max_value=MOST_MINUTES,
        initial=60,
        help_text="How long bounces and complaints of the first cohort are waited for before the rest goes.",
    )
    stop_complaints = forms.IntegerField(
        label="Complaints that stop it",
        min_value=1,
        max_value=1000,
        initial=2,
        help_text="At this many it pauses by itself and asks you.",
    )
    stop_bounce_percent = forms.IntegerField(
        label="Hard bounces that stop it, in percent",
        min_value=1,
        max_value=100,
        initial=2,
        help_text="Of those sent so far, and of the whole first cohort while fewer have gone.",
    )
    model_low = DollarsField(
        label="Income by the model, low", required=False, help_text="Of the whole campaign, in US dollars."
    )
    model_high = DollarsField(label="Income by the model, high", required=False)
    model_booking = DollarsField(
        label="One booking brings", required=False, help_text="In US dollars; for the bookings it needs."
    )

    EMPTY = MappingProxyType({
        "name": "Write a name.",
        "audience": "Choose a list.",
        "subject": "Write a subject.",
        "from_name": "Write whom it comes from.",
        "body": "Write the text.",
        "first_cohort": "Write how many get it first.",
        "wait_minutes": "Write how many minutes to wait.",
        "stop_complaints": "Write how many complaints stop it.",
        "stop_bounce_percent": "Write which share of hard bounces stops it.",
    })  # fmt: skip
    MAIL = ("name", "audience", "subject", "from_name", "reply_to", "body")
    CARE = ("first_cohort", "wait_minutes", "stop_complaints", "stop_bounce_percent")
    MODEL = ("model_low", "model_high", "model_booking")

    def __init__(self, *args: Any, audiences: Choices, **kwargs: Any) -> None:
        """Offer the lists there are, each with its segments."""
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = [("", "Choose a list"), *audiences]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse half a range, and one that is upside down."""
        data: dict[str, Any] = super().clean() or {}
        if "model_low" in data and "model_high" in data:
            low, high = data["model_low"], data["model_high"]
            if (low is None) != (high is None):
                missing = "model_low" if low is None else "model_high"
                self.add_error(missing, "The model has a low and a high figure; fill in both, or neither.")
            elif low is not None and high < low:
                self.add_error("model_high", "The high figure is below the low one; swap them.")
        return data

    def groups(self) -> list[dict[str, Any]]:
        """Return the fields in the order they are filled in, under headings."""
        return [
            {"title": title, "text": text, "name": name, "fields": [self[field] for field in names]}
            for name, title, text, names in (
                ("mail", "The mail", "", self.MAIL),
                (
                    "care",
                    "How carefully",
                    "A few get it first. If too many of them complain or bounce, it stops by itself and asks you.",
                    self.CARE,
                ),
                (
                    "model",
                    "What the model says",
                    "Results are shown against these figures. Leave them empty where there is no model.",
                    self.MODEL,
                ),
            )
        ]


class SendTestForm(HouseForm):
    """Where a test goes."""

    EMPTY = MappingProxyType({"address": "Write the address the test goes to."})

    address = forms.EmailField(
        label="Send a test to",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="One mail, marked as a test in its subject. Your list is not touched.",
    )


class CopyForm(forms.Form):
    """Whom a copy of a campaign is for."""

    leave_out = forms.BooleanField(label="Leave out those who got it", required=False, initial=True)

    def __init__(self, *args: Any, others: int, **kwargs: Any) -> None:
        """Say how many would be left."""
        super().__init__(*args, **kwargs)
        self.fields["leave_out"].help_text = (
            f"The copy goes to a new segment of the {others:,} on its list now who did not get it. "
            "Whoever joins the list later is not in it. Mail in doubt counts as got."
        )


class WhyForm(HouseForm):
    """Why something is stopped or goes on again, for those who read it later."""

    EMPTY = MappingProxyType({"why": "Write why, in one sentence."})

    why = forms.CharField(
        label="Why", max_length=300, help_text="One sentence; it is kept with the campaign."
    )

    def __init__(self, *args: Any, needed: bool = True, **kwargs: Any) -> None:
        """Ask for the reason, or let it be left out."""
        super().__init__(*args, **kwargs)
        self.fields["why"].required = needed


class ListForm(HouseForm):
    """What a list is called and for."""

    EMPTY = MappingProxyType({"name": "Write a name.", "purpose": "Write what subscribers get."})

    name = forms.CharField(label="Name", max_length=120)
    purpose = forms.CharField(
        label="Purpose",
        max_length=200,
        help_text="What subscribers get, in one sentence. They read it where they unsubscribe.",
    )


class SubscriberForm(HouseForm):
    """One address, with the consent it stands on."""

    EMPTY = MappingProxyType({"address": "Write an address.", "consent_source": "Write where they agreed."})

    address = forms.EmailField(label="Address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(
        label="Name", max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    consent_source = forms.CharField(
        label="Where they agreed",
        max_length=200,
        help_text="For example: Sign-up sheet at the harbor concert.",
    )
    consented_on = forms.DateField(
        label="When they agreed",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Leave it empty where nobody wrote it down.",
        error_messages={"invalid": "This is not a date; write it as 2026-11-10."},
    )
    segments = forms.CharField(
        label="Segments",
        max_length=500,
        required=False,
        help_text="Names with | between them; a new name makes a new segment.",
    )

    def clean_segments(self) -> list[str]:
        """Return the names apart."""
        return [name.strip() for name in self.cleaned_data["segments"].split("|") if name.strip()]


class ImportForm(HouseForm):
    """A file of subscribers, and what to do about rows that cannot be read."""

    EMPTY = MappingProxyType({"file": "Choose a file."})

    file = forms.FileField(
        label="File",
        max_length=200,
        help_text="A CSV file in UTF-8, up to 20 MB.",
        error_messages={"empty": "This file is empty. Choose the file that holds the subscribers."},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    skip_bad = forms.BooleanField(
        label="Leave out rows that cannot be read",
        required=False,
        help_text="Otherwise a file with one bad row is refused whole, and every bad row is named.",
    )

    def clean_file(self) -> UploadedFile:
        """Refuse a file beyond what is read."""
        given: UploadedFile = self.cleaned_data["file"]
        if given.size is not None and given.size > LARGEST_FILE:
            raise forms.ValidationError(
                "This file is larger than 20 MB; split it and import the parts one after the other."
            )
        return given


class SubscriberFilter(forms.Form):
    """Which subscribers of a list are shown; what makes no sense is ignored."""

    q = forms.CharField(label="Address or name", required=False, max_length=200)
    segment = forms.TypedChoiceField(label="Segment", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, segments: list[tuple[int, str]], **kwargs: Any) -> None:
        """Offer the segments of the list."""
        super().__init__(*args, **kwargs)
        self.fields["segment"].choices = [("", "Any segment"), *segments]  # type: ignore[attr-defined]
