"""What others did arrives by itself, costs next to nothing while nothing happens, and only what changed is sent."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from core import clock
from crew import sessions
from crew.domain import checklists, history, live
from crew.domain.history import SYSTEM, Actor
from crew.models import Event, EventGrant, ItemState, Person
from tests.factories.crew import ChecklistItemFactory, EventFactory, PositionFactory, role_on

pytestmark = pytest.mark.django_db
SINCE = re.compile(r'id="live-since" name="since" value="([^"]+)"')
Queries = Callable[[int], object]


@pytest.fixture
def event() -> Event:
    return EventFactory()


@pytest.fixture
def ana(event: Event) -> Person:
    return role_on(event, "crew", name="Ana")


@pytest.fixture
def page(event: Event, ana: Person) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def address(event: Event, since: str = "") -> str:
    return f"/events/{event.key}/live/?since={since}"


def claim(event: Event, person: Person) -> int:
    item = ChecklistItemFactory(event=event)
    checklists.claim_item(item=item, by=Actor(person), at=clock.now())
    return item.pk


def test_nothing_changed_is_204_and_the_same_six_queries_at_one_item_and_at_three_hundred(
    event: Event, ana: Person, page: Client, django_assert_num_queries: Queries
) -> None:
    claim(event, ana)
    for more in (0, 299):
        ChecklistItemFactory.create_batch(more, event=event)
        version = history.version(event)
        # Session, person, event, grants, staff duties (not asked of who came by a link), and the version.
        with django_assert_num_queries(6):  # type: ignore[attr-defined]
            answer = page.get(address(event, version))
        assert (answer.status_code, answer.content) == (204, b"")


def test_one_persons_change_is_sent_to_another_row_by_row(event: Event, ana: Person, page: Client) -> None:
    quiet = ChecklistItemFactory.create_batch(60, event=event)
    before = history.version(event)
    cap = role_on(event, "captain", name="Cap")
    changed = claim(event, cap)

    answer = page.get(address(event, before))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert re.findall(r'<li class="[^"]*" id="item-(\d+)" hx-swap-oob="true">', text) == [str(changed)]
    assert "<span>Cap</span>" in text
    assert 'id="checklist-summary" hx-swap-oob="true"' in text
    assert f'id="item-{quiet[0].pk}"' not in text
    known = SINCE.search(text)
    assert known is not None
    assert page.get(address(event, known[1])).status_code == 204


def test_a_line_that_came_late_under_an_older_id_is_told(event: Event, ana: Person) -> None:
    first, second = ChecklistItemFactory.create_batch(2, event=event)
    at = clock.now()
    checklists.claim_item(item=first, by=Actor(ana), at=at)
    checklists.claim_item(item=second, by=Actor(ana), at=at)
    # Somebody read when only the younger line was there: one line fewer under the same newest id.
    newest, _, count = history.version(event).partition("-")
    found = live.since(event=event, version=f"{newest}-{int(count) - 1}", at=at)
    assert found is not None
    assert found.of("crew.checklistitem") == {first.pk, second.pk}


@pytest.mark.parametrize(
    "since", ["", "abc", "1-", "-1", "9" * 400, "%00", "1-1-1", "١-١", "0-0", "%ED%A0%80"]
)
def test_a_version_that_is_not_one_of_ours_is_a_page_just_loaded(
    event: Event, ana: Person, page: Client, since: str
) -> None:
    pk = claim(event, ana)
    answer = page.get(address(event, since))
    assert (answer.status_code, f'id="item-{pk}"' in answer.content.decode()) == (200, True)


def test_a_change_of_the_event_itself_sends_every_row_anew(event: Event, ana: Person, page: Client) -> None:
    items = ChecklistItemFactory.create_batch(3, event=event)
    before = history.version(event)
    history.note(event=event, action="crew:event:change", subject=event, by=SYSTEM, at=clock.now())
    text = page.get(address(event, before)).content.decode()
    assert all(f'id="item-{item.pk}" hx-swap-oob' in text for item in items)
    assert '<section class="section" id="positions" hx-swap-oob="true"' in text
    # Crew see no guest by name.
    assert 'id="guests"' not in text


def test_who_moves_the_event_moves_it_on_every_open_page_and_nobody_else_does(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(state="confirmed")
    captain = role_on(event, "captain")
    client = Client()
    client.force_login(captain)
    before = history.version(event)
    parts = [f'id="{part}" hx-swap-oob="true"' for part in ("now", "acts", "timing")]

    claim(event, captain)
    assert not [part for part in parts if part in client.get(address(event, before)).content.decode()]

    Event.objects.filter(pk=event.pk).update(state="underway")
    history.note(event=event, action="crew:event:advance", subject=event, by=SYSTEM, at=clock.now())
    text = client.get(address(event, before)).content.decode()
    assert [part for part in parts if part in text] == parts
    assert "Underway</span>" in text
    assert 'value="completed">We are back</button>' in text
    # A button that came later is as good as one that came with the page.
    assert text.count("csrfmiddlewaretoken") >= 1


def test_positions_come_when_they_changed_and_not_before(event: Event, ana: Person, page: Client) -> None:
    position = PositionFactory(event=event)
    before = history.version(event)
    claim(event, ana)
    assert 'id="positions"' not in page.get(address(event, before)).content.decode()
    history.note(event=event, action="crew:position:claim", subject=position, by=SYSTEM, at=clock.now())
    assert 'id="positions" hx-swap-oob="true"' in page.get(address(event, before)).content.decode()


def test_guests_and_strangers_do_not_follow_along(event: Event) -> None:
    for person, status in ((role_on(event, "guest"), 403), (role_on(EventFactory(), "captain"), 404)):
        client = Client()
        client.force_login(person)
        assert client.get(address(event)).status_code == status
    assert Client().get(address(event)).status_code == 302
    assert Client().post(address(event)).status_code == 405


def test_who_came_by_a_link_is_answered_with_five_queries(
    event: Event, ana: Person, django_assert_num_queries: Queries
) -> None:
    client = Client()
    client.force_login(ana, backend=sessions.BACKEND)
    session = client.session
    session[sessions.ACTIVE] = EventGrant.objects.get(person=ana).pk
    session.save()
    version = history.version(event)
    with django_assert_num_queries(5):  # type: ignore[attr-defined]
        assert client.get(address(event, version)).status_code == 204


def test_once_a_minute_come_what_is_next_and_the_rows_that_press_and_nothing_else(
    event: Event, ana: Person, page: Client
) -> None:
    at = event.departs_at - dt.timedelta(hours=1)
    soon, late, later = (
        ChecklistItemFactory(event=event, due_at=at + dt.timedelta(minutes=minutes))
        for minutes in (10, -10, 45)
    )
    over = ChecklistItemFactory(
        event=event,
        due_at=at,
        state=ItemState.COMPLETED,
        claimer=ana,
        claimed_at=at,
        completed_by=ana,
        completed_at=at,
    )

    for passed, left in ((0, "in 10 min"), (5, "in 5 min")):
        with time_machine.travel(at + dt.timedelta(minutes=passed), tick=False):
            text = page.get(f"/events/{event.key}/live/?minute=1").content.decode()
        assert left in text
        assert f"late by {10 + passed} min" in text
        assert 'id="next" hx-swap-oob="true"' in text
        assert "live-since" not in text
        assert [f'id="item-{row.pk}"' in text for row in (soon, late, later, over)] == [
            True,
            True,
            False,
            False,
        ]


def test_the_minute_costs_the_same_at_one_item_and_at_three_hundred(
    event: Event, page: Client, django_assert_num_queries: Queries
) -> None:
    for more in (1, 299):
        ChecklistItemFactory.create_batch(more, event=event)
        # Who asks (five), items, positions.
        with django_assert_num_queries(7):  # type: ignore[attr-defined]
            page.get(f"/events/{event.key}/live/?minute=1")
