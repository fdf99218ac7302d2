"""Who could work a position of an event: the people who work for its entity, and what is in each one's way."""

from dataclasses import dataclass

from crew.domain import fitness
from crew.models import Event, Person, Position, Role

MOST = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be put into a position, and what is in their way: in a few words, and in sentences."""

    person: Person
    mark: str
    reasons: str


def candidates(*, event: Event, position: Position) -> list[Candidate]:
    """Return people who were ever captain or crew for the event's entity; four queries.

    Those in whose way nothing stands come first.
    """
    people = list(
        Person.objects.filter(
            is_active=True,
            event_grants__event__entity=event.entity_id,
            event_grants__role__in=(Role.CAPTAIN, Role.CREW),
        )
        .exclude(pk=position.holder_id or 0)
        .distinct()
        .order_by("name", "email")[:MOST]
    )
    known = fitness.load(event=event, people=[person.pk for person in people])
    found = [
        Candidate(person, known.mark(person, position), " ".join(known.obstacles(person, position)))
        for person in people
    ]
    return sorted(found, key=lambda candidate: bool(candidate.reasons))
