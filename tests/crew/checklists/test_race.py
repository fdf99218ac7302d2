"""Claims at once, from real connections: one winner an item, one audit row each, a sentence for everybody else."""

import threading
from collections import Counter

import pytest
from django.db import connection

from core.models import AuditEvent
from crew.domain import checklists
from crew.domain.history import Actor
from crew.models import ChecklistItem, ItemState, Person
from tests.factories.crew import NOW, ChecklistItemFactory, EventFactory
from tests.factories.people import PersonFactory

PEOPLE, ITEMS = 8, 50


@pytest.mark.django_db(transaction=True)
def test_eight_people_who_reach_for_fifty_items_at_once_get_fifty_claims_between_them() -> None:
    event = EventFactory()
    ChecklistItemFactory.create_batch(ITEMS, event=event)
    people = [PersonFactory(name=f"Claimer {number}") for number in range(PEOPLE)]
    start = threading.Barrier(PEOPLE)
    won: Counter[int] = Counter()
    sentences: list[str] = []
    errors: list[BaseException] = []

    def reach(person: Person) -> None:
        try:
            items = list(ChecklistItem.objects.select_related("event__entity", "event__port"))
            start.wait(timeout=30)
            for item in items:
                try:
                    checklists.claim_item(item=item, by=Actor(person), at=NOW)
                    won[person.pk] += 1
                except checklists.ItemMovedError as refusal:
                    sentences.append(str(refusal))
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=reach, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert errors == []
    assert sum(won.values()) == ITEMS
    assert len(sentences) == ITEMS * (PEOPLE - 1)
    assert all(sentence.endswith(" has this since 10:00 PST.") for sentence in sentences)
    held = Counter(ChecklistItem.objects.filter(state=ItemState.CLAIMED).values_list("claimer_id", flat=True))
    assert held == won
    noted = Counter(AuditEvent.objects.filter(action="crew:item:claim").values_list("actor_id", flat=True))
    assert noted == won
