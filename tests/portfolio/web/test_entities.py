"""The books on the portfolio's pages: what they say is what the ledger holds, in a fixed number of queries."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db.models import Sum
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.money import format_minor
from portfolio.domain import ledger, pages
from portfolio.models import MonthlyBalance, Period, PeriodState, Posting
from tests.factories import people
from tests.factories.portfolio import EntityFactory, HandoffFileFactory
from tests.portfolio.web.conftest import AS_OF, AT, NOVEMBER, OCTOBER, World, everything, post


def cells_of(page: str, name: str) -> list[str]:
    """Return the texts of the cells of the table row that a name heads."""
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{name}</a></th>" in row]
    return [
        unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
    ]


def test_the_list_shows_cash_revenue_last_import_and_state(world: World) -> None:
    Period.objects.create(
        entity=world.mine.entity,
        month=OCTOBER,
        state=PeriodState.RECONCILED,
        statement_minor=382_000,
        reconciled_at=AT,
    )

    page = world.client("owner").get("/portfolio/").content.decode()

    assert cells_of(page, "Queen") == ["$5,920", "$0", "$2,100", "9 Nov 2026", "Oct 2026 reconciled"]
    assert cells_of(page, "Jazz") == ["$5,920", "$0", "$2,100", "9 Nov 2026", "No month reconciled"]


def test_the_list_adds_up(world: World) -> None:
    rows = world.client("owner").get("/portfolio/").context["rows"]
    total = world.client("owner").get("/portfolio/").context["total"]

    assert total["cash"] == sum(row.cash_minor for row in rows) == 1_184_000
    assert world.client("reader").get("/portfolio/").context["total"] is None


def test_unlike_currencies_are_not_added(world: World) -> None:
    EntityFactory(slug="mx", currency="MXN")

    assert world.client("owner").get("/portfolio/").context["total"] is None


def test_what_is_dated_after_the_pages_date_is_not_in_its_cash(world: World) -> None:
    post(world.mine, "6100", "1010", 50_000, AS_OF + dt.timedelta(days=1), "Tomorrow")

    (row,) = pages.entity_rows(ids=[world.mine.entity.pk], as_of=AS_OF)

    assert row.cash_minor == 592_000
    assert row.last_entry_on == dt.date(2026, 11, 9)


def test_an_empty_portfolio_says_so(client: Client, db: None) -> None:
    from_nobody = EntityFactory(active=False)
    client.force_login(people.owner())

    page = client.get("/portfolio/").content.decode()

    assert "No entity yet" in page
    assert from_nobody.name not in page


def test_the_list_takes_the_same_queries_however_many(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client = world.client("owner")
    with django_assert_num_queries(11):
        client.get("/portfolio/")
    for number in range(3):
        everything(f"more-{number}", f"More {number}")
    with django_assert_num_queries(11):
        client.get("/portfolio/")


def test_an_entitys_page_takes_the_same_queries_however_full(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client, path = world.client("owner"), "/portfolio/entities/qos/"
    with django_assert_num_queries(28):
        client.get(path)
    for number in range(20):
        post(world.mine, "6200", "1010", 100 + number, dt.date(2026, 9, 1 + number), f"Entry {number}")
    with django_assert_num_queries(28):
        client.get(path)


def test_an_entitys_page_shows_each_record_with_its_source(world: World) -> None:
    page = world.client("owner").get("/portfolio/entities/qos/").content.decode()

    for words in (
        "Queen partner, 20 %",
        "Drafted, unsigned",
        "Queen Sailo",
        "photos",
        "7 %",
        "Queen client",
        "Undefined",
        "Queen operations lead",
        "Not handed over",
        "Queen sloop",
        "$96,000",
        "Queen enquiries",
        "11 per month",
        "qos.md line 17",
        "Not tracked",
        "Queen charter model",
        "$2,100.00",
        "Queen charter paid",
        "to 9 Nov 2026",
        'Nov 2026</dt><dd class="number">$10,000 revenue',
        "Queen list it",
        "KPIs, line 17",
    ):
        assert words in page, words


def test_balances_by_month_have_the_accounts_own_sense(world: World) -> None:
    groups = pages.account_groups(entity=world.mine.entity, as_of=AS_OF, count=2)

    shown = {line.code: [cell.shown_minor for cell in line.cells] for group in groups for line in group.lines}
    assert shown == {
        "1010": [382_000, 592_000],
        "3000": [500_000, 500_000],
        "4000": [0, 210_000],
        "6100": [118_000, 0],
    }


def test_months_before_those_shown_are_in_the_balance(world: World) -> None:
    groups = pages.account_groups(entity=world.mine.entity, as_of=AS_OF, count=1)

    shown = {line.code: line.cells[0].shown_minor for group in groups for line in group.lines}
    assert shown == {"1010": 592_000, "3000": 500_000, "4000": 210_000, "6100": 0}


@pytest.mark.parametrize(
    ("asked", "shown"), [("", 6), ("?months=13", 13), ("?months=1000000", 6), ("?months=x", 6)]
)
def test_six_months_are_shown_or_thirteen(world: World, asked: str, shown: int) -> None:
    assert len(world.client("owner").get(f"/portfolio/entities/qos/{asked}").context["months"]) == shown


def test_an_accounts_month_adds_up_to_its_balance_over_all_its_pages(world: World) -> None:
    account = world.mine.accounts["6200"]
    for number in range(120):
        post(
            world.mine,
            "6200",
            "1010",
            1_000 + 7 * number,
            dt.date(2026, 10, 1 + number % 31),
            f"Premium {number}",
        )
    post(world.mine, "6200", "1010", 999, dt.date(2026, 9, 30), "The month before")
    client, path = world.client("reader"), f"/portfolio/accounts/{account.pk}/2026-10/"

    total, seen = 0, set()
    for number in (1, 2, 3):
        context = client.get(f"{path}?page={number}").context
        for posting in context["page_obj"].object_list:
            total += posting.amount_minor
            seen.add(posting.pk)

    balance = context["balance"]
    kept = MonthlyBalance.objects.get(account=account, month=OCTOBER)
    assert len(seen) == 120
    assert total == balance.moved_minor == kept.debit_minor - kept.credit_minor
    assert (balance.opening_minor, balance.closing_minor) == (999, 999 + total)
    assert (
        Posting.objects.filter(account=account).aggregate(sum=Sum("amount_minor"))["sum"]
        == balance.closing_minor
    )
    assert format_minor(total) in client.get(path).content.decode()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(st.integers(min_value=-(10**9), max_value=10**9).filter(bool), min_size=1, max_size=6)
)
def test_opening_and_movement_always_make_the_closing_balance(world: World, amounts: list[int]) -> None:
    account = world.mine.accounts["1010"]
    for number, amount in enumerate(amounts):
        debit, credit = ("1010", "3000") if amount > 0 else ("3000", "1010")
        post(world.mine, debit, credit, abs(amount), dt.date(2026, 7 + number % 5, 3), "Moved")

    held = 0
    for month in range(2026 * 12, NOVEMBER + 1):
        shown = pages.account_month(account=account, month=month)
        assert shown.opening_minor == held
        assert shown.moved_minor == sum(
            posting.amount_minor for posting in pages.account_postings(account=account, month=month)
        )
        held = shown.closing_minor
    assert held == Posting.objects.filter(account=account).aggregate(sum=Sum("amount_minor"))["sum"]


def test_an_accounts_page_takes_the_same_queries_however_long(
    world: World, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    client, path = world.client("owner"), f"/portfolio/accounts/{world.mine.accounts['6100'].pk}/2026-10/"
    with django_assert_num_queries(9):
        client.get(path)
    for number in range(20):
        post(world.mine, "6100", "1010", 100 + number, dt.date(2026, 10, 1 + number), f"Entry {number}")
    with django_assert_num_queries(9):
        client.get(path)


def test_an_account_without_a_month_leads_to_the_newest_it_moved_in(world: World) -> None:
    client = world.client("reader")
    dockage, unused = world.mine.accounts["6100"], world.mine.accounts["6750"]

    assert (
        client.get(f"/portfolio/accounts/{dockage.pk}/")
        .headers["Location"]
        .endswith(f"/{dockage.pk}/2026-10/")
    )
    assert (
        client.get(f"/portfolio/accounts/{unused.pk}/").headers["Location"].endswith(f"/{unused.pk}/2026-11/")
    )
    assert (
        "Nothing moved in this month"
        in client.get(f"/portfolio/accounts/{unused.pk}/", follow=True).content.decode()
    )


def test_an_entrys_page_shows_postings_source_line_booking_and_trail(world: World) -> None:
    page = world.client("reader").get(f"/portfolio/entries/{world.mine.entry.pk}/").content.decode()

    for words in (
        "1010 Operating checking",
        "4000 Sales",
        "$2,100.00",
        "qos.csv line 3",
        world.mine.booking.reference,
    ):
        assert words in page, words
    assert f"/portfolio/imports/{world.mine.file.pk}/" in page
    assert "Audit trail" in page
    assert "Reverse</a>" not in page


def test_an_entry_and_its_reversal_link_to_each_other(world: World) -> None:
    client = world.client("bookkeeper")
    first = f"/portfolio/entries/{world.mine.entry.pk}/"

    answer = client.post(f"{first}reverse/", {"on": "2026-11-10", "reason": "Paid twice"})
    assert (answer.status_code, answer.headers["Location"]) == (302, first)

    reversal = world.mine.entry.reversed_by.get()
    assert [(p.account.code, p.amount_minor) for p in reversal.postings.all()] == [
        ("1010", -210_000),
        ("4000", 210_000),
    ]
    assert f"/portfolio/entries/{reversal.pk}/" in client.get(first).content.decode()
    page = client.get(f"/portfolio/entries/{reversal.pk}/").content.decode()
    assert "This is a reversal" in page
    assert "Paid twice" in page


def test_an_entry_is_reversed_once(world: World) -> None:
    ledger.reverse(entry=world.mine.entry, on=AS_OF, reason="Paid twice", by=None, at=AT)

    answer = world.client("bookkeeper").post(
        f"/portfolio/entries/{world.mine.entry.pk}/reverse/", {"on": "2026-11-10", "reason": "Again"}
    )

    assert answer.status_code == 422
    assert "is reversed already" in answer.content.decode()


def test_the_list_of_entries_takes_the_same_queries_however_long(
    world: World, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    client, path = world.client("owner"), "/portfolio/entities/qos/entries/"
    with django_assert_num_queries(7):
        client.get(path)
    for number in range(60):
        post(world.mine, "6200", "1010", 100 + number, dt.date(2026, 9, 1 + number % 30), f"Entry {number}")
    with django_assert_num_queries(7):
        answer = client.get(path)
    assert [row.amount_minor for row in answer.context["page_obj"].object_list[:3]] == [
        210_000,
        118_000,
        500_000,
    ]
    assert "1–50 of 63 entries" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999999999999", "%00", "1e9"])
def test_an_odd_page_number_is_some_page(world: World, page: str) -> None:
    assert world.client("owner").get(f"/portfolio/entities/qos/entries/?page={page}").status_code == 200


def test_a_handoff_note_is_shown_row_by_row_with_its_lines(world: World) -> None:
    page = world.client("reader").get("/portfolio/entities/qos/handoff/").content.decode()

    assert re.search(r"Queen enquiries\s*</th>\s*<td class=\"num\" data-label=\"Line\">17</td>", page)
    assert re.search(r"Queen keys.*?data-label=\"Line\">60</td>", page, re.DOTALL)
    assert "11 per month" in page


def test_only_the_current_note_is_shown(world: World) -> None:
    HandoffFileFactory(entity=world.mine.entity, name="older.md", current=False)

    answer = world.client("reader").get("/portfolio/entities/qos/handoff/")

    assert answer.context["file"] == world.mine.handoff
    assert "older.md" in answer.content.decode()


def test_an_entity_without_a_note_has_no_note_page(world: World) -> None:
    EntityFactory(slug="bare", name="Bare")
    client = world.client("owner")

    assert client.get("/portfolio/entities/bare/handoff/").status_code == 404
    page = client.get("/portfolio/entities/bare/").content.decode()
    assert page.count("empty__title") == 11
