"""Posting and reversing: one door, repeatable, and every refusal a sentence."""

import datetime as dt
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from core import months
from core.models import AuditEvent
from core.money import LIMIT_MINOR
from portfolio.domain import booking_entries, ledger, sealing, verification
from portfolio.models import (
    Account,
    Entity,
    EntrySource,
    EntryState,
    JournalEntry,
    MonthlyBalance,
    Period,
    Posting,
)
from tests.portfolio.conftest import AT, OCTOBER, Books, everything, in_parallel, open_books


def test_post_writes_a_sealed_entry_with_its_postings(books: Books) -> None:
    entry = ledger.post(
        entity=books.entity,
        on=OCTOBER,
        memo="Dockage October",
        lines=[books.line("6100", 118000), books.line("1010", -118000)],
        source=EntrySource.BANK,
        external_id="bank:1",
        origin="bank-qos.csv line 4",
        at=AT,
    )
    stored = JournalEntry.objects.get()
    assert stored == entry
    assert (stored.state, stored.month, stored.currency, stored.posted_at) == (
        EntryState.POSTED, months.month_of(OCTOBER), "USD", AT,
    )  # fmt: skip
    assert stored.origin == "bank-qos.csv line 4"
    assert [(p.account.code, p.amount_minor, p.month) for p in stored.postings.select_related("account")] == [
        ("6100", 118000, stored.month),
        ("1010", -118000, stored.month),
    ]
    assert entry.body_hash == stored.body_hash
    assert entry.on == stored.on


def test_post_records_who_did_it_in_the_same_transaction(books: Books) -> None:
    entry = books.post("6100", "1010", 500, external_id="x")
    event = AuditEvent.objects.get(action="portfolio:entry:post")
    assert (event.subject_id, event.entity_slug, event.at, event.actor) == (str(entry.pk), "qos", AT, None)
    assert event.data == {"source": "manual", "debit_minor": 500, "external_id": "x"}


def test_posting_the_same_again_returns_the_first(books: Books) -> None:
    first = books.post("6100", "1010", 500, external_id="x")
    assert books.post("6100", "1010", 500, external_id="x") == first
    assert JournalEntry.objects.count() == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 501},
        {"on": OCTOBER + dt.timedelta(days=1)},
        {"memo": "Another"},
        {"debit": "6200"},
    ],
)
def test_the_same_id_with_another_body_is_refused(books: Books, change: dict[str, object]) -> None:
    same: dict[str, object] = {"debit": "6100", "credit": "1010", "amount_minor": 500, "external_id": "x"}
    books.post(**same)  # type: ignore[arg-type]
    with pytest.raises(ledger.DifferentBodyError, match="'x'"):
        books.post(**{**same, **change})  # type: ignore[arg-type]
    assert JournalEntry.objects.count() == 1


def test_the_same_id_in_another_entity_is_another_entry(books: Books, other_books: Books) -> None:
    books.post("6100", "1010", 500, external_id="x")
    other_books.post("6100", "1010", 700, external_id="x")
    assert JournalEntry.objects.count() == 2


def test_refusals_are_sentences_and_write_nothing(books: Books, other_books: Books) -> None:
    pesos = Account(
        id=10**9, entity=books.entity, code="1011", name="Pesos", kind="asset", role="cash", currency="MXN"
    )
    cases: list[tuple[type[ledger.LedgerError], str, list[ledger.Line]]] = [
        (ledger.EmptyEntryError, "has 0 postings", []),
        (ledger.EmptyEntryError, "has 1 postings", [books.line("1010", 5)]),
        (ledger.UnbalancedEntryError, r"out of balance by \$0\.01", [books.line("1010", 6), books.line("4000", -5)]),
        (ledger.UnbalancedEntryError, r"by −\$1,000\.00", [books.line("1010", 1), books.line("4000", -100001)]),
        (ledger.EmptyEntryError, "posts 0", [books.line("1010", 0), books.line("4000", 0)]),
        (ledger.EmptyEntryError, "posts 1.5", [books.line("1010", 1.5), books.line("4000", -1.5)]),  # type: ignore[arg-type]
        (ledger.EmptyEntryError, "posts True", [books.line("1010", True), books.line("4000", -1)]),
        (
            ledger.EmptyEntryError, "at most",
            [books.line("1010", LIMIT_MINOR + 1), books.line("4000", -LIMIT_MINOR - 1)],
        ),
        (ledger.ForeignAccountError, "account of QueenofSanDiego", [books.line("1010", 5), other_books.line("4000", -5)]),
        (ledger.MixedCurrencyError, "USD and MXN", [books.line("1010", 5), ledger.Line(pesos, -5)]),
    ]  # fmt: skip
    for kind, words, lines in cases:
        with pytest.raises(kind, match=words) as caught:
            ledger.post(
                entity=books.entity,
                on=OCTOBER,
                memo="Dock fee",
                lines=lines,
                source=EntrySource.MANUAL,
                at=AT,
            )
        assert str(caught.value).startswith("The entry “Dock fee” of 15 October 2026")
        assert str(caught.value).endswith(".")
    assert not JournalEntry.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("memo", ["", "  ", "x" * 251, "nul \x00", "half \ud83d"])
def test_memos_are_text_of_bounded_length(books: Books, memo: str) -> None:
    with pytest.raises(ledger.TextError) as caught:
        books.post("6100", "1010", 500, memo=memo)
    assert str(caught.value).encode()


@pytest.mark.parametrize("on", [dt.date(1, 1, 1), dt.date(1999, 12, 31), dt.date(2100, 1, 1), dt.date.max])
def test_a_date_with_a_slip_in_its_year_is_refused(books: Books, on: dt.date) -> None:
    with pytest.raises(ledger.FarDateError, match=f"of {on.day} {on:%B} {on.year} is outside 2000 to 2099"):
        books.post("6100", "1010", 500, on=on)
    assert not JournalEntry.objects.exists()


def test_a_closed_month_refuses_with_its_name(books: Books) -> None:
    Period.objects.create(entity=books.entity, month=months.month_of(OCTOBER), state="closed", closed_at=AT)
    with pytest.raises(ledger.ClosedPeriodError, match="QueenofSanDiego are closed for Oct 2026"):
        books.post("6100", "1010", 500)
    with pytest.raises(ledger.ClosedPeriodError, match="Oct 2026"):
        ledger.post_many(entity=books.entity, drafts=[_draft(books, 5)], at=AT)
    earlier = "QueenofSanDiego are closed for Sep 2025, as for every month up to Oct 2026"
    with pytest.raises(ledger.ClosedPeriodError, match=earlier):
        books.post("6100", "1010", 500, on=dt.date(2025, 9, 5))
    assert not JournalEntry.objects.exists()
    assert booking_entries.first_open_day(entity=books.entity, on=dt.date(2025, 9, 5)) == dt.date(2026, 11, 1)
    assert books.post("6100", "1010", 500, on=dt.date(2026, 11, 1)).number == 1


def test_an_account_that_changed_meanwhile_is_refused_by_the_database(
    books: Books, other_books: Books
) -> None:
    Entity.objects.filter(pk=books.entity.pk).update(currency="MXN")
    with pytest.raises(ledger.MixedCurrencyError, match="load it again"):
        books.post("6100", "1010", 500)
    Entity.objects.filter(pk=books.entity.pk).update(currency="USD")
    Account.objects.filter(pk=books.accounts["6200"].pk).update(entity=other_books.entity, code="X")
    with pytest.raises(ledger.ForeignAccountError, match="load it again"):
        books.post("6200", "1010", 500)


def _draft(books: Books, amount: int, external_id: str | None = None, memo: str = "Line") -> ledger.Draft:
    return ledger.Draft(
        OCTOBER,
        memo,
        (books.line("6100", amount), books.line("1010", -amount)),
        EntrySource.BANK,
        external_id,
    )


def test_post_many_posts_all_in_order_and_repeats_nothing(books: Books) -> None:
    drafts = [_draft(books, n, f"id{n}") for n in range(1, 6)]
    ids = ledger.post_many(entity=books.entity, drafts=drafts[:3], at=AT)
    again = ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert again[:3] == ids
    assert len(set(again)) == 5
    assert list(
        Posting.objects.filter(entry__in=again, amount_minor__gt=0)
        .order_by("entry_id")
        .values_list("entry__external_id", "amount_minor")
    ) == [(f"id{n}", n) for n in range(1, 6)]
    assert [event.data["entries"] for event in AuditEvent.objects.order_by("id")] == [3, 2]
    assert ledger.post_many(entity=books.entity, drafts=drafts, at=AT) == again
    assert ledger.post_many(entity=books.entity, drafts=[], at=AT) == []
    assert AuditEvent.objects.count() == 2


def test_post_many_is_all_or_nothing(books: Books) -> None:
    good = _draft(books, 5, "a")
    bad = ledger.Draft(OCTOBER, "x", (books.line("1010", 5), books.line("6100", -4)), EntrySource.BANK)
    with pytest.raises(ledger.UnbalancedEntryError):
        ledger.post_many(entity=books.entity, drafts=[good, bad], at=AT)
    with pytest.raises(ledger.DifferentBodyError, match="of another entry of this batch"):
        ledger.post_many(entity=books.entity, drafts=[good, _draft(books, 6, "a")], at=AT)
    assert not JournalEntry.objects.exists()
    assert not MonthlyBalance.objects.exists()


def test_a_batch_taken_for_new_is_looked_up_whole_where_the_books_hold_one_of_its_ids(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [_draft(books, number, f"id{number}") for number in range(1, 101)]
    known = ledger.post_many(entity=books.entity, drafts=drafts[50:51], at=AT)
    before, asked = everything(), []
    find = sealing.find_many

    def counted(**said: Any) -> list[tuple[int, str, str]]:
        asked.append(len(said["external_ids"]))
        return find(**said)

    monkeypatch.setattr(sealing, "find_many", counted)
    for found, wrong in (
        ("in the books with another", [*drafts[:50], _draft(books, 51, "id51", "Else"), *drafts[51:]]),
        ("of another entry of this batch", [*drafts[:99], drafts[0]]),
        ("of another entry of this batch", [*drafts[:99], _draft(books, 7, "id2")]),
    ):
        with pytest.raises(ledger.DifferentBodyError, match=found), transaction.atomic():
            ledger.post_many(entity=books.entity, drafts=wrong, at=AT)
        assert everything() == before
    ids = ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert set(asked) == {26, 100}  # The id in the middle is none of those that are looked for first.
    assert (ids[50:51], len(set(ids))) == (known, 100)
    assert [JournalEntry.objects.get(pk=pk).external_id for pk in ids[49:53]] == [
        "id50",
        "id51",
        "id52",
        "id53",
    ]
    assert list(JournalEntry.objects.order_by("number").values_list("number", flat=True)) == [*range(1, 101)]
    assert [event.data["entries"] for event in AuditEvent.objects.order_by("id")] == [1, 99]
    assert verification.verify_books() == []


@pytest.mark.django_db(transaction=True)
def test_a_batch_by_itself_that_is_refused_at_its_end_leaves_nothing() -> None:
    books = open_books()
    drafts = [_draft(books, number, f"id{number}") for number in range(1, 41)]
    known = ledger.post_many(entity=books.entity, drafts=drafts[1:2], at=AT)
    # What this one reverses is looked for when the transaction ends.
    lost = _draft(books, 5, "lost")._replace(reverses=JournalEntry(pk=10**9), reason="Twice")
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        ledger.post_many(entity=books.entity, drafts=[drafts[0], lost, *drafts[2:]], at=AT)
    assert JournalEntry.objects.count() == AuditEvent.objects.count() == 1
    ids = ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert (ids[1:2], len(set(ids))) == (known, 40)
    assert verification.verify_books() == []


def test_a_batch_of_many_parts_is_one_batch(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_PART", dict.fromkeys(sealing._PART, 2))
    turn = sys.getswitchinterval()
    drafts = [_draft(books, number, f"id{number}") for number in range(1, 8)]
    unbalanced = ledger.Draft(OCTOBER, "x", (books.line("1010", 5), books.line("6100", -4)), EntrySource.BANK)
    with pytest.raises(ledger.UnbalancedEntryError):
        ledger.post_many(entity=books.entity, drafts=[*drafts[:6], unbalanced], at=AT)
    # What only the database refuses, in a part that another thread writes.
    Period.objects.create(
        entity=books.entity, month=months.month_of(OCTOBER) - 1, state="closed", closed_at=AT
    )
    late = _draft(books, 9, "late")._replace(on=dt.date(2026, 9, 3))
    for at in (0, 3, 7):
        with pytest.raises(ledger.ClosedPeriodError, match="closed for Sep 2026"):
            ledger.post_many(entity=books.entity, drafts=[*drafts[:at], late, *drafts[at:]], at=AT)
    assert not JournalEntry.objects.exists()
    assert not MonthlyBalance.objects.exists()
    known = ledger.post_many(entity=books.entity, drafts=drafts[2:4], at=AT)
    for parts in (drafts[2:4], drafts):  # However much is written when its turn comes.
        with pytest.raises(ledger.TextError):
            ledger.post_many(entity=books.entity, drafts=[*parts, _draft(books, 9, "nul \x00")], at=AT)
    ids = ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert ids[2:4] == known
    assert [JournalEntry.objects.get(pk=pk).external_id for pk in ids] == [f"id{n}" for n in range(1, 8)]
    numbers = list(JournalEntry.objects.order_by("number").values_list("number", "external_id"))
    assert numbers == [(at, f"id{n}") for at, n in enumerate((3, 4, 1, 2, 5, 6, 7), 1)]
    assert sys.getswitchinterval() == turn
    # The month was closed by hand, which is all that is found.
    assert [said[:24] for said in verification.verify_books()] == ["QueenofSanDiego Sep 2026"]
    assert verification.verify_chain() == []


@pytest.mark.once
def test_who_is_interrupted_twice_leaves_nobody_writing() -> None:
    """The second interrupt ends the wait for the thread that writes; what it wrote next would be no part of a batch."""
    written: list[str] = []
    expected = [("wait",), ("join", "_wait_for_tstate_lock")]
    gone = threading.Event()

    def interrupt(_: int, frame: FrameType | None) -> None:
        if expected and frame is not None and frame.f_code.co_name in expected[0]:
            del expected[0]
            raise KeyboardInterrupt

    def send(_: object) -> Iterator[None]:
        written.append("first")
        while not gone.wait(0.01):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        yield
        written.append("second")

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            sealing._beside([send], None)
        gone.set()
        for thread in threading.enumerate():
            if thread.name.startswith("ThreadPoolExecutor"):
                thread.join(10)
    finally:
        gone.set()
        signal.signal(signal.SIGUSR1, before)
    assert (written, expected) == (["first"], [])


def test_a_reversal_mirrors_the_entry_and_is_linked_to_it(books: Books) -> None:
    entry = books.post("6100", "1010", 500)
    with pytest.raises(ledger.EarlyReversalError, match="not reversed before its day"):
        ledger.reverse(entry=entry, on=OCTOBER - dt.timedelta(days=1), reason="x", by=None, at=AT)
    reversal = ledger.reverse(
        entry=entry, on=OCTOBER + dt.timedelta(days=40), reason="Paid twice", by=None, at=AT
    )
    assert (reversal.reverses, reversal.reason, reversal.source) == (
        entry,
        "Paid twice",
        EntrySource.REVERSAL,
    )
    assert reversal.memo == "Reversal: Dock fee"
    assert sorted(reversal.postings.values_list("account__code", "amount_minor")) == [
        ("1010", 500),
        ("6100", -500),
    ]
    assert list(entry.postings.values_list("amount_minor", flat=True)) == [500, -500]
    event = AuditEvent.objects.get(action="portfolio:entry:reverse")
    assert event.data["reverses"] == entry.pk
    assert event.data["reason"] == "Paid twice"


def test_an_entry_is_reversed_once(books: Books) -> None:
    entry = books.post("6100", "1010", 500)
    first = ledger.reverse(entry=entry, on=OCTOBER, reason="Paid twice", by=None, at=AT)
    assert ledger.reverse(entry=entry, on=OCTOBER, reason="Paid twice", by=None, at=AT) == first
    with pytest.raises(ledger.AlreadyReversedError, match="is reversed already"):
        ledger.reverse(entry=entry, on=OCTOBER, reason="Another reason", by=None, at=AT)
    assert JournalEntry.objects.count() == 2


def test_reversing_needs_a_posted_entry_and_a_reason(books: Books) -> None:
    entry = books.post("6100", "1010", 500)
    with pytest.raises(ledger.TextError, match="needs a reason"):
        ledger.reverse(entry=entry, on=OCTOBER, reason="  ", by=None, at=AT)
    loose = JournalEntry.objects.create(
        entity=books.entity,
        on=OCTOBER,
        month=months.month_of(OCTOBER),
        memo="Draft",
        source="manual",
        body_hash="",
    )
    with pytest.raises(ledger.NotPostedError, match="is a draft"):
        ledger.reverse(entry=loose, on=OCTOBER, reason="x", by=None, at=AT)


def test_the_number_of_queries_does_not_grow_with_the_postings(
    books: Books, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    books.post("6100", "1010", 1)  # The first entry also opens the chain.
    # One call on PostgreSQL; on SQLite the ledger writes past the cursor that counts.
    expected = 2 if connection.vendor == "sqlite" else 3
    for count in (1, 40):
        lines = [books.line("6100", 1) for _ in range(count)] + [books.line("1010", -count)]
        with django_assert_num_queries(expected):
            ledger.post(
                entity=books.entity, on=OCTOBER, memo="x", lines=lines, source=EntrySource.BANK,
                external_id=f"{count}", at=AT,
            )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_connections_post_one_external_id_once() -> None:
    books = open_books()
    for n in range(10):
        found = in_parallel(*[lambda n=n: books.post("6100", "1010", 500, external_id=f"x{n}").pk] * 3)
        assert len(found) == 3
        assert len(set(found)) == 1
    batches = in_parallel(
        *[
            lambda: tuple(
                ledger.post_many(
                    entity=books.entity, drafts=[_draft(books, n, f"b{n}") for n in range(1, 30)], at=AT
                )
            )
        ]
        * 3
    )
    assert len(set(batches)) == 1
    assert JournalEntry.objects.count() == 10 + 29
    assert verification.verify_balances() == []


class AnyEntries(TestCase):
    """Properties of the books whatever is posted."""

    def setUp(self) -> None:
        """Open empty books."""
        self.books = open_books()

    @given(
        st.lists(
            st.tuples(
                st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31)),
                st.lists(
                    st.tuples(
                        st.sampled_from(["1010", "1050", "2100", "4000", "5600", "6100"]),
                        st.integers(-(10**9), 10**9).filter(bool),
                    ),
                    min_size=1,
                    max_size=5,
                ),
            ),
            max_size=8,
        )
    )
    def test_balances_equal_the_postings_and_the_trial_balance_is_zero(
        self, entries: list[tuple[dt.date, list[tuple[str, int]]]]
    ) -> None:
        for on, amounts in entries:
            rest = -sum(amount for _, amount in amounts)
            lines = [self.books.line(code, amount) for code, amount in amounts]
            lines += [self.books.line("3000", rest)] if rest else []
            if len(lines) < 2:
                continue
            ledger.post(
                entity=self.books.entity, on=on, memo="Any", lines=lines, source=EntrySource.MANUAL, at=AT
            )
        rows = MonthlyBalance.objects.all()
        assert sum(row.debit_minor - row.credit_minor for row in rows) == 0
        assert sum(row.cash_minor for row in rows) == 0
        assert verification.verify_balances() == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_reversed_by_several_at_once_is_reversed_once_and_all_are_told() -> None:
    books = open_books()
    entry = books.post("6100", "1010", 500)

    def press() -> int:
        return ledger.reverse(entry=entry, on=OCTOBER, reason="Twice", by=None, at=AT).pk

    assert len(set(in_parallel(*[press] * 4))) == 1


@pytest.mark.django_db(transaction=True)
def test_an_entry_refused_by_the_database_alone_leaves_nothing_and_no_transaction() -> None:
    books = open_books()
    month = months.month_of(OCTOBER)
    Period.objects.create(entity=books.entity, month=month, state="closed", closed_at=AT)
    with pytest.raises(ledger.ClosedPeriodError, match="closed for Oct 2026"):
        books.post("6100", "1010", 500, external_id="a")
    assert not JournalEntry.objects.exists()
    assert not AuditEvent.objects.filter(action="portfolio:entry:post").exists()
    later = months.first_day(month + 1)
    first = books.post("6100", "1010", 500, on=later, external_id="a")
    assert first.number == 1
    with transaction.atomic():  # Within another's transaction it goes with that one.
        books.post("6100", "1010", 500, on=later, external_id="b")
        transaction.set_rollback(True)
    assert list(JournalEntry.objects.values_list("pk", "posted_at")) == [(first.pk, AT)]
