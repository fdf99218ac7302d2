"""Bank and card files of the sample: complete, tied to each other and to the bookings they name."""

import datetime as dt
import itertools
import re
from collections import Counter, defaultdict

import pytest

from demo import cards, draw
from portfolio.domain.chart import CHART
from tests.demo.sample import AS_OF, ENTITIES, account_of, bank, bookings, card, flows, opening, rows, total

pytestmark = pytest.mark.once

REFERENCE = re.compile(r"\b(?:QOS|JADA|QDN)-[0-9]{4}\b")


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_statement_begins_at_the_opening_balance_and_never_falls_below_zero(entity: str) -> None:
    lines = bank(entity)
    first = lines[0]
    assert first.balance_minor == opening(entity, "1010") + first.amount_minor
    assert min(line.balance_minor or 0 for line in lines) > 0
    assert dt.date(2025, 11, 1) <= first.on
    assert lines[-1].on <= AS_OF
    assert len({line.external_id for line in lines}) == len(lines)


@pytest.mark.parametrize("entity", set(ENTITIES) - {"eyd"})
def test_a_statement_covers_each_of_the_twelve_months_and_november(entity: str) -> None:
    found = {f"{line.on:%Y-%m}" for line in bank(entity)}
    assert found == {"2025-11", "2025-12", *(f"2026-{month:02d}" for month in range(1, 12))}


def test_banks_book_on_business_days() -> None:
    assert all(line.on.weekday() < 5 for entity in ENTITIES for line in bank(entity))


def test_opening_balances_add_up_to_zero_for_each_entity() -> None:
    sums: Counter[str] = Counter()
    for row in rows("opening.csv"):
        sums[row.cells["entity"]] += row.money("amount")
        assert row.day("on") == dt.date(2025, 10, 31)
    assert dict(sums) == dict.fromkeys(("jada", "qos", "qdn", "dc", "rental-3028", "eyd"), 0)


def test_every_account_a_file_names_is_in_the_chart() -> None:
    codes = {line.code for line in CHART}
    assert {row.cells["account"] for name in ("rules.csv", "opening.csv") for row in rows(name)} <= codes


def test_every_rule_is_used() -> None:
    unused = [
        row.cells["contains"]
        for row in rows("rules.csv")
        if not any(row.cells["contains"] in line.description for line in bank(row.cells["entity"]))
    ]
    assert unused == []


@pytest.mark.parametrize("entity", ["qos", "jada"])
def test_every_payout_reaches_the_bank_to_the_cent_and_clears_the_balance(entity: str) -> None:
    paid_out = {move.payout_id: -move.net_minor for move in card(entity) if move.type == "payout"}
    arrived = {
        line.description.removeprefix("STRIPE TRANSFER "): line.amount_minor
        for line in bank(entity)
        if line.description.startswith("STRIPE TRANSFER ")
    }
    assert arrived == paid_out
    carried: Counter[str] = Counter()
    for move in card(entity):
        if move.type != "payout":
            carried[move.payout_id] += move.net_minor
    assert dict(carried) == paid_out
    assert sum(move.net_minor for move in card(entity)) == 0


@pytest.mark.parametrize("entity", ["qos", "jada"])
def test_stripe_keeps_two_point_nine_percent_and_thirty_cents_of_each_charge(entity: str) -> None:
    charges = [move for move in card(entity) if move.type == "charge"]
    assert charges
    assert all(move.fee_minor == round(move.amount_minor * 0.029 + 1e-9) + 30 for move in charges)
    assert cards.card_fee(210_000) == 6_120


def test_what_guests_paid_by_card_is_what_their_bookings_say_is_paid() -> None:
    by_card: Counter[str] = Counter()
    for entity in ("qos", "jada"):
        for move in card(entity):
            if move.type != "payout":
                by_card[move.booking_ref] += move.amount_minor
    paid = {
        row.cells["reference"]: row.money("paid") for entity in ("qos", "jada") for row in bookings(entity)
    }
    assert dict(by_card) == {
        reference: amount for reference, amount in paid.items() if amount or reference in by_card
    }


def test_refunds_take_back_what_a_called_off_booking_did_not_keep() -> None:
    kept = {row.cells["booked_on"]: row.money("paid") for row in bookings("qos", "cancelled")}
    assert kept == {"2026-03-03": 90_000, "2026-05-03": 0}
    (refund,) = [move for move in card("qos") if move.type == "refund"]
    assert refund.amount_minor == -100_000


def test_each_completed_charter_cost_its_crew_fuel_and_provisions_once() -> None:
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for line in bank("qos"):
        if found := REFERENCE.search(line.description):
            spent[found[0]][line.description[: found.start()].strip()] += line.amount_minor
    each = {"CAPTAIN PAY": -35_000, "MATE PAY": -18_000, "FUEL DOCK": -4_500, "PROVISIONS": -6_000}
    docked = {"QOS-0108": {**each, "GUEST DOCK CORONADO": -15_000}}
    assert spent == {row.cells["reference"]: each for row in bookings("qos", "completed")} | docked
    assert len(spent) == 28


def test_each_concert_paid_its_musicians_and_its_venue() -> None:
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for line in bank("jada"):
        if found := REFERENCE.search(line.description):
            spent[found[0]][line.description[: found.start()].strip()] += line.amount_minor
    assert spent == {
        row.cells["reference"]: {"MUSICIANS": -60_000, "VENUE SHARE": -row.money("price") * 30 // 100}
        for row in bookings("jada", "completed")
    }
    assert all(
        row.money("price") == row.integer("party_size") * 6_500
        for row in bookings("jada", "completed", "booked")
    )


def test_every_entity_has_lines_that_no_rule_names() -> None:
    unnamed = Counter(flow.entity for flow in flows() if not flow.account)
    assert unnamed == {"qos": 5, "dc": 4, "jada": 2, "qdn": 2, "rental-3028": 2, "eyd": 2}


def test_one_payee_charged_the_same_twice_within_three_days() -> None:
    pairs = [
        (first.description, first.amount_minor, (second.on - first.on).days)
        for entity in ENTITIES
        for lines in [[line for line in bank(entity) if not account_of(entity, line.description)]]
        for first, second in itertools.pairwise(lines)
        if (first.description, first.amount_minor) == (second.description, second.amount_minor)
    ]
    assert sorted(pairs) == [("DOMAIN RENEWAL", -1_200, 0), ("WEST MARINE SAN DIEGO", -6_420, 1)]


def test_what_one_entity_lends_another_receives() -> None:
    lent = [(flow.on, -flow.amount_minor) for flow in flows() if flow.account == "1300"]
    borrowed = [(flow.on, flow.amount_minor) for flow in flows() if flow.account == "2300"]
    assert lent == borrowed == [(dt.date(2026, 3, 12), 60_000), (dt.date(2026, 7, 15), -20_000)]


def test_the_owner_has_put_money_in_and_taken_money_out() -> None:
    assert total(flow for flow in flows() if flow.account == "3000") == 1_320_000
    assert total(flow for flow in flows() if flow.account == "3100") == -2_150_000


def test_business_days_skip_the_weekend() -> None:
    friday, monday = dt.date(2026, 10, 9), dt.date(2026, 10, 12)
    assert draw.business_day(dt.date(2026, 10, 10)) == monday
    assert draw.business_day(friday, after=1) == monday
    assert draw.business_day(friday) == friday
