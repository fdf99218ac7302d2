"""What stands on paper: an invoice, a credit note, a client's statement of account."""

import datetime as dt
from dataclasses import dataclass

from core.money import format_minor
from portfolio.domain.receivables import clients, queries, settling
from portfolio.models import Client, CreditNote, Entity, Invoice, InvoiceState
from portfolio.render.invoice import Column, Paper, Sum

_LINES = (
    Column("Description", wide=True),
    Column("Quantity", right=True),
    Column("Price", right=True),
    Column("Amount", right=True),
)
_MOVES = (
    Column("Date"),
    Column("What", wide=True),
    Column("Asked", right=True),
    Column("Settled", right=True),
    Column("Balance", right=True),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A document and what its file is called."""

    paper: Paper
    name: str


def missing(*, entity: Entity) -> str:
    """Return what the paper of an entity's invoices lacks, as a sentence, or nothing."""
    said = clients.paper(entity)
    lacks = [
        words
        for text, words in ((said.address, "no address of yours"), (said.how_to_pay, "no way to pay"))
        if not text
    ]
    if not lacks:
        return ""
    return f"It bears {' and '.join(lacks)}; the owner sets both before it is issued, for it never changes afterwards."


def invoice(row: Invoice) -> Named:
    """Return an invoice as it was issued, with what is paid of it by now; a draft says that it is one."""
    issued = row.state == InvoiceState.ISSUED
    said = clients.paper(row.entity)
    seller = row.seller or "\n".join(part for part in (said.name, said.address, said.email) if part)
    to = row.billed_to or "\n".join(part for part in (row.client.name, row.client.address) if part)
    lines = list(row.lines.all())
    tax_of = {line.tax_bp: 0 for line in lines if line.tax_bp}
    for line in lines:
        if line.tax_bp:
            tax_of[line.tax_bp] += line.tax_minor
    net = sum(line.amount_minor for line in lines)
    sums = [Sum("Net", _money(net, row))] if tax_of else []
    sums += [Sum(f"Tax {bp / 100:g} %", _money(minor, row)) for bp, minor in sorted(tax_of.items())]
    sums.append(Sum("Total", _money(row.total_minor, row), strong=not row.settled_minor))
    if row.settled_minor:
        sums.append(Sum("Paid or credited", _money(-row.settled_minor, row)))
        sums.append(Sum("Balance", _money(settling.open_minor(row), row), strong=True))
    facts = [("Invoice", row.reference or "Draft, not issued")]
    if row.issued_on and row.due_on:
        facts += [
            ("Date", _day(row.issued_on)),
            ("Due", _day(row.due_on)),
            ("Terms", _terms(row.issued_on, row.due_on)),
        ]
    how = (row.how_to_pay if issued else said.how_to_pay).splitlines()
    if how and issued and settling.open_minor(row):
        how = [*how, f"Please name {row.reference} with your payment."]
    name = row.reference or f"draft-{row.pk}"
    return Named(
        Paper(
            heading="Invoice" if issued else "Draft invoice",
            title=f"Invoice {row.reference}" if issued else f"Draft invoice for {row.client.name}",
            seller=tuple(seller.splitlines()),
            to=tuple(to.splitlines()),
            facts=tuple(facts),
            columns=_LINES,
            rows=tuple(
                (line.description, quantity(line.quantity_milli), _money(line.unit_minor, row), _money(line.amount_minor, row))
                for line in lines
            ),
            sums=tuple(sums),
            note=row.note,
            pay=tuple(how) if settling.open_minor(row) else (),
            foot=f"{(seller.splitlines() or [''])[0]} · {row.reference or 'Draft'}",
        ),
        f"{name}.pdf",
    )  # fmt: skip


def credit_note(row: CreditNote) -> Named:
    """Return a credit note."""
    issued = row.invoice
    return Named(
        Paper(
            heading="Credit note",
            title=f"Credit note {row.reference}",
            seller=tuple(issued.seller.splitlines()) or (row.entity.name,),
            to=tuple(issued.billed_to.splitlines()) or (issued.client.name,),
            facts=(
                ("Credit note", row.reference),
                ("Date", _day(row.issued_on)),
                ("For invoice", issued.reference),
            ),
            columns=(Column("Reason", wide=True), Column("Amount", right=True)),
            rows=((row.reason, _money(row.amount_minor, issued)),),
            sums=(Sum("Credited", _money(row.amount_minor, issued), strong=True),),
            foot=f"{row.reference} · for {issued.reference}",
        ),
        f"{row.reference}.pdf",
    )


def statement(client: Client, *, first: dt.date, last: dt.date) -> Named:
    """Return a client's statement of account over some days."""
    said, moves = clients.paper(client.entity), queries.statement(client=client, first=first, last=last)
    currency = client.entity.currency
    closing = moves[-1].balance_minor
    return Named(
        Paper(
            heading="Statement of account",
            title=f"Statement of account, {client.name}",
            seller=tuple(part for text in (said.name, said.address, said.email) for part in text.splitlines()),
            to=tuple(part for text in (client.name, client.address) for part in text.splitlines()),
            facts=(("From", _day(first)), ("To", _day(last)), ("Balance", format_minor(closing, currency))),
            columns=_MOVES,
            rows=tuple(
                (
                    _day(move.on),
                    move.what,
                    format_minor(move.amount_minor, currency) if move.amount_minor > 0 else "",
                    format_minor(-move.amount_minor, currency) if move.amount_minor < 0 else "",
                    format_minor(move.balance_minor, currency),
                )
                for move in moves
            ),
            sums=(Sum("Balance due" if closing >= 0 else "Balance in your favour", format_minor(abs(closing), currency), strong=True),),
            pay=tuple(said.how_to_pay.splitlines()) if closing > 0 else (),
            foot=f"{said.name} · statement of {client.name}",
        ),
        f"statement-{last:%Y-%m-%d}.pdf",
    )  # fmt: skip


def quantity(milli: int) -> str:
    """Write thousandths of a unit: 1.5, 12, 0.333."""
    whole, rest = divmod(milli, 1000)
    return f"{whole:,}.{rest:03d}".rstrip("0").rstrip(".")


def _terms(issued: dt.date, due: dt.date) -> str:
    days = (due - issued).days
    return f"{days} days net" if days else "Due at once"


def _day(day: dt.date) -> str:
    return f"{day:%-d %b %Y}"


def _money(minor: int, row: Invoice) -> str:
    return format_minor(minor, row.currency)
