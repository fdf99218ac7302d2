"""Bank lines keep telling of their money when what they made is corrected, reversed, moved or told twice."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portfolio.domain import (
    bank_accounts,
    bank_files,
    close_checks,
    entries,
    intake,
    ledger,
    matching,
    pages,
    rules,
    uncategorised,
    verification,
)
from portfolio.formats import FormatError
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    EntrySource,
    ImportedLine,
    JournalEntry,
    Period,
    PeriodState,
    StatementBalance,
    StripeEvent,
    StripeEventState,
)
from reports.lenses import frame
from reports.lenses.sources import sources
from reports.metrics import Facts
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import PAYOUT, STRIPE_HEADER, balance, bank, card, stripe_row
from tests.portfolio.test_matching import OFX, movement, ofx
from tests.portfolio.test_rules import add

HEAD = "Date,Description,Amount\n"
THIRD = dt.date(2026, 10, 3)
PAID_OUT = STRIPE_HEADER + stripe_row(6, "payout", PAYOUT, "-97.00", "0.00", "-97.00", "STRIPE PAYOUT")


def correct(books: Books, entry: JournalEntry, minor: int) -> JournalEntry:
    return entries.correct(
        entry=entry, reversed_on=entry.on, reason="Wrong account", on=entry.on, memo="FUEL",
        lines=[books.line("5200", minor), books.line("1010", -minor)], by=None, at=AT,
    )  # fmt: skip


def test_a_corrected_line_is_its_correction_and_the_next_equal_line_is_new_money(books: Books) -> None:
    bank(books, HEAD + "2026-10-03,FUEL,-50.00\n")
    line = ImportedLine.objects.select_related("entry").get()
    assert line.entry is not None
    right = correct(books, line.entry, 50_00)
    line.refresh_from_db()
    assert (line.entry, line.waits) == (right, False)
    landed = bank(books, HEAD + "2026-10-06,FUEL,-50.00\n", "next.csv")
    assert (landed.matched, landed.waiting, landed.uncategorised) == (0, 0, 1)
    assert (balance(books, "1010"), balance(books, "5200")) == (-100_00, 50_00)
    assert verification.verify_books() == []


def test_a_correction_of_another_amount_leaves_its_line_to_be_decided_and_takes_no_other(
    books: Books,
) -> None:
    bank(books, HEAD + "2026-10-03,FUEL,-50.00\n")
    line = ImportedLine.objects.select_related("entry").get()
    assert line.entry is not None
    correct(books, line.entry, 60_00)
    line.refresh_from_db()
    assert (line.entry, line.waits) == (None, True)
    assert bank(books, HEAD + "2026-10-04,FUEL,-60.00\n", "next.csv").waiting == 1


def test_a_line_whose_entry_is_reversed_by_hand_waits_and_is_posted_anew(books: Books) -> None:
    bank(books, HEAD + "2026-10-03,FUEL,-50.00\n")
    line = ImportedLine.objects.get()
    for _ in range(2):
        made = JournalEntry.objects.filter(source=EntrySource.BANK).latest("pk")
        entries.reverse(entry=made, on=made.on, reason="Not ours", by=None, at=AT)
        line.refresh_from_db()
        assert (line.entry, line.waits, balance(books, "1010")) == (None, True, 0)
        posted = bank_files.post_waiting(line=line, account=books.accounts["5200"], by=None, at=AT)
        line.refresh_from_db()
        assert (line.entry, line.waits, balance(books, "1010")) == (posted, False, -50_00)


def test_a_returned_check_that_was_reversed_by_hand_is_booked_once(books: Books) -> None:
    check = books.post("1010", "1200", 800_00, on=THIRD, memo="Lotus check 1044")
    bank(books, HEAD + "2026-10-03,LOTUS CHECK 1044,800.00\n")
    entries.reverse(entry=check, on=dt.date(2026, 10, 8), reason="It came back", by=None, at=AT)
    landed = bank(books, HEAD + "2026-10-08,RETURNED LOTUS CHECK 1044,-800.00\n", "next.csv")
    assert (landed.matched, balance(books, "1010")) == (1, 0)


def test_a_match_of_a_closed_month_is_not_undone(books: Books) -> None:
    books.post("1010", "1200", 800_00, on=THIRD, memo="Lotus")
    bank(books, HEAD + "2026-10-03,LOTUS,800.00\n")
    Period.objects.create(entity=books.entity, month=2026 * 12 + 9, state=PeriodState.CLOSED, closed_at=AT)
    line = ImportedLine.objects.get(matched_at__isnull=False)
    with pytest.raises(matching.MatchError, match="Oct 2026 is closed with this match"):
        matching.unmatch(line=line, by=None, at=AT)


@pytest.mark.parametrize("ruled", [False, True])
def test_a_payout_that_the_bank_told_of_without_its_id_is_posted_once(books: Books, ruled: bool) -> None:
    if ruled:
        add(books, "stripe transfer", "1050")
    bank(books, HEAD + "2026-10-05,STRIPE TRANSFER ST-A1B2,97.00\n2026-10-05,A FRIEND,97.00\n")
    for name in ("stripe.csv", "again.csv"):
        card(books, PAID_OUT, name)
        assert (balance(books, "1010"), balance(books, "1050")) == (194_00, -97_00)
    assert balance(books, "4900") == -97_00  # The friend's.
    told = ImportedLine.objects.filter(payout_id=PAYOUT.casefold())
    assert (told.count(), told.values("entry").distinct().count()) == (2, 1)
    assert bank(books, HEAD + f"2026-10-06,STRIPE {PAYOUT},97.00\n", "later.csv").uncategorised == 0
    assert verification.verify_books() == []


def test_a_payout_that_arrives_on_another_account_than_the_books_say_waits(books: Books) -> None:
    savings = Account.objects.create(
        entity=books.entity, code="1020", name="Savings", kind=AccountKind.ASSET, role=AccountRole.CASH
    )
    card(books, PAID_OUT)
    landed = intake.land_bank(
        entity=books.entity, data=(HEAD + f"2026-10-06,STRIPE {PAYOUT},97.00\n").encode(), name="savings.csv",
        by=None, at=AT, account=savings,
    )  # fmt: skip
    assert (landed.matched, landed.waiting) == (0, 1)
    line = ImportedLine.objects.get(waits=True)
    bank_files.post_waiting(line=line, account=books.accounts["1010"], by=None, at=AT)
    assert (balance(books, "1010"), balance(books, "1050")) == (0, -97_00)


class TestRules:
    """What a rule is applied to."""

    def test_reversed_lines_stay_and_lines_beyond_the_first_ones_are_reached(
        self, books: Books, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "AT_ONCE", 2)
        bank(books, HEAD + "".join(f"2026-10-0{n},HARBOR {n},-5.00\n" for n in range(1, 7)))
        wrong = JournalEntry.objects.get(memo="HARBOR 1")
        ledger.reverse(entry=wrong, on=wrong.on, reason="Twice", by=None, at=AT)
        rule = add(books, "harbor", "6100")
        assert [rules.recategorise(rule=rule, by=None, at=AT).moved for _ in range(4)] == [2, 2, 1, 0]
        assert (balance(books, "6100"), balance(books, "6900")) == (25_00, 0)

    def test_the_preview_reads_letters_as_landing_does(self, books: Books) -> None:
        bank(books, HEAD + "2026-10-01,Café STRASSE,-5.00\n2026-10-02,CAFÉ Straße,-6.00\n")
        rule = rules.RuleTerms("café straße", books.accounts["6100"]).as_rule(books.entity)
        assert rules.catches(rule=rule).count == 2

    def test_earlier_corrections_are_looked_up_by_number(self, books: Books) -> None:
        bank(books, HEAD + "".join(f"2026-10-0{n},HARBOR {n},-5.00\n" for n in range(1, 7)))
        entry = JournalEntry.objects.get(memo="HARBOR 1")
        rule = add(books, "harbor 1", "6100")
        for number in (1, 2):
            assert rules.recategorise(rule=rule, by=None, at=AT).moved == 1
            made = JournalEntry.objects.get(external_id=f"recategorised:{entry.pk}:{number}")
            ledger.reverse(entry=made, on=made.on, reason="No", by=None, at=AT)
        with CaptureQueriesContext(connection) as queries:
            assert rules.moved([entry.pk]) == set()
        # Two corrections, a third that is not there, and what was posted in their place.
        assert len(queries) == 4
        assert not any("LIKE" in query["sql"] for query in queries)


def test_a_typed_balance_gives_way_to_the_file_and_to_a_closed_month(books: Books) -> None:
    ofx(books, movement(1, "100.00", "A1", "OWNER"))

    def say(on: dt.date, minor: int) -> None:
        bank_accounts.note_balance(
            account=books.accounts["1010"], on=on, balance_minor=minor, file=None, by=None, at=AT
        )

    with pytest.raises(bank_accounts.BankAccountError, match=r"own file says \$100.00"):
        say(dt.date(2026, 10, 31), 90_00)
    Period.objects.create(entity=books.entity, month=2026 * 12 + 9, state=PeriodState.CLOSED, closed_at=AT)
    with pytest.raises(bank_accounts.BankAccountError, match="Oct 2026 is closed"):
        say(dt.date(2026, 10, 30), 90_00)
    ofx(books, movement(1, "100.00", "A1", "OWNER"), closing="80.00")
    assert [told.balance_minor for told in StatementBalance.objects.all()] == [100_00]


def test_an_ofx_file_that_tells_a_movement_twice_says_so(books: Books) -> None:
    twice = movement(1, "-5.00", "A1", "COFFEE")
    landed = ofx(books, twice, twice)
    assert (landed.read, landed.new) == (2, 1)
    with pytest.raises(FormatError, match="'A2' is the id of line 13 too, which says something else"):
        ofx(books, movement(2, "-5.00", "A2", "COFFEE"), movement(2, "-5.00", "A2", "TEA"))


def test_what_is_available_is_no_balance_of_a_statement(books: Books) -> None:
    data = OFX.format(lines=movement(1, "5.00", "A1", "OWNER"), closing="1.00").replace(
        "LEDGERBAL", "AVAILBAL"
    )
    intake.land_ofx(
        entity=books.entity, data=data.encode(), name="x.ofx", by=None, at=AT, account=books.accounts["1010"]
    )
    assert not StatementBalance.objects.exists()


def test_uncategorised_lines_that_add_up_to_nothing_still_wait(books: Books) -> None:
    def holds() -> tuple[bool, str]:
        (found,) = [
            check
            for check in close_checks.checks(entity=books.entity, month=2026 * 12 + 9, at=AT)
            if check.key == "uncategorised"
        ]
        return found.state == close_checks.CheckState.HOLDS, found.found

    for words, minor in (("ROPE", -50_00), ("ROPE BACK", 50_00), ("ICE", -5_00)):
        lines = [books.line("1010", minor), books.line("6900", -minor)]
        ledger.post(
            entity=books.entity, on=THIRD, memo=words, lines=lines, source=EntrySource.BANK, external_id=words,
            at=AT,
        )  # fmt: skip
    assert holds() == (False, "$5.00 waits.")
    books.post("5200", "6900", 5_00, on=THIRD)
    assert holds() == (False, "2 lines wait that add up to nothing.")
    books.post("5200", "6900", 50_00, on=THIRD)
    books.post("6900", "5200", 50_00, on=THIRD)
    assert holds() == (True, "Everything has an account.")
    # What a later month put right waited until then, and is no flow of that month's own.
    lines = [books.line("1010", -9_00), books.line("6900", 9_00)]
    early = dt.date(2026, 9, 3)
    ledger.post(
        entity=books.entity, on=early, memo="OIL", lines=lines, source=EntrySource.BANK, external_id="OIL", at=AT
    )  # fmt: skip
    assert holds() == (False, "$9.00 waits.")
    right = books.post("5200", "6900", 9_00, on=THIRD)
    assert holds() == (True, "Everything has an account.")
    # The reversal of a correction gives back what it took, and is no taking of its own.
    for reversed_by_now in (False, True):
        right = ledger.reverse(entry=right, on=THIRD, reason="Not that one", by=None, at=AT)
        months = {"first": 0, "last": 2026 * 12 + 9}
        assert uncategorised.lines(entity=books.entity, **months) == (0 if reversed_by_now else 1)


def test_events_of_stripe_that_failed_stop_the_close_until_accepted(books: Books) -> None:
    StripeEvent.objects.create(
        entity=books.entity, event_id="evt_1", type="charge.succeeded", state=StripeEventState.FAILED,
        livemode=True, body_hash="0" * 64, created_at=AT, received_at=AT,
    )  # fmt: skip
    (found,) = [
        check
        for check in close_checks.checks(entity=books.entity, month=2026 * 12 + 9, at=AT)
        if check.key == "stripe-events"
    ]
    assert (found.state, found.found) == (
        close_checks.CheckState.STOPS, "1 failed: try them again on the Stripe page.",
    )  # fmt: skip


def test_an_ofx_file_is_a_bank_statement_wherever_freshness_is_asked_and_has_its_limits(books: Books) -> None:
    bank(books, HEAD + "2026-10-03,FUEL,-50.00\n")
    ofx(books, movement(20, "5.00", "A1", "OWNER"), movement(21, "6.00", "A2", "OWNER"))
    newest = dt.date(2026, 10, 21)
    as_of = dt.date(2026, 10, 31)
    (row,) = pages.entity_rows(ids=None, as_of=as_of)
    assert row.last_import_on == newest
    told = [(source.label, source.fresh_to) for source in pages.sources(entity=books.entity, as_of=as_of)]
    assert [day for name, day in told if "bank" in name.casefold()] == [newest]
    (source,) = sources(frame.desk_for(Facts(as_of=as_of)))
    assert (source.fresh_to, source.stale) == (newest, False)
    text = OFX.format(lines=movement(1, "5.00", "A3", "A") + movement(2, "5.00", "A4", "B"), closing="1.00")
    for limits, words in (({"max_rows": 1}, "more than 1 rows"), ({"max_bytes": 100}, "MB")):
        with pytest.raises(FormatError, match=words):
            intake.land_ofx(
                entity=books.entity, data=text.encode(), name="x.ofx", by=None, at=AT,
                account=books.accounts["1010"], **limits,
            )  # fmt: skip


def test_a_line_stands_on_one_of_several_postings_of_its_entry(books: Books) -> None:
    lines = [books.line("1010", -30_00), books.line("1010", -20_00), books.line("5200", 50_00)]
    ledger.post(entity=books.entity, on=THIRD, memo="FUEL", lines=lines, source=EntrySource.MANUAL, at=AT)
    bank(books, HEAD + "2026-10-03,FUEL,-20.00\n")
    line = ImportedLine.objects.get()
    assert line.entry_id is not None
    assert verification.verify_books() == []
    ImportedLine.objects.update(amount_minor=-21_00)
    assert "and its entry moved −$50.00." in " ".join(verification.verify_books())
