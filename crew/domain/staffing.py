"""How the positions of an event are filled, in finished words. Changing that is `crew.domain.positions`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from core.money import format_minor
from crew import rules
from crew.domain import fitness, timing
from crew.models import Event, EventState, Position, PositionState

# When positions are taken, and when they are still changed.
TAKING = (EventState.OPEN, EventState.CONFIRMED)
COMING = (EventState.DRAFT, *TAKING)
# Positions that count as staffed: held ones do not, nor those whose holder seeks a stand-in.
STAFFED = Q(state__in=(PositionState.CLAIMED, PositionState.CONFIRMED), stand_in_at__isnull=True)

SOUGHT = "Stand-in sought"
_TONES: dict[str, str] = {PositionState.CONFIRMED: "good", PositionState.HELD: "bad"}


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One position as one reader sees it. What they may not see is empty.

    ``action`` is what its page is opened for, in a word; ``moves`` are buttons that need nothing more to be said:
    (last part of the address after ``path``, label).
    """

    pk: int
    path: str
    station: str
    state: str
    tone: str
    holder: str
    mine: bool
    staffed: bool
    rate: str
    note: str
    warnings: tuple[str, ...]
    action: str
    moves: tuple[tuple[str, str], ...]


def rows(*, event: Event, standing: rules.Standing, at: dt.datetime) -> list[PositionRow]:
    """Return the positions of an event; at most two queries."""
    found = list(event.positions.select_related("holder"))
    sees_all = rules.can_see_validity(standing)
    shown = {
        position.holder_id
        for position in found
        if position.holder_id is not None and (sees_all or position.holder_id == standing.person_id)
    }
    works = any(
        position.holder_id == standing.person_id for position in found if position.holder_id is not None
    )
    held = fitness.credentials_of(shown) if shown and event.state in COMING else {}
    return [
        _row(
            event,
            standing,
            position,
            fitness.papers(event=event, position=position, held=held.get(position.holder_id or 0, ()))
            if position.holder_id in shown and event.state in COMING
            else [],
            works=works,
        )
        for position in found
    ]


def _row(
    event: Event,
    standing: rules.Standing,
    position: Position,
    papers: Sequence[fitness.Paper],
    *,
    works: bool,
) -> PositionRow:
    sought = position.stand_in_at is not None
    mine = position.holder_id is not None and position.holder_id == standing.person_id
    private = mine or rules.can_see_validity(standing)
    why = [position.hold_reason if private else "", position.stand_in_reason]
    return PositionRow(
        pk=position.pk,
        path=reverse("crew:position", args=[event.key, position.pk]),
        station=position.get_station_display(),
        state=state_words(position),
        tone=tone(position),
        holder=str(position.holder or ""),
        mine=mine,
        staffed=is_staffed(position),
        rate=format_minor(position.rate_minor, event.entity.currency)
        if rules.can_see_rate(standing, position)
        else "",
        note=" ".join(word for word in why if word),
        warnings=tuple(paper.words for paper in papers if not paper.holds),
        action="Look" if works else _action(event, standing, position, sought=sought),
        moves=_moves(event, standing, position, sought=sought),
    )


def _action(event: Event, standing: rules.Standing, position: Position, *, sought: bool) -> str:
    if event.state in TAKING and rules.can_claim_position(standing, position):
        if position.state == PositionState.OPEN:
            return "Claim"
        if sought and position.holder_id != standing.person_id:
            return "Stand in"
    return "Look"


def _moves(
    event: Event, standing: rules.Standing, position: Position, *, sought: bool
) -> tuple[tuple[str, str], ...]:
    if event.state not in COMING or not rules.can_run_positions(standing):
        return ()
    if position.state == PositionState.CLAIMED and not sought:
        return (("confirm", "Confirm"),)
    return (("resume", "Take off hold"),) if position.state == PositionState.HELD else ()


def state_words(position: Position) -> str:
    """Return how a position stands, in words; a stand-in sought is said before the state under it."""
    if position.stand_in_at is not None and position.state != PositionState.HELD:
        return SOUGHT
    return position.get_state_display()


def tone(position: Position) -> str:
    """Return the tone of those words."""
    if position.stand_in_at is not None and position.state != PositionState.HELD:
        return "watch"
    return _TONES.get(position.state, "info" if position.state == PositionState.OPEN else "")


def is_staffed(position: Position) -> bool:
    """Tell whether somebody works a position for certain; `STAFFED` asks the same of the database."""
    return position.state in (PositionState.CLAIMED, PositionState.CONFIRMED) and position.stand_in_at is None


def summary(found: Sequence[PositionRow]) -> str:
    """Return how many positions are staffed, in words: ``2 of 3 staffed``."""
    return f"{sum(row.staffed for row in found)} of {len(found)} staffed"


def release_until(event: Event) -> dt.datetime:
    """Return until when a holder may give a position back freely."""
    return timing.crew_call_at(event) - dt.timedelta(hours=event.release_hours)
