"""How fast checklist items are claimed when everybody reaches for them at once, on both engines.

Ten thousand claims on five hundred items from eight processes, each with an item as its page had read it before: ours is
`checklists.claim_item`, which also writes the audit row and tells the losers who was first. The limit is a bare
conditional UPDATE of the same table by Django, which does neither. Each round has items of its own. The run fails unless
every round of either side had exactly one winner an item, ours one audit row an item, and the database no error at all.
"""

import contextlib
import copy
import datetime as dt
import multiprocessing
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import lib

DEBIAN_PACKAGES = ["postgresql"]

PROCESSES = 8
TRIES = 20
ROUNDS = 7
AT = dt.datetime(2026, 11, 28, 22, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Round:
    """What one process did in one round: how often it won, and what went wrong."""

    won: int
    errors: list[str]


class WrongOutcomeError(Exception):
    """The claims did not end as they must."""


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield one case for each engine."""
    items = size.choose(quick=100, standard=500)
    with tempfile.TemporaryDirectory() as folder:
        yield from _case("sqlite", "", Path(folder), items)
    sys.path.insert(0, str(lib.HERE.parent / "bin"))
    import testing  # noqa: PLC0415  (how the tests start their server)

    with testing.postgresql() as url, tempfile.TemporaryDirectory() as folder:
        if url:
            lib.note("PostgreSQL runs as for the tests, without fsync, for both sides alike")
            yield from _case("postgresql", url, Path(folder), items)
        else:
            lib.note("PostgreSQL could not be started here, so its case was not measured")


def _case(name: str, url: str, folder: Path, items: int) -> Iterator[lib.Case]:
    # One warm call and the rounds of both sides, each on its own items.
    boards = 2 * (ROUNDS + 1)
    with _crew(url, folder, boards=boards, items=items) as crew:
        used = iter(range(boards))

        def side(which: str) -> lib.Side:
            return lambda: _round(crew, which, next(used), items)

        yield lib.Case(
            name=name,
            unit="/s",
            n=items * TRIES,
            ours=side("ours"),
            limit=side("limit"),
            amount=items * TRIES,
            rounds=ROUNDS,
        )


def _round(crew: list[Connection], which: str, board: int, items: int) -> None:
    """Let every process try its share of one board's items, and check how it ended."""
    for end in crew:
        end.send((which, board))
    found: list[Round] = [end.recv() for end in crew]
    errors = [error for done in found for error in done.errors]
    won = sum(done.won for done in found)
    if errors:
        raise WrongOutcomeError(f"{which}: {len(errors)} errors, the first: {errors[0]}")
    if won != items:
        raise WrongOutcomeError(f"{which}: {won} winners of {items} items")
    crew[0].send(("check", board))
    owned, noted = crew[0].recv()
    if owned != items or (which == "ours" and noted != items):
        raise WrongOutcomeError(f"{which}: {items} items, of which {owned} are claimed and {noted} noted")


@contextlib.contextmanager
def _crew(url: str, folder: Path, *, boards: int, items: int) -> Iterator[list[Connection]]:
    """Run the processes, each with every item as a page had read it."""
    spawn = multiprocessing.get_context("spawn")
    maker, made = spawn.Pipe()
    first = spawn.Process(target=_make, args=(made, url, str(folder), boards, items))
    first.start()
    # Only the child holds its end now, so that waiting for one that died ends in an error and not never.
    made.close()
    people: list[int] = maker.recv()
    first.join()
    ends, workers = [], []
    for number in range(PROCESSES):
        here, there = spawn.Pipe()
        worker = spawn.Process(
            target=_work, args=(there, url, str(folder), number, people[number], items), daemon=True
        )
        worker.start()
        there.close()
        workers.append(worker)
        ends.append(here)
    try:
        for end in ends:
            end.recv()
        yield ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                end.send(None)
        for worker in workers:
            worker.join()


def _django(url: str, folder: str, *, migrate: bool) -> None:
    if url:
        os.environ["DATABASE_URL"] = url
    lib.django_for(Path(folder), migrate=migrate)


def _make(end: Connection, url: str, folder: str, boards: int, items: int) -> None:
    """Make the database, the people and every board's items."""
    _django(url, folder, migrate=True)
    from crew.models import (  # noqa: PLC0415
        ChecklistItem,
        Event,
        EventKind,
        EventState,
        Person,
        Phase,
        Port,
    )
    from portfolio.models import Entity  # noqa: PLC0415

    entity = Entity.objects.create(slug="bench", name="Bench")
    port = Port.objects.create(slug="bench", name="Bench", latitude=32.7, longitude=-117.2)
    people = [
        Person.objects.create_user(f"claimer{n}@example.com", name=f"Claimer {n}") for n in range(PROCESSES)
    ]
    for number in range(boards):
        event = Event.objects.create(
            key=f"board{number}",
            entity=entity,
            kind=EventKind.CONCERT,
            title=f"Board {number}",
            state=EventState.OPEN,
            port=port,
            capacity=0,
            departs_on=AT.date(),
            departure_minutes=0,
            departs_at=AT,
            return_minutes=60,
            returns_at=AT + dt.timedelta(hours=1),
            created_at=AT,
        )
        ChecklistItem.objects.bulk_create(
            ChecklistItem(event=event, phase=Phase.PRE_DEPARTURE, sort=n, text=f"Check {n}", due_at=AT)
            for n in range(items)
        )
    end.send([person.pk for person in people])


def _work(end: Connection, url: str, folder: str, number: int, person_id: int, items: int) -> None:
    """Try one's share of a board's items, each time one is told to."""
    _django(url, folder, migrate=False)
    from django.db import DatabaseError  # noqa: PLC0415

    from core.models import AuditEvent  # noqa: PLC0415
    from crew.domain import checklists  # noqa: PLC0415
    from crew.domain.history import Actor  # noqa: PLC0415
    from crew.models import ChecklistItem, Person  # noqa: PLC0415

    by = Actor(Person.objects.get(pk=person_id))
    boards: dict[str, list[ChecklistItem]] = {}
    for item in ChecklistItem.objects.select_related("event__entity", "event__port").order_by("sort"):
        boards.setdefault(item.event.key, []).append(item)
    dice = random.Random(number)

    def ours(item: ChecklistItem) -> bool:
        try:
            # A copy, so that each try knows what the page knew and not what the last try found out.
            checklists.claim_item(item=copy.copy(item), by=by, at=AT)
        except checklists.ItemMovedError:
            return False
        return True

    def limit(item: ChecklistItem) -> bool:
        free = ChecklistItem.objects.filter(pk=item.pk, state="pending")
        return free.update(state="claimed", claimer_id=person_id, claimed_at=AT) == 1

    sides: dict[str, Any] = {"ours": ours, "limit": limit}
    end.send("ready")
    while (told := end.recv()) is not None:
        which, board = told
        mine = boards[f"board{board}"]
        if which == "check":
            pks = [item.pk for item in mine]
            claimed = ChecklistItem.objects.filter(pk__in=pks, state="claimed", claimer__isnull=False)
            noted = AuditEvent.objects.filter(scope=f"event:board{board}", action="crew:item:claim")
            end.send((claimed.count(), noted.count()))
            continue
        # Shares differ by one at most; over all processes each item is tried TRIES times.
        plan = [mine[n % items] for n in range(number, items * TRIES, PROCESSES)]
        dice.shuffle(plan)
        won, errors = 0, []
        for item in plan:
            try:
                won += sides[which](item)
            except DatabaseError as error:
                errors.append(repr(error))
        end.send(Round(won, errors))
