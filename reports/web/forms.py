"""What people type into the reports' pages, cleaned. The rules themselves are the domain's."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from django import forms

from core import access, clock
from core.clock import UnknownZoneError
from crew.models import Person
from portfolio.domain import queries as portfolio
from portfolio.domain.queries import EntityFact
from portfolio.models import Entity
from reports import prose
from reports.domain import catalogue, commentary, held, muting, queries, runs, schedule, subjects
from reports.models import Hold, Report, Schedule, Variant

# No entity has this slug; an empty choice would read as optional.
WHOLE = "portfolio"
# No section has this anchor: it is the headline's own in every edition.
HEADLINE = "edition-headline"


def whole_or_one(
    entities: Iterable[EntityFact], *, report: Report | None = None, kept: Entity | None = None
) -> list[tuple[str, str]]:
    """Return what a report can be about: the whole portfolio, or one of some entities that it looks at.

    ``kept`` is what was chosen before: it stays a choice where its entity is archived meanwhile, and is refused there.
    """
    fitting = [row for row in entities if report is None or catalogue.fits(report, row.kind)]
    choices = [(WHOLE, "The whole portfolio"), *((row.slug, row.name) for row in fitting)]
    if kept is not None and kept.slug not in dict(choices):
        choices.append((kept.slug, f"{kept.name} (archived)" if not kept.active else kept.name))
    return choices


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

    variant = forms.ModelChoiceField(
        Variant.objects.all(),
        label="Length of its mail",
        to_field_name="slug",
        required=False,
        empty_label="Each reader’s own",
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
    """A schedule: its name, what the report is about, its cron line and zone, and the length of its mail."""

    name = forms.CharField(max_length=60, help_text="What it is called here, for example Monday morning.")
    entity = forms.ChoiceField(label="About")
    cron = forms.CharField(
        label="When",
        max_length=60,
        help_text="Minute, hour, day, month and weekday: <code>0 7 * * MON</code> is Mondays at 07:00, "
        "<code>30 7 1 * *</code> the first of each month at 07:30.",
    )
    zone = forms.CharField(
        label="Time zone", max_length=60, help_text="An IANA name such as America/Los_Angeles."
    )
    variant = forms.ModelChoiceField(
        Variant.objects.all(),
        label="Length of its mail",
        to_field_name="slug",
        required=False,
        empty_label="Each reader’s own",
    )

    def __init__(self, data: Any = None, *, row: Schedule) -> None:
        """Begin with what a schedule says; a new one has no report yet."""
        super().__init__(
            data,
            initial={
                "name": row.name,
                "entity": row.entity.slug if row.entity else WHOLE,
                "cron": row.cron,
                "zone": row.zone,
                "variant": row.variant.slug if row.variant else "",
            },
        )
        self.about = row.report if row.report_id else None
        cast(forms.ChoiceField, self.fields["entity"]).choices = whole_or_one(
            portfolio.entities(), report=self.about, kept=row.entity
        )

    def clean_entity(self) -> Entity | None:
        """Return the entity chosen; None is the whole portfolio."""
        slug = self.cleaned_data["entity"]
        return None if slug == WHOLE else Entity.objects.get(slug=slug)

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

    def clean(self) -> dict[str, Any]:
        """Refuse an entity that the report does not look at."""
        cleaned = super().clean() or {}
        report = self.about or cleaned.get("report")
        if report is not None and "entity" in cleaned:
            try:
                catalogue.check(report=report, entity=cleaned["entity"])
            except catalogue.UnfitEntityError as error:
                self.add_error("entity", str(error))
        return cleaned


class NewScheduleForm(ScheduleForm):
    """A schedule to be, with the report it is for."""

    report = forms.ModelChoiceField(queries.reports(), to_field_name="slug", empty_label=None)
    field_order = ["report", "name", "entity", "cron", "zone", "variant"]

    def __init__(self, data: Any = None, *, zone: str, report: str = "") -> None:
        """Begin with a zone, and the report of a slug."""
        super().__init__(data, row=Schedule(zone=zone))
        self.initial["report"] = report


class RecipientForm(forms.Form):
    """An address that shall receive a report."""

    address = forms.EmailField(label="Address")
    name = forms.CharField(max_length=120, required=False)
    variant = forms.ModelChoiceField(
        Variant.objects.all(), label="What they get", to_field_name="slug", required=False
    )


class VariantForm(forms.Form):
    """Which variant a recipient gets."""

    variant = forms.ModelChoiceField(Variant.objects.all(), to_field_name="slug")


class SubjectForm(forms.Form):
    """A subject line to try: what its openings are counted under, and what it says."""

    label = forms.CharField(
        label="Label",
        max_length=subjects.LONGEST_LABEL,
        strip=False,
        help_text="Short, such as A. What its mails come to is counted under it.",
    )
    template = forms.CharField(
        label="Subject",
        widget=forms.TextInput(attrs={"maxlength": subjects.LONGEST_TEMPLATE + len(subjects.PREFIX)}),
        strip=False,
        help_text="Every subject begins with <code>[EXEC REPORT]</code>, which is put before it. Fields: "
        "<code>{title}</code>, <code>{period}</code>, <code>{edition}</code> and <code>{headline}</code>; the period and "
        "the edition must be named, for example <code>{headline} ({period}, edition {edition})</code>.",
    )

    def clean_template(self) -> str:
        """Refuse what no subject can be made of."""
        try:
            return subjects.check_template(self.cleaned_data["template"])
        except subjects.SubjectRefusedError as error:
            raise forms.ValidationError(str(error)) from error


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
