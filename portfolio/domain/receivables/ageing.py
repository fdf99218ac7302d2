"""What clients owe on any date, by age, tied to the books.

Everything is dated back from invoices, allocations and payments, never from what is settled today: an invoice is open
on a date for its total less what was allocated to it up to that date. Both bases are read from the same rows: age by
the day it was issued, or by the day it was due.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, Sum

from core import months
from portfolio.models import (
    AccountRole,
    Allocation,
    Booking,
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
_CHUNK = 900


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

    @property
    def bucket(self) -> int:
        """Return the position of its bucket in `BUCKETS`."""
        return 0 if self.days <= 0 else min(4, (self.days - 1) // 30 + 1)


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


def age(*, entity: Entity, as_of: dt.date, basis: str = BY_DUE) -> Ageing:
    """Return an entity's receivables on a date, the client who owes most first; eight queries at most."""
    opened = open_invoices(entity=entity, as_of=as_of)
    rows = [
        Row(
            client_id=invoice.client_id,
            client=invoice.client.name,
            reference=invoice.reference,
            issued_on=issued,
            due_on=due,
            open_minor=minor,
            days=(as_of - (due if basis == BY_DUE else issued)).days,
            invoice_id=invoice.pk,
            sister=invoice.client.sister_id is not None,
        )
        for invoice, minor in opened
        if (issued := invoice.issued_on) and (due := invoice.due_on)
    ]
    rows += _bookings(entity, as_of, opened)
    standing = _credits(entity, as_of)
    by_client: dict[tuple[int | None, str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        by_client[row.client_id, row.client, row.sister].append(row)
    for key in standing:
        by_client.setdefault(key, [])
    sides: dict[bool, list[ClientRow]] = {False: [], True: []}
    for key, found in by_client.items():
        client_id, name, sister = key
        credit = -standing.get(key, 0)
        sides[sister].append(ClientRow(client_id, name, _bucketed(found), credit, tuple(found)))
    for side in sides.values():
        side.sort(key=lambda row: (-row.total_minor, row.client))
    return Ageing(
        as_of=as_of,
        basis=basis,
        clients=tuple(sides[False]),
        ledger_minor=ledger_minor(entity, as_of),
        sisters=tuple(sides[True]),
    )


def open_invoices(*, entity: Entity, as_of: dt.date) -> list[tuple[Invoice, int]]:
    """Return the invoices open on a date with what is open of each, oldest first; two queries."""
    invoices = list(
        Invoice.objects.filter(entity=entity, state=InvoiceState.ISSUED, issued_on__lte=as_of)
        .filter(Q(settled_on__isnull=True) | Q(settled_on__gt=as_of))
        .filter(Q(brought_forward=False) | Q(entry__on__lte=as_of))
        .select_related("client")
        .order_by("issued_on", "pk")
    )
    settled = dict(
        Allocation.objects.filter(invoice__entity=entity, on__lte=as_of)
        .filter(Q(invoice__settled_on__isnull=True) | Q(invoice__settled_on__gt=as_of))
        .order_by()
        .values_list("invoice_id")
        .annotate(total=Sum("amount_minor"))
    )
    return [
        (invoice, left) for invoice in invoices if (left := invoice.total_minor - settled.get(invoice.pk, 0))
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


def _bookings(entity: Entity, as_of: dt.date, opened: Iterable[tuple[Invoice, int]]) -> list[Row]:
    """Return what bookings' clients owe without an invoice; owed since the day of the service."""
    owed = dict(
        Posting.objects.filter(
            account__entity=entity,
            account__role=AccountRole.RECEIVABLE,
            booking__isnull=False,
            entry__state=EntryState.POSTED,
            entry__on__lte=as_of,
        )
        .order_by()
        .values_list("booking_id")
        .annotate(total=Sum("amount_minor"))
    )
    for invoice, minor in opened:
        if invoice.booking_id is not None:
            owed[invoice.booking_id] = owed.get(invoice.booking_id, 0) - minor
    ids = sorted(pk for pk, total in owed.items() if total)
    rows = []
    for start in range(0, len(ids), _CHUNK):
        for booking in Booking.objects.filter(pk__in=ids[start : start + _CHUNK]):
            since = booking.completed_on or booking.service_on or as_of
            rows.append(
                Row(
                    client_id=None,
                    client=booking.client_name or booking.title,
                    reference=booking.reference,
                    issued_on=since,
                    due_on=since,
                    open_minor=owed[booking.pk],
                    days=(as_of - since).days,
                    booking_id=booking.pk,
                )
            )
    return rows


def _credits(entity: Entity, as_of: dt.date) -> dict[tuple[int | None, str, bool], int]:
    """Return what stands to each client's credit on a date, paid, allocated to nothing and not gone back; and who is a sister."""
    standing: dict[tuple[int | None, str, bool], int] = defaultdict(int)
    paid = (
        Payment.objects.filter(entity=entity, on__lte=as_of)
        .filter(Q(void_on__isnull=True) | Q(void_on__gt=as_of))
        .order_by()
        .values_list("client_id", "client__name", "client__sister_id")
        .annotate(total=Sum("amount_minor"))
    )
    for client_id, name, sister, total in paid:
        standing[client_id, name, sister is not None] += total
    used = (
        Allocation.objects.filter(payment__entity=entity, on__lte=as_of)
        .order_by()
        .values_list("payment__client_id", "payment__client__name", "payment__client__sister_id")
        .annotate(total=Sum("amount_minor"))
    )
    for client_id, name, sister, total in used:
        standing[client_id, name, sister is not None] -= total
    back = (
        PaymentRefund.objects.filter(payment__entity=entity, on__lte=as_of)
        .order_by()
        .values_list("payment__client_id", "payment__client__name", "payment__client__sister_id")
        .annotate(total=Sum("amount_minor"))
    )
    for client_id, name, sister, total in back:
        standing[client_id, name, sister is not None] -= total
    return {key: total for key, total in standing.items() if total}


def _bucketed(rows: Iterable[Row]) -> tuple[int, ...]:
    sums = [0] * len(BUCKETS)
    for row in rows:
        sums[row.bucket] += row.open_minor
    return tuple(sums)
