"""What the frame around every page shows: the places somebody may go, who they are, and whether this is the sample."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core import access
from crew.web import own
from portfolio.domain import queries

Place = tuple[str, str, str]
_STAFF: tuple[Place, ...] = (
    ("Home", "crew:home", "home"),
    ("Events", "crew:events", "calendar"),
    ("Reports", "reports:reports", "reports"),
    ("Portfolio", "portfolio:entities", "books"),
    ("Crew papers", "crew:credentials", "paper"),
    ("Pay", "crew:pay", "pay"),
    ("Maintenance", "crew:maintenance", "wrench"),
    ("Checklists", "crew:compare", "list"),
)
_CREW: tuple[Place, ...] = (
    ("My work", "crew:work", "charters"),
    ("Days off", "crew:my_days", "calendar"),
    ("Papers", "crew:my_credentials", "paper"),
    ("Pay", "crew:my_pay", "pay"),
    ("My roles", "crew:grants", "people"),
)
_GUEST: tuple[Place, ...] = (("My trips", "crew:work", "charters"), ("My roles", "crew:grants", "people"))
# Places that want more than reading: any of these verbs, somewhere.
_ASKS: dict[str, tuple[str, ...]] = {"crew:credentials": ("book",), "crew:pay": ("keep",)}
# A link's first page is its event.
_BY_LINK: tuple[Place, ...] = (("Event", "crew:home", "charters"), ("My roles", "crew:grants", "people"))


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return ``nav``, ``person`` and ``sample_notice``; nothing to a visitor who has not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    as_of = queries.sample_as_of()
    return {
        "nav": _nav(request),
        "person": user,
        "sample_notice": (
            f"Sample portfolio, all invented. Its books and reports end on {as_of:%-d %B %Y}; its charters lie around the day it was loaded."
            if as_of
            else ""
        ),
    }


def _nav(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the places this person may go, the most used first: a phone shows four, the rest behind "More"."""
    user: Any = request.user
    readable = access.entity_ids(user, "read")
    if readable is None or readable:
        places = [place for place in _STAFF if _may_any(user, _ASKS.get(place[1], ("read",)))]
    elif user.by_link:
        places = list(_BY_LINK)
    else:
        places = list(_CREW if own.works(request) else _GUEST)
    if access.may(user, "own"):
        places.append(("Mail", "mail:mailbox", "mail"))
    if user.is_staff and not user.by_link:
        places.append(("Admin", "admin:index", "admin"))
    found = [(label, reverse(name), icon) for label, name, icon in places]
    here = max((url for _, url, _ in found if _is_under(request.path, url)), key=len, default="")
    if not here and request.path.startswith(reverse("crew:events")):
        # Those who have no list of events reach theirs from the first place they have.
        here = found[0][1]
    return [{"label": label, "url": url, "icon": icon, "current": url == here} for label, url, icon in found]


def _may_any(user: Any, verbs: tuple[str, ...]) -> bool:
    return any(access.entity_ids(user, verb) != frozenset() for verb in verbs)


def _is_under(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
