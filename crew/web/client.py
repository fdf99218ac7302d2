"""Who asks, as the trail writes it down. The address itself is read in `core.addresses`."""

from django.http import HttpRequest

from core import addresses
from crew.domain.link_trail import Visitor


def visitor(request: HttpRequest) -> Visitor:
    """Return address and program of a request, fit to be stored."""
    agent = "".join(c for c in request.META.get("HTTP_USER_AGENT", "")[:400] if c.isprintable())
    found = addresses.of(request)
    return Visitor(address="" if found is None else str(found), agent=agent)


def address_key(request: HttpRequest) -> str:
    """Return what tries of one client are counted by."""
    return addresses.key(request)
