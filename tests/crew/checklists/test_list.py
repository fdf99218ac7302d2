"""The list as a whole: what an event starts with, when it falls due, and its rows in finished words."""

import datetime as dt
from decimal import Decimal

import pytest

from core.models import AuditEvent
from crew import rules
from crew.domain import checklists
from crew.domain.history import SYSTEM, Actor
from crew.models import DueFrom, Event, EventState, ItemState, Phase
from tests.crew.checklists.conftest import AT, claimed, read
from tests.factories.crew import (
    DEPARTS_AT,
    RETURNS_AT,
    ChecklistItemFactory,
    ChecklistTemplateFactory,
    EventFactory,
    EventTemplateFactory,
    ItemTemplateFactory,
)

LATER = AT + dt.timedelta(minutes=5)

pytestmark = pytest.mark.django_db


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

    def test_starting_a_list_costs_the_same_for_one_item_and_for_thirty(
        self, django_assert_num_queries: object
    ) -> None:
        for count in (1, 30):
            template = EventTemplateFactory()
            sheet = ChecklistTemplateFactory()
            template.checklists.add(sheet)
            for _ in range(count):
                ItemTemplateFactory(checklist=sheet)
            event = EventFactory(template=template)
            with django_assert_num_queries(5):  # type: ignore[operator]
                checklists.instantiate(event=event, template=template, by=SYSTEM, at=AT)
            assert event.items.count() == count

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


class TestRows:
    def test_rows_say_in_words_what_stands_and_what_may_be_tapped(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        free = ChecklistItemFactory(event=event, text="Free", due_at=AT + dt.timedelta(minutes=25))
        mine = claimed(event, ana, text="Mine", due_at=AT - dt.timedelta(minutes=10), critical=True)
        theirs = claimed(event, ben, text="Theirs", due_at=AT + dt.timedelta(days=3))
        captains = ChecklistItemFactory(event=event, role="captain")
        number = claimed(event, ana, evidence="number", unit="bar")
        done = claimed(event, ana, due_at=AT - dt.timedelta(hours=2))
        checklists.complete_item(item=done, by=ana, at=AT)
        rows = {
            row.pk: row
            for row in checklists.rows(
                event=event,
                standing=rules.Standing(ana.person.pk, frozenset({"crew"})),  # type: ignore[union-attr]
                at=AT,
            )
        }
        home = f"/events/{event.key}/items/"

        row = rows[free.pk]
        assert (row.state_word, row.due, row.soon, row.late) == (
            "Pending",
            "due 14:27 PST, in 25 min",
            True,
            False,
        )
        assert (row.action, row.action_url, row.url, row.opens) == (
            "Claim",
            f"{home}{free.pk}/claim/",
            f"{home}{free.pk}/",
            False,
        )
        row = rows[mine.pk]
        assert (row.state_word, row.who, row.due, row.late, row.critical, row.action) == (
            "Yours",
            "you",
            "due 13:52 PST, late by 10 min",
            True,
            True,
            "Done",
        )
        row = rows[theirs.pk]
        assert (row.state_word, row.who, row.due, row.action, row.action_url) == (
            "Claimed",
            "Ben",
            "due Tue 1 Dec 14:02 PST",
            "",
            "",
        )
        assert (rows[captains.pk].role, rows[captains.pk].action) == ("Captain", "")
        row = rows[number.pk]
        assert (row.action, row.action_url, row.opens, row.evidence) == (
            "Record",
            f"{home}{number.pk}/",
            True,
            "number in bar",
        )
        row = rows[done.pk]
        assert (row.state_word, row.who, row.due, row.action) == (
            "Completed",
            "by you",
            "completed 14:02 PST, 2 h late",
            "",
        )

    def test_an_item_on_hold_says_why_who_and_when(self, event: Event, ana: Actor, ben: Actor) -> None:
        item = claimed(event, ana)
        checklists.hold_item(item=item, reason="No key.", owner=ben.person, review_at=LATER, by=ana, at=AT)
        standing = rules.Standing(ana.person.pk, frozenset({"crew"}))  # type: ignore[union-attr]
        (row,) = checklists.rows(event=event, standing=standing, at=AT)
        assert row.note == "No key. Ben sees to it, review due 14:07 PST."
        past = LATER + dt.timedelta(minutes=1)
        (late,) = checklists.rows(
            event=event,
            standing=rules.Standing(ben.person.pk, frozenset({"captain"})),  # type: ignore[union-attr]
            at=past,
        )
        assert late.note == "No key. You see to it, review overdue since 14:07 PST."
        assert (row.action, row.action_url) == ("Resume", f"{row.url}resume/")

    def test_nothing_may_be_tapped_once_the_event_is_over_and_guests_see_no_list(self, ana: Actor) -> None:
        event = EventFactory(state=EventState.COMPLETED)
        ChecklistItemFactory(event=event)
        crew = rules.Standing(1, frozenset({"captain"}))
        assert [row.action for row in checklists.rows(event=event, standing=crew, at=AT)] == [""]
        guest = rules.Standing(1, frozenset({"guest"}))
        assert checklists.rows(event=event, standing=guest, at=AT) == []

    def test_rows_are_one_query_for_one_item_and_for_three_hundred(
        self, event: Event, ana: Actor, django_assert_num_queries: object
    ) -> None:
        standing = rules.Standing(ana.person.pk, frozenset({"crew"}))  # type: ignore[union-attr]
        claimed(event, ana)
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert len(checklists.rows(event=event, standing=standing, at=AT)) == 1
        ChecklistItemFactory.create_batch(299, event=event)
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert len(checklists.rows(event=event, standing=standing, at=AT)) == 300
