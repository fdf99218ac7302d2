"""How fast clients pay: days sales outstanding and its kin, each with its formula and where that comes from.

Days are tenths of a day, shares tenths of a percent, both rounded half away from zero. What cannot be computed is None,
never 0: a page says “no data”. Sales here are what was invoiced, tax included, as the receivables are.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import median

from django.db.models import Q, Sum

from core import months
from core.money import divide
from portfolio.domain.receivables import ageing
from portfolio.domain.receivables.clients import same_client
from portfolio.domain.receivables.work import worth
from portfolio.models import (
    BillingModel,
    ClientContract,
    ContractState,
    Entity,
    Invoice,
    InvoiceState,
    Milestone,
    WorkEntry,
)

WINDOW_DAYS = 90
VELOCITY_DAYS = 365
_COUNT_BACK_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: tenths of its unit, or None where there is no data; its formula in words."""

    key: str
    label: str
    tenths: int | None
    unit: str
    formula: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Work done for a client and not invoiced, by age of the work."""

    contract: ClientContract
    buckets: tuple[int, ...]
    minutes: int

    @property
    def total_minor(self) -> int:
        """Return what it is worth."""
        return sum(self.buckets)


@dataclass(frozen=True, slots=True)
class Landed:
    """An issued invoice as far as it may bill a retainer; ``landed`` were issued by another program."""

    client: str
    total_minor: int
    issued_on: dt.date
    contract_id: int | None
    retainer_month: int | None
    landed: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the measures of one date are computed from."""

    as_of: dt.date
    receivable_minor: int
    current_minor: int
    opening_minor: int
    invoiced_minor: int
    by_month: tuple[tuple[int, int], ...]
    days_to_pay: tuple[int, ...]


def facts(*, entity: Entity, as_of: dt.date) -> Facts:
    """Read what the measures need; eight queries."""
    start = as_of - dt.timedelta(days=WINDOW_DAYS)
    now = ageing.open_invoices(entity=entity, as_of=as_of)
    before = ageing.open_invoices(entity=entity, as_of=start)
    issued = Invoice.objects.filter(entity=entity, state=InvoiceState.ISSUED, issued_on__lte=as_of)
    monthly: dict[int, int] = {}
    first = months.first_day(months.month_of(as_of) - _COUNT_BACK_MONTHS)
    for on, total in issued.filter(issued_on__gte=first).values_list("issued_on", "total_minor"):
        if on is not None:
            monthly[months.month_of(on)] = monthly.get(months.month_of(on), 0) + total
    paid = Invoice.objects.filter(
        entity=entity,
        state=InvoiceState.ISSUED,
        settled_on__lte=as_of,
        settled_on__gt=as_of - dt.timedelta(days=VELOCITY_DAYS),
        credit_notes__isnull=True,
        write_offs__isnull=True,
    ).values_list("issued_on", "settled_on")
    return Facts(
        as_of=as_of,
        receivable_minor=sum(minor for _, minor in now),
        current_minor=sum(minor for invoice, minor in now if invoice.due_on and invoice.due_on >= as_of),
        opening_minor=sum(minor for _, minor in before),
        invoiced_minor=issued.filter(issued_on__gt=start).aggregate(total=Sum("total_minor"))["total"] or 0,
        by_month=tuple(sorted(monthly.items(), reverse=True)),
        days_to_pay=tuple((settled - on).days for on, settled in paid if on and settled),
    )


def dso(known: Facts) -> int | None:
    """Return days sales outstanding, simple: receivables / invoiced in 90 days x 90.

    Source: the standard ratio (e.g. CFA Institute, Financial Statement Analysis: receivables / revenue x days).
    """
    return _days(known.receivable_minor, known.invoiced_minor)


def dso_count_back(known: Facts) -> int | None:
    """Return days sales outstanding by counting back: the receivables use up the newest months' invoices first.

    Each month used up whole counts its days; the month in which they run out counts its share. Source: the count-back
    (exhaustion) method of credit management, as the Credit Research Foundation describes it.
    """
    if not known.by_month:
        return None
    left, tenths = known.receivable_minor, 0
    invoiced = dict(known.by_month)
    month = months.month_of(known.as_of)
    days = known.as_of.day
    for back in range(month, min(invoiced) - 1, -1):
        sold = invoiced.get(back, 0)
        if left <= 0:
            break
        if sold > left:
            return tenths + divide(left * days * 10, sold)
        left, tenths = left - sold, tenths + days * 10
        days = months.last_day(back - 1).day
    return tenths if left <= 0 else None


def best_possible_dso(known: Facts) -> int | None:
    """Return what DSO would be if everybody paid when due: current receivables / invoiced in 90 days x 90.

    Source: Credit Research Foundation, best possible DSO.
    """
    return _days(known.current_minor, known.invoiced_minor)


def average_days_delinquent(known: Facts) -> int | None:
    """Return by how many days clients pay late on average: DSO less best possible DSO.

    Source: Credit Research Foundation, average days delinquent.
    """
    whole, best = dso(known), best_possible_dso(known)
    return None if whole is None or best is None else whole - best


def collection_effectiveness(known: Facts) -> int | None:
    """Return the share collected of what could be: (opening + invoiced - closing) / (opening + invoiced - current).

    Opening is 90 days before. Source: Credit Research Foundation, collection effectiveness index.
    """
    could = known.opening_minor + known.invoiced_minor - known.current_minor
    if could <= 0:
        return None
    return divide((known.opening_minor + known.invoiced_minor - known.receivable_minor) * 1000, could)


def payment_velocity(known: Facts) -> int | None:
    """Return the median of the days from issue to the last payment, of invoices paid whole within the last 365 days.

    The median, because one client who pays after a year says little about the others. Credited and written off ones are left out.
    """
    return divide(int(median(known.days_to_pay) * 2) * 10, 2) if known.days_to_pay else None


def measures(*, entity: Entity, as_of: dt.date) -> list[Measure]:
    """Return every measure of a date, in the order a page shows them."""
    known = facts(entity=entity, as_of=as_of)
    return [
        Measure("dso", "DSO, counted back", dso_count_back(known), "days", "The receivables use up the newest months' invoices first."),
        Measure("dso-simple", "DSO over 90 days", dso(known), "days", "Receivables / invoiced in 90 days x 90."),
        Measure("dso-best", "Best possible DSO over 90 days", best_possible_dso(known), "days", "What is not due yet / invoiced in 90 days x 90."),
        Measure("add", "Days delinquent over 90 days", average_days_delinquent(known), "days", "DSO over 90 days less the best possible."),
        Measure("cei", "Collection effectiveness over 90 days", collection_effectiveness(known), "%", "Collected in 90 days / what could be collected."),
        Measure("velocity", "Days to pay, median", payment_velocity(known), "days", "Median from issue to the last payment, over a year."),
    ]  # fmt: skip


def billing_gap(*, entity: Entity, as_of: dt.date) -> list[Gap]:
    """Return work done up to a date and not invoiced by then, by contract and age, the largest first; four queries
    at most.

    Time at its rate, milestones that were reached, and months of a retainer that are over, from the contract's first day;
    a draft is not an invoice yet. Time on a retainer, or toward a milestone, is covered by it.
    """
    contracts = {row.pk: row for row in ClientContract.objects.filter(entity=entity).select_related("client")}
    sums = {pk: [0] * len(ageing.BUCKETS) for pk in contracts}
    minutes = dict.fromkeys(contracts, 0)
    for contract_id, on, worked, rate in (
        WorkEntry.objects.filter(contract__entity=entity, billable=True, on__lte=as_of)
        .exclude(_issued(as_of))
        .values_list("contract_id", "on", "minutes", "rate_minor")
    ):
        contract = contracts[contract_id]
        price = price_of(contract, worked, rate)
        if price is None:
            continue
        minutes[contract_id] += worked
        sums[contract_id][_bucket((as_of - on).days)] += price
    for contract_id, reached_on, amount in (
        Milestone.objects.filter(contract__entity=entity, reached_on__lte=as_of)
        .exclude(_issued(as_of))
        .values_list("contract_id", "reached_on", "amount_minor")
    ):
        sums[contract_id][_bucket((as_of - reached_on).days if reached_on else 0)] += amount
    owed = {pk: found for pk, row in contracts.items() if (found := retained(row, as_of))}
    billed = retainers_billed(contracts=[contracts[pk] for pk in owed], as_of=as_of)
    for contract_id, found in owed.items():
        for month in found:
            if (contract_id, month) not in billed:
                days = (as_of - months.last_day(month)).days
                sums[contract_id][_bucket(days)] += contracts[contract_id].rate_minor or 0
    gaps = [
        Gap(contracts[pk], tuple(found), minutes[pk])
        for pk, found in sums.items()
        if sum(found) or minutes[pk]
    ]
    return sorted(gaps, key=lambda gap: (-gap.total_minor, gap.contract.pk))


def price_of(contract: ClientContract, minutes: int, rate_minor: int | None) -> int | None:
    """Return what billable time on a contract is worth, in cents; None where a retainer or a milestone covers it.

    Time without any rate is worth 0: nobody has said what it costs.
    """
    if contract.billing_model == BillingModel.RETAINER:
        return None
    rate = contract.rate_minor if rate_minor is None else rate_minor
    if rate is None and contract.billing_model == BillingModel.MILESTONE:
        return None
    return worth(minutes, rate or 0)


def _issued(as_of: dt.date) -> Q:
    return Q(invoice_line__invoice__state=InvoiceState.ISSUED, invoice_line__invoice__issued_on__lte=as_of)


def retained(contract: ClientContract, as_of: dt.date) -> range:
    """Return the months of a signed retainer that were over on a day; where no start is written, it runs from its signature."""
    signed = contract.state in (ContractState.SIGNED, ContractState.EXPIRED)
    begins_on = contract.starts_on or contract.signed_on
    if contract.billing_model != BillingModel.RETAINER or begins_on is None or not signed:
        return range(0)
    end = months.month_of(as_of + dt.timedelta(days=1))
    if contract.ends_on is not None and (contract.state == ContractState.EXPIRED or not contract.renews):
        end = min(end, months.month_of(contract.ends_on) + 1)
    return range(months.month_of(begins_on), end)


def _billed_by(
    *, contracts: Collection[ClientContract], invoices: Iterable[Landed]
) -> dict[tuple[int, int], dt.date]:
    """Return (contract, month) of the retainers that issued invoices billed, with the day of the invoice.

    An invoice drafted here names its contract and month. One that landed names neither, and a sister may have issued it:
    one to the same client, dated in the month, for just what the retainer asks, bills that month.
    """
    ids = {row.pk for row in contracts}
    by_name = {(same_client(row.client.name), row.rate_minor): row.pk for row in contracts}
    found: dict[tuple[int, int], dt.date] = {}
    for row in invoices:
        if row.contract_id in ids and row.retainer_month is not None:
            found[row.contract_id, row.retainer_month] = row.issued_on
        elif row.landed and row.contract_id is None:
            contract_id = by_name.get((same_client(row.client), row.total_minor))
            if contract_id is not None:
                found.setdefault((contract_id, months.month_of(row.issued_on)), row.issued_on)
    return found


def retainers_billed(
    *, contracts: Collection[ClientContract], as_of: dt.date
) -> dict[tuple[int, int], dt.date]:
    """Return (contract, month) of the retainers billed up to a day, whichever entity invoiced them; one query, if any."""
    if not contracts:
        return {}
    rates = {row.rate_minor for row in contracts}
    rows = (
        Invoice.objects.filter(state=InvoiceState.ISSUED, issued_on__lte=as_of)
        .filter(
            Q(contract__in=contracts, retainer_month__isnull=False)
            | (Q(contract__isnull=True, booking__isnull=True, total_minor__in=rates) & ~Q(source=""))
        )
        .order_by("issued_on", "pk")
        .values_list("client__name", "total_minor", "issued_on", "contract_id", "retainer_month", "source")
    )
    return _billed_by(
        contracts=contracts,
        invoices=(
            Landed(client, total, issued_on, contract_id, month, bool(source))
            for client, total, issued_on, contract_id, month, source in rows
            if issued_on is not None
        ),
    )


def _bucket(days: int) -> int:
    return 0 if days <= 0 else min(4, (days - 1) // 30 + 1)


def _days(amount_minor: int, invoiced_minor: int) -> int | None:
    return divide(amount_minor * WINDOW_DAYS * 10, invoiced_minor) if invoiced_minor else None
