"""Forms of events and their guests: they clean what a person typed and decide nothing."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms

from core import months
from crew.domain import timing
from crew.domain.event_lists import Choice
from crew.domain.terms import (
    LARGEST_CAPACITY,
    LONGEST_LEAD_MINUTES,
    LONGEST_NOTES,
    LONGEST_STOP,
    MOST_STOPS,
    Terms,
)
from crew.models import Anchor, EventKind, EventState, Mode, Port, Vessel
from portfolio.models import Channel, Entity
from portfolio.web.forms import DayField, MoneyField

_DAY_MINUTES = 24 * 60
_MOST_DAYS = 60
_MOST_OFFSET = 12 * 60
_TIMED = ("departure_", "return_")

# Where a time is counted from, as one choice: no minus sign on a phone's number pad.
STARTS = [
    (Anchor.CLOCK.value, "Local time"),
    *(
        (f"{side}_{anchor.value}", f"{side.capitalize()} {anchor.label.lower()}")
        for anchor in (Anchor.SUNSET, Anchor.SUNRISE, Anchor.CIVIL_DUSK)
        for side in ("before", "after")
    ),
]
# How it was checked that a guest may board, until waivers are signed here.
EVIDENCE = ("Paper waiver seen", "Paper waiver signed today", "No waiver needed")


class EventFilter(forms.Form):
    """What the agenda is narrowed to; anything that cannot be is ignored."""

    q = forms.CharField(label="Search", required=False, max_length=80)
    entity = forms.ChoiceField(label="Entity", required=False)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Every kind"), *EventKind.choices])
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Every state"), *EventState.choices]
    )
    vessel = forms.TypedChoiceField(label="Vessel", required=False, coerce=int, empty_value=None)
    first = DayField(label="From", required=False)
    last = DayField(label="To", required=False)

    def __init__(self, *args: Any, entities: list[Entity], vessels: list[Vessel], **kwargs: Any) -> None:
        """Offer the entities this person may see, and their vessels."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [  # type: ignore[attr-defined]
            ("", "Every entity"),
            *((entity.slug, entity.name) for entity in entities),
        ]
        self.fields["vessel"].choices = [  # type: ignore[attr-defined]
            ("", "Every vessel"),
            *((str(vessel.pk), vessel.name) for vessel in vessels),
        ]
        self.is_valid()

    def choice(self) -> Choice:
        """Return what was asked for, without what was odd."""
        data = self.cleaned_data
        return Choice(
            search=data.get("q", ""),
            entity=data.get("entity", ""),
            kind=data.get("kind", ""),
            state=data.get("state", ""),
            vessel=data.get("vessel"),
            first=data.get("first"),
            last=data.get("last"),
        )


class ClockField(forms.TimeField):
    """A local time, picked or typed as 15:30."""

    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    default_error_messages = {"invalid": "This is not a time; write it as 15:30."}

    def __init__(self, **kwargs: Any) -> None:
        """Accept one way of writing a time, the one browsers send."""
        super().__init__(input_formats=["%H:%M"], **kwargs)


class StopsField(forms.CharField):
    """Places on the way, one on a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the stops in order, empty lines left out."""
        stops = tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())
        if len(stops) > MOST_STOPS:
            raise forms.ValidationError(f"Name at most {MOST_STOPS} stops.", code="many")
        if any(len(stop) > LONGEST_STOP for stop in stops):
            raise forms.ValidationError(f"A stop has at most {LONGEST_STOP} characters.", code="long")
        return stops

    def prepare_value(self, value: Any) -> Any:
        """Show stops one on a line; text a person typed stays as typed."""
        return "\n".join(value) if isinstance(value, tuple | list) else value


def _start(what: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=f"{what} counted from", choices=STARTS)


def _minutes(what: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=f"{what}, minutes",
        required=False,
        min_value=0,
        max_value=_MOST_OFFSET,
        help_text="Before or after the sun's time.",
    )


def _notes(audience: str) -> forms.CharField:
    return forms.CharField(
        label=f"For {audience}",
        required=False,
        max_length=LONGEST_NOTES,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class EventForm(forms.Form):
    """Everything about one event that staff decide."""

    title = forms.CharField(label="Title", max_length=160)
    on = DayField(label="Date", help_text="The local date on which it leaves.")
    vessel = forms.ModelChoiceField(
        label="Vessel", queryset=Vessel.objects.none(), required=False, empty_label="None, it is ashore"
    )
    mode = forms.ChoiceField(label="Operated as", required=False, choices=[("", "Ashore"), *Mode.choices])
    venue = forms.CharField(
        label="Venue", max_length=160, required=False, help_text="Where it is, if not on a vessel."
    )
    port = forms.ModelChoiceField(label="Port", queryset=Port.objects.all(), empty_label=None)
    end_port = forms.ModelChoiceField(
        label="Ends at", queryset=Port.objects.all(), required=False, empty_label="The same port"
    )
    stops = StopsField(label="Stops", required=False, help_text="One on a line, in order.")
    departure_from = _start("Departure")
    departure_time = ClockField(label="Departure time", required=False, help_text="The clock of its port.")
    departure_minutes = _minutes("Departure")
    return_from = _start("Return")
    return_time = ClockField(
        label="Return time", required=False, help_text="The clock of the port where it ends."
    )
    return_days = forms.IntegerField(
        label="Days after departure",
        required=False,
        min_value=0,
        max_value=_MOST_DAYS,
        help_text="0 for the same day, 1 for the next morning.",
    )
    return_minutes = _minutes("Return")
    crew_call_minutes = forms.IntegerField(
        label="Crew call", min_value=0, max_value=LONGEST_LEAD_MINUTES, help_text="Minutes before departure."
    )
    boarding_minutes = forms.IntegerField(
        label="Boarding", min_value=0, max_value=LONGEST_LEAD_MINUTES, help_text="Minutes before departure."
    )
    capacity = forms.IntegerField(
        label="Seats for guests",
        min_value=0,
        max_value=LARGEST_CAPACITY,
        help_text="Every passenger counts, children too.",
    )
    client_name = forms.CharField(label="Client", max_length=120, required=False)
    channel = forms.ModelChoiceField(
        label="Channel", queryset=Channel.objects.none(), required=False, empty_label="Not known"
    )
    price = MoneyField(label="Price")
    meeting_point = forms.CharField(label="Meeting point", max_length=200, required=False)
    gate_code = forms.CharField(
        label="Gate code",
        max_length=40,
        required=False,
        help_text="Shown to crew, and to guests once they are cleared.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    notes_guests = _notes("guests")
    notes_crew = _notes("crew")
    notes_captain = _notes("the captain")
    notes_staff = _notes("staff only")

    SECTIONS = (
        ("What and where", ("title", "on", "vessel", "mode", "venue", "port", "end_port", "stops")),
        (
            "Departure",
            (
                "departure_from",
                "departure_time",
                "departure_minutes",
                "crew_call_minutes",
                "boarding_minutes",
            ),
        ),
        ("Return", ("return_from", "return_time", "return_days", "return_minutes")),
        ("Guests and price", ("capacity", "client_name", "channel", "price")),
        ("On the day", ("meeting_point", "gate_code")),
        ("Notes", ("notes_guests", "notes_crew", "notes_captain", "notes_staff")),
    )

    def __init__(self, *args: Any, entity: Entity, kept: Vessel | None = None, **kwargs: Any) -> None:
        """Offer what is the entity's own: its vessels in use (and the one it has already), its channels."""
        super().__init__(*args, **kwargs)
        vessels = Vessel.objects.filter(entity=entity, active=True)
        if kept is not None:
            vessels = vessels | Vessel.objects.filter(pk=kept.pk, entity=entity)
        self.fields["vessel"].queryset = vessels  # type: ignore[attr-defined]
        self.fields["channel"].queryset = Channel.objects.filter(entity=entity)  # type: ignore[attr-defined]
        self.fields["price"].currency = entity.currency  # type: ignore[attr-defined]

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields in groups, each with its heading."""
        return [(heading, [self[name] for name in names]) for heading, names in self.SECTIONS]

    def clean(self) -> dict[str, Any]:
        """Ask for the part of each time that its start needs."""
        data = super().clean() or self.cleaned_data
        for what in ("departure", "return"):
            start = data.get(f"{what}_from")
            needed = f"{what}_time" if start == Anchor.CLOCK else f"{what}_minutes"
            if start and needed not in self.errors and data.get(needed) is None:
                self.add_error(
                    needed,
                    "Give the local time."
                    if start == Anchor.CLOCK
                    else "Give the minutes; 0 is the sun's time itself.",
                )
        asked = {"on", "port", "end_port", *(name for name in self.fields if name.startswith(_TIMED))}
        if asked.isdisjoint(self.errors) and months.is_near(data["on"]):
            self._check_times()
        return data

    def _check_times(self) -> None:
        """Refuse times that mean no instants, at the field that does not; and a return that is before the departure."""
        data = self.cleaned_data
        on, port, ends_at = data["on"], data["port"], data["end_port"] or data["port"]
        leaves, returns = self._rule("departure"), self._rule("return")
        by_clock = returns[0] == Anchor.CLOCK
        field = f"departure_{'time' if leaves[0] == Anchor.CLOCK else 'minutes'}"
        try:
            departs_at = timing.instant(port=port, on=on, anchor=leaves[0], minutes=leaves[1])
            field = f"return_{'time' if by_clock else 'minutes'}"
            returns_at = timing.instant(port=ends_at, on=on, anchor=returns[0], minutes=returns[1])
            if by_clock and not data["return_days"] and returns_at <= departs_at:
                out, back = timing.at_port(port, departs_at), timing.at_port(ends_at, returns_at)
                zoned = "%H:%M" if f"{out:%Z}" == f"{back:%Z}" else "%H:%M %Z"
                before = "before" if returns_at < departs_at else "not after"
                self.add_error(
                    field,
                    f"{back:{zoned}} is {before} the departure at {out:{zoned}}. For the next morning, put 1 into days.",
                )
            else:
                timing.times(port=port, end_port=data["end_port"], on=on, departure=leaves, return_=returns)
        except timing.TimingError as error:
            self.add_error(field, str(error))

    def terms(self) -> Terms:
        """Return what was filled in."""
        data = self.cleaned_data
        return Terms(
            title=data["title"],
            on=data["on"],
            vessel=data["vessel"],
            venue=data["venue"],
            port=data["port"],
            end_port=data["end_port"],
            stops=data["stops"],
            mode=data["mode"],
            departure=self._rule("departure"),
            return_=self._rule("return"),
            crew_call_minutes=data["crew_call_minutes"],
            boarding_minutes=data["boarding_minutes"],
            capacity=data["capacity"],
            price_minor=data["price"],
            channel=data["channel"],
            client_name=data["client_name"],
            meeting_point=data["meeting_point"],
            gate_code=data["gate_code"],
            notes_captain=_lines(data["notes_captain"]),
            notes_crew=_lines(data["notes_crew"]),
            notes_guests=_lines(data["notes_guests"]),
            notes_staff=_lines(data["notes_staff"]),
        )

    def _rule(self, what: str) -> tuple[Anchor, int]:
        data = self.cleaned_data
        start: str = data[f"{what}_from"]
        if start == Anchor.CLOCK:
            time: dt.time = data[f"{what}_time"]
            days = data.get(f"{what}_days") or 0
            return Anchor.CLOCK, days * _DAY_MINUTES + time.hour * 60 + time.minute
        side, _, anchor = start.partition("_")
        minutes: int = data[f"{what}_minutes"]
        return Anchor(anchor), -minutes if side == "before" else minutes


def initial(terms: Terms) -> dict[str, Any]:
    """Return what the form shows for terms; a return in the night after says that it is a day later."""
    anchor, minutes = terms.return_
    if anchor == Anchor.CLOCK and minutes < _DAY_MINUTES and _is_next_day(terms):
        terms = replace(terms, return_=(anchor, minutes + _DAY_MINUTES))
    return {
        "title": terms.title,
        "on": terms.on,
        "vessel": terms.vessel.pk if terms.vessel else None,
        "mode": terms.mode,
        "venue": terms.venue,
        "port": terms.port.pk,
        "end_port": terms.end_port.pk if terms.end_port else None,
        "stops": terms.stops,
        **_shown("departure", *terms.departure),
        **_shown("return", *terms.return_),
        "crew_call_minutes": terms.crew_call_minutes,
        "boarding_minutes": terms.boarding_minutes,
        "capacity": terms.capacity,
        "price": terms.price_minor,
        "channel": terms.channel.pk if terms.channel else None,
        "client_name": terms.client_name,
        "meeting_point": terms.meeting_point,
        "gate_code": terms.gate_code,
        "notes_captain": terms.notes_captain,
        "notes_crew": terms.notes_crew,
        "notes_guests": terms.notes_guests,
        "notes_staff": terms.notes_staff,
    }


def _is_next_day(terms: Terms) -> bool:
    """Tell whether a return by the clock is taken for the next day's, because it is not after the departure."""
    try:
        departs_at, returns_at = (
            timing.instant(port=port, on=terms.on, anchor=anchor, minutes=minutes)
            for port, (anchor, minutes) in (
                (terms.port, terms.departure),
                (terms.end_port or terms.port, terms.return_),
            )
        )
    except timing.TimingError:
        return False
    return returns_at <= departs_at


def _shown(what: str, anchor: Anchor, minutes: int) -> dict[str, Any]:
    if anchor == Anchor.CLOCK:
        days, minute = divmod(minutes, _DAY_MINUTES)
        shown: dict[str, Any] = {
            f"{what}_from": Anchor.CLOCK.value,
            f"{what}_time": dt.time(*divmod(minute, 60)),
        }
        return shown | ({"return_days": max(days, 0)} if what == "return" else {})
    side = "before" if minutes < 0 else "after"
    return {f"{what}_from": f"{side}_{anchor.value}", f"{what}_minutes": abs(minutes)}


def _lines(text: str) -> str:
    """Return text with the line ends it is kept with; browsers send others."""
    return text.replace("\r\n", "\n").strip()


class MoveForm(forms.Form):
    """Where an event goes, and whether an unusual move is meant so."""

    to = forms.ChoiceField(label="Move to", choices=EventState.choices)
    early = forms.BooleanField(label="It is meant so", required=False)


class CancelForm(forms.Form):
    """Why an event is cancelled."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="One sentence. Everybody who is on the event reads it in a mail.",
    )


class GuestForm(forms.Form):
    """Somebody who comes along."""

    name = forms.CharField(
        label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.EmailField(
        label="Mail address",
        max_length=254,
        required=False,
        help_text="Empty for a companion without one.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    mail = forms.BooleanField(
        label="Mail them their link",
        required=False,
        initial=True,
        help_text="Where an address is given. It opens the trip's page for them, without an account.",
    )


class ClearForm(forms.Form):
    """By which evidence guests are cleared."""

    how = forms.ChoiceField(label="To clear a guest", choices=[(how, how) for how in EVIDENCE])
