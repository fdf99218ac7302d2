"""The CTO's report: what an owner is to find in the sample, and what it says where little or nothing is recorded."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from portfolio.models import Entity
from reports.document import Badge, Document, Draft, Row, Section, Table, Unit
from reports.figures import write
from reports.lenses import LENSES, six_twelve
from reports.metrics import Desk, Facts
from tests.factories.portfolio import EntityFactory
from tests.factories.technology import (
    CacheRuleFactory,
    DeploymentFactory,
    DnsRecordFactory,
    TechCostFactory,
    TechFindingFactory,
    TechMeasureFactory,
    TechSnapshotFactory,
    TechSystemFactory,
)
from tests.reports.sample_case import AS_OF, OCTOBER, figure, first_edition

pytestmark = pytest.mark.django_db


def section(document: Document | Draft, anchor: str) -> Section:
    return next(part for part in document.sections if part.anchor == anchor)


def table(document: Document | Draft, anchor: str, place: int = 0) -> Table:
    return [block for block in section(document, anchor).blocks if isinstance(block, Table)][place]


def told(document: Document | Draft, row: Row) -> list[str]:
    """Return a row's cells as they are printed."""
    return [
        write(document.figures[cell.figure], cents=cell.cents) if cell.figure else cell.text
        for cell in row.cells
    ]


@pytest.mark.once
@pytest.mark.usefixtures("sample")
class TestFactsOfTheSample:
    def test_six_security_findings_are_open_and_their_evidence_is_masked(self) -> None:
        document = first_edition("cto")
        found = [note for note in document.findings if note.rule == "security-finding"]
        assert sorted(note.subject for note in found) == [
            "dc:env-file-in-git",
            "qdn:unauthenticated-requests",
            "qos:keys-in-code",
            "qos:no-rate-limit",
            "qos:no-waf",
            "qos:signing-secret",
        ]
        assert figure(document, "security_open").value == 6
        evidence = {note.subject: "".join(cell.text for cell in note.evidence) for note in found}
        assert "[masked Stripe key]" in evidence["qos:keys-in-code"]
        assert "Set a rate limit on every route (QueenofSanDiego)" in {
            action.title for action in document.actions
        }

    def test_three_ux_shortfalls_and_three_gaps_of_the_cycle(self) -> None:
        document = first_edition("cto")
        rows = table(document, "ux").rows
        assert {row.cells[0].text for row in rows} == {
            "No availability calendar on the booking page",
            "No analytics on any page",
            "No analytics",
            "Tier copy is stale",
        }
        assert [figure(document, key).value for key in ("ux_open", "cycle_open")] == [3, 3]
        assert table(document, "ux").title == "Shortfalls for who visits: 3"
        gaps = {row.cells[0].text for row in table(document, "cycle").rows}
        assert gaps == {"No CI/CD", "No staging", "No automated rollback"}

    def test_ten_actions_stand_by_severity_times_exposure_over_effort(self) -> None:
        document = first_edition("cto")
        rows = [told(document, row) for row in table(document, "actions").rows]
        assert len(rows) == 10
        weights = {"critical": 4, "high": 3, "medium": 2, "low": 1}
        for _, _, _, severity, exposure, effort, priority in rows:
            exact = weights[severity] * (2 if exposure == "internet" else 1) / int(effort)
            assert float(priority) == pytest.approx(exact, abs=0.005)
        priorities = [float(row[-1]) for row in rows]
        assert priorities == sorted(priorities, reverse=True)
        assert rows[0][1:] == [
            "Payment keys hardcoded in lambda_function.py", "QueenofSanDiego", "critical", "internet", "1", "8.00",
        ]  # fmt: skip
        security = {row.cells[0].text for row in table(document, "security").rows}
        assert security <= {row[1] for row in rows}

    def test_a_month_costs_50_to_84_dollars_and_25_could_be_saved(self) -> None:
        document = first_edition("cto")
        year = [
            document.figures[f"tech_cost.portfolio.{months.iso(OCTOBER - back)}"].value or 0
            for back in range(12)
        ]
        assert all(50_00 <= value <= 84_00 for value in year)
        assert (min(year), max(year)) == (51_10, 83_40)
        assert figure(document, "tech_saveable").value == 25_00
        assert figure(document, "tech_cost_forecast").badge is Badge.MODELLED
        rows = table(document, "cost").rows
        parts = sum(document.figures[row.cells[2].figure].value or 0 for row in rows if not row.total)
        assert parts == figure(document, "tech_cost", period="Oct 2026").value
        saved = sum(
            document.figures[row.cells[3].figure].value or 0 for row in table(document, "cost", 1).rows
        )
        assert saved == 25_00

    def test_the_same_page_is_kept_for_300_and_for_3600_seconds(self) -> None:
        document = first_edition("cto")
        assert [row.cells[3].text for row in table(document, "caches").rows] == ["300 s", "3600 s"]
        note = next(note for note in document.findings if note.rule == "cache-conflict")
        assert note.title == "index.html is kept for 300 s against 3600 s"
        assert next(cell.ref for cell in note.evidence if cell.ref).startswith("cache:")

    def test_one_of_five_deployments_failed_and_stood_for_25_minutes(self) -> None:
        document = first_edition("cto")
        values = {
            key: figure(document, key).value
            for key in ("deployments_30", "change_failure_rate", "time_to_restore")
        }
        assert values == {"deployments_30": 5, "change_failure_rate": 20_00, "time_to_restore": 25}
        assert figure(document, "time_to_restore").unit is Unit.MINUTES

    def test_errors_times_and_traffic_come_of_measures(self) -> None:
        document = first_edition("cto")
        errors, invocations = figure(document, "errors").value, figure(document, "invocations").value
        assert errors
        assert invocations
        assert figure(document, "error_rate").value == round(errors * 10_000 / invocations)
        times = [
            figure(document, f"latency_{word}", period="Oct 2026").value or 0
            for word in ("p50", "p95", "p99")
        ]
        assert times == sorted(times)
        assert (figure(document, "storage_gb", "QueenofSanDiego", "Oct 2026").value or 0) > 400_00

    def test_names_that_run_out_records_that_dangle_and_mail_nobody_vouches_for(self) -> None:
        document = first_edition("cto")
        assert {
            note.subject for note in document.findings if note.rule in ("dns-hygiene", "domain-expiring")
        } == {
            "jada:domain-jada.example",
            "jada:ttl-mismatch",
            "qos:dangling-old.queenofsandiego.com",
            "qos:mail-queenofsandiego.com",
            "qdn:mail-quickdumpnow.example",
        }
        assert table(document, "names").rows[0].cells[0].ref.startswith("domain:")

    def test_what_is_new_fixed_and_muted_is_told_and_the_muted_counts_nowhere(self) -> None:
        document = first_edition("cto")
        rows = [told(document, row) for row in table(document, "movement").rows]
        assert {row[0] for row in rows} == {"new", "changed", "fixed", "muted"}
        assert ["fixed", "21 Oct 2026", "Event creation accepted unsigned requests"] in [
            row[:3] for row in rows
        ]
        assert [row[2] for row in rows if row[0] == "muted"] == ["Old client sites on an unsupported runtime"]
        aside = [note.muted_until for note in document.findings if "unsupported runtime" in note.title]
        assert aside == [dt.date(2027, 2, 1)]
        assert not any("unsupported runtime" in action.finding for action in document.actions)

    def test_each_stack_has_its_line(self) -> None:
        names = [row.cells[0].text for row in table(first_edition("cto"), "stacks").rows]
        assert names == ["DangerousCentaur", "JADA", "QuickDumpNow", "QueenofSanDiego", "Portfolio"]


@pytest.mark.usefixtures("sample")
def test_the_lens_reads_the_sample_in_the_same_few_queries_with_many_more_records() -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            LENSES["cto"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        return len(caught)

    assert asked() == 14
    qos, snapshot = Entity.objects.get(slug="qos"), TechSnapshotFactory(covers_on=dt.date(2026, 11, 8))
    for number in range(25):
        system = TechSystemFactory(entity=qos)
        TechFindingFactory(entity=qos, system=system)
        TechCostFactory(entity=qos, snapshot=snapshot, service=f"Service {number}")
        TechMeasureFactory(snapshot=snapshot, system=system, on=dt.date(2026, 10, 20))
        DnsRecordFactory(entity=qos, name=f"n{number}.example.com")
        CacheRuleFactory(entity=qos, path=f"/{number}")
    assert asked() == 14


@pytest.mark.once
def test_releases_are_read_as_far_back_as_the_year_before_is_shown() -> None:
    entity = EntityFactory()
    for on in (dt.date(2024, 12, 31), dt.date(2025, 2, 3), dt.date(2026, 2, 3), dt.date(2026, 11, 3)):
        DeploymentFactory(entity=entity, at=dt.datetime.combine(on, dt.time(18), dt.UTC))
    desk = Desk(Facts(as_of=AS_OF), month=OCTOBER)

    year = six_twelve.so_far(desk, "deployments", None, six_twelve.spans(desk))[-1]

    assert (year.now.value, year.before.value) == (2, 1)
