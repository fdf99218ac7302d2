"""The page behind a link of an agenda mail: open to whoever holds the mail, without sign-in or cookie.

GET and HEAD show what the link is for and change nothing, so no scanner, preview or prefetch settles anything; the button
does. The form bears no token against forgery: the address itself is the secret that a forger lacks, and the browser of a
mail program may keep no cookie to compare one with.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import addresses, clock
from core.limits import Limit, left, take
from reports.domain import queries, taps
from reports.domain.actions import subject_of
from reports.domain.taps import Standing, Tap
from reports.models import LinkVerb

# Addresses that lead nowhere, asked for from one place. Nobody guesses 256 bits; this keeps those who try from asking
# the database for ever.
WRONG_FROM_ADDRESS = Limit("action_tap_address", most=60, seconds=3600)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tap(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the action a link is for, with one button; when it is pressed, do it."""
    at, place = clock.now(), addresses.key(request)
    if not left(WRONG_FROM_ADDRESS, place, at=at):
        return render(request, "reports/tap_unknown.html", {"nav": None, "busy": True}, status=429)
    try:
        found = taps.answer(text=token, at=at) if request.method == "POST" else taps.look(text=token, at=at)
    except taps.TapRefusedError as error:
        return _page(request, error.tap, refused=str(error), status=410)
    if found is None:
        take(WRONG_FROM_ADDRESS, place, at=at)
        return render(request, "reports/tap_unknown.html", {"nav": None}, status=404)
    if request.method == "POST":
        return _page(request, found, did=True)
    return _page(request, found, status=200 if found.standing is Standing.OPEN else 410)


def _page(
    request: HttpRequest, found: Tap, *, did: bool = False, refused: str = "", status: int = 200
) -> HttpResponse:
    action = found.action
    names = queries.entity_names()
    return render(
        request,
        "reports/tap.html",
        {
            "nav": None,
            "action": action,
            "about": names.get(subject_of(action), subject_of(action)),
            "who": found.link.person,
            "done": found.link.verb == LinkVerb.DONE,
            "later": found.later,
            "standing": "did" if did else found.standing.name.lower(),
            "refused": refused,
            "overdue": action.due_on < queries.standing_on(at=clock.now()),
            "expires": f"{found.link.expires_at.astimezone(clock.zone()):%-d %b %Y, %H:%M %Z}",
            # Whose action it is by now is nobody's business but those who may sign in.
            "shown": found.standing is not Standing.NOT_YOURS,
        },
        status=status,
    )


urlpatterns = [path("tap/<path:token>/", tap, name="tap")]
