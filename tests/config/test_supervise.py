"""The supervisor, with real processes: starts, restarts, stops, and leaves nobody behind."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config import readers, supervise

pytestmark = pytest.mark.once

# A child that starts a child of its own, like a worker its pool, and writes both numbers down.
WITH_A_POOL = """
    import os, subprocess, sys, time
    pool = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open({file!r}, "a") as file:
        file.write(f"{{os.getpid()}} {{pool.pid}}\\n")
    time.sleep(60)
"""


def child(tmp_path: Path, code: str, name: str = "child") -> supervise.Child:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return supervise.Child(name, command, os.environ, tmp_path / f"{name}.log")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that is over and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(true: Callable[[], object], limit: float = 20.0) -> None:
    """Wait for something that is to happen; fail when it does not."""
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)


def pairs(file: Path) -> list[tuple[int, int]]:
    if not file.exists():
        return []
    return [(int(a), int(b)) for a, b in (line.split() for line in file.read_text().splitlines())]


def test_a_child_that_dies_before_it_is_ready_ends_the_group_with_its_last_words(tmp_path: Path) -> None:
    failing = child(tmp_path, "import sys; sys.exit('the port is taken')", "web")
    group = supervise.Group([failing], say=lambda line: None)

    with pytest.raises(supervise.ChildFailedError, match=r"(?s)web ended with status 1 .*the port is taken"):
        group.run(is_ready=lambda: False, when_ready=lambda: None)


def test_a_group_that_is_never_ready_gives_up_and_stops_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    group = supervise.Group([child(tmp_path, WITH_A_POOL.format(file=str(file)))], say=lambda line: None)

    with pytest.raises(supervise.ChildFailedError, match="Nothing answered within 2 s"):
        group.run(is_ready=lambda: False, when_ready=lambda: None, limit=2.0)

    assert pairs(file)
    until(lambda: not any(is_alive(pid) for pair in pairs(file) for pid in pair))


SUPERVISOR = """
    import sys
    from pathlib import Path
    from config import supervise
    folder, code = Path(sys.argv[1]), sys.argv[2]
    child = supervise.Child("worker", [sys.executable, "-c", code], dict(__import__("os").environ), folder / "log")
    group = supervise.Group([child], say=lambda line: print(line, flush=True))
    group.run(is_ready=lambda: True, when_ready=lambda: print("ready", flush=True))
    print("over", flush=True)
"""


def supervised(tmp_path: Path) -> "tuple[subprocess.Popen[str], Path]":
    file = tmp_path / "pids"
    code = textwrap.dedent(WITH_A_POOL.format(file=str(file)))
    command = [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(tmp_path), code]
    running = subprocess.Popen(command, cwd=readers.BASE_DIR, stdout=subprocess.PIPE, text=True)
    until(lambda: pairs(file))
    return running, file


def test_a_killed_child_is_started_again_and_its_own_children_are_swept(tmp_path: Path) -> None:
    running, file = supervised(tmp_path)
    first, pool = pairs(file)[0]

    os.kill(first, signal.SIGKILL)
    until(lambda: len(pairs(file)) == 2)

    until(lambda: not is_alive(pool))
    assert is_alive(pairs(file)[1][0])
    running.send_signal(signal.SIGTERM)
    told, _ = running.communicate(timeout=20)
    assert told.splitlines() == [
        "ready",
        f"worker was killed by SIGKILL; starting it again in 0.5 s (see {tmp_path / 'log'}).",
        "Stopping …",
        "over",
    ]
    until(lambda: not any(is_alive(pid) for pair in pairs(file) for pid in pair))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    running, file = supervised(tmp_path)

    running.send_signal(number)
    told, _ = running.communicate(timeout=20)

    assert (running.returncode, told.splitlines()[-1]) == (0, "over")
    until(lambda: not any(is_alive(pid) for pid in pairs(file)[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child that its parent died.")
def test_a_child_ends_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    running, file = supervised(tmp_path)

    running.kill()
    running.communicate(timeout=20)

    until(lambda: not is_alive(pairs(file)[0][0]))
    # This child does not look after its pool when it is asked to end, as celery and gunicorn do.
    os.kill(pairs(file)[0][1], signal.SIGKILL)


def test_a_later_child_starts_when_the_group_is_ready_and_not_before(tmp_path: Path) -> None:
    early, late = tmp_path / "early", tmp_path / "late"
    write = "from pathlib import Path; import time; Path({file!r}).write_text('here'); time.sleep(60)"
    children = [
        child(tmp_path, write.format(file=str(early)), "web"),
        child(tmp_path, write.format(file=str(late)), "beat"),
    ]
    children[1].later = True
    group = supervise.Group(children, say=lambda line: None)
    seen = []

    def is_ready() -> bool:
        seen.append(children[1].process is None and not late.exists())
        return early.exists()

    def when_ready() -> None:
        until(late.exists)
        group.stop_asked = 1

    group.run(is_ready=is_ready, when_ready=when_ready)

    assert seen
    assert all(seen)


def test_pauses_grow_and_are_forgotten_after_a_calm_time(tmp_path: Path) -> None:
    restless = child(tmp_path, "pass")
    restless.started = time.monotonic()

    assert [restless.pause() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    restless.started = time.monotonic() - supervise.CALM - 1
    assert restless.pause() == 0.5


def test_a_child_whose_log_cannot_be_written_any_more_ends_the_group_with_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    running = child(folder, "import time; time.sleep(60)", "web")
    group = supervise.Group([running], say=lambda line: None)

    def take_away() -> None:
        shutil.rmtree(folder)
        assert running.process is not None
        running.process.kill()

    with pytest.raises(
        supervise.ChildFailedError, match=r"web cannot be started, .*web\.log: No such file or directory\.$"
    ):
        group.run(is_ready=lambda: True, when_ready=take_away)
