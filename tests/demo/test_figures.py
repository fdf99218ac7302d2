"""What the reports must find in the sample, added up from the files alone."""

import datetime as dt
from collections import Counter

import pytest

from demo.cards import card_fee
from tests.demo.sample import (
    AS_OF,
    BURN_MONTHS,
    ENTITIES,
    NOT_OPERATING,
    Flow,
    bookings,
    by_month,
    cash,
    flows,
    opening,
    rows,
    total,
)

pytestmark = pytest.mark.once


def burn_flows() -> list[Flow]:
    return [flow for flow in flows() if f"{flow.on:%Y-%m}" in BURN_MONTHS]


def gross_burn() -> int:
    return -total(flow for flow in burn_flows() if flow.account.startswith("6")) // 3


def net_burn() -> int:
    return -total(flow for flow in burn_flows() if flow.account not in NOT_OPERATING) // 3


def unrestricted(on: dt.date) -> int:
    held = total(flow for flow in flows() if flow.on <= on and flow.account == "2150")
    not_yet_sailed = {row.cells["reference"] for row in bookings("qos", "booked", "paid")}
    deferred = total(
        flow
        for flow in flows()
        if flow.on <= on
        and flow.account == "2100"
        and any(reference in flow.text for reference in (*not_yet_sailed, "EYD-033"))
    )
    return cash(on) - held - deferred


def test_gross_burn_is_between_seven_and_nine_thousand_a_month() -> None:
    assert gross_burn() == 758_345
    assert 700_000 <= gross_burn() <= 900_000


def test_net_burn_is_positive() -> None:
    assert net_burn() == 252_913
    assert 150_000 <= net_burn() <= 280_000


def test_the_months_of_burn_add_up_to_the_change_in_cash() -> None:
    before, after = cash(dt.date(2026, 7, 31)), cash(dt.date(2026, 10, 31))
    other = total(flow for flow in burn_flows() if flow.account in NOT_OPERATING)
    operating = total(flow for flow in burn_flows() if flow.account not in NOT_OPERATING)
    assert after - before == operating + other


def test_cash_is_less_what_is_owed_back_or_not_earned_yet() -> None:
    assert cash(AS_OF) == 1_795_828
    assert unrestricted(AS_OF) == 845_828


def test_cash_is_the_sum_of_the_last_balances() -> None:
    started = sum(opening(entity, "1010") for entity in ENTITIES)
    assert cash(dt.date(2025, 10, 31)) == started == 3_020_000
    assert started + total(flows()) == cash(AS_OF)


def test_the_model_breaks_even_at_six_charters() -> None:
    contribution = 210_000 - 35_000 - 18_000 - 4_500 - 6_000 - card_fee(210_000)
    assert contribution == 140_380
    assert -(-gross_burn() // contribution) == 6


def test_octobers_charter_breaks_even_one_charter_later_than_the_model() -> None:
    (done,) = [row for row in bookings("qos", "completed") if row.cells["completed_on"].startswith("2026-10")]
    costs = total(
        flow for flow in flows() if flow.account.startswith("5") and done.cells["reference"] in flow.text
    )
    contribution = done.money("price") + costs
    assert contribution == 140_380 - 30 - 15_000  # Two card fees of 30 cents, and a guest dock.
    assert -(-gross_burn() // contribution) == 7


def test_every_entity_has_a_target_for_each_month_through_the_first_quarter() -> None:
    months = [*(f"2026-{month:02d}" for month in range(1, 13)), "2027-01", "2027-02", "2027-03"]
    given = Counter((row.cells["entity"], row.cells["month"]) for row in rows("targets.csv"))
    assert given == {(entity, month): 1 for entity in ENTITIES for month in months}
    quarter = sum(row.money("revenue") for row in rows("targets.csv") if row.cells["month"] in months[9:12])
    assert quarter == 8_440_000


def test_capital_options_fill_every_tier_and_one_return_is_not_tracked() -> None:
    tiers = Counter(row.cells["tier"] for row in rows("capital.csv"))
    assert tiers == {"zero_cost": 4, "low_cost": 4, "revenue": 2, "do_not_deploy": 2}
    free = [row.money("outlay") for row in rows("capital.csv") if row.cells["tier"] == "zero_cost"]
    assert free == [0, 0, 0, 0]
    assert [row.cells["name"] for row in rows("capital.csv") if not row.cells["monthly_return"]] == [
        "Analytics on every page"
    ]


def test_fixed_costs_hardly_change_from_month_to_month() -> None:
    fixed = by_month(flow for flow in flows() if flow.account.startswith("6"))
    fixed.pop("2026-11")
    assert len(fixed) == 12
    assert (max(fixed.values()), min(fixed.values())) == (-758_053, -761_200)
