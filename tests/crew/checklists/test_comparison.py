"""Template items over past events: medians, shares, what the page is narrowed to, and what it costs."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from crew.domain import comparison
from crew.domain.comparison import Asked
from crew.models import ChecklistItem, Event, EventState, ItemState, ItemTemplate
from tests.factories import people
from tests.factories.crew import (
    DEPARTS_AT,
    SATURDAY,
    ChecklistItemFactory,
    ChecklistTemplateFactory,
    EventFactory,
    ItemTemplateFactory,
    PortFactory,
)
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db
START = DEPARTS_AT - dt.timedelta(hours=1)


def worked(line: ItemTemplate, event: Event, minutes: float | None, **fields: object) -> ChecklistItem:
    """Return an item that took so many minutes; None was never completed."""
    person = PersonFactory()
    if minutes is None:
        return ChecklistItemFactory(event=event, template=line, text=line.text, **fields)
    return ChecklistItemFactory(
        event=event, template=line, text=line.text, state=ItemState.COMPLETED, claimer=person, first_claimed_at=START,
        claimed_at=START, completed_at=START + dt.timedelta(minutes=minutes), completed_by=person, **fields,
    )  # fmt: skip


def over(**fields: object) -> Event:
    return EventFactory(state=EventState.COMPLETED, **fields)


@pytest.mark.parametrize(
    ("minutes", "median"),
    [([7], 7), ([2, 10], 6), ([1, 2, 90], 2), ([1, 3, 4, 100], 3.5), ([5, 5, 5, 5, 6], 5), ([None], None), ([4, None, 8], 6)],
)  # fmt: skip
def test_the_median_is_of_those_that_were_completed(
    minutes: list[float | None], median: float | None
) -> None:
    line = ItemTemplateFactory()
    for each in minutes:
        worked(line, over(), each)
    (row,) = comparison.compare(asked=Asked())
    assert (row.count, row.minutes) == (len(minutes), median)


def test_shares_say_how_often_and_the_worst_comes_first() -> None:
    sheet = ChecklistTemplateFactory(name="Engine")
    fine, bad = (ItemTemplateFactory(checklist=sheet, text=text) for text in ("Fine", "Bad"))
    for number in range(4):
        event = over()
        worked(fine, event, 5)
        worked(bad, event, 45 if number else 5, hold_count=number, missed_limits=number == 3)
    rows = comparison.compare(asked=Asked())
    assert [row.text for row in rows] == ["Bad", "Fine"]
    row = rows[0]
    assert (row.checklist, row.count, row.held, row.late, row.missed, row.left) == (
        "Engine",
        4,
        0.75,
        0.75,
        0.25,
        0,
    )


def test_only_completed_events_count_and_only_what_is_asked_for() -> None:
    line, other = ItemTemplateFactory(), ItemTemplateFactory()
    event = over()
    worked(line, event, 5)
    worked(other, over(departs_on=SATURDAY - dt.timedelta(days=40)), 5)
    worked(line, EventFactory(), 5)
    ChecklistItemFactory(event=event)

    def found(**asked: object) -> list[int]:
        return sorted(row.pk for row in comparison.compare(asked=Asked(**asked)))  # type: ignore[arg-type]

    assert found() == [line.pk, other.pk]
    assert found(entity_ids=[event.entity_id]) == [line.pk]
    assert found(checklist=other.checklist_id) == [other.pk]
    assert found(first=SATURDAY) == [line.pk]
    assert found(last=SATURDAY - dt.timedelta(days=1)) == [other.pk]


class TestThePage:
    def test_a_day_is_that_of_the_port(self) -> None:
        # Late on Saturday in Honolulu it is Sunday in San Diego.
        late = dt.datetime(2026, 11, 29, 9, 30, tzinfo=dt.UTC)
        there = EventFactory(
            state=EventState.COMPLETED,
            port=PortFactory(zone="Pacific/Honolulu"),
            departs_at=late,
            returns_at=late + dt.timedelta(hours=2),
        )
        worked(ItemTemplateFactory(text="Bilge dry"), there, 5)
        client = Client()
        client.force_login(people.reader_of(there.entity))

        assert "Bilge dry" in client.get("/checklists/?last=2026-11-28").content.decode()
        assert "Bilge dry" not in client.get("/checklists/?first=2026-11-29").content.decode()

    def test_staff_of_one_entity_see_that_entity(self) -> None:
        mine, theirs = ItemTemplateFactory(text="Mine"), ItemTemplateFactory(text="Theirs")
        event = over()
        worked(mine, event, 5)
        worked(theirs, over(), 5)
        client = Client()
        client.force_login(people.reader_of(event.entity))
        page = client.get("/checklists/").content.decode()
        assert "Mine" in page
        assert "Theirs" not in page
        assert "Every entity" in page

    @pytest.mark.parametrize(
        "query",
        ["entity=999999", "entity=x", "checklist=%00", "first=2026-02-30", "last=9999-12-31", "page=zzz", "first=0001-01-01", "entity=" + "9" * 500],
    )  # fmt: skip
    def test_odd_filters_are_ignored(self, query: str) -> None:
        worked(ItemTemplateFactory(text="There"), over(), 5)
        client = Client()
        client.force_login(people.owner())
        answer = client.get(f"/checklists/?{query}")
        assert (answer.status_code, "There" in answer.content.decode()) == (200, True)

    def test_it_is_for_staff(self) -> None:
        client = Client()
        assert client.get("/checklists/").status_code == 302
        client.force_login(people.outsider())
        assert client.get("/checklists/").status_code == 403

    def test_it_costs_the_same_for_one_item_and_for_many(
        self, django_assert_num_queries: Callable[[int], object]
    ) -> None:
        client = Client()
        client.force_login(people.owner())
        sheet = ChecklistTemplateFactory()
        for count in (1, 60):
            event = over()
            for _ in range(count):
                worked(ItemTemplateFactory(checklist=sheet), event, 3)
            client.get("/checklists/")
            with django_assert_num_queries(COST):  # type: ignore[attr-defined]
                client.get("/checklists/")


COST = 8
