"""What the accounts of debts hold at a month's end beside what the records under them say: part of the close.

Each function returns by how much the books and the records differ, debts of the entity positive.
"""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce, Greatest

from core import months
from portfolio.domain import tax
from portfolio.domain.payables.queries import Payables
from portfolio.domain.receivables.ageing import Ageing
from portfolio.models import (
    AccountKind,
    AccountRole,
    CrewPay,
    CrewPayUndone,
    Entity,
    EntryState,
    MonthlyBalance,
    Posting,
)


def crew_pay(*, entity: Entity, as_of: dt.date, owed_minor: int) -> int:
    """Return what the books owe the crew, which is given, beyond the positions that are earned and not paid; one query."""
    paid_then = CrewPayUndone.objects.filter(pay=OuterRef("pk"), paid_on__lte=as_of, undone_on__gt=as_of)
    # What was taken back before the day it was earned is reversed on that day.
    owed = (
        CrewPay.objects.filter(~Exists(paid_then), entity=entity, on__lte=as_of)
        .annotate(gone_on=Greatest("void_on", "on"))
        .filter(
            Q(void_on__isnull=True) | Q(gone_on__gt=as_of), Q(paid_on__isnull=True) | Q(paid_on__gt=as_of)
        )
        .aggregate(owed=Coalesce(Sum("amount_minor"), 0))["owed"]
    )
    return owed_minor - int(owed)


def set_aside(*, entity: Entity, as_of: dt.date) -> int:
    """Return what the books hold for tax of no kind that the tax page knows, and what was paid on beyond what was owed."""
    return sum(
        abs(row.owed_minor)
        for row in tax.owed(entity=entity, as_of=as_of)
        if not row.kind or row.owed_minor < 0
    )


def refunds_due(*, entity: Entity, month: int) -> int:
    """Return what is owed back to clients and names no booking, and what went back beyond what was owed; one query."""
    rows = (
        Posting.objects.filter(
            account__entity=entity,
            account__role=AccountRole.REFUNDS_DUE,
            entry__state=EntryState.POSTED,
            month__lte=month,
        )
        .order_by()
        .values_list("booking_id")
        .annotate(total=Sum("amount_minor"))
    )
    return sum(abs(total) for booking, total in rows if booking is None or total > 0)


def sisters(*, entity: Entity, as_of: dt.date, aged: Ageing, bills: Payables) -> tuple[int, int]:
    """Return what the books say sister entities owe beyond the open invoices, and are owed beyond their open bills."""
    between = Q(account__role=AccountRole.INTERCOMPANY)
    due_from = -_owed(entity, as_of, between & Q(account__kind=AccountKind.ASSET))
    due_to = _owed(entity, as_of, between & Q(account__kind=AccountKind.LIABILITY))
    return (
        due_from - sum(row.total_minor for row in aged.sisters),
        due_to - bills.sisters_minor,
    )


def between_sisters(*, month: int) -> dict[str, int]:
    """Return by currency what all books say sister entities are owed beyond what they owe, where that is anything.

    Where all of them agree it is nothing; of which two differ it says nothing.
    """
    held = (
        MonthlyBalance.objects.filter(
            account__role=AccountRole.INTERCOMPANY,
            account__kind__in=(AccountKind.ASSET, AccountKind.LIABILITY),
            month__lte=month,
        )
        .order_by("account__currency")
        .values_list("account__currency")
        .annotate(total=Sum(F("debit_minor") - F("credit_minor")))
    )
    return {currency: int(total) for currency, total in held if total}


def _owed(entity: Entity, as_of: dt.date, accounts: Q) -> int:
    """Return what some accounts hold at the end of a month, credit positive."""
    held = MonthlyBalance.objects.filter(
        accounts, account__entity=entity, month__lte=months.month_of(as_of)
    ).aggregate(total=Coalesce(Sum(F("credit_minor") - F("debit_minor")), 0))
    return int(held["total"])
