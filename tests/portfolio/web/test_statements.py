"""Pages of statements: what they show, where each figure leads, what they refuse, in a fixed number of queries."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portfolio.models import Account, Budget
from portfolio.web import statements
from tests.factories.portfolio import EntityFactory
from tests.portfolio.web.conftest import NOVEMBER, World, post

ONE = "/portfolio/entities/qos/statements/"
ALL = "/portfolio/statements/"
FORMS = ("trial-balance", "income", "balance-sheet", "cash-flow")


def text(html: bytes) -> str:
    """Return the words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.decode())).split())


@pytest.mark.once
@pytest.mark.parametrize("root", [ONE, ALL], ids=["one", "all"])
def test_every_statement_has_a_page_and_the_hub_leads_to_it(world: World, root: str) -> None:
    client = world.client("reader" if root == ONE else "owner")
    hub = client.get(root).content.decode()
    for form in FORMS:
        assert f'href="{root}{form}/' in hub
        page = client.get(f"{root}{form}/?from=2026-10&to=2026-11&by=month&compare=previous")
        assert page.status_code == 200
        assert "Prepared from the books as of" in text(page.content)


@pytest.mark.once
def test_each_figure_on_a_page_leads_to_postings_that_add_up_to_it(world: World) -> None:
    client = world.client("owner")
    for root in (ONE, ALL):
        for form in FORMS:
            page = client.get(f"{root}{form}/?by=quarter").content.decode()
            links = re.findall(r'<a href="(/portfolio/[^"]*/postings/[^"]*)">([^<]+)</a>', page)
            assert links
            for url, shown in links[:: max(1, len(links) // 5)]:
                behind = client.get(unescape(url))
                assert behind.status_code == 200
                assert behind.context["even"]
                amount = behind.context["added"]
                assert shown.replace("−", "-").replace(",", "") == f"{amount / 100:.2f}"


@pytest.mark.once
def test_an_account_over_months_shows_the_balance_after_each_posting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = world.mine.accounts["1010"]
    client = world.client("reader")
    page = client.get(f"/portfolio/accounts/{account.pk}/?from=2026-10&to=2026-11")
    assert [(row["amount"], row["held"]) for row in page.context["rows"]] == [
        (500_000, 500_000), (-118_000, 382_000), (210_000, 592_000),
    ]  # fmt: skip
    assert page.context["added"] == page.context["figure"].amount_minor == 592_000
    november = client.get(f"/portfolio/accounts/{account.pk}/?from=2026-11&to=2026-11").context
    assert (november["opening"], november["added"], november["rows"][0]["held"]) == (
        382_000,
        210_000,
        592_000,
    )
    monkeypatch.setattr(statements, "ROWS_A_PAGE", 2)
    second = client.get(f"/portfolio/accounts/{account.pk}/?from=2026-10&to=2026-11&page=2").context
    assert [(row["amount"], row["held"]) for row in second["rows"]] == [(210_000, 592_000)]
    assert second["added"] == 592_000
    assert client.get(f"/portfolio/accounts/{account.pk}/?from=nonsense").status_code == 422
    theirs = world.other.accounts["1010"]
    assert client.get(f"/portfolio/accounts/{theirs.pk}/?from=2026-10").status_code == 404


@pytest.mark.once
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-11&to=2026-10", "Nov 2026 comes after Oct 2026; swap the two"),
        ("from=9999-01", "January 2000 to December 2099"),
        ("to=1999-12", "January 2000 to December 2099"),
        ("from=%00", "is not a month"),
        ("from=2026-13", "is not a month"),
        ("from=" + "9" * 5000, "is not a month"),
        ("from=%ED%A0%80", "is not a month"),
        ("by=week", "Columns are by total, month, quarter or entity"),
        ("by=entity", "One entity alone has no columns by entity"),
        ("compare=never", "compared with the previous period"),
        ("budget=maybe", "Budget columns are asked for by 1"),
        ("format=docx", "sent as xlsx, csv, pdf or json"),
        ("from=2000-01&to=2026-11&by=month", "323 columns, and 60 are shown at most"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_form_is_kept(world: World, query: str, said: str) -> None:
    page = world.client("owner").get(f"{ONE}income/?{query}")
    assert page.status_code == 422
    assert said in text(page.content)
    assert 'name="from"' in page.content.decode()
    if "budget" not in query and "by=entity" not in query:
        assert world.client("owner").get(
            f"{ONE}income/postings/?{query}&line=result&column=0"
        ).status_code in (
            200 if "format" in query else 404,
            404,
        )


@pytest.mark.once
def test_budgets_stand_on_the_income_statement_alone(world: World) -> None:
    accounts = Account.objects.filter(entity=world.mine.entity)
    Budget.objects.create(account=accounts.get(code="4000"), month=NOVEMBER, amount_minor=200_000)
    Budget.objects.create(account=accounts.get(code="6200"), month=NOVEMBER, amount_minor=64_000)
    client = world.client("owner")
    page = text(client.get(f"{ONE}income/?from=2026-11&budget=1").content)
    assert "4000 Sales 2,100.00 2,000.00 +100.00 +5.0 %" in page
    assert "6200 Insurance – 640.00 −640.00 −100.0 %" in page
    assert "Result 2,100.00 1,360.00 +740.00 +54.4 %" in page
    refused = client.get(f"{ONE}cash-flow/?budget=1")
    assert refused.status_code == 422
    assert "the income statement shows them" in text(refused.content)


@pytest.mark.once
def test_together_means_the_entities_a_person_sees(world: World) -> None:
    reader, owner = world.client("reader"), world.client("owner")
    assert "jada" not in reader.get(f"{ALL}income/").content.decode()
    told = reader.get(f"{ALL}income/?entity=jada")
    assert told.status_code == 422
    assert "You see no entity called 'jada'" in text(told.content)
    assert reader.get(f"/portfolio/entities/{world.other.entity.slug}/statements/income/").status_code == 404
    one = owner.get(f"{ALL}income/?entity=qos").content
    assert "1 entity" not in text(one)
    EntityFactory(slug="mx", currency="MXN")
    assert owner.get(f"{ALL}income/").status_code == 200
    mixed = owner.get(f"{ALL}income/?entity=qos&entity=mx")
    assert mixed.status_code == 422
    assert "do not add up" in text(mixed.content)


@pytest.mark.once
def test_a_file_is_named_after_what_it_holds(world: World) -> None:
    client = world.client("reader")
    for kind in ("xlsx", "csv", "pdf", "json"):
        answer = client.get(f"{ONE}balance-sheet/?from=2026-10&to=2026-11&format={kind}")
        name = f"qos-balance-sheet-2026-10-to-2026-11.{kind}"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.content


def test_queries_do_not_grow_with_entries_months_or_entities(world: World) -> None:
    client = world.client("owner")
    account = world.mine.accounts["1010"].pk
    addresses = {
        f"{ONE}income/?by=month": 10,
        f"{ALL}balance-sheet/?by=entity": 10,
        f"{ONE}trial-balance/postings/?line=1010&column=3": 13,
        f"/portfolio/accounts/{account}/?to=2026-11": 10,
    }
    for more in range(2):
        if more:
            for number in range(60):
                day = dt.date(2026, 10, 1) + dt.timedelta(days=number % 28)
                post(world.mine, "6100", "1010", 1_000 + number, day, f"Fee {number}")
            EntityFactory.create_batch(5)
        asked = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            asked[address] = len(queries)
        assert asked == addresses
