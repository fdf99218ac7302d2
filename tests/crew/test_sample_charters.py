"""The sample's charters: whatever day they are loaded on, they stand, and stay what they are."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from core.models import AuditEvent
from crew import rules
from crew.domain import events, sample, sample_charters, sample_events, timing_panel
from crew.domain.history import Actor
from crew.models import (
    ChecklistItem,
    Credential,
    Event,
    EventGrant,
    EventKind,
    EventState,
    Evidence,
    Guest,
    GuestState,
    ItemState,
    Link,
    MaintenanceRecord,
    Mode,
    OperatingLimit,
    Person,
    Phase,
    Port,
    Position,
    PositionState,
    Role,
)
from mail.models import Message
from portfolio.models import AccountRole, Booking, BookingCost, BookingStage, CostKind, Posting
from tests import databases

DEMO = settings.BASE_DIR / "demo"
AT = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)  # A Saturday.


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sample_charters.Loaded]:
    """Load what sails onto the sample's records, once for this module; the pictures go into a folder of its own."""
    with (
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")),
        django_db_blocker.unblock(),
        databases.with_the_sample(),
        transaction.atomic(),
    ):
        sample.load(at=AT)
        yield sample_charters.load(folder=DEMO, at=AT)
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db


def event(title: str, **found: object) -> Event:
    return Event.objects.select_related("entity", "vessel", "port", "end_port").get(title=title, **found)


def tomorrow() -> Event:
    return event("Sunset sail", state=EventState.CONFIRMED)


@pytest.mark.usefixtures("loaded")
class TestComing:
    def test_every_kind_and_every_mode_is_there(self) -> None:
        coming = Event.objects.filter(departs_at__gt=AT)

        assert set(coming.values_list("kind", flat=True)) == set(EventKind.values)
        assert set(coming.values_list("mode", flat=True)) == {*Mode.values, ""}
        assert set(coming.values_list("state", flat=True)) == {"draft", "open", "confirmed", "cancelled"}
        assert not Event.objects.exclude(sample=True).exists()

    def test_a_mode_has_its_limit_from_a_row_with_a_source(self) -> None:
        limits = {(limit.mode, limit.passengers): limit.source for limit in OperatingLimit.objects.all()}

        assert set(limits) == {(Mode.UPV_6, 6), (Mode.BAREBOAT_12, 12), (Mode.INSPECTED_COI, 49)}
        for found in Event.objects.exclude(mode=""):
            assert limits[found.mode, found.legal_limit] == found.legal_source

    def test_saturdays_sail_is_partly_filled(self) -> None:
        sail = event("Saturday's sunset sail")

        assert sail.departs_on == dt.date(2026, 11, 28)
        assert list(sail.positions.values_list("station", "state", "holder__email")) == [
            ("captain", "confirmed", "captain@example.com"),
            ("mate", "open", None),
            ("deckhand", "claimed", "deckhand@example.com"),
            ("deckhand", "open", None),
        ]
        assert set(sail.grants.filter(role=Role.CREW).values_list("person__email", flat=True)) == {
            "mate@example.com",
            "deckhand@example.com",
            "deckhand2@example.com",
        }
        assert sail.guests.count() == 2

    def test_tomorrows_list_is_half_worked_and_its_battery_waits_for_the_captain(self) -> None:
        sail = tomorrow()
        battery = sail.items.get(text="House battery")

        assert sail.departs_on == dt.date(2026, 11, 22)
        assert dict(sail.items.values_list("state").annotate(n=Count("pk")).order_by()) == {
            "pending": 51,
            "claimed": 1,
            "on_hold": 1,
            "completed": 12,
        }
        assert (battery.state, battery.value_number, battery.missed_limits) == (
            "on_hold",
            Decimal("11.9"),
            True,
        )
        assert battery.hold_owner == Person.objects.get(email="captain@example.com")
        assert MaintenanceRecord.objects.get().item == battery
        assert list(sail.guests.values_list("state", flat=True)) == ["cleared"] * 3 + ["held"]

    @pytest.mark.parametrize("title", ["Saturday's sunset sail", "Midday charter"])
    def test_two_trips_on_one_day_warn_of_the_time_between(self, title: str) -> None:
        office = rules.Standing(None, frozenset({Role.ADMIN.value}))
        panel = timing_panel.panel(event=event(title), standing=office, at=AT)

        assert any("2 h 10 min" in caution.text for caution in panel.warnings)

    def test_a_paper_that_runs_out_before_the_return_holds_its_position(self) -> None:
        held = Position.objects.get(state=PositionState.HELD)

        assert held.event.title == "Winter harbor jazz"
        assert held.hold_reason.startswith("First aid expired on 11 Dec 2026, before the crew call on")

    def test_a_bareboat_charter_has_its_own_captain_and_no_position(self) -> None:
        charter = event("Bareboat: Achterhuis family")
        grant = charter.grants.get(role=Role.CAPTAIN)

        assert not charter.positions.exists()
        assert (grant.person.email, grant.position) == ("charterer@example.com", None)
        assert not Position.objects.filter(holder=grant.person).exists()

    def test_who_was_invited_has_a_mail_on_its_way(self) -> None:
        by_hand = Link.objects.exclude(issued_by=None)
        assert set(by_hand.values_list("grant__person__email", "grant__role")) == {
            ("captain@example.com", "captain"),
            ("guest@example.com", "guest"),
            ("charterer@example.com", "captain"),
        }
        # Who was told of a position has theirs in that mail.
        mailed = {row.payload.get("link") for row in Message.objects.all()}
        assert set(Link.objects.values_list("pk", flat=True)) <= mailed
        assert set(Message.objects.exclude(state="draft").values_list("to_address", flat=True)) <= {
            person.email for person in Person.objects.filter(sample=True)
        }

    def test_each_change_is_in_the_events_own_trail(self) -> None:
        assert Event.objects.exists()
        for found in Event.objects.all():
            trail = AuditEvent.objects.filter(scope=f"event:{found.key}")
            assert trail.filter(action="crew:event:create").count() == 1
            assert trail.filter(at__gt=max(AT, found.returns_at)).count() == 0


@pytest.mark.usefixtures("loaded")
class TestPast:
    def test_past_charters_are_the_bookings_that_were_served(self) -> None:
        served = Booking.objects.exclude(event_key="").filter(stage=BookingStage.COMPLETED)

        assert served.count() == 16
        for booking in served:
            found = Event.objects.get(key=booking.event_key)
            assert (found.title, found.departs_at, found.returns_at, found.price_minor) == (
                booking.title,
                booking.starts_at,
                booking.ends_at,
                booking.price_minor,
            )

    def test_completing_yesterdays_charter_earns_its_booking(self) -> None:
        booking = Booking.objects.get(reference=sample_events.HELD_FOR)
        event = Event.objects.get(key=booking.event_key)
        assert (event.state, booking.stage) == (EventState.UNDERWAY, BookingStage.BOOKED)
        assert event.departs_on == AT.date() - dt.timedelta(days=1)

        def stands(role: AccountRole) -> int:
            rows = Posting.objects.filter(booking=booking, account__role=role)
            return sum(rows.values_list("amount_minor", flat=True))

        held = stands(AccountRole.DEFERRED) + stands(AccountRole.DEPOSITS_HELD)
        captain = Actor(Person.objects.get(email="captain@example.com"))
        events.advance(event=event, to=EventState.COMPLETED, by=captain, at=AT)
        assert held == -120_000
        assert stands(AccountRole.DEFERRED) + stands(AccountRole.DEPOSITS_HELD) == 0
        assert (stands(AccountRole.REVENUE), stands(AccountRole.RECEIVABLE)) == (-250_000, 130_000)

    def test_crews_were_paid_what_the_books_say(self) -> None:
        served = Booking.objects.exclude(event_key="").filter(
            entity__slug="qos", stage=BookingStage.COMPLETED
        )
        assert served
        for booking in served:
            positions = Position.objects.filter(event__key=booking.event_key)
            assert sum(positions.values_list("rate_minor", flat=True)) == 53_000
            assert BookingCost.objects.get(booking=booking, kind=CostKind.CREW).amount_minor == 53_000
            assert not positions.filter(paid_on=None).exists()

    def test_something_is_owed_and_something_is_paid(self) -> None:
        over = Position.objects.filter(event__state=EventState.COMPLETED)

        assert over.filter(paid_on=None).count() == 8
        assert over.exclude(paid_on=None).count() == 34

    def test_every_item_of_a_past_event_is_completed_with_its_evidence(self) -> None:
        items = ChecklistItem.objects.filter(event__state=EventState.COMPLETED)

        assert set(items.values_list("evidence", flat=True)) == set(Evidence.values)
        assert not items.exclude(state=ItemState.COMPLETED).exists()
        assert not items.filter(Q(evidence=Evidence.NUMBER, value_number=None)).exists()
        assert not items.filter(Q(value_number__lt=F("low")) | Q(value_number__gt=F("high"))).exists()
        assert not items.filter(evidence=Evidence.TEXT, value_text="").exists()
        assert not items.filter(evidence=Evidence.PHOTO, photo="").exists()
        assert not items.filter(Q(completed_at__lt=F("claimed_at")) | Q(claimed_at__gt=F("due_at"))).exists()

    def test_histories_differ_so_that_a_comparison_says_something(self) -> None:
        sails = ChecklistItem.objects.filter(event__state=EventState.COMPLETED)
        battery = sails.filter(text="House battery", missed_limits=True).count()
        fuel = sails.filter(text="Fuel", completed_at__gt=F("due_at")).count()

        assert battery >= 3
        assert fuel >= 3
        assert 0 < sails.filter(hold_count__gt=0).count() < sails.count() / 10

    def test_nobody_is_on_more_guests_than_the_law_lets_aboard(self) -> None:
        for found in Event.objects.exclude(mode="").annotate(aboard=Count("guests", distinct=True)):
            assert found.aboard <= (found.legal_limit or 0)
        assert (
            Guest.objects.filter(event__state=EventState.COMPLETED).exclude(state=GuestState.CLEARED).count()
            == 0
        )


@pytest.mark.usefixtures("loaded")
class TestLists:
    def test_the_briefing_covers_what_the_rule_names(self) -> None:
        briefing = tomorrow().items.filter(phase=Phase.SAFETY_BRIEFING, critical=True)
        words = " ".join(briefing.values_list("text", flat=True))

        for thing in ("life jacket", "lifesaving devices", "Emergency checklist"):
            assert thing in words
        assert briefing.filter(detail__contains="46 CFR 26.03-1").count() == 4

    def test_every_phase_of_a_sail_has_a_list(self) -> None:
        assert set(tomorrow().items.values_list("phase", flat=True)) == set(Phase.values)

    def test_ports_lie_where_they_lie(self) -> None:
        port = Port.objects.get(slug="san-diego")

        assert (port.latitude, port.longitude, port.zone) == (32.7157, -117.1611, "America/Los_Angeles")
        assert Port.objects.count() == 4


def test_a_second_load_changes_nothing(loaded: sample_charters.Loaded) -> None:
    def counts() -> list[int]:
        return [
            model._default_manager.count()
            for model in (
                Event,
                Person,
                ChecklistItem,
                EventGrant,
                Credential,
                OperatingLimit,
                Message,
                AuditEvent,
            )
        ]

    before = counts()

    assert loaded == sample_charters.Loaded(people=8, events=31)
    assert sample_charters.load(folder=DEMO, at=AT + dt.timedelta(days=30)) == (0, 0)
    assert counts() == before
