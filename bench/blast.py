"""How fast a campaign of 3,676 personal mails is composed, queued and sent to an SES that takes everything at once.

Ours is a real campaign: its rows are written by `mail.domain.campaign_queue`, and `mail.domain.delivery` sends them. The peer
is django-post_office over django-ses, used as its manual says for many mails: templates and css-inline for each mail,
`send_many`, `send_queued_mail`. It is measured twice: as it ships (batches of 100, five threads), which is what we
promise to beat by four, and with the settings that were quickest here. Both send a letter of the same layout and length to the
same local endpoint, each from a process of its own on a database of its own. The limit is the bare posting of requests
that were made and signed before. The run fails unless in every round every side reached everybody exactly once, and fails
after its table if we are not four times as fast as the peer as it ships.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench import lib
from bench.endpoint import Endpoint
from bench.mailing import letter

PYTHON_PACKAGES = ["django-post_office==3.12.0"]
DEBIAN_PACKAGES = ["postgresql"]

CONNECTIONS = 2
# What is promised, and in which case; fewer mails than its own promise nothing.
WANTED, PROMISED, MANY = 4, "3676", 3_676
# The peer's case, and the size of its batch: its own default, and all at once.
PEERS = {PROMISED: 100, f"{PROMISED} tuned": 5_000}


class WrongOutcomeError(Exception):
    """A side did not send what it was to send."""


class TooSlowError(Exception):
    """We are slower than we promise."""


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

    def __call__(self) -> lib.Taken:
        """Send everything once, and look who got it."""
        self.endpoint.reset()
        began = time.perf_counter()
        self._say("go")
        self._expect("done")
        taken = lib.Taken(time.perf_counter() - began)
        everybody_once(self.name, self.endpoint, self.many)
        return taken

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
        self.endpoint, self.many = endpoint, many
        self.place = urlsplit(endpoint.address).netloc
        self.requests = [
            request.replace(letter.address(0).encode(), letter.address(number).encode())
            for number in range(many)
        ]

    def __call__(self) -> lib.Taken:
        """Post everything once."""
        self.endpoint.reset()
        began = time.perf_counter()
        posting = [
            threading.Thread(target=self._post, args=(self.requests[number::CONNECTIONS],))
            for number in range(CONNECTIONS)
        ]
        for thread in posting:
            thread.start()
        for thread in posting:
            thread.join()
        taken = lib.Taken(time.perf_counter() - began)
        everybody_once("limit", self.endpoint, self.many)
        return taken

    def _post(self, requests: list[bytes]) -> None:
        wire = http.client.HTTPConnection(self.place)
        for request in requests:
            wire.request("POST", "/v2/email/outbound-emails", request, {"Content-Type": "application/json"})
            wire.getresponse().read()
        wire.close()


def everybody_once(side: str, endpoint: Endpoint, many: int) -> None:
    """Look at whom a round reached.

    Raises:
        WrongOutcomeError: somebody got nothing or more than one mail, or somebody else got one.
    """
    reached = endpoint.reached()
    if sorted(reached) != sorted(letter.address(number) for number in range(many)):
        raise WrongOutcomeError(
            f"{side}: {len(reached)} mails went to {len(set(reached))} people, and {many} were to."
        )


def judge(outcomes: Iterable[lib.Outcome]) -> None:
    """Hold the outcome against the promise.

    Raises:
        TooSlowError: it is not kept.
    """
    for outcome in outcomes:
        times = outcome.times_better_than_peer
        if (outcome.case, outcome.n) == (PROMISED, MANY) and times is not None and times < WANTED:
            raise TooSlowError(f"We are {times:.2f} times as fast as the peer; {WANTED} is promised.")


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield a case for each way to set up the peer."""
    many = size.choose(quick=400, standard=MANY)
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

        def side(module: str, name: str, **environment: str) -> Side:
            environment |= {
                "DATABASE_URL": _database(server, folder, name),
                "DATA_DIR": str(folder / name),
            }
            started = Side(module, many, endpoint, environment)
            stack.callback(started.end)
            # The first round of each is not measured: it fills caches, and shows what the mails are.
            started()
            lib.note(f"a mail of {name} has {_checked(name, endpoint, many):,} bytes")
            return started

        ours = side("ours", "ours")
        limit = Limit(endpoint, _request(endpoint), many)
        peers = {case: side("peer", f"peer_{batch}", PEER_BATCH=str(batch)) for case, batch in PEERS.items()}
        endpoint.set(bodies=False)
        for case, peer in peers.items():
            yield lib.Case(
                name=case,
                unit="/s",
                n=many,
                ours=ours,
                peer=peer,
                limit=limit,
                amount=many,
                rounds=5,
                warm=0,
            )
        lib.note(f"promised: {WANTED} times the peer in case {PROMISED}")


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
