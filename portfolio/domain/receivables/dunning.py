"""Reminding clients of what is overdue: who is due for which level, the words, and drafts that a person sends.

The level follows from the oldest overdue invoice and the entity's own days (`BillingProfile`, with defaults). A client is
due for the next level after the letters about the same invoices, a week after the last of them; a letter thrown away
counts for none.
"""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F

from core import audit
from core.money import format_minor
from mail.models import State
from portfolio.domain.receivables import clients, letters, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Client, DunningLetter, Entity, Invoice, InvoiceState

PAUSE_DAYS = 7
_SUBJECTS = {1: "Reminder", 2: "Second reminder", 3: "Last reminder"}
_OPENINGS = {
    1: "Perhaps it slipped by: the following is past its day. If you have paid meanwhile, please disregard this letter.",
    2: "We wrote to you before and have not seen your payment of the following. Please pay within seven days, or tell us what stands in the way.",
    3: "The following is still unpaid after two reminders. Please pay within seven days. After that we stop work for you until it is settled, and consider collecting it otherwise.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overdue:
    """One client with overdue invoices: the level they are due for (0: reminded already, or not yet), and the words."""

    client: Client
    invoices: tuple[Invoice, ...]
    days: int
    level: int
    last: DunningLetter | None
    subject: str
    text: str

    @property
    def total_minor(self) -> int:
        """Return what is overdue."""
        return sum(settling.open_minor(invoice) for invoice in self.invoices)


def overdue(*, entity: Entity, as_of: dt.date) -> list[Overdue]:
    """Return the clients with overdue invoices, the oldest first; four queries."""
    said = clients.paper(entity)
    by_client: dict[int, list[Invoice]] = {}
    for invoice in (
        Invoice.objects.filter(
            entity=entity, state=InvoiceState.ISSUED, due_on__lt=as_of, settled_minor__lt=F("total_minor")
        )
        .select_related("client", "entity")
        .order_by("due_on", "pk")
    ):
        by_client.setdefault(invoice.client_id, []).append(invoice)
    written: dict[int, list[tuple[DunningLetter, set[int]]]] = {}
    for letter in (
        DunningLetter.objects.filter(entity=entity, client__in=by_client)
        .exclude(message__state=State.DISCARDED)
        .select_related("message")
        .prefetch_related("invoices")
        .order_by("drafted_at", "pk")
    ):
        named = {invoice.pk for invoice in letter.invoices.all()}
        written.setdefault(letter.client_id, []).append((letter, named))
    found = []
    for client_id, invoices in by_client.items():
        due = min(invoice.due_on for invoice in invoices if invoice.due_on)
        days = (as_of - due).days
        level = sum(days >= after for after in (said.first_days, said.second_days, said.third_days))
        ids = {invoice.pk for invoice in invoices}
        about = [letter for letter, named_in in written.get(client_id, []) if named_in & ids]
        reached = max((letter.level for letter in about), default=0)
        client = invoices[0].client
        # One step at a time: nobody is told of letters that they never got, and each leaves time to answer.
        rests = bool(about) and (as_of - about[-1].drafted_on).days < PAUSE_DAYS
        asked = reached + 1 if level > reached and not rests else 0
        subject, text = words(client, invoices, asked or max(level, 1), said)
        found.append(
            Overdue(client, tuple(invoices), days, asked, about[-1] if about else None, subject, text)
        )
    return sorted(found, key=lambda row: (-row.days, row.client.name))


def words(client: Client, invoices: list[Invoice], level: int, said: clients.Paper) -> tuple[str, str]:
    """Return the subject and the text of a reminder."""
    lines = "\n".join(
        f"  {invoice.reference} of {invoice.issued_on:%-d %B %Y}, due {invoice.due_on:%-d %B %Y}: "
        f"{format_minor(settling.open_minor(invoice), invoice.currency)}"
        for invoice in invoices
    )
    total = format_minor(sum(settling.open_minor(invoice) for invoice in invoices), invoices[0].currency)
    pay = f"\n\nHow to pay:\n{said.how_to_pay}" if said.how_to_pay else ""
    numbers = ", ".join(invoice.reference for invoice in invoices)
    subject = f"{_SUBJECTS[level]}: {numbers if len(numbers) <= 120 else f'{len(invoices)} invoices'}"
    text = f"Dear {client.name},\n\n{_OPENINGS[level]}\n\n{lines}\n\nTogether {total}.{pay}\n\nKind regards\n{said.name}\n"
    return subject, text


def draft(
    *, entity: Entity, client: Client, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> DunningLetter:
    """Draft the reminder a client is due for; drafting twice on a day makes one.

    Raises:
        RefusedError: nothing of the client is due for a reminder, or they have no address.
    """
    known = DunningLetter.objects.filter(client=client, drafted_on=on).exclude(message__state=State.DISCARDED)
    row = next((row for row in overdue(entity=entity, as_of=on) if row.client.pk == client.pk), None)
    if row is None or not row.level:
        if (first := known.order_by("-level").first()) is not None:
            return first
        raise RefusedError(f"{client} is due for no reminder: paid, not late enough, or reminded already.")
    # Counted, because one that was thrown away the same day leaves its key behind.
    tried = DunningLetter.objects.filter(client=client, drafted_on=on, level=row.level).count()
    if tried:
        raise RefusedError(f"A reminder to {client} was thrown away today; draft another one tomorrow.")
    try:
        with transaction.atomic():
            message = letters.draft_reminder(
                invoices=list(row.invoices), key=f"dunning:{client.pk}:{row.level}:{on}", subject=row.subject,
                text=row.text, at=at,
            )  # fmt: skip
            letter = DunningLetter.objects.create(
                entity=entity, client=client, level=row.level, drafted_on=on, drafted_at=at, message=message,
                by_id=by.pk if by is not None else None,
            )  # fmt: skip
            letter.invoices.set(row.invoices)
            audit.record(
                action="portfolio:dunning_letter:draft", subject=letter, at=at, by=by, entity=entity.slug,
                data={"client": client.name, "level": row.level, "invoices": [i.reference for i in row.invoices]},
            )  # fmt: skip
    except IntegrityError:
        return DunningLetter.objects.get(client=client, level=row.level, drafted_on=on)
    return letter
