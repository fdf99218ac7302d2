"""Databases that take long to make: made once for each engine of a run, and copied by every process that needs one.

The process that comes first makes one while the others wait for it. `bin/test` names the folder where they meet; a
process that was started alone has its own.
"""

import datetime as dt
import fcntl
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection, transaction

from config import up
from crew.domain import sample as crew_sample
from mail.domain import sample as mail_sample
from portfolio.domain import sample
from reports.domain import sample as reports_sample
from tests import quick_migrations, standing

SAMPLE_AT = dt.datetime(2026, 11, 10, 18, 30, tzinfo=dt.UTC)
"""When the sample's records came, where they are copied."""
SAMPLE_SHOWN_AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)
"""When the sample's people, its reports with their schedules and its mailing list came, where these are copied."""
_MIGRATED, _SAMPLE, _STAFFED = "migrated", "sample", "staffed"
_FOLDER = Path(os.environ.get("TEST_SCRATCH") or settings.DATA_DIR)
_MEDIA = Path(settings.MEDIA_ROOT)
"""Where this process keeps its files, whatever folder a test that comes first stands in."""
_own: dict[str, str] = {}


def open_migrated() -> None:
    """Give this process an empty database on which every migration has run."""
    name = str(connection.settings_dict["TEST"]["NAME"])
    _bring(_MIGRATED, name, _migrate)
    settings.DATABASES["default"]["NAME"] = name
    _stand_on(name)


@contextmanager
def with_the_sample() -> Iterator[None]:
    """Stand on a database with the sample's records, and on the empty one again afterwards.

    What is done there must be rolled back: the process keeps its copy.
    """
    yield from _on_a_copy(_SAMPLE, _load)


@contextmanager
def with_the_staffed_sample() -> Iterator[None]:
    """Stand on a database with the sample's records, people, reports and mailing list, as `with_the_sample` does."""
    yield from _on_a_copy(_STAFFED, _load_staffed)


def _on_a_copy(saved: str, make: Callable[[str], None]) -> Iterator[None]:
    empty = _own[_MIGRATED]
    if saved not in _own:
        _bring(saved, f"{empty}_{saved}", make)
        shutil.copytree(_documents(), _MEDIA, dirs_exist_ok=True)
    _stand_on(_own[saved])
    try:
        yield
    finally:
        _stand_on(empty)


@contextmanager
def elsewhere(file: str) -> Iterator[None]:
    """Stand on an empty database, a new file or a new one on the server, and on the one before afterwards."""
    before, name = connection.settings_dict["NAME"], file
    if settings.ENGINE == "postgresql":
        name = f"{before}_elsewhere"
        _on_the_server(f'CREATE DATABASE "{name}"')
    _stand_on(name)
    try:
        yield
    finally:
        _stand_on(before)
        if settings.ENGINE == "postgresql":
            _on_the_server(f'DROP DATABASE "{name}"')


def drop() -> None:
    """Remove what would stay on a server that goes on running; files go with their folder."""
    connection.close()
    if settings.ENGINE == "postgresql" and "TEST_SCRATCH" not in os.environ:
        for saved, name in _own.items():
            _on_the_server(f'DROP DATABASE "{name}"', f'DROP DATABASE "{_kept(saved)}"')


def put_migrated(file: Path) -> None:
    """Put a copy of the migrated database where a test wants one, on SQLite, where it is a file."""
    if settings.ENGINE == "sqlite":
        shutil.copyfile(_kept(_MIGRATED), file)


def _migrate(name: str) -> None:
    """Migrate as the first start of a portal does."""
    if settings.ENGINE == "postgresql":
        _on_the_server(f'CREATE DATABASE "{name}"')
    _stand_on(name)
    with quick_migrations.quick():
        up.bring_database_up_to_date()


def _load(name: str) -> None:
    connection.close()
    _copy(_kept(_MIGRATED), name)
    _stand_on(name)
    with transaction.atomic():
        sample.load(folder=settings.BASE_DIR / "demo", at=SAMPLE_AT)
    shutil.copytree(settings.MEDIA_ROOT, _documents(), dirs_exist_ok=True)


def _load_staffed(name: str) -> None:
    connection.close()
    if _SAMPLE not in _own:
        _bring(_SAMPLE, f"{_own[_MIGRATED]}_{_SAMPLE}", _load)
        connection.close()
    _copy(_kept(_SAMPLE), name)
    _stand_on(name)
    with transaction.atomic():
        crew_sample.load(at=SAMPLE_SHOWN_AT)
        reports_sample.load(at=SAMPLE_SHOWN_AT)
        mail_sample.load(at=SAMPLE_SHOWN_AT)


def _documents() -> Path:
    """Return where the files of the sample's documents are kept beside its database."""
    return _FOLDER / f"{settings.ENGINE}-documents"


def _bring(saved: str, name: str, make: Callable[[str], None]) -> None:
    """Copy what is kept to a name, or make it there and keep it for all who come."""
    with (_FOLDER / f"{settings.ENGINE}-{saved}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read():
            _copy(_kept(saved), name)
        else:
            make(name)
            connection.close()
            _copy(name, _kept(saved))
            lock.write("made")
    _own[saved] = name


def _kept(saved: str) -> str:
    """Return the name of what all copy."""
    if settings.ENGINE == "sqlite":
        return str(_FOLDER / f"{saved}.sqlite3")
    return f"test_quarterdeck_{zlib.crc32(str(_FOLDER).encode())}_{saved}"


def _copy(source: str, target: str) -> None:
    """Copy a database that nobody is connected to."""
    if settings.ENGINE == "sqlite":
        shutil.copyfile(source, target)
    else:
        _on_the_server(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def _on_the_server(*orders: str) -> None:
    with psycopg.connect(os.environ["POSTGRES_TEST_URL"], autocommit=True) as server:
        for order in orders:
            server.execute(order)  # type: ignore[call-overload]


def _stand_on(name: str) -> None:
    standing.leave()
    connection.close()
    connection.settings_dict["NAME"] = name
