"""The first page. Staff see what needs attention, the next events, the entities, the mail, and what was done lately.

Everybody else is sent to what is theirs: the one event of a link, or the list of their work.
"""

import functools
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core import access, clock, months, trail
from crew import sessions
from crew.domain import event_lists, home_cards, post, work
from portfolio.domain import pages

EVENTS_SHOWN = 8
LETTERS_SHOWN = 4
CHARTERS_SHOWN = 5
NOTHING = (
    "You are signed in, and nothing here is yours yet. If you were invited, open the link in your mail; "
    "if your role has ended, ask the office for another."
)


def own_place_first(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Send whoever holds no duty to what is theirs, and staff on to the view."""

    @functools.wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated or access.entity_ids(user) != frozenset():
            return view(request)
        at = clock.now()
        if user.by_link:
            key = work.event_of(grant_id=sessions.active_grant(request) or 0, person=user, at=at)
            if key is not None:
                return redirect("crew:event", key=key)
            return redirect("crew:grants")
        if work.has_any(person=user, at=at):
            return redirect("crew:work")
        raise PermissionDenied(NOTHING)

    return guarded


@require_safe
@own_place_first
@access.staff
def home(request: HttpRequest) -> HttpResponse:
    """Show a member of staff their day."""
    now = clock.now()
    zone = _zone(request)
    ids = access.entity_ids(request.user)
    as_of = pages.as_of_date()
    entities = pages.entity_rows(ids=ids, as_of=as_of)
    owns = access.may(request.user, "own")
    cards = home_cards.cards_for(person=request.user, at=now)
    return render(
        request,
        "crew/home.html",
        {
            "now": now.astimezone(zone),
            "zone": zone.key,
            "as_of": as_of,
            "month_before": months.month_of(as_of) - 1,
            "as_of_differs": as_of != clock.today(at=now),
            "cards": [card for card in cards if card.severity != home_cards.NEWS],
            "charters": event_lists.rows(
                pks=list(
                    event_lists.agenda(
                        ids=ids, tab=event_lists.UPCOMING, choice=event_lists.Choice(), at=now
                    )[:CHARTERS_SHOWN]
                )
            ),
            "news": [card for card in cards if card.severity == home_cards.NEWS],
            "entities": entities,
            "shows_mail": owns,
            "mail_counts": post.mail_counts() if owns else [],
            "mail": post.newest_letters(limit=LETTERS_SHOWN) if owns else [],
            "total_cash": _total({row.currency for row in entities}, [row.cash_minor for row in entities]),
            "events": trail.recent(
                entity_slugs=None if ids is None else [row.slug for row in entities], limit=EVENTS_SHOWN
            ),
        },
    )


def _zone(request: HttpRequest) -> ZoneInfo:
    """Return the person's own zone, or the portfolio's where theirs is not one."""
    try:
        return clock.zone(getattr(request.user, "zone", None))
    except clock.UnknownZoneError:
        return clock.zone()


def _total(currencies: set[str], amounts: list[int]) -> int | None:
    """Return the sum of amounts of one currency; unlike currencies do not add up."""
    return sum(amounts) if len(currencies) == 1 else None
