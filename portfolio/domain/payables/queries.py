"""What the pages of payables read: open bills by age, what ties to the ledger, and contractors by year."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core import months
from portfolio.domain import cards
from portfolio.models import (
    AccountRole,
    Assumption,
    Bill,
    BillPayment,
    CrewPay,
    CrewPayUndone,
    Entity,
    EntryState,
    ImportedLine,
    Posting,
    Vendor,
)

BUCKETS = ("Not due yet", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
# The payments to one contractor in a calendar year from which a form must be filed, in cents: a dated assumption.
THRESHOLD = "contractor-form-threshold"


@dataclass(frozen=True, slots=True)
class OpenBill:
    """A bill with what is open of it on a date; ``days_over`` counts from the day it was due, negative before."""

    bill: Bill
    open_minor: int
    days_over: int

    @property
    def bucket(self) -> int:
        """Return which of `BUCKETS` it falls into."""
        return 0 if self.days_over <= 0 else min(1 + (self.days_over - 1) // 30, 4)


@dataclass(frozen=True, slots=True)
class Payables:
    """Open bills on a date, oldest due first, their sums by age, and what the ledger says is owed.

    ``ledger_minor`` is the balance of the payable accounts, credit positive; the rest beside the bills was posted
    without one. Bills of sister entities stand on another account and add up to ``sisters_minor`` alone.
    """

    bills: tuple[OpenBill, ...]
    by_age: tuple[int, ...]
    bills_minor: int
    ledger_minor: int
    crew_minor: int
    sisters_minor: int

    @property
    def other_minor(self) -> int:
        """Return what the ledger owes that no bill explains."""
        return self.ledger_minor - self.bills_minor


@dataclass(frozen=True, slots=True)
class ContractorYear:
    """What one contractor was paid in a calendar year, in cents; ``form`` says if a form is due, None where unknown.

    ``card_minor`` was paid by card beside it: the card's processor reports that.
    """

    name: str
    kind: str
    paid_minor: int
    payments: int
    tax_form_on: dt.date | None
    form: bool | None
    vendor_id: int | None = None
    card_minor: int = 0


def open_bills(*, entity: Entity, as_of: dt.date) -> tuple[OpenBill, ...]:
    """Return the bills open at the end of a day, whenever that is asked; one query."""
    paid = (
        BillPayment.objects.filter(bill=OuterRef("pk"), on__lte=as_of)
        .filter(Q(void_on__isnull=True) | Q(void_on__gt=as_of))
        .order_by()
        .values("bill")
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    rows = (
        Bill.objects.filter(entity=entity, issued_on__lte=as_of)
        .filter(Q(void_on__isnull=True) | Q(void_on__gt=as_of))
        .filter(Q(brought_forward=False) | Q(entry__on__lte=as_of))
        .annotate(open_minor=F("total_minor") - Coalesce(Subquery(paid), 0))
        .filter(open_minor__gt=0)
        .select_related("vendor")
        .order_by("due_on", "pk")
    )
    return tuple(OpenBill(bill, bill.open_minor, (as_of - bill.due_on).days) for bill in rows)


def candidates_of(*, entity: Entity, lines: Iterable[ImportedLine]) -> dict[int, list[Bill]]:
    """Return by line which open bills each of an entity's unexplained lines may have paid, the surest first; one query.

    A line names the bill, or its vendor, or is as much as is open of it.
    """
    opened = list(
        Bill.objects.filter(entity=entity, void_on__isnull=True, settled_minor__lt=F("total_minor"))
        .select_related("vendor")
        .order_by("due_on", "pk")
    )
    open_of: dict[int, int] = defaultdict(int)
    for bill in opened:
        open_of[bill.vendor_id] += bill.total_minor - bill.settled_minor
    found: dict[int, list[Bill]] = {}
    for line in lines:
        text, paid = f"{line.description} {line.reference}".casefold(), -line.amount_minor
        ranked: list[tuple[int, bool, int, Bill]] = []
        for bill in opened if paid > 0 else []:
            left = bill.total_minor - bill.settled_minor
            said = (bill.vendor.name.casefold() in text) + 2 * (bill.reference.casefold() in text.split())
            # One transfer may be of several bills of a vendor; it is recorded on one of them.
            if (paid <= left and (said or paid == left)) or (said and paid <= open_of[bill.vendor_id]):
                ranked.append((-said, paid != left, len(ranked), bill))
        found[line.pk] = [bill for *_, bill in sorted(ranked, key=lambda row: row[:3])]
    return found


def payables(*, entity: Entity, as_of: dt.date) -> Payables:
    """Return what an entity owes at the end of a day; three queries."""
    rows = open_bills(entity=entity, as_of=as_of)
    by_age = [0] * len(BUCKETS)
    for row in rows:
        if row.bill.vendor.sister_id is None:
            by_age[row.bucket] += row.open_minor
    owed = _owed(entity, as_of)
    return Payables(
        bills=rows,
        by_age=tuple(by_age),
        bills_minor=sum(by_age),
        ledger_minor=owed.get(AccountRole.PAYABLE, 0),
        crew_minor=owed.get(AccountRole.CREW_PAY, 0),
        sisters_minor=sum(row.open_minor for row in rows if row.bill.vendor.sister_id is not None),
    )


def _owed(entity: Entity, as_of: dt.date) -> dict[str, int]:
    """Return what stands on the payable and crew pay accounts at the end of a day, credit positive."""
    rows = (
        Posting.objects.filter(
            account__entity=entity,
            account__role__in=(AccountRole.PAYABLE, AccountRole.CREW_PAY),
            entry__state=EntryState.POSTED,
            entry__on__lte=as_of,
            month__lte=months.month_of(as_of),
        )
        .order_by()
        .values_list("account__role")
        .annotate(total=Sum("amount_minor"))
    )
    return {role: -total for role, total in rows}


def bills(*, entity: Entity, vendor: Vendor | None = None) -> QuerySet[Bill]:
    """Return an entity's bills, newest first, those of one vendor where one is given."""
    rows = Bill.objects.filter(entity=entity).select_related("vendor")
    return rows.filter(vendor=vendor) if vendor is not None else rows


def vendors(*, entity: Entity) -> QuerySet[Vendor]:
    """Return an entity's vendors by name, each with ``open_minor``, what is owed to it now."""
    owed = (
        Bill.objects.filter(vendor=OuterRef("pk"), void_on__isnull=True)
        .order_by()
        .values("vendor")
        .annotate(total=Sum(F("total_minor") - F("settled_minor")))
        .values("total")
    )
    return (
        Vendor.objects.filter(entity=entity)
        .select_related("account")
        .annotate(open_minor=Coalesce(Subquery(owed), 0))
        .order_by("-active", "name")
    )


def contractor_years(*, entity: Entity, year: int) -> list[ContractorYear]:
    """Return what each contractor and each crew member was paid in a calendar year, the most first; four queries.

    Payments count by the day they were made (cash basis), as the form asks; those by card stand apart. Vendors that are not contractors are left
    out. Whether a form is due follows the threshold in force on 31 December, which is a dated assumption.
    """
    threshold = (
        Assumption.objects.filter(key=THRESHOLD, effective_on__lte=dt.date(year, 12, 31))
        .order_by("-effective_on")
        .values_list("value", flat=True)
        .first()
    )
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    totals: dict[Vendor, list[int]] = defaultdict(list)
    by_card: dict[Vendor, int] = defaultdict(int)
    # Taken back in a later year, a payment stays in its own and is taken off in that one: a filed form stays true.
    for payment in (
        BillPayment.objects.filter(
            Q(on__range=(first, last)) | Q(void_on__range=(first, last)),
            entity=entity,
            vendor__contractor=True,
        )
        .select_related("vendor")
        .annotate(by_card=cards.by_card())
    ):
        amount = 0
        if payment.on >= first and (payment.void_on is None or payment.void_on > last):
            amount = payment.amount_minor
        elif payment.on < first:
            amount = -payment.amount_minor
        if amount and payment.by_card:
            by_card[payment.vendor] += amount
        elif amount:
            totals[payment.vendor].append(amount)
    for vendor in by_card:
        totals.setdefault(vendor, [])
    rows = [
        ContractorYear(
            vendor.name,
            "vendor",
            sum(paid),
            len(paid),
            vendor.tax_form_on,
            _form(sum(paid), threshold),
            vendor.pk,
            by_card[vendor],
        )
        for vendor, paid in totals.items()
    ]
    crew: dict[str, list[int]] = defaultdict(list)
    names: dict[str, str] = {}
    for key, person, amount in CrewPay.objects.filter(
        entity=entity, paid_on__range=(first, last), void_on__isnull=True
    ).order_by("paid_on", "pk").values_list("person_key", "person", "amount_minor"):  # fmt: skip
        crew[key].append(amount)
        names[key] = person
    # As payments to vendors: taken back in a later year, pay stays in its own and is taken off in that one.
    for undone in CrewPayUndone.objects.filter(
        Q(paid_on__range=(first, last)) | Q(undone_on__range=(first, last)), pay__entity=entity
    ).select_related("pay"):
        if undone.paid_on.year != undone.undone_on.year:
            pay = undone.pay
            crew[pay.person_key].append(
                pay.amount_minor if undone.paid_on.year == year else -pay.amount_minor
            )
            names.setdefault(pay.person_key, pay.person)
    rows += [
        ContractorYear(names[key], "crew", sum(paid), len(paid), None, _form(sum(paid), threshold))
        for key, paid in crew.items()
    ]
    return sorted(rows, key=lambda row: (-row.paid_minor, row.name))


def paid_years(*, entity: Entity) -> Sequence[int]:
    """Return the years in which anybody was paid, newest first; three queries."""
    bills_paid = BillPayment.objects.filter(entity=entity).dates("on", "year")
    crew_paid = CrewPay.objects.filter(entity=entity, paid_on__isnull=False).dates("paid_on", "year")
    years = {day.year for day in (*bills_paid, *crew_paid)}
    for days in CrewPayUndone.objects.filter(pay__entity=entity).values_list("paid_on", "undone_on"):
        years.update(day.year for day in days)
    return sorted(years, reverse=True)


def _form(paid_minor: int, threshold: int | None) -> bool | None:
    return None if threshold is None else paid_minor >= threshold
