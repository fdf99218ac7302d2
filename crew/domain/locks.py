"""The rows that changes of an event stand in line at, always in this order: vessel, event, people.

Whoever took them otherwise could wait for somebody who waits for them. Rows that only name one of these (a foreign key)
never wait for it. On SQLite writers stand in line anyway. Seats are locked harder, by their trigger: `crew.domain.guests`.
"""

from collections.abc import Collection

from crew.models import Event, Person, Vessel


def vessel(found: Vessel | None) -> None:
    """Let one change at a time decide where a vessel is; an event ashore has none."""
    if found is not None:
        Vessel.objects.select_for_update(no_key=True).get(pk=found.pk)


def event(event_id: int) -> Event:
    """Return an event as it stands, nobody else changing it until the transaction ends."""
    return (
        Event.objects.select_for_update(of=("self",), no_key=True)
        .select_related("entity", "port", "end_port")
        .get(pk=event_id)
    )


def events(ids: Collection[int]) -> None:
    """Let nobody move or change these events until the transaction ends."""
    list(Event.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values("pk"))


def people(ids: Collection[int]) -> None:
    """Let nobody else give these people work or days off until the transaction ends."""
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values("pk"))
