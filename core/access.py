"""Who may see what, asked from below: lower apps' pages ask here, and the people's app answers.

Lower floors cannot import `crew.rules`; crew registers its predicate in ``AppConfig.ready()``.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase


class Policy(Protocol):
    """What the people's app must answer."""

    def entity_ids(self, person: Any, duty: str) -> frozenset[int] | None:
        """Return the entities a person holds a duty on; None means the whole portfolio."""

    def may(self, person: Any, duty: str, entity_id: int | None) -> bool:
        """Tell whether a person holds a duty on an entity (None: on the whole portfolio)."""


_policy: list[Policy] = []


def register(policy: Policy) -> None:
    """Install the policy; the last one registered answers."""
    _policy[:] = [policy]


def entity_ids(person: Any, duty: str = "read") -> frozenset[int] | None:
    """Return the ids of the entities a person may act on with a duty; None means all of them."""
    return _policy[0].entity_ids(person, duty)


def may(person: Any, duty: str, entity_id: int | None = None) -> bool:
    """Tell whether a person may do a duty on one entity, or on the whole portfolio when none is named."""
    return _policy[0].may(person, duty, entity_id)


def require(person: Any, duty: str, entity_id: int | None = None) -> None:
    """Refuse with 404 what a person may not even see, and with 403 what they see but may not do.

    Raises:
        Http404: the entity is invisible to this person.
        PermissionDenied: it is visible, but the duty is not theirs.
    """
    if may(person, duty, entity_id):
        return
    if duty != "read" and may(person, "read", entity_id):
        raise PermissionDenied("Your role does not include this. Ask the owner to extend your grant.")
    raise Http404


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a stranger to sign in, and back to where they were afterwards.

    A part of a page that htmx asks for is answered with nothing but the advice to load the page anew, which then sends to
    sign in: followed by htmx, a redirect would put the sign-in page where the part was.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())


def staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be opened by staff only: others are sent to sign in, or told 403 when signed in."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            return to_sign_in(request)
        allowed = entity_ids(user)
        if allowed is not None and not allowed:
            raise PermissionDenied("This part of the portal is for staff.")
        return view(request, *args, **kwargs)

    guarded.audience = "staff"  # type: ignore[attr-defined]
    return guarded
