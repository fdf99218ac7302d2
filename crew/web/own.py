"""Who opens the pages of people who work: their papers, their days off, their pay."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

from core import access, clock
from crew import sessions
from crew.models import EventGrant, Position, Role

_WORKS = (Role.CAPTAIN, Role.CREW)


def works(request: HttpRequest) -> bool:
    """Tell whether this request's person is one who works.

    A session opened by a link shows it by its grant alone, live and for captain or crew, and only where that link had
    been mailed to the person: one that somebody showed on a screen is anybody's. Everybody else has, or once had, such
    a role or a position, or is staff. Asked once a request.
    """
    user: Any = request.user
    if not hasattr(user, "_works"):
        user._works = _works(request, user)
    return user._works


def _works(request: HttpRequest, user: Any) -> bool:
    grants = EventGrant.objects.filter(person_id=user.pk, role__in=_WORKS)
    if user.by_link:
        active = sessions.active_grant(request) or 0
        return sessions.is_proved(request, active) and grants.live(at=clock.now()).filter(pk=active).exists()
    staff = access.entity_ids(user)
    return (
        staff is None or bool(staff) or grants.exists() or Position.objects.filter(holder_id=user.pk).exists()
    )


def worker(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be opened by people who work; to guests and strangers it does not exist."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not works(request):
            raise Http404
        return view(request, *args, **kwargs)

    guarded.audience = "worker"  # type: ignore[attr-defined]
    return guarded
