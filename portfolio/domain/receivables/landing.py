"""Landing invoices that another program issued: clients and invoices under their own numbers, and a receivable each."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from portfolio.domain import desk, landing, ledger
from portfolio.domain.accounts import Accounts
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.domain.receivables import numbers
from portfolio.formats import tables
from portfolio.formats.errors import FormatError
from portfolio.formats.tables import InvoiceRow
from portfolio.models import (
    Account,
    Client,
    Entity,
    EntrySource,
    ImportKind,
    Invoice,
    InvoiceLine,
    InvoiceState,
)


def land_invoices(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land invoices to clients: each is a receivable and a sale on the day it was issued.

    Payments arrive with the bank statement, where a rule sends them to receivables and `payments.settle_landed` ties
    them to the invoice they name.

    Raises:
        FormatError: the file cannot be read, names an unknown entity, contradicts what landed before, has a number that
            was issued here, or touches a closed month.
    """
    with transaction.atomic():
        rows = tables.parse_invoices(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        landing.lock(*entities.values())
        kept: list[tuple[Entity, NewLine]] = []
        for slug, entity in entities.items():
            accounts = Accounts(entity)
            group = [row for row in rows if row.entity == slug]
            lines = [
                NewLine(row.line, row.number, row.issued_on, row.amount_minor, f"{row.number} {row.client}",
                        (row.client, row.issued_on.isoformat(), row.terms_days, row.amount_minor))
                for row in group
            ]  # fmt: skip
            fresh = landing.unseen(entity=entity, kind=ImportKind.INVOICES, lines=lines, name=name)
            new = [lines[n] for n in fresh]
            landing.refuse_closed(entity=entity, lines=new, name=name, column="issued_on")
            landing.refuse_early(entity=entity, lines=new, name=name, column="issued_on")
            if not new:
                continue
            _refuse_issued(entity, [group[n] for n in fresh], name)
            clients = {client.name.casefold(): client for client in Client.objects.filter(entity=entity)}
            whose = [clients.get(group[n].client.casefold(), Client(entity=entity)) for n in fresh]
            sales = [accounts.earned_of(client) for client in whose]
            drafts = [
                ledger.Draft(
                    on=line.on, memo=f"Invoice {line.description}"[:250],
                    lines=(
                        ledger.Line(accounts.owed_by(client), line.amount_minor), ledger.Line(earned, -line.amount_minor)
                    ),
                    source=EntrySource.INVOICE, external_id=line.external_id,
                    origin=landing.origin(name, line.line),
                )
                for line, client, earned in zip(new, whose, sales, strict=True)
            ]  # fmt: skip
            landing.post(entity=entity, drafts=drafts, lines=new, name=name, by=by, at=at)
            _keep(entity, [(group[n], lines[n]) for n in fresh], sales, name)
            kept += [(entity, line) for line in new]
        last = max((row.issued_on for row in rows), default=None)
        return desk.kept_many(ImportKind.INVOICES, name, data, len(rows), kept, last, by, at)


def _keep(entity: Entity, landed: list[tuple[InvoiceRow, NewLine]], sales: list[Account], name: str) -> None:
    """Write the clients and invoices of landed rows, each issued as it was elsewhere."""
    clients = {client.name.casefold(): client for client in Client.objects.filter(entity=entity)}
    for row, _ in landed:
        if row.client.casefold() not in clients:
            clients[row.client.casefold()] = Client.objects.create(
                entity=entity, name=row.client, terms_days=row.terms_days
            )
    invoices = Invoice.objects.bulk_create(
        [
            Invoice(
                entity=entity, client=clients[row.client.casefold()], currency=entity.currency,
                total_minor=row.amount_minor, source=landing.origin(name, row.line)[:120],
            )
            for row, _ in landed
        ],
        batch_size=500,
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        [
            InvoiceLine(
                invoice=invoice, position=1, description=f"As invoiced, {row.number}"[:200], unit_minor=row.amount_minor,
                amount_minor=row.amount_minor, account=earned,
            )
            for invoice, (row, _), earned in zip(invoices, landed, sales, strict=True)
        ],
        batch_size=500,
    )  # fmt: skip
    for invoice, (row, line) in zip(invoices, landed, strict=True):
        invoice.state, invoice.reference = InvoiceState.ISSUED, row.number
        invoice.issued_on = row.issued_on
        invoice.due_on = row.issued_on + dt.timedelta(days=row.terms_days)
        invoice.seller, invoice.billed_to = entity.name, row.client
        invoice.entry_id = line.entry_id
    Invoice.objects.bulk_update(
        invoices,
        ["state", "reference", "issued_on", "due_on", "seller", "billed_to", "entry_id"],
        batch_size=100,
    )
    numbers.pass_landed(entity=entity, references=[row.number for row, _ in landed])


def _refuse_issued(entity: Entity, rows: list[InvoiceRow], name: str) -> None:
    asked = [row.number for row in rows]
    taken: set[str] = set()
    for start in range(0, len(asked), 900):
        known = Invoice.objects.filter(entity=entity, reference__in=asked[start : start + 900])
        taken.update(known.values_list("reference", flat=True))
    for row in rows:
        if row.number in taken:
            raise FormatError(
                file=name, line=row.line, column="number", reason=f"{row.number} was issued here",
                fix="leave the row out",
            )  # fmt: skip
