"""Where Stripe posts its events. Public: what is posted is believed by its signature alone.

No session, no cookie, no token against forgery. An answer is one word and repeats nothing of what was posted. Stripe tries
again for days after anything but a 2xx, so an event is answered as soon as it is written down.
"""

import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import addresses, clock, limits
from portfolio.domain.stripe import events
from portfolio.models import Entity

logger = logging.getLogger(__name__)

LARGEST = 1_000_000
# Seconds by which a signature may be older than the post.
TOLERANCE = 300
FORGERIES = limits.Limit("stripe:forgeries", most=30, seconds=600)


@csrf_exempt
@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one event of an entity's Stripe account."""
    secrets = settings.STRIPE_WEBHOOK_SECRETS.get(slug, "")
    entity = Entity.objects.filter(slug=slug).first() if secrets else None
    if entity is None:
        return _answer(404, "unknown")
    try:
        raw = request.read(LARGEST + 1)
    except UnreadablePostError:
        return _answer(400, "unreadable")
    if len(raw) > LARGEST:
        return _answer(400, "too large")
    body = _verified(raw, request.headers.get("Stripe-Signature", ""), secrets)
    if body is None:
        within = limits.take(FORGERIES, addresses.key(request), at=clock.now())
        logger.warning("A post to the Stripe address of %s was refused: its signature does not hold.", slug)
        return _answer(400, "refused") if within else _answer(429, "too many")
    try:
        event = events.take(entity=entity, body=body, at=clock.now())
    except events.MalformedEventError as error:
        logger.warning("A post to the Stripe address of %s was malformed: %s", slug, error)
        return _answer(400, "malformed")
    except events.DifferentEventError:
        return _answer(409, "different")
    except (DatabaseError, InterfaceError):
        logger.exception("An event of Stripe could not be written down; Stripe will post it again.")
        return _answer(503, "come again")
    return _answer(200, event.state)


def _verified(raw: bytes, header: str, secrets: str) -> str | None:
    """Return the body if one of the secrets signed exactly these bytes a short while ago, else None."""
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415 - a slow import, for events alone

    try:
        body = raw.decode()
    except UnicodeDecodeError:
        return None
    for secret in secrets.split("|"):
        try:
            if WebhookSignature.verify_header(body, header, secret, TOLERANCE):
                return body
        except SignatureVerificationError:
            continue
        except (OverflowError, TypeError, ValueError):
            return None  # The header is not even shaped like one.
    return None


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(f"{word}\n", content_type="text/plain", status=status)


urlpatterns = [path("<slug:slug>/", take, name="stripe_webhook")]
