"""What the mailbox list may be asked."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from core import clock
from mail.domain import compose, doubts
from mail.domain.decisions import Verdict
from mail.domain.queries import Question
from mail.models import Campaign, Kind, State

# One page of the queue; more is nobody's choice.
MOST_CHOSEN = doubts.PAGE
LARGEST_ID = 2**63 - 1
# Days no mail of ours was written on; beyond them a calendar has no instants in every zone.
_FIRST_DAY, _LAST_DAY = dt.date(2000, 1, 1), dt.date(2199, 12, 31)


def composer_label(name: str) -> str:
    """Return a composer's name as people read it: ``crew.link`` is Crew: link."""
    app, _, what = name.partition(".")
    return f"{app.capitalize()}: {what.replace('_', ' ')}"


def _composers() -> list[tuple[str, str]]:
    return [("", "Anything"), *((name, composer_label(name)) for name in compose.names())]


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)],
    )


class MailboxForm(forms.Form):
    """Search words, filters, and the place to read on from."""

    q = forms.CharField(label="Address or subject", required=False, max_length=200)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any state"), *State.choices])
    kind = forms.TypedChoiceField(
        label="Kind",
        required=False,
        choices=[("", "Any kind"), *Kind.choices],
        coerce=int,
        empty_value=None,
    )
    campaign = forms.ModelChoiceField(
        label="Campaign", required=False, queryset=Campaign.objects.order_by("-id"), empty_label="Any or none"
    )
    composer = forms.ChoiceField(label="What it is", required=False, choices=_composers)
    since = _day("Written from")
    until = _day("Written through")
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        asked = super().clean() or {}
        since, until = asked.get("since"), asked.get("until")
        if since and until and since > until:
            self.add_error("until", "This is before the first day; no mail can be between them.")
        return asked

    def question(self) -> Question:
        """Return what was asked, days as instants of the portfolio's zone."""
        asked = self.cleaned_data
        since, until = asked["since"], asked["until"]
        return Question(
            search=asked["q"],
            state=asked["state"],
            kind=asked["kind"],
            campaign=asked["campaign"],
            composer=asked["composer"],
            since=clock.end_of(since - dt.timedelta(days=1)) if since else None,
            until=clock.end_of(until) if until else None,
            before=asked["before"],
        )

    def kept(self) -> dict[str, str]:
        """Return what to keep in a link to another page: everything asked but the place."""
        return {
            name: value
            for name in self.fields
            if name != "before" and (value := str(self.data.get(name, "")).strip())
        }


class QueueForm(forms.Form):
    """Where to read the queue of mail in doubt on from."""

    after = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)


class _Chosen(forms.Field):
    """Boxes ticked beside messages, each the public id of one."""

    widget = forms.SelectMultiple

    def to_python(self, value: list[str] | None) -> list[uuid.UUID]:
        """Return the ids.

        Raises:
            ValidationError: one of them is none.
        """
        try:
            return [uuid.UUID(one) for one in value or ()]
        except ValueError as error:
            raise forms.ValidationError("One of the boxes names no message. Choose again.") from error

    def validate(self, value: list[uuid.UUID]) -> None:
        """Refuse none and too many; whether each is in doubt still is looked at when it is decided."""
        if not value:
            raise forms.ValidationError(
                "No message was chosen. Tick those you know about, then press the button."
            )
        if len(value) > MOST_CHOSEN:
            raise forms.ValidationError(f"At most {MOST_CHOSEN} messages are decided about at once.")


class DoubtForm(forms.Form):
    """Which messages in doubt, and what is known about them."""

    message = _Chosen(required=False)
    verdict = forms.TypedChoiceField(
        choices=[(one.value, one.value) for one in Verdict],
        coerce=Verdict,
        error_messages={
            "required": "Press one of the two buttons.",
            "invalid_choice": "Press one of the two buttons.",
        },
    )

    def sentence(self) -> str:
        """Return what is wrong."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)
