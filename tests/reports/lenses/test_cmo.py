"""The CMO's lens over the sample: its facts out of the records, and what it says where records are missing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from mail.models import Campaign
from portfolio.domain import channel_rows
from portfolio.models import (
    Account,
    Channel,
    ChannelGate,
    ChannelSpend,
    ChannelStatus,
    Entity,
    MonthlyBalance,
    PlanName,
)
from reports.document import Document, Table
from reports.figures import cell_text, write
from reports.lenses import LENSES, frame
from reports.metrics import Desk, Facts
from reports.metrics.campaigns import campaigns_of
from reports.metrics.channels import channels_of
from reports.metrics.listings import milestones, sequence
from tests.factories.channels import ChannelCountFactory
from tests.factories.portfolio import EntityFactory
from tests.reports.sample_case import AS_OF, first_edition, whole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


def table(document: Document, title: str) -> list[list[str]]:
    """Return the rows of the table whose title begins so, as they are printed."""
    found = next(
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Table) and block.title.startswith(title)
    )
    return [[cell_text(cell, document) for cell in row.cells] for row in found.rows]


def desk() -> Desk:
    return frame.desk_for(Facts(as_of=AS_OF))


@pytest.mark.once
class TestFactsOfTheSample:
    def test_sailo_goes_first_then_getmyboat_and_the_two_that_wait_for_the_certificate(self) -> None:
        rows = table(first_edition("cmo"), "Which marketplace goes live next")
        assert [(row[1], row[0].partition(",")[0], row[2]) for row in rows] == [
            ("1", "Sailo", "photos, calendar sync"),
            ("2", "GetMyBoat", "captain profile"),
            ("3", "Viator", "certificate of insurance"),
            ("4", "GetYourGuide", "certificate of insurance"),
        ]

    def test_the_letter_to_3676_people_is_modelled_at_2_72_to_13_60_dollars_each(self) -> None:
        document = first_edition("cmo")
        assert table(document, "“Winter concerts: book your own” by its model") == [
            ["Result", "$10,000", "$50,000"],
            ["Result a recipient", "$2.72", "$13.60"],
            ["Bookings needed", "6", "27"],
        ]
        figures = {figure.metric: write(figure) for figure in document.figures.values()}
        assert (figures["list_size"], figures["campaign_recipients"]) == ("3,676", "3,676")
        assert figures["blast_measured"] == "n/a: not sent yet"

    def test_so_many_may_complain_or_bounce_before_the_mail_service_acts(self) -> None:
        rows = table(first_edition("cmo"), "“Winter concerts: book your own”: how much is tolerated")
        assert [row[:3] for row in rows] == [["Complain", "4", "19"], ["Bounce hard", "184", "368"]]

    def test_milestones_of_30_60_and_90_days_stand_with_their_slip(self) -> None:
        document = first_edition("cmo")
        slips = {
            row[0]: row[4] for days in (30, 60, 90) for row in table(document, f"Promised within {days} days")
        }
        assert len(slips) == len(milestones(desk(), PlanName.GO_TO_MARKET)) == 8
        assert (slips["Sailo live"], slips["Certificate of insurance in hand"]) == ("+7 days", "+10 days")
        assert slips["GetMyBoat live"] == "0 days"
        assert [row[0] for row in table(document, "Steps of local search")] == [
            "Claim and complete the business profile",
            "Same name, address and phone on 12 directories",
            "Service-area pages for 5 neighbourhoods",
        ]

    def test_the_funnel_of_the_note_stands_step_by_step(self) -> None:
        rows = table(first_edition("cmo"), "QuickDumpNow: each step")
        assert [row[1] for row in rows] == ["410", "61", "23", "9", "0"]
        assert [row[2] for row in rows[1:]] == ["14.9 %", "37.7 %", "39.1 %", "0.0 %"]

    def test_a_channel_s_effective_commission_is_what_the_books_say_it_kept(self) -> None:
        kept = {
            row[0].partition(",")[0]: row[-1]
            for row in table(first_edition("cmo"), "What each channel keeps")
        }
        assert (kept["Airbnb"], kept["VRBO"]) == ("3.0 %", "5.0 %")

    def test_spend_on_quickdumpnow_s_own_site_is_the_advertising_of_its_books(self) -> None:
        account = Account.objects.get(entity__slug="qdn", code="6750")
        booked = {row.month: row.debit_minor for row in MonthlyBalance.objects.filter(account=account)}
        spent = ChannelSpend.objects.filter(channel__entity__slug="qdn").values_list("month", "spend_minor")
        assert len(spent) == 12
        assert {month: booked[month] for month, _ in spent} == dict(spent)

    def test_enquiries_a_channel_counts_are_never_fewer_than_its_bookings(self) -> None:
        at = desk()
        for entry in channels_of(at):
            asked, won = at.get("channel_enquiries", entry).value, at.get("channel_bookings", entry).value
            assert asked is None or won is None or asked >= won, entry.label

    def test_a_channel_that_nobody_can_book_through_has_no_noughts(self) -> None:
        rows = table(first_edition("cmo"), "What came of each channel")
        assert {cell for row in rows if row[0].startswith("Sailo") for cell in row[1:]} == {"not listed"}


class TestWhatTheOrderFollows:
    def test_a_certificate_in_hand_brings_its_channels_forward_by_what_they_leave(self) -> None:
        ChannelGate.objects.filter(external=True).update(passed_on=AS_OF)
        Channel.objects.filter(slug="viator").update(expected_minor=900_000)
        assert [entry.scope.channel.slug for entry in sequence(desk())] == [
            "viator", "sailo", "getmyboat", "getyourguide",
        ]  # fmt: skip

    def test_one_that_goes_live_leaves_the_order_and_starts_to_be_counted(self) -> None:
        Channel.objects.filter(slug="sailo").update(status=ChannelStatus.LIVE, listed_on=dt.date(2026, 10, 1))
        at = desk()
        assert next(entry.scope.channel.slug for entry in sequence(at)) == "getmyboat"
        assert at.get("live_marketplaces", at.scope("qos")).value == 1
        assert at.get("live_marketplaces", at.scope("qos"), at.month - 1).value == 0

    def test_a_campaign_s_limits_follow_whom_it_is_for(self) -> None:
        at = desk()
        (entry,) = campaigns_of(at)
        Campaign.objects.filter(pk=entry.campaign.id).update(model_low_minor=None, model_high_minor=None)
        assert "No campaign with a model is on record" in str(whole("cmo").sections)


class TestWhatIsMissing:
    def test_an_entity_without_channels_is_told_so(self) -> None:
        EntityFactory(slug="baja", name="Baja")
        document = whole("cmo", entity="baja")
        said = str(document.sections)
        for sentence in (
            "No channel is recorded", "No marketplace is recorded", "Nothing is counted for any channel yet",
            "No price was looked up", "No campaign with a model", "No milestone of going to market is recorded",
            "No step of local search is recorded",
        ):  # fmt: skip
            assert sentence in said
        values = {write(document.figures[entry.figure]) for entry in document.kpis}
        assert not {value for value in values if value in ("$0", "0.0 %")}

    def test_one_entity_s_report_holds_its_own_channels_alone(self) -> None:
        document = whole("cmo", entity="qos")
        names = {row[0] for row in table(document, "Where each channel stands")}
        assert names == {
            f"{name}, QueenofSanDiego" for name in ("Direct", "Sailo", "GetMyBoat", "Viator", "GetYourGuide")
        }
        assert "Winter concerts" not in str(document.sections)

    def test_a_month_without_counts_is_left_out_and_a_count_of_none_is_a_nought(self) -> None:
        at = desk()
        sailo = next(entry for entry in channels_of(at) if entry.channel.slug == "sailo")
        assert at.get("channel_impressions", sailo).missing == "not listed"
        ChannelCountFactory(channel=sailo.channel, month=at.month, count=0)
        assert desk().get("channel_impressions", sailo).value == 0


class TestQueries:
    def test_the_lens_reads_the_sample_in_at_most_twenty_queries(self) -> None:
        with CaptureQueriesContext(connection) as caught:
            LENSES["cmo"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 17

    def test_more_channels_take_no_more_queries(self) -> None:
        qos, at = Entity.objects.get(slug="qos"), dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)
        for number in range(25):
            channel = channel_rows.open_channel(
                entity=qos, name=f"Market {number}", marketplace=True, source="Owner", by=None, at=at
            )
            channel_rows.count(
                channel=channel, month=months.parse("2026-10"), counts={"clicks": number}, source="Owner",
                this_month=months.parse("2026-11"), by=None, at=at,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as caught:
            LENSES["cmo"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 17
