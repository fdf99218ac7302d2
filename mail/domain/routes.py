"""Routes: which transport the next message takes, how many may go at once, and when one is taken as down.

One `Routes` belongs to one run of `mail.domain.delivery`; what all processes must know of a transport is in its row
(`mail.domain.pacing`).
"""

import datetime as dt
import time

from mail import transport
from mail.domain import pacing
from mail.domain.pacing import Standing
from mail.transport import Outcome, Receipt, Way

# So many answers in a row that are none, or say that the transport is down: then it is taken as down.
DOWN_AFTER = 3
# Down for so long where there is another way, and where there is none.
DOWN_FOR = dt.timedelta(seconds=60)
DOWN_ALONE_FOR = dt.timedelta(seconds=10)
# Messages at once until a transport has answered for the first time in a run: a dead one keeps few waiting.
UNPROVEN = 4
# So many seconds' worth of messages are claimed and handed over together.
BUNCH = 0.08
# A row of `Pace` read so many seconds ago is good enough.
FRESH = 1.0

_PASSING_ON = (Outcome.LATER, Outcome.USED_UP)
_SILENT = (Outcome.LATER, Outcome.UNKNOWN)


class Routes:
    """The first and the second way out, and what this run has seen of them."""

    def __init__(self, *, at: dt.datetime) -> None:
        """Look up both ways, and learn what they allow where that is not known."""
        self.first = transport.connect()
        self.second = transport.fallback()
        self._silent: dict[str, int] = {}
        self._proven: set[str] = set()
        self._down: set[str] = set()
        self._read: dict[str, tuple[float, Standing]] = {}
        for way in self._ways():
            if not pacing.standing(transport=way.name, at=at).closed:
                pacing.learn(way=way, at=at)

    def close(self) -> None:
        """Close both."""
        for way in self._ways():
            way.backend.close()

    def choose(self, *, at: dt.datetime) -> Way | None:
        """Return the way the next message takes; None where neither is open."""
        return next((way for way in self._ways() if self._open(way, at)), None)

    def other(self, receipt: Receipt) -> Way | None:
        """Return the way to try after an answer of the first one; None where the answer, or nothing else, leads there.

        Only an answer that rules acceptance out and says nothing against the message leads elsewhere.
        """
        if receipt.transport != self.first.name or receipt.outcome not in _PASSING_ON:
            return None
        return self.second if self.second is not None and self._open(self.second, receipt.at) else None

    def most(self, way: Way, *, under_way: int, at: dt.datetime) -> int | None:
        """Return how many messages may be handed over together now; None where only the free senders limit it."""
        rate = self._standing(way, at).rate
        most = None if rate is None else max(1, int(rate * BUNCH))
        if way.name in self._proven:
            return most
        slow = max(0, UNPROVEN - under_way)
        return slow if most is None else min(most, slow)

    def reserve(self, way: Way, *, n: int, at: dt.datetime, patience: float) -> float | None:
        """Take places in a way's line; return the seconds until the last has come, None where that is too long."""
        return pacing.reserve(transport=way.name, n=n, gap=self._standing(way, at).gap, patience=patience)

    def note(self, receipt: Receipt) -> None:
        """Learn from an answer; where no transport was asked, there is nothing to learn."""
        name = receipt.transport
        if not name:
            return
        if receipt.outcome is Outcome.THROTTLED:
            pacing.throttled(transport=name, at=receipt.at)
            self._read.pop(name, None)
        if receipt.outcome is Outcome.USED_UP:
            pacing.close(transport=name, until=receipt.at + pacing.CLOSED_FOR)
            self._down.add(name)
        if receipt.outcome not in _SILENT:
            self._proven.add(name)
            self._silent[name] = 0
            return
        self._silent[name] = self._silent.get(name, 0) + 1
        if self._silent[name] >= DOWN_AFTER and name not in self._down:
            self._down.add(name)
            pause = DOWN_FOR if self.second is not None else DOWN_ALONE_FOR
            pacing.close(transport=name, until=receipt.at + pause)

    def _ways(self) -> tuple[Way, ...]:
        return (self.first,) if self.second is None else (self.first, self.second)

    def _open(self, way: Way, at: dt.datetime) -> bool:
        return way.name not in self._down and not self._standing(way, at).closed

    def _standing(self, way: Way, at: dt.datetime) -> Standing:
        read_at, known = self._read.get(way.name, (0.0, None))
        now = time.monotonic()
        if known is None or now - read_at > FRESH:
            known = pacing.standing(transport=way.name, at=at)
            self._read[way.name] = (now, known)
        return known
