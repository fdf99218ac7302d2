"""Statements equal a brute-force sum of postings, and prove themselves, whatever was posted."""

import datetime as dt
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from core import months
from portfolio.domain import ledger, statements
from portfolio.domain.statement_columns import Asked, Form
from portfolio.domain.statement_parts import EmptyPeriodError, UnlikeCurrenciesError
from portfolio.domain.statement_views import Statement
from portfolio.models import Entity, EntrySource, Posting
from portfolio.models.account import CASH_ROLES
from tests.portfolio.conftest import AT, Books, open_books

SEP, OCT, NOV = (months.parse(text) for text in ("2026-09", "2026-10", "2026-11"))


def day(month: int, number: int = 15) -> dt.date:
    """Return a date of a month."""
    return months.first_day(month).replace(day=number)


def a_small_year(books: Books) -> None:
    """Post an opening, sales through the card processor, costs, a loan and a purchase."""
    books.post("1010", "3000", 1_000_00, on=day(SEP, 1))
    books.post("1050", "2100", 500_00, on=day(SEP, 20))
    books.post("5600", "1050", 15_00, on=day(SEP, 20))
    books.post("1010", "1050", 485_00, on=day(SEP, 22))
    books.post("2100", "4000", 500_00, on=day(OCT, 3))
    books.post("5100", "1010", 120_00, on=day(OCT, 4))
    books.post("6100", "1010", 300_00, on=day(OCT, 5))
    books.post("6900", "1010", 7_00, on=day(OCT, 6))
    books.post("1500", "1010", 250_00, on=day(OCT, 7))
    books.post("1010", "2500", 100_00, on=day(OCT, 8))
    books.post("1200", "4000", 80_00, on=day(OCT, 9))


def test_income_statement_by_month(books: Books) -> None:
    a_small_year(books)
    found = statements.Books(entities=[books.entity], columns=statements.by_month(SEP, NOV)).income()
    assert [column.first for column in found.columns] == [SEP, OCT, NOV]
    assert [(row.code, row.amounts) for row in found.revenue.rows] == [("4000", (0, 580_00, 0))]
    assert [(row.code, row.amounts) for row in found.direct_cost.rows] == [
        ("5100", (0, 120_00, 0)),
        ("5600", (15_00, 0, 0)),
    ]
    assert found.fixed_cost.totals == (0, 300_00, 0)
    assert found.uncategorised.totals == (0, -7_00, 0)
    assert found.margin == (-15_00, 460_00, 0)
    assert found.result == (-15_00, 153_00, 0)


def test_other_income_interest_depreciation_and_tax_stand_below_the_operating_result(books: Books) -> None:
    a_small_year(books)
    plain = Statement(entities=[books.entity], asked=Asked(Form.INCOME, OCT, OCT))
    assert [made.line.key for made in plain.lines if made.line.key in ("operating", "result")] == ["result"]
    books.post("1010", "7000", 40_00, on=day(OCT))
    books.post("7100", "1010", 9_00, on=day(OCT))
    books.post("7200", "1590", 25_00, on=day(OCT))
    books.post("7900", "2080", 5_00, on=day(OCT))
    books.post("1400", "1010", 60_00, on=day(OCT))
    asked = Asked(Form.INCOME, OCT, OCT)
    shown = [
        (made.line.label, made.line.cells[0])
        for made in Statement(entities=[books.entity], asked=asked).lines
        if made.line.cells
    ]
    assert shown[shown.index(("Operating result", 153_00)) :] == [
        ("Operating result", 153_00),
        ("Other income", 40_00),
        ("Total other income", 40_00),
        ("Interest expense", 9_00),
        ("Total interest expense", 9_00),
        ("Depreciation", 25_00),
        ("Total depreciation", 25_00),
        ("Income tax", 5_00),
        ("Total income tax", 5_00),
        ("Result", 154_00),
    ]
    read = statements.Books(
        entities=[books.entity], columns=statements.by_month(OCT, OCT), also=statements.Measure.CASH
    )
    found, cash = read.income(), read.cash()
    assert (found.operating, found.result) == ((153_00,), (154_00,))
    operating = {row.code: row.amounts[0] for row in cash.operating.rows}
    assert (operating["7000"], operating["7100"], operating["1400"]) == (40_00, -9_00, -60_00)
    assert not {"7200", "7900", "2080"} & operating.keys()
    assert [row.code for row in cash.investing.rows] == ["1500"]
    assert read.balance().retained == (139_00,)


def test_balance_sheet_balances_with_earnings_in_equity(books: Books) -> None:
    a_small_year(books)
    found = statements.Books(entities=[books.entity], columns=statements.by_month(SEP, OCT)).balance()
    assert [(row.code, row.amounts) for row in found.assets.rows] == [
        ("1010", (1_485_00, 908_00)),
        ("1200", (0, 80_00)),
        ("1500", (0, 250_00)),
    ]
    assert [(row.code, row.amounts) for row in found.liabilities.rows] == [
        ("2100", (500_00, 0)),
        ("2500", (0, 100_00)),
    ]
    assert found.retained == (-15_00, 138_00)
    assert found.assets.totals == (1_485_00, 1_238_00)


def test_cash_flow_tells_operating_investing_and_financing_apart(books: Books) -> None:
    a_small_year(books)
    found = statements.Books(
        entities=[books.entity], columns=statements.by_month(OCT, NOV), also=statements.Measure.CASH
    ).cash()
    assert found.opening == (1_485_00, 908_00)
    assert found.operating.totals == (-427_00, 0)
    assert found.investing.totals == (-250_00, 0)
    assert found.financing.totals == (100_00, 0)
    assert found.change == (-577_00, 0)
    assert found.closing == (908_00, 908_00)
    september = statements.Books(
        entities=[books.entity], columns=statements.by_month(SEP, SEP), also=statements.Measure.CASH
    ).cash()
    assert [(row.code, row.amounts) for row in september.operating.rows] == [
        ("2100", (500_00,)),
        ("5600", (-15_00,)),
    ]


def test_trial_balance_stands_on_both_sides(books: Books) -> None:
    a_small_year(books)
    found = statements.Books(entities=[books.entity], columns=statements.by_month(SEP, SEP)).trial()
    assert [(row.code, row.debit_minor, row.credit_minor) for row in found.rows] == [
        ("1010", 1_485_00, 0),
        ("2100", 0, 500_00),
        ("3000", 0, 1_000_00),
        ("5600", 15_00, 0),
    ]
    assert (found.debit_minor, found.credit_minor) == (1_500_00, 1_500_00)
    assert found.on == dt.date(2026, 9, 30)


def test_loans_between_entities_are_eliminated_and_an_unmatched_side_stays_visible(
    books: Books, other_books: Books
) -> None:
    books.post("1010", "3000", 900_00, on=day(SEP))
    books.post("1300", "1010", 600_00, on=day(OCT))
    other_books.post("1010", "2300", 600_00, on=day(OCT))
    other_books.post("2300", "1010", 200_00, on=day(NOV))
    both = [books.entity, other_books.entity]
    sheet = statements.Books(
        entities=both, columns=statements.by_month(OCT, NOV, statements.Scope.ELIMINATED)
    ).balance()
    assert [(row.name, row.amounts) for row in sheet.assets.rows] == [
        ("Operating checking", (600_00, 400_00)),
        ("Operating checking", (300_00, 300_00)),
        ("Between the entities, not matched", (0, 200_00)),
    ]
    assert sheet.liabilities.rows == ()
    assert sheet.assets.totals == sheet.equity.totals == (900_00, 900_00)
    flow = statements.Books(
        entities=both,
        columns=statements.by_month(OCT, NOV, statements.Scope.ELIMINATED),
        also=statements.Measure.CASH,
    ).cash()
    assert flow.financing.totals == flow.change == (0, -200_00)
    plain = statements.Books(entities=both, columns=statements.by_month(OCT, OCT)).balance()
    assert (plain.assets.totals, plain.liabilities.totals) == ((1_500_00,), (600_00,))


def test_unlike_currencies_and_empty_periods_are_refused(books: Books) -> None:
    pesos = Entity.objects.create(slug="mx", name="MX", kind="charter", currency="MXN")
    with pytest.raises(UnlikeCurrenciesError, match="MXN and USD do not add up"):
        statements.Books(entities=[books.entity, pesos], columns=statements.by_month(OCT, OCT)).trial()
    with pytest.raises(EmptyPeriodError, match="swap the two"):
        statements.Books(
            entities=[books.entity], columns=statements.by_month(NOV, OCT), also=statements.Measure.CASH
        ).cash()


def test_queries_do_not_grow_with_postings_or_months(
    books: Books, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 30):
        for number in range(count):
            books.post("6100", "1010", 100 + number, on=day(OCT))
        with django_assert_num_queries(2):
            statements.Books(entities=[books.entity], columns=statements.by_month(OCT, OCT + count)).income()


def test_three_statements_of_each_entity_and_of_all_together_come_of_two_queries(
    books: Books, other_books: Books, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_small_year(books)
    books.post("1300", "1010", 600_00, on=day(OCT))
    other_books.post("1010", "2300", 500_00, on=day(OCT))
    other_books.post("6100", "1010", 20_00, on=day(NOV))
    both = [books.entity, other_books.entity]
    with django_assert_num_queries(2):
        group = statements.three(entities=both, first=OCT, last=NOV)
    for entity in both:
        own = group.each[entity.slug]
        assert (
            own.income.result
            == statements.Books(entities=[entity], columns=statements.by_month(OCT, NOV)).income().result
        )
        alone = statements.Books(entities=[entity], columns=statements.by_month(OCT, NOV)).balance()
        assert (own.balance.assets, own.balance.retained) == (alone.assets, alone.retained)
        assert own.trial == statements.Books(entities=[entity], columns=statements.by_month(NOV, NOV)).trial()
    sheet = group.together.balance
    assert sheet.assets.rows[-1].name == "Between the entities, not matched"
    assert sheet.assets.rows[-1].amounts == (100_00, 100_00)
    assert sheet.assets.totals == statements.added(
        [sheet.liabilities.totals, sheet.equity.totals, sheet.retained], 2
    )
    assert group.together.trial.debit_minor == group.together.trial.credit_minor
    nobody = statements.three(entities=[], first=OCT, last=NOV).together
    assert nobody.income.result == (0, 0)


class AnyBooks(TestCase):
    """The proofs hold for random ledgers."""

    def setUp(self) -> None:
        """Open two entities' books."""
        self.books = [open_books(), open_books("qdn", "QuickDumpNow")]

    @settings(max_examples=25)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 1),
                st.integers(SEP - 2, NOV),
                st.lists(
                    st.tuples(
                        st.sampled_from(
                            [
                                "1010",
                                "1050",
                                "1200",
                                "1500",
                                "2100",
                                "2150",
                                "2500",
                                "3100",
                                "4000",
                                "4900",
                                "5100",
                                "6100",
                            ]
                        ),
                        st.integers(-(10**7), 10**7).filter(bool),
                    ),
                    min_size=1,
                    max_size=4,
                ),
            ),
            max_size=12,
        )
    )
    def test_statements_equal_the_postings_and_prove_themselves(
        self, entries: list[tuple[int, int, list[tuple[str, int]]]]
    ) -> None:
        for which, month, amounts in entries:
            books = self.books[which]
            rest = -sum(amount for _, amount in amounts)
            lines = [books.line(code, amount) for code, amount in amounts]
            lines += [books.line("3000", rest)] if rest else []
            if len(lines) >= 2:
                ledger.post(
                    entity=books.entity,
                    on=day(month),
                    memo="Any",
                    lines=lines,
                    source=EntrySource.MANUAL,
                    at=AT,
                )
        self.check([books.entity for books in self.books])

    def check(self, entities: list[Entity]) -> None:
        """Compare all four statements with the postings."""
        net: dict[tuple[str, str], int] = defaultdict(int)
        change: dict[int, int] = defaultdict(int)
        result: dict[int, int] = defaultdict(int)
        for posting in Posting.objects.select_related("account__entity"):
            account = posting.account
            net[account.entity.slug, account.code] += posting.amount_minor
            if account.role in CASH_ROLES:
                change[posting.month] += posting.amount_minor
            if account.kind in ("income", "expense"):
                result[posting.month] -= posting.amount_minor
        trial = statements.Books(entities=entities, columns=statements.by_month(NOV, NOV)).trial()
        assert {(row.entity, row.code): row.debit_minor - row.credit_minor for row in trial.rows} == {
            key: amount for key, amount in net.items() if amount
        }
        assert trial.debit_minor == trial.credit_minor
        flow = statements.Books(
            entities=entities, columns=statements.by_month(SEP, NOV), also=statements.Measure.CASH
        ).cash()
        assert flow.change == tuple(change[month] for month in (SEP, OCT, NOV))
        sections = (flow.operating.totals, flow.investing.totals, flow.financing.totals)
        assert flow.change == statements.added(sections, 3)
        assert flow.closing == statements.added([flow.opening, flow.change], 3)
        income = statements.Books(entities=entities, columns=statements.by_month(SEP, NOV)).income()
        assert income.result == tuple(result[month] for month in (SEP, OCT, NOV))
        sheet = statements.Books(entities=entities, columns=statements.by_month(SEP, NOV)).balance()
        assert sheet.assets.totals == statements.added(
            [sheet.liabilities.totals, sheet.equity.totals, sheet.retained], 3
        )
