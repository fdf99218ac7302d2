"""The rental's lens over the sample: its figures come out of stays, blocked nights, repairs and the books."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portfolio.models import BookingCost, Entity
from reports.document import Document, Table
from reports.lenses import LENSES
from reports.metrics import Facts
from tests.factories.rental import (
    BlockedNightsFactory,
    MaintenanceTicketFactory,
    StayFactory,
)
from tests.reports.sample_case import AS_OF, first_edition

SLUG = "rental-3028"
NAME = "3028 51st St Rental"


def value(document: Document, key: str, period: str = "2026-10") -> int | None:
    return document.figures[f"{key}.{SLUG}.{period}"].value


def table(document: Document, anchor: str, title: str) -> Table:
    blocks = next(section for section in document.sections if section.anchor == anchor).blocks
    return next(block for block in blocks if isinstance(block, Table) and block.title.startswith(title))


@pytest.mark.django_db
@pytest.mark.usefixtures("sample")
class TestFactsOfTheSample:
    def test_october_s_nights_are_the_note_s_stays_and_blocked_period(self) -> None:
        """Two stays of 3 and 7 nights; 14 to 20 October blocked, both days; the stay to 1 October has no night in it."""
        document = first_edition(SLUG)
        assert [
            value(document, key)
            for key in ("calendar_nights", "blocked_nights", "available_nights", "sold_nights", "open_nights")
        ] == [31, 7, 24, 10, 14]
        assert (value(document, "occupancy_paid"), value(document, "occupancy_adjusted")) == (3226, 4167)

    def test_rates_follow_from_the_note_s_prices(self) -> None:
        document = first_edition(SLUG)
        assert value(document, "stay_revenue") == 61_500 + 147_000
        assert (value(document, "adr"), value(document, "revpar")) == (20_850, 8_688)
        assert value(document, "revenue_lost") == 7 * 20_850
        assert value(document, "sold_nights", "2026-09") == 5 + 3 + 7
        assert value(document, "stay_revenue", "2026-09") == 102_500 + 58_500 + 142_100

    def test_noi_is_the_operating_result_before_the_mortgage(self) -> None:
        document = first_edition(SLUG)
        assert value(document, "debt_service") == 231_000
        assert value(document, "noi") == (value(document, "operating_result") or 0) + (
            value(document, "mortgage_interest") or 0
        )
        assert value(document, "after_debt") == (value(document, "noi") or 0) - 231_000

    def test_the_pipeline_of_repairs_is_the_note_s(self) -> None:
        document = first_edition(SLUG)
        rows = table(document, "maintenance", "Pipeline").rows
        counts = {row.cells[0].text: document.figures[row.cells[1].figure].value for row in rows}
        assert counts == {
            "Reported": 1, "Triaged": 1, "Quoted": 0, "Scheduled": 1, "Done, twelve months": 3,
        }  # fmt: skip
        assert (value(document, "tickets_in_time"), value(document, "sla_hit_rate")) == (2, 6667)
        assert value(document, "time_to_repair") == 77  # 10, 7 and 6 days.
        assert value(document, "maintenance_cost") == 138_000 + 24_000 + 18_000

    def test_the_next_ninety_days_stand_beside_last_year_s(self) -> None:
        document = first_edition(SLUG)
        at = AS_OF.isoformat()
        assert (value(document, "nights_ahead", at), value(document, "revenue_ahead", at)) == (4, 94_000)
        assert (value(document, "nights_last_year", at), value(document, "nights_last_year_then", at)) == (
            21,
            14,
        )
        assert value(document, "gap_nights", at) == 9 + 29

    def test_what_is_found_is_what_the_records_say(self) -> None:
        assert [(row.rule, row.severity.value) for row in first_edition(SLUG).findings] == [
            ("ticket-over-sla", "high"), ("pace-behind", "high"), ("paper-expiring", "medium"),
            ("occupancy-low", "medium"), ("gap-between-stays", "medium"),
        ]  # fmt: skip

    def test_a_stay_called_off_is_no_night_and_is_told_with_its_price(self) -> None:
        document = first_edition(SLUG)
        rows = table(document, "cancellations", "Called off").rows
        assert [row.cells[0].text for row in rows] == ["RS-030", "RS-031", "RS-032", "All"]
        assert document.figures[rows[-1].cells[-1].figure].value == 86_000 + 115_000 + 82_000
        assert value(document, "cancellation_rate") == 968

    def test_every_section_has_its_charts_and_tables_and_every_chart_its_words(self) -> None:
        document = first_edition(SLUG)
        assert [chart.name for chart in document.charts] == [
            "occupancy", "rates", f"strip-{SLUG}", "sold-nights-twelve-months", "stay-revenue-twelve-months", "noi", "ahead",
        ]  # fmt: skip
        assert all(chart.title and chart.alt for chart in document.charts)
        assert len(document.kpis) == 10
        assert all(kpi.prior for kpi in document.kpis)

    def test_of_the_portfolio_and_of_the_entity_it_says_the_same(self) -> None:
        alone, whole = first_edition(SLUG, entity=SLUG), first_edition(SLUG)
        assert {key: row.value for key, row in alone.figures.items()} == {
            key: row.value for key, row in whole.figures.items()
        }

    def test_it_reads_the_sample_in_under_twenty_queries_however_many_stays_there_are(self) -> None:
        with CaptureQueriesContext(connection) as caught:
            LENSES[SLUG](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 12
        entity = Entity.objects.get(slug=SLUG)
        for number in range(25):
            day = dt.date(2027, 1, 5) + dt.timedelta(days=number * 3)
            stay = StayFactory(
                booking__entity=entity, booking__reference=f"MANY-{number}", booking__booked_on=AS_OF,
                check_in=day, check_out=day + dt.timedelta(days=2),
            )  # fmt: skip
            BookingCost.objects.create(booking=stay.booking, kind="commission", amount_minor=1_000)
            MaintenanceTicketFactory(entity=entity)
            BlockedNightsFactory(
                entity=entity, first_on=day + dt.timedelta(days=2), last_on=day + dt.timedelta(days=2)
            )
        with CaptureQueriesContext(connection) as caught:
            LENSES[SLUG](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 12
