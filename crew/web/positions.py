"""One position of an event: what whoever takes it takes on, and every move of it."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.money import format_minor
from crew import rules
from crew.domain import fitness, position_edits, positions, staffing, timing
from crew.domain.positions import PositionGoneError, PositionRefusedError
from crew.models import Event, Person, Position
from crew.web.access import actor, event_page
from crew.web.position_actions import actions_for, choices_for, takes_position
from crew.web.position_forms import NOBODY, DesignateForm, OverrideForm, RateForm, ReasonForm


@require_safe
@event_page(rules.can_see_positions, of=Position, select=("holder",))
def position_page(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Show a position and what may be done with it; asked for by htmx, as a panel for the event's page."""
    return _page(request, event, standing, position)


def _page(
    request: HttpRequest,
    event: Event,
    standing: rules.Standing,
    position: Position,
    *,
    bound: tuple[str, forms.Form] | None = None,
    refusal: str = "",
) -> HttpResponse:
    position = Position.objects.select_related("holder").get(pk=position.pk)
    position.event = event
    at = clock.now()
    person: Person = request.user  # type: ignore[assignment]
    takes = takes_position(event, standing, position)
    known = fitness.load(event=event, people=[person.pk]) if takes else None
    mine = position.holder_id == standing.person_id
    private = mine or rules.can_see_validity(standing)
    papers = known.credentials.get(person.pk, []) if known else []
    if not takes and private and position.holder_id is not None:
        papers = fitness.credentials_of([position.holder_id]).get(position.holder_id, [])
    return render(
        request,
        "crew/positions/panel.html" if request.htmx and bound is None else "crew/positions/position.html",  # type: ignore[attr-defined]
        {
            "event": event,
            "position": position,
            "state": staffing.state_words(position),
            "tone": staffing.tone(position),
            "mine": mine,
            "takes": takes,
            "obstacles": known.obstacles(person, position, own=True) if known else [],
            "runs": rules.can_designate_position(standing, position),
            "papers": fitness.papers(event=event, position=position, held=papers)
            if takes or (private and position.holder_id is not None)
            else [],
            "asked_papers": fitness.asked(position),
            "rate": format_minor(position.rate_minor, event.entity.currency)
            if rules.can_see_rate(standing, position)
            else "",
            "hold_reason": position.hold_reason if private else "",
            "override_reason": position.override_reason if rules.can_see_validity(standing) else "",
            "times": [
                (label, f"{timing.local(event, moment):%a %-d %b %Y, %H:%M %Z}")
                for label, moment in (
                    ("Crew call", timing.crew_call_at(event)),
                    ("Departure", event.departs_at),
                    ("Return", event.returns_at),
                    ("Release freely until", staffing.release_until(event)),
                )
            ],
            "actions": actions_for(event, standing, position, at=at, bound=bound),
            "refusal": refusal,
            "crumbs": [{"label": event.title, "url": reverse("crew:event", args=[event.key])}],
        },
        status=422 if bound is not None else 200,
    )


def _answer(
    request: HttpRequest,
    event: Event,
    standing: rules.Standing,
    position: Position,
    name: str,
    deed: Callable[[], str | None],
    done: str,
    form: forms.Form | None = None,
) -> HttpResponse:
    """Do one thing and go back to the event; a refusal is shown on the position's page, what was typed kept."""
    form = form if form is not None else forms.Form(request.POST)
    refusal = ""
    if form.is_valid():
        try:
            said = deed()
        except PositionGoneError as error:
            messages.error(request, str(error))
            return redirect(reverse("crew:event", args=[event.key]) + "#positions")
        except PositionRefusedError as error:
            refusal = str(error)
        else:
            messages.success(request, said or done)
            return redirect(reverse("crew:event", args=[event.key]) + "#positions")
    return _page(request, event, standing, position, bound=(name, form), refusal=refusal)


@require_POST
@event_page(rules.can_claim_position, of=Position)
def claim(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Take an open position."""
    return _answer(
        request, event, standing, position, "claim",
        lambda: positions.claim(position=position, by=actor(request, standing), at=clock.now()),
        f"{position} is yours.",
    )  # fmt: skip


@require_POST
@event_page(rules.can_claim_position, of=Position)
def take_over(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Stand in for a holder who seeks somebody."""
    return _answer(
        request, event, standing, position, "take-over",
        lambda: positions.stand_in(position=position, by=actor(request, standing), at=clock.now()),
        f"{position} is yours now.",
    )  # fmt: skip


@require_POST
@event_page(rules.can_release_position, of=Position)
def release(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Give a position back."""
    return _answer(
        request, event, standing, position, "release",
        lambda: positions.release(position=position, by=actor(request, standing), at=clock.now()),
        "",
    )  # fmt: skip


@require_POST
@event_page(rules.can_seek_stand_in, of=Position)
def stand_in(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Ask for somebody to stand in."""
    form = ReasonForm(request.POST)
    return _answer(
        request, event, standing, position, "stand-in",
        lambda: positions.seek_stand_in(
            position=position,
            reason=form.cleaned_data["reason"],
            by=actor(request, standing),
            at=clock.now(),
        ),
        "A stand-in is sought. The position stays yours until somebody takes over.",
        form,
    )  # fmt: skip


@require_POST
@event_page(rules.can_seek_stand_in, of=Position)
def keep(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Stop seeking a stand-in."""
    return _answer(
        request, event, standing, position, "keep",
        lambda: positions.keep(position=position, by=actor(request, standing), at=clock.now()),
        f"You keep {position}. No stand-in is sought any more.",
    )  # fmt: skip


@require_POST
@event_page(rules.can_run_positions, of=Position)
def confirm(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Confirm whoever claimed it."""
    return _answer(
        request, event, standing, position, "confirm",
        lambda: positions.confirm(position=position, by=actor(request, standing), at=clock.now()),
        f"{position} is confirmed.",
    )  # fmt: skip


@require_POST
@event_page(rules.can_run_positions, of=Position)
def hold(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Put a position on hold."""
    form = ReasonForm(request.POST)
    return _answer(
        request, event, standing, position, "hold",
        lambda: positions.hold(
            position=position,
            reason=form.cleaned_data["reason"],
            by=actor(request, standing),
            at=clock.now(),
        ),
        f"{position} is held.",
        form,
    )  # fmt: skip


@require_POST
@event_page(rules.can_run_positions, of=Position)
def resume(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Take a position off hold."""
    return _answer(
        request, event, standing, position, "resume",
        lambda: positions.resume(position=position, by=actor(request, standing), at=clock.now()),
        f"{position} is off hold.",
    )  # fmt: skip


@require_POST
@event_page(rules.can_designate_position, of=Position)
def designate(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Put somebody into an open position."""
    form = DesignateForm(request.POST, people=choices_for(event, position))
    return _answer(
        request, event, standing, position, "designate",
        lambda: positions.designate(
            position=position,
            person=Person.objects.get(pk=form.cleaned_data["person"]),
            by=actor(request, standing),
            at=clock.now(),
        ),
        f"{position} is given.",
        form,
    )  # fmt: skip


@require_POST
@event_page(rules.can_override_position, of=Position)
def override(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Put somebody in, or out, in spite of the rules."""
    form = OverrideForm(request.POST, people=choices_for(event, position))

    def deed() -> None:
        chosen = form.cleaned_data["person"]
        positions.override(
            position=position,
            person=None if chosen == NOBODY else Person.objects.get(pk=chosen),
            reason=form.cleaned_data["reason"],
            silent=form.cleaned_data["silent"],
            by=actor(request, standing),
            at=clock.now(),
        )

    return _answer(
        request, event, standing, position, "override", deed, f"{position} is changed as you said.", form
    )


@require_POST
@event_page(rules.can_edit_event, of=Position)
def rate(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Change what a position pays."""
    form = RateForm(request.POST, currency=event.entity.currency)
    return _answer(
        request, event, standing, position, "rate",
        lambda: position_edits.change_rate(
            position=position,
            rate_minor=form.cleaned_data["rate"],
            by=actor(request, standing),
            at=clock.now(),
        ),
        f"The rate of {position} is changed.",
        form,
    )  # fmt: skip


@require_POST
@event_page(rules.can_edit_event, of=Position)
def remove(request: HttpRequest, event: Event, standing: rules.Standing, position: Position) -> HttpResponse:
    """Take an open position off the event."""
    return _answer(
        request, event, standing, position, "remove",
        lambda: position_edits.remove(position=position, by=actor(request, standing), at=clock.now()),
        f"{position} is removed.",
    )  # fmt: skip


_AT = "events/<str:key>/positions/<int:pk>/"
urlpatterns = [
    path(_AT, position_page, name="position"),
    path(f"{_AT}claim/", claim, name="position_claim"),
    path(f"{_AT}take-over/", take_over, name="position_take_over"),
    path(f"{_AT}release/", release, name="position_release"),
    path(f"{_AT}stand-in/", stand_in, name="position_stand_in"),
    path(f"{_AT}keep/", keep, name="position_keep"),
    path(f"{_AT}confirm/", confirm, name="position_confirm"),
    path(f"{_AT}hold/", hold, name="position_hold"),
    path(f"{_AT}resume/", resume, name="position_resume"),
    path(f"{_AT}designate/", designate, name="position_designate"),
    path(f"{_AT}override/", override, name="position_override"),
    path(f"{_AT}rate/", rate, name="position_rate"),
    path(f"{_AT}remove/", remove, name="position_remove"),
]
