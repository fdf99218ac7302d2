"""The clients' report: what the note says comes out of the records of two entities, and agrees with their own pages."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from portfolio.domain.receivables import measures
from portfolio.domain.sample import AS_OF
from portfolio.formats.handoff_rows import RowKind
from portfolio.models import ClientContract, Entity, HandoffRow, Invoice, Rebillable, WorkEntry
from reports.document import Document, Table
from reports.lenses import LENSES
from reports.metrics import Desk, Facts
from tests.factories.portfolio import EntityFactory
from tests.reports.sample_case import OCTOBER, draft, figure, first_edition

pytestmark = [pytest.mark.django_db, pytest.mark.once]
LENS = "dc-clients"
WHOLE = "agency and receivables entities"


def value(metric: str, scope: str = WHOLE, period: str = "") -> int | None:
    return figure(first_edition(LENS), metric, scope, period).value


@pytest.mark.usefixtures("sample")
class TestFactsOfTheSample:
    """October as the client note has it, and what follows from it."""

    def test_each_client_is_as_the_note_says(self) -> None:
        rows = HandoffRow.objects.filter(file__entity__slug="dc-clients", kind=RowKind.CLIENT)
        assert rows.count() == 6
        for row in rows:
            cells = row.cells
            assert value("client_time", row.label, "Oct 2026") == 60 * int(cells["Hours (Oct)"]["number"])
            assert value("invoiced", row.label, "Oct 2026") == (cells["Invoiced (Oct)"].get("minor") or 0)
            assert value("client_open", row.label) == (cells["Unpaid"].get("minor") or 0)
            assert value("paid_for_clients", row.label, "Oct 2026") == cells["Hosting we pay"]["minor"]

    def test_october_earned_7392_and_leaks_what_was_not_invoiced(self) -> None:
        assert value("client_time", period="Oct 2026") == 74 * 60
        assert value("earned", period="Oct 2026") == 739_200
        assert value("invoiced", period="Oct 2026") == 454_000
        assert value("billing_gap", period="Oct 2026") == 285_200
        assert value("leak", period="Oct 2026") == 3_858
        # Cove: 21 hours at $95 and $64 of hosting, less $1,140.
        assert value("billing_gap", "Cove Realty", "Oct 2026") == 199_500 + 6_400 - 114_000
        assert value("rebillables_open") == 13 * 21_200

    def test_what_is_unpaid_is_two_invoices_of_cove_and_ties_to_the_books(self) -> None:
        owed = figure(first_edition(LENS), "client_open", "Cove Realty")
        assert [row.amount for row in owed.trace.rows] == [199_500, 114_000]  # type: ignore[union-attr]
        assert value("client_open") == 582_000 == value("receivables_at_month_end", period="Oct 2026")

    def test_every_finding_that_the_report_is_for_is_found(self) -> None:
        found = {(note.rule, note.title.rpartition(": ")[2]) for note in draft(LENS).findings}
        assert found >= {
            ("work-without-contract", "Tide Yoga"),
            ("contract-expired", "Cove Realty"),
            ("cycle-without-invoice", "Mesa Roofing"),
            ("cycle-without-invoice", "Bay Brewing"),
            ("invoice-never-sent", "the draft for Cove Realty"),
            ("terms-breached-twice", "Mesa Roofing"),
            ("billing-undefined", "DangerousCentaur billing model undefined"),
        }
        assert {rule for rule, _ in found} == set(draft(LENS).rules) - {"client-note-contradicts"}
        hosting = next(note for note in draft(LENS).findings if note.rule == "hosting-not-rebilled")
        assert "6 clients" in hosting.title

    def test_letters_drafted_and_a_statement_of_each_client_invoiced_are_named(self) -> None:
        letters, statements = tables(first_edition(LENS), "letters")
        assert [row.cells[0].text for row in letters.rows] == ["Cove Realty", "Mesa Roofing"]
        debtors = {int(row.cells[0].ref.partition(":")[2]) for row in statements.rows}
        assert len(debtors) == 6
        assert set(Invoice.objects.filter(client__in=debtors).values_list("entity__slug", flat=True)) == {
            "dc"
        }


@pytest.mark.usefixtures("sample")
class TestTheSameNumbersAsThePages:
    def test_work_not_invoiced_and_days_to_pay_are_what_the_pages_show(self) -> None:
        billing, agency = Entity.objects.get(slug="dc-clients"), Entity.objects.get(slug="dc")
        gaps = measures.billing_gap(entity=billing, as_of=AS_OF)
        assert sum(gap.total_minor for gap in gaps) == value("not_invoiced")
        assert {gap.contract.client.name: gap.total_minor for gap in gaps} == {
            gap.contract.client.name: value("not_invoiced", gap.contract.client.name) for gap in gaps
        }
        page = measures.measures(entity=agency, as_of=months.last_day(OCTOBER))
        shown = {row.key: row.tenths for row in page}
        assert shown["velocity"] == value("velocity_median", period="Oct 2026")

    def test_serving_all_clients_costs_what_the_books_hold_for_the_month(self) -> None:
        document = first_edition(LENS)
        parts = [
            entry.value or 0
            for entry in document.figures.values()
            if entry.metric == "cost_to_serve" and entry.scope != WHOLE
        ]
        whole = value("cost_to_serve", period="Oct 2026") or 0
        assert abs(sum(parts) - whole) <= len(parts), "each share is rounded to the cent"
        assert whole == (value("direct_cost", period="Oct 2026") or 0) + (
            value("fixed_cost", period="Oct 2026") or 0
        )


@pytest.mark.usefixtures("sample")
def test_a_client_s_name_in_other_letters_is_the_same_client() -> None:
    before = value("invoiced_12m", "Cove Realty", "Oct 2026")
    Entity.objects.get(slug="dc").clients.filter(name="Cove Realty").update(name="COVE  realty")
    assert figure(draft(LENS), "invoiced_12m", "Cove Realty", "Oct 2026").value == before


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(("entity", "metric"), [("dc", "earned"), ("dc-clients", "invoiced")])
def test_one_entity_alone_says_what_the_other_holds_instead_of_nothing(entity: str, metric: str) -> None:
    document = draft(LENS, entity=entity)
    told = figure(document, metric, Entity.objects.get(slug=entity).name)
    assert told.value is None
    assert told.missing.startswith("not tracked")


@pytest.mark.usefixtures("sample")
def test_the_entity_that_works_knows_alone_what_its_sister_billed() -> None:
    document = draft(LENS, entity="dc-clients")
    own = figure(document, "not_invoiced", "DangerousCentaur Client Portfolio")
    assert own.value == value("not_invoiced")
    assert "cycle-without-invoice" not in {note.rule for note in document.findings}


@pytest.mark.usefixtures("sample")
def test_an_agency_without_records_reads_none_of_them_as_0() -> None:
    EntityFactory(slug="new", kind="agency")
    document = draft(LENS, entity="new")
    told = {entry.metric: entry for entry in document.figures.values()}
    for metric in (
        "earned",
        "invoiced",
        "dso",
        "velocity_mean",
        "inside_terms",
        "top_client",
        "client_margin",
    ):
        assert told[metric].value is None
        assert told[metric].missing, metric
    assert document.findings == ()


@pytest.mark.usefixtures("sample")
def test_a_contract_that_is_active_no_more_keeps_what_was_earned_and_asks_for_nothing_new() -> None:
    """Harbor Dental's retainer was billed up to October, and runs on; Cove Realty pays by the hour."""
    ClientContract.objects.filter(client__name__in=["Harbor Dental", "Cove Realty"]).update(active=False)
    found = draft(LENS)
    for metric in ("earned", "invoiced", "retainers_due", "time_value"):
        assert figure(found, metric, WHOLE, "Oct 2026").value == value(metric, period="Oct 2026")
    assert figure(found, "not_invoiced", WHOLE).value == value("not_invoiced")
    assert figure(found, "recurring_revenue", WHOLE, "Oct 2026").value == 0
    contracts = next(section for section in found.sections if section.anchor == "contracts").blocks[0]
    assert isinstance(contracts, Table)
    assert not {"Harbor Dental", "Cove Realty"} & {row.cells[0].text for row in contracts.rows}

    # No invoice asks for the retainer at this rate, and one that is active no more asks for none after its end.
    ClientContract.objects.filter(client__name="Harbor Dental").update(
        rate_minor=90_100, ends_on=dt.date(2026, 9, 30)
    )
    assert figure(draft(LENS), "retainers_due", WHOLE, "Oct 2026").value == 0


@pytest.mark.usefixtures("sample")
def test_months_so_old_that_only_what_is_not_billed_is_read_have_no_figure() -> None:
    """Sixteen months are read whole, and of older ones what nobody has billed: part of a month is not the month."""
    contract = ClientContract.objects.get(client__name="Cove Realty")
    old = {"contract": contract, "on": dt.date(2025, 6, 10), "who": "Jo"}
    WorkEntry.objects.create(minutes=30, description="A talk", billable=False, **old)
    billed = WorkEntry.objects.exclude(invoice_line=None).first()
    assert billed is not None
    WorkEntry.objects.create(minutes=90, description="A form", invoice_line=billed.invoice_line, **old)
    desk = Desk(Facts(as_of=AS_OF), month=OCTOBER, kinds=("agency", "receivables"))
    for metric in ("client_time", "earned", "invoiced"):
        assert desk.get(metric, None, OCTOBER - 16).missing == "not looked at before 1 Jul 2025"
    assert desk.get("client_time", None, OCTOBER - 15).value == 0


@pytest.mark.usefixtures("sample")
def test_it_takes_the_same_queries_for_more_records() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            LENSES[LENS](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        return len(caught)

    assert queries() == 16
    contract = ClientContract.objects.filter(entity__slug="dc-clients").first()
    assert contract is not None
    WorkEntry.objects.bulk_create(
        WorkEntry(contract=contract, on=AS_OF, minutes=60, description="Form", who="Jo") for _ in range(25)
    )
    Rebillable.objects.bulk_create(
        Rebillable(contract=contract, on=AS_OF - dt.timedelta(days=n), what="Domain", amount_minor=1)
        for n in range(25)
    )
    assert queries() == 16


def tables(document: Document, anchor: str) -> list[Table]:
    section = next(section for section in document.sections if section.anchor == anchor)
    return [block for block in section.blocks if isinstance(block, Table)]
