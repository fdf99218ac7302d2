"""Telling people that something about their event changed: one mail each, with the plain address of its page.

No secret travels in them. Whoever reads one signs in as they did before, or by the link they were sent.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from crew.domain import grants
from crew.models import Event, Guest, GuestState, Person, Role
from mail.domain import outbox
from mail.domain.compose import LONGEST_SUBJECT, CannotComposeError, Composed
from mail.domain.fields import UnsendableError
from mail.models import Message

COMPOSER = "crew.notice"


def tell(
    *, event: Event, person: Person, key: str, subject: str, paragraphs: Sequence[str], at: dt.datetime
) -> Message:
    """Put one mail to one person into the outbox; ``key`` names the matter, about which nobody is told twice.

    Raises:
        mail.domain.outbox.UnsendableError: no mail can reach the person's address.
    """
    return _enqueue(
        event, f"{key}:{person.pk}", person.email, person.name, subject, paragraphs, with_page=True, at=at
    )


def tell_guest(
    *, event: Event, guest: Guest, key: str, subject: str, paragraphs: Sequence[str], at: dt.datetime
) -> Message:
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

    def once(address: str, name: str, send: Callable[[], Message]) -> None:
        if address.lower() in told:
            return
        told.add(address.lower())
        try:
            send()
        except UnsendableError:
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
    at: dt.datetime,
) -> Message:
    return outbox.enqueue(
        dedupe_key=f"crew.notice:{event.key}:{key}",
        composer=COMPOSER,
        payload={"event": event.pk, "paragraphs": list(paragraphs), "with_page": with_page},
        to_address=address,
        to_name=_line(name)[:120],
        from_name="Quarterdeck",
        subject=_line(subject)[:LONGEST_SUBJECT],
        at=at,
    )


def _line(text: str) -> str:
    """Return text as one line a header can bear: a title edited by hand may hold what none can."""
    return " ".join(
        "".join(
            " " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text
        ).split()
    )


def compose_notice(message: Message, secret: str | None) -> Composed:
    """Return the mail of one notice.

    Raises:
        CannotComposeError: the event is gone.
    """
    event = Event.objects.filter(pk=message.payload["event"]).first()
    if event is None:
        raise CannotComposeError("The event that this notice is about is gone.")
    page = ""
    if message.payload["with_page"]:
        page = settings.BASE_URL + reverse("crew:event", args=[event.key])
    context = {
        "subject": message.subject,
        "title": event.title,
        "paragraphs": message.payload["paragraphs"],
        "page": page,
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/notice.txt", context),
        html=render_to_string("mail/notice.html", context),
    )
