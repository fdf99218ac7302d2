"""The two lenses over the sample portfolio: its facts, and every figure's sum, worked out again."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from crew.models import Person
from portfolio.domain import ledger, statements
from portfolio.domain.accounts import Accounts
from portfolio.domain.statement_parts import BalanceSheet, CashFlow, IncomeStatement
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    BookingStage,
    Entity,
    EntrySource,
    MonthlyBalance,
)
from reports.document import Badge, Document, FormulaTrace, dump, load
from reports.domain import issue, prints, trace
from reports.lenses import LENSES
from reports.metrics import Desk, Facts
from reports.metrics.operations import fold
from tests.reports.sample_case import AS_OF, AT, OCTOBER, figure, first_draft, first_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


class TestFactsOfTheSample:
    """What an owner is to find in the sample, computed from its records."""

    def test_ceo_finds_exactly_the_eight_shortfalls(self) -> None:
        assert [
            (note.rule, note.subject.rpartition(":")[0] or note.subject)
            for note in first_draft("ceo").findings
        ] == [
            ("pipeline-empty", "portfolio"),
            ("revenue-not-tracked", "portfolio"),
            ("partner-unsigned", "qos:stake"),
            ("no-live-listing", "qos"),
            ("billing-undefined", "dc-clients"),
            ("funnel-broken", "qdn"),
            ("handover-open", "qos:responsibility"),
            ("model-missing", "qos"),
        ]

    def test_ceo_lists_exactly_the_nine_kpi_gaps(self) -> None:
        table = next(
            section for section in first_draft("ceo").sections if section.anchor == "kpi-gaps"
        ).blocks[0]
        assert [row.cells[0].text for row in table.rows] == [  # type: ignore[union-attr]
            "Revenue per charter",
            "Contribution per charter",
            "Utilisation",
            "Lead conversion",
            "Acquisition cost by channel",
            "Deferred balance",
            "Days sales outstanding",
            "Runway",
            "Guest satisfaction",
        ]

    def test_gross_burn_lies_between_seven_and_nine_thousand_and_net_burn_is_positive(self) -> None:
        document = first_draft("cfo")
        assert 700_000 <= (figure(document, "gross_burn", period="Oct 2026").value or 0) <= 900_000
        assert (figure(document, "net_burn", period="Oct 2026").value or 0) > 0

    def test_the_runway_is_under_six_months_and_the_cfo_is_told(self) -> None:
        document = first_draft("cfo")
        runway = figure(document, "runway", period="Oct 2026").value
        assert runway is not None
        assert 400 <= runway < 600
        assert {note.rule for note in document.findings} == {
            "runway-short",
            "below-break-even",
            "break-even-gap",
            "behind-target",
            "uncategorised",
            "zero-cost-open",
        }

    def test_the_model_breaks_even_at_six_charters(self) -> None:
        document = first_draft("cfo")
        assert figure(document, "break_even_model", "QueenofSanDiego", "Oct 2026").value == 6
        implied = figure(document, "implied_contribution", "QueenofSanDiego", "Oct 2026").value
        assert implied is not None
        assert 116_700 <= implied <= 150_000
        assert figure(document, "model_contribution", "QueenofSanDiego").value == 140_380

    def test_october_completed_one_charter_at_2100_dollars(self) -> None:
        document = first_draft("cfo")
        assert figure(document, "services_completed", "QueenofSanDiego", "Oct 2026").value == 1
        assert figure(document, "revenue_per_charter", "QueenofSanDiego", "Oct 2026").value == 210_000

    def test_the_note_s_refundable_deposits_are_what_the_charter_business_owes_back(self) -> None:
        document = first_draft("cfo")
        owed = sum(
            figure(document, metric, "QueenofSanDiego").value or 0
            for metric in ("deferred_balance", "deposits_held")
        )
        assert owed == 240_000

    def test_no_figure_of_an_unreconciled_sample_claims_to_be_measured_from_the_books(self) -> None:
        for lens in LENSES:
            for entry in first_draft(lens).figures.values():
                if type(entry.trace).__name__ == "PostingsTrace":
                    assert entry.badge is Badge.UNRECONCILED, entry.key

    def test_the_head_says_where_the_sample_stands_and_how_fresh_its_sources_are(self) -> None:
        head = first_draft("ceo").head
        assert head.as_of == AS_OF
        assert "10 November 2026" in head.sample
        assert head.zone == "America/Los_Angeles"
        assert {source.name for source in head.sources} >= {
            "QueenofSanDiego bank statement",
            "QueenofSanDiego Stripe balance history",
            "QueenofSanDiego handoff note",
        }

    def test_what_the_bookings_page_shows_as_booked_is_what_the_report_counts(self) -> None:
        booked = Booking.objects.filter(stage=BookingStage.BOOKED, service_on__gt=AS_OF)
        assert booked.filter(kind="stay").exists()
        assert figure(first_draft("ceo"), "booked_90").value == sum(booking.price_minor for booking in booked)

    def test_a_stay_ahead_is_no_balance_due_on_top_of_the_usual_receipts(self) -> None:
        document = first_draft("cfo")
        due = [document.figures[f"week.{number}.bookings"] for number in range(1, 14)]
        assert sum(entry.value or 0 for entry in due) == 1_799_000
        assert "RS-029" not in str(due)

    def test_a_vessels_use_is_known_as_well_in_its_row_as_in_the_text(self) -> None:
        document = first_draft("ceo")
        vessel = next(key for key in document.figures if key.endswith(".utilisation"))
        metric = figure(document, "utilisation", "QueenofSanDiego")
        assert (document.figures[vessel].value, document.figures[vessel].badge) == (
            metric.value,
            metric.badge,
        )

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_a_finding_names_who_it_is_about_in_words(self, lens: str) -> None:
        names = {"Whole portfolio", *Entity.objects.values_list("name", flat=True)}
        document = first_edition(lens)
        assert {row.about for row in document.findings} <= names
        assert all(row.about == "Whole portfolio" for row in document.findings if row.subject == "portfolio")

    def test_reports_of_the_sample_stand_at_its_own_date(self) -> None:
        assert issue.default_as_of(AT) == AS_OF


# One entity of each kind that a report may keep to.
ENTITIES = {
    "charter": "qos", "rental": "rental-3028", "delivery": "eyd", "agency": "dc", "receivables": "dc-clients",
}  # fmt: skip


def _asked() -> Iterator[object]:
    """Yield each lens over everything, and on an earlier day, of one entity, and of one on an earlier day.

    Of the latter three a plain run asks one of each lens, by turns.
    """
    for number, (slug, lens) in enumerate(sorted(LENSES.items())):
        entity = ENTITIES[lens.kinds[0]] if lens.kinds else "qos"
        other = entity if lens.kinds else "rental-3028"
        yield pytest.param(slug, None, AS_OF)
        rest = ((None, dt.date(2026, 9, 17)), (entity, AS_OF), (other, dt.date(2026, 6, 30)))
        for place, asked in enumerate(rest):
            yield pytest.param(slug, *asked, marks=[] if place == number % 3 else [pytest.mark.full])


ASKED = list(_asked())


class TestEveryFigureIsTheSumOfItsRows:
    """The promise of the trace page, for every figure of both lenses."""

    @pytest.mark.parametrize(("lens", "entity", "as_of"), ASKED)
    def test_rows_and_formulas_give_each_figure(self, lens: str, entity: str | None, as_of: dt.date) -> None:
        document = first_edition(lens, as_of=as_of, entity=entity)
        assert len(document.figures) > 40
        for key in document.figures:
            explained = trace.explain_in(document, key)
            assert explained.holds, (key, explained.total, explained.figure.value)
            rows = explained.rows()
            if rows:
                folded = fold(getattr(explained.figure.trace, "fold", "total"), rows)
                assert folded == explained.figure.value, key
            assert explained.count == len(rows)

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_every_cell_that_names_a_figure_names_one_of_the_document(self, lens: str) -> None:
        document = first_edition(lens)
        cited = [document.figures[key] for key in prints.printed(document)]
        assert len(cited) > 60
        for entry in cited:
            if isinstance(entry.trace, FormulaTrace):
                assert set(entry.trace.inputs) <= document.figures.keys()

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_a_document_survives_json(self, lens: str) -> None:
        document = first_edition(lens)
        assert load(Document, dump(document)) == document

    def test_all_lenses_print_the_same_value_for_the_same_figure(self) -> None:
        printed: dict[str, set[int | None]] = {}
        for entry in (entry for lens in LENSES for entry in first_draft(lens).figures.values()):
            if entry.metric != "own":
                printed.setdefault(entry.key, set()).add(entry.value)
        assert first_draft("ceo").figures.keys() & first_draft("cfo").figures.keys() & printed.keys()
        assert {key: values for key, values in printed.items() if len(values) > 1} == {}

    def test_the_portfolio_is_the_sum_of_its_entities(self) -> None:
        document = first_draft("ceo")
        for metric in ("revenue", "operating_result", "cash", "revenue_12m"):
            parts = [
                entry.value or 0
                for entry in document.figures.values()
                if entry.metric == metric
                and entry.scope != "the portfolio"
                and entry.period in ("Oct 2026", "10 Nov 2026")
            ]
            assert sum(parts) == figure(document, metric, period=figure(document, metric).period).value

    def test_cash_is_what_the_last_bank_and_card_statements_say(self) -> None:
        cash_accounts = Account.objects.filter(role__in=[AccountRole.CASH, AccountRole.CLEARING])
        total = sum(
            row.debit_minor - row.credit_minor
            for row in MonthlyBalance.objects.filter(account__in=cash_accounts)
        )
        assert figure(first_draft("cfo"), "cash").value == total


class TestQueries:
    @pytest.mark.parametrize(("lens", "count"), [("ceo", 19), ("cfo", 17)])
    def test_a_lens_reads_the_sample_in_under_twenty_queries(self, lens: str, count: int) -> None:
        with CaptureQueriesContext(connection) as caught:
            LENSES[lens](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == count

    def test_more_records_take_no_more_queries(self, sample_owner: Person) -> None:
        qos = Entity.objects.get(slug="qos")
        for number in range(25):
            Booking.objects.create(
                entity=qos,
                reference=f"MANY-{number}",
                title="One of many",
                kind="charter",
                stage=BookingStage.QUOTED,
                enquired_on=AS_OF,
                service_on=AS_OF + dt.timedelta(days=30),
                price_minor=100_000,
            )
        with CaptureQueriesContext(connection) as caught:
            LENSES["ceo"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 19


# Each metric of a month or a month's end, and its twin on the statements of the same entities.
TWINS: dict[str, Callable[[IncomeStatement, BalanceSheet, CashFlow], int]] = {
    "revenue": lambda income, _, __: income.revenue.totals[0],
    "direct_cost": lambda income, _, __: income.direct_cost.totals[0],
    "fixed_cost": lambda income, _, __: income.fixed_cost.totals[0],
    "other_receipts": lambda income, _, __: income.uncategorised.totals[0],
    "operating_result": lambda income, _, __: income.operating[0],
    "operating_cash_flow": lambda _, __, flow: flow.operating.totals[0],
    "cash_at_month_end": lambda _, __, flow: flow.closing[0],
    "cash": lambda _, __, flow: flow.closing[0],
    "receivables": lambda _, sheet, __: standing(sheet, AccountRole.RECEIVABLE),
    "deferred_balance": lambda _, sheet, __: standing(sheet, AccountRole.DEFERRED),
    "deposits_held": lambda _, sheet, __: standing(sheet, AccountRole.DEPOSITS_HELD),
    "held_for_others": lambda _, sheet, __: standing(sheet, AccountRole.HELD_FOR_OTHERS),
}


def standing(sheet: BalanceSheet, role: AccountRole) -> int:
    rows = (*sheet.assets.rows, *sheet.liabilities.rows)
    return sum(row.amounts[0] for row in rows if row.role == role)


def test_every_figure_with_a_twin_on_a_statement_equals_it() -> None:
    entities = list(Entity.objects.order_by("slug"))
    books = {entity.slug: Accounts(entity) for entity in entities}
    (seller, buyer), on = entities[:2], dt.date(2026, 10, 20)
    # A sister pays crew and buys: one side has booked more than the other, and paid a part.
    for entity, debit, credit, minor in (
        (seller, "1300", "4800", 900_00), (seller, "1010", "1300", 300_00), (buyer, "5900", "2300", 700_00),
        (buyer, "5100", "2050", 350_00), (buyer, "2050", "1010", 350_00),
    ):  # fmt: skip
        coded = books[entity.slug].coded
        lines = [ledger.Line(coded(debit), minor), ledger.Line(coded(credit), -minor)]
        ledger.post(entity=entity, on=on, memo="Twins", lines=lines, source=EntrySource.MANUAL, at=AT)

    desk = Desk(Facts(as_of=months.last_day(OCTOBER)), month=OCTOBER)
    for scope in (*desk.scopes(), desk.all):
        own = [entity for entity in entities if entity.pk in scope.ids]
        columns = statements.by_month(OCTOBER, OCTOBER, statements.Scope.ELIMINATED)
        found = statements.Books(entities=own, columns=columns, also=statements.Measure.CASH)
        if len(own) == 1:
            found = found.only(own[0])
        told = (found.income(), found.balance(), found.cash())
        for key, twin in TWINS.items():
            assert (desk.get(key, scope).value or 0) == twin(*told), (key, scope.slug)
    assert (
        desk.get("revenue").value
        == sum(desk.get("revenue", scope).value or 0 for scope in desk.scopes()) - 700_00
    )
