"""A figure of postings says in words which of them count."""

import dataclasses
import datetime as dt

import pytest

from core import months
from portfolio.models import Account, Entity
from reports.document import Badge, BooksHead, Figure, PostingsTrace, RowsTrace, Unit
from reports.domain import trace
from reports.domain.trace import Explanation

pytestmark = [pytest.mark.django_db, pytest.mark.once]

OCTOBER = months.parse("2026-10")


def told(entity: Entity, given: PostingsTrace | RowsTrace) -> dict[str, str]:
    figure = Figure("revenue.qos", "revenue", "Revenue", Unit.MONEY, 0, Badge.MEASURED, given)
    heads = (BooksHead(entity.pk, entity.slug, 12, "ab"),)
    return dict(trace.filters(Explanation(figure, None, 0, 0, True, books=heads)))


def test_the_words_name_accounts_months_days_sides_and_how_far_the_books_went(qos: Entity) -> None:
    account = Account.objects.create(
        entity=qos, code="4999", name="Charter revenue", kind="income", role="revenue"
    )
    plain = PostingsTrace((account.pk,), OCTOBER, OCTOBER + 1, until=dt.date(2026, 10, 31), sign=-1)

    assert told(qos, plain) == {
        "Accounts": "qos 4999 Charter revenue",
        "Months": "Oct 2026",
        "Days": "up to 31 Oct 2026",
        "Sign": "credits positive",
        "Last entry": "qos 12",
    }
    narrow = dataclasses.replace(
        plain,
        first_month=OCTOBER - 2,
        since=dt.date(2026, 8, 5),
        cash_only=True,
        side="debit",
        bookings=(7,),
    )
    assert told(qos, narrow) == {
        "Accounts": "qos 4999 Charter revenue",
        "Months": "Aug 2026 to Oct 2026",
        "Days": "from 5 Aug 2026 up to 31 Oct 2026",
        "Entries": "those that move cash; an inflow is positive",
        "Side": "debits only",
        "Bookings": "postings of 1 booking",
        "Last entry": "qos 12",
    }
    assert told(qos, RowsTrace(())) == {}
