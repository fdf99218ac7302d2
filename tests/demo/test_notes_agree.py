"""The files say what the handoff notes say: every figure a note states stands in them too."""

import datetime as dt
from collections import Counter

import pytest

from portfolio.formats.cells import CellKind
from portfolio.formats.handoff import RowKind
from tests.demo.sample import DEMO, bank, baseline, bookings, by_month, flows, note, rows, total

pytestmark = pytest.mark.once

MONTHS = ("2025-11", "2025-12", *(f"2026-{month:02d}" for month in range(1, 11)))

# What a note calls a monthly cost, and the text of its bank lines.
FIXED = [
    ("qos", "Dockage", "DOCKAGE"),
    ("qos", "Insurance", "HULL AND P&I"),
    ("qos", "Maintenance reserve", "MAINTENANCE PLAN"),
    ("jada", "Website and DNS", "WEBSITE AND DNS"),
    ("qdn", "Truck lease", "TRUCK LEASE"),
    ("qdn", "Insurance", "INSURANCE"),
    ("qdn", "Advertising", "ADVERTISING"),
    ("dc", "Hosting paid for clients", "HOSTING"),
    ("dc", "Contractor", "CONTRACTOR"),
    ("dc", "Software", "SOFTWARE"),
    ("rental-3028", "Mortgage", "MORTGAGE"),
    ("rental-3028", "Utilities", "UTILITIES"),
    ("rental-3028", "Insurance", "INSURANCE"),
]


@pytest.mark.parametrize(("entity", "label", "text"), FIXED, ids=[f"{e} {label}" for e, label, _ in FIXED])
def test_a_monthly_cost_is_paid_every_month_as_the_note_states_it(entity: str, label: str, text: str) -> None:
    paid = by_month(flow for flow in flows() if flow.entity == entity and text in flow.text)
    paid.pop("2026-11", None)
    assert paid == dict.fromkeys(MONTHS, -baseline(entity, label))


def test_no_note_states_a_monthly_cost_that_is_not_checked_here() -> None:
    stated = {
        (name, row.label)
        for name in ("qos", "jada", "qdn", "dc", "rental-3028", "eyd", "dc-clients")
        for row in note(name).of(RowKind.BASELINE)
        if row.per == "month" and row.value is not None and row.value.kind == CellKind.MONEY
    }
    assert stated == {
        (entity, "Insurance (hull and P&I)" if (entity, label) == ("qos", "Insurance") else label)
        for entity, label, _ in FIXED
    }


def test_the_mortgage_amortises_from_month_to_month() -> None:
    interest = by_month(flow for flow in flows() if flow.account == "6800")
    principal = by_month(flow for flow in flows() if flow.account == "2500")
    assert (interest["2025-11"], principal["2025-11"]) == (-175_200, -55_800)
    assert (interest["2026-10"], principal["2026-10"]) == (-172_053, -58_947)
    assert all(interest[month] + principal[month] == -231_000 for month in MONTHS)
    assert sorted(interest[month] for month in MONTHS) == [interest[month] for month in MONTHS]


def test_hosting_is_what_the_client_table_adds_up_to() -> None:
    paid = [row.cell("Hosting we pay") for row in note("dc-clients").of(RowKind.CLIENT)]
    assert sum(cell.minor or 0 for cell in paid if cell) == 21_200 == baseline("dc", "Hosting")
    october = {
        line.description.removeprefix("HOSTING ").title(): -line.amount_minor
        for line in bank("dc")
        if "HOSTING" in line.description and line.on.isoformat()[:7] == "2026-10"
    }
    assert october == {row.label: row.cells["Hosting we pay"].minor for row in note("dc-clients").rows}


def test_october_had_one_charter_at_twenty_one_hundred_and_eleven_enquiries() -> None:
    kpis = {row.label: row.value.number for row in note("qos").of(RowKind.KPI) if row.value}
    done = [row for row in bookings("qos", "completed") if row.cells["completed_on"].startswith("2026-10")]
    asked = [row for row in bookings("qos") if row.cells["enquired_on"].startswith("2026-10")]
    assert len(done) == kpis["Charters completed"] == 1
    assert done[0].money("price") == 210_000
    assert kpis["Average charter price"] == 2_100
    assert len(asked) == kpis["Enquiries"] == 11


def test_charters_follow_the_season() -> None:
    done = Counter(row.cells["completed_on"][:7] for row in bookings("qos", "completed"))
    assert [done[month] for month in MONTHS] == [2, 1, 1, 1, 2, 2, 3, 5, 5, 3, 2, 1]
    asked = Counter(row.cells["enquired_on"][:7] for row in bookings("qos"))
    assert [asked[month] for month in MONTHS] == [9, 8, 8, 9, 10, 11, 12, 12, 12, 10, 9, 11]


def test_refundable_deposits_held_are_what_the_note_says() -> None:
    held = list(bookings("qos", "booked", "paid"))
    assert sum(row.money("deposit") for row in held) == sum(row.money("paid") for row in held) == 240_000
    assert total(flow for flow in flows() if flow.account == "2150") == 240_000
    assert baseline("qos", "Refundable deposits held") == 240_000


def test_no_charter_is_confirmed_after_november_and_nothing_is_booked_three_weeks_ahead() -> None:
    firm = [row for entity in ("qos", "jada", "qdn") for row in bookings(entity, "booked", "paid")]
    assert sorted(row.cells["starts_at"][:10] for row in firm) == ["2026-11-20", "2026-11-21", "2026-11-28"]
    first, last = dt.date(2026, 12, 1), dt.date(2027, 1, 9)
    open_then = [
        row.cells["stage"]
        for row in bookings("qos", "enquiry", "quoted", "held")
        if first.isoformat() <= row.cells["starts_at"][:10] <= last.isoformat()
    ]
    assert Counter(open_then) == {"enquiry": 3, "quoted": 2, "held": 1}


def test_this_quarter_has_the_two_concerts_of_the_note() -> None:
    booked = [row for row in bookings("jada") if row.cells["booked_on"] >= "2026-10-01"]
    played = [
        row for row in bookings("jada", "completed", "booked") if row.cells["starts_at"] >= "2026-10-01"
    ]
    kpis = {row.label: row.value for row in note("jada").of(RowKind.KPI)}
    stated = kpis["Concert bookings this quarter"]
    assert stated is not None
    assert len(booked) == len(played) == stated.number == 2


def test_quickdumpnow_has_enquiries_and_quotes_and_nothing_else() -> None:
    october = [row for row in bookings("qdn") if row.cells["enquired_on"].startswith("2026-10")]
    steps = {row.label: row.value.number for row in note("qdn").of(RowKind.FUNNEL) if row.value}
    assert len(october) == steps["form sent"] == 23
    assert sum(bool(row.cells["quoted_on"]) for row in october) == steps["quoted"] == 9
    assert {row.cells["stage"] for row in bookings("qdn")} == {"enquiry", "lost"}
    assert [flow.text for flow in flows() if flow.entity == "qdn" and flow.amount_minor > 0] == [
        "OWNER CONTRIBUTION"
    ] * 2


def test_stays_are_the_notes_own_rows_and_what_was_paid_out() -> None:
    stays = {row.cells["check_in"]: row for row in rows("stays.csv")}
    for row in note("rental-3028").of(RowKind.STAY):
        kept = stays[row.label]
        assert kept.cells["channel"] == row.cells["Channel"].text
        assert kept.cells["check_out"] == row.cells["Check out"].text
        stated = [row.cells[header].minor for header in ("Gross", "Fee", "Cleaning")]
        assert [kept.money("gross"), kept.money("fee"), kept.money("cleaning")] == stated
    received = {
        line.description.split()[-1]: line.amount_minor for line in bank("rental-3028") if " RS-" in line.description
        and line.amount_minor > 0
    }  # fmt: skip
    cleaned = [line for line in bank("rental-3028") if line.description.startswith("CLEANING")]
    paid = {row.cells["reference"]: row for row in stays.values() if row.cells["paid"] == "yes"}
    assert received == {reference: row.money("gross") - row.money("fee") for reference, row in paid.items()}
    assert [line.amount_minor for line in cleaned] == [-12_000] * len(paid) == [-12_000] * 28


def test_the_water_heater_was_paid_when_it_was_done() -> None:
    (heater,) = [line for line in bank("rental-3028") if "WATER HEATER" in line.description]
    assert (heater.amount_minor, heater.on) == (-138_000, dt.date(2026, 10, 21))
    (row,) = [
        row for row in note("rental-3028").of(RowKind.MAINTENANCE) if "heater" in row.cells["What"].text
    ]
    assert row.cells["Cost"].minor == 138_000


def test_deliveries_were_paid_as_quoted_and_cost_their_crew_by_the_day() -> None:
    jobs = {row.label: row for row in note("eyd").of(RowKind.JOB)}
    came: Counter[str] = Counter()
    spent: Counter[tuple[str, str]] = Counter()
    for line in bank("eyd"):
        for job in jobs:
            if job in line.description:
                if line.amount_minor > 0:
                    came[job] += line.amount_minor
                else:
                    spent[job, line.description.split(" EYD")[0]] -= line.amount_minor
    assert came["EYD-031"] == jobs["EYD-031"].cells["Quoted"].minor == 190_000
    assert came["EYD-032"] == jobs["EYD-032"].cells["Quoted"].minor == 640_000
    assert came["EYD-033"] == jobs["EYD-033"].cells["Deposit"].minor == 710_000
    assert set(came) == {"EYD-031", "EYD-032", "EYD-033"}
    days = jobs["EYD-032"].cells["Days est/act"].second
    assert days == 10
    assert spent["EYD-032", "CAPTAIN PAY"] == days * baseline("eyd", "Delivery captain day rate")
    assert spent["EYD-032", "CREW PAY"] == days * baseline("eyd", "Crew day rate")
    assert spent["EYD-031", "FUEL"] == 68 * baseline("eyd", "Fuel per nm")
    (deposit,) = [line for line in bank("eyd") if "DEPOSIT EYD-033" in line.description]
    assert (deposit.on, deposit.amount_minor) == (dt.date(2026, 11, 3), 710_000)


def test_open_and_october_invoices_are_the_columns_of_the_client_table() -> None:
    invoiced: Counter[str] = Counter()
    unpaid: Counter[str] = Counter()
    for row in rows("invoices.csv"):
        if row.cells["issued_on"].startswith("2026-10"):
            invoiced[row.cells["client"]] += row.money("amount")
        if not row.cells["paid_on"]:
            unpaid[row.cells["client"]] += row.money("amount")
    for client in note("dc-clients").of(RowKind.CLIENT):
        assert invoiced[client.label] == client.cells["Invoiced (Oct)"].minor
        assert unpaid[client.label] == client.cells["Unpaid"].minor
    assert sum(unpaid.values()) == 582_000


def test_every_paid_invoice_is_a_bank_line_that_names_it() -> None:
    paid = {
        (row.cells["number"], row.money("amount")) for row in rows("invoices.csv") if row.cells["paid_on"]
    }
    received = {
        (line.description.split()[2], line.amount_minor)
        for line in bank("dc")
        if line.description.startswith("RECEIVED INVOICE")
    }
    assert received == paid


def test_terms_of_invoices_are_those_of_the_contract() -> None:
    terms = {row.label: row.cells["Terms"].number for row in note("dc-clients").of(RowKind.CLIENT)}
    assert all(row.integer("terms_days") == terms[row.cells["client"]] for row in rows("invoices.csv"))


def test_clients_are_invented_people_at_example_com() -> None:
    assert all(row.cells["client_email"].endswith("@example.com") for row in rows("bookings.csv"))


def test_what_capital_options_cite_stands_in_the_note() -> None:
    for row in rows("capital.csv"):
        cited = row.cells["source"]
        if cited.startswith("handoffs/"):
            name, _, line = cited.partition(" line ")
            lines = (DEMO / name).read_text().splitlines()
            assert lines[int(line) - 1].strip()
