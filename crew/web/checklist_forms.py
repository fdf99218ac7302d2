"""Forms of the checklist and of maintenance: they clean what a person typed and decide nothing."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms

from crew.domain import evidence
from crew.domain.checklists import LONGEST_REASON, Proof
from crew.domain.evidence import EvidenceRefusedError
from crew.domain.maintenance import LONGEST_NOTE, LONGEST_RESOLUTION, LONGEST_TITLE
from crew.models import ChecklistItem, Evidence, Person, Vessel

# A wet thumb chooses sooner than it types a time.
REVIEWS = (
    ("15", "in 15 minutes"),
    ("30", "in 30 minutes"),
    ("60", "in an hour"),
    ("240", "in 4 hours"),
    ("1440", "tomorrow"),
)


class EvidenceForm(forms.Form):
    """The one field that an item's evidence needs; none for a tick."""

    def __init__(self, *args: Any, item: ChecklistItem, **kwargs: Any) -> None:
        """Take the item that asks for it."""
        super().__init__(*args, **kwargs)
        if item.evidence == Evidence.NUMBER:
            limits = evidence.limits_words(item)
            self.fields["number"] = forms.CharField(
                label=f"Number in {item.unit}" if item.unit else "Number",
                max_length=40,
                help_text=f"Within limits: {limits}." if limits else "",
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                error_messages={"required": "Write down the number you read."},
            )
        elif item.evidence == Evidence.TEXT:
            self.fields["text"] = forms.CharField(
                label="What you found",
                max_length=evidence.LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 3}),
                error_messages={"required": "Write down what you found."},
            )
        elif item.evidence == Evidence.PHOTO:
            self.fields["photo"] = forms.FileField(
                label="Photo",
                allow_empty_file=True,
                max_length=255,
                help_text="JPEG, PNG or WebP, at most 15 MB. Where and by which phone it was taken is removed.",
                widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
                error_messages={"required": "Take a photo of it."},
            )

    def clean_number(self) -> Any:
        """Read the number strictly."""
        try:
            return evidence.number(self.cleaned_data["number"])
        except EvidenceRefusedError as error:
            raise forms.ValidationError(str(error), code="invalid") from error

    def clean_photo(self) -> bytes:
        """Draw the photo anew."""
        upload = self.cleaned_data["photo"]
        try:
            return evidence.photo(upload, size=upload.size)
        except EvidenceRefusedError as error:
            raise forms.ValidationError(str(error), code="invalid") from error

    def proof(self) -> Proof:
        """Return what was found."""
        data = self.cleaned_data
        return Proof(number=data.get("number"), text=data.get("text", ""), photo=data.get("photo"))


class HoldForm(forms.Form):
    """Why an item waits, who sees to it, and when somebody looks again."""

    reason = forms.CharField(label="Why it is on hold", max_length=LONGEST_REASON)
    owner = forms.ChoiceField(label="Who sees to it")
    review = forms.ChoiceField(label="Look at it again", choices=REVIEWS, initial="30")

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        """Offer those who work the event."""
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [(str(person.pk), str(person)) for person in people]  # type: ignore[attr-defined]


class MendingForm(forms.Form):
    """What needs mending on which vessel."""

    vessel = forms.TypedChoiceField(
        label="Vessel", coerce=int, empty_value=None, error_messages={"required": "Choose the vessel."}
    )
    title = forms.CharField(
        label="What needs mending",
        max_length=LONGEST_TITLE,
        error_messages={"required": "Say in a few words what needs mending."},
    )
    note = forms.CharField(
        label="What you saw, and where",
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, vessels: Sequence[Vessel], **kwargs: Any) -> None:
        """Offer the vessels this person may write it down for."""
        super().__init__(*args, **kwargs)
        choices = [(str(vessel.pk), str(vessel)) for vessel in vessels]
        # One vessel is no choice.
        self.fields["vessel"].choices = choices if len(choices) == 1 else [("", "Choose"), *choices]  # type: ignore[attr-defined]


class ResolutionForm(forms.Form):
    """What was done about something that needed mending."""

    resolution = forms.CharField(
        label="What was done",
        max_length=LONGEST_RESOLUTION,
        error_messages={"required": "Say what was done about it."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ComparisonFilter(forms.Form):
    """What the comparison is narrowed to; anything that cannot be is ignored."""

    entity = forms.ChoiceField(label="Entity", required=False)
    checklist = forms.ChoiceField(label="Checklist", required=False)
    first = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(
        self,
        *args: Any,
        entities: Sequence[tuple[str, str]],
        checklists: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        """Offer what this person may see."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [("", "Every entity"), *entities]  # type: ignore[attr-defined]
        self.fields["checklist"].choices = [("", "Every checklist"), *checklists]  # type: ignore[attr-defined]
        self.is_valid()

    def value(self, name: str) -> str:
        """Return what was chosen, or nothing where it was odd."""
        return str(self.cleaned_data.get(name) or "")

    def day(self, name: str) -> dt.date | None:
        """Return a day, or none where it was odd or further away than any event is."""
        found: dt.date | None = self.cleaned_data.get(name)
        return found if found is not None and 2000 <= found.year <= 2200 else None
