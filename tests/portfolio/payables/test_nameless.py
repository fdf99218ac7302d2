"""What the bank paid to contractors without naming a vendor is shown apart."""

import datetime as dt

import pytest

from portfolio.domain import cards, ledger, rules
from portfolio.domain.payables import nameless
from tests.portfolio.conftest import AT, Books
from tests.portfolio.web.conftest import World, account_of, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db


def test_only_what_cash_paid_and_still_stands_is_nameless(books: Books) -> None:
    books.post("6500", "1010", 700_00, on=dt.date(2026, 3, 1), memo="ZELLE JO DECKHAND")
    books.post("6500", "2000", 300_00, on=dt.date(2026, 3, 2))
    books.post("6500", "1010", 90_00, on=dt.date(2025, 12, 31))
    wrong = books.post("6500", "1010", 50_00, on=dt.date(2026, 3, 3))
    ledger.reverse(entry=wrong, on=wrong.on, reason="Not a contractor", by=None, at=AT)
    found = nameless.paid(entity=books.entity, year=2026)
    assert [(row.entry.memo, row.amount_minor) for row in found] == [("ZELLE JO DECKHAND", 700_00)]
    assert nameless.years(entity=books.entity) == [2025, 2026]


def test_what_a_rule_moved_there_counts_unless_a_card_paid_it(books: Books) -> None:
    cards.say(account=books.accounts["2500"], card=True, by=None, at=AT)
    for paid_from, words in (("1010", "ZELLE JO"), ("2500", "CARD JO")):
        first = books.post("6900", paid_from, 70_00, on=dt.date(2026, 3, 1), memo=words)
        draft = rules.moving(entry=first, to=books.accounts["6500"], on=first.on)
        ledger.post_many(entity=books.entity, drafts=[draft], at=AT)
    assert [row.entry.memo for row in nameless.paid(entity=books.entity, year=2026)] == [
        "Categorised: ZELLE JO"
    ]
    assert nameless.years(entity=books.entity) == [2026]


def test_the_page_of_contractors_names_them(world: World) -> None:  # noqa: F811
    path = "/portfolio/entities/qos/payables/contractors/"
    assert "without a vendor" not in world.client("reader").get(path).content.decode()
    contractors, bank = account_of(world.mine, "6500"), account_of(world.mine, "1010")
    Books(world.mine.entity, {"6500": contractors, "1010": bank}).post(
        "6500", "1010", 700_00, memo="ZELLE JO"
    )
    page = world.client("reader").get(path).content.decode()
    assert "$700.00 went from the bank to the contractors" in page
    assert "ZELLE JO" in page
