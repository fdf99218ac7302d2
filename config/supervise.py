"""Runs a few programs as one: starts them, restarts what dies, and stops all of them together.

Knows nothing of Django or of what the programs do; `config.up` says which they are. Each child leads a process group
of its own, so that what it leaves behind when it dies (a worker's pool) is ended with it; and each is told by the
kernel when this process dies, however it dies, so that nothing is ever orphaned.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

CALM = 30.0
"""Seconds a child must live before its earlier deaths are forgotten."""
LONGEST_PAUSE = 30.0
PATIENCE = 10.0
"""Seconds that children are given to end by themselves."""
TICK = 0.2


class ChildFailedError(Exception):
    """A child ended before the group was ready; the message names it and shows the end of its log."""


@dataclass
class Child:
    """One program of the group; ``later`` ones start when the group is ready, so that they do not slow it down."""

    name: str
    command: Sequence[str]
    surroundings: Mapping[str, str]
    log: Path
    later: bool = False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the program; its output is added to its log.

        Raises:
            ChildFailedError: the log cannot be written, for its folder was removed or the disk is full.
        """
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command,
                    env=dict(self.surroundings),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  (this process has one thread)
                )
        except OSError as error:
            raise ChildFailedError(
                f"{self.name} cannot be started, and so all is stopped: {error.filename or self.log}: {error.strerror}."
            ) from error
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """Return the status of a program that ended, after ending whatever it left behind; None while it runs."""
        if self.process is None:
            return None
        over = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if over is None:
            return None
        # The group is swept before its leader is reaped: until then the number cannot belong to anybody else.
        self.signal_group(signal.SIGKILL)
        status = self.process.wait()
        self.process = None
        return status

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the program and everything it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def pause(self) -> float:
        """Return how long to wait before the next start: nothing much at first, then longer and longer."""
        if time.monotonic() - self.started > CALM:
            self.deaths = 0
        self.deaths += 1
        return float(min(LONGEST_PAUSE, 0.5 * 2 ** (self.deaths - 1)))


def _die_with(parent: int) -> Callable[[], None]:
    """Return what a child does before it becomes its program: ask to be ended when the parent is gone."""

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return ask


class Group:
    """The children, run until somebody says stop."""

    def __init__(self, children: Sequence[Child], *, say: Callable[[str], None]) -> None:
        """Take the children, in the order they start, and a function that tells people a line."""
        self.children = children
        self.say = say
        self.stop_asked = 0

    def run(
        self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None], limit: float = 60.0
    ) -> None:
        """Start all, call ``when_ready`` once ``is_ready`` says so, and restart what dies until a signal to stop.

        Raises:
            ChildFailedError: a child died, or ``limit`` seconds went by, before the group was ready.
        """
        with self._awake() as wait:
            try:
                for child in self.children:
                    if not child.later:
                        child.start()
                deadline = time.monotonic() + limit
                while not self.stop_asked and not is_ready():
                    self._refuse_deaths()
                    if time.monotonic() > deadline:
                        raise ChildFailedError(f"Nothing answered within {limit:.0f} s.\n{self._tails()}")
                    wait(TICK / 4)
                if not self.stop_asked:
                    self._mend()
                    when_ready()
                while not self.stop_asked:
                    self._mend()
                    wait(TICK)
            finally:
                self._stop(wait)

    @contextlib.contextmanager
    def _awake(self) -> Iterator[Callable[[float], None]]:
        """Handle signals, and give a wait that a signal cuts short."""
        woken, waker = socket.socketpair()
        for end in (woken, waker):
            end.setblocking(False)
        old = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        old_waker = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector, woken, waker:
            selector.register(woken, selectors.EVENT_READ)

            def wait(seconds: float) -> None:
                if selector.select(seconds):
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)

            try:
                yield wait
            finally:
                signal.set_wakeup_fd(old_waker)
                for number, handler in old.items():
                    signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop_asked += 1

    def _refuse_deaths(self) -> None:
        for child in self.children:
            status = child.ended()
            if status is not None:
                raise ChildFailedError(
                    f"{child.name} {_ending(status)} before it was ready. Its last words:\n{_tail(child.log)}"
                )

    def _mend(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.start_at:
                    child.start()
                continue
            status = child.ended()
            if status is not None:
                pause = child.pause()
                child.start_at = now + pause
                self.say(
                    f"{child.name} {_ending(status)}; starting it again in {pause:g} s (see {child.log})."
                )

    def _stop(self, wait: Callable[[float], None]) -> None:
        """End all children: ask, wait, and after ``PATIENCE`` seconds or a second Ctrl-C insist."""
        asked_before = self.stop_asked
        if asked_before:
            self.say("Stopping …")
        for child in reversed(self.children):
            if child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while any(child.ended() is None and child.process is not None for child in self.children):
            if time.monotonic() > deadline or self.stop_asked > max(1, asked_before):
                for child in self.children:
                    child.signal_group(signal.SIGKILL)
            wait(TICK / 4)

    def _tails(self) -> str:
        return "\n".join(f"{child.name}:\n{_tail(child.log)}" for child in self.children)


def _ending(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _tail(log: Path, lines: int = 15) -> str:
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 8192))
        text = file.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
