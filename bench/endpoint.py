"""A local SES for tests and benchmarks, on loopback: it accepts, throttles, loses answers, and tells what it did.

It speaks API v2 (outbound-emails, account, identities) and the two calls of v1 that older programs make, keeps a journal
of every message it accepted, and posts signed SNS notifications about them. `python -m bench.endpoint --port 0` runs it
and prints where it listens; `Endpoint` starts it as a process, gives it orders and reads its journal.
"""

import argparse
import base64
import dataclasses
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


def bare(recipients: Iterable[str]) -> list[str]:
    """Return addresses without names, in lower case."""
    return [recipient.rpartition("<")[2].rstrip(">").lower() for recipient in recipients]


@dataclass(frozen=True)
class Accepted:
    """One message the endpoint accepted. Instants are seconds since 1970; ``tag`` is the outbox row's public id."""

    id: str
    recipients: tuple[str, ...]
    tag: str
    configuration: str
    subject: str
    arrived: float
    accepted: float
    answered: str
    size: int
    body: str = ""

    def reached(self) -> list[str]:
        """Return the bare addresses of its recipients, in lower case."""
        return bare(self.recipients)

    def mail(self) -> EmailMessage:
        """Return the mail as its reader gets it; the journal must have been asked for bodies."""
        found = message_from_bytes(base64.b64decode(self.body), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


class Endpoint:
    """The endpoint in a process of its own. ``address`` is what ``AWS_SES_ENDPOINT_URL`` wants."""

    def __init__(self, *, seed: int = 1, **options: object) -> None:
        """Start it; ``options`` are those of `bench.ses.server.Options`."""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bench.endpoint",
                "--tied",
                "--seed",
                str(seed),
                "--options",
                json.dumps(options),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        where = json.loads(self.process.stdout.readline())
        self.address: str = where["address"]
        self.control: str = where["control"]
        self.certificate: str = where["certificate"]
        self._wire = http.client.HTTPConnection(urlsplit(self.control).netloc, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def set(self, **options: object) -> None:
        """Change how it answers from now on."""
        self._order("/options", options)

    def tell(self, **told: object) -> None:
        """Post events from now on; ``told`` are the fields of `bench.ses.events.Told`."""
        self._order("/events", told)

    def event(self, accepted: Accepted, kind: str) -> None:
        """Post one event about an accepted message now: send, delivery, hard, soft or complaint."""
        self._order("/event", {"id": accepted.id, "kind": kind})

    def flush(self) -> None:
        """Post what was held back to come out of order."""
        self._order("/flush", {})

    def reset(self) -> None:
        """Forget journal and counts."""
        self._order("/reset", {})

    def journal(self, *, since: int = 0, bodies: bool = False) -> list[Accepted]:
        """Return what it accepted, in order."""
        rows = self._order(f"/journal?since={since}{'&bodies=1' if bodies else ''}", {})
        return [Accepted(**{**row, "recipients": tuple(row["recipients"])}) for row in rows]

    def reached(self) -> list[str]:
        """Return the bare addresses it accepted mail for, in order and as often: the journal's cheapest part."""
        return [address for recipients in self._order("/recipients", {}) for address in bare(recipients)]

    def stats(self) -> dict[str, Any]:
        """Return its counts: accepted, lost, hung, errors, refused, throttled (instants), events (of the posting)."""
        return dict(self._order("/stats", {}))

    def all_told(self, *, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until every event was taken or refused, and return the counts of the posting.

        Raises:
            TimeoutError: it took longer.
        """
        deadline = time.monotonic() + seconds
        self.flush()
        while (told := self.stats()["events"])["waiting"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Events are still waiting: {told}")
            time.sleep(0.02)
        return dict(told)

    def close(self) -> None:
        """End the process."""
        self._wire.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)

    def _order(self, path: str, said: object) -> Any:
        self._wire.request("POST", path, json.dumps(said))
        answer = self._wire.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"The endpoint answered {answer.status} to {path}.")
        return json.loads(body)


def main() -> None:
    """Run the endpoint."""
    from bench.ses import server  # noqa: PLC0415 - whoever only starts it needs no part of it

    parser = argparse.ArgumentParser(prog="python -m bench.endpoint", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tied", action="store_true", help="end when standard input does")
    fields = ", ".join(field.name for field in dataclasses.fields(server.Options))
    parser.add_argument("--options", type=json.loads, default={}, help=f"JSON with any of: {fields}")
    chosen = parser.parse_args()
    given = {
        name: tuple(value) if isinstance(value, list) else value for name, value in chosen.options.items()
    }
    if chosen.tied:
        # However its starter ends, this ends with it.
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.run(server.Options(**given), port=chosen.port, seed=chosen.seed)


if __name__ == "__main__":
    main()
