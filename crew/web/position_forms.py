"""Forms of a position's page: they clean what a person typed and decide nothing."""

from typing import Any

from django import forms

from crew.domain.position_steps import LONGEST_REASON
from portfolio.web.forms import MoneyField

NOBODY = "nobody"


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Reason", max_length=LONGEST_REASON)


class DesignateForm(forms.Form):
    """Who is to work it."""

    person = forms.ChoiceField(label="Who")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the people who work for the event's entity."""
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", "Choose somebody"), *people]  # type: ignore[attr-defined]


class OverrideForm(DesignateForm):
    """Who is to have it in spite of the rules, why, and whether they are told."""

    reason = forms.CharField(
        label="Reason", max_length=LONGEST_REASON, help_text="It stays in the event's history."
    )
    silent = forms.BooleanField(
        label="Tell nobody", required=False, help_text="The history records it all the same."
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer nobody too, which empties the position."""
        super().__init__(*args, people=[(NOBODY, "Nobody: empty the position"), *people], **kwargs)


class RateForm(forms.Form):
    """What it pays."""

    rate = MoneyField(label="Rate", help_text="For the whole event.")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the rate in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["rate"].currency = currency  # type: ignore[attr-defined]
