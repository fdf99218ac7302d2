"""How an item moves: who has it, what it asks for, and what the trail says afterwards."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction

from core.models import AuditEvent
from crew.domain import checklists
from crew.domain.checklists import (
    ChecklistError,
    ItemMovedError,
    NotWorkedError,
)
from crew.domain.history import SYSTEM, Actor
from crew.models import ChecklistItem, DueFrom, Event, EventState, ItemState, Phase
from tests.factories.crew import (
    DEPARTS_AT,
    RETURNS_AT,
    ChecklistItemFactory,
    ChecklistTemplateFactory,
    EventFactory,
    EventGrantFactory,
    EventTemplateFactory,
    ItemTemplateFactory,
    role_on,
)
from tests.factories.people import PersonFactory

# 14:02 at the port.
AT = dt.datetime(2026, 11, 28, 22, 2, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(minutes=5)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return EventFactory()


@pytest.fixture
def ana(event: Event) -> Actor:
    grant = EventGrantFactory(event=event, person=PersonFactory(name="Ana"))
    return Actor(grant.person, grant.pk)


@pytest.fixture
def ben(event: Event) -> Actor:
    grant = EventGrantFactory(event=event, person=PersonFactory(name="Ben"), role="captain")
    return Actor(grant.person, grant.pk)


def trail(item: ChecklistItem) -> list[tuple[str, list[str]]]:
    events = AuditEvent.objects.filter(subject_type="crew.checklistitem", subject_id=str(item.pk))
    return [(event.action, event.data["state"]) for event in events.order_by("id")]


def read(item: ChecklistItem) -> ChecklistItem:
    """Return the item as another page would have read it."""
    return ChecklistItem.objects.select_related("event__entity", "event__port").get(pk=item.pk)


def claimed(event: Event, by: Actor, **fields: object) -> ChecklistItem:
    item = ChecklistItemFactory(event=event, **fields)
    checklists.claim_item(item=item, by=by, at=AT)
    return read(item)


class TestTheListAsAWhole:
    def test_an_event_starts_with_the_active_items_of_its_template_in_the_order_of_the_day(self) -> None:
        template = EventTemplateFactory()
        shutdown = ChecklistTemplateFactory(name="A shutdown", phase=Phase.SHUTDOWN)
        before = ChecklistTemplateFactory(name="B before", phase=Phase.PRE_DEPARTURE)
        asleep = ChecklistTemplateFactory(active=False)
        other = ChecklistTemplateFactory()
        template.checklists.set([shutdown, before, asleep])
        ItemTemplateFactory(checklist=shutdown, text="Lock up", due_from=DueFrom.RETURN, due_minutes=20)
        ItemTemplateFactory(checklist=before, text="Second", sort=2)
        ItemTemplateFactory(
            checklist=before, text="First", sort=1, due_minutes=-45, critical=True, evidence="number",
            low=Decimal(5), high=Decimal(7), unit="bar", detail="The port tank.", role="captain",
        )  # fmt: skip
        ItemTemplateFactory(checklist=before, text="Retired", active=False)
        ItemTemplateFactory(checklist=asleep)
        ItemTemplateFactory(checklist=other)
        event = EventFactory(template=template)

        checklists.instantiate(event=event, template=template, by=SYSTEM, at=AT)

        items = list(event.items.order_by("sort"))
        assert [item.text for item in items] == ["First", "Second", "Lock up"]
        first = items[0]
        assert (first.phase, first.due_at, first.critical, first.evidence, first.low, first.high) == (
            Phase.PRE_DEPARTURE,
            DEPARTS_AT - dt.timedelta(minutes=45),
            True,
            "number",
            Decimal("5.000"),
            Decimal("7.000"),
        )
        assert (first.unit, first.detail, first.role, first.state) == (
            "bar",
            "The port tank.",
            "captain",
            ItemState.PENDING,
        )
        assert items[2].due_at == RETURNS_AT + dt.timedelta(minutes=20)
        line = AuditEvent.objects.get(action="crew:checklist:start")
        assert (line.data["items"], line.scope) == ([0, 3], f"event:{event.key}")

    def test_starting_a_list_costs_the_same_for_many_items(self, django_assert_num_queries: object) -> None:
        template = EventTemplateFactory()
        sheet = ChecklistTemplateFactory()
        template.checklists.add(sheet)
        for _ in range(150):
            ItemTemplateFactory(checklist=sheet)
        event = EventFactory(template=template)
        # Items are read, written (in two batches where the engine takes only so many values), and noted.
        with django_assert_num_queries(6 if transaction.get_connection().vendor == "sqlite" else 5):  # type: ignore[operator]
            checklists.instantiate(event=event, template=template, by=SYSTEM, at=AT)
        assert event.items.count() == 150

    def test_due_times_follow_the_event_in_two_updates(self, django_assert_num_queries: object) -> None:
        event = EventFactory()
        before = ChecklistItemFactory(event=event, due_minutes=-30)
        after = ChecklistItemFactory(event=event, due_from=DueFrom.RETURN, due_minutes=15, due_at=RETURNS_AT)
        odd = ChecklistItemFactory(event=event, due_minutes=0)
        elsewhere = ChecklistItemFactory()
        shift = dt.timedelta(days=7, hours=-1, seconds=30, microseconds=250)
        event.departs_at, event.returns_at = DEPARTS_AT + shift, RETURNS_AT + shift

        with django_assert_num_queries(4):  # type: ignore[operator]  # a savepoint around two updates
            checklists.retime(event=event)

        assert [read(item).due_at for item in (before, after, odd, elsewhere)] == [
            DEPARTS_AT + shift - dt.timedelta(minutes=30),
            RETURNS_AT + shift + dt.timedelta(minutes=15),
            DEPARTS_AT + shift,
            DEPARTS_AT - dt.timedelta(minutes=30),
        ]


class TestClaiming:
    def test_who_claims_has_it_and_the_trail_says_by_which_grant(self, event: Event, ana: Actor) -> None:
        item = ChecklistItemFactory(event=event)
        checklists.claim_item(item=item, by=ana, at=AT)

        fresh = read(item)
        assert (fresh.state, fresh.claimer, fresh.claimed_at, fresh.first_claimed_at) == (
            ItemState.CLAIMED,
            ana.person,
            AT,
            AT,
        )
        line = AuditEvent.objects.get(action="crew:item:claim")
        assert (line.actor, line.scope, line.data) == (
            ana.person,
            f"event:{event.key}",
            {"state": ["pending", "claimed"], "grant": ana.grant_id},
        )

    def test_who_is_second_reads_who_was_first_and_since_when(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        item = ChecklistItemFactory(event=event)
        seen_by_ben = read(item)
        checklists.claim_item(item=item, by=ana, at=AT)

        with pytest.raises(ItemMovedError, match=r"^Ana has this since 14:02 PST\.$"):
            checklists.claim_item(item=seen_by_ben, by=ben, at=LATER)
        with pytest.raises(ItemMovedError, match=r"^You have this since 14:02 PST\.$"):
            checklists.claim_item(item=read(item), by=ana, at=LATER)
        assert trail(item) == [("crew:item:claim", ["pending", "claimed"])]

    def test_losing_costs_one_update_and_one_read_and_winning_one_transaction(
        self, event: Event, ana: Actor, ben: Actor, django_assert_num_queries: object
    ) -> None:
        item = read(ChecklistItemFactory(event=event))
        seen_by_ben = read(item)
        with django_assert_num_queries(4):  # type: ignore[operator]  # two of them the savepoint
            checklists.claim_item(item=item, by=ana, at=AT)
        with django_assert_num_queries(4), pytest.raises(ItemMovedError):  # type: ignore[operator]
            checklists.claim_item(item=seen_by_ben, by=ben, at=AT)

    @pytest.mark.parametrize(
        ("state", "sentence"),
        [
            (EventState.DRAFT, "This event is still a draft; its checklist can be worked once"),
            (EventState.COMPLETED, "This event is completed, so its checklist is closed."),
            (EventState.CANCELLED, "This event is cancelled, so its checklist is closed."),
        ],
    )
    def test_nothing_is_worked_on_a_draft_or_on_what_is_over(self, state: str, sentence: str) -> None:
        event = EventFactory(state=state, cancel_reason="Storm" if state == EventState.CANCELLED else "")
        by = Actor(role_on(event, "captain"))
        item = ChecklistItemFactory(event=event)
        for move in (checklists.claim_item, checklists.complete_item):
            with pytest.raises(NotWorkedError, match=f"^{sentence}"):
                move(item=item, by=by, at=AT)
        assert trail(item) == []

    def test_quarterdeck_itself_works_no_item(self, event: Event) -> None:
        with pytest.raises(ChecklistError, match=r"^A checklist is worked by people"):
            checklists.claim_item(item=ChecklistItemFactory(event=event), by=SYSTEM, at=AT)
