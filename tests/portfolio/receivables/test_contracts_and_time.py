"""Contracts move as paper does, time sheets land whole and once, and landed invoices become invoices."""

import pytest

from portfolio.domain.receivables import contracts, invoices, payments, work
from portfolio.domain.receivables.contracts import MOVES, Term
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.formats import FormatError
from portfolio.models import Client, ClientContract, ContractState, Invoice, NumberSeries, WorkEntry
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day

pytestmark = pytest.mark.django_db

HEAD = "on,client,contract,minutes,who,description,billable,rate\n"


@pytest.mark.once
def test_only_legal_moves_of_the_paper_are_made_and_dated(office: Office) -> None:
    contract = office.contract
    for was in ContractState:
        for to in ContractState:
            ClientContract.objects.filter(pk=contract.pk).update(state=was, signed_on=None, expired_on=None)
            contract.refresh_from_db()
            if to in MOVES[was]:
                contracts.move(contract=contract, to=to, on=TODAY, today=TODAY, by=None, at=AT)
                contract.refresh_from_db()
                assert contract.state == to
                assert (contract.signed_on is not None) == (to == ContractState.SIGNED)
            else:
                with pytest.raises(RefusedError, match="does not become"):
                    contracts.move(contract=contract, to=to, on=TODAY, today=TODAY, by=None, at=AT)


@pytest.mark.once
def test_notice_and_the_end_of_a_term_are_told_before_they_come(office: Office) -> None:
    term = Term(starts_on=day("01-01"), ends_on=day("12-31"), renews=True, notice_days=30)
    contracts.change(contract=office.contract, term=term, by=None, at=AT)
    due = contracts.due_soon(entity=office.books.entity, as_of=TODAY)
    assert [(row.on, row.what) for row in due] == [
        (day("12-01"), "Last day to give notice"),
        (day("12-31"), "It renews"),
    ]
    assert contracts.due_soon(entity=office.books.entity, as_of=day("09-01")) == []
    with pytest.raises(RefusedError, match="ends before it starts"):
        contracts.change(
            contract=office.contract, term=Term(starts_on=TODAY, ends_on=day("01-01")), by=None, at=AT
        )


def land(office: Office, body: str) -> tuple[int, int]:
    return work.land_time(
        entity=office.books.entity, data=(HEAD + body).encode(), name="t.csv", today=TODAY, by=None, at=AT
    )


def test_a_time_sheet_lands_once_and_an_overlap_adds_what_is_new(office: Office) -> None:
    row = "2026-11-02,harbor dental,,90,Jo,Form,yes,\n"
    assert land(office, row) == (1, 1)
    assert land(office, row + row + "2026-11-03,Harbor Dental,,30,Jo,Form,no,120.00\n") == (3, 2)
    assert WorkEntry.objects.count() == 3


@pytest.mark.once
@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("2026-13-02,Harbor Dental,,90,Jo,Form,yes,", "on", "is not a date"),
        ("2026-12-02,Harbor Dental,,90,Jo,Form,yes,", "on", "is ahead"),
        ("2026-11-02,Nobody,,90,Jo,Form,yes,", "client", "is no client of Dockside"),
        ("2026-11-02,Harbor Dental,Other,90,Jo,Form,yes,", "contract", "is no contract of Dockside"),
        ("2026-11-02,Harbor Dental,,1441,Jo,Form,yes,", "minutes", "not a whole number"),
        ("2026-11-02,Harbor Dental,,90,,Form,yes,", "who", "empty"),
        ("2026-11-02,Harbor Dental,,90,Jo,Form,perhaps,", "billable", "not known"),
        ("2026-11-02,Harbor Dental,,90,Jo,Form,yes,-5", "rate", "negative"),
    ],
)
def test_a_broken_time_sheet_says_line_and_column_and_adds_nothing(
    office: Office, row: str, column: str, words: str
) -> None:
    with pytest.raises(FormatError, match=words) as refused:
        land(office, "2026-11-02,Harbor Dental,,90,Jo,Form,yes,\n" + row + "\n")
    assert (refused.value.line, refused.value.column) == (3, column)
    assert not WorkEntry.objects.exists()


def test_landed_invoices_are_invoices_of_their_own_number_and_the_series_goes_on_after_them(
    office: Office,
) -> None:
    head = "entity,number,client,issued_on,terms_days,amount,paid_on\n"
    body = "dc,DC-41,Harbor Dental,2026-10-01,30,900.00,\ndc,X9,Cove Realty,2026-10-02,15,10.00,\n"
    assert land_invoices(data=(head + body).encode(), name="i.csv", by=None, at=AT).new == 2
    assert land_invoices(data=(head + body).encode(), name="i.csv", by=None, at=AT).new == 0
    first, second = Invoice.objects.order_by("pk")
    assert (first.client, first.due_on, first.entry.memo) == (
        office.client,
        day("10-31"),
        "Invoice DC-41 Harbor Dental",
    )  # type: ignore[union-attr]
    assert Client.objects.get(name="Cove Realty").terms_days == second.client.terms_days == 15
    assert office.balances() == {"1200": 91_000, "4000": -91_000}

    issued = invoices.issue(invoice=office.draft(), on=TODAY, today=TODAY, by=None, at=AT)
    assert issued.reference == "DC-42"
    with pytest.raises(FormatError, match="DC-42 was issued here"):
        land_invoices(
            data=(head + "dc,DC-42,Harbor Dental,2026-10-01,30,9.00,\n").encode(),
            name="i.csv",
            by=None,
            at=AT,
        )
    land_invoices(
        data=(head + "dc,DC-50,Harbor Dental,2026-10-01,30,9.00,\n").encode(), name="i.csv", by=None, at=AT
    )
    assert office.issued().reference == "DC-51"

    far = "dc,DC-999999999,Harbor Dental,2026-10-01,30,9.00,\ndc,DC-53,Harbor Dental,2026-10-01,30,9.00,\n"
    land_invoices(data=(head + far).encode(), name="i.csv", by=None, at=AT)
    NumberSeries.objects.update(last=52)
    assert office.issued().reference == "DC-54"
    assert payments.settle_landed(entity=office.books.entity, by=None, at=AT) == 0
