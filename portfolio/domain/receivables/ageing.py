"""What clients owe on any date, by age, tied to the books.

Everything is dated back from invoices, allocations and payments, never from what is settled today: an invoice is open
on a date for its total less what was allocated to it up to that date. Both bases are read from the same rows: age by
the day it was issued, or by the day it was due.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from django.db.models import F, OuterRef, Q, Subquery, Sum

from core import months
from portfolio.models import (
    AccountRole,
    Allocation,
    Entity,
    EntryState,
    Invoice,
    InvoiceState,
    MonthlyBalance,
    Payment,
    PaymentRefund,
    Posting,
)

BUCKETS = ("Current", "1 to 30", "31 to 60", "61 to 90", "Over 90")
BY_DUE, BY_ISSUE = "due", "issued"

# A client by id and name (a booking's has no id), and whether it is a sister entity.
Owing = tuple[int | None, str, bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One open invoice, or what a booking's client owes without an invoice, and how many days old that is."""

    client_id: int | None
    client: str
    reference: str
    issued_on: dt.date
    due_on: dt.date
    open_minor: int
    days: int
    invoice_id: int | None = None
    booking_id: int | None = None
    sister: bool = False
    entity_id: int | None = None

    @property
    def bucket(self) -> int:
        """Return the position of its bucket in `BUCKETS`."""
        return bucket_of(self.days)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed to some entities on a date, aged by the day it was due; ``credits`` by entity and client, positive."""

    rows: tuple[Row, ...]
    credits: dict[tuple[int, Owing], int]


@dataclass(frozen=True, slots=True)
class ClientRow:
    """What one client owes by age, and what stands to their credit (below zero)."""

    client_id: int | None
    client: str
    buckets: tuple[int, ...]
    credit_minor: int
    rows: tuple[Row, ...]

    @property
    def total_minor(self) -> int:
        """Return what the client owes after their credit."""
        return sum(self.buckets) + self.credit_minor


@dataclass(frozen=True, slots=True)
class Ageing:
    """An entity's receivables on a date; ``difference_minor`` is what the books hold beyond these rows.

    What sister entities owe stands on another account: it is in ``sisters`` and in none of the sums.
    """

    as_of: dt.date
    basis: str
    clients: tuple[ClientRow, ...]
    ledger_minor: int
    sisters: tuple[ClientRow, ...] = ()
    buckets: tuple[int, ...] = field(init=False)
    credit_minor: int = field(init=False)

    def __post_init__(self) -> None:
        """Add the clients up."""
        sums = tuple(sum(row.buckets[n] for row in self.clients) for n in range(len(BUCKETS)))
        object.__setattr__(self, "buckets", sums)
        object.__setattr__(self, "credit_minor", sum(row.credit_minor for row in self.clients))

    @property
    def open_minor(self) -> int:
        """Return what is owed before credits."""
        return sum(self.buckets)

    @property
    def overdue_minor(self) -> int:
        """Return what is older than current."""
        return sum(self.buckets[1:])

    @property
    def total_minor(self) -> int:
        """Return what is owed after credits: what the receivable account should hold."""
        return self.open_minor + self.credit_minor

    @property
    def difference_minor(self) -> int:
        """Return what the receivable account holds that no invoice, credit or booking explains."""
        return self.ledger_minor - self.total_minor


def bucket_of(days: int) -> int:
    """Return the position in `BUCKETS` of what has been due, or issued, for so many days."""
    return 0 if days <= 0 else min(4, (days - 1) // 30 + 1)


def age(*, entity: Entity, as_of: dt.date, basis: str = BY_DUE) -> Ageing:
    """Return an entity's receivables on a date, the client who owes most first; five queries."""
    owed = owed_to(entity_ids=[entity.pk], as_of=as_of)
    by_client: dict[Owing, list[Row]] = defaultdict(list)
    for row in owed.rows:
        since = row.due_on if basis == BY_DUE else row.issued_on
        found = replace(row, days=(as_of - since).days)
        by_client[found.client_id, found.client, found.sister].append(found)
    standing = {key: total for (_, key), total in owed.credits.items()}
    for key in standing:
        by_client.setdefault(key, [])
    sides: dict[bool, list[ClientRow]] = {False: [], True: []}
    for key, rows in by_client.items():
        client_id, name, sister = key
        sides[sister].append(ClientRow(client_id, name, _bucketed(rows), -standing.get(key, 0), tuple(rows)))
    for side in sides.values():
        side.sort(key=lambda row: (-row.total_minor, row.client))
    return Ageing(
        as_of=as_of,
        basis=basis,
        clients=tuple(sides[False]),
        ledger_minor=ledger_minor(entity, as_of),
        sisters=tuple(sides[True]),
    )


def owed_to(*, entity_ids: Collection[int], as_of: dt.date) -> Owed:
    """Return what is owed to some entities on a date, invoice by invoice, and what stands to clients' credit; three queries."""
    opened = _open(entity_ids, as_of)
    rows = [
        Row(
            client_id=invoice.client_id,
            client=invoice.client.name,
            reference=invoice.reference,
            issued_on=issued,
            due_on=due,
            open_minor=minor,
            days=(as_of - due).days,
            invoice_id=invoice.pk,
            sister=invoice.client.sister_id is not None,
            entity_id=invoice.entity_id,
        )
        for invoice, minor in opened
        if (issued := invoice.issued_on) and (due := invoice.due_on)
    ]
    return Owed((*rows, *_bookings(entity_ids, as_of, opened)), _credits(entity_ids, as_of))


def open_invoices(*, entity: Entity, as_of: dt.date) -> list[tuple[Invoice, int]]:
    """Return the invoices open on a date with what is open of each, oldest first; one query."""
    return _open([entity.pk], as_of)


def _open(entity_ids: Collection[int], as_of: dt.date) -> list[tuple[Invoice, int]]:
    settled = Allocation.objects.filter(invoice=OuterRef("pk"), on__lte=as_of).order_by().values("invoice")
    invoices = (
        Invoice.objects.filter(entity__in=entity_ids, state=InvoiceState.ISSUED, issued_on__lte=as_of)
        .filter(Q(settled_on__isnull=True) | Q(settled_on__gt=as_of))
        .filter(Q(brought_forward=False) | Q(entry__on__lte=as_of))
        .annotate(settled_then=Subquery(settled.annotate(total=Sum("amount_minor")).values("total")))
        .select_related("client")
        .order_by("issued_on", "pk")
    )
    return [
        (invoice, left)
        for invoice in invoices
        if (left := invoice.total_minor - int(invoice.settled_then or 0))
    ]


def ledger_minor(entity: Entity, as_of: dt.date) -> int:
    """Return what the receivable accounts hold on a date: whole months from balances, the last from its postings."""
    month = months.month_of(as_of)
    role = Q(account__entity=entity, account__role=AccountRole.RECEIVABLE)
    held = MonthlyBalance.objects.filter(role, month__lt=month).aggregate(
        debit=Sum("debit_minor"), credit=Sum("credit_minor")
    )
    moved = Posting.objects.filter(
        role, month=month, entry__state=EntryState.POSTED, entry__on__lte=as_of
    ).aggregate(total=Sum("amount_minor"))["total"]
    return (held["debit"] or 0) - (held["credit"] or 0) + (moved or 0)


def _bookings(
    entity_ids: Collection[int], as_of: dt.date, opened: Iterable[tuple[Invoice, int]]
) -> list[Row]:
    """Return what bookings' clients owe without an invoice; owed since the day of the service."""
    invoiced: dict[int, int] = defaultdict(int)
    for invoice, minor in opened:
        if invoice.booking_id is not None:
            invoiced[invoice.booking_id] += minor
    owed = (
        Posting.objects.filter(
            account__entity__in=entity_ids,
            account__role=AccountRole.RECEIVABLE,
            booking__isnull=False,
            entry__state=EntryState.POSTED,
            entry__on__lte=as_of,
        )
        .order_by("booking_id")
        .values_list(
            "booking_id", "booking__entity_id", "booking__reference", "booking__client_name", "booking__title",
            "booking__completed_on", "booking__service_on",
        )
        .annotate(total=Sum("amount_minor"))
    )  # fmt: skip
    rows = []
    for booking_id, entity_id, reference, client, title, completed_on, service_on, total in owed:
        left = int(total) - invoiced.get(booking_id, 0)
        if not left:
            continue
        since = completed_on or service_on or as_of
        rows.append(
            Row(
                client_id=None,
                client=client or title,
                reference=reference,
                issued_on=since,
                due_on=since,
                open_minor=left,
                days=(as_of - since).days,
                booking_id=booking_id,
                entity_id=entity_id,
            )
        )
    return rows


def _credits(entity_ids: Collection[int], as_of: dt.date) -> dict[tuple[int, Owing], int]:
    """Return what stands to each client's credit on a date, paid, allocated to nothing and not gone back; and who is a sister."""
    whose = ("entity_id", "client_id", "client__name", "client__sister_id")
    through = [f"payment__{name}" for name in whose]
    paid = (
        Payment.objects.filter(entity__in=entity_ids, on__lte=as_of)
        .filter(Q(void_on__isnull=True) | Q(void_on__gt=as_of))
        .order_by()
        .values_list(*whose)
        .annotate(total=Sum("amount_minor"))
    )
    gone = [
        model._default_manager.filter(payment__entity__in=entity_ids, on__lte=as_of)
        .order_by()
        .values_list(*through)
        .annotate(total=Sum(-F("amount_minor")))
        for model in (Allocation, PaymentRefund)
    ]
    standing: dict[tuple[int, Owing], int] = defaultdict(int)
    for entity_id, client_id, name, sister, total in paid.union(*gone, all=True):
        standing[entity_id, (client_id, name, sister is not None)] += int(total)
    return {key: total for key, total in standing.items() if total}


def _bucketed(rows: Iterable[Row]) -> tuple[int, ...]:
    sums = [0] * len(BUCKETS)
    for row in rows:
        sums[row.bucket] += row.open_minor
    return tuple(sums)
