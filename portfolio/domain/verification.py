"""Checking the books from outside their own guards: whatever bypassed a trigger is found here.

Everything is recomputed from the postings, so this costs what it costs; `manage.py verify_books` runs it.
"""

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from core import months
from core.money import format_minor
from portfolio.models import (
    Account,
    AccountRole,
    EntryState,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
    Posting,
)
from portfolio.models.account import CASH_ROLES


@dataclass(frozen=True, slots=True)
class Divergence:
    """A monthly balance that is not the sum of its postings; each triple is (debit, credit, cash) in minor units."""

    account_id: int
    month: int
    stored: tuple[int, int, int]
    counted: tuple[int, int, int]


def verify_balances() -> list[Divergence]:
    """Return every account and month whose stored balance differs from its postings, in order."""
    touches_cash = Exists(Posting.objects.filter(entry=OuterRef("entry"), account__role__in=CASH_ROLES))
    counted = {
        (row["account_id"], row["month"]): (row["debit"], row["credit"], row["cash"])
        for row in Posting.objects.filter(entry__state=EntryState.POSTED)
        .order_by()
        .annotate(in_cash_entry=touches_cash)
        .values("account_id", "month")
        .annotate(
            debit=Sum(Greatest(F("amount_minor"), Value(0))),
            credit=Sum(Greatest(-F("amount_minor"), Value(0))),
            cash=Coalesce(Sum(Case(When(in_cash_entry=True, then=-F("amount_minor")), default=Value(0))), 0),
        )
    }
    stored = {
        (account_id, month): (debit, credit, cash)
        for account_id, month, debit, credit, cash in MonthlyBalance.objects.order_by().values_list(
            "account_id", "month", "debit_minor", "credit_minor", "cash_minor"
        )
    }
    nothing = (0, 0, 0)
    return [
        Divergence(*key, stored=stored.get(key, nothing), counted=counted.get(key, nothing))
        for key in sorted(stored.keys() | counted.keys())
        if stored.get(key, nothing) != counted.get(key, nothing)
    ]


def verify_entries() -> list[str]:
    """Return a sentence for each posted entry that the guards would have refused."""
    faults = (
        JournalEntry.objects.filter(state=EntryState.POSTED)
        .order_by("pk")
        .annotate(
            lines=Count("postings"),
            difference=Coalesce(Sum("postings__amount_minor"), 0),
            strange=Count("postings", filter=~Q(postings__account__entity=F("entity"))),
            mixed=Count("postings", filter=~Q(postings__account__currency=F("currency"))),
            misdated=Count("postings", filter=~Q(postings__month=F("month"))),
        )
        .filter(Q(lines__lt=2) | ~Q(difference=0) | Q(strange__gt=0) | Q(mixed__gt=0) | Q(misdated__gt=0))
    )
    return [
        f"Journal entry {entry.pk} ({entry}) is broken: {entry.lines} postings, out of balance by "
        f"{format_minor(entry.difference, entry.currency)}, {entry.strange} of another entity, {entry.mixed} of another "
        f"currency, {entry.misdated} of another month."
        for entry in faults
    ]


def verify_reconciliations() -> list[str]:
    """Return a sentence for each reconciled month whose cash at bank no longer equals its statement."""
    sentences = []
    reconciled = Period.objects.filter(state__in=(PeriodState.RECONCILED, PeriodState.CLOSED))
    for period in reconciled.select_related("entity").order_by("entity_id", "month"):
        cash = cash_at_bank(entity_id=period.entity_id, month=period.month)
        if period.statement_minor is not None and cash != period.statement_minor:
            sentences.append(
                f"{period.entity.slug} {months.label(period.month)} was reconciled at "
                f"{format_minor(period.statement_minor, period.entity.currency)}, and its books now hold "
                f"{format_minor(cash, period.entity.currency)} at the bank."
            )
    return sentences


def cash_at_bank(*, entity_id: int, month: int) -> int:
    """Return the balance of an entity's bank accounts at the end of a month, in minor units, from balances alone."""
    total = MonthlyBalance.objects.filter(
        account__entity_id=entity_id, account__role=AccountRole.CASH, month__lte=month
    ).aggregate(total=Coalesce(Sum(F("debit_minor") - F("credit_minor")), 0))["total"]
    return int(total)


def verify_books() -> list[str]:
    """Return a sentence for everything that is wrong with the books; an empty list means they hold."""
    names = {account.pk: str(account) for account in Account.objects.all()}
    balances = [
        f"Balance of account {names.get(found.account_id, found.account_id)} in {months.label(found.month)} says "
        f"(debit, credit, cash) {found.stored}, its postings add up to {found.counted}."
        for found in verify_balances()
    ]
    return [*verify_entries(), *balances, *verify_reconciliations()]
