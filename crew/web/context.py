"""What the frame around every page shows: the places somebody may go, who they are, and whether this is the sample."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core import access
from portfolio.domain import queries


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
            f"Sample portfolio, all invented. Its records end on {as_of:%-d %B %Y}, and reports and pages stand at that date."
            if as_of
            else ""
        ),
    }


def _nav(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the places this person may go, the most used first."""
    user = request.user
    places = []
    readable = access.entity_ids(user, "read")
    if readable is None or readable:
        places += [
            ("Home", reverse("crew:home"), "home"),
            ("Reports", reverse("reports:reports"), "reports"),
            ("Portfolio", reverse("portfolio:entities"), "books"),
        ]
    if access.may(user, "own"):
        places.append(("Mail", reverse("mail:mailbox"), "mail"))
    if user.is_staff:
        places.append(("Admin", reverse("admin:index"), "admin"))
    return [
        {
            "label": label,
            "url": url,
            "icon": icon,
            "current": request.path == url or (url != "/" and request.path.startswith(url)),
        }
        for label, url, icon in places
    ]
