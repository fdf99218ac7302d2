"""Letters to clients, drafted into the outbox for a person to send: an invoice with its PDF, and reminders.

Composers are registered in `portfolio.apps`. A letter is composed anew when somebody looks at it and when it goes, and
refuses what has become untrue: an invoice settled meanwhile is neither sent nor asked for again.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from core import audit
from core.money import format_minor
from core.press import PressError
from mail.domain import compose, outbox
from mail.models import Message, State
from portfolio.domain.receivables import clients, papers, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Entity, Invoice, InvoiceState
from portfolio.render import invoice as paper

INVOICE, REMINDER = "portfolio.invoice", "portfolio.reminder"


def draft_invoice(*, invoice: Invoice, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime) -> Message:
    """Draft the letter that an issued invoice goes with; while it waits, drafting it again returns it.

    Raises:
        RefusedError: it is a draft, nothing of it is open, its letter went out today, or the client has no address.
    """
    if invoice.state != InvoiceState.ISSUED:
        raise RefusedError("A draft is not sent; issue it first.")
    if not settling.open_minor(invoice):
        raise RefusedError(f"{invoice} is settled; there is nothing to ask for.")
    said = clients.paper(invoice.entity)
    key = f"invoice:{invoice.pk}:{on}"
    # Counted, because one that was thrown away the same day leaves its key behind.
    today = Message.objects.filter(Q(dedupe_key=key) | Q(dedupe_key__startswith=f"{key}:"))
    if (first := today.filter(state=State.DRAFT).first()) is not None:
        return first
    if today.exclude(state=State.DISCARDED).exists():
        raise RefusedError(f"A letter with {invoice} went out on {on:%-d %B %Y}; write another one tomorrow.")
    again = today.count()
    with transaction.atomic():
        message = _lay_in(
            invoice, key=f"{key}:{again}" if again else key, composer=INVOICE, payload={"invoice": invoice.pk},
            subject=f"Invoice {invoice.reference} from {said.name}", said=said, at=at,
        )  # fmt: skip
        audit.record(
            action="portfolio:invoice:letter", subject=invoice, at=at, by=by, entity=invoice.entity.slug,
            data={"to": invoice.client.email},
        )  # fmt: skip
    return message


def compose_invoice(message: Message, secret: str | None) -> compose.Composed:
    """Compose an invoice's letter, its PDF attached.

    Raises:
        mail.domain.compose.CannotComposeError: the invoice is gone, settled, or cannot be set.
    """
    row = (
        Invoice.objects.select_related("client", "entity", "contract", "booking")
        .filter(pk=message.payload.get("invoice"), state=InvoiceState.ISSUED)
        .first()
    )
    if row is None or row.due_on is None or row.issued_on is None:
        raise compose.CannotComposeError("The invoice of this letter is not there.")
    left = settling.open_minor(row)
    if not left:
        raise compose.CannotComposeError(f"{row.reference} has been settled meanwhile.")
    named = papers.invoice(row)
    try:
        content = paper.pdf(named.paper, on=row.issued_on)
    except PressError as error:
        raise compose.CannotComposeError(f"{row.reference} could not be set as a PDF: {error}") from error
    pay = f"\n\nHow to pay:\n{row.how_to_pay}" if row.how_to_pay else ""
    seller = (row.seller or row.entity.name).splitlines()[0]
    text = (
        f"Dear {row.client.name},\n\nPlease find attached invoice {row.reference} of {row.issued_on:%-d %B %Y}. "
        f"{format_minor(left, row.currency)} is due by {row.due_on:%-d %B %Y}.{pay}\n\n"
        f"Please name {row.reference} with your payment.\n\nKind regards\n{seller}\n"
    )
    return compose.Composed(
        subject=message.subject,
        text=text,
        attachments=(compose.Attachment(named.name, "application/pdf", content),),
    )


def draft_reminder(*, invoices: list[Invoice], key: str, subject: str, text: str, at: dt.datetime) -> Message:
    """Lay a reminder's words in, with what it says of each invoice. Call it in the transaction that keeps the letter.

    Raises:
        RefusedError: the client has no address.
    """
    first = invoices[0]
    asked = [[invoice.pk, settling.open_minor(invoice)] for invoice in invoices]
    return _lay_in(
        first, key=key, composer=REMINDER, payload={"asked": asked, "text": text}, subject=subject,
        said=clients.paper(first.entity), at=at,
    )  # fmt: skip


def compose_reminder(message: Message, secret: str | None) -> compose.Composed:
    """Compose a reminder in the words that were looked at.

    Raises:
        mail.domain.compose.CannotComposeError: something it asks for has been paid or credited meanwhile.
    """
    asked = dict(message.payload["asked"])
    for row in Invoice.objects.filter(pk__in=asked).order_by("pk"):
        left = settling.open_minor(row)
        if left != asked[row.pk]:
            how = "settled" if not left else "paid in part or changed"
            raise compose.CannotComposeError(f"{row.reference} has been {how} since this was written.")
    return compose.Composed(subject=message.subject, text=message.payload["text"])


def of_entity(*, entity: Entity) -> QuerySet[Message]:
    """Return the letters of an entity, invoices and reminders, whatever became of them."""
    return Message.objects.filter(composer__in=(INVOICE, REMINDER), payload__entity=entity.pk)


def waiting(*, entity: Entity) -> list[Message]:
    """Return the letters that wait for a person, the oldest first; one query."""
    return list(of_entity(entity=entity).filter(state=State.DRAFT).order_by("created_at", "pk"))


def _lay_in(
    invoice: Invoice, *, key: str, composer: str, payload: dict[str, object], subject: str, said: clients.Paper,
    at: dt.datetime,
) -> Message:  # fmt: skip
    client = invoice.client
    if not client.email:
        raise RefusedError(f"{client} has no mail address; write it on the client's page first.")
    try:
        return outbox.draft(
            dedupe_key=key, composer=composer, payload={**payload, "entity": invoice.entity_id}, to_address=client.email, to_name=client.name,
            from_name=said.name, reply_to=said.email, subject=subject, at=at,
        )  # fmt: skip
    except outbox.UnsendableError as error:
        raise RefusedError(str(error)) from error
