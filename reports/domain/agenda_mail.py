"""The agenda mail: what is to be done by one person, with a link for done and one for later under each action.

It bears links that act, so it goes to nobody in copy; an edition's own mail, which does, holds plain addresses alone. The
outbox keeps ids: the links are made when the mail is sent, and a mail that is read again shows where they stood.
Who gets one, and when, is `reports.domain.agenda`.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from core import access, clock
from crew.models import Person
from mail.domain.compose import CannotComposeError, Composed
from mail.domain.fields import address
from mail.models import Message
from reports.domain import actions, owners, queries, taps
from reports.models import Action, ActionState, Edition, LinkVerb
from reports.render.words import count

COMPOSER = "reports.agenda"
# So many actions have links, and so many more are named, which keeps a mail below what mail programs cut (about 100 KB).
MOST, NAMED = 40, 60


def composed(message: Message, secret: str | None) -> Composed:
    """Return the mail with what is still open of it; with links where it is being sent, without where it is read again.

    Raises:
        CannotComposeError: the person is gone, or is at another address by now, where it is being sent.
    """
    at, payload = clock.now(), message.payload
    person = Person.objects.filter(pk=payload.get("person"), is_active=True).first()
    if person is None:
        raise CannotComposeError("The person whom this mail is for is gone.")
    if secret is not None and _mailed(person) != message.to_address.lower():
        raise CannotComposeError(
            "The person whom this mail is for has another address by now, and its links act for them alone."
        )
    asked_by = Edition.objects.filter(pk__in=payload.get("editions", ())).select_related("report")
    editions = list(asked_by.defer("document").order_by("report__position", "pk"))
    book = owners.book()
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
    made = {} if secret is None else taps.issue(rows=own[:MOST], person=person, message=message, at=at)
    names, today = queries.entity_names(), queries.standing_on(at=at)
    base = settings.BASE_URL.rstrip("/")
    context = {
        "subject": message.subject,
        "editions": [
            {"edition": row, "page": _page(base, row) if access.may(person, "read", row.entity_id) else ""}
            for row in editions
        ],
        "one_day": len({row.as_of for row in editions}) == 1,
        "actions": [
            {
                **_said(row, names, today, book),
                "later": f"{max(row.due_on, today) + taps.LATER:%-d %b %Y}",
                "done_link": _address(base, made.get((row.pk, LinkVerb.DONE))),
                "later_link": _address(base, made.get((row.pk, LinkVerb.LATER))),
            }
            for row in own[:MOST]
        ],
        "named": [_said(row, names, today, book) for row in own[MOST : MOST + NAMED]],
        "left": max(len(own) - MOST - NAMED, 0),
        "settled": len(payload.get("actions", ())) - len(own),
        "escalated": [_said(row, names, today, book) for row in others[:MOST]],
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


def _mailed(person: Person) -> str:
    return address(person.email, what="recipient").lower()


def _page(base: str, edition: Edition) -> str:
    return f"{base}{reverse('reports:edition', args=[edition.report.slug, edition.number])}"


def _address(base: str, token: str | None) -> str:
    return f"{base}{reverse('reports:tap', args=[token])}" if token else ""


def _said(row: Action, names: dict[str, str], today: dt.date, book: owners.Book) -> dict[str, Any]:
    subject = actions.subject_of(row)
    days = (today - row.due_on).days
    return {
        "title": row.title,
        "who": str(row.assignee) if row.assignee is not None else book.without(row.owner, subject=subject),
        "about": names.get(subject, subject),
        "finding": row.finding.title if row.finding is not None else "",
        "due": f"{row.due_on:%a %-d %b %Y}",
        "overdue": count(days, "day") if days > 0 else "",
        "carried": f"carried over {count(row.carried, 'edition')}" if row.carried else "",
        "escalated": f"escalated on {row.escalated_on:%-d %b %Y}" if row.escalated_on else "",
    }
