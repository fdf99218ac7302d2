"""Sessions opened by a magic link: limited to the grants whose links were opened in that browser.

A session of somebody who signed in by code has none of these keys and reaches all their grants and duties.
"""

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from crew.models import EventGrant, Person

BACKEND = "crew.sessions.LinkBackend"
# The grant that counts now, every grant whose link was opened in this session, and those of them whose link came to the
# person's own mailbox.
ACTIVE, OPENED, PROVED = "link_grant", "link_grants", "link_grants_proved"
# How long a browser is remembered that opened a link or scanned a code and went no further: scanners do so all day.
BRIEF_SECONDS = 24 * 3600


class LinkBackend(BaseBackend):
    """Loads the person of a session that a link opened, marked so; authenticates nobody by itself."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Refuse: only `crew.web.links` opens such a session."""

    def get_user(self, user_id: int) -> Person | None:
        """Return the person, marked ``by_link``; None once they are inactive."""
        person = Person.objects.filter(pk=user_id, is_active=True).first()
        if person is not None:
            person.by_link = True
        return person


def open_grant(request: HttpRequest, grant: EventGrant, *, proved: bool) -> None:
    """Let this browser stand on a grant whose link was just taken up, on a fresh session key.

    A link session of the same person keeps the grants it has; a session of anybody else ends here. Whoever calls this
    has asked them. ``proved`` says that what was opened had been mailed to the person, not shown on somebody's screen.
    """
    theirs = is_theirs(request, grant)
    kept = [pk for pk in opened_grants(request) if pk != grant.pk] if theirs else []
    sure = [pk for pk in _proved(request) if pk != grant.pk] if theirs else []
    proved = proved or (theirs and grant.pk in _proved(request))
    person = grant.person
    login(request, person, backend=BACKEND)
    person.by_link = True
    request.session.set_expiry(None)
    request.session[ACTIVE] = grant.pk
    request.session[OPENED] = [*kept, grant.pk]
    request.session[PROVED] = [*sure, grant.pk] if proved else sure


def keep_briefly(request: HttpRequest) -> None:
    """Let a session in which nobody has signed in yet be forgotten soon."""
    if not request.user.is_authenticated:
        request.session.set_expiry(BRIEF_SECONDS)


def switch(request: HttpRequest, grant_id: int) -> bool:
    """Make a grant that this link session opened the one that counts; tell whether it is one."""
    if grant_id not in opened_grants(request):
        return False
    request.session[ACTIVE] = grant_id
    return True


def opened_grants(request: HttpRequest) -> list[int]:
    """Return the ids of the grants opened in this link session; none in every other session."""
    return list(request.session.get(OPENED, [])) if is_by_link(request) else []


def is_proved(request: HttpRequest, grant_id: int) -> bool:
    """Tell whether a grant was opened in this link session by what its person was mailed.

    A link that a captain shows on a screen opens the event to whoever holds the phone, and no more than the event.
    """
    return grant_id in _proved(request)


def _proved(request: HttpRequest) -> list[int]:
    return list(request.session.get(PROVED, [])) if is_by_link(request) else []


def is_by_link(request: HttpRequest) -> bool:
    """Tell whether a link opened this session."""
    return bool(request.user.is_authenticated and request.user.by_link)


def is_theirs(request: HttpRequest, grant: EventGrant) -> bool:
    """Tell whether the person signed in here is the grant's."""
    return bool(request.user.is_authenticated and request.user.pk == grant.person_id)


def active_grant(request: HttpRequest) -> int | None:
    """Return the id of the grant a link session stands on; None for every other session."""
    return request.session.get(ACTIVE) if is_by_link(request) else None
