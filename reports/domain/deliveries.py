"""Who an edition went to, and how far it came; sending it again to those it missed. Composing it is `mailing`."""

import datetime as dt

from crew.models import Person
from mail.domain import compose, decisions
from mail.domain import queries as mail
from mail.domain.content import Content, take_apart
from mail.models import Message, State
from reports.document import Document, load
from reports.domain import mailing
from reports.models import Edition


def of_edition(*, edition: Edition) -> tuple[Message, ...]:
    """Return the mails of an edition, by address."""
    return tuple(mail.with_key_prefix(mailing.dedupe_prefix(edition)))


def resend_failed(*, edition: Edition, by: Person, at: dt.datetime) -> list[str]:
    """Queue the failed mails of an edition again and return their addresses; nobody gets it twice."""
    again = []
    for row in mail.with_key_prefix(mailing.dedupe_prefix(edition)).filter(state=State.FAILED):
        try:
            decisions.retry(message=row, by=by, at=at)
        except decisions.DecisionRefusedError:
            # Somebody pressed the button at the same moment, and theirs counted.
            continue
        again.append(row.to_address)
    return again


def preview(*, edition: Edition, reader: Person) -> Content:
    """Return an edition's mail as this reader would get it, taken apart; nothing is sent."""
    message = Message(
        composer=mailing.COMPOSER,
        payload={"edition": edition.pk},
        to_address=reader.email,
        to_name=reader.name,
        from_name=edition.report.from_name,
        reply_to=edition.report.reply_to,
        subject=mailing.subject(load(Document, edition.document)),
    )
    built = compose.build(message, compose.compose(message))
    return take_apart(built.message().as_bytes())
