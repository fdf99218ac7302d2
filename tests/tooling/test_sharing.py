"""How the tests of a run are shared out among its processes."""

from types import SimpleNamespace
from typing import Any

import pytest
import xdist.scheduler.protocol as scheduling

from tests.sharing import Sharing, units

pytestmark = pytest.mark.once


class Process:
    """A process of xdist as the scheduler sees it: it takes what it is sent, in order."""

    def __init__(self, engine: str) -> None:
        self.gateway = SimpleNamespace(spec=SimpleNamespace(env={"TEST_ENGINE": engine}))
        self.sent: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.sent += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def sharing(*processes: Any) -> Sharing:
    tx = ["popen"] * len(processes)
    return Sharing(SimpleNamespace(getvalue=lambda _: tx))  # type: ignore[arg-type]


def collect(scheduler: Sharing, process: Any, names: list[str]) -> None:
    scheduler.add_node(process)
    scheduler.add_node_collection(process, names)


def finish(scheduler: Sharing, process: Any, done: dict[Any, list[int]]) -> bool:
    """Let a process end the test that it is at, if it knows of one after it or that there is none."""
    left = [place for place in process.sent if place not in done[process]]
    if not left or (len(left) == 1 and not process.shutting_down):
        return False
    done[process].append(left[0])
    scheduler.mark_test_complete(process, left[0])
    return True


NAMES = [f"tests/test_{file}.py::test_{number}" for file in "abcdefg" for number in range(5)]


def test_each_engine_gets_each_of_its_tests_once() -> None:
    lite, other, post, another = processes = [
        Process("sqlite"),
        Process("sqlite"),
        Process("postgresql"),
        Process("postgresql"),
    ]
    scheduler: scheduling.Scheduling = sharing(*processes)
    for process in (lite, other):
        collect(scheduler, process, NAMES)
    for process in (post, another):
        assert not scheduler.collection_is_completed
        collect(scheduler, process, NAMES[5:])
    assert scheduler.collection_is_completed
    scheduler.schedule()

    done: dict[Any, list[int]] = {process: [] for process in processes}
    # The first is three times as quick as the others.
    while sum(finish(scheduler, process, done) for process in (lite, lite, *processes)):
        pass

    assert sorted(done[lite] + done[other]) == list(range(35))
    assert sorted(done[post] + done[another]) == list(range(30))
    assert len(done[lite]) > len(done[other]) > 0
    assert all(process.shutting_down for process in processes)
    assert (scheduler.tests_finished, scheduler.has_pending) == (True, False)
    files = [{NAMES[place].split("::")[0] for place in done[process]} for process in (lite, other)]
    assert files[0].isdisjoint(files[1])


def test_a_case_may_be_called_otherwise_in_another_process() -> None:
    one, two = Process("sqlite"), Process("sqlite")
    scheduler = sharing(one, two)
    collect(scheduler, one, ["tests/test_a.py::test_x[1f0c]", "tests/test_b.py::test_y"])
    collect(scheduler, two, ["tests/test_a.py::test_x[9b7e]", "tests/test_b.py::test_y"])
    scheduler.schedule()

    assert sorted(one.sent + two.sent) == [0, 1]


def test_processes_that_find_other_files_are_told() -> None:
    one, two = Process("sqlite"), Process("sqlite")
    scheduler = sharing(one, two)
    collect(scheduler, one, ["tests/test_a.py::test_x"])
    collect(scheduler, two, ["tests/test_b.py::test_x"])

    with pytest.raises(RuntimeError, match="Two processes on sqlite find other tests: .*test_a.*test_b"):
        scheduler.schedule()


def test_what_a_process_crashed_in_is_named() -> None:
    one = Process("sqlite")
    scheduler = sharing(one)
    collect(scheduler, one, ["tests/test_a.py::test_x", "tests/test_a.py::test_y"])
    scheduler.schedule()
    scheduler.mark_test_complete(one, 0)  # type: ignore[arg-type]

    assert scheduler.remove_node(one) == "tests/test_a.py::test_y"  # type: ignore[arg-type]


def test_a_process_takes_all_that_drives_the_browser_and_takes_it_first() -> None:
    names = ["tests/a.py::x", "tests/e2e/b.py::x", "tests/c.py::x", "tests/e2e/d.py::x", "tests/a.py::y"]

    assert list(units(names).items()) == [
        ("tests/e2e/", [1, 3]),
        ("tests/a.py", [0, 4]),
        ("tests/c.py", [2]),
    ]
