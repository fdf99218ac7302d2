"""The accountant's report over the sample: its facts, its proofs, and what it says where records are missing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from portfolio.domain import statements
from portfolio.domain.receivables import ageing
from portfolio.domain.statement_parts import BalanceSheet, CashFlow, IncomeStatement
from portfolio.models import Account, Booking, BookingStage, Entity, Period, PeriodState, PlanMilestone
from reports.document import Document, Table, Unit
from reports.domain import trace
from reports.lenses import LENSES
from reports.metrics import Desk, Facts
from reports.metrics.milestones import standing
from reports.render import charts, html_mail
from tests.factories.portfolio import EntityFactory
from tests.portfolio.conftest import Books
from tests.reports.sample_case import AS_OF, OCTOBER, draft, figure, first_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]

LENS = "accounting"


@pytest.fixture
def edition(sample: None) -> Document:
    return first_edition(LENS)


def tables(document: Document, anchor: str) -> list[Table]:
    section = next(section for section in document.sections if section.anchor == anchor)
    return [block for block in section.blocks if isinstance(block, Table)]


class TestFacts:
    """What an accountant is to find in the sample."""

    def test_four_milestones_lead_to_break_even_through_the_first_quarter_of_2027(
        self, edition: Document
    ) -> None:
        rows = tables(edition, "milestones")[0].rows
        assert [(row.cells[0].text, row.cells[4].text, row.cells[5].text) for row in rows] == [
            ("A first month reconciled with its bank statement", "Mon 30 Nov 2026", "slipping by 30 days"),
            ("October 2026 closed in all books", "Thu 31 Dec 2026", "ahead"),
            ("Six charters in one month", "Sun 28 Feb 2027", "ahead"),
            ("A first quarter of 2027 that burns nothing", "Wed 31 Mar 2027", "ahead"),
        ]
        assert figure(edition, "milestones_met").value == 0

    def test_the_findings_are_what_the_records_say(self, edition: Document) -> None:
        assert sorted({(row.rule, row.subject.partition(":")[0]) for row in edition.findings}) == [
            ("close-late", "portfolio"),
            ("duplicate-payment", "qos"),
            ("milestone-slipping", "portfolio"),
            ("misused-account", "eyd"),
            ("misused-account", "rental-3028"),
            ("not-reconciled", "portfolio"),
            ("personal-use", "dc"),
            ("receipt-missing", "portfolio"),
        ]

    def test_the_proofs_hold(self, edition: Document) -> None:
        proofs = ("balance_gap", "cash_proof_gap", "held_off", "clearing_residual", "receivables_off")
        found = [entry for entry in edition.figures.values() if entry.metric in proofs]
        assert {entry.metric for entry in found} == set(proofs)
        assert {entry.value for entry in found} <= {0, None}

    def test_two_sides_of_each_trial_balance_are_equal(self, edition: Document) -> None:
        sides = {
            key: entry.value for key, entry in edition.figures.items() if key.endswith(("debits", "credits"))
        }
        assert len(sides) == 2 * 7
        assert all(value == sides[key.replace("debits", "credits")] for key, value in sides.items())

    def test_what_is_held_rolls_forward_from_month_to_month(self, edition: Document) -> None:
        rows = {
            row.cells[0].text: [edition.figures[cell.figure].value for cell in row.cells[1:]]
            for row in tables(edition, "deferred")[0].rows
        }
        assert rows["Open"][1:] == rows["Close"][:-1]
        assert rows["Close"][2] == 240_000
        assert rows["Difference"] == [0, 0, 0, 0]

    def test_nobody_keeps_the_books_yet(self, edition: Document) -> None:
        verdicts = {row.cells[0].text: row.cells[6].text for row in tables(edition, "in-use")[0].rows}
        assert verdicts["QueenofSanDiego"] == "fed, not kept"
        assert verdicts["DangerousCentaur Client Portfolio"] == "not begun"

    def test_every_key_figure_is_of_the_books_and_long_tables_may_be_left_out_of_a_mail(
        self, edition: Document
    ) -> None:
        assert len(edition.kpis) == 10
        assert len(html_mail.render(edition, chart_cid=lambda name: name)) < 100_000
        assert all(table.detail for table in tables(edition, "trial"))
        assert {chart.name for chart in edition.charts} == {
            "result-by-month", "uncategorised-count-twelve-months", "receivables-by-age",
        }  # fmt: skip


def test_statements_and_ageing_equal_their_pages() -> None:
    """No second arithmetic: every line of the report is the line of the page that staff look at."""
    desk = Desk(Facts(as_of=AS_OF), month=OCTOBER)
    entities = list(Entity.objects.order_by("slug"))
    for scope in (*desk.scopes(), desk.all):
        own = [entity for entity in entities if entity.pk in scope.ids]
        columns = statements.by_month(OCTOBER, OCTOBER, statements.Scope.ELIMINATED)
        found = statements.Books(entities=own, columns=columns, also=statements.Measure.CASH)
        if len(own) == 1:
            found = found.only(own[0])
        for key, minor in _lines(found.income(), found.balance(), found.cash()).items():
            assert (desk.get(key, scope).value or 0) == minor, (key, scope.slug)
    for entity in entities:
        for basis, by in ((ageing.BY_DUE, "due"), (ageing.BY_ISSUE, "issued")):
            aged = ageing.age(entity=entity, as_of=AS_OF, basis=basis)
            told = [desk.get(f"{by}_age_{place}", desk.scope(entity.slug)).value for place in range(5)]
            assert told == list(aged.buckets), entity.slug


def _lines(income: IncomeStatement, sheet: BalanceSheet, flow: CashFlow) -> dict[str, int]:
    return {
        "gross_margin": income.margin[0],
        "net_income": income.result[0],
        "assets_total": sheet.assets.totals[0],
        "liabilities_total": sheet.liabilities.totals[0],
        "owners_total": sheet.equity.totals[0],
        "earned_total": sheet.retained[0],
        "investing_cash": flow.investing.totals[0],
        "financing_cash": flow.financing.totals[0],
        "cash_change": flow.change[0],
    }


def test_a_milestone_is_met_by_the_records_and_late_after_its_day() -> None:
    """QueenofSanDiego sailed five charters in July and one in October: a month that once had enough has met it."""
    PlanMilestone.objects.filter(check_name="services_in_month").update(threshold=5)
    PlanMilestone.objects.filter(check_name="months_reconciled").update(due_on=dt.date(2026, 11, 9))
    states = {
        entry.row.check_name: entry.state for entry in standing(Desk(Facts(as_of=AS_OF), month=OCTOBER))
    }
    assert states == {
        "months_reconciled": "late", "month_closed": "ahead", "services_in_month": "met", "net_burn": "ahead",
    }  # fmt: skip


@pytest.mark.parametrize("as_of", [AS_OF, dt.date(2026, 6, 30)])
def test_the_report_of_one_entity_has_no_sisters_to_take_off(as_of: dt.date) -> None:
    document = draft(LENS, entity="jada", as_of=as_of)
    assert not any(key.startswith(("taken_off.", "summed.")) for key in document.figures)
    assert document.head.entities == "JADA"
    assert {row.rule for row in document.findings} >= {"not-reconciled", "close-late"}


def test_a_double_from_before_the_months_under_audit_is_none_of_theirs() -> None:
    entity = Entity.objects.get(slug="qos")
    books = Books(entity, {account.code: account for account in Account.objects.filter(entity=entity)})
    for day in (29, 30):
        books.post("6300", "1010", 77_00, on=dt.date(2026, 7, day), memo="RIGGER")
    assert figure(draft(LENS), "duplicate_candidates").value == 1
    books.post("6300", "1010", 77_00, on=dt.date(2026, 8, 1), memo="RIGGER")
    assert figure(draft(LENS), "duplicate_candidates").value == 2


def test_months_opened_again_are_told_the_newest_first() -> None:
    entity, why = Entity.objects.get(slug="qos"), "A bill came late"
    for month in (OCTOBER - 3, OCTOBER - 5, OCTOBER - 4):
        Period.objects.update_or_create(
            entity=entity, month=month, defaults={"state": PeriodState.OPEN, "reopen_reason": why}
        )
    told = [row.month for row in Facts(as_of=AS_OF).closes if row.reopen_reason == why]
    assert told == [OCTOBER - 3, OCTOBER - 4, OCTOBER - 5]


def test_accounts_of_one_code_under_two_names_are_two_lines() -> None:
    Account.objects.filter(entity__slug="jada", code="5100").update(name="Players")
    figures = draft(LENS).figures
    crew = [
        entry.value or 0
        for key, entry in figures.items()
        if key.startswith("expense.5100") and key.endswith("2026-10")
    ]
    assert len(crew) == 2
    assert sum(crew) == 423_000
    for key in [key for key in figures if key.startswith("trial.") and key.endswith("debits")]:
        assert figures[key].value == figures[key.replace("debits", "credits")].value


def test_an_empty_portfolio_says_what_is_missing_and_never_nought() -> None:
    EntityFactory(slug="new", name="New books", kind="charter")
    document = draft(LENS, entity="new")
    missing = figure(document, "net_income", "New books")
    assert (missing.value, missing.missing) == (None, "not tracked: its books have no entries")
    assert figure(document, "reconciled_share", "New books").missing == "n/a: no bank line of the month"
    assert all(entry.value is None for entry in document.figures.values() if entry.metric == "close_lag")
    assert document.findings == ()


def test_the_report_takes_the_same_queries_however_many_records() -> None:
    with CaptureQueriesContext(connection) as caught:
        LENSES[LENS](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    assert len(caught) == 19
    qos = Entity.objects.get(slug="qos")
    Booking.objects.bulk_create(
        Booking(
            entity=qos, reference=f"MANY-{number}", title="One of many", kind="charter", stage=BookingStage.COMPLETED,
            completed_on=AS_OF, service_on=AS_OF, price_minor=100_00,
        )
        for number in range(25)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as caught:
        document = LENSES[LENS](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    assert len(caught) == 19
    assert sum(note.rule == "event-without-invoice" for note in document.findings) == 25


@pytest.mark.once
def test_the_chart_of_ages_tells_its_two_ways_of_counting_apart(edition: Document) -> None:
    drawn = next(block for block in edition.charts if block.name == "receivables-by-age")
    assert charts.numbers(drawn.spec)[0] == ("Age in days", "By due day", "By day of issue")
    svg = charts.svg(drawn.spec).decode()
    assert all(word in svg for word in ("Current", "Over 90", "By due day", "By day of issue", "$3.8k"))


def test_a_few_figures_are_the_sum_of_their_rows(edition: Document) -> None:
    """All of them are tried in `tests.reports.test_sample`; here are those that only this report has."""
    for metric in ("held_recognised", "clearing_payouts", "uncategorised_count", "missing_receipts_amount"):
        own = figure(edition, metric)
        explained = trace.explain_in(edition, own.key)
        assert explained.holds
        assert sum(row.amount for row in explained.rows()) == own.value
        assert own.unit in (Unit.MONEY, Unit.COUNT)
    assert months.label(OCTOBER) == edition.head.period
