"""The second step of a captain's or admin's link: a code mailed to them, on a device that does not know them yet.

So a forwarded mail, or a photograph of a screen, is not enough to run a charter.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare

from core import clock
from core.limits import Limit, take
from crew.domain import link_secrets
from crew.models import Link, Person, Role, StepUp
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed
from mail.models import Message

COMPOSER = "crew.step"
ROLES = (Role.CAPTAIN, Role.ADMIN)
LASTS = dt.timedelta(minutes=10)
TRIES = 5
CODES_FOR_PERSON = Limit("step_up_codes", most=6, seconds=3600)
DEVICE_KNOWN_FOR = dt.timedelta(days=180)


class StepRefusedError(Exception):
    """No code is sent, or none is taken; the message says what to do."""


class WrongStepCodeError(StepRefusedError):
    """Not the code that was mailed; there are tries left."""


def needed(*, link: Link, device: str) -> bool:
    """Tell whether a link asks for a code; ``device`` is what the browser keeps since an earlier one."""
    return link.grant.role in ROLES and not _knows(link.grant.person, device)


def ask(*, link: Link, at: dt.datetime) -> StepUp:
    """Mail a fresh code to the person of a link.

    Raises:
        StepRefusedError: several were asked for in this hour.
    """
    person = link.grant.person
    if not take(CODES_FOR_PERSON, str(person.pk), at=at):
        raise StepRefusedError(
            "Several codes were mailed in this hour. Use the newest one, look into the junk folder too, or try again "
            "in an hour."
        )
    code = link_secrets.fresh()
    with transaction.atomic():
        step = StepUp.objects.create(
            link=link, code_hash=link_secrets.code_hash(code.code), asked_at=at, expires_at=at + LASTS
        )
        outbox.enqueue(
            dedupe_key=f"crew.step:{step.pk}:{secrets.token_urlsafe(18)}",
            composer=COMPOSER,
            payload={"step": step.pk},
            secret=code.shown_code,
            to_address=person.email,
            to_name=person.name,
            from_name="Quarterdeck",
            subject="Your Quarterdeck code for this device",
            at=at,
        )
    return step


def confirm(*, step_id: int, link: Link, text: str, at: dt.datetime) -> None:
    """Take the code that was mailed; each try is counted before it is looked at.

    Raises:
        crew.domain.link_secrets.NotACodeError: what was typed cannot be a code; that counts for nothing.
        WrongStepCodeError: it is not the code.
        StepRefusedError: the code ran out, was used, or was guessed at too often.
    """
    code = link_secrets.code_in(text)
    steps = StepUp.objects.filter(pk=step_id, link=link, used_at__isnull=True, expires_at__gt=at)
    if not steps.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        raise StepRefusedError("This code ran out, or was typed wrong too often. Ask for a new one.")
    step = StepUp.objects.get(pk=step_id)
    if not any(constant_time_compare(step.code_hash, known) for known in link_secrets.code_hashes(code)):
        left = max(TRIES - step.tries, 0)
        raise WrongStepCodeError(
            "That is not the code we mailed you. Look at the newest mail; "
            + (
                f"you can try {left} more time{'' if left == 1 else 's'}."
                if left
                else "now ask for a new one."
            )
        )
    if not steps.update(used_at=at):
        raise StepRefusedError("This code was used a moment ago. Ask for a new one.")


def device_token(person: Person) -> str:
    """Return what a browser keeps so that it is known for this person."""
    return signing.dumps(person.pk, salt=_salt(person))


def compose(message: Message, secret: str | None) -> Composed:
    """Return the mail that bears the code; with the secret gone, the same mail without it.

    Raises:
        CannotComposeError: the code has run out, so sending it would only mislead.
    """
    step = StepUp.objects.select_related("link__grant__event").filter(pk=message.payload.get("step")).first()
    if step is None:
        raise CannotComposeError("What this code was for is not kept any more.")
    if secret is not None and step.expires_at <= clock.now():
        raise CannotComposeError("The code ran out before this mail was sent; a new one can be asked for.")
    context = {
        "code": secret,
        "minutes": int(LASTS.total_seconds() // 60),
        "role": step.link.grant.get_role_display().lower(),
        "event": step.link.grant.event,
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/step.txt", context),
        html=render_to_string("mail/step.html", context),
    )


def _knows(person: Person, device: str) -> bool:
    try:
        return bool(signing.loads(device, salt=_salt(person), max_age=DEVICE_KNOWN_FOR) == person.pk)
    except signing.BadSignature:
        return False


def _salt(person: Person) -> str:
    return f"crew.domain.stepup.{person.pk}.{person.password}"
