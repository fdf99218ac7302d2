"""Programme 7 with everything real: links mailed by a worker over Redis to SES, and their secrets looked for everywhere.

`tests/crew/links/test_hostile.py` looks at one process without a broker; here several processes write what they write.
"""

import base64
import binascii
import datetime as dt
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection

from core import clock
from crew.domain import link_secrets
from crew.models import Role
from mail.models import Message, State
from tests.factories.crew import EventFactory, EventGrantFactory
from tests.mail.blast_crew import broker, crew, until
from tests.mail.endpoint import Accepted, Endpoint
from tests.mail.processes import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "many",
    [pytest.param(40, marks=pytest.mark.once_postgresql), pytest.param(1_000, marks=pytest.mark.full)],
)
def test_no_secret_of_a_link_rests_anywhere_on_its_way_through_worker_and_broker(
    many: int, endpoint: Endpoint, redis_url: str, tmp_path: Path
) -> None:
    give_roles(many)
    surroundings = broker(redis_url)
    wakeups = redis.Redis.from_url(surroundings["REDIS_URL"])
    with crew(endpoint, tmp_path, **surroundings) as ship:
        issuing = run("tests.mail.blast_deeds", "issue_links", scratch=tmp_path, **ship.environment)
        told, complained = issuing.communicate(timeout=120)
        assert issuing.returncode == 0, complained
        held = [told, complained, database()]
        # What the broker was ever seen to keep; a task lies there for many looks.
        broker_kept = kept_in(wakeups)
        assert sum("mail.tasks.deliver" in line for line in broker_kept) >= many

        ship.web()
        ship.worker(1)
        ship.beat(1)

        def all_sent() -> bool:
            # The broker is looked into while it hands things over, too.
            broker_kept.update(kept_in(wakeups))
            return (
                endpoint.stats()["accepted"] >= many
                and not Message.objects.exclude(state=State.SENT).exists()
            )

        # The wake-ups are taken one after the other, and what else this machine does is not to count.
        until(all_sent, seconds=60 + many / 2, otherwise=ship.tails)
        letters = [secrets_in(entry) for entry in endpoint.journal(bodies=True)]
        for token, _ in letters[:20]:
            assert follow(ship.port, f"/l/{token}/") == 302
            assert follow(ship.port, f"/l/{token}x/") in {302, 404}
            # As a mail program that took the full stop for a part of the address.
            follow(ship.port, f"/l/{token}./?next=/l/{token}/")
        broker_kept.update(kept_in(wakeups))
        held += [*sorted(broker_kept), ship.logs(), database(), *files(tmp_path)]

    tokens, codes = [token for token, _ in letters], [code for _, code in letters]
    assert (len(set(tokens)), len(set(codes))) == (many, many)
    everything = "\n".join(held)
    assert link_secrets.token_hash(tokens[0]) in everything
    assert "/l/[secret]" in everything or "/l/" not in ship.logs()
    bare = [code.replace("-", "") for code in codes]
    assert [secret for secret in (*tokens, *codes, *bare) if secret in everything] == []


def give_roles(many: int) -> None:
    """Give as many roles on an event of next week as links are wanted."""
    departs = clock.now() + dt.timedelta(days=7)
    event = EventFactory(
        departs_on=departs.date(),
        departs_at=departs,
        returns_at=departs + dt.timedelta(hours=2),
        created_at=clock.now(),
    )
    roles = (Role.GUEST, Role.CREW, Role.CAPTAIN)
    for number in range(many):
        EventGrantFactory(event=event, role=roles[number % 3], granted_at=clock.now())


def secrets_in(entry: Accepted) -> tuple[str, str]:
    """Return token and code as the reader of a mail finds them."""
    body = entry.mail().get_body(preferencelist=("plain",))
    assert body is not None
    words = body.get_content().split()
    address = next(word for word in words if "/l/" in word and not word.endswith("/code/"))
    return address.split("/l/")[1].strip("/"), words[words.index("code:") + 1]


def follow(port: int, path: str) -> int:
    """Ask the web server for a page, and return its status."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    wire.request("GET", path)
    status = wire.getresponse().status
    wire.close()
    return status


def database() -> str:
    """Return every row of every table, and on SQLite every page of its files, those of deleted rows too."""
    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            lines += [" ".join(map(readable, row)) for row in cursor.fetchall()]
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        # By another process: closing a file here would give up the locks that this process's connection holds on it.
        found = subprocess.run(["cat", *name.parent.glob(f"{name.name}*")], capture_output=True, check=True)
        lines.append(readable(found.stdout))
    return "\n".join(lines)


def readable(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def kept_in(wakeups: "redis.Redis") -> set[str]:
    """Return all keys and values of the broker, tasks unfolded as a worker reads them."""
    lines: set[str] = set()
    for key in wakeups.scan_iter(count=1_000):
        kind = wakeups.type(key)
        found: list[bytes] = [key]
        if kind == b"list":
            found += wakeups.lrange(key, 0, -1)
        elif kind == b"hash":
            found += [part for pair in wakeups.hgetall(key).items() for part in pair]
        elif kind == b"set":
            found += list(wakeups.smembers(key))
        elif kind == b"zset":
            found += wakeups.zrange(key, 0, -1)
        elif kind == b"string":
            found.append(wakeups.get(key) or b"")
        lines.update(line for value in found for line in unfolded(value))
    return lines


def unfolded(value: bytes) -> Iterator[str]:
    """Yield a value, and what Celery folded into it as base64."""
    text = value.decode("latin-1")
    yield text
    try:
        said = json.loads(text)
        message = said[0] if isinstance(said, list) else said
        yield base64.b64decode(message["body"]).decode("latin-1")
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error):
        return


def files(folder: Path) -> list[str]:
    """Return every file below a folder."""
    return [readable(file.read_bytes()) for file in sorted(folder.rglob("*")) if file.is_file()]
