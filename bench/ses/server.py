"""The endpoint itself: an HTTP server that speaks SES on one port and takes orders on another.

It is written against `asyncio.Protocol` because it stands beside what is measured and must not be what is measured.
"""

import asyncio
import contextlib
import dataclasses
import enum
import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bench.ses import answers
from bench.ses.answers import Answer
from bench.ses.events import Poster
from bench.ses.journal import Asked, Entry, UnreadableError, enter, read_v1, read_v2

UNLIMITED = 10_000.0
OUTBOUND = "/v2/email/outbound-emails"
CERTIFICATE = "/sns.pem"


@dataclass
class Options:
    """How the endpoint behaves; each may be changed while it runs.

    ``rate`` is recipients a second, from a bucket that holds one second's worth; 0 is no limit. ``promised`` is the rate that
    is told where it is another one. ``lost`` and ``hung`` are
    the shares of requests that are accepted and then not answered: the connection is closed, or kept and silent.
    ``errors`` is the share answered by a 500 without being accepted. While ``down``, nothing listens.
    """

    rate: float = 0.0
    promised: float = 0.0
    latency_ms: float = 0.0
    lost: float = 0.0
    hung: float = 0.0
    errors: float = 0.0
    down: bool = False
    daily: float = 50_000.0
    sandbox: bool = False
    unverified: tuple[str, ...] = ()
    bodies: bool = True


class Silence(enum.Enum):
    """No answer: the connection is closed, or kept and nothing is said."""

    CLOSED = "closed"
    HELD = "held"


class Bucket:
    """Tokens of one second. As at SES, a message goes while any is left, and each of its recipients takes one."""

    def __init__(self) -> None:
        """Start full."""
        self.tokens, self.at, self.rate = 0.0, time.monotonic(), 0.0

    def take(self, rate: float, many: int) -> bool:
        """Take so many, if the rate allows."""
        if not rate:
            return True
        now = time.monotonic()
        if rate != self.rate:
            self.tokens, self.rate = rate, rate
        else:
            self.tokens = min(rate, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= many
        return True


class Ses:
    """The state: options, journal, bucket, and the poster of events."""

    def __init__(self, options: Options, poster: Poster, *, seed: int) -> None:
        """Start empty."""
        self.options, self.poster = options, poster
        self.random, self.bucket = random.Random(seed), Bucket()
        self.journal: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self.throttled: list[float] = []
        self.used = 0
        self.seen = {"accepted": 0, "lost": 0, "hung": 0, "errors": 0, "refused": 0, "confirmed": 0}

    def answer(self, verb: str, path: str, body: bytes, arrived: float) -> Answer | Silence:
        """Return the answer to SES's own paths."""
        if verb == "GET" and path == CERTIFICATE:
            return Answer(200, self.poster.signer.pem, "application/x-pem-file")
        if verb == "GET" and path == "/":
            # What a SubscriptionConfirmation asks for.
            self.seen["confirmed"] += 1
            return answers.told({})
        if path == OUTBOUND and verb == "POST":
            return self._send(2, read_v2, body, arrived)
        if path == "/v2/email/account":
            return self._quota(2)
        if path.startswith("/v2/email/identities/"):
            return self._identity(unquote(path.rpartition("/")[2]))
        if path == "/" and verb == "POST":
            if b"Action=GetSendQuota" in body:
                return self._quota(1)
            return self._send(1, read_v1, body, arrived)
        return answers.refused(2, "NotFoundException", f"There is nothing at {path}.")

    def _quota(self, version: int) -> Answer:
        return answers.quota(
            version,
            rate=1.0 if self.options.sandbox else self.options.promised or self.options.rate or UNLIMITED,
            daily=200.0 if self.options.sandbox else self.options.daily,
            used=float(self.used),
            production=not self.options.sandbox,
        )

    def _identity(self, name: str) -> Answer:
        verified = name not in self.options.unverified
        return answers.identity(domain="@" not in name, verified=verified)

    def _send(
        self, version: int, read: Callable[[bytes], Asked], body: bytes, arrived: float
    ) -> Answer | Silence:
        options = self.options
        try:
            asked = read(body)
            entry = enter(
                asked, id=uuid.uuid4().hex, arrived=arrived, accepted=0.0, answered="yes", keep=options.bodies
            )
        except UnreadableError as error:
            self.seen["refused"] += 1
            return answers.refused(version, "BadRequestException", str(error))
        if options.sandbox:
            unknown = [name for name in entry.recipients if name in options.unverified]
            if unknown:
                self.seen["refused"] += 1
                sentence = (
                    f"Email address is not verified. The following identities failed the check: {unknown[0]}"
                )
                return answers.refused(version, "MessageRejected", sentence)
        if options.errors and self.random.random() < options.errors:
            self.seen["errors"] += 1
            return answers.refused(
                version, "InternalServiceErrorException", "Something went wrong on our side."
            )
        many = len(entry.recipients)
        if self.used + many > (200 if options.sandbox else options.daily):
            self.seen["refused"] += 1
            return answers.refused(version, "TooManyRequestsException", "Daily message quota exceeded.")
        if not self.bucket.take(1.0 if options.sandbox else options.rate, many):
            self.throttled.append(arrived)
            return answers.refused(version, "TooManyRequestsException", "Maximum sending rate exceeded.")
        return self._accept(version, entry, many)

    def _accept(self, version: int, entry: Entry, many: int) -> Answer | Silence:
        entry.accepted = time.time()
        self.used += many
        self.seen["accepted"] += 1
        self.journal.append(entry)
        self.by_id[entry.id] = entry
        self.poster.about(entry)
        chance = self.random.random()
        if chance < self.options.lost:
            entry.answered = "lost"
        elif chance < self.options.lost + self.options.hung:
            entry.answered = "hung"
        if entry.answered == "yes":
            return answers.accepted(version, entry.id)
        self.seen[entry.answered] += 1
        return Silence.CLOSED if entry.answered == "lost" else Silence.HELD

    def reset(self) -> None:
        """Forget what was accepted and counted."""
        self.journal.clear()
        self.by_id.clear()
        self.throttled.clear()
        self.bucket = Bucket()
        self.used = 0
        self.seen = dict.fromkeys(self.seen, 0)


class Wire(asyncio.Protocol):
    """One connection: reads requests one after the other and answers each after the latency."""

    def __init__(self, server: "Server", *, orders: bool) -> None:
        """Serve SES, or orders."""
        self.server, self.orders = server, orders
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None
        self.continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part in what ends all connections of SES."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if not self.orders:
            self.server.wires.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
        self.server.wires.discard(self)
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Answer each whole request in what has come."""
        self.buffer += data
        while self._one():
            pass

    def _one(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.buffer[:end])
        lowered = head.lower()
        _, found, rest = lowered.partition(b"content-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        if len(self.buffer) < end + 4 + length:
            if b"100-continue" in lowered and not self.continued and self.transport:
                self.continued = True
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return False
        self.continued = False
        body = bytes(self.buffer[end + 4 : end + 4 + length])
        del self.buffer[: end + 4 + length]
        verb, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        self._answer(verb, target, body)
        return True

    def _answer(self, verb: str, target: str, body: bytes) -> None:
        path = urlsplit(target).path
        if self.orders:
            query = parse_qs(urlsplit(target).query)
            self._task = asyncio.get_running_loop().create_task(self._obey(path, query, body))
            return
        answer = self.server.ses.answer(verb, path, body, time.time())
        if answer is Silence.HELD:
            return
        latency = self.server.ses.options.latency_ms / 1000
        after = self._close if not isinstance(answer, Answer) else lambda: self._write(answer.wire())
        if latency:
            asyncio.get_running_loop().call_later(latency, after)
        else:
            after()

    async def _obey(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        self._write((await self.server.order(path, query, body)).wire())

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Server:
    """Both listeners."""

    def __init__(self, options: Options, *, seed: int) -> None:
        """Prepare; `serve` listens."""
        self.options, self.seed = options, seed
        self.wires: set[Wire] = set()
        self.listener: asyncio.Server | None = None
        self.address, self.port = "", 0
        self.ses: Ses

    async def serve(self, port: int, ready: Callable[[str, str], None]) -> None:
        """Listen on both ports, say where, and serve until cancelled."""
        loop = asyncio.get_running_loop()
        orders = await loop.create_server(lambda: Wire(self, orders=True), "127.0.0.1", 0)
        control = f"http://127.0.0.1:{orders.sockets[0].getsockname()[1]}"
        self.port = port
        await self._up()
        self.ses = Ses(
            self.options, Poster(certificate=self.address + CERTIFICATE, seed=self.seed), seed=self.seed
        )
        if self.options.down:
            self._down()
        ready(self.address, control)
        async with orders:
            await orders.serve_forever()

    async def _up(self) -> None:
        loop = asyncio.get_running_loop()
        # A few hundred clients may knock at once.
        self.listener = await loop.create_server(
            lambda: Wire(self, orders=False), "127.0.0.1", self.port, backlog=1024
        )
        self.port = self.listener.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def _down(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        for wire in list(self.wires):
            if wire.transport is not None:
                wire.transport.abort()

    async def order(self, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
        """Do what the control path asks."""
        ses = self.ses
        if path == "/stats":
            posting = dataclasses.asdict(ses.poster.count)
            return answers.told({**ses.seen, "throttled": ses.throttled, "events": posting})
        if path == "/journal":
            since, bodies = int(query.get("since", ["0"])[0]), "bodies" in query
            return answers.told([entry.told(bodies=bodies) for entry in ses.journal[since:]])
        if path == "/recipients":
            return answers.told([entry.recipients for entry in ses.journal])
        said = json.loads(body or b"{}")
        if path == "/options":
            await self._change(said)
        elif path == "/events":
            ses.poster.use(dataclasses.replace(ses.poster.told, **_tuples(said)))
        elif path == "/event":
            ses.poster.tell(ses.by_id[said["id"]], said["kind"])
        elif path == "/flush":
            ses.poster.flush()
        elif path == "/reset":
            ses.reset()
        else:
            return answers.told({}, 404)
        return answers.told({})

    async def _change(self, said: dict[str, object]) -> None:
        was = self.ses.options.down
        self.ses.options = dataclasses.replace(self.ses.options, **_tuples(said))  # type: ignore[arg-type]
        if self.ses.options.down and not was:
            self._down()
            while self.wires:  # noqa: ASYNC110 - two turns of the loop
                # Whoever gave the order finds nobody there.
                await asyncio.sleep(0)
        elif was and not self.ses.options.down:
            await self._up()


def _tuples(said: dict[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


def run(options: Options, *, port: int, seed: int) -> None:
    """Serve until interrupted; print the two addresses as one line of JSON."""

    def ready(address: str, control: str) -> None:
        print(
            json.dumps({"address": address, "control": control, "certificate": address + CERTIFICATE}),
            flush=True,
        )

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(Server(options, seed=seed).serve(port, ready))
