"""Whatever is done to the books without their guards, the chain over them tells it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from crew.models import Person
from portfolio import tasks
from portfolio.domain import chain, hashing, ledger, verification
from portfolio.models import AnchorReason, ChainAnchor, EntryChain, EntrySource, JournalEntry
from tests.portfolio.conftest import AT, OCTOBER, Books, open_books
from tests.portfolio.test_verification import run, without_guards

ENTRY, POSTING = "portfolio_journalentry", "portfolio_posting"


@pytest.fixture
def kept(books: Books) -> Books:
    """Return books of five entries, one of which reverses another, with the head of four written down."""
    Person.objects.create_user("keeper@example.com")
    for n in range(3):
        books.post("6100", "1010", 1000 + n, memo=f"Dock {n}", external_id=f"x{n}")
    first = JournalEntry.objects.get(external_id="x0")
    ledger.reverse(entry=first, on=OCTOBER, reason="Twice", by=None, at=AT)
    chain.record(entity=books.entity, reason=AnchorReason.ASKED, at=AT)
    books.post("1200", "4000", 70_000, memo="Sale")
    assert verification.verify_books() == []
    return books


def rewrite(books: Books, *, anchors: bool) -> None:
    """Change an entry and make every hash after it right again, as somebody patient would."""
    run(f"UPDATE {ENTRY} SET memo = 'Never so' WHERE number = 2")
    head, number = "", 0
    for number, _, entry, row in verification._sealed(books.entity.pk):
        said = hashing.body_hash(row.on, row.memo, row.reverses_id, row.reason, row.postings)
        row = row._replace(body_hash=said)  # noqa: PLW2901
        assert entry.posted_at is not None
        (head,) = hashing.links([row], before=head, number=number - 1, by_id=None, posted_at=entry.posted_at)
        run(f"UPDATE {ENTRY} SET body_hash = '{said}', chain_hash = '{head}' WHERE number = {number}")
        if anchors:
            run(f"UPDATE portfolio_chainanchor SET head = '{head}' WHERE number = {number}")
    run(f"UPDATE portfolio_entrychain SET head = '{head}'")


def seal_by_hand(books: Books) -> None:
    """Post an entry with SQL alone, guards on, as the ledger never does."""
    entry = JournalEntry.objects.create(
        entity=books.entity, on=OCTOBER, month=OCTOBER.year * 12 + OCTOBER.month - 1, memo="By hand",
        source="manual", body_hash="",
    )  # fmt: skip
    for code, amount in (("6100", 5), ("1010", -5)):
        entry.postings.create(account=books.accounts[code], month=entry.month, amount_minor=amount)
    JournalEntry.objects.filter(pk=entry.pk).update(state="posted", posted_at=AT)


def cut(books: Books) -> None:
    """Take the last entry away with all that knows it, and set the head back to the one before."""
    last = JournalEntry.objects.get(number=5)
    before = JournalEntry.objects.get(number=4)
    run("DELETE FROM portfolio_monthlybalance WHERE debit_minor = 70000 OR credit_minor = 70000")
    run(f"DELETE FROM {POSTING} WHERE entry_id = {last.pk}")
    run(f"DELETE FROM {ENTRY} WHERE id = {last.pk}")
    run(f"UPDATE portfolio_entrychain SET number = 4, head = '{before.chain_hash}'")


TAMPERED: dict[str, tuple[str, str]] = {
    "memo": (f"UPDATE {ENTRY} SET memo = 'x' WHERE number = 2", "Entry 2 of QueenofSanDiego (x, 15 October 2026) is not what was sealed"),
    "date": (f"UPDATE {ENTRY} SET \"on\" = '2026-10-16' WHERE number = 2", "is not what was sealed"),
    "month": (f"UPDATE {ENTRY} SET month = month + 1 WHERE number = 2", "is not what was sealed"),
    "reason": (f"UPDATE {ENTRY} SET reason = 'x' WHERE number = 4", "is not what was sealed"),
    "reversal": (f"UPDATE {ENTRY} SET reverses_id = NULL WHERE number = 4", "is not what was sealed"),
    "amounts": (f"UPDATE {POSTING} SET amount_minor = amount_minor * 2", "is not what was sealed"),
    "account": (f"UPDATE {POSTING} SET account_id = account_id + 1 WHERE amount_minor = 1002", "is not what was sealed"),
    "posting memo": (f"UPDATE {POSTING} SET memo = 'x' WHERE amount_minor = 1002", "is not what was sealed"),
    "postings gone": (f"DELETE FROM {POSTING} WHERE amount_minor IN (1002, -1002)", "is not what was sealed"),
    "posting added": (
        f"INSERT INTO {POSTING} (entry_id, account_id, month, amount_minor, memo) "
        f"SELECT entry_id, account_id, month, -amount_minor, '' FROM {POSTING} WHERE amount_minor = 1002",
        "is not what was sealed",
    ),
    "source": (f"UPDATE {ENTRY} SET source = 'bill' WHERE number = 2", "does not follow from the one before it"),
    "external id": (f"UPDATE {ENTRY} SET external_id = 'y' WHERE number = 2", "does not follow"),
    "origin": (f"UPDATE {ENTRY} SET origin = 'x.csv' WHERE number = 2", "does not follow"),
    "currency": (f"UPDATE {ENTRY} SET currency = 'EUR' WHERE number = 2", "does not follow"),
    "instant": (f"UPDATE {ENTRY} SET posted_at = '2026-11-11 00:00:00+00' WHERE number = 2", "does not follow"),
    "person": (f"UPDATE {ENTRY} SET by_id = (SELECT max(id) FROM crew_person) WHERE number = 2", "does not follow"),
    "body hash": (f"UPDATE {ENTRY} SET body_hash = chain_hash WHERE number = 2", "is not what was sealed"),
    "chain hash": (f"UPDATE {ENTRY} SET chain_hash = body_hash WHERE number = 2", "does not follow"),
    "no place": (f"UPDATE {ENTRY} SET number = NULL, chain_hash = '' WHERE number = 2", "was sealed past the ledger"),
    "a number left out": (f"UPDATE {ENTRY} SET number = 9 WHERE number = 5", "have no entries 5 to 8"),
    "a draft again": (f"UPDATE {ENTRY} SET state = 'draft' WHERE number = 2", "have no entries 2 to 2"),
    "deleted": (f"DELETE FROM {ENTRY} WHERE number = 2", "2 postings are of entries that are gone"),
    "the last deleted": (
        f"DELETE FROM {ENTRY} WHERE number = 5",
        "The books of QueenofSanDiego end with entry 4, and had come to 5: the end was cut off.",
    ),
    "all deleted": (f"DELETE FROM {ENTRY}", "end with entry 0, and had come to 5"),
    "head": ("UPDATE portfolio_entrychain SET head = 'x'", "their head says otherwise (5)"),
    "head set back": ("UPDATE portfolio_entrychain SET number = 3", "their head says otherwise (3)"),
    "head gone": ("DELETE FROM portfolio_entrychain", "their head says otherwise (0)"),
    "anchor": ("UPDATE portfolio_chainanchor SET head = 'x'", "they were rewritten"),
}  # fmt: skip


def test_tampering_without_guards_is_told_in_a_sentence(kept: Books) -> None:
    with without_guards(), connection.cursor() as cursor:
        for what, (sql, sentence) in TAMPERED.items():
            with transaction.atomic():
                cursor.execute(sql)
                found = verification.verify_chain()
                transaction.set_rollback(True)
            assert any(sentence in said for said in found), (what, found)
            assert all(said.endswith(".") for said in found)


def test_history_made_right_again_is_told_by_the_anchors(kept: Books) -> None:
    rewrite(kept, anchors=False)
    assert verification.verify_books() == [
        "The books of QueenofSanDiego up to entry 4 are not those written down in the anchor of 10 November 2026, 18:30 UTC: "
        "they were rewritten."
    ]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda books: rewrite(books, anchors=True), "up to entry 5 are not those written down in heads.txt"),
        (cut, "Entry 5 of QueenofSanDiego, written down in heads.txt, is gone from the books."),
    ],
)
def test_what_no_row_here_tells_a_file_outside_does(
    kept: Books, tmp_path: Path, act: Callable[[Books], None], sentence: str
) -> None:
    heads = tmp_path / "heads.txt"
    call_command("verify_books", write_heads=heads)
    call_command("verify_books", against=heads)
    act(kept)
    assert verification.verify_books() == []
    with pytest.raises(CommandError) as caught:
        call_command("verify_books", against=heads)
    assert sentence in str(caught.value)
    assert caught.value.returncode == 1


def test_a_file_that_holds_no_heads_is_refused_with_its_line(kept: Books, tmp_path: Path) -> None:
    bad = tmp_path / "heads.txt"
    for content in (b"qos five\n", b"\xff\n", b"qos 5 " + b"g" * 64):
        bad.write_bytes(content)
        with pytest.raises(CommandError) as caught:
            call_command("verify_books", against=bad)
        assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="could not be written"):
        call_command("verify_books", write_heads=tmp_path / "no" / "heads.txt")


def test_an_entity_that_is_gone_is_told_by_what_was_written_down(books: Books) -> None:
    mark = verification.Written("gone", chain.Head(3, "0" * 64), "in heads.txt")
    assert verification.verify_chain(against=[mark]) == [
        "The entity gone, whose entry 3 is written down in heads.txt, is gone."
    ]


def test_an_entry_sealed_by_hand_balances_and_has_no_place_in_the_chain(kept: Books) -> None:
    seal_by_hand(kept)
    (sentence,) = verification.verify_books()
    assert "(By hand, 15 October 2026) of QueenofSanDiego was sealed past the ledger" in sentence
    kept.post("6100", "1010", 7)
    assert verification.verify_books() == [sentence]


def test_heads_are_written_down_once_a_day_and_only_when_they_moved(books: Books) -> None:
    other = open_books("qdn", "QuickDumpNow")
    assert chain.record_daily(at=AT) == 0
    assert chain.record(entity=other.entity, reason=AnchorReason.CLOSE, at=AT) is None
    entry = books.post("6100", "1010", 5)
    assert chain.record_daily(at=AT) == 1
    assert chain.heads(entities=[books.entity]) == {books.entity.pk: chain.Head(1, entry.chain_hash)}
    books.post("6100", "1010", 5)
    assert chain.record_daily(at=AT + dt.timedelta(hours=2)) == 0
    tomorrow = AT + dt.timedelta(days=1)
    assert (chain.record_daily(at=tomorrow), chain.record_daily(at=tomorrow)) == (1, 0)
    assert chain.record_daily(at=tomorrow + dt.timedelta(days=1)) == 0
    assert list(ChainAnchor.objects.order_by("number").values_list("number", "reason")) == [
        (1, "daily"),
        (2, "daily"),
    ]
    tasks.record_heads()


def test_numbers_run_without_a_gap_through_bulk_single_and_refused_entries(books: Books) -> None:
    drafts = [
        ledger.Draft(OCTOBER, f"Bulk {n}", (books.line("6100", 1), books.line("1010", -1)), EntrySource.BANK, f"b{n}")
        for n in range(120)
    ]  # fmt: skip
    books.post("6100", "1010", 5)
    ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    with pytest.raises(ledger.UnbalancedEntryError):
        ledger.post_many(
            entity=books.entity, drafts=[ledger.Draft(OCTOBER, "x", (books.line("6100", 1),) * 2, EntrySource.BANK)], at=AT
        )  # fmt: skip
    assert ledger.post_many(entity=books.entity, drafts=drafts[:7], at=AT) == list(
        JournalEntry.objects.filter(memo__startswith="Bulk")
        .order_by("number")
        .values_list("pk", flat=True)[:7]
    )
    books.post("6100", "1010", 5)
    assert list(JournalEntry.objects.order_by("number").values_list("number", flat=True)) == list(
        range(1, 123)
    )
    assert EntryChain.objects.get().number == 122
    assert verification.verify_books() == []
    assert connection.vendor in {"sqlite", "postgresql"}
