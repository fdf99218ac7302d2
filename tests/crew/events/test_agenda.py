"""The board of events: agenda, month and history, for staff and what they may see, at the same cost for few and many."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from crew.domain import event_lists, events, guests
from crew.domain.history import Actor
from crew.models import Anchor, Event, EventState, GuestState, PositionState, Role
from tests.crew.events.conftest import Harbor
from tests.factories import people
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    RETURNS_AT,
    SATURDAY,
    ChecklistItemFactory,
    EventFactory,
    EventGrantFactory,
    GuestFactory,
    PositionFactory,
    role_on,
)
from tests.factories.portfolio import BookingFactory

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the board on the Monday before Saturday's sail."""
    monkeypatch.setattr("core.clock.now", lambda: NOW)


def on(harbor: Harbor, days: int, **fields: object) -> Event:
    """Return an event of the harbor so many days after Saturday."""
    return EventFactory(
        entity=harbor.entity,
        vessel=harbor.vessel,
        departs_on=SATURDAY + days * DAY,
        departs_at=DEPARTS_AT + days * DAY,
        returns_at=RETURNS_AT + days * DAY,
        **fields,
    )


def titles(harbor: Harbor, query: str = "", person: object = None) -> list[str]:
    answer = harbor.client(person).get(f"/events/?{query}")  # type: ignore[arg-type]
    assert answer.status_code == 200
    return [row.title for row in answer.context["rows"]]


class TestAgenda:
    def test_what_lies_ahead_comes_first_and_past_events_stand_behind_a_tab(self, harbor: Harbor) -> None:
        on(harbor, 7, title="Next week")
        on(harbor, 0, title="Saturday")
        on(harbor, -14, title="Long ago", state=EventState.COMPLETED)
        on(harbor, -7, title="Last week", state=EventState.COMPLETED)
        on(harbor, -7, title="Overdue", state=EventState.UNDERWAY)
        on(harbor, 1, title="Cancelled", state=EventState.CANCELLED, cancel_reason="storm")

        assert titles(harbor) == ["Overdue", "Saturday", "Next week"]
        assert titles(harbor, "tab=past") == ["Last week", "Long ago"]
        assert titles(harbor, "tab=all")[:2] == ["Next week", "Cancelled"]
        assert titles(harbor, "state=cancelled") == ["Cancelled"]
        assert titles(harbor, "tab=nonsense") == titles(harbor)

    def test_a_row_says_who_and_what_it_still_needs(self, harbor: Harbor) -> None:
        event = on(harbor, 0, title="Saturday", client_name="Ada Client", capacity=6)
        GuestFactory(event=event)
        GuestFactory(event=event, state=GuestState.CLEARED, cleared_how="seen")
        GuestFactory(event=event, state=GuestState.REMOVED)
        PositionFactory(event=event)
        PositionFactory(event=event, holder=people.outsider())
        PositionFactory(event=event, holder=people.outsider(), stand_in_at=NOW)
        PositionFactory(
            event=event, holder=people.outsider(), state=PositionState.HELD, hold_reason="medical"
        )
        ChecklistItemFactory(event=event, critical=True)
        ChecklistItemFactory(event=event)

        (row,) = harbor.client().get("/events/").context["rows"]

        assert (row.taken, row.capacity) == (2, 6)
        assert (row.filled, row.positions) == (1, 4)  # who seeks a stand-in or is held does not staff it
        assert (row.critical, row.client, row.place) == (1, "Ada Client", "S/V Halcyon")
        assert (row.span, row.state) == ("15:00–17:00 PST", "Open")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("entity=qos", ["Saturday", "Sunday"]),
            ("kind=concert", ["Sunday"]),
            ("state=confirmed", ["Sunday"]),
            ("first=2026-11-29", ["Sunday"]),
            ("last=2026-11-28", ["Saturday"]),
            ("q=satur", ["Saturday"]),
            ("q=Lane", ["Saturday"]),
            ("q=Gina", ["Saturday"]),
            ("q=Gone", []),
            ("q=Mo+Mate", ["Sunday"]),
            ("q=Cap+Tain", ["Sunday"]),
            ("q=EVTKEY99", ["Sunday"]),
            ("q=qos-0042", ["Saturday"]),
            ("q=100%25", []),
            ("q=%00", ["Saturday", "Sunday"]),
            ("first=nonsense&entity=atlantis&vessel=x&kind=x&page=-1", ["Saturday", "Sunday"]),
            ("vessel=99999999999999999999999999", ["Saturday", "Sunday"]),
            ("page=9999", ["Saturday", "Sunday"]),
            ("q=" + "x" * 200, ["Saturday", "Sunday"]),
        ],
    )
    def test_filters_and_search_narrow_it_and_odd_ones_are_ignored(
        self, harbor: Harbor, query: str, found: list[str]
    ) -> None:
        saturday = on(harbor, 0, title="Saturday", client_name="Ada Lane", key="evtkey98")
        sunday = on(harbor, 1, title="Sunday", kind="concert", state=EventState.CONFIRMED, key="evtkey99")
        GuestFactory(event=saturday, name="Gina Guest")
        GuestFactory(event=saturday, name="Gone", state=GuestState.REMOVED)
        PositionFactory(event=sunday, holder=people.outsider(name="Mo Mate"))
        role_on(sunday, Role.CAPTAIN, name="Cap Tain")
        BookingFactory(entity=harbor.entity, reference="QOS-0042", event_key="evtkey98")

        assert titles(harbor, query) == found

    def test_the_vessel_is_a_filter_too(self, harbor: Harbor) -> None:
        on(harbor, 0, title="Hers")
        EventFactory(entity=harbor.entity, title="Another's")

        assert titles(harbor, f"vessel={harbor.vessel.pk}") == ["Hers"]

    def test_staff_see_their_own_entities_and_nothing_of_another(self, harbor: Harbor) -> None:
        on(harbor, 0, title="Saturday")
        other = EventFactory(title="CANARY elsewhere", vessel__name="CANARY vessel")
        reader = people.reader_of(harbor.entity)

        answer = harbor.client(reader).get("/events/?tab=all")
        page = answer.content.decode()
        assert "Saturday" in page
        assert "CANARY" not in page
        assert "New event" not in page
        assert titles(harbor, f"entity={other.entity.slug}", reader) == ["Saturday"]
        assert harbor.client(reader).get(f"/events/{other.key}/history/").status_code == 404
        assert harbor.client(people.outsider()).get("/events/").status_code == 403

    @pytest.mark.parametrize("number", [1, 60])
    def test_it_costs_the_same_at_one_and_at_many(
        self, harbor: Harbor, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for place in range(number):
            event = on(harbor, place)
            GuestFactory(event=event)
            PositionFactory(event=event)
        client = harbor.client()
        client.get("/events/")

        with django_assert_num_queries(9):
            answer = client.get("/events/?q=sail")

        assert len(answer.context["rows"]) == min(number, 25)

    def test_an_empty_board_says_how_to_fill_it(self, harbor: Harbor) -> None:
        page = harbor.client().get("/events/").content.decode()

        assert "Nothing lies ahead" in page
        assert "New event" in page


class TestMonth:
    def test_each_event_stands_on_the_day_it_leaves_in_its_ports_time(self, harbor: Harbor) -> None:
        # 23:30 of the 30th by the port, the next day in UTC.
        late = on(harbor, 2, title="Late sail")
        Event.objects.filter(pk=late.pk).update(
            departs_at=dt.datetime(2026, 12, 1, 7, 30, tzinfo=dt.UTC),
            returns_at=dt.datetime(2026, 12, 1, 9, 0, tzinfo=dt.UTC),
        )
        on(harbor, 0, title="Saturday")
        on(harbor, 10, title="December")
        EventFactory(title="CANARY elsewhere")

        answer = harbor.client(people.reader_of(harbor.entity)).get("/events/month/2026-11/")

        days = {
            (day.on.month, day.on.day): [event.title for event in day.events]
            for week in answer.context["weeks"]
            for day in week
            if day.events
        }
        assert days == {(11, 28): ["Saturday"], (11, 30): ["Late sail"]}
        page = answer.content.decode()
        assert ">23:30 PST<" in page
        assert "CANARY" not in page
        assert 'href="/events/month/2026-10/"' in page
        assert 'href="/events/month/2026-12/"' in page

    def test_weeks_begin_on_sunday_and_fill_up_with_neighbours(self, harbor: Harbor) -> None:
        weeks = harbor.client().get("/events/month/2026-11/").context["weeks"]

        assert {len(week) for week in weeks} == {7}
        assert (weeks[0][0].on, weeks[-1][-1].on) == (dt.date(2026, 11, 1), dt.date(2026, 12, 5))
        assert [day.on.day for week in weeks for day in week if day.today] == [23]

    @pytest.mark.parametrize(
        "month", ["2026-13", "0000-01", "1999-12", "2100-01", "2026-1", "x", "9" * 50, "2026-11%00"]
    )
    def test_what_is_no_month_of_ours_is_not_found(self, harbor: Harbor, month: str) -> None:
        assert harbor.client().get(f"/events/month/{month}/").status_code == 404

    @pytest.mark.parametrize("month", ["2000-01", "2099-12"])
    def test_the_first_and_the_last_month_lead_one_way(self, harbor: Harbor, month: str) -> None:
        assert harbor.client().get(f"/events/month/{month}/").status_code == 200

    @pytest.mark.parametrize("number", [1, 60])
    def test_it_costs_the_same_at_one_and_at_many(
        self, harbor: Harbor, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for place in range(number):
            GuestFactory(event=on(harbor, -(place % 25)))
        client = harbor.client()
        client.get("/events/month/2026-11/")

        with django_assert_num_queries(5):
            answer = client.get("/events/month/2026-11/")

        assert answer.context["number"] == number


class TestHistory:
    def test_it_tells_what_was_done_by_whom_and_in_which_role(self, harbor: Harbor) -> None:
        event = harbor.event()
        grant = EventGrantFactory(event=event, role=Role.CAPTAIN, person__name="Ines Halloran")
        events.change(
            event=event, terms=harbor.terms(title="Anniversary", price_minor=90_000), by=harbor.by, at=NOW
        )
        guest = guests.add(event=event, name="Ada", email="", by=Actor(grant.person, grant.pk), at=NOW)
        guests.clear(guest=guest, how="Paper waiver seen", by=Actor(grant.person, grant.pk), at=NOW)

        lines = event_lists.History(event)[0:10]

        assert [(line.title, line.text, line.by) for line in lines][:3] == [
            (
                "Guest cleared: Ada",
                "state: held → cleared; how: Paper waiver seen",
                "Ines Halloran, as captain",
            ),
            ("Guest added: Ada", "", "Ines Halloran, as captain"),
            (
                "Changed: Anniversary",
                "price: $0.00 → $900.00; title: Sunset sail → Anniversary",
                "Bea Bookings",
            ),
        ]
        page = harbor.client().get(f"/events/{event.key}/history/").content.decode()
        assert "Ines Halloran, as captain" in page
        assert "23 Nov 2026, 10:00 PST</time>" in page
        assert "America/Los_Angeles" not in page

    def test_rules_and_dates_are_told_in_words_at_the_ports_zone(self, harbor: Harbor) -> None:
        event = harbor.event(departure=(Anchor.SUNSET, -105), return_=(Anchor.CLOCK, 18 * 60))
        terms = harbor.terms(
            departure=(Anchor.CLOCK, 600), return_=(Anchor.CLOCK, 1980), crew_call_minutes=60
        )
        events.change(event=event, terms=terms, by=harbor.by, at=NOW)

        lines = event_lists.History(event)[0:10]
        changed, made = lines[0], lines[-1]

        assert "departure: 1 h 45 min before sunset → 10:00" in changed.text
        assert "return: 18:00 → 09:00, the day after" in changed.text
        assert "is back: 28 Nov 2026 18:00 PST → 29 Nov 2026 09:00 PST" in changed.text
        assert "crew call: 1 h 30 min before departure → 1 h before departure" in changed.text
        assert made.title.startswith("Written down: ")
        assert "date: none → Sat 28 Nov 2026" in made.text
        assert "2026-" not in changed.text + made.text

    def test_it_holds_nothing_of_another_event(self, harbor: Harbor) -> None:
        event, other = harbor.event(), harbor.event(title="CANARY sail")

        assert AuditEvent.objects.filter(scope=f"event:{other.key}").exists()
        assert "CANARY" not in harbor.client().get(f"/events/{event.key}/history/").content.decode()

    @pytest.mark.parametrize("number", [1, 120])
    def test_it_costs_the_same_at_one_and_at_many(
        self, harbor: Harbor, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        event = on(harbor, 0, mode="", legal_limit=None, capacity=200)
        grant = EventGrantFactory(event=event, role=Role.CAPTAIN)
        for place in range(number):
            guests.add(event=event, name=f"Guest {place}", email="", by=Actor(grant.person, grant.pk), at=NOW)
        client = harbor.client()
        client.get(f"/events/{event.key}/history/")

        with django_assert_num_queries(9):
            answer = client.get(f"/events/{event.key}/history/")

        assert len(answer.context["page_obj"].object_list) == min(number, 50)
        assert harbor.client().get(f"/events/{event.key}/history/?page=999999").status_code == 200

    def test_crew_and_captain_do_not_read_it(self, harbor: Harbor) -> None:
        event = harbor.event()
        for role in (Role.CAPTAIN, Role.CREW, Role.GUEST):
            person = role_on(event, role)
            assert harbor.client(person).get(f"/events/{event.key}/history/").status_code == 403
