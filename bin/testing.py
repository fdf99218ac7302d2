"""What `bin/test` does: packages, servers, one run of pytest over both engines, and tidying up.

Both engines are tested in one run and end in one closing line: pytest-xdist starts processes for each engine, and
`tests/sharing.py` gives an engine's tests to whichever of its processes is free.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import debian
from environment import ROOT, CannotGoOnError, ensure, say

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PACKAGES = {
    "chromium": "browser tests",
    "hledger": "exports read by hledger",
    "postgresql": "tests on PostgreSQL",
    "redis-server": "tests on Redis",
}
WITHOUT = {"sqlite": "once_postgresql", "postgresql": "e2e,once"}
"""The marks that each engine leaves to the other."""
MOST = 4
"""Processes of one engine at the most: what each of them must load and set up before its first test is then no gain."""


@dataclass(frozen=True)
class Servers:
    """What runs for the tests; an empty address is a server that this machine does not have."""

    postgres_url: str
    redis_url: str
    scratch: Path


def main(arguments: list[str]) -> int:
    """Install, start, run, stop; return pytest's exit status."""
    if sys.platform == "linux":
        # Whatever ends this command ends it by its cleaning up.
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
    debian.install(name for name, here in _found().items() if not here)
    missing = [name for name, here in _found().items() if not here]
    python = ensure("requirements-dev.txt")
    with _servers() as servers:
        _tell_missing(missing, servers)
        return _pytest(python, servers, arguments)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


# Debian packages


def _found() -> dict[str, bool]:
    """Say for each package whether its program is on this machine."""
    return {
        "chromium": bool(shutil.which("chromium") or shutil.which("chromium-browser")),
        "postgresql": _postgresql_folder() is not None,
        "hledger": bool(shutil.which("hledger")),
        "redis-server": bool(shutil.which("redis-server")),
    }


def _postgresql_folder() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs; Debian keeps them off the path."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def _tell_missing(missing: list[str], servers: Servers) -> None:
    lost = {name: f"{name} is not installed, and this user may not install it" for name in missing}
    if "postgresql" not in lost and not servers.postgres_url:
        lost["postgresql"] = "PostgreSQL did not start"
    if "redis-server" not in lost and not servers.redis_url:
        lost["redis-server"] = "Redis did not start"
    for name, reason in lost.items():
        say(f"NOT RUN: {PACKAGES[name]}. {reason}.")


# Servers


@contextlib.contextmanager
def _servers() -> Iterator[Servers]:
    """Run PostgreSQL and Redis for as long as the tests take, in folders that go with them."""
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="quarterdeck-servers-", dir=_quick_folder())
            )
        )
        folder.chmod(0o711)
        postgres_url, redis_url = "", ""
        programs = _postgresql_folder()
        if programs is not None:
            postgres_url = _start_postgresql(stack, programs, folder)
        if shutil.which("redis-server"):
            redis_url = _start_redis(stack, folder)
        scratch = folder / "scratch"
        scratch.mkdir(mode=0o700)
        yield Servers(postgres_url, redis_url, scratch)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run a throw-away PostgreSQL and yield its address, or nothing where it cannot be had; benchmarks use it too."""
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="quarterdeck-servers-", dir=_quick_folder())
            )
        )
        folder.chmod(0o711)
        programs = _postgresql_folder()
        yield _start_postgresql(stack, programs, folder) if programs is not None else ""


def _quick_folder() -> str | None:
    """Return shared memory as the place of the servers' files, where it has room: nothing there is worth a disk."""
    memory = "/dev/shm"  # noqa: S108  # nosec B108
    with contextlib.suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3:
            return memory
    return None


def _start_postgresql(stack: contextlib.ExitStack, programs: Path, folder: Path) -> str:
    """Start a PostgreSQL server on a free port; return its address, or nothing with the reason told."""
    data = folder / "postgresql"
    data.mkdir(mode=0o700)
    identity = _not_root(data)
    log = folder / "postgresql.log"
    made = subprocess.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "quarterdeck",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=data,
        **identity,
    )
    if made.returncode:
        say(f"initdb: {made.stderr.strip()}")
        return ""
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(data),
        "max_connections": "200",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        # A vacuum between tests would note that tables are empty, and every plan of the next test would believe it.
        "autovacuum": "off",
        "shared_buffers": "128MB",
        # A plan that is used once is not worth compiling, and nobody copies or recovers what is written here.
        "jit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    server = _start(stack, command, log, signal.SIGINT, **identity)
    if not _listens(server, port):
        say(f"PostgreSQL: {_tail(log)}")
        return ""
    return f"postgres://quarterdeck@127.0.0.1:{port}/postgres"


def _not_root(folder: Path) -> dict[str, object]:
    """Return as whom the server runs: PostgreSQL refuses to be root, so somebody else owns its folder then."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            person = pwd.getpwnam(name)
            os.chown(folder, person.pw_uid, person.pw_gid)
            return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    raise CannotGoOnError(
        "PostgreSQL refuses to run as root, and this machine has no user postgres or nobody."
    )


def _start_redis(stack: contextlib.ExitStack, folder: Path) -> str:
    """Start a Redis server on a free port; return its address, or nothing with the reason told."""
    port, log = _free_port(), folder / "redis.log"
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = _start(stack, [*command, "--dir", str(folder)], log, signal.SIGTERM)
    if not _listens(server, port):
        say(f"Redis: {_tail(log)}")
        return ""
    return f"redis://127.0.0.1:{port}"


def _start(
    stack: contextlib.ExitStack, command: list[str], log: Path, stop: signal.Signals, **identity: object
) -> "subprocess.Popen[bytes]":
    """Start a server that ends with this command, however this command ends."""
    with log.open("wb") as file:
        server = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_me(stop),  # noqa: PLW1509  (one thread)
            cwd="/",
            **identity,
        )

    def end() -> None:
        server.send_signal(stop)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    stack.callback(end)
    return server


def _end_with_me(number: signal.Signals) -> Callable[[], None]:
    """Return what a child does first: ask the kernel for a signal when this process is gone."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, number)

    return ask


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(server: "subprocess.Popen[bytes]", port: int, limit: float = 30.0) -> bool:
    """Wait until a server takes connections; False when it ended or took too long."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def _tail(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-3:])


# The run


def _processes(arguments: list[str]) -> int:
    """Return how many processes each engine gets: as many as there are cores, so that one works while another waits.

    A few files are quicker in one, which loads everything once.
    """
    if any(".py" in argument for argument in arguments):
        return 1
    return min(max(os.cpu_count() or 1, 2), MOST)


def _pytest(python: Path, servers: Servers, arguments: list[str]) -> int:
    """Run pytest once over every engine there is; its output is this command's own."""
    surroundings = {
        **{
            key: value
            for key, value in os.environ.items()
            # Without kept bytecode each process would rewrite every test, and each program that tests start compile the house.
            if key
            not in {"TEST_ENGINE", "TEST_WITHOUT", "TEST_IN_TURN", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
        },
        "REDIS_TEST_URL": servers.redis_url,
        "POSTGRES_TEST_URL": servers.postgres_url,
        "TEST_SCRATCH": str(servers.scratch),
    }
    # The summary names what was skipped and why, beside what failed.
    command = [str(python), "-m", "pytest", "-rfEs"]
    if servers.postgres_url:
        surroundings["TEST_ENGINES"] = "sqlite and postgresql"
        if not arguments:
            # Everything on both engines is what --full is for; see IN_TURN in tests/conftest.py.
            surroundings["TEST_IN_TURN"] = "1"
        # Each test counts twice, which a percentage would not understand.
        command += ["-o", "console_output_style=classic"]
        # A process that crashed fails its test and ends the run: the rest of its file is nobody's.
        command += ["--max-worker-restart=0"]
        command += ["--dist", "load"]
        # What no engine can change is tested beside one of them only. (xdist splits a specification at "//".)
        for engine, without in WITHOUT.items():
            process = f"popen//env:TEST_ENGINE={engine}//env:TEST_WITHOUT={without}"
            command += ["--tx", f"{_processes(arguments)}*{process}"]
    else:
        surroundings["TEST_ENGINE"] = "sqlite"
        command += ["-n", "2"]
    _adopt()
    before = _children()
    running = subprocess.Popen(
        [*command, *arguments],
        env=surroundings,
        cwd=ROOT,
        preexec_fn=_end_with_me(signal.SIGTERM),  # noqa: PLW1509  (one thread)
    )
    try:
        return _wait(running)
    except KeyboardInterrupt:
        # pytest had the same Ctrl-C where it came from the terminal; a SIGTERM to this process alone it did not.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return running.wait(timeout=5)
        running.terminate()
        running.wait()
        raise
    finally:
        _end_strays(before)


def _adopt() -> None:
    """Become the parent of what the tests leave behind when they are ended from outside."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _wait(running: "subprocess.Popen[bytes]") -> int:
    """Wait for a child, and meanwhile let go of those that were adopted and ended: a test may watch for their end."""
    while (ended := os.waitpid(-1, 0))[0] != running.pid:
        pass
    running.returncode = os.waitstatus_to_exitcode(ended[1])
    return running.returncode


def _end_strays(others: set[int]) -> None:
    """Kill every child but these, and then what they leave in turn: workers of a blast have groups of their own."""
    while strays := _children() - others:
        for stray in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stray, signal.SIGKILL)
        for stray in strays:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, 0)


def _children() -> set[int]:
    """Return the processes whose parent is this one; none where there is no /proc to say so."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The program's name stands in brackets and may itself hold some.
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(int(stat.parent.name))
    return found
