"""Shares the tests out among the processes of one run: each engine gets each of its tests, once.

`bin/test` starts several processes for each engine. Whichever of an engine's processes is free takes that engine's next
file, so that no process ends long before another, and the processor has work while a test waits.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import pytest
from xdist.workermanage import WorkerController, parse_tx_spec_config

FEW = 2
"""How many tests a process may have left when it is given more: it starts none before it knows the one after it."""
TOGETHER = ("tests/e2e/",)
"""Folders that one process takes whole: the sample that its tests are given is loaded once in each process."""
FIRST = (
    *("tests/e2e/", "tests/mail/test_blast.py", "tests/crew/permissions/test_matrix.py"),
    *("tests/mail/test_memory.py", "tests/crew/test_bad_inputs.py", "tests/crew/links/test_hostile.py"),
    *(
        "tests/portfolio/test_fuzz.py",
        "tests/mail/test_suppression_mid_run.py",
        "tests/portfolio/test_guards.py",
    ),
)
"""What waits most, or takes long in one piece, comes first, while there is other work to do meanwhile."""


class Sharing:
    """A scheduler of pytest-xdist (`xdist.scheduler.protocol.Scheduling`)."""

    def __init__(self, config: pytest.Config) -> None:
        """Wait for every process that the command line names."""
        self._expected = len(parse_tx_spec_config(config))
        self._names: dict[WorkerController, Sequence[str]] = {}
        self._units: dict[WorkerController, dict[str, list[int]]] = {}
        self._under_way: dict[WorkerController, list[int]] = {}
        self._waiting: dict[str, deque[str]] = {}

    @property
    def nodes(self) -> list[WorkerController]:
        return list(self._under_way)

    @property
    def collection_is_completed(self) -> bool:
        return len(self._names) >= self._expected

    @property
    def tests_finished(self) -> bool:
        return (
            self.collection_is_completed
            and not any(self._waiting.values())
            and all(len(under_way) < FEW for under_way in self._under_way.values())
        )

    @property
    def has_pending(self) -> bool:
        return any(self._waiting.values()) or any(self._under_way.values())

    def add_node(self, node: WorkerController) -> None:
        self._under_way[node] = []

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        self._names[node] = collection
        self._units[node] = units(collection)

    def schedule(self) -> None:
        """Start: called when every process has told what it collected."""
        if self._waiting:
            return
        for node, found in self._units.items():
            # The processes of an engine shuffle alike. The name of a case may differ from one to the next, a file's not.
            waiting = self._waiting.setdefault(_engine(node), deque(found))
            if differing := set(waiting) ^ set(found):
                raise RuntimeError(f"Two processes on {_engine(node)} find other tests: {sorted(differing)}")
        for node in self.nodes:
            self._feed(node)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        self._under_way[node].remove(item_index)
        self._feed(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """Forget a process that ended; return the test in which it crashed, if it did."""
        under_way = self._under_way.pop(node)
        return self._names[node][under_way[0]] if under_way else None

    def mark_test_pending(self, item: str) -> None:
        raise NotImplementedError

    def remove_pending_tests_from_node(self, node: WorkerController, indices: Sequence[int]) -> None:
        raise NotImplementedError

    def _feed(self, node: WorkerController) -> None:
        """Give a process its engine's next files, or tell it that there are none."""
        if node.shutting_down:
            return
        under_way, waiting = self._under_way[node], self._waiting[_engine(node)]
        while waiting and len(under_way) <= FEW:
            indices = self._units[node][waiting.popleft()]
            under_way += indices
            node.send_runtest_some(indices)
        if not waiting:
            node.shutdown()


def units(names: Iterable[str]) -> dict[str, list[int]]:
    """Return the places of tests that one process is to take together, by file, in order but for what comes first."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        file = name.split("::", 1)[0]
        folder = next((folder for folder in TOGETHER if file.startswith(folder)), file)
        found.setdefault(folder, []).append(place)
    return {unit: found[unit] for unit in sorted(found, key=lambda unit: not unit.startswith(FIRST))}


def _engine(node: WorkerController) -> str:
    return str(node.gateway.spec.env["TEST_ENGINE"])
