"""Sessions opened by a magic link: limited to the grants whose links were opened in that browser.

A session of somebody who signed in by code has none of these keys and reaches all their grants and duties.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from crew.models import Person

BACKEND = "crew.sessions.LinkBackend"
# The grant that counts now, and every grant whose link was opened in this session.
ACTIVE, OPENED = "link_grant", "link_grants"


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


def active_grant(request: HttpRequest) -> int | None:
    """Return the id of the grant a link session stands on; None for every other session."""
    if not request.user.is_authenticated or not request.user.by_link:
        return None
    return request.session.get(ACTIVE)
