"""The chart of accounts and an account's month: who changes what, and a balance that runs over the pages."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError
from django.urls import reverse

from portfolio.models import Account
from tests.portfolio.web.conftest import OCTOBER, World, post


def test_the_balance_runs_over_the_pages(world: World) -> None:
    account = world.mine.accounts["1010"]
    for number in range(60):
        post(world.mine, "1010", "4000", 100 + number, dt.date(2026, 10, 20), f"Sale {number}")
    client = world.client("reader")
    url = reverse("portfolio:account_month", args=[account.pk, OCTOBER])

    first, second = client.get(url).context, client.get(f"{url}?page=2").context

    assert first["page_opening"] == 0
    assert first["page_closing"] == second["page_opening"] == 500_000 - 118_000 + sum(range(100, 148))
    assert second["page_closing"] == second["balance"].closing_minor
    assert [held for _, held in second["lines"]][-1] == second["balance"].closing_minor


def test_a_page_of_an_account_takes_the_same_queries_however_many_postings(
    world: World, django_assert_num_queries: Any
) -> None:
    client = world.client("reader")
    url = reverse("portfolio:account_month", args=[world.mine.accounts["4000"].pk, OCTOBER])
    post(world.mine, "1010", "4000", 100, dt.date(2026, 10, 20), "Sale")
    client.get(url)
    with django_assert_num_queries(9):
        client.get(url)
    for number in range(60):
        post(world.mine, "1010", "4000", 100, dt.date(2026, 10, 20), f"Sale {number}")
    with django_assert_num_queries(9):
        client.get(url)


def test_the_owner_adds_renames_and_retires_an_account(world: World) -> None:
    client, slug = world.client("owner"), world.mine.entity.slug
    add = reverse("portfolio:add_account", args=[slug])
    new = {
        "code": "6150",
        "name": " Mooring  fees ",
        "kind": "expense",
        "role": "fixed_cost",
        "currency": "EUR",  # Nobody is asked for it.
    }
    assert client.post(add, new).status_code == 302
    account = Account.objects.get(entity=world.mine.entity, code="6150")
    assert (account.name, account.currency) == ("Mooring fees", "USD")
    assert "Mooring fees" in client.get(reverse("portfolio:chart", args=[slug])).content.decode()
    change = reverse("portfolio:change_account", args=[account.pk])
    assert client.post(change, {"name": "Mooring"}).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.active) == ("Mooring", False)

    for wrong, words in (
        ({}, "has an account 6150 already"),
        ({"code": "6 1"}, "up to ten letters"),
        ({"code": "6151", "role": "cash"}, "An account of this kind is for one of"),
        ({"code": "6151", "name": " "}, "required"),
    ):
        answer = client.post(add, new | wrong)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    cash = reverse("portfolio:change_account", args=[world.mine.accounts["1010"].pk])
    answer = client.post(cash, {"name": "Bank"})
    assert answer.status_code == 422
    assert "holds $5,920.00; move that to another account first" in answer.content.decode()
    assert world.client("bookkeeper").get(change).status_code == 403


def test_an_account_with_postings_keeps_its_kind(world: World) -> None:
    with pytest.raises(IntegrityError):
        Account.objects.filter(pk=world.mine.accounts["1010"].pk).update(kind="expense", role="fixed_cost")
