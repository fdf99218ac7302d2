"""What people type into the reports' pages, cleaned. The rules themselves are the domain's."""

import datetime as dt
from typing import Any, cast

from django import forms

from core import access, clock
from core.clock import UnknownZoneError
from crew.models import Person
from portfolio.domain import queries as portfolio
from portfolio.models import Entity
from reports import prose
from reports.domain import catalogue, commentary, held, muting, queries, runs, schedule
from reports.models import Hold, Report

# No entity has this slug; an empty choice would read as optional.
WHOLE = "portfolio"
# No section has this anchor: it is the headline's own in every edition.
HEADLINE = "edition-headline"


class DateInput(forms.DateInput):
    """A date as browsers ask for it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class RunForm(forms.Form):
    """What to run, as of when, and who shall receive it."""

    entity = forms.ChoiceField(label="About")
    as_of = forms.DateField(
        label="As of", widget=DateInput(), help_text="The last date counted, in the portfolio's zone."
    )
    send = forms.ChoiceField(
        label="Send it to",
        widget=forms.RadioSelect,
        choices=[("nobody", "Nobody"), ("me", "Me"), ("recipients", "Its recipients")],
        initial="me",
        help_text="Whoever it goes to, the edition is kept and can be read in the portal.",
    )

    hold = forms.BooleanField(
        label="Let it wait for approval before it goes out",
        required=False,
        help_text="It is worked out and kept; an owner looks at the draft and lets it go on, or discards it.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        person: Person,
        report: Report,
        at: dt.datetime,
        default_as_of: dt.date,
        initial: dict[str, str] | None = None,
    ) -> None:
        """Offer what the person may run, and nothing else; ``initial`` is what a link has chosen already."""
        super().__init__(data, initial={"as_of": default_as_of, **(initial or {})})
        self.person, self.at = person, at
        whole = [(WHOLE, "The whole portfolio")] if access.may(person, "run") else []
        choices = whole + [
            (row.slug, row.name)
            for row in queries.entities_for(person, "run")
            if catalogue.fits(report, row.kind)
        ]
        cast(forms.ChoiceField, self.fields["entity"]).choices = choices
        named = queries.readers(report=report)
        send = cast(forms.ChoiceField, self.fields["send"])
        reach = f"Its recipients ({', '.join(named)})" if named else "Its recipients (there are none yet)"
        send.choices = [("nobody", "Nobody"), ("me", f"Me ({person.email})"), ("recipients", reach)]

    def clean_as_of(self) -> dt.date:
        """Refuse a date no report can stand at."""
        as_of: dt.date = self.cleaned_data["as_of"]
        try:
            runs.check_as_of(as_of=as_of, at=self.at, first_on=portfolio.first_entry_on())
        except runs.AsOfError as error:
            raise forms.ValidationError(str(error)) from error
        return as_of

    def clean_entity(self) -> Entity | None:
        """Return the entity chosen; None is the whole portfolio."""
        slug = self.cleaned_data["entity"]
        return None if slug == WHOLE else Entity.objects.get(slug=slug)

    @property
    def send_to(self) -> list[str] | None:
        """Return the addresses instead of the recipients; None means the recipients."""
        return {"nobody": [], "me": [self.person.email], "recipients": None}[self.cleaned_data["send"]]


class ScheduleForm(forms.Form):
    """A schedule: its name, cron line and zone."""

    name = forms.CharField(max_length=60, help_text="What it is called here, for example Monday morning.")
    cron = forms.CharField(
        label="When",
        max_length=60,
        help_text="Minute, hour, day, month and weekday: <code>0 7 * * MON</code> is Mondays at 07:00, "
        "<code>30 7 1 * *</code> the first of each month at 07:30.",
    )
    zone = forms.CharField(
        label="Time zone", max_length=60, help_text="An IANA name such as America/Los_Angeles."
    )

    def clean_cron(self) -> str:
        """Refuse a line that cannot be read."""
        try:
            return schedule.check_cron(self.cleaned_data["cron"])
        except schedule.CronError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_zone(self) -> str:
        """Refuse a zone that is not one."""
        name: str = self.cleaned_data["zone"]
        try:
            clock.zone(name)
        except UnknownZoneError as error:
            raise forms.ValidationError(str(error)) from error
        return name


class NewScheduleForm(ScheduleForm):
    """A schedule to be, with the report it is for."""

    report = forms.ModelChoiceField(queries.reports(), to_field_name="slug", empty_label=None)
    field_order = ["report", "name", "cron", "zone"]


class RecipientForm(forms.Form):
    """An address that shall receive a report."""

    address = forms.EmailField(label="Address")
    name = forms.CharField(max_length=120, required=False)


class DueForm(forms.Form):
    """A new due date of an action."""

    due_on = forms.DateField(label="New due date", widget=DateInput())


class DiscardForm(forms.Form):
    """Why a held edition is discarded."""

    reason = forms.CharField(
        label="Why it is discarded",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=held.LONGEST_REASON,
        help_text="A sentence for those who ask later. It stays with the run.",
    )


class HoldForm(forms.Form):
    """When a report's editions wait for a person, and how long."""

    hold = forms.ChoiceField(
        label="An edition waits for approval",
        widget=forms.RadioSelect,
        choices=[
            (Hold.FAILED.value, "When a check fails"),
            (Hold.STALE.value, "Also when a source is stale"),
            (Hold.ALWAYS.value, "Every time"),
        ],
        help_text="A check fails where an edition would print a figure otherwise than another report of the same date. "
        "A source is stale where it is older than this report allows.",
    )
    release_after_hours = forms.IntegerField(
        label="Hours after which it goes out by itself",
        required=False,
        min_value=1,
        max_value=8_760,
        help_text="Empty: it waits until an owner decides, however long that takes. With a number it goes out "
        "unapproved after so many hours, and says so under its headline.",
    )


class MuteForm(forms.Form):
    """Until when a finding stands aside, and why."""

    until_on = forms.DateField(
        label="Until", widget=DateInput(), help_text="From that day on it counts again."
    )
    reason = forms.CharField(
        label="Why it can wait",
        max_length=muting.LONGEST_REASON,
        help_text="A sentence; every edition prints it with the finding.",
    )


class CommentaryForm(forms.Form):
    """A piece of commentary: about what, where it stands, for how long, and its words."""

    entity = forms.ChoiceField(label="In editions about")
    anchor = forms.ChoiceField(label="Where it stands")
    body = forms.CharField(
        label="Text",
        # Browsers send two characters for the end of a line and count one; `clean_body` counts as they do.
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": prose.LONGEST}),
        help_text="Blank lines make paragraphs; <code>**strong**</code>, <code>*emphasis*</code>, "
        "<code>- item</code>, <code>[words](https://example.com)</code>. Everything else is printed as it is typed.",
    )
    span = forms.ChoiceField(
        label="For how long",
        widget=forms.RadioSelect,
        choices=[
            ("once", "The next edition alone"),
            ("until", "Every edition up to a date"),
            ("always", "Every edition until it is withdrawn"),
        ],
        initial="once",
    )
    until_on = forms.DateField(label="Up to", required=False, widget=DateInput())

    def __init__(self, data: Any = None, *, person: Person, report: Report) -> None:
        """Offer what the person may run, and the places the report has."""
        super().__init__(data)
        whole = [(WHOLE, "The whole portfolio")] if access.may(person, "run") else []
        cast(forms.ChoiceField, self.fields["entity"]).choices = whole + [
            (row.slug, row.name)
            for row in queries.entities_for(person, "run")
            if catalogue.fits(report, row.kind)
        ]
        cast(forms.ChoiceField, self.fields["anchor"]).choices = [
            (anchor or HEADLINE, title) for anchor, title in commentary.places(report=report)
        ]

    def clean_anchor(self) -> str:
        """Return the section chosen; nothing is under the headline."""
        anchor: str = self.cleaned_data["anchor"]
        return "" if anchor == HEADLINE else anchor

    def clean_entity(self) -> Entity | None:
        """Return the entity chosen; None is the whole portfolio."""
        slug = self.cleaned_data["entity"]
        return None if slug == WHOLE else Entity.objects.get(slug=slug)

    def clean_body(self) -> str:
        """Refuse text that no report can bear."""
        body: str = self.cleaned_data["body"]
        try:
            prose.parse(body)
        except prose.ProseRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        return body

    def clean(self) -> dict[str, Any]:
        """Ask for the date where one is needed."""
        cleaned = super().clean() or {}
        if cleaned.get("span") == "until" and not cleaned.get("until_on") and "until_on" not in self.errors:
            self.add_error("until_on", "Say up to which date, or choose another way.")
        return cleaned
