"""How long reports take: two documents of the sample from its records, and all eight to committed editions.

``sample`` is the CEO's and the CFO's document, from records and without rendering. The limit is the very same queries,
their rows fetched and thrown away. The peer is the plain way to write such reports in Django: each figure that rests on
postings is summed from them by a query of its own. It works out those figures alone, and none of the tables, findings and
comparisons that our side also makes.

``cold``, ``warm`` and ``million`` are all eight, from records to committed editions with charts, HTML, text and PDF, each in
a process of its own (`bench.books.eight`): a new one on a copy of the sample each round, one that goes on while a booking
and an entry change each round, and a new one each round on the sample grown to a million postings and 5,000 events
(`bench.books.reports_world`). Their limit is what the database takes to answer the questions all eight ask. No other
program makes such reports, so they have no peer. `judge` holds time and memory against what is promised, to the letter.
"""

import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from bench import lib

SLUGS = ("ceo", "cfo")
EIGHT = 8
# Milliseconds that all eight may take on two cores, from records to committed editions,
PROMISED = {"cold": 3_000, "warm": 1_000, "million": 5_000}
# and the megabytes that the process which issues them may hold at its peak.
MEMORY = 300
DATABASE = "quarterdeck.sqlite3"
# What `million` is; a smaller one is measured as `grown`, and not judged.
POSTINGS, EVENTS = 1_000_000, 5_000
# The highest peak of each case, in megabytes.
_peaks: dict[str, int] = {}


class WrongOutcomeError(Exception):
    """Fewer than eight whole editions came out."""


class PromiseError(Exception):
    """A promise is not kept."""


def judge(outcomes: Iterable[lib.Outcome]) -> None:
    """Hold time and memory of all eight against what is promised.

    Raises:
        PromiseError: a promise is not kept.
    """
    missed = []
    for outcome in outcomes:
        if outcome.case not in PROMISED:
            continue
        promised, peak = PROMISED[outcome.case], _peaks[outcome.case]
        lib.note(
            f"{outcome.case}: all eight in {outcome.ours:,.0f} ms, under {promised:,} are promised; "
            f"{peak} MB at the peak, under {MEMORY} are promised"
        )
        if outcome.ours >= promised:
            missed.append(f"{outcome.case} takes {outcome.ours:,.0f} ms, and under {promised:,} are promised")
        if peak >= MEMORY:
            missed.append(f"{outcome.case} holds {peak} MB at its peak, and under {MEMORY} are promised")
    if missed:
        raise PromiseError(f"{'; '.join(missed)}.")


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield two documents from records, then all eight to their editions."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        yield from _documents(size, home)
        lib.note("no other program makes these reports, so all eight have no peer")
        yield from _editions(size, home)
        yield _grown(size, home)


class Eight:
    """A process that issues all eight reports of a database; see `bench.books.eight`."""

    def __init__(self, case: str, home: Path) -> None:
        """Start it on the database in a folder, and wait until Django is set up."""
        self.case = case
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.books.eight"],
            env={**os.environ, "DATA_DIR": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read("ready")

    def __call__(self, what: str) -> lib.Taken:
        """Do what is asked once; return the seconds it took.

        Raises:
            WrongOutcomeError: something is missing of eight editions.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self._read("{"))
        if said["wrong"]:
            raise WrongOutcomeError(f"{self.case}: {said['wrong']}.")
        if what != "limit":
            _peaks[self.case] = max(_peaks.get(self.case, 0), said["peak"])
        return lib.Taken(said["taken"])

    def __enter__(self) -> Self:
        """Return it, to be ended at the end of the block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _read(self, start: str) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith(start):
            raise WrongOutcomeError(f"{self.case}: the process said {line!r} where {start!r} was to come.")
        return line


def _editions(size: lib.Size, home: Path) -> Iterator[lib.Case]:
    with contextlib.ExitStack() as stack:

        def copy() -> Path:
            new = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            shutil.copy(home / DATABASE, new)
            return new

        def cold() -> lib.Taken:
            with Eight("cold", copy()) as eight:
                return eight("all")

        warm = stack.enter_context(Eight("warm", copy()))
        yield lib.Case(
            name="cold",
            unit="ms",
            n=EIGHT,
            ours=cold,
            limit=lambda: warm("limit"),
            rounds=size.choose(quick=1, standard=5),
            warm=0,
        )
        yield lib.Case(
            name="warm",
            unit="ms",
            n=EIGHT,
            ours=lambda: warm("changed"),
            limit=lambda: warm("limit"),
            rounds=size.choose(quick=3, standard=15),
            warm=2,
        )


def _grown(size: lib.Size, home: Path) -> lib.Case:
    """Return the case of the large portfolio, which takes the place of the sample."""
    share = size.choose(quick=10, standard=1)
    postings, events = POSTINGS // share, EVENTS // share
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bench.books.reports_world", str(postings), str(events)],
        env={**os.environ, "DATA_DIR": str(home)},
        check=True,
    )
    lib.note(
        f"the sample was grown to {postings:,} postings and {events:,} events in {time.perf_counter() - began:.0f} s"
    )
    name = "million" if share == 1 else "grown"

    def side(what: str) -> lib.Side:
        def ask() -> lib.Taken:
            with Eight(name, home) as eight:
                return eight(what)

        return ask

    return lib.Case(
        name=name, unit="ms", n=postings, ours=side("changed"), limit=side("limit"),
        rounds=size.choose(quick=1, standard=5), warm=0,
    )  # fmt: skip


def _documents(size: lib.Size, home: Path) -> Iterator[lib.Case]:
    lib.django_with(home, sample=True)
    # Models can be imported only once Django is set up.
    from django.db import connection, reset_queries  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from portfolio.domain import queries  # noqa: PLC0415
    from portfolio.models import Posting  # noqa: PLC0415
    from reports.document import Document, PostingsTrace  # noqa: PLC0415
    from reports.domain import actions, compare, editions, issue, prints  # noqa: PLC0415
    from reports.lenses import LENSES  # noqa: PLC0415
    from reports.metrics import Facts  # noqa: PLC0415
    from reports.models import Report  # noqa: PLC0415

    as_of: dt.date = issue.default_as_of(dt.datetime.now(dt.UTC))
    rows = [Report.objects.get(slug=slug) for slug in SLUGS]

    def document(report: Report) -> Document:
        draft = issue.build(report=report, entity=None, as_of=as_of)
        return compare.document(
            draft=draft,
            number=1,
            url=editions.url(report=report, number=1),
            before=prints.before(report=report, entity=None, as_of=as_of),
            standing=compare.standing(report=report, entity=None, rules=draft.rules),
            patience=actions.patience(as_of=as_of),
        )

    def ours() -> list[Document]:
        return [document(report) for report in rows]

    documents = ours()
    statements: list[str] = []
    for report in rows:
        with CaptureQueriesContext(connection) as read:
            LENSES[report.lens](Facts(as_of=as_of), zone="America/Los_Angeles", sample="")
        with CaptureQueriesContext(connection) as built:
            issue.build(report=report, entity=None, as_of=as_of)
        with CaptureQueriesContext(connection) as asked:
            document(report)
        statements += [query["sql"] for query in asked.captured_queries]
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            document(report)
            taken.append(time.perf_counter() - start)
        middle = sorted(taken)[2] * 1000
        lib.note(
            f"{report.slug}: {len(read)} queries by the lens (asked for: under 20), {len(built) - len(read)} to see that "
            f"the books stood still meanwhile, {len(asked) - len(built)} to set it beside the edition before; "
            f"{middle:.0f} ms warm (asked for: under 300)"
        )
    connection.force_debug_cursor = False
    reset_queries()

    up_to = {head.entity_id: head.number for made in documents for head in made.books}
    traces = {
        figure.trace
        for made in documents
        for figure in made.figures.values()
        if isinstance(figure.trace, PostingsTrace)
    }
    lib.note(f"the peer sums {len(traces)} of {sum(len(made.figures) for made in documents)} figures")

    def limit() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    def peer() -> list[int]:
        return [
            trace.sign
            * queries.total(
                queries.postings(
                    accounts=trace.accounts,
                    first_month=trace.first_month,
                    end_month=trace.end_month,
                    until=trace.until,
                    up_to=up_to,
                    cash_only=trace.cash_only,
                    side=trace.side,
                    bookings=trace.bookings,
                )
            )
            for trace in traces
        ]

    yield lib.Case(
        name="sample",
        unit="ms",
        n=Posting.objects.count(),
        ours=ours,
        peer=peer,
        limit=limit,
        rounds=size.choose(quick=10, standard=40),
    )
    connection.close()
