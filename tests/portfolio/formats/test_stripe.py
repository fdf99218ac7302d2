"""Stripe's balance history in both spellings, as it is met in the wild."""

import datetime as dt

import pytest

from portfolio.formats import FormatError
from portfolio.formats.stripe import BalanceTransaction, StripeType, parse

pytestmark = pytest.mark.once

DASHBOARD = (
    "\ufeffid,Type,Source,Amount,Fee,Destination Platform Fee,Net,Currency,Created (UTC),Available On (UTC),Description,"
    "Customer Facing Amount,Transfer,Transfer Date (UTC),booking (metadata)\r\n"
    'txn_1A,charge,ch_1A,"2,100.00",61.20,,"2,038.80",usd,2026-10-24 18:03,2026-10-28 00:00,"Charter, six guests",2100.00,'
    "po_1A,2026-10-28 00:00,QOS-0001\r\n"
    "txn_1B,refund,re_1B,-100.00,0.00,,-100.00,usd,2026-10-25 09:00,2026-10-25 00:00,Refund,-100.00,po_1A,,QOS-0001\r\n"
    "txn_1C,payout,po_1A,-1938.80,0.00,,-1938.80,usd,2026-10-28 00:10,2026-10-28 00:00,STRIPE PAYOUT,,,,\r\n"
    "txn_1D,stripe_fee,,-2.00,0.00,,-2.00,usd,2026-11-01 00:00,,Radar,,,,\r\n"
    "txn_1E,adjustment,du_1E,-250.00,15.00,,-265.00,usd,2026-11-02 00:00,,Chargeback,,,,\r\n"
    "txn_1F,adjustment,,3.00,0.00,,3.00,usd,2026-11-03 00:00,,Correction,,,,\r\n"
)
ITEMISED = (
    "balance_transaction_id,created_utc,created,available_on_utc,currency,gross,fee,net,reporting_category,source_id,"
    "description,automatic_payout_id,payment_metadata[booking]\n"
    "txn_2A,2026-10-24 18:03:11,2026-10-24 11:03:11,2026-10-28 00:00:00,mxn,500.00,20.00,480.00,charge,ch_2A,"
    "=cmd|' /C calc'!A0,po_2A,JADA-0001\n"
    "txn_2B,2026-10-26 18:03:11,2026-10-26 11:03:11,2026-10-28 00:00:00,usd,-65.00,15.00,-80.00,dispute,du_2B,x,,\n"
)


def test_the_dashboards_export_gives_typed_transactions() -> None:
    first, refund, payout, fee, dispute, adjustment = parse(DASHBOARD.encode(), name="stripe.csv")
    assert first == BalanceTransaction(
        line=2,
        id="txn_1A",
        type=StripeType.CHARGE,
        source="ch_1A",
        amount_minor=210_000,
        fee_minor=6_120,
        net_minor=203_880,
        currency="USD",
        created_at=dt.datetime(2026, 10, 24, 18, 3, tzinfo=dt.UTC),
        available_on=dt.date(2026, 10, 28),
        description="Charter, six guests",
        payout_id="po_1A",
        booking_ref="QOS-0001",
        charge_id="ch_1A",
    )
    assert (refund.type, refund.amount_minor, refund.payout_id) == (StripeType.REFUND, -10_000, "po_1A")
    assert (payout.type, payout.net_minor, payout.payout_id) == (StripeType.PAYOUT, -193_880, "po_1A")
    assert (fee.type, fee.source, fee.available_on) == (StripeType.FEE, "", None)
    assert (dispute.type, dispute.net_minor) == (StripeType.DISPUTE, -26_500)
    assert adjustment.type == StripeType.ADJUSTMENT


def test_the_itemised_report_is_read_the_same_way_and_may_hold_several_currencies() -> None:
    charge, dispute = parse(ITEMISED.encode(), name="stripe.csv")
    assert (charge.currency, charge.amount_minor, charge.booking_ref) == ("MXN", 50_000, "JADA-0001")
    assert charge.created_at == dt.datetime(2026, 10, 24, 18, 3, 11, tzinfo=dt.UTC)
    assert charge.description == "=cmd|' /C calc'!A0"
    assert (dispute.type, dispute.currency, dispute.payout_id) == (StripeType.DISPUTE, "USD", "")


def test_a_currency_without_cents_is_read_in_its_own_units() -> None:
    data = ITEMISED.replace("mxn,500.00,20.00,480.00", "jpy,500,20,480").encode()
    assert parse(data, name="stripe.csv")[0].net_minor == 480


def test_a_file_of_a_header_alone_is_empty_and_fine() -> None:
    assert parse(ITEMISED.partition("\n")[0].encode(), name="stripe.csv") == ()


REFUSED = {
    "another file": (("id,Type", "Date,Kind"), "1, column id: the header lacks this column"),
    "no net": ((",Net,", ",Nett,"), "1, column net: the header lacks this column"),
    "id twice": (("txn_1C", "txn_1A"), "4, column id: txn_1A stands already on line 2"),
    "no id": (("txn_1B", ""), "3, column id: '' is not a Stripe id"),
    "formula as id": (("txn_1B", "=1+1"), "3, column id: '=1+1' is not a Stripe id"),
    "formula as source": (("re_1B", "=1+1"), "3, column Source: '=1+1' is not a Stripe id"),
    "unknown type": (("B,refund", "B,teleport"), "3, column Type: 'teleport' is not known"),
    "net does not follow": (
        ('"2,038.80"', "2038.81"),
        "2, column Net: the net '2038.81' is not the amount 2,100.00",
    ),
    "charge of nothing": (
        ('"2,100.00",61.20,,"2,038.80"', "0.00,0.00,,0.00"),
        "2, column Amount: a charge of 0.00 has the wrong sign",
    ),
    "refund that brings": (
        ("-100.00,0.00,,-100.00,usd", "100.00,0.00,,100.00,usd"),
        "3, column Amount: a refund of 100.00 has the wrong sign",
    ),
    "unknown currency": (
        (",usd,2026-10-25", ",xyz,2026-10-25"),
        "3, column Currency: 'XYZ' is not a currency we keep",
    ),
    "no currency": ((",usd,2026-10-25", ",,2026-10-25"), "3, column Currency: '' is not a currency we keep"),
    "exponent": (("-100.00,0.00,,", "-1e2,0.00,,"), "3, column Amount: '-1e2' is not an amount of USD"),
    "odd time": (
        ("2026-10-25 09:00", "2026-10-25 29:00"),
        "3, column Created (UTC): '2026-10-25 29:00' is not an instant",
    ),
    "year one": (
        ("2026-10-25 09:00", "0001-01-01 00:00"),
        "3, column Created (UTC): '0001-01-01 00:00' is outside the years 2000 to 2099",
    ),
    "end of time": (
        ("2026-10-25 09:00", "9999-12-31"),
        "3, column Created (UTC): '9999-12-31' is outside the years 2000 to 2099",
    ),
    "odd date": (
        ("2026-10-25 09:00", "25.10.2026"),
        "3, column Created (UTC): '25.10.2026' is not an instant",
    ),
    "odd available": (("2026-10-25 00:00", "soon"), "3, column Available On (UTC): 'soon' is not an instant"),
    "row cut off": (
        (",Refund,-100.00,po_1A,,QOS-0001", ",Refund"),
        "3, column Customer Facing Amount: the row has 11 cells",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_does_not_add_up_is_refused_whole(case: str) -> None:
    (old, new), expected = REFUSED[case]
    assert old in DASHBOARD
    with pytest.raises(FormatError) as refusal:
        parse(DASHBOARD.replace(old, new, 1).encode(), name="stripe.csv")
    assert str(refusal.value).startswith(f"stripe.csv line {expected}")
