"""Processes of their own for tests that race or kill them, forked from one that has loaded the house already.

To load Django and every app takes two seconds of a processor; to fork takes none. `run` starts a module like
``python -m``, under the production settings and with the environment it is given, whole: what was loaded before the fork
knows of no database and holds no connection, and every setting is read from the environment anew.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO

import django
from django.conf import settings
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, connections

_LOADED = ("mail.tasks", "portfolio.tasks", "reports.tasks", "boto3")
"""What most of the processes want beside the apps."""
_mothers: list[tuple["subprocess.Popen[bytes]", socket.socket]] = []


class Process:
    """A process that was forked: what tests use of `subprocess.Popen`, with text in its pipes."""

    def __init__(self, pipes: tuple[int, int, int], keeper: socket.socket) -> None:
        """Take the ends of its pipes and the line to who waits for it, and learn its number."""
        self.stdin: IO[str] = os.fdopen(pipes[0], "w", encoding="utf-8")
        self.stdout: IO[str] = os.fdopen(pipes[1], encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(pipes[2], encoding="utf-8")
        self.returncode: int | None = None
        self._keeper = keeper
        self.pid = int(_line(keeper))

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def poll(self) -> int | None:
        """Return its exit status, or nothing while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit status, negative for the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: when it still runs after so many seconds.

        """
        if self.returncode is None:
            with selectors.DefaultSelector() as told:
                told.register(self._keeper, selectors.EVENT_READ)
                if not told.select(timeout):
                    raise subprocess.TimeoutExpired("a forked process", timeout or 0)
            self.returncode = int(_line(self._keeper))
            self._keeper.close()
        return self.returncode

    def communicate(self, input: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Tell it something, wait for its end, and return what it wrote.

        Raises:
            subprocess.TimeoutExpired: when it still runs after so many seconds.

        """
        with contextlib.suppress(BrokenPipeError):
            self.stdin.write(input)
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        written = ["", ""]

        def read(place: int, pipe: IO[str]) -> None:
            with pipe:
                written[place] = pipe.read()

        pipes = enumerate((self.stdout, self.stderr))
        readers = [threading.Thread(target=read, args=pair, daemon=True) for pair in pipes]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        return written[0], written[1]


def run(module: str, *arguments: str, environment: Mapping[str, str]) -> Process:
    """Start a module in a process of its own, with nothing of this one's environment."""
    ours, theirs = socket.socketpair()
    ends = [os.pipe() for _ in range(3)]
    (child_in, our_in), (our_out, child_out), (our_err, child_err) = ends
    given = [child_in, child_out, child_err, theirs.fileno()]
    asked = json.dumps([module, arguments, dict(environment)]).encode()
    line = _mother(environment)
    socket.send_fds(line, [len(asked).to_bytes(8, "big")], given)
    line.sendall(asked)
    for number in given[:3]:
        os.close(number)
    theirs.close()
    return Process((our_in, our_out, our_err), ours)


def end() -> None:
    """End what the processes are forked from."""
    while _mothers:
        mother, line = _mothers.pop()
        line.close()
        mother.wait(30)


def _mother(environment: Mapping[str, str]) -> socket.socket:
    """Return the line to what processes are forked from, started when the first is wanted."""
    if not _mothers:
        ours, theirs = socket.socketpair()
        mother = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=settings.BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        _mothers.append((mother, ours))
    return _mothers[0][1]


def _line(told: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\n"):
        if not (more := told.recv(1)):
            raise ConnectionError("The process that forks others has ended; its reason stands above.")
        found += more
    return found


# The process that forks


def _serve(line: socket.socket) -> Callable[[], None]:
    """Fork what is asked for until nobody asks any more; return what a forked process is to do."""
    # Who waits for a process waits for it alone; nobody waits for those who wait.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        head, given, _, _ = socket.recv_fds(line, 8, 4)
        if not head:
            sys.exit()
        asked = b""
        while len(asked) < int.from_bytes(head, "big"):
            asked += line.recv(int.from_bytes(head, "big") - len(asked))
        if not os.fork():
            line.close()
            return _keep(given, *json.loads(asked))
        for number in given:
            os.close(number)


def _keep(
    given: list[int], module: str, arguments: list[str], environment: dict[str, str]
) -> Callable[[], None]:
    """Fork the process, tell its number and how it ended, and end it when nobody listens; return what it is to do."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if not child:
        os.close(given.pop())
        return lambda: _be(given, module, arguments, environment)
    for number in given[:3]:
        os.close(number)
    with socket.socket(fileno=given[3]) as told:
        told.sendall(f"{child}\n".encode())
        threading.Thread(target=_end_unheard, args=(told, child), daemon=True).start()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(OSError):
            told.sendall(f"{status}\n".encode())
    os._exit(0)


def _end_unheard(told: socket.socket, child: int) -> None:
    with contextlib.suppress(OSError):
        told.recv(1)
        os.kill(child, signal.SIGKILL)


def _be(pipes: list[int], module: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Become the process: its pipes, its environment, its settings, and then its module."""
    for place, pipe in enumerate(pipes):
        os.dup2(pipe, place)
        os.close(pipe)
    os.environ.clear()
    os.environ.update(environment)
    fresh = vars(importlib.reload(sys.modules["config.settings"]))
    for name in filter(str.isupper, fresh):
        if getattr(settings, name, None) != fresh[name]:
            setattr(settings, name, fresh[name])
            if name != "DATABASES":
                setting_changed.send(sender=None, setting=name, value=fresh[name], enter=True)
    connections.settings = connections.configure_settings(None)
    with contextlib.suppress(AttributeError):
        del connections[DEFAULT_DB_ALIAS]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    django.setup()
    # Its receivers forget what was made from a setting that changes.
    for name in ("django.test.signals", *_LOADED):
        importlib.import_module(name)
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))()
