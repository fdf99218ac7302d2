"""`python -m config.up`: a real group on a real port, and a sentence for each thing that is in the way."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import readers
from tests import databases

pytestmark = pytest.mark.once


def surroundings(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a laptop without the sample, writing to a folder of the test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "ENV_FILE": "",
        "SECRET_KEY": "k" * 50,
        "BASE_URL": "http://localhost:8000",
        "MAIL_TRANSPORT": "mailbox",
        "DATA_DIR": str(data),
        **more,
    }


def up(data: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run it where it is to refuse; port 9 is never opened."""
    return subprocess.run(
        [sys.executable, "-m", "config.up", "--port", "9", *arguments],
        cwd=readers.BASE_DIR,
        env=surroundings(data, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def prepared(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder whose database is migrated and whose migrations are written down."""
    data = tmp_path_factory.mktemp("prepared")
    databases.put_migrated(data / "quarterdeck.sqlite3")
    code = "import django; django.setup(); from config import up; up.bring_database_up_to_date()"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=readers.BASE_DIR,
        env=surroundings(data, DJANGO_SETTINGS_MODULE="config.settings"),
        check=True,
    )
    return data


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    """Return a data folder of the test's own, prepared."""
    return Path(shutil.copytree(prepared, tmp_path / "data"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(port: int, path: str) -> int | None:
    """Return the status of an answer, None when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


@contextlib.contextmanager
def running(data: Path, port: int) -> "Iterator[subprocess.Popen[str]]":
    """Run it until the test is through, and see that it ends well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "config.up", "--port", str(port)],
        cwd=readers.BASE_DIR,
        env=surroundings(data, BASE_URL=f"http://localhost:{port}"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what a process says until a line holds some words; return all of it."""
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if words in line:
            return told
    raise AssertionError(f"It never said {words!r}:\n{told}")


def test_ready_is_said_once_the_port_answers_and_a_stop_leaves_nothing(data: Path) -> None:
    port = free_port()

    with running(data, port) as process:
        told = read_until(process, "Ctrl-C stops everything.")
        assert status(port, "/healthz") == 200
        assert status(port, "/account/login/") == 200

    logs = [data / "logs" / f"{name}.log" for name in ("web", "worker", "beat")]
    assert [stat.S_IMODE(log.stat().st_mode) for log in logs] == [0o600, 0o600, 0o600]
    assert f"http://localhost:{port}" in told
    assert "Preparing the database" not in told
    assert process.returncode == 0
    assert status(port, "/healthz") is None


def test_a_killed_web_process_answers_again(data: Path) -> None:
    port = free_port()

    with running(data, port) as process:
        read_until(process, "Ctrl-C stops everything.")
        web = subprocess.run(
            ["pgrep", "-P", str(process.pid), "-f", "gunicorn"], capture_output=True, text=True, check=True
        )
        os.kill(int(web.stdout), signal.SIGKILL)
        read_until(process, "web was killed by SIGKILL; starting it again in 0.5 s")

        deadline = time.monotonic() + 30
        while status(port, "/healthz") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_migration_that_was_rewritten_is_named(data: Path) -> None:
    record = data / "migrated.json"
    written = json.loads(record.read_text())
    written["core.0001_audit_event"] = "another"
    record.write_text(json.dumps(written))

    done = up(data)

    assert done.returncode == 1
    assert done.stderr == (
        f"The database {data / 'quarterdeck.sqlite3'} belongs to another version of Quarterdeck "
        "(core.0001_audit_event was rewritten). Run `bin/up --fresh` to start again with the sample, "
        "or keep the file by moving it elsewhere first.\n"
    )


def test_a_migration_that_is_gone_is_named(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "quarterdeck.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('core', '0099_gone', '2026-01-01 00:00:00')"
        )
        database.commit()

    done = up(data)

    assert done.returncode == 1
    assert "(it holds core.0099_gone, which is gone)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "quarterdeck.sqlite3").write_text("This is not a database. " * 100)

    done = up(tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"The database file {tmp_path / 'quarterdeck.sqlite3'} cannot be used")
    assert "Traceback" not in done.stderr


def test_a_postgresql_that_does_not_answer_is_told(tmp_path: Path) -> None:
    done = up(tmp_path, DATABASE_URL=f"postgres://sam:pass-word@127.0.0.1:{free_port()}/books")

    assert done.returncode == 1
    assert done.stderr.startswith("The PostgreSQL database books does not answer (connection failed")
    assert "pass-word" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_environment_that_is_wrong_is_told(tmp_path: Path) -> None:
    done = up(tmp_path, SECRET_KEY="short", DEBUG="perhaps")

    assert done.returncode == 1
    assert [line.split()[1] for line in done.stderr.splitlines()[1:]] == ["SECRET_KEY", "DEBUG"]


def test_fresh_never_throws_away_what_may_be_real(data: Path) -> None:
    done = up(data, "--fresh")

    assert done.returncode == 1
    assert "may hold real records" in done.stderr
    assert (data / "quarterdeck.sqlite3").exists()


def test_fresh_never_empties_a_folder_outside_the_repository(data: Path) -> None:
    done = up(data, "--fresh", DEMO="1")

    assert done.returncode == 1
    assert done.stderr == f"--fresh only empties a folder inside the repository, and DATA_DIR is {data}.\n"
    assert (data / "quarterdeck.sqlite3").exists()


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = up(tmp_path / "file" / "data")

    assert done.returncode == 1
    assert "cannot be made (Not a directory). Set DATA_DIR to a folder this user may write." in done.stderr


# Past a size, every write fails as on a full disk.
SMALL_DISK = """
    import resource, signal, sys
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
    from config import up
    sys.exit(up.main(["--port", "9"]))
"""


def test_a_disk_that_is_full_is_told(data: Path) -> None:
    size = (data / "quarterdeck.sqlite3").stat().st_size + 100_000

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SMALL_DISK.format(size=size))],
        cwd=readers.BASE_DIR,
        env=surroundings(data, DEMO="1"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1
    assert "The sample could not be loaded. `bin/up --fresh` starts again; where the disk" in done.stderr
    assert "Traceback" not in done.stderr
