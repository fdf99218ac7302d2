"""Fetching and authorising in one step, for every page of an event.

Querysets start from what the person may see: another event, or a record of another event, answers 404. What they see
but may not do answers 403. Who may what is asked of `crew.rules`, by name and at the time, and of nothing else.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase

from core import access, clock
from crew import rules, sessions
from crew.domain.history import Actor
from crew.models import Event, EventGrant, Role

REFUSAL = "Your role on this event does not include this. Ask its captain or the office."


def standing_of(request: HttpRequest, event: Event) -> rules.Standing:
    """Return what this request's person is on an event; at most two queries.

    In a session opened by a link the one active grant counts. Else all live grants on the event do, and staff duties
    on its entity: ``book`` makes an admin of it, ``read`` a reader.
    """
    user: Any = request.user
    if not user.is_authenticated or not user.is_active:
        return rules.NOBODY
    grants = EventGrant.objects.live(at=clock.now()).filter(person_id=user.pk, event_id=event.pk)
    active = sessions.active_grant(request)
    if user.by_link:
        grants = grants.filter(pk=active or 0)
    found = dict(grants.values_list("role", "pk"))
    roles = set(found)
    if access.may(user, "book", event.entity_id):
        roles.add(Role.ADMIN.value)
    elif access.may(user, "read", event.entity_id):
        roles.add(rules.STAFF)
    came_by = next(
        (found[role] for role in (Role.ADMIN, Role.CAPTAIN, Role.CREW, Role.GUEST) if role in found), None
    )
    return rules.Standing(user.pk, frozenset(roles), came_by)


def actor(request: HttpRequest, standing: rules.Standing) -> Actor:
    """Return whose hand a change of this request is."""
    return Actor(request.user, standing.grant_id)


def event_page(
    can: Callable[..., bool],
    *,
    of: type[Model] | None = None,
    select: Sequence[str] = (),
    refused: Callable[..., HttpResponseBase] | None = None,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let a view be opened by whom ``can`` allows: ``view(request, event, standing)``.

    The address bears the event's ``key``. With ``of`` it also bears ``pk`` of one of the event's records, which
    ``can`` is asked about, if it takes one, and the view gets as a fourth argument; ``select`` names its related rows
    to be read along; ``refused`` answers in better words whom the rule refuses. Anonymous visitors are sent to sign in, whether the event exists or not.
    """
    asks_about = len(inspect.signature(can).parameters) > 1

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, key: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            # PostgreSQL takes a NUL in no text, so no key has one.
            event = (
                Event.objects.select_related("entity", "vessel", "port", "end_port", "template")
                .filter(key=key.replace("\x00", " "))
                .first()
            )
            if event is None:
                raise Http404
            standing = standing_of(request, event)
            if not rules.can_view_event(standing):
                raise Http404
            about: tuple[Any, ...] = ()
            if of is not None:
                rows = of._default_manager.select_related(*select) if select else of._default_manager
                found = rows.filter(pk=kwargs.pop("pk"), event=event).first()
                if found is None:
                    raise Http404
                found.event = event  # type: ignore[attr-defined]  # so that nothing asks for it again
                about = (found,)
            # By name, so that the rule of today answers, and a test that takes one away is felt.
            if not getattr(rules, can.__name__)(standing, *(about if asks_about else ())):
                if refused is not None:
                    return refused(request, event, standing, *about)
                raise PermissionDenied(REFUSAL)
            return view(request, event, standing, *about, *args, **kwargs)

        guarded.audience = can.__name__  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be opened by anybody who is signed in; it shows them what is their own, and nothing else."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.audience = "signed in"  # type: ignore[attr-defined]
    return guarded
