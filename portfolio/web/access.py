"""Fetching and authorising in one step: what a person may not see does not exist (404), what they may see but not
do is refused (403). Who may what is answered by `core.access`.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from core import access
from portfolio.models import Entity

M = TypeVar("M", bound=Model)


def entity(request: HttpRequest, slug: str, *, verb: str = "read") -> Entity:
    """Return an active entity the person may act on with a verb.

    Raises:
        Http404: there is none, or it is invisible to this person.
        PermissionDenied: it is visible, but the verb is not theirs.
    """
    found = Entity.objects.filter(slug=slug, active=True).first()
    if found is None:
        raise Http404
    access.require(request.user, verb, found.pk)
    return found


def record(request: HttpRequest, rows: QuerySet[M], *, verb: str = "read", **lookup: Any) -> M:
    """Return the one record of an entity that matches, for a person who may act on that entity with a verb.

    Raises:
        Http404: there is none, or its entity is not active or invisible to this person.
        PermissionDenied: its entity is visible, but the verb is not theirs.
    """
    found = rows.filter(**lookup).exclude(entity__active=False).first()
    if found is None:
        raise Http404
    access.require(request.user, verb, found.entity_id)  # type: ignore[attr-defined]
    return found


def may(request: HttpRequest, verb: str, found: Entity | None) -> bool:
    """Tell whether the person may act with a verb, so that a page offers only what will be allowed."""
    return access.may(request.user, verb, found.pk if found else None)
