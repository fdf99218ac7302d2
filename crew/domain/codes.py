"""Sign-in codes as mail: put into the outbox sealed, composed when sent, never copied to anybody."""

import datetime as dt
import secrets

from django.conf import settings
from django.template.loader import render_to_string

from core import clock
from crew.models import Person
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed
from mail.models import Message

COMPOSER = "crew.code"
SUBJECT = "Your Quarterdeck sign-in code"


def send_code(*, person: Person, code: str, at: dt.datetime) -> None:
    """Put a code for one person into the outbox, to the address we know them by and never to one they typed."""
    outbox.enqueue(
        dedupe_key=f"crew.code:{secrets.token_urlsafe(18)}",
        composer=COMPOSER,
        payload={"person": person.pk},
        secret=code,
        to_address=person.email,
        to_name=person.name,
        from_name="Quarterdeck",
        subject=SUBJECT,
        at=at,
    )


def compose_code(message: Message, secret: str | None) -> Composed:
    """Return the mail that bears a code; with the secret gone, the same mail without it.

    Raises:
        CannotComposeError: the code has run out, so sending it would only mislead.
    """
    minutes = settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60
    if secret is not None and clock.now() > message.created_at + dt.timedelta(minutes=minutes):
        raise CannotComposeError(
            f"The code ran out {minutes} minutes after it was asked for; a new one can be asked for."
        )
    context = {
        "code": secret,
        "minutes": minutes,
        "name": message.to_name,
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/code.txt", context),
        html=render_to_string("mail/code.html", context),
    )
