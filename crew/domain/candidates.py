"""Who could work a position of an event: the people who work for its entity, and what is in each one's way."""

from crew.domain import fitness
from crew.models import Event, Person, Position, Role

MOST = 200


def candidates(*, event: Event, position: Position) -> list[tuple[Person, str]]:
    """Return people who were ever captain or crew for the event's entity, and why each could not; four queries.

    Those in whose way nothing stands come first, with an empty reason.
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
    found = [(person, " ".join(known.obstacles(person, position))) for person in people]
    return sorted(found, key=lambda candidate: bool(candidate[1]))
