"""The frame of every benchmark: what a case is, how its sides are measured, and how the outcome is told.

A benchmark is a module `bench/NAME.py` with a function `cases(size) -> Iterable[Case]`. It may name what its peers
need as plain literals, which `bin/bench` installs into an environment apart from ours before the module is imported:

    PYTHON_PACKAGES = ["django-hordak==2.0.0"]
    DEBIAN_PACKAGES = ["ledger"]

    def cases(size: Size) -> Iterator[Case]:
        books = ...                                   # set up, not timed
        yield Case(name="sample", unit="ms", n=len(books), ours=..., peer=..., limit=...)

A side is a function without arguments that does the work once; it is called many times and its value is thrown away,
unless it is a `Taken`: the seconds that count, where the side does more than what is measured. A benchmark that promises
more than to end may have a function `judge(outcomes)`, which is called after the table and raises.
``ours`` is Quarterdeck, ``peer`` the best known other program doing the same job, ``limit`` the least work the job
can take on this machine (a bare query, a raw copy). A side that cannot be measured here is None, and the benchmark
says why with `note`; a figure is never made up. What a case needs lives between the `yield` and the next one.

The sides take turns, so that a slow moment of the machine meets all of them, and the medians are compared. Figures
are for ratios within one run; two runs are not to be compared.
"""

import enum
import gc
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

Side = Callable[[], object]

HERE = Path(__file__).resolve().parent


class Taken(float):
    """Seconds that a side has measured itself, to be used instead of how long its call took."""


class Size(enum.Enum):
    """How much a run does, and how many seconds all its cases may take together."""

    QUICK = "quick"
    STANDARD = "standard"
    FULL = "full"

    @property
    def budget(self) -> float:
        """Return the seconds of a whole run: the rest of its minute or quarter of an hour is for setting up."""
        return {"quick": 20.0, "standard": 420.0, "full": 3600.0}[self.value]

    def choose(self, *, quick: int, standard: int, full: int | None = None) -> int:
        """Return the n of this size; a full run is a standard one where no n is given for it."""
        return {"quick": quick, "standard": standard, "full": full or standard}[self.value]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One job, measured on up to three sides.

    ``yardstick`` is a fourth: a fixed piece of work that has nothing of ours, by which `judge` can tell how fast the machine
    is. ``unit`` is ``ms`` for the time of one call, or ``/s`` for a rate: then ``amount`` says how many things a call does.
    ``n`` is the size of the job and is only told. ``rounds`` is the most that each side is called, ``warm`` how often
    before anything is measured.
    """

    name: str
    unit: str
    n: int
    ours: Side
    peer: Side | None = None
    limit: Side | None = None
    yardstick: Side | None = None
    amount: int = 1
    rounds: int = 30
    warm: int = 1

    def __post_init__(self) -> None:
        """Refuse a unit that nobody could read."""
        if self.unit not in {"ms", "/s"}:
            raise ValueError(f"The unit of {self.name} is {self.unit!r}; it must be ms or /s.")


@dataclass(frozen=True)
class Outcome:
    """The medians of a case, in its unit; None where a side was not measured."""

    bench: str
    case: str
    unit: str
    n: int
    ours: float
    peer: float | None
    limit: float | None
    yardstick: float | None = None
    rounds: int = field(default=0, compare=False)

    @property
    def times_better_than_peer(self) -> float | None:
        """Return how many times we beat the peer; below 1 when it beats us."""
        return _factor(self.unit, better=self.ours, worse=self.peer)

    @property
    def times_from_limit(self) -> float | None:
        """Return how many times slower we are than the limit."""
        return _factor(self.unit, better=self.limit, worse=self.ours)

    def line(self) -> str:
        """Return the outcome as one line of JSON."""
        return json.dumps(
            {
                "bench": self.bench,
                "case": self.case,
                "unit": self.unit,
                "n": self.n,
                "ours": _rounded(self.ours),
                "peer": _rounded(self.peer),
                "limit": _rounded(self.limit),
                "times_better_than_peer": _rounded(self.times_better_than_peer),
                "times_from_limit": _rounded(self.times_from_limit),
            }
        )


def _factor(unit: str, *, better: float | None, worse: float | None) -> float | None:
    if not better or not worse:
        return None
    return worse / better if unit == "ms" else better / worse


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def note(sentence: str) -> None:
    """Tell people something about this run that the table does not: a peer that is missing, and why."""
    print(f"note: {sentence}", flush=True)


def measure(case: Case, *, bench: str, budget: float) -> Outcome:
    """Call the sides of a case in turns and return the medians.

    Stops after ``case.rounds`` rounds, or once ``budget`` seconds are used and each side ran three times.
    """
    sides: Mapping[str, Side] = {
        name: side
        for name, side in (
            ("ours", case.ours),
            ("peer", case.peer),
            ("limit", case.limit),
            ("yardstick", case.yardstick),
        )
        if side is not None
    }
    for side in sides.values():
        for _ in range(case.warm):
            side()
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    began = time.perf_counter()
    gc.collect()
    for number in range(case.rounds):
        if number >= 3 and time.perf_counter() - began > budget:
            break
        for name in order:
            start = time.perf_counter()
            said = sides[name]()
            taken[name].append(said if isinstance(said, Taken) else time.perf_counter() - start)
        # Each round starts with another side, so that none is always the one that finds the caches cold.
        order.append(order.pop(0))
    figures = {name: _figure(case, statistics.median(times)) for name, times in taken.items()}
    return Outcome(
        bench=bench,
        case=case.name,
        unit=case.unit,
        n=case.n,
        ours=figures["ours"],
        peer=figures.get("peer"),
        limit=figures.get("limit"),
        yardstick=figures.get("yardstick"),
        rounds=len(taken["ours"]),
    )


def _figure(case: Case, seconds: float) -> float:
    return seconds * 1000 if case.unit == "ms" else case.amount / seconds


def run(module: ModuleType, size: Size) -> list[Outcome]:
    """Measure every case of a benchmark, then print the table for people and the lines for programs."""
    name = module.__name__.rpartition(".")[2]
    print(
        f"bench {name}, {size.value}, on {os.cpu_count()} cores, Python {sys.version.split()[0]}", flush=True
    )
    left = size.budget
    outcomes = []
    for case in module.cases(size):
        began = time.perf_counter()
        # A case takes at most half of what is left, so that those after it have their turn.
        outcome = measure(case, bench=name, budget=left / 2)
        left = max(0.0, left - (time.perf_counter() - began))
        outcomes.append(outcome)
        print(f"  {case.name}: {outcome.rounds} rounds in {time.perf_counter() - began:.1f} s", flush=True)
    print(table(outcomes))
    for outcome in outcomes:
        print(outcome.line(), flush=True)
    if judge := getattr(module, "judge", None):
        judge(outcomes)
    return outcomes


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes as a table in plain text."""
    head = ("case", "n", "unit", "ours", "peer", "limit", "better than peer", "from limit")
    rows = [head, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *others = (
            cell.ljust(width) if column in {0, 2} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(["", *lines, ""])


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.case,
        f"{outcome.n:,}",
        outcome.unit,
        _cell(outcome.ours),
        _cell(outcome.peer),
        _cell(outcome.limit),
        _cell(outcome.times_better_than_peer, "×"),
        _cell(outcome.times_from_limit, "×"),
    )


def _cell(value: float | None, sign: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}{sign}" if value >= 1000 else f"{value:.3g}{sign}"


def django_with(data_dir: Path, *, sample: bool) -> None:
    """Set Django up on a new SQLite database in a folder, migrated, and with the sample portfolio where asked.

    Called by a benchmark before it imports any model.
    """
    os.environ.pop("DATABASE_URL", None)
    django_for(data_dir, migrate=True)
    if sample:
        from django.core.management import call_command  # noqa: PLC0415  (after Django is set up)

        call_command("load_demo", stdout=io.StringIO())


def django_for(data_dir: Path, *, migrate: bool) -> None:
    """Set Django up for a folder and the database that ``DATABASE_URL`` names, SQLite in the folder by default."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        ENV_FILE="",
        SECRET_KEY="benchmarks-only-" + "x" * 50,
        BASE_URL="http://localhost:8000",
        DEMO="1",
        MAIL_TRANSPORT="mailbox",
        DATA_DIR=str(data_dir),
        LOG_LEVEL="WARNING",
    )
    import django  # noqa: PLC0415  (after the environment is set)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    if migrate:
        call_command("migrate", verbosity=0, interactive=False)
