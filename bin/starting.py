"""What `bin/up` does before Django exists: arguments, port, `.env`, packages. `config.up` does the rest."""

import argparse
import errno
import fcntl
import os
import re
import secrets
import socket
from pathlib import Path

from environment import ROOT, CannotGoOnError, ensure, require_writable, say

LOOPBACK = re.compile(r"^http://(localhost|127\.0\.0\.1)(?::(\d+))?/?$")
DEFAULT_PORT = 8000


def main(arguments: list[str]) -> int:
    """Prepare this folder and become `python -m config.up`."""
    parser = argparse.ArgumentParser(
        prog="bin/up",
        description="Run Quarterdeck on this machine: web, worker and beat, with the sample portfolio.",
    )
    parser.add_argument(
        "--port", type=_port, help=f"the port of the portal (default: that of BASE_URL, {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="throw away what earlier runs wrote, and start again"
    )
    parser.add_argument("--no-demo", action="store_true", help="do not load the sample portfolio")
    chosen = parser.parse_args(arguments)

    os.chdir(ROOT)
    require_writable(ROOT)
    lock = _only_one(ROOT / ".up.lock")
    env_file = ROOT / ".env"
    base_url = os.environ.get("BASE_URL") or _written_base_url(env_file)
    port, base_url = _address(chosen.port, base_url)
    _require_free(port)
    lock.seek(0)
    lock.truncate()
    lock.write(f"process {os.getpid()}, http://localhost:{port}")
    lock.flush()
    python = ensure("requirements.txt")
    if not env_file.exists() and "SECRET_KEY" not in os.environ:
        _write_env(env_file, port=port, demo=not chosen.no_demo)

    os.environ["BASE_URL"] = base_url
    # Compiled modules are what makes a second start quick.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if chosen.no_demo:
        os.environ["DEMO"] = "0"
    # The lock belongs to the open file: it lasts as long as the process that this one becomes.
    os.set_inheritable(lock.fileno(), True)
    command = [str(python), "-m", "config.up", "--port", str(port)]
    command += ["--fresh"] * chosen.fresh
    os.execv(command[0], command)


def _port(given: str) -> int:
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= 65535:
        raise argparse.ArgumentTypeError(f"{given!r} is not a port; use a number from 1024 to 65535")
    return int(given)


def _only_one(file: Path):  # type: ignore[no-untyped-def]
    """Hold the lock of this folder, or say who holds it."""
    lock = file.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read() or "another process"
        lock.close()
        raise CannotGoOnError(
            f"Quarterdeck already runs from this folder ({holder}). Stop it there with Ctrl-C, then run this again."
        ) from error
    return lock


def _written_base_url(env_file: Path) -> str:
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOnError(
            f"{env_file} cannot be read ({error}). Mend it, or remove it to have a new one."
        ) from error
    found = [
        line.partition("=")[2].strip().strip("\"'") for line in lines if line.strip().startswith("BASE_URL=")
    ]
    return found[-1] if found else ""


def _address(asked: int | None, base_url: str) -> tuple[int, str]:
    """Return the port to listen on, and the address people use: a loopback address follows the port."""
    if not base_url:
        port = asked or DEFAULT_PORT
        return port, f"http://localhost:{port}"
    loopback = LOOPBACK.match(base_url)
    if loopback is None:
        return asked or DEFAULT_PORT, base_url
    port = asked or int(loopback[2] or 80)
    return port, f"http://{loopback[1]}:{port}"


def _is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of this machine.

    Raises:
        CannotGoOnError: this user may not open that port at all.
    """
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            if error.errno == errno.EACCES:
                raise CannotGoOnError(
                    f"This user may not open port {port}. Choose one above 1023: bin/up --port {DEFAULT_PORT}"
                ) from error
            # A machine without IPv6 has nobody listening there.
    return True


def _require_free(port: int) -> None:
    if _is_free(port):
        return
    other = next((near for near in range(port + 1, min(port + 100, 65536)) if _is_free(near)), None)
    advice = f"run: bin/up --port {other}" if other else "choose another one with --port"
    raise CannotGoOnError(f"Port {port} is taken by another program. Stop that program, or {advice}")


def _write_env(file: Path, *, port: int, demo: bool) -> None:
    """Write the settings of a laptop, with a random key, whole or not at all."""
    lines = [
        "# Written by bin/up for this machine; .env.example explains every name.",
        f"SECRET_KEY={secrets.token_urlsafe(48)}",
        f"BASE_URL=http://localhost:{port}",
        f"DEMO={int(demo)}",
        "MAIL_TRANSPORT=mailbox",
        "SES_FROM_ADDRESS=quarterdeck@example.com",
        "ADMIN_BCC_ADDRESS=audit@example.com",
        "REPORT_RECIPIENTS=owner@example.com",
        "POSTAL_ADDRESS=1 Harbor Way, Long Beach, CA 90802",
    ]
    draft = file.with_name(".env.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write("\n".join(lines) + "\n")
    draft.replace(file)
    say("Wrote .env with a random key for this machine.")
