"""Where a request comes from: the address that limits count by, and what the trail writes down."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def of(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the client's address: the peer's, or behind our own proxy what that proxy wrote down.

    What stands further left in X-Forwarded-For the client wrote, so nothing is read from it.
    """
    said = request.META.get("REMOTE_ADDR", "")
    hops = getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0)
    if hops:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        said = forwarded[-hops].strip() if len(forwarded) >= hops else said
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def key(request: HttpRequest) -> str:
    """Return what tries of one client are counted by: its address, of an IPv6 one the half that names its network."""
    found = of(request)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return "" if found is None else str(found)
