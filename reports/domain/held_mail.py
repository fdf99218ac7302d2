"""Telling those who may decide that an edition waits for them: one mail each, with the plain address of its page.

The mail bears no secret: the page asks for sign-in, and what decides is a button there.
"""

import datetime as dt
import logging

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string

from crew.models import Person, StaffGrant
from crew.rules import ALLOWS
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed
from mail.domain.fields import UnsendableError
from mail.models import Message
from portfolio.models import Entity
from reports.models import Run

COMPOSER = "reports.held"

logger = logging.getLogger(__name__)


def approvers(*, entity: Entity | None) -> list[Person]:
    """Return the people who may decide on an edition about an entity, or the whole portfolio, by address."""
    about = Q(entity__isnull=True) if entity is None else Q(entity__isnull=True) | Q(entity=entity)
    duties = [duty for duty, verbs in ALLOWS.items() if "own" in verbs]
    grants = StaffGrant.objects.live().filter(about, duty__in=duties, person__is_active=True)
    return list(Person.objects.filter(pk__in=grants.values("person")).order_by("email", "pk"))


def tell(*, run: Run, at: dt.datetime) -> int:
    """Put one mail to everybody who may decide on a held run into the outbox; return to how many it will go."""
    going = 0
    for person in approvers(entity=run.entity):
        try:
            asked = outbox.enqueue(
                dedupe_key=f"{COMPOSER}:{run.pk}:{person.pk}",
                composer=COMPOSER,
                payload={"run": run.pk},
                to_address=person.email,
                to_name=person.name,
                from_name=run.report.from_name,
                reply_to=run.report.reply_to,
                subject=f"Waits for you: {run.report.title}, as of {run.as_of:%-d %b %Y}",
                at=at,
            )
        except UnsendableError:
            logger.warning("Nobody can mail person %s that run %s is held.", person.pk, run.pk)
            continue
        going += not isinstance(asked, outbox.Skipped)
    return going


def composed(message: Message, secret: str | None) -> Composed:
    """Return the mail about one held run.

    Raises:
        CannotComposeError: the run is gone.
    """
    run = Run.objects.select_related("report", "entity").filter(pk=message.payload.get("run")).first()
    if run is None:
        raise CannotComposeError("The run that this mail is about is gone.")
    about = run.entity.name if run.entity is not None else "the whole portfolio"
    context = {
        "subject": message.subject,
        "title": f"{run.report.title} waits for you",
        "paragraphs": [
            f"The edition as of {run.as_of:%-d %B %Y} about {about} is worked out, and has not gone out. Nobody has "
            "received it.",
            *run.reasons.splitlines(),
            "Its page shows the draft and what changed since the edition before. There you approve it, and exactly "
            "that draft is issued, or discard it with a reason.",
        ],
        "page": f"{settings.BASE_URL.rstrip('/')}/reports/held/{run.pk}/",
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/notice.txt", context),
        html=render_to_string("mail/notice.html", context),
    )
