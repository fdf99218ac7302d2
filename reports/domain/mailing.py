"""Mailing an edition: one message per reader, composed from the edition's frozen bytes."""

import datetime as dt
from collections.abc import Sequence

from mail.domain import compose, outbox
from mail.domain.compose import CannotComposeError, Composed, InlineImage
from mail.models import Message
from reports.document import Document
from reports.domain import late, recipients, subjects
from reports.domain.forms import content_id
from reports.models import Edition, EditionFile, FileKind, Report, Variant

COMPOSER = "reports.edition"


def dedupe_key(edition: Edition, address: str) -> str:
    """Return the name of one edition's mail to one address."""
    return f"{dedupe_prefix(edition)}{address.lower()}"


def dedupe_prefix(edition: Edition) -> str:
    """Return what the keys of all mails of an edition begin with."""
    return f"{report_prefix(edition.report)}{edition.number}:"


def report_prefix(report: Report) -> str:
    """Return what the keys of all mails of a report's editions begin with."""
    return f"report:{report.slug}:"


def enqueue(
    *,
    edition: Edition,
    document: Document,
    send_to: Sequence[str] | None,
    variant: Variant | None = None,
    at: dt.datetime,
) -> int:
    """Put one mail per reader into the outbox, in the caller's transaction; return to how many it will go.

    A reader whose address is dead is kept as a suppressed message. ``send_to`` replaces the report's recipients; where a
    report has none, REPORT_RECIPIENTS receive it. ``variant`` replaces what each of them gets.
    """
    report = edition.report
    readers = recipients.readers(report=report, send_to=send_to, variant=variant)
    lines = subjects.in_use(report=report) if readers else []
    going = 0
    for reader in readers:
        line = subjects.choose(lines=lines, report=report.slug, address=reader.address)
        payload = {"edition": edition.pk, "label": line.label if line else ""}
        if reader.variant is not None:
            payload["variant"] = reader.variant.slug
        asked = outbox.enqueue(
            dedupe_key=dedupe_key(edition, reader.address),
            composer=COMPOSER,
            payload=payload,
            to_address=reader.address,
            to_name=reader.name,
            from_name=report.from_name,
            reply_to=report.reply_to,
            subject=subjects.subject(document=document, line=line),
            bcc_audit=True,
            at=at,
        )
        going += not isinstance(asked, outbox.Skipped)
    return going


def composed(message: Message, secret: str | None) -> Composed:
    """Compose an edition's mail from its frozen files: text, HTML and the charts it shows, and the PDF.

    The row says which variant. The first mail of one has its words and charts made, which are kept for the others; a
    message that is not in the outbox is looked at, and keeps no words.

    Raises:
        CannotComposeError: the edition or the variant the row names is not there.
    """
    edition_id, slug = message.payload.get("edition"), message.payload.get("variant")
    files = list(EditionFile.objects.filter(edition_id=edition_id))
    variant = None if slug is None else Variant.objects.filter(slug=slug).first()
    if slug is not None and variant is None:
        raise CannotComposeError(f"There is no variant {slug!r} any more, so this mail cannot be made.")
    try:
        letter = late.letter(edition_id=edition_id, files=files, variant=variant, keep=message.pk is not None)
    except late.NoMailError as error:
        raise CannotComposeError(str(error)) from error
    images = tuple(
        InlineImage(
            content_id(file.name.removesuffix(".png")), file.name, file.media_type, bytes(file.content)
        )
        for file in late.mail_images(files=files, html=letter.html)
    )
    attached = tuple(
        compose.Attachment(file.name, file.media_type, bytes(file.content))
        for file in files
        if file.kind == FileKind.PDF and (variant is None or variant.attach_pdf)
    )
    return Composed(
        subject=message.subject, text=letter.text, html=letter.html, inline=images, attachments=attached
    )
