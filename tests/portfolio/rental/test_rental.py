"""Running a rental: repairs in their steps, nights sold and blocked, rates, papers, and where they come from."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from core.models import AuditEvent
from portfolio.domain import adoption, chart, enquiries, exports
from portfolio.domain.rental import RentalRefusedError, nights, papers, stays, tickets
from portfolio.formats import FormatError, handoff
from portfolio.models import (
    BlockedNights,
    BlockReason,
    Booking,
    BookingStage,
    Entity,
    Expiry,
    ExpiryKind,
    MaintenanceTicket,
    NightRate,
    Stay,
    TicketPriority,
    TicketState,
)
from tests.factories import people
from tests.factories.portfolio import EntityFactory
from tests.factories.rental import RentalFactory
from tests.portfolio.conftest import AT, Books

TODAY = dt.date(2026, 11, 10)
pytestmark = pytest.mark.django_db


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


@pytest.fixture
def place() -> Entity:
    entity: Entity = RentalFactory(slug="rental-3028", name="3028 51st St")
    chart.open_chart(entity=entity)
    return entity


def a_ticket(place: Entity, **said: Any) -> MaintenanceTicket:
    facts = {"what": "Gate latch", "priority": TicketPriority.ROUTINE, "on": day("10-29"), **said}
    return tickets.report(entity=place, today=TODAY, by=None, at=AT, **facts)


def step(ticket: MaintenanceTicket, to: TicketState, on: str, **more: Any) -> MaintenanceTicket:
    return tickets.move(ticket=ticket, to=to, on=day(on), today=TODAY, by=None, at=AT, **more)


def a_stay(place: Entity, check_in: str, check_out: str, **said: Any) -> Stay:
    told = {
        "channel_name": "Airbnb", "guest": "Zoë", "guests": 2, "price_minor": 94_000, "fee_minor": 2_820,
        "cleaning_minor": 12_000, "booked_on": day("11-01"), **said,
    }  # fmt: skip
    return stays.book(
        entity=place, told=stays.Told(check_in=day(check_in), check_out=day(check_out), **told), today=TODAY,
        by=people.owner(), at=AT,
    )  # fmt: skip


class TestRepairs:
    def test_one_goes_through_its_steps_and_each_is_told(self, place: Entity) -> None:
        ticket = a_ticket(place)
        assert ticket.reference == "M-001"
        step(ticket, TicketState.TRIAGED, "10-30")
        step(ticket, TicketState.QUOTED, "11-01", amount_minor=13_000)
        step(ticket, TicketState.QUOTED, "11-02", amount_minor=14_000)
        step(ticket, TicketState.SCHEDULED, "11-04", scheduled_for=day("11-18"))
        step(ticket, TicketState.SCHEDULED, "11-05", scheduled_for=day("11-09"))
        step(ticket, TicketState.DONE, "11-09", amount_minor=15_000)
        assert (ticket.state, ticket.done_on, ticket.quote_minor, ticket.cost_minor) == (
            TicketState.DONE, day("11-09"), 14_000, 15_000,
        )  # fmt: skip
        told = AuditEvent.objects.filter(subject_type="portfolio.maintenanceticket").order_by("id")
        assert [event.action.rpartition(":")[2] for event in told] == [
            "report", "triaged", "quoted", "quoted", "scheduled", "scheduled", "done",
        ]  # fmt: skip
        assert [event.data["amount_minor"] for event in told if "amount_minor" in event.data] == [
            [None, 13_000], [13_000, 14_000], [None, 15_000],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("to", "on", "more", "sentence"),
        [
            (TicketState.REPORTED, "11-09", {}, "cannot become reported"),
            (TicketState.TRIAGED, "11-11", {}, "has not come yet"),
            (TicketState.TRIAGED, "10-28", {}, "stands as of 29 October 2026"),
            (TicketState.QUOTED, "11-09", {}, "Say what the repair would cost"),
            (TicketState.TRIAGED, "11-09", {"amount_minor": 14_000}, "An amount belongs to a quote"),
            (TicketState.SCHEDULED, "11-09", {}, "Say for which day"),
            (TicketState.SCHEDULED, "11-09", {"scheduled_for": day("11-08")}, "Say for which day"),
        ],
    )
    def test_a_step_that_cannot_be_is_refused_in_a_sentence(
        self, place: Entity, to: TicketState, on: str, more: dict[str, Any], sentence: str
    ) -> None:
        ticket = a_ticket(place)
        with pytest.raises(RentalRefusedError, match=sentence):
            step(ticket, to, on, **more)
        ticket.refresh_from_db()
        assert ticket.state == TicketState.REPORTED

    def test_of_two_who_move_one_the_second_is_refused(self, place: Entity) -> None:
        ticket = a_ticket(place)
        same = MaintenanceTicket.objects.get(pk=ticket.pk)
        step(ticket, TicketState.DONE, "11-09")
        with pytest.raises(RentalRefusedError, match="is no longer reported"):
            step(same, TicketState.TRIAGED, "11-09")

    def test_a_reference_once_given_is_never_given_again(self, place: Entity) -> None:
        a_ticket(place)
        MaintenanceTicket.objects.update(reference="M-002")
        assert a_ticket(place).reference == "M-003"

    def test_only_a_rental_keeps_them(self) -> None:
        with pytest.raises(RentalRefusedError, match="is no rental"):
            a_ticket(EntityFactory())


class TestNights:
    def test_a_stay_and_a_block_never_share_a_night(self, place: Entity) -> None:
        stay = a_stay(place, "11-20", "11-24")
        assert (stay.booking.stage, stay.booking.service_on) == (BookingStage.BOOKED, day("11-20"))
        assert {(cost.kind, cost.amount_minor) for cost in stay.booking.costs.all()} == {
            ("commission", 2_820), ("other", 12_000),
        }  # fmt: skip
        said = {
            "entity": place,
            "reason": BlockReason.OWNER,
            "note": "",
            "ticket": None,
            "by": None,
            "at": AT,
        }
        with pytest.raises(RentalRefusedError, match="stays from 20 November 2026"):
            nights.block(first_on=day("11-23"), last_on=day("11-25"), **said)
        nights.block(first_on=day("11-24"), last_on=day("11-25"), **said)
        with pytest.raises(RentalRefusedError, match="are blocked already"):
            nights.block(first_on=day("11-25"), last_on=day("11-26"), **said)
        with pytest.raises(RentalRefusedError, match="exchange the two days"):
            nights.block(first_on=day("11-28"), last_on=day("11-27"), **said)
        with pytest.raises(RentalRefusedError, match="are blocked; give them back first"):
            a_stay(place, "11-25", "11-27")
        with pytest.raises(RentalRefusedError, match="these nights are sold"):
            a_stay(place, "11-18", "11-21")
        assert (Stay.objects.count(), Booking.objects.count(), BlockedNights.objects.count()) == (1, 1, 1)

    def test_a_stay_moves_with_its_booking_until_it_is_served(self, place: Entity) -> None:
        stay = a_stay(place, "11-20", "11-24")
        stays.move(stay=stay, check_in=day("11-21"), check_out=day("11-25"), by=None, at=AT)
        stay.booking.refresh_from_db()
        assert (stay.check_in, stay.booking.service_on) == (day("11-21"), day("11-21"))
        assert stay.booking.title == "Stay 2026-11-21 to 2026-11-25, Airbnb"
        Booking.objects.update(stage=BookingStage.CANCELLED)
        stay = Stay.objects.select_related("booking__entity").get()
        with pytest.raises(RentalRefusedError, match="its nights stay as they were"):
            stays.move(stay=stay, check_in=day("11-26"), check_out=day("11-27"), by=None, at=AT)

    def test_the_date_of_a_stay_is_changed_with_its_nights_alone(self, place: Entity) -> None:
        booking = a_stay(place, "11-20", "11-24").booking
        said = enquiries.Terms(
            "Zoë’s week",
            "stay",
            None,
            "Zoë",
            "",
            2,
            service_on=day("11-20"),
            price_minor=90_000,
            deposit_minor=0,
        )
        for wrong in (replace(said, service_on=day("11-21")), replace(said, kind="charter")):
            with pytest.raises(enquiries.TermsRefusedError, match="move the stay on the rental’s page"):
                enquiries.change_terms(booking=booking, terms=wrong, by=people.owner(), at=AT)
        changed = enquiries.change_terms(booking=booking, terms=said, by=people.owner(), at=AT)
        assert (changed.price_minor, changed.stay.check_in) == (90_000, day("11-20"))
        moved = stays.move(stay=changed.stay, check_in=day("11-22"), check_out=day("11-24"), by=None, at=AT)
        moved.booking.refresh_from_db()
        assert (moved.booking.title, moved.booking.service_on) == ("Zoë’s week", day("11-22"))

    def test_blocked_nights_are_given_back_once(self, place: Entity) -> None:
        row = nights.block(
            entity=place, first_on=TODAY, last_on=TODAY, reason=BlockReason.OTHER, note="", ticket=None, by=None,
            at=AT,
        )  # fmt: skip
        same = BlockedNights.objects.get(pk=row.pk)
        nights.unblock(row=row, by=None, at=AT)
        with pytest.raises(RentalRefusedError, match="are free already"):
            nights.unblock(row=same, by=None, at=AT)

    def test_a_night_has_one_rate(self, place: Entity) -> None:
        said = {"entity": place, "source": "Owner", "by": None, "at": AT}
        rate = nights.offer(first_on=day("11-01"), last_on=day("11-30"), night_minor=20_000, **said)
        with pytest.raises(RentalRefusedError, match="have a rate"):
            nights.offer(first_on=day("11-30"), last_on=day("12-30"), night_minor=20_000, **said)
        with pytest.raises(RentalRefusedError, match="more than nothing"):
            nights.offer(first_on=day("12-01"), last_on=day("12-30"), night_minor=0, **said)
        nights.take_back(row=rate, by=None, at=AT)
        assert not NightRate.objects.exists()

    def test_a_paper_is_renewed_to_a_later_day(self, place: Entity) -> None:
        said = {"entity": place, "kind": ExpiryKind.PERMIT, "name": "Permit", "by": None, "at": AT}
        paper = papers.enter(expires_on=day("12-31"), **said)
        with pytest.raises(RentalRefusedError, match="is there already"):
            papers.enter(expires_on=day("12-31"), **said)
        with pytest.raises(RentalRefusedError, match="a renewal gives a later day"):
            papers.renew(paper=paper, expires_on=day("12-31"), by=None, at=AT)
        papers.renew(paper=paper, expires_on=dt.date(2027, 12, 31), by=None, at=AT)
        assert Expiry.objects.get().expires_on == dt.date(2027, 12, 31)


NOTE = """---
entity: rental-3028
name: 3028 51st St
kind: rental
updated: 2026-11-08
---
# 3028

## Stays
| Check in | Check out | Channel | Gross | Fee | Cleaning |
|---|---|---|---|---|---|
| 2026-11-20 | 2026-11-24 | Airbnb | $940.00 | $28.20 | $120 |

Blocked: 2026-10-14 to 2026-10-20 (water heater), owner 2026-12-23 to 2026-12-28, 2026-12-30.

## Maintenance
| Reported | What | Priority | State | Cost |
|---|---|---|---|---|
| 2026-10-13 | Water heater leak | emergency | done 2026-10-19 | $1,380 |
| 2026-10-29 | Gate latch | routine | scheduled | $140 (quote) |
| 2026-11-07 | Smoke alarm chirps | urgent | reported | |

## Financial baseline
- Mortgage: $2,310 / month
- Short-stay permit expires: 2027-03-31
"""
STAYS = (
    "entity,reference,check_in,check_out,channel,gross,fee,cleaning,payout,paid,booked,cancelled,guests\n"
    "rental-3028,RS-1,2026-11-20,2026-11-24,Airbnb,950.00,28.50,120.00,921.50,no,2026-10-26,,3\n"
    "rental-3028,RS-2,2026-10-15,2026-10-19,Airbnb,820.00,24.60,120.00,795.40,no,2026-09-20,2026-10-13,2\n"
)


class TestWhereItComesFrom:
    def adopt(self, place: Entity) -> int:
        note = handoff.parse(NOTE.encode(), name="rental-3028.md")
        return adoption.adopt(entity=place, note=note, at=AT, by=None)

    def test_a_note_is_taken_over_once_and_an_export_takes_over_its_stay(self, place: Entity) -> None:
        assert self.adopt(place) == 1 + 3 + 3 + 1
        assert self.adopt(place) == 0
        stay = Stay.objects.get()
        assert (stay.booking.reference, stay.booking.stage) == ("STAY-2026-11-20", BookingStage.BOOKED)
        assert list(BlockedNights.objects.order_by("first_on").values_list("reason", "ticket__what")) == [
            ("maintenance", "Water heater leak"), ("owner", None), ("other", None),
        ]  # fmt: skip
        assert list(MaintenanceTicket.objects.order_by("reported_on").values_list("state", "cost_minor")) == [
            ("done", 138_000), ("triaged", None), ("reported", None),
        ]  # fmt: skip
        assert Expiry.objects.get().kind == ExpiryKind.PERMIT

        landed = exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT)
        assert landed.new == 2
        stay.refresh_from_db()
        stay.booking.refresh_from_db()
        assert (stay.booking.reference, stay.booking.booked_on, stay.booking.party_size) == (
            "RS-1", day("10-26"), 3,
        )  # fmt: skip
        assert stay.booking.costs.get(kind="commission").amount_minor == 2_850
        gone = Booking.objects.get(reference="RS-2")
        assert (gone.stage, gone.ended_on) == (BookingStage.CANCELLED, day("10-13"))
        assert self.adopt(place) == 0
        assert exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT).new == 0

    def test_one_called_off_and_one_that_took_its_nights_are_two(self, place: Entity) -> None:
        self.adopt(place)
        both = STAYS.replace("2026-10-15,2026-10-19", "2026-11-20,2026-11-23")
        exports.land_stays(data=both.encode(), name="stays.csv", by=None, at=AT)
        assert list(Booking.objects.order_by("reference").values_list("reference", "stage")) == [
            ("RS-1", BookingStage.BOOKED), ("RS-2", BookingStage.CANCELLED),
        ]  # fmt: skip

    def test_an_export_takes_over_the_stay_a_person_entered_and_earns_it_once(self, place: Entity) -> None:
        stay = a_stay(place, "11-20", "11-23", booked_on=day("10-26"))
        exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT)
        stay.refresh_from_db()
        stay.booking.refresh_from_db()
        assert (stay.booking.reference, stay.booking.client_name, stay.check_out) == (
            "RS-1", "Zoë", day("11-24"),
        )  # fmt: skip
        assert Booking.objects.count() == Stay.objects.count() == 2

    def test_one_of_another_channel_is_another_and_one_in_the_books_is_refused(self, place: Entity) -> None:
        called_off = a_stay(place, "10-15", "10-19", booked_on=day("09-20")).booking
        direct = a_stay(place, "11-20", "11-24", channel_name="Direct").booking
        exports.land_stays(data=STAYS.encode(), name="stays.csv", by=None, at=AT)
        called_off.refresh_from_db()
        assert (called_off.reference, called_off.stage) == ("RS-2", BookingStage.CANCELLED)
        assert Booking.objects.count() == 3
        direct.stay.channel_name = "Airbnb"
        direct.stay.save()
        books = Books(place, {account.code: account for account in place.accounts.all()})
        books.post("1010", "2100", 500, booking=direct)
        with pytest.raises(FormatError, match="RS-3 is .* in the records, and the books name that already"):
            exports.land_stays(data=STAYS.replace("RS-1", "RS-3").encode(), name="more.csv", by=None, at=AT)

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("2026-10-26", "2026-11-21", "column booked: the stay is booked after it begins"),
            ("2026-10-13", "2026-09-19", "column cancelled: the stay is called off before it is booked"),
            ("795.40,no", "795.40,yes", "column paid: the stay is called off and paid out"),
            (",,3\n", ",,many\n", "column guests"),
        ],
    )
    def test_a_row_that_contradicts_itself_brings_nothing(
        self, place: Entity, old: str, new: str, said: str
    ) -> None:
        with pytest.raises(FormatError, match=said):
            exports.land_stays(data=STAYS.replace(old, new).encode(), name="stays.csv", by=None, at=AT)
        assert not Stay.objects.exists()
