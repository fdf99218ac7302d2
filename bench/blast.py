"""How fast a campaign of 3,676 personal mails is composed, queued and sent to an SES that takes everything at once.

Ours is a real campaign: its rows are written by `mail.domain.campaign_queue`, and `mail.domain.loop` sends them. The peer is
django-post_office over django-ses, used as its manual says for many mails: templates and css-inline for each mail, `send_many`,
`send_queued_mail`. Both send the same letter to the same local endpoint, each from a process of its own on a database of its
own. The limit is the bare posting of requests that were made and signed before. The run fails unless every round of every
side had exactly as many messages accepted as it was to send, each to another address.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench import lib
from bench.endpoint import Endpoint
from bench.mailing import letter

PYTHON_PACKAGES = ["django-post_office==3.12.0"]
DEBIAN_PACKAGES = ["postgresql"]

CONNECTIONS = 2
WANTED = 4


class WrongOutcomeError(Exception):
    """A side did not send what it was to send."""


class Side:
    """A side in a process of its own that does a round for each line it is given."""

    def __init__(self, module: str, many: int, endpoint: Endpoint, environment: dict[str, str]) -> None:
        """Start it and wait until it is ready."""
        self.name, self.many, self.endpoint = module, many, endpoint
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"bench.mailing.{module}", str(many)],
            env={
                **os.environ,
                "AWS_SES_ENDPOINT_URL": endpoint.address,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def __call__(self) -> None:
        """Send everything once."""
        before = self.endpoint.stats()["accepted"]
        self._say("go")
        self._expect("done")
        accepted = self.endpoint.stats()["accepted"] - before
        if accepted != self.many:
            raise WrongOutcomeError(
                f"{self.name}: {accepted} messages were accepted, and {self.many} were to be."
            )

    def end(self) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _expect(self, line: str) -> None:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        if said != line:
            raise WrongOutcomeError(f"{self.name} said {said!r} and not {line!r}.")


class Limit:
    """Posting what was made before, over a few connections that stay open."""

    def __init__(self, endpoint: Endpoint, request: bytes, many: int) -> None:
        """Make all requests from one of ours, each to another recipient."""
        self.place = urlsplit(endpoint.address).netloc
        self.requests = [
            request.replace(letter.address(0).encode(), letter.address(number).encode())
            for number in range(many)
        ]

    def __call__(self) -> None:
        """Post everything once."""
        posting = [
            threading.Thread(target=self._post, args=(self.requests[number::CONNECTIONS],))
            for number in range(CONNECTIONS)
        ]
        for thread in posting:
            thread.start()
        for thread in posting:
            thread.join()

    def _post(self, requests: list[bytes]) -> None:
        wire = http.client.HTTPConnection(self.place)
        for request in requests:
            wire.request("POST", "/v2/email/outbound-emails", request, {"Content-Type": "application/json"})
            wire.getresponse().read()
        wire.close()


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield the one case."""
    many = size.choose(quick=400, standard=3_676)
    sys.path.insert(0, str(lib.HERE.parent / "bin"))
    import testing  # noqa: PLC0415  (how the tests start their server)

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(testing.postgresql())
        lib.note(
            "PostgreSQL runs as for the tests, without fsync, for both sides alike"
            if server
            else "PostgreSQL could not be started here, so both sides use SQLite"
        )
        endpoint = stack.enter_context(Endpoint(daily=10_000_000.0))
        sides = {}
        for module in ("ours", "peer"):
            environment = {
                "DATABASE_URL": _database(server, folder, module),
                "DATA_DIR": str(folder / module),
            }
            sides[module] = Side(module, many, endpoint, environment)
            stack.callback(sides[module].end)
        sizes = {}
        for module, side in sides.items():
            endpoint.reset()
            # The first round of each is not measured: it fills caches, and shows what the mails are.
            side()
            sizes[module] = _checked(module, endpoint, many)
            if module == "ours":
                request = _request(endpoint)
        endpoint.set(bodies=False)
        endpoint.reset()
        lib.note(f"a mail is {sizes['ours']:,} bytes of ours and {sizes['peer']:,} of the peer's")
        yield lib.Case(
            name="3676",
            unit="/s",
            n=many,
            ours=sides["ours"],
            peer=sides["peer"],
            limit=Limit(endpoint, request, many),
            amount=many,
            rounds=5,
            warm=0,
        )
        lib.note(f"asked: at least {WANTED} times the peer's")


def _database(server: str, folder: Path, name: str) -> str:
    """Return the address of a new database for one side."""
    if not server:
        return f"sqlite:///{folder / name}.sqlite3"
    import psycopg  # noqa: PLC0415  (only where there is a server)

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE blast_{name}")
    return f"{server.rpartition('/')[0]}/blast_{name}"


def _checked(module: str, endpoint: Endpoint, many: int) -> int:
    """Look at what a round sent, and return the size of one mail."""
    journal = endpoint.journal(bodies=True)
    reached = {
        recipient.rpartition("<")[2].rstrip(">") for entry in journal for recipient in entry.recipients
    }
    if reached != {letter.address(number) for number in range(many)} or len(journal) != many:
        raise WrongOutcomeError(f"{module}: {len(journal)} mails went to {len(reached)} people.")
    for entry in journal[:: max(1, many // 20)]:
        mail = entry.mail()
        text, html = (mail.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
        first = letter.name(int(entry.reached()[0].removeprefix("guest").partition("@")[0])).split()[0]
        if text is None or html is None or not mail["List-Unsubscribe"]:
            raise WrongOutcomeError(f"{module}: a mail lacks a part or its unsubscribe header.")
        if any(
            first not in part.get_content() or "style=" not in html.get_content() for part in (text, html)
        ):
            raise WrongOutcomeError(f"{module}: a mail is not personal, or its styles are not inlined.")
    return sum(entry.size for entry in journal) // len(journal)


def _request(endpoint: Endpoint) -> bytes:
    """Return the body of one of our requests, for the limit."""
    entry = next(entry for entry in endpoint.journal(bodies=True) if entry.reached() == [letter.address(0)])
    return json.dumps({
        "FromEmailAddress": letter.SENDER,
        "Destination": {"ToAddresses": [letter.address(0)]},
        "Content": {"Raw": {"Data": entry.body}},
    }).encode()  # fmt: skip
