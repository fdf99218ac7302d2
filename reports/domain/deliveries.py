"""Who an edition went to, and how far it came; sending it again to those it missed. Composing it is `mailing`."""

import datetime as dt
from collections.abc import Iterable

from crew.models import Person
from mail.domain import compose, decisions
from mail.domain import queries as mail
from mail.domain.compose import CannotComposeError
from mail.domain.content import Content, take_apart
from mail.domain.fields import UnsendableError
from mail.models import Message, State
from reports.document import Document, load
from reports.domain import mailing, subjects
from reports.domain.subjects import Tally
from reports.models import Edition, Report, Variant


class NoPreviewError(Exception):
    """A mail that cannot be shown as a reader would get it; the message says why."""


def of_edition(*, edition: Edition) -> tuple[Message, ...]:
    """Return the mails of an edition, by address, each with what it was to bear."""
    rows = mail.with_key_prefix(mailing.dedupe_prefix(edition))
    return tuple(rows.defer(None).defer("sealed"))


def variants_of(*, mails: Iterable[Message], known: Iterable[Variant]) -> dict[int, Variant | None]:
    """Return the variant of each mail of an edition, of those known, by the mail's id; None is the whole."""
    by_slug = {variant.slug: variant for variant in known}
    return {row.pk: by_slug.get(row.payload.get("variant", "")) for row in mails}


def tallies_of(*, edition: Edition, mails: Iterable[Message]) -> list[Tally]:
    """Return what came of each subject line of an edition and its mails; nothing where all bear the usual subject."""
    if not any(row.payload.get("label") for row in mails):
        return []
    return subjects.tallies(report=edition.report, prefix=mailing.dedupe_prefix(edition), every=False)


def tallies_of_report(*, report: Report) -> list[Tally]:
    """Return what came of each subject line of a report, over all its editions."""
    return subjects.tallies(report=report, prefix=mailing.report_prefix(report))


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


def preview(*, edition: Edition, reader: Person, variant: Variant | None = None) -> Content:
    """Return an edition's mail as this reader would get it, in a variant, taken apart; nothing is sent.

    Raises:
        NoPreviewError: no mail can bear the reader's name or address, or the edition has none.
    """
    lines = subjects.in_use(report=edition.report)
    line = subjects.choose(lines=lines, report=edition.report.slug, address=reader.email)
    message = Message(
        composer=mailing.COMPOSER,
        payload={"edition": edition.pk, **({} if variant is None else {"variant": variant.slug})},
        to_address=reader.email,
        to_name=reader.name,
        from_name=edition.report.from_name,
        reply_to=edition.report.reply_to,
        subject=subjects.subject(document=load(Document, edition.document), line=line),
    )
    try:
        built = compose.build(message, compose.compose(message))
    except (CannotComposeError, UnsendableError) as error:
        raise NoPreviewError(str(error)) from error
    return take_apart(built.message().as_bytes())
