"""What owners type when they set up a trigger, cleaned. The rules themselves are `reports.domain.events`."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from portfolio.domain import queries as portfolio
from portfolio.models import Entity
from reports.domain import catalogue, events, queries, runs
from reports.models import EventKind, EventTrigger, LeastSeverity, Report
from reports.web.forms import WHOLE, whole_or_one

ANYWHERE = "anywhere"
RECIPIENTS, NOBODY, THESE = "recipients", "nobody", "these"


class TriggerForm(forms.Form):
    """A trigger: what happens where, which report it asks for, about whom, for whom, and how often at most."""

    report = forms.ModelChoiceField(queries.reports(), to_field_name="slug", empty_label=None)
    name = forms.CharField(
        max_length=60, help_text="What it is called here, for example When a month is closed."
    )
    kind = forms.ChoiceField(label="When", choices=EventKind.choices)
    entity = forms.ChoiceField(label="Where it happens")
    min_severity = forms.ChoiceField(
        label="How severe a finding",
        choices=LeastSeverity.choices,
        help_text="Of findings alone. One counts when an edition of another report sees it for the first time, sees it again "
        "after it had cleared, or finds it grown so severe.",
    )
    about = forms.ChoiceField(label="The report is about")
    send = forms.ChoiceField(
        label="Send it to",
        widget=forms.RadioSelect,
        choices=[
            (RECIPIENTS, "Its recipients"),
            (NOBODY, "Nobody: the edition is kept for the portal"),
            (THESE, "These addresses alone"),
        ],
    )
    addresses = forms.CharField(
        label="Addresses",
        required=False,
        max_length=2_000,
        help_text="With commas between, for example a@example.com, b@example.com.",
    )
    min_gap_minutes = forms.IntegerField(
        label="Minutes between two runs at least",
        min_value=events.SHORTEST_GAP,
        max_value=events.LONGEST_GAP,
        error_messages=dict.fromkeys(("min_value", "max_value"), events.GAP_REFUSED),
        help_text="What happens in between is answered by one run when they are over.",
    )

    def __init__(self, data: Any = None, *, trigger: EventTrigger | None = None, report: str = "") -> None:
        """Begin with what the trigger says, or for a new one with the report of a slug."""
        super().__init__(data, initial=_initial(trigger, report))
        everywhere = [*portfolio.entities()]
        entity = trigger.entity if trigger is not None else None
        about = trigger.about if trigger is not None else None
        _choose(self.fields["entity"], [(ANYWHERE, "Anywhere"), *_and(everywhere, entity)])
        _choose(
            self.fields["about"],
            whole_or_one(everywhere, report=None if trigger is None else trigger.report, kept=about),
        )
        if trigger is not None:
            del self.fields["report"]
        self.known = trigger

    def clean_kind(self) -> EventKind:
        """Return the kind."""
        return EventKind(self.cleaned_data["kind"])

    def clean_entity(self) -> Entity | None:
        """Return the entity it is to happen at; None is any."""
        slug = self.cleaned_data["entity"]
        return None if slug == ANYWHERE else Entity.objects.get(slug=slug)

    def clean_about(self) -> Entity | None:
        """Return the entity the report is to be about; None is the whole portfolio."""
        slug = self.cleaned_data["about"]
        return None if slug == WHOLE else Entity.objects.get(slug=slug)

    def clean(self) -> dict[str, Any]:
        """Refuse an entity that the report does not look at, and addresses that are none."""
        cleaned = super().clean() or {}
        report = self.known.report if self.known is not None else cleaned.get("report")
        if isinstance(report, Report) and "about" in cleaned:
            try:
                catalogue.check(report=report, entity=cleaned["about"])
            except catalogue.UnfitEntityError as error:
                self.add_error("about", str(error))
        send, addresses = cleaned.pop("send", None), cleaned.pop("addresses", "")
        cleaned["send_to"] = {NOBODY: []}.get(str(send))
        if send == THESE:
            try:
                cleaned["send_to"] = runs.read_addresses(addresses)
            except runs.AddressError as error:
                self.add_error("addresses", str(error))
        return cleaned


def _initial(trigger: EventTrigger | None, report: str) -> dict[str, Any]:
    if trigger is None:
        return {"report": report, "min_gap_minutes": 60, "send": RECIPIENTS}
    return {
        "name": trigger.name,
        "kind": trigger.kind,
        "entity": trigger.entity.slug if trigger.entity else ANYWHERE,
        "min_severity": trigger.min_severity or LeastSeverity.HIGH.value,
        "about": trigger.about.slug if trigger.about else WHOLE,
        "send": RECIPIENTS if trigger.send_to is None else THESE if trigger.send_to else NOBODY,
        "addresses": ", ".join(trigger.send_to or []),
        "min_gap_minutes": trigger.min_gap_minutes,
    }


def _and(rows: Iterable[Any], kept: Entity | None) -> list[tuple[str, str]]:
    choices = [(row.slug, row.name) for row in rows]
    if kept is not None and kept.slug not in dict(choices):
        choices.append((kept.slug, f"{kept.name} (archived)"))
    return choices


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    cast(forms.ChoiceField, field).choices = choices
