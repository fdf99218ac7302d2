"""What the pages of receivables read: lists with everything they show fetched in a fixed number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum

from portfolio.domain.receivables import ageing
from portfolio.models import (
    Allocation,
    Client,
    ClientContract,
    CreditNote,
    Entity,
    Invoice,
    InvoiceState,
    Milestone,
    Payment,
    PaymentRefund,
    WorkEntry,
    WriteOff,
)

OPEN, OVERDUE, PAID, DRAFTS = "open", "overdue", "paid", "drafts"


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One client of the list: contracts, what is owed, what of that is overdue, and what stands to their credit."""

    client: Client
    contracts: tuple[ClientContract, ...]
    open_minor: int
    overdue_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a statement of account: asked above zero, settled below, and the balance after it."""

    on: dt.date
    what: str
    amount_minor: int
    balance_minor: int
    url_kind: str = ""
    pk: int = 0


def client_lines(*, entity: Entity, as_of: dt.date) -> list[ClientLine]:
    """Return an entity's clients by name, those not active last; four queries."""
    contracts: dict[int, list[ClientContract]] = defaultdict(list)
    for contract in ClientContract.objects.filter(entity=entity).select_related("client"):
        contracts[contract.client_id].append(contract)
    opened: dict[int, int] = defaultdict(int)
    overdue: dict[int, int] = defaultdict(int)
    for client_id, due_on, left in Invoice.objects.filter(
        entity=entity, state=InvoiceState.ISSUED, settled_minor__lt=F("total_minor")
    ).values_list("client_id", "due_on", F("total_minor") - F("settled_minor")):
        opened[client_id] += left
        overdue[client_id] += left if due_on is not None and due_on < as_of else 0
    standing = dict(
        Payment.objects.filter(entity=entity, void_on__isnull=True)
        .order_by()
        .values_list("client_id")
        .annotate(total=Sum(F("amount_minor") - F("allocated_minor") - F("refunded_minor")))
    )
    return [
        ClientLine(
            client,
            tuple(contracts[client.pk]),
            opened[client.pk],
            overdue[client.pk],
            standing.get(client.pk, 0),
        )
        for client in Client.objects.filter(entity=entity).order_by("-active", "name")
    ]


def invoices(*, entity: Entity, as_of: dt.date, view: str = "", search: str = "") -> QuerySet[Invoice]:
    """Return an entity's invoices with clients and ``open_minor``, drafts first, then the newest."""
    rows = (
        Invoice.objects.filter(entity=entity)
        .select_related("client", "entity")
        .annotate(open_minor=F("total_minor") - F("settled_minor"))
    )
    unsettled = Q(state=InvoiceState.ISSUED, settled_minor__lt=F("total_minor"))
    views = {
        OPEN: unsettled,
        OVERDUE: unsettled & Q(due_on__lt=as_of),
        PAID: Q(state=InvoiceState.ISSUED, settled_minor=F("total_minor")),
        DRAFTS: Q(state=InvoiceState.DRAFT),
    }
    if view in views:
        rows = rows.filter(views[view])
    if search:
        rows = rows.filter(Q(reference__icontains=search) | Q(client__name__icontains=search))
    return rows.order_by("state", F("issued_on").desc(nulls_first=True), "-pk")


def endings(*, invoices: Sequence[Invoice]) -> dict[int, str]:
    """Return what became of those invoices that nothing is open of: paid, credited or written off; one query."""
    done = [
        row.pk
        for row in invoices
        if row.state == InvoiceState.ISSUED and row.settled_minor == row.total_minor
    ]
    sums: dict[int, dict[str, int]] = {pk: {"paid": 0, "credited": 0, "written off": 0} for pk in done}
    for pk, credit_note, write_off, amount in Allocation.objects.filter(invoice__in=done).values_list(
        "invoice_id", "credit_note_id", "write_off_id", "amount_minor"
    ):
        sums[pk]["credited" if credit_note else "written off" if write_off else "paid"] += amount
    return {
        pk: " and ".join(word for word, amount in by.items() if amount).capitalize() or "Nothing to pay"
        for pk, by in sums.items()
    }


def work(*, entity: Entity, contract_id: int | None = None, unbilled: bool = False) -> QuerySet[WorkEntry]:
    """Return an entity's time, the newest first, with contract, client and the invoice it stands on."""
    rows = WorkEntry.objects.filter(contract__entity=entity).select_related(
        "contract__client", "invoice_line__invoice"
    )
    if contract_id is not None:
        rows = rows.filter(contract=contract_id)
    if unbilled:
        rows = rows.filter(billable=True, invoice_line__isnull=True)
    return rows.order_by("-on", "-pk")


def milestones(*, entity: Entity) -> list[Milestone]:
    """Return an entity's milestones that are not invoiced, the next due first."""
    return list(
        Milestone.objects.filter(contract__entity=entity, invoice_line__isnull=True)
        .select_related("contract__client")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )


def payments(*, entity: Entity) -> QuerySet[Payment]:
    """Return what an entity's clients paid, the newest first."""
    return (
        Payment.objects.filter(entity=entity).select_related("client", "imported_line").order_by("-on", "-pk")
    )


def statement(*, client: Client, first: dt.date, last: dt.date) -> list[Move]:
    """Return what a client was asked and what settled it over some days, between an opening and a closing line."""
    moves: list[tuple[dt.date, int, str, int, str, int]] = [
        (row.issued_on, 0, f"Invoice {row.reference}", row.total_minor, "invoice", row.pk)
        for row in Invoice.objects.filter(client=client, state=InvoiceState.ISSUED, issued_on__lte=last)
        if row.issued_on is not None
    ]
    moves += [
        (row.issued_on, 1, f"Credit note {row.reference}", -row.amount_minor, "invoice", row.invoice_id)
        for row in CreditNote.objects.filter(invoice__client=client, issued_on__lte=last)
    ]
    moves += [
        (row.on, 2, "Written off", -row.amount_minor, "invoice", row.invoice_id)
        for row in WriteOff.objects.filter(invoice__client=client, on__lte=last)
    ]
    for paid in Payment.objects.filter(client=client, on__lte=last):
        words = f"Payment {paid.reference}".strip()
        moves.append((paid.on, 3, words, -paid.amount_minor, "payment", paid.pk))
        if paid.void_on is not None and paid.void_on <= last:
            moves.append((paid.void_on, 4, f"{words}, reversed", paid.amount_minor, "payment", paid.pk))
    for back in PaymentRefund.objects.filter(payment__client=client, on__lte=last).select_related("entry"):
        undone = "taken back" if back.entry.reverses_id is not None else "which failed"
        words = "Paid back" if back.amount_minor > 0 else f"Paid back, {undone}"
        moves.append(
            (back.on, 4 if back.amount_minor > 0 else 5, words, back.amount_minor, "payment", back.payment_id)
        )
    moves.sort(key=lambda move: (move[0], move[1], move[5]))
    opening = sum(move[3] for move in moves if move[0] < first)
    found, balance = [Move(first, "Balance brought forward", 0, opening)], opening
    for on, _, what, amount, kind, pk in moves:
        if on >= first:
            balance += amount
            found.append(Move(on, what, amount, balance, kind, pk))
    return found


def balance(*, client: Client) -> int:
    """Return what a client owes today, after what stands to their credit."""
    owed = Invoice.objects.filter(client=client, state=InvoiceState.ISSUED).aggregate(
        total=Sum(F("total_minor") - F("settled_minor"))
    )["total"]
    standing = Payment.objects.filter(client=client, void_on__isnull=True).aggregate(
        total=Sum(F("amount_minor") - F("allocated_minor") - F("refunded_minor"))
    )["total"]
    return (owed or 0) - (standing or 0)


def sheet_rows(aged: ageing.Ageing) -> list[list[object]]:
    """Return the ageing as rows of a spreadsheet: each invoice under its client, then the sums and the tie."""
    head: list[object] = ["Client", "Document", "Issued", "Due", "Days", *ageing.BUCKETS, "Credit", "Total"]
    rows = [head, *_sheet_clients(aged.clients)]
    rows.append(["Together", "", None, None, None, *aged.buckets, aged.credit_minor, aged.total_minor])
    rows.append(["Receivables in the books", "", None, None, None, *[None] * 5, None, aged.ledger_minor])
    rows.append(["Difference", "", None, None, None, *[None] * 5, None, aged.difference_minor])
    if aged.sisters:
        rows.append(["Sister entities, on their own account", "", None, None, None, *[None] * 7])
    return rows + _sheet_clients(aged.sisters)


def _sheet_clients(clients: Sequence[ageing.ClientRow]) -> list[list[object]]:
    rows: list[list[object]] = []
    for client in clients:
        for row in client.rows:
            cells: list[object] = [None] * len(ageing.BUCKETS)
            cells[row.bucket] = row.open_minor
            rows.append(
                [
                    client.client,
                    row.reference,
                    row.issued_on,
                    row.due_on,
                    row.days,
                    *cells,
                    None,
                    row.open_minor,
                ]
            )
        rows.append(
            [
                client.client,
                "Together",
                None,
                None,
                None,
                *client.buckets,
                client.credit_minor,
                client.total_minor,
            ]
        )
    return rows
