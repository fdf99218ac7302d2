"""What somebody may do with a position now, as the forms of its page, what is nearest first."""

import datetime as dt
from dataclasses import dataclass, replace

from django import forms
from django.urls import reverse

from crew import rules
from crew.domain import position_edits, staffing
from crew.domain.candidates import Candidate, candidates
from crew.models import Event, EventState, Mode, Position, PositionState, Role
from crew.web.position_forms import DesignateForm, OverrideForm, RateForm, ReasonForm


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: the last part of its address, its words, what it asks for, its button's style, and notes below."""

    name: str
    title: str
    text: str
    submit: str
    form: forms.Form
    style: str = ""
    notes: tuple[str, ...] = ()
    url: str = ""


def actions_for(
    event: Event,
    standing: rules.Standing,
    position: Position,
    *,
    at: dt.datetime,
    bound: tuple[str, forms.Form] | None,
) -> list[Action]:
    """Return what may be done; a form that was refused stands in its place with what was typed."""
    placing = _placing(event, standing, position)
    found = [
        *(action for action in placing if not action.style),
        *_taking(event, standing, position),
        *_running(event, standing, position),
        *_holding(event, standing, position, late=at >= staffing.release_until(event)),
        *(action for action in placing if action.style),
        *_editing(event, standing, position),
    ]
    base = reverse("crew:position", args=[event.key, position.pk])
    shown = []
    for action in found:
        form = bound[1] if bound is not None and bound[0] == action.name else action.form
        form.auto_id = f"id_{action.name}_%s"
        shown.append(replace(action, form=form, url=f"{base}{action.name}/"))
    return shown


def takes_position(event: Event, standing: rules.Standing, position: Position) -> bool:
    """Tell whether the position is there for this person to take: whoever only runs events puts others in."""
    sought = position.stand_in_at is not None and position.holder_id != standing.person_id
    free = position.state == PositionState.OPEN or sought
    works = standing.is_any(Role.CAPTAIN, Role.CREW)
    return free and works and event.state in staffing.TAKING and rules.can_claim_position(standing, position)


def choices_for(event: Event, position: Position) -> list[tuple[str, str]]:
    """Return who could be put into a position, marked with what is in their way."""
    return _choices(candidates(event=event, position=position))


def _choices(found: list[Candidate]) -> list[tuple[str, str]]:
    return [
        (str(one.person.pk), f"{one.person} – {one.mark}" if one.mark else str(one.person)) for one in found
    ]


def _taking(event: Event, standing: rules.Standing, position: Position) -> list[Action]:
    if not takes_position(event, standing, position):
        return []
    # Whoever runs positions mostly puts others in; that comes first, and is the button that stands out.
    free = position.state == PositionState.OPEN
    style = "quiet" if free and rules.can_designate_position(standing, position) else ""
    if free:
        text = "It is yours from crew call to return."
        return [Action("claim", "Claim it", text, "Claim it", forms.Form(), style)]
    text = f"You take it over from {position.holder}, who is then free."
    return [Action("take-over", "Stand in", text, "Stand in", forms.Form())]


def _running(event: Event, standing: rules.Standing, position: Position) -> list[Action]:
    if event.state not in staffing.COMING or not rules.can_run_positions(standing):
        return []
    found = []
    if position.state == PositionState.CLAIMED and position.stand_in_at is None:
        found.append(Action("confirm", "Confirm", f"{position.holder} is told.", "Confirm", forms.Form()))
    if position.state == PositionState.HELD:
        text = "Once what held it is put right."
        found.append(Action("resume", "Take off hold", text, "Take off hold", forms.Form()))
    if position.state in (PositionState.CLAIMED, PositionState.CONFIRMED):
        text = f"{position.holder} keeps it and reads why it is held."
        found.append(Action("hold", "Hold", text, "Hold", ReasonForm(), "quiet"))
    return found


def _holding(event: Event, standing: rules.Standing, position: Position, *, late: bool) -> list[Action]:
    if event.state not in staffing.COMING:
        return []
    found = []
    if rules.can_seek_stand_in(standing, position):
        if position.stand_in_at is not None:
            text = "No stand-in is sought any more."
            found.append(Action("keep", "Keep it after all", text, "Keep it", forms.Form(), "quiet"))
        else:
            text = "It stays yours until somebody takes over, and no longer counts as staffed."
            if late:
                text = f"The time to release it freely is over. {text}"
            found.append(
                Action("stand-in", "Ask for a stand-in", text, "Ask for a stand-in", ReasonForm(), "quiet")
            )
    mine = position.holder_id == standing.person_id
    if (
        position.holder_id is not None
        and not (mine and late)
        and rules.can_release_position(standing, position)
    ):
        text = (
            "It is open for others again."
            if mine
            else f"{position.holder} is told, and the position is open again."
        )
        found.append(Action("release", "Release", text, "Release", forms.Form(), "quiet"))
    return found


def _placing(event: Event, standing: rules.Standing, position: Position) -> list[Action]:
    designates = (
        event.state in staffing.TAKING
        and position.state == PositionState.OPEN
        and rules.can_designate_position(standing, position)
    )
    overrides = rules.can_override_position(standing)
    if not designates and not overrides:
        return []
    those = candidates(event=event, position=position)
    people = _choices(those)
    notes = tuple(f"{one.person}: {one.reasons}" for one in those if one.reasons)
    found = []
    if designates:
        form = DesignateForm(people=people)
        found.append(
            Action("designate", "Put somebody in", "They are told.", "Put them in", form, notes=notes)
        )
    if overrides:
        text = "Puts anybody in or out, whatever is in the way."
        form = OverrideForm(people=people)
        found.append(
            Action(
                "override",
                "Override the rules",
                text,
                "Override",
                form,
                "danger",
                () if designates else notes,
            )
        )
    return found


def _editing(event: Event, standing: rules.Standing, position: Position) -> list[Action]:
    if not rules.can_edit_event(standing) or event.mode == Mode.BAREBOAT_12:
        return []
    found = []
    if position.paid_on is None and event.state != EventState.CANCELLED:
        form = RateForm(currency=event.entity.currency, initial={"rate": position.rate_minor})
        text = f"{position.holder} is told." if position.holder else "Until it is paid."
        found.append(Action("rate", "Change the rate", text, "Change the rate", form, "quiet"))
    if position.state == PositionState.OPEN and not position_edits.refusal(event):
        text = "The event needs nobody there."
        found.append(Action("remove", "Remove this position", text, "Remove it", forms.Form(), "danger"))
    return found
