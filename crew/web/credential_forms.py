"""Forms of papers: they clean what a person typed and decide nothing."""

from typing import Any

from django import forms

from crew.domain.credentials import LONGEST_NUMBER
from crew.domain.papers import WINDOWS
from crew.models import CredentialKind, Person
from portfolio.web.forms import DayField


class CredentialForm(forms.Form):
    """What a paper says, and a picture of it."""

    kind = forms.ChoiceField(label="Paper", choices=[("", "Choose one"), *CredentialKind.choices])
    number = forms.CharField(label="Number", required=False, max_length=LONGEST_NUMBER)
    issued_on = DayField(label="Issued on", required=False)
    expires_on = DayField(
        label="Valid to", required=False, help_text="The last day it is valid; empty if it does not expire."
    )
    file = forms.FileField(
        label="Scan or photo",
        required=False,
        help_text="PDF, JPEG or PNG, at most 10 MB. Only you and the office see it.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"}),
    )


class PersonCredentialForm(CredentialForm):
    """The same, for somebody the office keeps papers of."""

    person = forms.ChoiceField(label="Whose")
    field_order = ("person", "kind")

    def __init__(self, *args: Any, people: list[Person], **kwargs: Any) -> None:
        """Offer the people who work for this person's entities."""
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            ("", "Choose somebody"),
            *((str(person.pk), str(person)) for person in people),
        ]


class CredentialFilter(forms.Form):
    """What the list is narrowed to; anything that cannot be is ignored."""

    q = forms.CharField(label="Search", required=False, max_length=80)
    within = forms.ChoiceField(
        required=False, choices=[("", ""), ("expired", ""), *((str(days), "") for days in WINDOWS)]
    )

    def value(self, name: str) -> str:
        """Return what was asked for, or nothing where it was odd."""
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))
