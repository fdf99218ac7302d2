"""The Python environment that `bin/up`, `bin/test`, `bin/check` and `bin/bench` run in.

Made with the standard library alone, because nothing else is there yet. A lock file is installed once; its hash is
kept in the environment, so that a second start installs nothing. What must not happen twice at once stands under a
file lock.
"""

import contextlib
import fcntl
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# For a Python that came without pip (Debian keeps it in python3-venv): pip itself, by its hash.
PIP_WHEEL = (
    "https://files.pythonhosted.org/packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/"
    "pip-26.3-py3-none-any.whl"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


class CannotGoOnError(Exception):
    """Something that the person at the keyboard must mend; the message says what and how."""


def say(line: str) -> None:
    """Print one line at once, whatever the output is connected to."""
    print(line, flush=True)


def run_main(main) -> None:
    """Run a command's main function; turn a refusal into one sentence and Ctrl-C into a quiet end."""
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotGoOnError as error:
        sys.stdout.flush()
        print(error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.exit(130)


def require_writable(folder: Path) -> None:
    """Refuse to go on in a folder that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotGoOnError(
            f"{folder} cannot be written ({error.strerror}). "
            "Clone Quarterdeck into a folder of your own, or make this one yours, and run this again."
        ) from error


def ensure(lock_name: str, venv_name: str = ".venv") -> Path:
    """Return the Python of an environment in which a lock file is installed, making or mending it where needed.

    An environment that does not start, that lost files since it was made, or whose making was interrupted, is made
    anew; one that only has another lock's packages gets this one's beside them.
    """
    venv, lock = ROOT / venv_name, ROOT / lock_name
    python = venv / "bin" / "python"
    stamp = venv / f".installed-{lock.name}"
    if _is_current(python, stamp, lock):
        return python
    require_writable(ROOT)
    with _alone(venv_name):
        if _is_current(python, stamp, lock):
            return python
        _make(venv, python, is_whole=all(_is_whole(venv, found) for found in venv.glob(".installed-*")))
        stamp.write_text(UNFINISHED)
        say(f"Installing the packages of {lock_name} …")
        _install(python, lock)
        stamp.write_text("\n".join([_wanted(lock), *_contents(venv)]))
    return python


UNFINISHED = "unfinished"


def _wanted(lock: Path) -> str:
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version_info[0]}.{sys.version_info[1]}"


def _contents(venv: Path) -> list[str]:
    """Return what lies in an environment's folder of packages: each package is an entry there, and its record one.

    Without pip, which came with the environment and may be replaced by a lock's own.
    """
    folders = venv.glob("lib/python*/site-packages")
    return sorted(
        entry.name for folder in folders for entry in folder.iterdir() if not entry.name.startswith("pip")
    )


def _is_current(python: Path, stamp: Path, lock: Path) -> bool:
    """Tell whether a lock is installed and nothing of it has gone since."""
    try:
        wanted = stamp.read_text().partition("\n")[0]
    except OSError:
        return False
    return wanted == _wanted(lock) and python.exists() and _is_whole(stamp.parent, stamp)


def _is_whole(venv: Path, stamp: Path) -> bool:
    """Tell whether an installation was finished, and all it brought is there."""
    first, *brought = stamp.read_text().splitlines() or [UNFINISHED]
    return first != UNFINISHED and bool(brought) and set(brought) <= set(_contents(venv))


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """Wait until no other command of this folder builds the same environment."""
    with (ROOT / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _starts(python: Path) -> bool:
    """Tell whether an environment's Python runs and is of this interpreter's version."""
    check = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", check], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _make(venv: Path, python: Path, *, is_whole: bool) -> None:
    if is_whole and _starts(python):
        return
    if venv.exists() or venv.is_symlink():
        say(f"{venv.name} is incomplete or of another Python; making it anew.")
        if venv.is_symlink():
            venv.unlink()
        else:
            shutil.rmtree(venv)
    say(f"Making a Python environment in {venv.name} …")
    # Installing pip would take longer than everything else; it runs from its wheel just as well.
    command = [sys.executable, "-m", "venv", "--without-pip", str(venv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not _starts(python):
        raise CannotGoOnError(
            f"Python could not make an environment in {venv} (python -m venv: {_last_line(done)}). "
            "On Debian or Ubuntu, `apt-get install python3-venv` brings what it needs."
        )


def _install(python: Path, lock: Path) -> None:
    """Install a lock with uv, which is quick, or with pip where uv has no build for the machine."""
    uv = python.parent / "uv"
    # pip and uv look at the variable to find the environment they stand in; another one must not catch them.
    surroundings = {
        key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONHOME"}
    }
    pip = [str(python), "-m", "pip"]
    with tempfile.TemporaryDirectory() as scratch:
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            surroundings["PYTHONPATH"] = str(_bundled_pip() or _fetched_pip(Path(scratch)))
        pip += ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        got_uv = subprocess.run(
            [*pip, str(ROOT / "requirements-uv.txt")],
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
        if got_uv.returncode == 0:
            by_uv = [
                str(uv),
                "pip",
                "install",
                "--quiet",
                "--python",
                str(python),
                "--require-hashes",
                "-r",
                str(lock),
            ]
            done = subprocess.run(by_uv, env=surroundings, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return
            say("uv could not install them; trying pip, which takes longer …")
        done = subprocess.run(
            [*pip, str(lock)], env=surroundings, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise CannotGoOnError(
            f"The packages of {lock.name} could not be installed: {_last_line(done)}\n"
            "Check that this machine reaches pypi.org (or the index that pip is configured with) and run this again."
        )


def install_more(python: Path, package: str) -> str:
    """Install one package beside those of a lock; return nothing, or the reason why not."""
    command = [python.parent / "uv", "pip", "install", "--quiet", "--python", python, package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return _last_line(done) if done.returncode else ""


def _bundled_pip() -> Path | None:
    """Return the wheel of pip that came with this Python, where it came with one."""
    folders = [Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/usr/share/python-wheels")]
    with contextlib.suppress(ImportError):
        folders.insert(0, Path(importlib.import_module("ensurepip").__path__[0]) / "_bundled")
    return next((wheel for folder in folders for wheel in folder.glob("pip-*.whl")), None)


def _fetched_pip(folder: Path) -> Path:
    """Return pip's own wheel, fetched and compared with the pinned hash; Python runs it without installing."""
    file = folder / "pip.whl"
    try:
        with urllib.request.urlopen(PIP_WHEEL, timeout=60) as answer:  # nosec B310
            content = answer.read()
    except OSError as error:
        raise CannotGoOnError(
            f"This Python has no pip, and pip could not be fetched from pypi.org ({error}). "
            "On Debian or Ubuntu, `apt-get install python3-venv` brings it."
        ) from error
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise CannotGoOnError(
            "The pip that pypi.org answered with is not the pinned one; nothing was installed."
        )
    file.write_bytes(content)
    return file


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with status {done.returncode}"
