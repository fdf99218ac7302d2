"""Links as mail: the outbox row holds the link's id, and its secret is made the moment the mail is really sent.

So no stored body, queue or copy ever holds a secret, and each mail of a link bears one of its own.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from core import clock
from crew.domain import link_secrets, link_trail
from crew.models import Link, LinkEventKind, LinkSecret
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed
from mail.models import Message

COMPOSER = "crew.link"
# There is nothing to seal yet; that a row bears a secret says that one is made when it is sent.
_TO_BE_MADE = "mint"


def send(*, link: Link, at: dt.datetime) -> Message:
    """Put a link into the outbox, to the address of the person whose grant it is and to no other."""
    person, event = link.grant.person, link.grant.event
    return outbox.enqueue(
        dedupe_key=f"crew.link:{link.pk}:{secrets.token_urlsafe(18)}",
        composer=COMPOSER,
        payload={"link": link.pk},
        secret=_TO_BE_MADE,
        to_address=person.email,
        to_name=person.name,
        from_name="Quarterdeck",
        subject=f"Your link to {event.title}"[:200],
        at=at,
    )


def compose(message: Message, secret: str | None) -> Composed:
    """Return the mail that bears a link; composed to be read again, the same mail without it.

    Raises:
        CannotComposeError: the link is gone, revoked or run out, so sending it would only mislead.
    """
    link = (
        Link.objects.select_related("grant__person", "grant__event__port")
        .filter(pk=message.payload.get("link"))
        .first()
    )
    if link is None:
        raise CannotComposeError("The link this mail was to bear is not in the database.")
    fresh = None if secret is None else _mint(link, at=clock.now())
    context = {
        "address": "" if fresh is None else link_url(fresh.token),
        "code": "" if fresh is None else fresh.shown_code,
        "code_page": settings.BASE_URL.rstrip("/") + reverse("crew:link_code"),
        "link": link,
        "event": link.grant.event,
        "role": link.grant.get_role_display().lower(),
        "name": message.to_name,
        "to_address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/link.txt", context),
        html=render_to_string("mail/link.html", context),
    )


def link_url(token: str) -> str:
    """Return the whole address of a link."""
    return settings.BASE_URL.rstrip("/") + reverse("crew:link", args=[token])


def _mint(link: Link, *, at: dt.datetime) -> link_secrets.Secret:
    if link.revoked_at is not None or link.grant.revoked_at is not None:
        raise CannotComposeError("The link was revoked before this mail was sent.")
    if link.expires_at <= at:
        raise CannotComposeError("The link ran out before this mail was sent.")
    return mint(link=link, shown="mail", at=at)


def mint(*, link: Link, shown: str, at: dt.datetime) -> link_secrets.Secret:
    """Make a secret for a link, keep its hashes, and return it in clear, this once."""
    fresh = link_secrets.fresh()
    with transaction.atomic():
        LinkSecret.objects.create(
            link=link,
            token_hash=link_secrets.token_hash(fresh.token),
            code_hash=link_secrets.code_hash(fresh.code),
            minted_at=at,
            shown=shown,
        )
        link_trail.note(link=link, kind=LinkEventKind.MINTED, at=at, reason=shown)
    return fresh
