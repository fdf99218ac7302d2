"""Two hands on one event at the same moment: one of them gets it, the other is told."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from crew.domain import events, guests, locks
from crew.domain.events import EventRefusedError
from crew.domain.history import SYSTEM, Actor
from crew.models import Event, EventState, Guest, MaintenanceRecord, Position
from tests.crew.events.conftest import build_harbor
from tests.factories.crew import NOW


def together(*work: Callable[[], object]) -> list[object]:
    """Run functions in threads at once; return what each gave, or the refusal it met."""
    ready = threading.Barrier(len(work))
    outcomes: list[object] = [None] * len(work)

    def run(place: int, one: Callable[[], object]) -> None:
        try:
            ready.wait()
            outcomes[place] = one()
        except (EventRefusedError, guests.GuestRefusedError) as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_events_opened_at_once_do_not_both_get_the_vessel(self) -> None:
        harbor = build_harbor()
        pair = [harbor.event(), harbor.event()]

        outcomes = together(
            *(
                lambda event=event: events.advance(event=event, to=EventState.OPEN, by=SYSTEM, at=NOW)
                for event in pair
            )
        )

        assert sorted(Event.objects.values_list("state", flat=True)) == ["draft", "open"]
        assert sum(isinstance(outcome, EventRefusedError) for outcome in outcomes) == 1

    def test_one_cancels_while_another_moves_it_on_and_one_of_them_is_told(self) -> None:
        harbor = build_harbor()
        event = harbor.event()
        mine, theirs = Event.objects.get(pk=event.pk), Event.objects.get(pk=event.pk)

        outcomes = together(
            lambda: events.cancel(event=mine, reason="storm", by=SYSTEM, at=NOW),
            lambda: events.advance(event=theirs, to=EventState.OPEN, by=SYSTEM, at=NOW),
        )

        assert sum(isinstance(outcome, EventRefusedError) for outcome in outcomes) == 1
        assert Event.objects.get().state in ("cancelled", "open")

    def test_two_who_add_the_last_guest_at_once_get_one_seat_and_one_answer(self) -> None:
        harbor = build_harbor()
        event = harbor.event()
        for number in range(5):
            guests.add(event=event, name=f"Guest {number}", email="", by=SYSTEM, at=NOW)

        outcomes = together(
            *(
                lambda name=name: guests.add(event=event, name=name, email="", by=Actor(None), at=NOW)
                for name in ("Last", "Too late", "Later still")
            )
        )

        refused = [outcome for outcome in outcomes if isinstance(outcome, guests.SeatsTakenError)]
        assert len(refused) == 2
        assert "Passenger 7 cannot come aboard" in str(refused[0])
        assert Guest.objects.count() == 6

    def test_a_guest_and_a_smaller_capacity_do_not_pass_each_other(self) -> None:
        harbor = build_harbor()
        event = harbor.event()
        guests.add(event=event, name="First", email="", by=SYSTEM, at=NOW)

        together(
            lambda: guests.add(event=event, name="Second", email="", by=SYSTEM, at=NOW),
            lambda: events.change(event=event, terms=harbor.terms(capacity=1), by=SYSTEM, at=NOW),
        )

        assert Guest.objects.count() <= Event.objects.get().capacity

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="On SQLite one transaction writes at a time.")
    def test_what_only_names_a_vessel_does_not_wait_for_an_event_that_moves(self) -> None:
        harbor = build_harbor()
        event = harbor.event()
        held, written = threading.Event(), threading.Event()

        def moves() -> None:
            try:
                with transaction.atomic():
                    locks.vessel(harbor.vessel)
                    held.set()
                    written.wait(timeout=20)
            finally:
                connection.close()

        mover = threading.Thread(target=moves)
        mover.start()
        held.wait(timeout=20)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                MaintenanceRecord.objects.create(
                    vessel=harbor.vessel, event=event, title="Out of limits", opened_at=NOW
                )
        finally:
            written.set()
            mover.join()

        assert MaintenanceRecord.objects.count() == 1

    def test_a_form_sent_twice_at_once_makes_one_event(self) -> None:
        harbor = build_harbor()
        key = events.fresh_key()

        outcomes = together(
            *(
                lambda: events.create(
                    template=harbor.template, terms=harbor.terms(), by=harbor.by, at=NOW, key=key
                )
                for _ in range(3)
            )
        )

        assert sum(isinstance(outcome, events.WrittenAlreadyError) for outcome in outcomes) == 2
        assert [event.key for event in Event.objects.all()] == [key]
        assert Position.objects.count() == 3
