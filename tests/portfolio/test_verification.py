"""What bypassed the guards is found from outside them, whatever record it was."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core import months
from crew.models import Person
from portfolio.domain import (
    account_changes,
    chain,
    crew_pay,
    documents,
    exports,
    intake,
    reconciliation,
    verification,
)
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing as stripe
from portfolio.models import (
    AnchorReason,
    Entity,
    EntityKind,
    EntryDocument,
    JournalEntry,
    Period,
    PeriodState,
)
from tests.portfolio.conftest import AT, OCTOBER, Books, open_books
from tests.portfolio.test_intake import BANK, STRIPE, a_booking

MONTH = months.month_of(OCTOBER)
LATER = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


@contextmanager
def without_guards() -> Iterator[None]:
    """Take the guards away as only whoever owns the database can."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND "
                "(tbl_name LIKE 'portfolio_%%' OR tbl_name = 'core_auditevent')"
            )
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")


def run(sql: str) -> None:
    """Run one statement without any guard."""
    with without_guards(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def kept(books: Books) -> Books:
    """Return books that hold, with one entry that touches cash and one that does not."""
    books.post("6100", "1010", 118_000)
    books.post("1200", "4000", 70_000)
    assert verification.verify_books() == []
    return books


ACCOUNT, LINE, FILE = "portfolio_account", "portfolio_importedline", "portfolio_importfile"
AUDIT, POSTED = "core_auditevent", "action = 'portfolio:entry:post'"
GONE = "was made by a line of a bank statement, which is gone."
# What a hand changes with the guards off, and words of the sentence that tells it.
TAMPERED: tuple[tuple[str, str], ...] = (
    (
        f"UPDATE {ACCOUNT} SET kind = 'equity', role = 'capital' WHERE code = '2050'",
        "Account 2050 of QueenofSanDiego is of the kind “Equity” and for “Owner capital”, and was of the kind “Liability” and "
        "for “Crew pay owed” up to entry 13, as written down in the anchor of 10 November 2026, 18:30 UTC.",
    ),
    (f"UPDATE {ACCOUNT} SET role = 'fixed_cost' WHERE code = '5600'", "for “Direct cost of a charter, stay, job or concert” up"),
    (f"UPDATE {ACCOUNT} SET role = 'revenue' WHERE code = '6100'", "and for “Revenue”, which none is."),
    (f"UPDATE {ACCOUNT} SET currency = 'EUR' WHERE code = '6200'", "is kept in EUR, and its entity in USD."),
    (f"UPDATE {ACCOUNT} SET code = '4001' WHERE code = '2150'", "several are not of the kind, role, currency and code"),
    (f"UPDATE {ACCOUNT} SET name = 'Gifts' WHERE code = '6100'", "was called “Slip and dock” in the audit trail"),
    (f"UPDATE {ACCOUNT} SET entity_id = (SELECT max(id) FROM portfolio_entity) WHERE code = '6100'", "1 of another entity"),
    ("UPDATE portfolio_entity SET currency = 'EUR' WHERE slug = 'qos'", "is kept in USD, and its entity in EUR."),
    ("UPDATE portfolio_chainanchor SET accounts = ''", "several are not of the kind"),
    (f"UPDATE {LINE} SET amount_minor = -118100 WHERE amount_minor = -118000", "Line 2 of october.csv of QueenofSanDiego says"),
    (f"UPDATE {LINE} SET amount_minor = -118100 WHERE amount_minor = -118000", "and its entry moved −$1,180.00."),
    (f"UPDATE {LINE} SET \"on\" = '2026-10-09' WHERE amount_minor = -118000", "this is not what landed."),
    (f"UPDATE {LINE} SET description = 'x' WHERE amount_minor = -118000", "“x”: this is not what landed."),
    (f"UPDATE {LINE} SET amount_minor = 94000 WHERE external_id = 'txn_0001'", "says $940.00, and its entry, which moved"),
    (f"DELETE FROM {LINE} WHERE amount_minor = -118000", "october.csv of QueenofSanDiego brought 4 new lines, and 3 of them are there."),
    (f"DELETE FROM {LINE} WHERE amount_minor = -118000", f"(HARBOR MARINA DOCKAGE, 1 October 2026) {GONE}"),
    (f"DELETE FROM {LINE} WHERE external_id = 'txn_0004'", "The movement txn_0004 of $19.12 at Stripe, of QueenofSanDiego"),
    (f"UPDATE {FILE} SET sha256 = 'x' WHERE name = 'october.csv'", "new, SHA-256 x; when it landed it said 4, 4 and"),
    (f"DELETE FROM {FILE}", "The file october.csv, which landed on 10 November 2026, is gone."),
    (
        "UPDATE portfolio_statementbalance SET balance_minor = 1 WHERE balance_minor = 88500",
        "on 4 October 2026 says $0.01, and whoever noted it said $885.00.",
    ),
    ("DELETE FROM portfolio_statementbalance", "told of account 1010 of QueenofSanDiego on 4 October 2026, 88,500 in its"),
    (
        "UPDATE portfolio_booking SET paid_minor = 190000",
        "Booking QOS-0001 of QueenofSanDiego says $1,900.00 is paid, and the books $1,800.00.",
    ),
    (
        "UPDATE portfolio_crewpay SET amount_minor = 90000",
        "The crew pay of Ada on 20 October 2026 at QueenofSanDiego is over $900.00, and its entry over $350.00.",
    ),
    ("DELETE FROM portfolio_crewpay", "was made by crew pay, which is gone."),
    (
        "UPDATE portfolio_invoice SET issued_on = '2026-11-09'",
        "says it was issued on 9 November 2026 in USD, and its entry stands in the books of QueenofSanDiego on 15 October 2026",
    ),
    ("UPDATE portfolio_invoice SET settled_minor = 90000", "$900.00 of it is settled, and payments and credits settle $0.00."),
    ("DELETE FROM portfolio_invoiceline", "Invoice Q-1 of QueenofSanDiego says $900.00, its lines $0.00"),
    ("DELETE FROM portfolio_invoice", "(Invoice Q-1 Harbor, 15 October 2026) was made by an invoice"),
    ("UPDATE portfolio_entrydocument SET size = 3", "and what was attached had 3 with"),
    ("DELETE FROM portfolio_entrydocument", "The document slip.pdf was attached to the entry"),
    (f"DELETE FROM {AUDIT} WHERE {POSTED}", "the audit trail does not say who posted it then."),
    (f"UPDATE {AUDIT} SET actor_id = (SELECT max(id) FROM crew_person) WHERE {POSTED}", "does not say who posted it then."),
    (f"DELETE FROM {AUDIT} WHERE action = 'portfolio:entries:post'", "does not say who posted it then."),
    ("UPDATE portfolio_period SET statement_minor = NULL", "was reconciled at $0.00 by the audit trail, and says nothing."),
    ("UPDATE portfolio_period SET state = 'open'", "is open, and the audit trail does not say"),
    ("DELETE FROM portfolio_period", "was closed by the audit trail, and is not among the months."),
    ("DELETE FROM portfolio_chainanchor", "the head of the chain that was written down then is gone."),
    ("UPDATE portfolio_monthlybalance SET cash_minor = 1 WHERE cash_minor = 0", "its postings add up to"),
    ("DELETE FROM portfolio_monthlybalance WHERE debit_minor = 500", "says (debit, credit, cash) (0, 0, 0)"),
)  # fmt: skip


@pytest.fixture
def rich(books: Books) -> Books:
    """Return books to which a bank, a card processor, a booking, a document and a closed month have given something."""
    Person.objects.create_user("keeper@example.com")
    Entity.objects.create(slug="zzz", name="Another business", kind=EntityKind.CHARTER)
    account_changes.rename(account=books.accounts["6100"], name="Slip and dock", by=None, at=AT)
    a_booking(books)
    exports.land_rules(
        data=b"entity,position,contains,account\nqos,1,DOCKAGE,6100\nqos,2,OWNER,3000\nqos,3,CAPTAIN,5100\n", name="rules.csv", by=None, at=AT
    )  # fmt: skip
    entry = books.post("6200", "6300", 500, on=dt.date(2026, 9, 3))
    documents.attach(entry=entry, content=b"%PDF-1.7 slip", name="slip.pdf", by=None, at=AT)
    close = {"entity": books.entity, "month": MONTH - 1, "by": None, "at": AT}
    reconciliation.reconcile_month(statement_minor=0, **close)
    reconciliation.close_month(**close)
    intake.land_bank(entity=books.entity, data=BANK.encode(), name="october.csv", by=None, at=AT)
    stripe.land_file(entity=books.entity, data=STRIPE.encode(), name="stripe.csv", by=None, at=AT)
    crew_pay.accrue(
        entity=books.entity, key="c1", person="Ada", person_key="1", on=dt.date(2026, 10, 20), amount_minor=35_000,
        booking=None, by=None, at=AT,
    )  # fmt: skip
    land_invoices(
        data=b"entity,number,client,issued_on,terms_days,amount,paid_on\nqos,Q-1,Harbor,2026-10-15,30,900.00,\n",
        name="invoices.csv", by=None, at=AT,
    )  # fmt: skip
    chain.record(entity=books.entity, reason=AnchorReason.ASKED, at=AT)
    assert verification.verify_books() == []
    return books


def rounds() -> list[list[tuple[str, str]]]:
    """Return what is tampered with so that each round touches a table once: the whole of the books is checked in each."""
    alone: list[list[tuple[str, str]]] = []
    found: list[dict[str, tuple[str, str]]] = []
    for sql, told in TAMPERED:
        # Anchors prove accounts, so that both are not touched at once.
        table = next(word for word in sql.split() if "_" in word).replace("chainanchor", "account")
        # The currency of an entity is in every sentence: a round for itself.
        if table.endswith("_entity"):
            alone.append([(sql, told)])
            continue
        free = next((one for one in found if table not in one), None)
        if free is None:
            free = {}
            found.append(free)
        free[table] = sql, told
    return [*alone, *(list(one.values()) for one in found)]


def test_whatever_a_hand_changes_is_told_in_a_sentence_that_names_it(rich: Books) -> None:
    missed = []
    with without_guards(), connection.cursor() as cursor:
        for changes in rounds():
            with transaction.atomic():
                for sql, _ in changes:
                    cursor.execute(sql)
                found = verification.verify_books()
                transaction.set_rollback(True)
            assert all(said.endswith(".") for said in found)
            missed += [(sql, told, found) for sql, told in changes if not any(told in said for said in found)]
    assert not missed, missed


def test_bytes_of_a_document_that_are_others_or_gone_are_told(rich: Books) -> None:
    place = EntryDocument.objects.get().file.name
    with default_storage.open(place, "wb") as file:
        file.write(b"%PDF-1.7 slap")
    (said,) = verification.verify_books()
    assert said.startswith(
        "The document slip.pdf of entry 1 of QueenofSanDiego has 13 bytes with the SHA-256"
    )
    default_storage.delete(place)
    (said,) = verification.verify_books()
    assert said == "The document slip.pdf of entry 1 of QueenofSanDiego has no file; 13 bytes are missing."


def test_a_kind_changed_with_the_anchors_is_told_by_a_file_outside(
    rich: Books, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heads = tmp_path_factory.mktemp("heads") / "heads.txt"
    call_command("verify_books", write_heads=heads)
    call_command("verify_books", against=heads)
    run("UPDATE portfolio_account SET role = 'fixed_cost' WHERE code = '5600'")
    run("DELETE FROM portfolio_chainanchor WHERE reason <> 'close'")
    assert verification.verify_books() == []
    with pytest.raises(
        CommandError, match=r"Account 5600 of QueenofSanDiego is of the kind .* as written down in heads.txt"
    ):
        call_command("verify_books", against=heads)


def test_a_month_opened_posted_into_and_closed_again_past_the_ledger_is_found(books: Books) -> None:
    books.post("6100", "1010", 118_000)
    close = {"entity": books.entity, "month": MONTH, "by": None, "at": AT}
    reconciliation.reconcile_month(statement_minor=-118_000, **close)
    reconciliation.close_month(**close)
    assert verification.verify_books() == []
    for month in (MONTH, MONTH - 1):
        run("UPDATE portfolio_period SET state = 'open'")
        books.post("6100", "6200", 500, on=months.first_day(month), memo="Slipped in")
        (sentence,) = verification.verify_periods()
        assert (
            sentence
            == "QueenofSanDiego Oct 2026 is open, and the audit trail does not say who did that and when."
        )
        run("UPDATE portfolio_period SET state = 'closed'")
    assert [sentence.partition(" (")[0] for sentence in verification.verify_books()] == [
        "Entry 2 of QueenofSanDiego",
        "Entry 3 of QueenofSanDiego",
    ]
    Period.objects.create(
        entity=books.entity, month=MONTH + 1, state=PeriodState.CLOSED, closed_at=AT, statement_minor=-118_000
    )
    assert verification.verify_books()[0].startswith(
        "QueenofSanDiego Nov 2026 is closed, and the audit trail"
    )


def test_a_changed_balance_is_found(kept: Books) -> None:
    run("UPDATE portfolio_monthlybalance SET debit_minor = debit_minor + 5 WHERE debit_minor = 118000")
    (found,) = verification.verify_balances()
    assert (found.account_id, found.month) == (kept.accounts["6100"].pk, MONTH)
    assert (found.stored, found.counted) == ((118_005, 0, -118_000), (118_000, 0, -118_000))
    (sentence,) = verification.verify_books()
    assert sentence.startswith("Balance of account 6100 Dockage in Oct 2026 says")


def test_a_changed_posting_is_found_twice(kept: Books) -> None:
    run("UPDATE portfolio_posting SET amount_minor = 118001 WHERE amount_minor = 118000")
    entry = JournalEntry.objects.get(postings__amount_minor=118_001)
    first, chained, second = verification.verify_books()
    assert first == (
        f"Journal entry {entry.pk} (Dock fee, 15 October 2026) is broken: 2 postings, out of balance by $0.01, 0 of another "
        "entity, 0 of another currency, 0 of another month."
    )
    assert chained == (
        "Entry 1 of QueenofSanDiego (Dock fee, 15 October 2026) is not what was sealed: its date, memo or postings were "
        "changed."
    )
    assert "Balance of account 6100" in second


def test_a_posted_entry_without_postings_is_found(kept: Books) -> None:
    run("DELETE FROM portfolio_posting WHERE amount_minor IN (70000, -70000)")
    sentences = verification.verify_entries()
    assert len(sentences) == 1
    assert "0 postings, out of balance by $0.00" in sentences[0]


def test_postings_in_foreign_accounts_and_months_are_found(kept: Books) -> None:
    other = open_books("qdn", "QuickDumpNow")
    run(f"UPDATE portfolio_posting SET account_id = {other.accounts['6100'].pk} WHERE amount_minor = 118000")
    run("UPDATE portfolio_posting SET month = month + 1 WHERE amount_minor = 70000")
    sentences = verification.verify_entries()
    assert "1 of another entity" in sentences[0]
    assert "1 of another month" in sentences[1]


def test_the_command_tells_every_fault_with_exit_status_one(kept: Books) -> None:
    run("UPDATE portfolio_monthlybalance SET credit_minor = 0")
    with pytest.raises(CommandError) as caught:
        call_command("verify_books")
    assert caught.value.returncode == 1
    assert str(caught.value).count("\n") == 1
