"""Forms of links, codes and the dock: they take what a person typed and leave judging it to the domain."""

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from crew.models import Role

# Longer than anything one could mean; the domain says in words what a code looks like.
_LONGEST = 5000
_CODE = {
    "autocomplete": "one-time-code",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "inputmode": "text",
}


class _AnyText(forms.CharField):
    """A line of text in which nothing but its length is refused."""

    def __init__(self, **kwargs: Any) -> None:
        """Take whatever is typed, NULs too: the domain's sentence says more than a field's."""
        super().__init__(max_length=_LONGEST, **kwargs)
        self.validators = [
            check for check in self.validators if not isinstance(check, ProhibitNullCharactersValidator)
        ]

    def validate(self, value: Any) -> None:
        """Take an empty line as well; whether it may be empty is for the domain to say."""


class LinkCodeForm(forms.Form):
    """The short code of a link, and, after many wrong ones, the address it was sent to."""

    code = _AnyText(
        label="Code",
        help_text="Eight characters, for example WDJB-MJHT. Dashes and capitals do not matter.",
        widget=forms.TextInput(attrs={**_CODE, "autocomplete": "off"}),
        error_messages={
            "max_length": "That is too long for a code. A code is eight characters, for example WDJB-MJHT."
        },
    )
    email = _AnyText(label="Your mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def __init__(self, data: Any = None) -> None:
        """Ask for the code alone, and for the address where it was asked for before."""
        super().__init__(data)
        self.label_suffix = ""
        if not (data and "email" in data):
            self.fields["email"].widget = forms.HiddenInput(attrs={"disabled": True})

    def ask_for_email(self) -> None:
        """Show the field for the address."""
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "email"})


class StepCodeForm(forms.Form):
    """The code that was mailed for a device not known yet."""

    code = _AnyText(label="Code from the mail", widget=forms.TextInput(attrs=_CODE))


class BoardForm(forms.Form):
    """Who stands on the dock."""

    name = _AnyText(label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = _AnyText(
        label="Your mail address",
        help_text="What the trip needs of you goes there.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class InviteForm(forms.Form):
    """Somebody who is to have a role on an event."""

    email = _AnyText(label="Mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = _AnyText(
        label="Name",
        required=False,
        help_text="Where we do not know them yet.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label="Role")

    def __init__(self, data: Any = None, *, roles: list[Role]) -> None:
        """Offer the roles that whoever asks may give."""
        super().__init__(data)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        self.fields["role"].initial = Role.GUEST.value if Role.GUEST in roles else None
