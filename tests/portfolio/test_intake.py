"""Files become entries once, whole, and in the right accounts."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import months
from core.models import AuditEvent
from portfolio.domain import exports, intake, landing, ledger, recognition, verification
from portfolio.domain.landing import LandedFile
from portfolio.domain.receivables import payments
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing as stripe
from portfolio.formats import FormatError
from portfolio.models import (
    Booking,
    BookingStage,
    CategoryRule,
    EntrySource,
    ImportedLine,
    ImportFile,
    ImportKind,
    JournalEntry,
    MonthlyBalance,
    Period,
    Posting,
)
from tests.portfolio.conftest import AT, Books, in_parallel, open_books

BANK = """Date,Description,Amount,Balance
2026-10-01,HARBOR MARINA DOCKAGE,-1180.00,820.00
2026-10-02,OWNER CONTRIBUTION,500.00,1320.00
2026-10-03,ZELLE TO SOMEBODY,-85.00,1235.00
2026-10-04,CAPTAIN PAY QOS-0001,-350.00,885.00
"""
STRIPE_HEADER = (
    "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description,Transfer,"
    "booking (metadata)\n"
)
PAYOUT = "po_1QBFtHQ4fPkDQgfAteNCKkm2"


def stripe_row(
    number: int, kind: str, source: str, amount: str, fee: str, net: str, words: str, booking: str = ""
) -> str:
    """Return one line of a balance history."""
    return (
        f"txn_{number:04d},{kind},{source},{amount},{fee},{net},usd,2026-10-0{number} 22:29,2026-10-0{number} 00:00,"
        f'"{words}",{PAYOUT},{booking}\n'
    )


STRIPE = STRIPE_HEADER + "".join(
    (
        stripe_row(1, "charge", "ch_1", "950.00", "27.85", "922.15", "Deposit QOS-0001, sail", "QOS-0001"),
        stripe_row(2, "charge", "ch_2", "950.00", "27.85", "922.15", "Balance QOS-0001, sail", "QOS-0001"),
        stripe_row(
            3, "refund", "re_1", "-100.00", "0.00", "-100.00", "Refund of deposit QOS-0001", "QOS-0001"
        ),
        stripe_row(4, "charge", "ch_3", "20.00", "0.88", "19.12", "Cap with logo"),
        stripe_row(5, "stripe_fee", "", "-2.00", "0.00", "-2.00", "Radar"),
        stripe_row(6, "payout", PAYOUT, "-1761.42", "0.00", "-1761.42", "STRIPE PAYOUT"),
    )
)


def a_booking(books: Books, **facts: object) -> Booking:
    """Return a booked charter of 1,900.00."""
    return Booking.objects.create(
        **{
            "entity": books.entity, "reference": "QOS-0001", "title": "Half-day charter", "kind": "charter",
            "stage": BookingStage.BOOKED, "enquired_on": dt.date(2026, 9, 20),
            "service_on": dt.date(2026, 10, 20), "price_minor": 1_900_00, **facts,
        }
    )  # fmt: skip


def rules(books: Books, *pairs: tuple[str, str]) -> None:
    """Save category rules in order."""
    for position, (text, code) in enumerate(pairs):
        CategoryRule.objects.create(
            entity=books.entity, position=position, contains=text, account=books.accounts[code]
        )


def bank(books: Books, text: str = BANK, name: str = "bank.csv") -> LandedFile:
    return intake.land_bank(entity=books.entity, data=text.encode(), name=name, by=None, at=AT)


def card(books: Books, text: str = STRIPE, name: str = "stripe.csv") -> LandedFile:
    return stripe.land_file(entity=books.entity, data=text.encode(), name=name, by=None, at=AT)


def balance(books: Books, code: str) -> int:
    """Return an account's balance in minor units, debit positive."""
    return sum(
        row.debit_minor - row.credit_minor
        for row in MonthlyBalance.objects.filter(account=books.accounts[code])
    )


def nothing_written() -> bool:
    models = (JournalEntry, Posting, MonthlyBalance, ImportFile, ImportedLine, AuditEvent)
    return not any(model.objects.exists() for model in models)


def test_bank_lines_are_categorised_by_the_lowest_rule_in_any_case(books: Books) -> None:
    rules(
        books,
        ("dockage", "6100"),
        ("harbor", "6300"),
        ("Owner Contribution", "3000"),
        ("CAPTAIN PAY", "5100"),
    )
    booking = a_booking(books)
    landed = bank(books)
    assert (landed.read, landed.new, landed.matched, landed.uncategorised) == (4, 4, 0, 1)
    assert {code: balance(books, code) for code in ("1010", "6100", "6300", "3000", "6900", "5100")} == {
        "1010": -1_115_00, "6100": 1_180_00, "6300": 0, "3000": -500_00, "6900": 85_00, "5100": 350_00,
    }  # fmt: skip
    paid = JournalEntry.objects.get(memo="CAPTAIN PAY QOS-0001")
    assert (paid.source, paid.on, paid.origin) == (EntrySource.BANK, dt.date(2026, 10, 4), "bank.csv line 5")
    assert list(paid.postings.values_list("account__code", "booking")) == [
        ("1010", None),
        ("5100", booking.pk),
    ]
    line = ImportedLine.objects.get(entry=paid)
    assert (line.booking, line.line, line.amount_minor) == (booking, 5, -350_00)
    assert landed.file.covers_to == dt.date(2026, 10, 4)
    assert Booking.objects.get().paid_minor == 0


def test_the_same_file_again_and_an_overlap_add_nothing_twice(books: Books) -> None:
    bank(books)
    assert bank(books, name="again.csv").new == 0
    longer = BANK + "2026-10-05,FUEL DOCK,-45.00,840.00\n"
    assert bank(books, longer, name="longer.csv").new == 1
    assert JournalEntry.objects.count() == ImportedLine.objects.count() == 5
    assert list(ImportFile.objects.order_by("pk").values_list("lines_read", "lines_new")) == [
        (4, 4),
        (4, 0),
        (5, 1),
    ]


def test_two_identical_lines_on_one_day_are_two_lines(books: Books) -> None:
    twice = "Date,Description,Amount\n2026-10-05,WEST MARINE,-64.20\n2026-10-05,WEST MARINE,-64.20\n"
    assert bank(books, twice).new == 2
    assert bank(books, twice).new == 0
    assert balance(books, "6900") == 128_40


def test_a_deposit_and_a_balance_are_held_until_the_charter_has_sailed(books: Books) -> None:
    booking = a_booking(books)
    landed = card(books)
    assert (landed.new, landed.uncategorised) == (6, 1)
    assert {code: balance(books, code) for code in ("1010", "1050", "2100", "2150", "4900", "5600")} == {
        "1010": 1_761_42, "1050": 0, "2100": -950_00, "2150": -850_00, "4900": -20_00, "5600": 58_58,
    }  # fmt: skip
    charge = JournalEntry.objects.get(external_id="txn_0001")
    assert list(charge.postings.values_list("account__code", "amount_minor", "booking")) == [
        ("1050", 950_00, None),
        ("2150", -950_00, booking.pk),
        ("5600", 27_85, booking.pk),
        ("1050", -27_85, None),
    ]
    booking.refresh_from_db()
    assert booking.paid_minor == 1_800_00
    assert charge.on == dt.date(2026, 10, 1)


def test_completed_bookings_are_earned_once(books: Books) -> None:
    booking = a_booking(
        books, stage=BookingStage.COMPLETED, completed_on=dt.date(2026, 10, 20), deposit_minor=950_00
    )
    card(books)
    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 1
    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 0
    entry = JournalEntry.objects.get(source=EntrySource.RECOGNITION)
    assert (entry.on, entry.external_id) == (dt.date(2026, 10, 20), "booking:QOS-0001:completed")
    assert {code: balance(books, code) for code in ("2100", "2150", "4000")} == {
        "2100": 0, "2150": 0, "4000": -1_800_00,
    }  # fmt: skip
    late = STRIPE_HEADER + stripe_row(
        7, "charge", "ch_9", "100.00", "3.20", "96.80", "Rest QOS-0001", "QOS-0001"
    )
    card(books, late)
    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 1
    assert JournalEntry.objects.filter(external_id="booking:QOS-0001:completed:1").exists()
    booking.refresh_from_db()
    assert (balance(books, "4000"), booking.paid_minor) == (-1_900_00, 1_900_00)


def test_money_of_a_debtor_clears_the_debt_first(books: Books) -> None:
    booking = a_booking(books)
    books.post("1200", "4000", 40_00, booking=booking)
    card(
        books, STRIPE_HEADER + stripe_row(1, "charge", "ch_1", "100.00", "0.00", "100.00", "Rest", "QOS-0001")
    )
    assert (balance(books, "1200"), balance(books, "2100")) == (0, -60_00)


def test_a_transfer_that_names_a_booking_is_its_clients_payment(books: Books) -> None:
    booking = a_booking(books)
    bank(books, "Date,Description,Amount\n2026-10-05,WIRE FROM M OKAFOR QOS-0001.,950.00\n")
    assert balance(books, "2100") == -950_00
    booking.refresh_from_db()
    assert booking.paid_minor == 950_00


@pytest.mark.parametrize("bank_first", [True, False])
def test_a_payout_in_both_files_is_one_entry(books: Books, bank_first: bool) -> None:
    a_booking(books)
    statement = f"Date,Description,Amount\n2026-10-07,STRIPE TRANSFER {PAYOUT.upper()},1761.42\n"
    acts = [lambda: bank(books, statement), lambda: card(books)]
    first, second = acts if bank_first else acts[::-1]
    assert first().matched == 0
    assert second().matched == 1
    assert (balance(books, "1010"), balance(books, "1050")) == (1_761_42, 0)
    entry = JournalEntry.objects.get(postings__account__code="1010")
    assert set(entry.imported_lines.values_list("kind", flat=True)) == {
        ImportKind.BANK_CSV,
        ImportKind.STRIPE,
    }
    assert entry.on == dt.date(2026, 10, 7 if bank_first else 6)
    assert bank(books, statement).new == 0
    assert card(books).new == 0


def test_a_payout_of_another_amount_refuses_the_file(books: Books) -> None:
    a_booking(books)
    card(books)
    before = JournalEntry.objects.count()
    statement = f"Date,Description,Amount\n2026-10-07,STRIPE TRANSFER {PAYOUT},1761.00\n"
    with pytest.raises(
        FormatError,
        match=r"bank\.csv line 2, column amount: payout po_.* is \$1,761\.00 here and \$1,761\.42 in",
    ):
        bank(books, statement)
    assert JournalEntry.objects.count() == before


def test_a_landed_id_with_another_body_refuses_the_whole_file(books: Books) -> None:
    card(books, STRIPE_HEADER + stripe_row(1, "charge", "ch_1", "20.00", "0.88", "19.12", "Cap"))
    changed = (
        STRIPE_HEADER
        + stripe_row(2, "charge", "ch_2", "30.00", "1.17", "28.83", "Cap")
        + stripe_row(1, "charge", "ch_1", "21.00", "0.88", "20.12", "Cap")
    )
    with pytest.raises(
        FormatError, match=r"stripe\.csv line 3, column id: txn_0001 landed before and said something else"
    ):
        card(books, changed)
    assert JournalEntry.objects.count() == 1
    assert ImportFile.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Datum,Text,Betrag\n2026-10-05,x,1.00\n", "lacks this column"),
        (BANK.replace("-85.00", "eighty"), "line 4, column Amount"),
        (BANK.replace("2026-10-03", "2026-02-30"), "line 4, column Date"),
        (BANK.replace("1235.00", "1234.00"), "line 4"),
        ("", "the file is empty"),
        (BANK + '2026-10-06,"open quote,-5.00,880.00\n', "never closes"),
    ],
)
def test_a_bad_file_is_refused_whole_with_its_line(books: Books, text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        bank(books, text)
    assert caught.value.file == "bank.csv"
    assert nothing_written()


def test_a_closed_month_refuses_the_file_with_its_line(books: Books) -> None:
    Period.objects.create(entity=books.entity, month=months.parse("2026-10"), state="closed", closed_at=AT)
    with pytest.raises(
        FormatError,
        match=r"bank\.csv line 2, column Date: the books of QueenofSanDiego are closed for Oct 2026",
    ):
        bank(books)
    assert not JournalEntry.objects.exists()


def test_another_currency_refuses_the_file(books: Books) -> None:
    with pytest.raises(FormatError, match=r"stripe\.csv line 2, column currency: the movement is in EUR"):
        card(books, STRIPE.replace(",usd,", ",eur,"))
    assert nothing_written()


def test_limits_are_the_callers(books: Books) -> None:
    with pytest.raises(FormatError, match="more than 3 rows"):
        intake.land_bank(entity=books.entity, data=BANK.encode(), name="b.csv", by=None, at=AT, max_rows=3)
    with pytest.raises(FormatError, match="the limit is"):
        intake.land_bank(entity=books.entity, data=BANK.encode(), name="b.csv", by=None, at=AT, max_bytes=50)
    assert nothing_written()


def test_a_chart_without_the_account_says_so(books: Books) -> None:
    books.accounts["6900"].active = False
    books.accounts["6900"].save()
    with pytest.raises(ledger.LedgerError, match="no active account for “Not yet categorised”"):
        bank(books)
    assert nothing_written()


LATE = "".join(f"2026-10-{1 + n % 28:02d},LINE {n},-1.00\n" for n in range(2_100))


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("2026-02-30,x,-1.00\n", "line 2102, column Date"),
        ("2026-09-30,x,-1.00\n", "line 2102, column Date: the books of .* are closed for Sep 2026"),
        ("2026-08-30,x,-1.00\n", "line 2102, column Date: it is of 30 August 2026, and the books begin"),
        ("", "line 2002, column Date: the file has more than 2,000 rows"),
    ],
    ids=["a fault", "a closed month", "before the opening", "too many"],
)
def test_a_file_is_read_to_its_end_before_anything_is_posted(books: Books, last: str, words: str) -> None:
    def land(text: str, max_rows: int = 100_000) -> None:
        """Land a file, and note whether the books were opened for writing."""
        with CaptureQueriesContext(connection) as queries:
            try:
                intake.land_bank(
                    entity=books.entity, data=f"Date,Description,Amount\n{text}".encode(), name="long.csv", by=None,
                    at=AT, max_rows=max_rows,
                )  # fmt: skip
            finally:
                # Whoever writes holds the chain by SQL of its own; the day of the opening is read by Django's.
                wrote.append(any(" portfolio_entrychain" in query["sql"] for query in queries))

    wrote: list[bool] = []
    if "closed" in words:
        Period.objects.create(
            entity=books.entity, month=months.parse("2026-09"), state="closed", closed_at=AT
        )
    else:
        opening = "entity,account,on,amount\nqos,1010,2026-08-31,7.00\nqos,3000,2026-08-31,-7.00\n"
        intake.land_opening(data=opening.encode(), name="opening.csv", by=None, at=AT)
    with pytest.raises(FormatError, match=f"^long.csv {words}"):
        land(LATE + last, max_rows=100_000 if last else 2_000)
    land("2026-10-05,x,-1.00\n")
    assert wrote == [False, True]


def test_invoices_are_receivables_until_the_bank_brings_the_money(books: Books) -> None:
    text = "entity,number,client,issued_on,terms_days,amount,paid_on\nqos,DC-1,Cove,2026-09-15,30,900.00,\n"
    assert land_invoices(data=text.encode(), name="invoices.csv", by=None, at=AT).new == 1
    assert (balance(books, "1200"), balance(books, "4000")) == (900_00, -900_00)
    rules(books, ("RECEIVED INVOICE", "1200"))
    bank(books, "Date,Description,Amount\n2026-10-05,RECEIVED INVOICE DC-1,900.00\n")
    assert (balance(books, "1200"), balance(books, "1010")) == (0, 900_00)
    assert land_invoices(data=text.encode(), name="invoices.csv", by=None, at=AT).new == 0


STAYS = (
    "entity,reference,check_in,check_out,channel,gross,fee,cleaning,payout,paid\n"
    "qos,RS-001,2026-10-09,2026-10-12,VRBO,615.00,30.75,120.00,584.25,yes\n"
    "qos,RS-002,2026-11-20,2026-11-24,Airbnb,940.00,28.20,120.00,911.80,no\n"
)


def test_a_stay_takes_over_what_a_note_said_and_shows_the_channels_fee(books: Books) -> None:
    noted = a_booking(
        books, reference="STAY-2026-10-09", kind="stay", service_on=dt.date(2026, 10, 9), price_minor=615_00
    )
    assert exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT).new == 2
    noted.refresh_from_db()
    assert (noted.reference, noted.stage, noted.completed_on) == (
        "RS-001", BookingStage.COMPLETED, dt.date(2026, 10, 12),
    )  # fmt: skip
    ahead = Booking.objects.get(reference="RS-002")
    assert (ahead.stage, ahead.enquired_on) == (BookingStage.BOOKED, None)
    assert (balance(books, "5500"), balance(books, "4000")) == (30_75, -30_75)
    assert exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT).new == 0


@pytest.mark.django_db(transaction=True)
def test_two_connections_land_one_file_once() -> None:
    books = open_books()
    text = "Date,Description,Amount\n" + "".join(
        f"2026-10-{1 + n % 28:02d},LINE {n},-{n + 1}.00\n" for n in range(200)
    )
    found = in_parallel(*[lambda: bank(books, text).new] * 3)
    assert sorted(found) == [0, 0, 200]
    assert JournalEntry.objects.count() == ImportedLine.objects.count() == 200
    assert verification.verify_books() == []


@pytest.mark.django_db(transaction=True)
def test_what_fails_after_a_file_has_landed_leaves_it_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    books = open_books()

    def broken(**_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(payments, "settle_landed", broken)
    assert bank(books).new == 4


def test_a_hundred_lines_take_as_many_queries_as_one(books: Books) -> None:
    counts = []
    for number in (1, 100):
        text = "Date,Description,Amount\n" + "".join(
            f"2026-10-05,L {number} {n},-1.00\n" for n in range(number)
        )
        with CaptureQueriesContext(connection) as queries:
            bank(books, text)
        counts.append(len(queries))
    # Imported lines go in batches of as many rows as the engine takes parameters.
    assert counts[1] - counts[0] <= 2
    assert counts[0] <= 29


class AnySplit(TestCase):
    """However a statement is cut into overlapping files, the books end the same."""

    def setUp(self) -> None:
        """Open empty books."""
        self.books = open_books()

    @settings(max_examples=20)
    @given(
        st.lists(st.tuples(st.integers(1, 5), st.integers(-500, 500).filter(bool)), min_size=1, max_size=12),
        st.data(),
    )
    def test_overlapping_files_add_up_to_the_whole(
        self, lines: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        # A bank cuts its files between days, so that a line's number among identical ones of a day is the same.
        ordered = sorted(lines)
        text = [f"2026-10-{day:02d},SAME WORDS,{amount / 100:.2f}\n" for day, amount in ordered]
        for _ in range(3):
            first, last = sorted(data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5))))
            part = [row for row, (day, _) in zip(text, ordered, strict=True) if first <= day <= last]
            if part:
                bank(self.books, "Date,Description,Amount\n" + "".join(part))
        bank(self.books, "Date,Description,Amount\n" + "".join(text))
        assert balance(self.books, "1010") == sum(amount for _, amount in lines)
        assert ImportedLine.objects.count() == len(lines)


def test_the_origin_of_an_entry_fits_its_column() -> None:
    assert len(landing.origin("x" * 500, 123_456)) <= ledger.ORIGIN_LIMIT
