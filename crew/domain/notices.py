"""Telling people that something about their event changed: one mail each, with a link where they have a role on it.

The outbox row names the link; its secret is made the moment the mail is really sent, as in `crew.domain.link_mail`, so
nothing stored holds one. Where no link can be used (no role, cancelled, over) the mail has the page's plain address.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from core import clock
from crew.domain import grants, link_mail, link_secrets, links
from crew.domain.history import SYSTEM
from crew.models import Event, EventGrant, EventState, Guest, GuestState, Link, Person, Role
from mail.domain import outbox
from mail.domain.compose import LONGEST_SUBJECT, CannotComposeError, Composed
from mail.domain.fields import UnsendableError
from mail.domain.outbox import Skipped
from mail.models import Message

COMPOSER = "crew.notice"
# Whose link a notice bears, the widest first. An admin's lasts minutes and opens once: it would be dead when read.
_LINKED = (Role.CAPTAIN, Role.CREW, Role.GUEST)


def tell(
    *, event: Event, person: Person, key: str, subject: str, paragraphs: Sequence[str], at: dt.datetime
) -> Message | Skipped:
    """Put one mail to one person into the outbox; ``key`` names the matter, about which nobody is told twice.

    With a live role on the event they get a link to it: the one they have, or a new one that only this mail bears. Such
    mail is essential, so nothing stops it; a notice without one is not sent to a dead address.

    Raises:
        mail.domain.outbox.UnsendableError: no mail can reach the person's address.
    """
    with transaction.atomic():
        return _enqueue(
            event,
            f"{key}:{person.pk}",
            person.email,
            person.name,
            subject,
            paragraphs,
            with_page=True,
            link=_link(event, person, at=at),
            at=at,
        )


def tell_guest(
    *, event: Event, guest: Guest, key: str, subject: str, paragraphs: Sequence[str], at: dt.datetime
) -> Message | Skipped:
    """Do the same for a guest who has an address and no role on the event, so no page of it to open.

    Raises:
        mail.domain.outbox.UnsendableError: no mail can reach the guest's address.
    """
    return _enqueue(
        event,
        f"{key}:guest:{guest.pk}",
        guest.email,
        guest.name,
        subject,
        paragraphs,
        with_page=False,
        at=at,
    )


def tell_everybody(
    *,
    event: Event,
    key: str,
    subject: str,
    paragraphs: Sequence[str],
    at: dt.datetime,
    for_crew: Sequence[str] = (),
    crew_only: bool = False,
) -> dict[str, Any]:
    """Mail everybody with a live grant, and guests with an address, once each; those who work it read ``for_crew`` too.

    Returns, for the trail, how many were told, and the names of those whom no mail can reach.
    """
    told: set[str] = set()
    not_told: list[str] = []

    def once(address: str, name: str, send: Callable[[], Message | Skipped]) -> None:
        if address.lower() in told:
            return
        told.add(address.lower())
        try:
            reached = not isinstance(send(), Skipped)
        except UnsendableError:
            reached = False
        if not reached:
            not_told.append(name)

    for grant in grants.holders(event=event, at=at):
        person, works = grant.person, grant.role != Role.GUEST
        if person.is_active and (works or not crew_only):
            words = [*paragraphs, *for_crew] if works else paragraphs
            once(
                person.email,
                str(person),
                partial(tell, event=event, person=person, key=key, subject=subject, paragraphs=words, at=at),
            )
    if not crew_only:
        aboard = Guest.objects.filter(event=event).exclude(state=GuestState.REMOVED).exclude(email="")
        for guest in aboard.order_by("id"):
            once(
                guest.email,
                guest.name,
                partial(
                    tell_guest,
                    event=event,
                    guest=guest,
                    key=key,
                    subject=subject,
                    paragraphs=paragraphs,
                    at=at,
                ),
            )
    unreached = {"not_told": ", ".join(not_told)} if not_told else {}
    return {"told": len(told) - len(not_told)} | unreached


def _enqueue(
    event: Event,
    key: str,
    address: str,
    name: str,
    subject: str,
    paragraphs: Sequence[str],
    *,
    with_page: bool,
    link: Link | None = None,
    at: dt.datetime,
) -> Message | Skipped:
    return outbox.enqueue(
        dedupe_key=f"crew.notice:{event.key}:{key}",
        composer=COMPOSER,
        payload={
            "event": event.pk,
            "paragraphs": list(paragraphs),
            "with_page": with_page,
            "link": None if link is None else link.pk,
        },
        secret=None if link is None else link_mail.TO_BE_MADE,
        to_address=address,
        to_name=_line(name)[:120],
        from_name="Quarterdeck",
        subject=_line(subject)[:LONGEST_SUBJECT],
        at=at,
    )


def _link(event: Event, person: Person, *, at: dt.datetime) -> Link | None:
    """Return a link to somebody's widest role that can be taken up, made now where there is none."""
    if event.state == EventState.CANCELLED:
        return None
    held = EventGrant.objects.live(at=at).filter(event=event, person=person, role__in=_LINKED)
    grant = min(
        held.select_related("person", "event__entity"),
        key=lambda one: _LINKED.index(Role(one.role)),
        default=None,
    )
    if grant is None:
        return None
    try:
        return links.current(grant=grant, at=at) or links.issue(grant=grant, by=SYSTEM, at=at, mail=False)
    except links.LinkRefusedError:
        return None


def _line(text: str) -> str:
    """Return text as one line a header can bear: a title edited by hand may hold what none can."""
    return " ".join(
        "".join(
            " " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text
        ).split()
    )


def compose_notice(message: Message, secret: str | None) -> Composed:
    """Return the mail of one notice; composed to be read again, the same mail with the plain address.

    Raises:
        CannotComposeError: the event is gone.
    """
    event = Event.objects.filter(pk=message.payload["event"]).first()
    if event is None:
        raise CannotComposeError("The event that this notice is about is gone.")
    page = ""
    if message.payload["with_page"]:
        page = link_mail.absolute("crew:event", event.key)
    fresh = None if secret is None else _secret(event, message.payload["link"], at=clock.now())
    context = {
        "subject": message.subject,
        "title": event.title,
        "paragraphs": message.payload["paragraphs"],
        "page": page,
        "link": "" if fresh is None else link_mail.link_url(fresh.token),
        "code": "" if fresh is None else fresh.shown_code,
        "code_page": link_mail.absolute("crew:link_code"),
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/notice.txt", context),
        html=render_to_string("mail/notice.html", context),
    )


def _secret(event: Event, pk: int, *, at: dt.datetime) -> link_secrets.Secret | None:
    """Return a fresh secret of a link; None where it was taken back, ran out or was used up before the mail left."""
    link = Link.objects.select_related("grant__person").filter(pk=pk).first()
    if link is None or event.state == EventState.CANCELLED or link.grant.revoked_at is not None:
        return None
    usable = link.revoked_at is None and link.expires_at > at and link.uses < link.uses_allowed
    return link_mail.mint(link=link, shown="mail", at=at) if usable else None
