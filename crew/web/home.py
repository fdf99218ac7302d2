"""The portal's home for staff: what needs attention, the entities, the mail, and what was done lately."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import access, clock, months, trail
from crew.domain import home_cards, post
from portfolio.domain import pages

EVENTS_SHOWN = 8
LETTERS_SHOWN = 4


@require_safe
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
            "greeting": _greeting(now.astimezone(zone).hour),
            "now": now.astimezone(zone),
            "zone": zone.key,
            "as_of": as_of,
            "month_before": months.month_of(as_of) - 1,
            "as_of_differs": as_of != clock.today(at=now),
            "cards": [card for card in cards if card.severity != home_cards.NEWS],
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


def _greeting(hour: int) -> str:
    if hour < 5:  # Still up; "good night" would send them away.
        return "Good evening"
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


def _total(currencies: set[str], amounts: list[int]) -> int | None:
    """Return the sum of amounts of one currency; unlike currencies do not add up."""
    return sum(amounts) if len(currencies) == 1 else None
