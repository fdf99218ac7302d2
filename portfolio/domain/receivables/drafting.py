"""Drafts from what was done: unbilled time, a month of a retainer, reached milestones, a booking.

A contract whose billing model is undefined is never invoiced from here; somebody says first how it is billed, or writes
the invoice by hand.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser

from core import months
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import invoices, work
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    AccountRole,
    BillingModel,
    Booking,
    BookingStage,
    Client,
    ClientContract,
    Invoice,
    Milestone,
    Rebillable,
    WorkEntry,
)


def from_time(
    *, contract: ClientContract, up_to: dt.date, tax_bp: int = 0, by: AbstractBaseUser | None, at: dt.datetime
) -> Invoice:
    """Draft an invoice of a contract's unbilled time up to a day, one line for each entry.

    Raises:
        RefusedError: the contract is not billed by the hour, or there is nothing to bill.
    """
    _billed(contract, BillingModel.HOURLY)
    account = Accounts(contract.entity).earned_of(contract.client)
    waiting = WorkEntry.objects.filter(
        contract=contract, on__lte=up_to, billable=True, invoice_line__isnull=True
    ).order_by("on", "id")
    if not contract.rate_minor:
        waiting = waiting.filter(rate_minor__gt=0)
    lines = [
        LineSaid(
            description=f"{entry.on:%-d %b %Y}  {entry.description} ({entry.who})"[:200],
            quantity_milli=work.hours_milli(entry.minutes),
            unit_minor=_rate(entry, contract),
            account=account,
            tax_bp=tax_bp,
            work=(entry.pk,),
            minutes=entry.minutes,
        )
        for entry in waiting.exclude(rate_minor=0)[: invoices.LINES_AT_MOST]
    ]
    if not lines:
        raise RefusedError(f"{contract} has no unbilled time up to {up_to:%-d %B %Y}.")
    return invoices.draft(client=contract.client, contract=contract, lines=lines, by=by, at=at)


def from_retainer(
    *, contract: ClientContract, month: int, tax_bp: int = 0, by: AbstractBaseUser | None, at: dt.datetime
) -> Invoice:
    """Draft an invoice of one month's retainer; each month is billed once.

    Raises:
        RefusedError: the contract has no retainer, does not run in that month, or the month is billed.
    """
    _billed(contract, BillingModel.RETAINER)
    if contract.starts_on and months.last_day(month) < contract.starts_on:
        raise RefusedError(f"The contract of {contract} starts after {months.label(month)}.")
    if contract.ends_on and not contract.renews and months.first_day(month) > contract.ends_on:
        raise RefusedError(f"The contract of {contract} ended before {months.label(month)}.")
    line = LineSaid(
        description=f"Retainer, {months.label(month)}",
        unit_minor=contract.rate_minor or 0,
        account=Accounts(contract.entity).earned_of(contract.client),
        tax_bp=tax_bp,
    )
    return invoices.draft(
        client=contract.client, contract=contract, lines=[line], retainer_month=month, by=by, at=at
    )


def from_milestones(
    *, contract: ClientContract, up_to: dt.date, tax_bp: int = 0, by: AbstractBaseUser | None, at: dt.datetime
) -> Invoice:
    """Draft an invoice of the milestones reached up to a day.

    Raises:
        RefusedError: the contract is not billed by milestones, or none waits to be billed.
    """
    _billed(contract, BillingModel.MILESTONE)
    account = Accounts(contract.entity).earned_of(contract.client)
    lines = [
        LineSaid(
            description=milestone.name,
            unit_minor=milestone.amount_minor,
            account=account,
            tax_bp=tax_bp,
            milestone=milestone.pk,
        )
        for milestone in Milestone.objects.filter(
            contract=contract, reached_on__lte=up_to, invoice_line__isnull=True
        )
    ]
    if not lines:
        raise RefusedError(f"{contract} has no milestone that was reached and waits to be billed.")
    return invoices.draft(client=contract.client, contract=contract, lines=lines, by=by, at=at)


def from_rebillables(
    *, contract: ClientContract, up_to: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Invoice:
    """Draft an invoice of what was paid for a contract's client up to a day, at cost; how work is billed does not matter.

    Raises:
        RefusedError: nothing that was paid for the client waits to be billed.
    """
    account = Accounts(contract.entity).earned_of(contract.client)
    lines = [
        LineSaid(
            description=f"{paid.on:%-d %b %Y}  {paid.what}"[:200], unit_minor=paid.amount_minor, account=account,
            rebillable=paid.pk,
        )
        for paid in Rebillable.objects.filter(
            contract=contract, on__lte=up_to, invoice_line__isnull=True
        ).order_by("on", "pk")[: invoices.LINES_AT_MOST]
    ]  # fmt: skip
    if not lines:
        raise RefusedError(
            f"Nothing that was paid for {contract} up to {up_to:%-d %B %Y} waits to be billed."
        )
    return invoices.draft(client=contract.client, contract=contract, lines=lines, by=by, at=at)


def from_booking(
    *, booking: Booking, client: Client, by: AbstractBaseUser | None, at: dt.datetime
) -> Invoice:
    """Draft an invoice of what a booking's client has neither paid nor been asked for.

    Before the service it is held as deferred revenue once issued; after it, it asks for the receivable that completing
    the booking left, and earns nothing twice.

    Raises:
        RefusedError: the booking was called off, or nothing of it is open.
    """
    if client.entity_id != booking.entity_id:
        raise RefusedError(f"{client} is no client of {booking.entity.name}.")
    if client.sister_id is not None:
        raise RefusedError(
            f"{client} is a sister entity, and {booking} is earned as a sale to a guest; write an invoice of their own."
        )
    if booking.stage in (BookingStage.CANCELLED, BookingStage.LOST):
        raise RefusedError(f"{booking} was called off; there is nothing to invoice.")
    open_minor = invoices.due_of_booking(booking)
    if not open_minor:
        raise RefusedError(f"Nothing of {booking} is left to invoice: it is paid, or invoiced already.")
    completed = booking.stage == BookingStage.COMPLETED
    line = LineSaid(
        description=f"{booking.reference} {booking.title}"[:200],
        unit_minor=open_minor,
        account=Accounts(booking.entity).of(AccountRole.RECEIVABLE if completed else AccountRole.DEFERRED),
    )
    return invoices.draft(client=client, booking=booking, lines=[line], by=by, at=at)


def _billed(contract: ClientContract, model: BillingModel) -> None:
    if contract.billing_model == BillingModel.UNDEFINED:
        raise RefusedError(f"How {contract} is billed is undefined; set the billing model first.")
    if contract.billing_model != model:
        raise RefusedError(
            f"{contract} is billed by {contract.get_billing_model_display().lower()}, not by {model.label.lower()}."
        )


def _rate(entry: WorkEntry, contract: ClientContract) -> int:
    return (contract.rate_minor or 0) if entry.rate_minor is None else entry.rate_minor
