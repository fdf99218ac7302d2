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
from crew.domain import link_secrets, link_trail, link_words, qr
from crew.models import Link, LinkEventKind, LinkSecret, Person, Role
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed, InlineImage
from mail.models import Message

COMPOSER = "crew.link"
# There is nothing to seal yet; that a row bears a secret says that one is made when it is sent.
TO_BE_MADE = "mint"


def send(*, link: Link, at: dt.datetime) -> None:
    """Put a link into the outbox, to the address of the person whose grant it is and to no other."""
    person, event = link.grant.person, link.grant.event
    outbox.enqueue(
        dedupe_key=f"crew.link:{link.pk}:{secrets.token_urlsafe(18)}",
        composer=COMPOSER,
        payload={"link": link.pk},
        secret=TO_BE_MADE,
        to_address=person.email,
        to_name=person.name,
        from_name="Quarterdeck",
        # A title may hold what no header can bear; nobody's link fails for that.
        subject="".join(c if c.isprintable() else " " for c in f"Your link to {event.title}")[:200],
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
    grant = link.grant
    context = {
        "address": "" if fresh is None else link_url(fresh.token),
        "code": "" if fresh is None else fresh.shown_code,
        "code_page": absolute("crew:link_code"),
        "link": link,
        "event": grant.event,
        "departs": link_words.departure(grant.event),
        "until": link_words.stamp(grant.event, link.expires_at),
        "once": link.uses_allowed == 1,
        "role": grant.get_role_display().lower(),
        "steps_up": grant.role in (Role.CAPTAIN, Role.ADMIN),
        "name": message.to_name,
        "to_address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/link.txt", context),
        html=render_to_string("mail/link.html", context),
        inline=()
        if fresh is None
        else (InlineImage("link-qr", "link.png", "image/png", qr.png(link_url(fresh.token))),),
    )


def link_url(token: str) -> str:
    """Return the whole address of a link."""
    return absolute("crew:link", token)


def absolute(name: str, *args: str) -> str:
    """Return the whole address of a page, for a mail or a QR code."""
    return settings.BASE_URL.rstrip("/") + reverse(name, args=args)


def _mint(link: Link, *, at: dt.datetime) -> link_secrets.Secret:
    if link.revoked_at is not None or link.grant.revoked_at is not None:
        raise CannotComposeError("The link was revoked before this mail was sent.")
    if link.expires_at <= at:
        raise CannotComposeError("The link ran out before this mail was sent.")
    return mint(link=link, shown="mail", at=at)


def mint(*, link: Link, shown: str, at: dt.datetime, by: Person | None = None) -> link_secrets.Secret:
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
        link_trail.note(link=link, kind=LinkEventKind.MINTED, at=at, by=by, reason=f"For the {shown}")
    return fresh
