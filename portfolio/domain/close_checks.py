"""What is asked before a month is closed: what the records can tell is computed, the rest a person ticks.

Each check either stops the close, stops it until a person accepts what it found with a note, or only warns; which, stands
in `WEIGHTS`. `portfolio.domain.reconciliation` closes.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from core import audit, months
from core.money import format_minor
from portfolio.domain import bank_accounts, close_ties, matching, roll_forward, uncategorised
from portfolio.domain.payables import queries as payables
from portfolio.domain.receivables import ageing
from portfolio.domain.stripe import payouts, standing
from portfolio.models import (
    Account,
    AccountRole,
    CloseTick,
    Entity,
    EntryChain,
    EntryState,
    ImportedLine,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
)


class Weight(StrEnum):
    """What a check that does not hold does to the close."""

    STOPS = "stops"
    ACCEPTED = "accepted"
    WARNS = "warns"


class CheckState(StrEnum):
    """How a check stands."""

    HOLDS = "holds"
    ACCEPTED = "accepted"
    WARNS = "warns"
    STOPS = "stops"


# What a check is called, and what it does to the close where it does not hold.
WEIGHTS: Mapping[str, tuple[str, Weight]] = MappingProxyType(
    {
        "before": ("The month before is closed", Weight.STOPS),
        "statement": ("Every bank account agrees with its statement of the month", Weight.STOPS),
        "waiting": ("No bank line waits for a decision", Weight.STOPS),
        "drafts": ("No entry of the month is a draft", Weight.STOPS),
        "trial-balance": ("Debits and credits of the month are equal", Weight.STOPS),
        "chain": ("The chain of entries is whole", Weight.STOPS),
        "lenders": ("Cards and loans agree with their statements", Weight.ACCEPTED),
        "uncategorised": ("Nothing waits for a category", Weight.ACCEPTED),
        "stripe-events": ("No event of Stripe’s failed", Weight.ACCEPTED),
        "clearing": ("The card clearing account is empty but for payouts on their way", Weight.ACCEPTED),
        "receivables": ("Receivables are the open invoices and bookings", Weight.ACCEPTED),
        "payables": ("Payables are the open bills", Weight.ACCEPTED),
        "deferred": ("Deferred revenue is what is held for bookings", Weight.ACCEPTED),
        "crew-pay": ("Crew pay owed is what was earned and not paid", Weight.ACCEPTED),
        "tax": ("Tax set aside is of a kind, and not overpaid", Weight.ACCEPTED),
        "refunds": ("Refunds owed are of bookings", Weight.ACCEPTED),
        "sisters": (
            "What is due between sister entities is invoiced and billed, or stands in both books",
            Weight.ACCEPTED,
        ),
        "unmatched": ("Every entry on a bank account stands on its statement", Weight.WARNS),
    }
)
# What no record can tell. Nobody is kept from closing by them; that nobody looked stays visible.
BY_HAND: Mapping[str, str] = MappingProxyType(
    {
        "receipts": "The larger payments have a document",
        "sisters": "What sister entities owe each other stands alike in both books",
        "assets": "What was bought to be kept, and loans, are posted as such",
        "read": "The income statement was read and nothing in it surprises",
    }
)


class CloseCheckError(Exception):
    """A tick that cannot be made; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Check:
    """One computed check of a month; ``found`` is a sentence, ``tick`` who accepted it."""

    key: str
    label: str
    weight: Weight
    state: CheckState
    found: str
    tick: CloseTick | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a person looks at."""

    key: str
    label: str
    tick: CloseTick | None


def checks(*, entity: Entity, month: int, at: dt.datetime) -> tuple[Check, ...]:
    """Return how each computed check of a month stands; reads balances and sub-ledgers, writes nothing."""
    del at  # A month's checks do not depend on when they are asked; closing says when.
    asker = _Asker(entity, month)
    ticks = _ticks(entity, month)
    told = []
    for key, (label, weight) in WEIGHTS.items():
        holds, found = asker.ask(key)
        tick = ticks.get(key)
        if holds:
            state = CheckState.HOLDS
        elif weight == Weight.WARNS:
            state = CheckState.WARNS
        elif weight == Weight.ACCEPTED and tick is not None:
            state = CheckState.ACCEPTED
        else:
            state = CheckState.STOPS
        told.append(Check(key, label, weight, state, found, tick if weight == Weight.ACCEPTED else None))
    return tuple(told)


def items(*, entity: Entity, month: int) -> tuple[Item, ...]:
    """Return what a person ticks, and who did."""
    ticks = _ticks(entity, month)
    return tuple(Item(key, label, ticks.get(key)) for key, label in BY_HAND.items())


def tick(
    *, entity: Entity, month: int, item: str, note: str, by: AbstractBaseUser | None, at: dt.datetime
) -> CloseTick:
    """Say that somebody looked at an item, or accepts what a check found, which needs a note.

    Raises:
        CloseCheckError: there is no such item, a check that stops the close cannot be accepted, or a note is missing.
    """
    note = " ".join(note.split())
    accepting = item in WEIGHTS and WEIGHTS[item][1] == Weight.ACCEPTED
    if item not in BY_HAND and not accepting:
        raise CloseCheckError("This check cannot be ticked off; set right what it found.")
    if accepting and not note:
        raise CloseCheckError("Accepting what a check found needs a note: say why it may stay.")
    if len(note) > 250:
        raise CloseCheckError("The note is longer than 250 characters; shorten it.")
    _refuse_closed(entity, month)
    with transaction.atomic():
        ticked, _ = CloseTick.objects.update_or_create(
            entity=entity,
            month=month,
            item=item,
            defaults={"note": note, "at": at, "by_id": by.pk if by else None},
        )
        audit.record(
            action="portfolio:close:tick", subject=ticked, by=by, at=at, entity=entity.slug,
            data={"month": months.iso(month), "item": item, "note": note},
        )  # fmt: skip
    return ticked


def untick(*, entity: Entity, month: int, item: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take a tick back; one that is not there is nothing to take back.

    Raises:
        CloseCheckError: the month is closed.
    """
    _refuse_closed(entity, month)
    with transaction.atomic():
        found = CloseTick.objects.filter(entity=entity, month=month, item=item).first()
        if found is None:
            return
        audit.record(
            action="portfolio:close:untick", subject=found, by=by, at=at, entity=entity.slug,
            data={"month": months.iso(month), "item": item},
        )  # fmt: skip
        CloseTick.objects.filter(pk=found.pk).delete()


def _refuse_closed(entity: Entity, month: int) -> None:
    if Period.objects.filter(entity=entity, month=month, state=PeriodState.CLOSED).exists():
        raise CloseCheckError(f"{months.label(month)} is closed; reopen it before changing its checklist.")


def _ticks(entity: Entity, month: int) -> dict[str, CloseTick]:
    return {t.item: t for t in CloseTick.objects.filter(entity=entity, month=month).select_related("by")}


class _Asker:
    """Asks the records of one entity about one month, each check by its key."""

    def __init__(self, entity: Entity, month: int) -> None:
        self.entity, self.month = entity, month
        self.last = months.last_day(month)
        self.banks = bank_accounts.asked_at(entity=entity, month=month)
        moved = set(
            MonthlyBalance.objects.filter(account__in=self.banks, month__lte=month).values_list(
                "account_id", flat=True
            )
        )
        telling = set(bank_accounts.telling(entity=entity).values_list("pk", flat=True))
        self.telling = [account for account in self.banks if account.pk in moved & telling]
        self.cash = [
            account for account in self.banks if account.pk in moved and account.role == AccountRole.CASH
        ]

    def ask(self, key: str) -> tuple[bool, str]:
        """Return whether a check holds, and a sentence on what it found."""
        found: tuple[bool, str] = getattr(self, "_" + key.replace("-", "_"))()
        return found

    def _money(self, minor: int) -> str:
        return format_minor(minor, self.entity.currency)

    def _before(self) -> tuple[bool, str]:
        moved = MonthlyBalance.objects.filter(account__entity=self.entity, month__lt=self.month).aggregate(
            last=Max("month")
        )["last"]
        if moved is None:
            return True, "The books begin with this month."
        open_months = set(
            MonthlyBalance.objects.filter(account__entity=self.entity, month__lt=self.month)
            .order_by()
            .values_list("month", flat=True)
            .distinct()
        ) - set(
            Period.objects.filter(entity=self.entity, state=PeriodState.CLOSED).values_list(
                "month", flat=True
            )
        )
        if not open_months:
            return True, "Every month before it is closed."
        return False, f"{months.label(min(open_months))} is not closed yet; close the oldest month first."

    def _statement(self) -> tuple[bool, str]:
        return self._agree([account for account in self.telling if account.role == AccountRole.CASH])

    def _lenders(self) -> tuple[bool, str]:
        return self._agree([account for account in self.telling if account.role != AccountRole.CASH])

    def _agree(self, accounts: list[Account]) -> tuple[bool, str]:
        """Hold the newest statement balance of the month against the books of its day, account by account."""
        told = bank_accounts.newest_of(accounts=accounts, by=self.last) if accounts else {}
        if len(accounts) == 1 and self.cash == accounts:
            stated = (
                Period.objects.filter(entity=self.entity, month=self.month)
                .values_list("statement_minor", flat=True)
                .first()
            )
            if stated is not None:
                told.setdefault(
                    accounts[0].pk,
                    bank_accounts.compared(account=accounts[0], on=self.last, minor=stated),
                )
        first = months.first_day(self.month)
        wrong = []
        for account in accounts:
            row = told.get(account.pk)
            if row is None:
                wrong.append(f"No statement balance of {months.label(self.month)} is known for {account}.")
            elif row.balance.on < first:
                wrong.append(
                    f"The newest statement balance of {account} is of {months.spelled(row.balance.on)}; "
                    f"bring in or type one of {months.label(self.month)}."
                )
            elif row.differs_minor:
                wrong.append(
                    f"The statement and the books disagree: {account} differs by {self._money(row.differs_minor)} "
                    f"on {months.spelled(row.balance.on)}."
                )
        if wrong:
            return False, " ".join(wrong)
        early = [row for row in told.values() if row.balance.on < self.last]
        since = "".join(
            f" {row.balance.account} agrees on {months.spelled(row.balance.on)}; what was posted since stands on its next "
            "statement."
            for row in early
        )
        if not accounts:
            return True, "No statement is asked for."
        return True, f"{len(accounts)} of {len(accounts)} agree to the cent.{since}"

    def _waiting(self) -> tuple[bool, str]:
        count = matching.waiting(entity_id=self.entity.pk).filter(on__lte=self.last).count()
        return not count, f"{count} wait." if count else "None waits."

    def _drafts(self) -> tuple[bool, str]:
        count = JournalEntry.objects.filter(
            entity=self.entity, month=self.month, state=EntryState.DRAFT
        ).count()
        return not count, f"{count} drafts: post or delete them." if count else "There is none."

    def _trial_balance(self) -> tuple[bool, str]:
        sums = MonthlyBalance.objects.filter(account__entity=self.entity, month=self.month).aggregate(
            debit=Coalesce(Sum("debit_minor"), 0), credit=Coalesce(Sum("credit_minor"), 0)
        )
        same = sums["debit"] == sums["credit"]
        words = f"{self._money(sums['debit'])} on both sides."
        if not same:
            words = f"{self._money(sums['debit'])} against {self._money(sums['credit'])}; run manage.py verify_books."
        return same, words

    def _chain(self) -> tuple[bool, str]:
        """Compare the counts; `manage.py verify_books` recomputes every hash."""
        head = EntryChain.objects.filter(entity=self.entity).values_list("number", flat=True).first() or 0
        posted = JournalEntry.objects.filter(entity=self.entity, state=EntryState.POSTED).aggregate(
            count=Count("pk"), last=Max("number"), unplaced=Count("pk", filter=Q(number__isnull=True))
        )
        whole = posted["count"] == head == (posted["last"] or 0) and not posted["unplaced"]
        if whole:
            return True, f"All {head:,} entries of the books, each in its place."
        return False, f"{posted['count']} entries and a chain of {head}; run manage.py verify_books."

    def _uncategorised(self) -> tuple[bool, str]:
        # From the first month on: what waits since, and what a later month put right.
        first = months.month_of(months.EARLIEST)
        waiting = uncategorised.minor(entity=self.entity, first=first, last=self.month)
        if waiting:
            return False, f"{self._money(waiting)} waits."
        lines = uncategorised.lines(entity=self.entity, first=first, last=self.month)
        return (
            not lines,
            f"{lines} lines wait that add up to nothing." if lines else "Everything has an account.",
        )

    def _stripe_events(self) -> tuple[bool, str]:
        count = standing.failed(entity=self.entity)
        return not count, f"{count} failed: try them again on the Stripe page." if count else "None failed."

    def _clearing(self) -> tuple[bool, str]:
        held = _held(self.entity, AccountRole.CLEARING, self.month)
        under_way = payouts.in_transit(entity=self.entity, as_of=self.last)
        if held == under_way or not held:
            words = f", all of it on its way to the bank on {months.spelled(self.last)}" if held else ""
            return True, f"It holds {self._money(held)}{words}."
        return (
            False,
            f"It holds {self._money(held)}, and {self._money(under_way)} was on its way to the bank.",
        )

    @cached_property
    def _aged(self) -> ageing.Ageing:
        return ageing.age(entity=self.entity, as_of=self.last)

    def _receivables(self) -> tuple[bool, str]:
        off = self._aged.difference_minor
        return not off, f"They differ by {self._money(off)}." if off else "They agree."

    @cached_property
    def _bills(self) -> payables.Payables:
        return payables.payables(entity=self.entity, as_of=self.last)

    def _payables(self) -> tuple[bool, str]:
        off = self._bills.other_minor
        return not off, f"{self._money(off)} is owed without a bill." if off else "They agree."

    def _deferred(self) -> tuple[bool, str]:
        held = roll_forward.held_now(entity=self.entity, month=self.month, as_of=self.last)
        off = held.off_minor or held.unnamed_minor
        return not off, f"{self._money(off)} is held for no booking." if off else "They agree."

    def _crew_pay(self) -> tuple[bool, str]:
        off = close_ties.crew_pay(entity=self.entity, as_of=self.last, owed_minor=self._bills.crew_minor)
        return not off, f"They differ by {self._money(off)}." if off else "They agree."

    def _tax(self) -> tuple[bool, str]:
        off = close_ties.set_aside(entity=self.entity, as_of=self.last)
        return (
            not off,
            f"{self._money(off)} is of no kind, or was paid beyond what was owed." if off else "It is.",
        )

    def _refunds(self) -> tuple[bool, str]:
        off = close_ties.refunds_due(entity=self.entity, month=self.month)
        return (
            not off,
            f"{self._money(off)} is owed back for no booking, or went back beyond what was owed."
            if off
            else "They are.",
        )

    def _sisters(self) -> tuple[bool, str]:
        due_from, due_to = close_ties.sisters(
            entity=self.entity, as_of=self.last, aged=self._aged, bills=self._bills
        )
        words = [
            *([f"{self._money(due_from)} is due from them beyond the open invoices."] if due_from else []),
            *([f"{self._money(due_to)} is due to them beyond the open bills."] if due_to else []),
        ]
        if not words:
            return True, "They agree."
        apart = close_ties.between_sisters(month=self.month)
        if apart:
            money = " and ".join(format_minor(minor, currency) for currency, minor in apart.items())
            return False, f"{' '.join(words)} The books of all sisters differ by {money}."
        return True, f"{' '.join(words)} What all books hold between sisters adds up to nothing."

    def _unmatched(self) -> tuple[bool, str]:
        told = set(
            ImportedLine.objects.filter(account__in=self.banks)
            .order_by()
            .values_list("account_id", flat=True)
            .distinct()
        )
        count = sum(
            matching.unmatched(account=account, first=months.first_day(self.month), last=self.last).count()
            for account in self.banks
            if account.pk in told
        )
        return not count, f"{count} do not; they may be on the next statement." if count else "All do."


def _held(entity: Entity, role: AccountRole, month: int) -> int:
    accounts = Account.objects.filter(entity=entity, role=role)
    total = MonthlyBalance.objects.filter(account__in=accounts, month__lte=month).aggregate(
        total=Coalesce(Sum(F("debit_minor") - F("credit_minor")), 0)
    )["total"]
    return int(total)
