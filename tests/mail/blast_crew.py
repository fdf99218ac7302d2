"""The programs of production, started on the test's database: a web server, workers and beats, and how they are killed."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from config.supervise import Child
from tests.mail.endpoint import Endpoint, surroundings
from tests.mail.processes import production

HOST = "127.0.0.1"
T = TypeVar("T")


class Crew:
    """Children by name (``web``, ``worker-1``, ``beat-1``), each with a log below ``scratch``."""

    def __init__(self, endpoint: Endpoint, scratch: Path, **environment: str) -> None:
        """Name whom mail goes to and where files lie; nothing runs yet."""
        self.port = _free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.scratch = scratch
        self.environment: Mapping[str, str] = {
            **production(scratch),
            **surroundings(endpoint),
            "BASE_URL": self.url,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(scratch),
            **environment,
        }
        self.children: dict[str, Child] = {}

    def web(self) -> None:
        """Run gunicorn as `config.up` does, and wait until it answers."""
        self._start(
            "web",
            *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{HOST}:{self.port}"),
            *("--worker-class", "gthread", "--no-control-socket", "--workers", "1", "--threads", "8"),
            *("--graceful-timeout", "5", "--log-level", "warning"),
        )
        until(lambda: _listens(self.port), seconds=60, otherwise=self.tails)

    def worker(self, number: int) -> None:
        """Run a prefork worker with two processes, as `config.up` does."""
        self._start(
            f"worker-{number}",
            *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", "--concurrency", "2"),
            *("--hostname", f"worker{number}@localhost", "--loglevel", "info"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )

    def beat(self, number: int) -> None:
        """Run a beat with a schedule of its own."""
        self._start(
            f"beat-{number}",
            *(
                sys.executable,
                "-m",
                "celery",
                "-A",
                "config",
                "--quiet",
                "beat",
                "--loglevel",
                "info",
                "--pidfile=",
            ),
            *("--schedule", str(self.scratch / f"schedule-{number}")),
        )

    def kill(self, name: str) -> None:
        """End a program and all its processes at once, as kill -9 does."""
        child = self.children[name]
        assert child.process is not None
        child.signal_group(signal.SIGKILL)
        child.process.wait(30)

    def peaks(self, name: str) -> list[float]:
        """Return for each process of a program the most memory that it ever held, in MB."""
        leader = self.children[name].process
        assert leader is not None
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if os.getpgid(int(status.parent.name)) == leader.pid:
                    found += [
                        int(line.split()[1]) / 1024
                        for line in status.read_text().splitlines()
                        if line.startswith("VmHWM")
                    ]
            except OSError:
                continue  # It has just ended.
        return found

    def logs(self) -> str:
        """Return all that the programs wrote."""
        return "\n".join(child.log.read_text(errors="replace") for child in self.children.values())

    def tails(self) -> str:
        """Return the ends of the logs, for a failure."""
        return "\n".join(
            f"== {name}\n{child.log.read_text(errors='replace')[-3000:]}"
            for name, child in self.children.items()
        )

    def end(self) -> None:
        """Stop everything."""
        for child in self.children.values():
            if child.process is not None:
                child.signal_group(signal.SIGKILL)
        for child in self.children.values():
            if child.process is not None:
                child.process.wait(30)

    def _start(self, name: str, *command: str) -> None:
        child = self.children.get(name)
        if child is None:
            own = {"DJANGO_SETTINGS_MODULE": "tests.mail.blast_settings"} if name == "web" else {}
            child = Child(name, command, {**self.environment, **own}, self.scratch / f"{name}.log")
            self.children[name] = child
        child.start()


@contextmanager
def crew(endpoint: Endpoint, scratch: Path, **environment: str) -> Iterator[Crew]:
    """Return a crew, and end it whatever happens."""
    running = Crew(endpoint, scratch, **environment)
    try:
        yield running
    finally:
        running.end()


def broker(redis_url: str) -> dict[str, str]:
    """Return the environment that makes a database of Redis the broker, cache and pacing."""
    return {"REDIS_URL": redis_url, "CELERY_BROKER_URL": redis_url}


def until(found: Callable[[], T], *, seconds: float, otherwise: Callable[[], object]) -> T:
    """Ask until the answer is true, and return it; fail with what ``otherwise`` says when it takes longer."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
