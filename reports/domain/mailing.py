"""Mailing an edition: one message per reader, composed from the edition's frozen bytes."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings

from mail.domain import compose, outbox
from mail.domain.compose import CannotComposeError, Composed, InlineImage
from mail.models import Message
from reports.document import Document
from reports.domain import late
from reports.domain.forms import content_id
from reports.models import Edition, EditionFile, FileKind

COMPOSER = "reports.edition"


def dedupe_key(edition: Edition, address: str) -> str:
    """Return the name of one edition's mail to one address."""
    return f"{dedupe_prefix(edition)}{address.lower()}"


def dedupe_prefix(edition: Edition) -> str:
    """Return what the keys of all mails of an edition begin with."""
    return f"report:{edition.report.slug}:{edition.number}:"


def subject(document: Document) -> str:
    """Return a subject that names period and edition, so that editions do not thread."""
    head = document.head
    return f"[EXEC REPORT] {head.title}, {head.period}, edition {document.number}"


def enqueue(*, edition: Edition, document: Document, send_to: Sequence[str] | None, at: dt.datetime) -> int:
    """Put one mail per reader into the outbox, in the caller's transaction; return to how many it will go.

    A reader whose address is dead is kept as a suppressed message. ``send_to`` replaces the report's recipients; where a report has none, REPORT_RECIPIENTS receive it.
    """
    report = edition.report
    if send_to is None:
        readers = [(row.address, row.name) for row in report.recipients.filter(active=True)]
        readers = readers or [(address, "") for address in settings.REPORT_RECIPIENTS]
    else:
        readers = [(address, "") for address in send_to]
    going = 0
    for address, name in readers:
        asked = outbox.enqueue(
            dedupe_key=dedupe_key(edition, address),
            composer=COMPOSER,
            payload={"edition": edition.pk},
            to_address=address,
            to_name=name,
            from_name=report.from_name,
            reply_to=report.reply_to,
            subject=subject(document),
            bcc_audit=True,
            at=at,
        )
        going += not isinstance(asked, outbox.Skipped)
    return going


def composed(message: Message, secret: str | None) -> Composed:
    """Compose an edition's mail from its frozen files: text, HTML and the charts it shows, PDF attached.

    The first mail of an edition has its charts made into images, which are kept for the others.

    Raises:
        CannotComposeError: the edition the row names is not there.
    """
    files = list(EditionFile.objects.filter(edition_id=message.payload.get("edition")))
    kept = {file.kind: file for file in files}
    if FileKind.TEXT not in kept or FileKind.MAIL_HTML not in kept:
        raise CannotComposeError(f"Edition {message.payload.get('edition')} has no mail to send.")
    html = bytes(kept[FileKind.MAIL_HTML].content).decode()
    images = tuple(
        InlineImage(
            content_id(file.name.removesuffix(".png")), file.name, file.media_type, bytes(file.content)
        )
        for file in late.mail_images(files=files, html=html)
    )
    attached = tuple(
        compose.Attachment(file.name, file.media_type, bytes(file.content))
        for file in files
        if file.kind == FileKind.PDF
    )
    return Composed(
        subject=message.subject,
        text=bytes(kept[FileKind.TEXT].content).decode(),
        html=html,
        inline=images,
        attachments=attached,
    )
