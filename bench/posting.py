"""How many journal entries a second are posted, in bulk and one by one, and what a bank's file of 100,000 lines takes.

Ours is `ledger.post_many` and `ledger.post` with every guard on: checked in Python and by the database, numbered and
chained, balances moved, audited. The limit is the ORM writing the same rows into the same tables with no guard at all. The
peers are django-hordak on PostgreSQL and django-ledger on SQLite, each in an environment of their own, and a yardstick
tells how fast the machine is (`bench.books.yardstick`). Every side is a process with a database of its own, and is looked
at after each round: as many postings as asked for, which add up to zero.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import lib

DEBIAN_PACKAGES = ["postgresql"]

PEERS = {"postgresql": "hordak", "sqlite": "django_ledger"}
# Entries a second that are promised on a machine that does nothing else,
PROMISED = {"bulk postgresql": 20_000, "bulk sqlite": 30_000, "one postgresql": 1_000, "one sqlite": 3_500}
# and plain entries a second (`bench.books.yardstick`) on the machine for which they were written down: told, not judged.
KNOWN = {"bulk postgresql": 10_700, "bulk sqlite": 15_800, "one postgresql": 1_000, "one sqlite": 3_800}
# django-ledger takes minutes for what others do in a second: it posts so many, and its time is multiplied.
PART = 50
MEMORY = 150
# A machine is quiet while others use no more than this of it.
QUIET = 0.1
_before: list[float] = []


class WrongOutcomeError(Exception):
    """A side did not write what it was to write."""


class TooSlowError(Exception):
    """A promise is not kept."""


class TooMuchMemoryError(Exception):
    """A file took more memory than we promise."""


class Side:
    """A side in a process of its own that does a round for each line it is given."""

    def __init__(
        self, python: Path | str, module: str, *said: object, times: int = 1, **environment: str
    ) -> None:
        """Start it and wait until it is ready."""
        self.name, self.times = f"{module} {' '.join(map(str, said))}", times
        self.process = subprocess.Popen(
            [python, "-m", f"bench.books.{module}", *map(str, said)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def __call__(self) -> lib.Taken:
        """Post everything once."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return lib.Taken(float(self._expect("done")) * self.times)

    def end(self) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _expect(self, word: str) -> str:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        if not said.startswith(word):
            raise WrongOutcomeError(f"{self.name} said {said!r} and not {word!r}.")
        return said.removeprefix(word)


def judge(outcomes: Iterable[lib.Outcome]) -> None:
    """Say what is promised beside what came out, and hold the run against it where the machine was ours alone.

    Speed is of a machine and of a minute: the same run writes plain entries too, in turn with ours, and tells beside each promise
    how this machine compares with the one for which it was written down. That explains a miss and excuses none.

    Raises:
        TooSlowError: a promise is not kept, and nobody else used the machine before or after the run.
    """
    missed = []
    for outcome in outcomes:
        if outcome.case in PROMISED:
            promised, plain, known = PROMISED[outcome.case], outcome.yardstick, KNOWN[outcome.case]
            share = outcome.ours / promised
            said = f"{outcome.case}: {promised:,}/s are promised, {share:.0%} of it came out"
            if plain:
                said += f"; this machine writes {plain:,.0f} plain entries a second, {plain / known:.0%} of the promise's"
            lib.note(said)
            if share < 1:
                missed.append(said)
    others = max(_before, default=0.0), _used_by_others()
    if max(others) > QUIET:
        lib.note(
            f"others used {others[0]:.0%} of the machine before the run and {others[1]:.0%} after it; "
            "the promises are for a machine that does nothing else, and are not judged"
        )
    elif missed:
        raise TooSlowError("; ".join(missed))


def _used_by_others() -> float:
    """Return the share of all cores that is in use while this run waits for a second; 0 where nothing tells it."""
    counts = Path("/proc/stat")
    if not counts.exists():
        return 0.0

    def ticks() -> tuple[int, int]:
        numbers = [int(word) for word in counts.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]  # all, idle and waiting for a disk

    all_before, idle_before = ticks()
    time.sleep(1)
    all_after, idle_after = ticks()
    return 1 - (idle_after - idle_before) / max(all_after - all_before, 1)


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield the cases of both engines, then the file."""
    sys.path.insert(0, str(lib.HERE.parent / "bin"))
    import environment  # noqa: PLC0415  (how every environment is made)
    import testing  # noqa: PLC0415  (how the tests start their server)

    _before.append(_used_by_others())
    many = {"bulk": size.choose(quick=5_000, standard=20_000), "one": size.choose(quick=500, standard=2_000)}
    peer_python: Path | None = None
    try:
        peer_python = environment.ensure("bench/books/peers.txt", ".venv-bench-books")
    except environment.CannotGoOnError as error:
        lib.note(f"the peers could not be installed: {error}")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(testing.postgresql())
        lib.note(
            "PostgreSQL runs as for the tests, without fsync, for all sides alike"
            if server
            else "PostgreSQL could not be started here, and its cases are left out"
        )
        for engine in ("postgresql", "sqlite") if server else ("sqlite",):
            places = Places(engine, server, folder, peer_python)
            for how in ("bulk", "one"):
                with contextlib.ExitStack() as sides:
                    yield _case(places, how, many[how], sides)
        yield from _csv(size, places)


class Places:
    """Databases of one engine, one for each side: copies of two that were migrated once, ours and the peer's."""

    def __init__(self, engine: str, server: str, folder: Path, peer_python: Path | None) -> None:
        """Migrate both."""
        self.engine, self.server, self.folder, self.peer_python = engine, server, folder, peer_python
        self._empty: dict[str, dict[str, str]] = {}
        for name, python in (("ours", sys.executable), ("peer", peer_python)):
            if python is not None:
                self._empty[name] = self._new(f"{engine}_{name}", "")
                subprocess.run(
                    [python, "-m", f"bench.books.{name}", "migrate"],
                    env={**os.environ, "PEER": PEERS[engine], **self._empty[name]},
                    check=True,
                )

    def copy(self, name: str, of: str) -> dict[str, str]:
        """Return the environment of a new side, with a database of its own."""
        return self._new(f"{self.engine}_{name}", f"{self.engine}_{of}")

    def _new(self, name: str, of: str) -> dict[str, str]:
        (self.folder / name).mkdir()
        if self.engine == "postgresql":
            address = _database(self.server, name, of)
        else:
            address = f"sqlite:///{self.folder / name / 'db.sqlite3'}"
            if of:
                shutil.copy(self.folder / of / "db.sqlite3", self.folder / name)
        return {"DATABASE_URL": address, "DATA_DIR": str(self.folder / name)}


def _case(places: Places, how: str, many: int, sides: contextlib.ExitStack) -> lib.Case:
    def side(python: Path | str, module: str, *said: object, name: str, times: int = 1, **more: str) -> Side:
        where = places.copy(f"{how}_{name}", "peer" if module == "peer" else "ours")
        started = Side(python, module, *said, times=times, **where, **more)
        sides.callback(started.end)
        return started

    engine, peer_python = places.engine, places.peer_python
    peer = None
    if peer_python is not None:
        times = many // PART if PEERS[engine] == "django_ledger" else 1
        peer = side(peer_python, "peer", how, many // times, name="peer", times=times, PEER=PEERS[engine])
    return lib.Case(
        name=f"{how} {engine}",
        unit="/s",
        n=many,
        ours=side(sys.executable, "ours", "ours", how, many, name="ours"),
        peer=peer,
        limit=side(sys.executable, "ours", "bare", how, many, name="bare"),
        yardstick=side(sys.executable, "yardstick", how, many, name="yardstick"),
        amount=many,
        rounds=5,
    )


def _csv(size: lib.Size, places: Places) -> Iterator[lib.Case]:
    lines = size.choose(quick=10_000, standard=100_000)
    file = places.folder / "bank.csv"
    file.write_text(
        "Date,Description,Amount\n"
        + "".join(f"2026-{1 + n % 9:02d}-{1 + n % 28:02d},LINE {n},-{n + 1}.00\n" for n in range(lines)),
        encoding="utf-8",
    )
    peaks: list[int] = []

    def ours() -> lib.Taken:
        said = subprocess.run(
            [sys.executable, "-m", "bench.books.ours", "csv", str(file)],
            env={**os.environ, **places.copy(f"csv_{len(peaks)}", "ours")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        _, landed, taken, kilobytes = said.split()
        if int(landed) != lines:
            raise WrongOutcomeError(f"{landed} of {lines} lines landed.")
        peaks.append(int(kilobytes) // 1024)
        return lib.Taken(float(taken))

    rounds = size.choose(quick=1, standard=3)
    yield lib.Case(name=f"csv {lines}", unit="/s", n=lines, ours=ours, amount=lines, rounds=rounds, warm=0)
    lib.note(
        f"a file of {lines:,} lines lands with a peak of {max(peaks)} MB in memory; {MEMORY} are promised"
    )
    if max(peaks) > MEMORY:
        raise TooMuchMemoryError(f"The file took {max(peaks)} MB; {MEMORY} are promised.")


def _database(server: str, name: str, of: str) -> str:
    """Return the address of a new database, a copy of another where one is named."""
    import psycopg  # noqa: PLC0415  (only where there is a server)

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {of}" if of else ""))
    return f"{server.rpartition('/')[0]}/{name}"
