"""`python -m config.up`: brings database, static files and sample up to date, then runs web, worker and beat.

`bin/up` calls it inside the environment it made. What is up to date already is told so by a hash or by the database
and is skipped, so that a second start takes seconds. The running itself is `config.supervise`.
"""

import argparse
import ast
import hashlib
import http.client
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor

from config import env, readers, supervise

HOUSE = ("core", "mail", "portfolio", "crew", "reports")


class CannotStartError(Exception):
    """Something a person must mend first; the message says what and how."""


def say(line: str) -> None:
    """Tell the person at the keyboard a line, at once."""
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Prepare and run; return the exit status."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m config.up")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fresh", action="store_true")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Books, mailbox and logs are for this user's eyes.
    os.umask(0o077)
    try:
        if chosen.fresh:
            _remove_data(env.load())
        django.setup()
        bring_database_up_to_date()
        bring_static_files_up_to_date()
        if settings.DEMO:
            load_sample()
        _run(chosen.port, began)
    except (CannotStartError, ImproperlyConfigured, supervise.ChildFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    say("Stopped.")
    return 0


def _remove_data(values: readers.Values) -> None:
    """Empty the data folder of a laptop; never one that may hold real records."""
    folder = values[env.DATA_DIR]
    if not values[env.DEMO]:
        raise CannotStartError(
            f"--fresh only throws sample data away, and DEMO is off, so {folder} may hold real records. "
            "Remove it yourself if you are sure."
        )
    if readers.BASE_DIR not in folder.parents:
        raise CannotStartError(
            f"--fresh only empties a folder inside the repository, and DATA_DIR is {folder}."
        )
    if "sqlite3" not in values[env.DATABASE_URL]["ENGINE"]:
        raise CannotStartError(
            "--fresh does not empty a PostgreSQL database. Drop and create it yourself, then run bin/up without --fresh."
        )
    if not folder.exists():
        return
    say(f"Removing everything in {folder} (database, mailbox, logs) …")
    for item in folder.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def bring_database_up_to_date() -> None:
    """Run the migrations that are missing.

    Raises:
        CannotStartError: the database does not answer, or was made by migrations that have been rewritten since.
    """
    record = settings.DATA_DIR / "migrated.json"
    try:
        executor = MigrationExecutor(connection)
        applied = {key for key in executor.loader.applied_migrations if key[0] in HOUSE}
        unknown = sorted(applied - set(executor.loader.disk_migrations))
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except InconsistentMigrationHistory as error:
        raise CannotStartError(_another_history(str(error))) from error
    except DatabaseError as error:
        raise CannotStartError(_no_database(error)) from error
    if unknown:
        raise CannotStartError(_another_history(f"it holds {'.'.join(unknown[0])}, which is gone"))
    fingerprints = _fingerprints()
    for name in sorted(".".join(key) for key in applied):
        before = _recorded(record).get(name)
        if before and before != fingerprints[name]:
            raise CannotStartError(_another_history(f"{name} was rewritten"))
    if plan:
        say("Preparing the database …")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CannotStartError(_another_history(f"the migrations stopped: {error}")) from error
    if plan or not record.exists():
        record.write_text(json.dumps(fingerprints, indent=1))


def _recorded(record: Path) -> dict[str, str]:
    """Return what was written down about the migrations of this database; nothing if that is not to be had."""
    if connection.vendor == "sqlite" and not Path(settings.DATABASES["default"]["NAME"]).exists():
        return {}
    try:
        found: dict[str, str] = json.loads(record.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found


def _fingerprints() -> dict[str, str]:
    """Return a hash of what each migration of the house does; comments and layout do not count."""
    found = {}
    for label in HOUSE:
        for file in sorted((Path(apps.get_app_config(label).path) / "migrations").glob("[0-9]*.py")):
            tree = ast.dump(ast.parse(file.read_text(encoding="utf-8")))
            found[f"{label}.{file.stem}"] = hashlib.sha256(tree.encode()).hexdigest()
    return found


def _another_history(reason: str) -> str:
    if connection.vendor == "sqlite":
        advice = "Run `bin/up --fresh` to start again with the sample, or keep the file by moving it elsewhere first."
    else:
        advice = "Name another database in DATABASE_URL, or restore one that this version made."
    return f"The database {settings.DATABASES['default']['NAME']} belongs to another version of Quarterdeck ({reason}). {advice}"


def _no_database(error: DatabaseError) -> str:
    reason = str(error).strip().splitlines()[0]
    name = settings.DATABASES["default"]["NAME"]
    if connection.vendor == "sqlite":
        return (
            f"The database file {name} cannot be used ({reason}). "
            "Make it writable, move it away, or run `bin/up --fresh` to start again with the sample."
        )
    return f"The PostgreSQL database {name} does not answer ({reason}). Start the server, or mend DATABASE_URL in .env."


def bring_static_files_up_to_date() -> None:
    """Collect the static files unless nothing changed since they were collected."""
    if settings.DEBUG:
        return
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    wanted = _static_hash()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Collecting static files …")
    try:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    except (OSError, ValueError, CommandError) as error:
        raise CannotStartError(f"The static files could not be collected: {error}") from error
    stamp.write_text(wanted)


def _static_hash() -> str:
    """Return a hash over the names, sizes and times of our static files and over the versions of everybody else's."""
    told = hashlib.sha256((readers.BASE_DIR / "requirements.txt").read_bytes())
    for file in _files(*(Path(folder) for folder in settings.STATICFILES_DIRS)):
        about = file.stat()
        told.update(f"{file}|{about.st_size}|{about.st_mtime_ns}\n".encode())
    return told.hexdigest()


def _files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(file for file in folder.rglob("*") if file.is_file())


def load_sample() -> None:
    """Load the sample portfolio unless it is there.

    Raises:
        CannotStartError: the sample's own files are refused; the message is the loader's sentence.
    """
    try:
        call_command("load_demo", verbosity=1)
    except (CommandError, OperationalError, OSError) as error:
        raise CannotStartError(
            f"{error}\nThe sample could not be loaded. `bin/up --fresh` starts again; where the disk is full, make room first."
        ) from error


def _run(port: int, began: float) -> None:
    """Run web, worker and beat until somebody stops them."""
    connection.close()
    group = supervise.Group(_children(port), say=say)

    def tell() -> None:
        say(f"\nQuarterdeck is ready after {time.monotonic() - began:.1f} s:  {settings.BASE_URL}")
        if settings.DEMO:
            say("Sign in with one click (this machine only, sample only):")
            call_command("demo_links")
        else:
            say("The first owner: .venv/bin/python manage.py add_staff you@example.com owner")
        say(
            f"Mail goes to {settings.MAILBOX_DIR}"
            if settings.MAIL_TRANSPORT == "mailbox"
            else "Mail goes out by SES."
        )
        say("Ctrl-C stops everything.")

    group.run(is_ready=lambda: answers(port), when_ready=tell)


def _children(port: int) -> list[supervise.Child]:
    """Return the three programs; each writes its own log, kept from the last run as ``.old``."""
    logs, scratch = settings.DATA_DIR / "logs", settings.DATA_DIR / "tmp"
    readers.make_folders(logs, scratch)
    values = env.values()
    # The filesystem broker moves a message into the temporary folder before it reads it; on the same disk
    # that is one rename.
    surroundings = {**os.environ, "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    web = [
        *(python, "-m", "gunicorn", "config.wsgi"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--no-control-socket"),
        *("--workers", str(values[env.WEB_PROCESSES]), "--threads", str(values[env.WEB_THREADS])),
        *("--graceful-timeout", "5", "--log-level", "warning"),
    ]
    celery = [python, "-m", "celery", "-A", "config", "--quiet"]
    worker = [
        *(*celery, "worker", "--concurrency", str(values[env.WORKER_PROCESSES]), "--loglevel", "warning"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    # Not `worker -B`: that beat outlives a killed worker and goes on filling the queue.
    beat = [*celery, "beat", "--loglevel", "warning", "--pidfile="]
    children = []
    for name, command in (("web", web), ("worker", worker), ("beat", beat)):
        log = logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.old"))
        children.append(supervise.Child(name, command, surroundings, log, later=name != "web"))
    return children


def answers(port: int) -> bool:
    """Tell whether the portal on a port of this machine answers that it is well."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        host = settings.ALLOWED_HOSTS[0].removeprefix(".").replace("*", "localhost")
        asked.request("GET", "/healthz", headers={"Host": host})
        return asked.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
