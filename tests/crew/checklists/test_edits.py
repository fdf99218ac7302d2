"""Items added to one event by hand, and taken off again: who may, when, and what is left behind."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.models import AuditEvent
from crew.domain import checklist_edits, checklists
from crew.domain.checklist_edits import NewItem
from crew.domain.checklists import ChecklistError, ItemGoneError
from crew.domain.history import SYSTEM, Actor
from crew.models import ChecklistItem, Event, EventState, MaintenanceRecord, Person, Role
from tests.factories import people
from tests.factories.crew import NOW, ChecklistItemFactory, EventFactory, ItemTemplateFactory, role_on

FORM = {
    "text": "Cake aboard",
    "detail": "In the cool box,\r\nnot in the sun.",
    "phase": "guest_boarding",
    "role": "captain",
    "due": "before_departure",
    "minutes": "20",
    "critical": "on",
    "evidence": "number",
    "low": "1",
    "high": "7.5",
    "unit": "°C",
}


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory()


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def office(event: Event) -> Client:
    return browser(people.StaffGrantFactory(duty="bookings", entity=event.entity).person)


def url(event: Event, item: ChecklistItem | None = None) -> str:
    return f"/events/{event.key}/items/{f'{item.pk}/remove' if item else 'add'}/"


def lines(event: Event) -> list[str]:
    found = AuditEvent.objects.filter(scope=f"event:{event.key}").order_by("id")
    return list(found.values_list("action", flat=True))


class TestAdding:
    def test_it_stands_last_in_its_phase(self, event: Event) -> None:
        for number, phase in enumerate(("pre_departure", "guest_boarding", "guest_boarding", "return"), 1):
            ChecklistItemFactory(event=event, phase=phase, sort=number)

        answer = office(event).post(url(event), FORM, follow=True)

        item = event.items.get(text="Cake aboard")
        assert answer.redirect_chain == [(f"/events/{event.key}/#item-{item.pk}", 302)]
        assert "“Cake aboard” is on the checklist." in answer.content.decode()
        assert [found.phase for found in event.items.order_by("sort", "id")] == [
            "pre_departure",
            "guest_boarding",
            "guest_boarding",
            "guest_boarding",
            "return",
        ]
        assert list(event.items.order_by("sort", "id"))[3] == item
        assert (item.detail, item.role, item.critical) == (
            "In the cool box,\nnot in the sun.",
            "captain",
            True,
        )
        assert (item.low, item.high, item.unit) == (1, Decimal("7.5"), "°C")
        assert item.due_at == event.departs_at - dt.timedelta(minutes=20)
        assert lines(event) == ["crew:item:add"]

    def test_it_follows_the_return_where_it_is_counted_from_it(self, event: Event) -> None:
        item = checklist_edits.add(
            event=event,
            new=NewItem("return", "Cake box ashore", due_from="return", due_minutes=15),
            by=SYSTEM,
            at=NOW,
        )

        later = event.returns_at + dt.timedelta(hours=1)
        Event.objects.filter(pk=event.pk).update(returns_at=later)
        checklists.retime(event=Event.objects.get(pk=event.pk))

        item.refresh_from_db()
        assert item.due_at == later + dt.timedelta(minutes=15)

    @pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.CANCELLED])
    def test_what_is_over_takes_none(self, event: Event, state: EventState) -> None:
        client = office(event)
        assert url(event) in client.get(f"/events/{event.key}/").content.decode()
        Event.objects.filter(pk=event.pk).update(
            state=state, cancel_reason="storm" if state == EventState.CANCELLED else ""
        )

        page = client.get(url(event)).content.decode()
        assert "its checklist stays as it was." in page
        assert 'name="text"' not in page
        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        assert client.post(url(event), FORM).status_code == 422
        assert not event.items.exists()

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"text": ""}, "This field is required."),
            ({"text": "a\x00b"}, "Null characters are not allowed."),
            ({"text": "a\x07b"}, "U+0007"),
            ({"text": "x" * 1_000_000}, "at most 200 characters"),
            ({"detail": "x" * 2_001}, "at most 2000 characters"),
            ({"phase": "lunch"}, "Select a valid choice."),
            ({"role": "admin"}, "Select a valid choice."),
            ({"due": "before_lunch"}, "Select a valid choice."),
            ({"minutes": ""}, "This field is required."),
            ({"minutes": "-1"}, "greater than or equal to 0"),
            ({"minutes": "9" * 40}, "less than or equal to 10080"),
            ({"evidence": "oath"}, "Select a valid choice."),
            ({"low": "1e400"}, "not a number we can read"),
            ({"high": "NaN"}, "not a number we can read"),
            ({"low": "8"}, "The lowest number is above the highest"),
            ({"evidence": "tick"}, "Limits and a unit are for numbers"),
            ({"evidence": "photo", "low": "", "high": ""}, "Limits and a unit are for numbers"),
        ],
        ids=lambda value: ascii(value)[:40],
    )
    def test_odd_input_is_refused_and_stays(
        self, event: Event, changed: dict[str, str], sentence: str
    ) -> None:
        answer = office(event).post(url(event), {**FORM, **changed})

        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert "not in the sun." in answer.content.decode() or "detail" in changed
        assert not event.items.exists()

    def test_there_is_an_end_to_it(self, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checklist_edits, "MOST_ITEMS", 1)
        ChecklistItemFactory(event=event)

        assert "at most 1 items" in office(event).post(url(event), FORM).content.decode()

    @pytest.mark.parametrize("role", [Role.CAPTAIN, Role.CREW, Role.GUEST])
    def test_it_is_for_who_may_change_the_event(self, event: Event, role: Role) -> None:
        client = browser(role_on(event, role))
        item = ChecklistItemFactory(event=event)

        assert url(event) not in client.get(f"/events/{event.key}/").content.decode()
        assert client.get(url(event)).status_code == 403
        assert client.post(url(event), FORM).status_code == 403
        assert client.post(url(event, item)).status_code == 403
        assert client.post(url(EventFactory()), FORM).status_code == 404
        assert list(event.items.all()) == [item]


class TestRemoving:
    def test_one_that_was_added_by_hand_goes_for_everybody(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event, text="Cake aboard")
        client = office(event)
        assert "Remove this item" in client.get(f"/events/{event.key}/items/{item.pk}/").content.decode()

        answer = client.post(url(event, item), follow=True)

        assert "“Cake aboard” is off the checklist." in answer.content.decode()
        assert not event.items.exists()
        assert lines(event) == ["crew:item:remove"]
        told = browser(role_on(event, Role.CREW)).get(f"/events/{event.key}/live/?since=0-0")
        assert f'<li id="item-{item.pk}" hx-swap-oob="delete"></li>' in told.content.decode()

    def test_the_templates_stay(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event, template=ItemTemplateFactory())
        client = office(event)

        assert "Remove this item" not in client.get(f"/events/{event.key}/items/{item.pk}/").content.decode()
        answer = client.post(url(event, item), follow=True)

        assert "This item comes from the event&#x27;s template." in answer.content.decode()
        assert event.items.exists()

    def test_one_that_somebody_has_stays(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event)
        checklists.claim_item(item=item, by=Actor(role_on(event, Role.CREW)), at=NOW)

        answer = office(event).post(url(event, item), follow=True)

        assert "Somebody has this item" in answer.content.decode()
        assert event.items.exists()

    def test_one_that_something_needs_mending_by_stays(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event)
        MaintenanceRecord.objects.create(
            vessel=event.vessel, event=event, item=item, title="Pump", opened_at=NOW
        )

        with pytest.raises(ChecklistError, match="maintenance record"):
            checklist_edits.remove(item=item, by=SYSTEM, at=NOW)

    def test_what_is_over_keeps_its_items(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event)
        Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)

        assert "stays as it was" in office(event).post(url(event, item), follow=True).content.decode()
        assert event.items.exists()

    def test_whoever_taps_one_that_is_gone_is_told(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crew = role_on(event, Role.CREW)
        item = ChecklistItemFactory(event=event, text="Cake aboard")
        looks = checklists.claim_item

        def removed_meanwhile(**arguments: Any) -> None:
            ChecklistItem.objects.filter(pk=item.pk).delete()
            looks(**arguments)

        monkeypatch.setattr(checklists, "claim_item", removed_meanwhile)
        address = f"/events/{event.key}/items/{item.pk}/claim/"

        answer = browser(crew).post(address, follow=True)

        assert answer.redirect_chain == [(f"/events/{event.key}/#checklist", 302)]
        assert "“Cake aboard” was removed from the checklist a moment ago." in answer.content.decode()
        assert browser(crew).post(address, headers={"HX-Request": "true"}).status_code == 404
        with pytest.raises(ItemGoneError):
            checklist_edits.remove(item=item, by=SYSTEM, at=NOW)
