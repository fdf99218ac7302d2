"""Whatever is posted, reversed, imported, closed and reopened, in whatever order, the books hold after each step."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core import months
from portfolio.domain import intake, ledger, reconciliation, statements, verification
from portfolio.models import EntrySource, JournalEntry, MonthlyBalance, Period, PeriodState, Posting
from tests.portfolio.conftest import AT, open_books

FIRST = months.parse("2026-07")
MONTHS = range(FIRST, FIRST + 3)
CODES = ["1010", "1050", "2100", "3000", "4000", "6100", "6900"]

DAYS = st.builds(
    lambda month, day: months.first_day(month) + dt.timedelta(days=day),
    st.sampled_from(MONTHS),
    st.integers(0, 27),
)
AMOUNTS = st.integers(-(10**6), 10**6).filter(bool)


class BooksMachine(RuleBasedStateMachine):
    """Real books beside a list of what was said to them."""

    def __init__(self) -> None:
        """Begin a transaction that is never committed."""
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.said: Counter[tuple[str, int]] = Counter()
        self.keys: dict[str, tuple[Any, ...]] = {}
        self.lines: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        """Take everything back."""
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        """Open empty books."""
        self.books = open_books()

    def closed(self, on: dt.date) -> bool:
        return Period.objects.filter(month__gte=months.month_of(on), state=PeriodState.CLOSED).exists()

    @rule(on=DAYS, accounts=st.lists(st.sampled_from(CODES), min_size=2, max_size=4), amount=AMOUNTS, off=st.sampled_from([0] * 9 + [1]),
          key=st.integers(0, 9), several=st.booleans())  # fmt: skip
    def post(self, on: dt.date, accounts: list[str], amount: int, off: int, key: int, several: bool) -> None:
        """Post an entry, one by one or as a batch: unbalanced ones, closed months and reused keys are refused."""
        amounts = [amount] * (len(accounts) - 1) + [off - amount * (len(accounts) - 1)]
        body, external_id = (on, *accounts, *amounts), f"k{key}"
        if not all(amounts):
            return
        lines = tuple(self.books.line(code, each) for code, each in zip(accounts, amounts, strict=True))
        draft = ledger.Draft(on, "Machine", lines, EntrySource.BILL, external_id)
        try:
            with transaction.atomic():
                if several:
                    ledger.post_many(entity=self.books.entity, drafts=[draft], at=AT)
                else:
                    ledger.post(
                        entity=self.books.entity, on=on, memo="Machine", lines=lines, source=EntrySource.BILL,
                        external_id=external_id, at=AT,
                    )  # fmt: skip
        except ledger.UnbalancedEntryError:
            assert off
        except ledger.DifferentBodyError:
            assert self.keys[external_id] != body
        except ledger.ClosedPeriodError:
            assert self.closed(on)
        else:
            assert not off
            if external_id not in self.keys:
                assert not self.closed(on)
                self.keys[external_id] = body
                for code, each in zip(accounts, amounts, strict=True):
                    self.said[code, months.month_of(on)] += each
            assert self.keys[external_id] == body

    @precondition(lambda self: self.keys)
    @rule(on=DAYS, pick=st.integers(0, 99))
    def reverse(self, on: dt.date, pick: int) -> None:
        """Reverse some entry: once, not before its day, and into an open month."""
        posted = list(JournalEntry.objects.filter(source=EntrySource.BILL).order_by("pk"))
        entry = posted[pick % len(posted)]
        earlier = JournalEntry.objects.filter(reverses=entry).first()
        try:
            with transaction.atomic():
                ledger.reverse(entry=entry, on=on, reason="Machine", by=None, at=AT)
        except ledger.AlreadyReversedError:
            assert earlier is not None
        except ledger.ClosedPeriodError:
            assert self.closed(on)
        except ledger.EarlyReversalError:
            assert on < entry.on
        else:
            assert on >= entry.on
            if earlier is None:
                for posting in entry.postings.select_related("account"):
                    self.said[posting.account.code, months.month_of(on)] -= posting.amount_minor

    @rule(
        lines=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=4, unique=True)
    )
    def bring(self, lines: list[tuple[int, int]]) -> None:
        """Land a bank's file; lines that came before add nothing, and one in a closed month refuses the file."""
        text = "".join(f"{months.iso(FIRST + month)}-05,LINE {line},{line}.00\n" for month, line in lines)
        new = [each for each in lines if each not in self.lines]
        shut = any(self.closed(months.first_day(FIRST + month)) for month, _ in new)
        try:
            with transaction.atomic():
                landed = intake.land_bank(
                    entity=self.books.entity, data=f"Date,Description,Amount\n{text}".encode(), name="bank.csv", by=None, at=AT
                )  # fmt: skip
        except (ledger.ClosedPeriodError, intake.FormatError):
            assert shut
            return
        assert not shut
        assert landed.new == len(new)
        self.lines.update(new)
        # Where a line goes is for the rules and for matching to say; here it counts only that it balances.
        names = {account.pk: code for code, account in self.books.accounts.items()}
        self.said = Counter()
        for account_id, month, amount in Posting.objects.values_list("account_id", "month", "amount_minor"):
            self.said[names[account_id], month] += amount

    @rule(month=st.sampled_from(MONTHS))
    def close(self, month: int) -> None:
        """Reconcile a month with what its books hold and close it, where its checks allow."""
        cash = verification.cash_at_bank(entity_id=self.books.entity.pk, month=month)
        try:
            with transaction.atomic():
                reconciliation.reconcile_month(
                    entity=self.books.entity, month=month, statement_minor=cash, by=None, at=AT
                )
                reconciliation.close_month(entity=self.books.entity, month=month, by=None, at=AT)
        except reconciliation.ReconciliationError:
            return
        assert self.closed(months.first_day(month))

    @rule(month=st.sampled_from(MONTHS))
    def reopen(self, month: int) -> None:
        """Reopen a month: only the newest closed one."""
        newest = Period.objects.filter(state=PeriodState.CLOSED).order_by("-month").first()
        try:
            with transaction.atomic():
                reconciliation.reopen_month(
                    entity=self.books.entity, month=month, reason="Machine", by=None, at=AT
                )
        except reconciliation.ReconciliationError:
            assert newest is None or newest.month != month
        else:
            assert newest is not None
            assert newest.month == month

    @precondition(lambda self: self.keys)
    @rule(sql=st.sampled_from([
        "UPDATE portfolio_journalentry SET memo = 'x'", "DELETE FROM portfolio_posting",
        "UPDATE portfolio_posting SET amount_minor = amount_minor + 1", "UPDATE portfolio_monthlybalance SET cash_minor = 7",
    ]))  # fmt: skip
    def attack(self, sql: str) -> None:
        """Type SQL by hand."""
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    @invariant()
    def the_books_hold(self) -> None:
        """Compare the books with what was said, with a recount, and with themselves."""
        if not hasattr(self, "books"):
            return
        kept = {
            (row.account.code, row.month): row.debit_minor - row.credit_minor
            for row in MonthlyBalance.objects.select_related("account")
        }
        assert {key: value for key, value in kept.items() if value} == {
            key: value for key, value in self.said.items() if value
        }
        entities = [self.books.entity]
        trial = statements.Books(
            entities=entities, columns=statements.by_month(MONTHS[-1], MONTHS[-1])
        ).trial()
        assert trial.debit_minor == trial.credit_minor
        sheet = statements.Books(entities=entities, columns=statements.by_month(FIRST, MONTHS[-1])).balance()
        owed_and_owned = zip(sheet.liabilities.totals, sheet.equity.totals, sheet.retained, strict=True)
        assert sheet.assets.totals == tuple(map(sum, owed_and_owned))
        flow = statements.Books(
            entities=entities, columns=statements.by_month(FIRST, MONTHS[-1]), also=statements.Measure.CASH
        ).cash()
        assert flow.closing == tuple(a + b for a, b in zip(flow.opening, flow.change, strict=True))
        assert flow.opening[1 : len(MONTHS)] == flow.closing[: len(MONTHS) - 1]
        # Posting into an earlier month that is open moves the cash of a closed one; that is told apart from these.
        assert verification.verify_entries() == []
        assert verification.verify_chain() == []
        assert verification.verify_balances() == []


def explore(examples: int, steps: int) -> None:
    """Walk through the machine."""
    run_state_machine_as_test(
        BooksMachine, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )


@pytest.mark.django_db
def test_the_books_hold_after_every_step() -> None:
    explore(examples=6, steps=12)


@pytest.mark.full
@pytest.mark.django_db
def test_the_books_hold_after_every_step_of_a_long_walk() -> None:
    explore(examples=100, steps=40)
