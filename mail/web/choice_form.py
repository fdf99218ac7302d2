"""What a reader may choose about campaigns: on the page behind a mail's address, and on their own page."""

from dataclasses import dataclass

from django import forms

from mail.models import Scope

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """One choice: ``on`` lets the campaigns come again, of a list or (``list_id`` None) all."""

    on: bool
    list_id: int | None
    confirmed: bool

    @property
    def scope(self) -> Scope:
        """Return what it is about."""
        return Scope.COMMERCIAL if self.list_id is None else Scope.LIST


class ChoiceForm(forms.Form):
    """``turn`` is on or off, ``list`` a list's id; without one it is about all campaigns."""

    turn = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])
    list = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    confirmed = forms.BooleanField(required=False)

    def choice(self) -> Asked:
        """Return what was asked; only of a valid form."""
        given = self.cleaned_data
        return Asked(given["turn"] == "on", given["list"], given["confirmed"])
