"""Agendas: after an edition, one mail to everybody who has open actions of it, with a link for done and one for later.

Owners are told besides of what was escalated and is somebody else's, or nobody's. The mail bears links that act, so it goes
to nobody in copy; the edition's own mail, which does, holds plain addresses alone. The outbox keeps ids: the links are
made when the mail is sent, and a mail that is read again shows where they stood.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from core import access, clock
from crew.models import Person
from mail.domain import outbox
from mail.domain.compose import CannotComposeError, Composed
from mail.domain.fields import UnsendableError
from mail.models import Message
from reports.domain import actions, compare, held_mail, muting, owners, queries, taps
from reports.models import Action, ActionState, Edition, LinkVerb
from reports.render.words import count

COMPOSER = "reports.agenda"
# There is nothing to seal yet; that a row bears a secret says that its links are made when it is sent.
TO_BE_MADE = "mint"
# So many actions stand in one mail, which keeps it far below what mail programs cut; the others are on their page.
MOST = 40

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Agenda:
    """What one person is to be told of: their own actions, and escalated ones of others, by id."""

    person: Person
    own: list[int] = field(default_factory=list)
    escalated: list[int] = field(default_factory=list)


def enqueue(*, edition: Edition, rules: Sequence[str], at: dt.datetime) -> int:
    """Put one mail to everybody who has open actions of an edition into the outbox; return to how many it will go.

    In the transaction that writes the edition, after its findings were settled. An edition older than another one of the
    same report and entity is history and tells nobody.
    """
    newer = Edition.objects.filter(report=edition.report, entity=edition.entity, as_of__gt=edition.as_of)
    found = [] if newer.exists() else list(_agendas(edition, rules))
    going = 0
    for agenda in found:
        told = len(agenda.own) or len(agenda.escalated)
        subject = count(told, "action") + (" to do" if agenda.own else " escalated")
        try:
            asked = outbox.enqueue(
                dedupe_key=f"{COMPOSER}:{edition.pk}:{agenda.person.pk}",
                composer=COMPOSER,
                payload={
                    "edition": edition.pk,
                    "person": agenda.person.pk,
                    "actions": agenda.own,
                    "escalated": agenda.escalated,
                },
                to_address=agenda.person.email,
                to_name=agenda.person.name,
                from_name=edition.report.from_name,
                reply_to=edition.report.reply_to,
                subject=f"{subject}: {edition.report.title}, edition {edition.number}",
                secret=TO_BE_MADE,
                at=at,
            )
        except UnsendableError:
            logger.warning(
                "Nobody can mail person %s the actions of edition %s.", agenda.person.pk, edition.pk
            )
            continue
        going += not isinstance(asked, outbox.Skipped)
    return going


def _agendas(edition: Edition, rules: Sequence[str]) -> list[_Agenda]:
    rows = compare.actions_of(edition.report, edition.entity, rules).filter(state=ActionState.OPEN)
    book = owners.Book({})
    found: dict[int, _Agenda] = {}
    escalated = []
    for row in rows.select_related("finding", "assignee"):
        if row.finding is not None and muting.until(row.finding, on=edition.as_of) is not None:
            continue
        person, subject = row.assignee, actions.subject_of(row)
        if person is not None and book.may_read(person, subject):
            found.setdefault(person.pk, _Agenda(person)).own.append(row.pk)
        if row.escalated_on is not None:
            escalated.append(row)
    for owner in held_mail.approvers(entity=edition.entity) if escalated else ():
        others = [row.pk for row in escalated if row.assignee_id != owner.pk]
        if others:
            found.setdefault(owner.pk, _Agenda(owner)).escalated += others
    return list(found.values())


def composed(message: Message, secret: str | None) -> Composed:
    """Return the mail with what is still open of it; with links where it is being sent, without where it is read again.

    Raises:
        CannotComposeError: the edition or the person is gone.
    """
    at, payload = clock.now(), message.payload
    edition = queries.edition_of(pk=payload.get("edition", 0))
    person = Person.objects.filter(pk=payload.get("person"), is_active=True).first()
    if edition is None or person is None:
        raise CannotComposeError("The edition, or the person, that this mail is about is gone.")
    book = owners.Book({})
    asked = {*payload.get("actions", ()), *payload.get("escalated", ())}
    rows = [
        row
        for row in Action.objects.filter(pk__in=asked, state=ActionState.OPEN).select_related(
            "finding", "assignee"
        )
        if book.may_read(person, actions.subject_of(row))
    ]
    own = [row for row in rows if row.assignee_id == person.pk]
    others = [row for row in rows if row.assignee_id != person.pk and row.escalated_on is not None]
    made = {} if secret is None else taps.issue(rows=own[:MOST], person=person, at=at)
    names, today = queries.entity_names(), queries.standing_on(at=at)
    base = settings.BASE_URL.rstrip("/")
    context = {
        "subject": message.subject,
        "edition": edition,
        "edition_page": _page(base, edition) if access.may(person, "read", edition.entity_id) else "",
        "actions": [
            {
                **_said(row, names, today),
                "later": f"{max(row.due_on, today) + taps.LATER:%-d %b %Y}",
                "done_link": _address(base, made.get((row.pk, LinkVerb.DONE))),
                "later_link": _address(base, made.get((row.pk, LinkVerb.LATER))),
            }
            for row in own[:MOST]
        ],
        "left": max(len(own) - MOST, 0),
        "settled": len(payload.get("actions", ())) - len(own),
        "escalated": [_said(row, names, today) for row in others[:MOST]],
        "kept": secret is None,
        "page": f"{base}{reverse('reports:actions')}?whose=mine",
        "escalated_page": f"{base}{reverse('reports:actions')}?whose=escalated",
        "calendar": f"{base}{reverse('reports:action_calendar')}",
        "address": message.to_address,
        "base_url": settings.BASE_URL,
    }
    return Composed(
        subject=message.subject,
        text=render_to_string("mail/agenda.txt", context),
        html=render_to_string("mail/agenda.html", context),
    )


def _page(base: str, edition: Edition) -> str:
    return f"{base}{reverse('reports:edition', args=[edition.report.slug, edition.number])}"


def _address(base: str, token: str | None) -> str:
    return f"{base}{reverse('reports:tap', args=[token])}" if token else ""


def _said(row: Action, names: dict[str, str], today: dt.date) -> dict[str, Any]:
    subject = actions.subject_of(row)
    days = (today - row.due_on).days
    return {
        "title": row.title,
        "who": str(row.assignee) if row.assignee is not None else f"{row.owner}, nobody is named",
        "about": names.get(subject, subject),
        "finding": row.finding.title if row.finding is not None else "",
        "due": f"{row.due_on:%a %-d %b %Y}",
        "overdue": count(days, "day") if days > 0 else "",
        "carried": f"carried over {count(row.carried, 'edition')}" if row.carried else "",
        "escalated": f"escalated on {row.escalated_on:%-d %b %Y}" if row.escalated_on else "",
    }
