"""Delivery: claim, commit, send outside any transaction, settle.

SES has no idempotency key, so the claim is what keeps a mail from leaving twice: a conditional UPDATE, committed before
anything is sent, which exactly one process wins. What happens to that process afterwards decides the rest:

- it lives and gets an answer: sent, queued again with a later due time, or failed;
- it lives and gets no answer (a time-out): in doubt;
- it dies: the row stays claimed, and `doubt_stale` puts it in doubt, unless an event of SES proves that it was taken.
  Nothing in doubt is ever resent by itself.

`run` does this for all that is due: one thread does the work on the database, up to `CONCURRENCY` others wait for the
network and do nothing else. Places in the line are taken and waited for first, and only then messages are claimed; so a
claimed message starts within milliseconds, what is urgent overtakes what is merely due, and a killed process leaves no more
than `CONCURRENCY` messages in doubt. `deliver` does it for one. What a person decides about failed and doubtful mail is
`mail.domain.decisions`.
"""

import datetime as dt
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet

from mail import transport
from mail.domain.claims import (
    LONGEST_PAUSE,
    PROVABLE,
    STALE_AFTER,
    TRIES,
    Handed,
    claim,
    claim_batch,
    doubt_stale,
    due,
    passed_on,
    pause_after,
    prepare,
    proven,
    settle,
    settle_accepted,
)
from mail.domain.routes import Routes
from mail.models import Message
from mail.transport import Outcome, Receipt, Way

__all__ = [
    "CONCURRENCY",
    "LONGEST_PAUSE",
    "PROVABLE",
    "STALE_AFTER",
    "TRIES",
    "Handed",
    "claim",
    "claim_batch",
    "deliver",
    "doubt_stale",
    "due",
    "pause_after",
    "proven",
    "run",
    "settle",
    "settle_accepted",
]

# Threads that wait for the network. With 50 ms to SES and back they could send 640 messages a second.
CONCURRENCY = 32
# Messages are claimed, and answers settled, so many together where there are as many, or after so many seconds.
TOGETHER = 8
LINGER = 0.01
# A run that comes late to its places takes up to so many times as many together.
LONGEST_STRIDE = 4
# How long a place in the line is waited for, by the run and by a wake-up, which the run would do for anyhow.
PATIENCE = 2.0
SHORT_PATIENCE = 1.0
# A run that has nothing to do waits for what is due so soon, because it was throttled.
SOON = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Job:
    """A claimed message on its way."""

    message: Message
    email: EmailMessage
    size_bytes: int
    way: Way


def deliver(*, message_id: int, at: dt.datetime) -> Outcome | None:
    """Claim, send and settle one message; return what came of it, or None where it was not ours to send now.

    That is so when it is gone, not queued, not yet due, or another process claimed it first; or when no transport is open,
    or its line is long: then the run takes it when its turn comes.
    """
    waiting = _places(due(at=at).filter(pk=message_id))
    if not waiting:
        return None
    routes = Routes(at=at)
    try:
        way = routes.choose(at=at)
        pause = None if way is None else routes.reserve(way, n=waiting[0], at=at, patience=SHORT_PATIENCE)
        if way is None or pause is None:
            return None
        time.sleep(pause)
        message = claim(message_id=message_id, at=at)
        if message is None:
            return None
        prepared = prepare(message)
        if isinstance(prepared, str):
            receipt, size = Receipt(Outcome.REFUSED, at, prepared), None
        else:
            email, size = prepared
            receipt = transport.hand_over(email, over=way)
            routes.note(receipt)
            receipt = _elsewhere(message, email, receipt, routes)
        settle(message=message, receipt=receipt, size_bytes=size)
        return receipt.outcome
    finally:
        routes.close()


def run(
    *,
    clock: Callable[[], dt.datetime],
    stop: Callable[[], bool] = lambda: False,
    between: Callable[[], object] = lambda: None,
) -> int:
    """Send all that is due until nothing is left, no transport is open, or ``stop`` says so; return how many were accepted.

    ``between`` is called once in a while between two turns. On return nothing is under way any more.
    """
    return _Run(clock, stop, between).go()


def _places(waiting: QuerySet[Message]) -> list[int]:
    """Return how many places in the line each of these messages takes: SES counts recipients, blind copies too."""
    copied = waiting.values_list("bcc_audit", flat=True)
    return [1 + (bcc and bool(settings.ADMIN_BCC_ADDRESS)) for bcc in copied]


def _elsewhere(message: Message, email: EmailMessage, receipt: Receipt, routes: Routes) -> Receipt:
    """Return the other transport's answer where this one leads there, else this one."""
    other = routes.other(receipt)
    if other is None:
        return receipt
    pause = routes.reserve(other, n=len(email.recipients()), at=receipt.at, patience=PATIENCE)
    if pause is None:
        return receipt
    time.sleep(pause)
    if not passed_on(message=message, receipt=receipt):
        return receipt
    second = transport.hand_over(email, over=other)
    routes.note(second)
    return second


class _Run:
    """One run: the coordinator. Only `_send` runs in other threads."""

    def __init__(
        self, clock: Callable[[], dt.datetime], stop: Callable[[], bool], between: Callable[[], object]
    ) -> None:
        self.clock, self.stop, self.between = clock, stop, between
        self.routes = Routes(at=clock())
        self.done: queue.SimpleQueue[tuple[_Job, Receipt]] = queue.SimpleQueue()
        self.under_way = 0
        self.accepted = 0
        self.stride = 1
        self.pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="mail")

    def go(self) -> int:
        try:
            try:
                while not self.stop() and self._turn():
                    self.between()
            finally:
                while self.under_way:
                    self._settle(wait=1.0)
        finally:
            # What a failing database kept from being settled is in doubt later; its threads end by themselves.
            self.pool.shutdown()
            self.routes.close()
        return self.accepted

    def _turn(self) -> bool:
        """Do one round; return whether there is more to do."""
        at = self.clock()
        way = self.routes.choose(at=at)
        if way is None:
            self._settle(wait=LINGER)
            return self.under_way > 0
        free = CONCURRENCY - self.under_way
        most = self.routes.most(way, under_way=self.under_way, at=at)
        if most is not None:
            most *= self.stride
        if self.under_way and free < min(TOGETHER, most if most is not None else TOGETHER):
            self._settle(wait=LINGER)
            free = CONCURRENCY - self.under_way
        room = free if most is None else min(free, most)
        waiting = _places(due(at=at)[:room]) if room > 0 else []
        if not waiting:
            return self._idle(room, at)
        pause = self.routes.reserve(way, n=sum(waiting), at=at, patience=PATIENCE)
        if pause is None:
            self._settle(wait=0.1)
            return True
        # Late already, this machine being busy: take more at once, so that the pace is kept.
        self.stride = min(self.stride * 2, LONGEST_STRIDE) if pause == 0 else max(self.stride // 2, 1)
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            self._settle(wait=left)
        for message in claim_batch(limit=len(waiting), at=self.clock()):
            self._start(message, way)
        self._settle(wait=0)
        return True

    def _idle(self, room: int, at: dt.datetime) -> bool:
        """Wait for what is under way, or due in a moment; return whether there is any."""
        if self.under_way:
            self._settle(wait=0.05)
            return True
        if room > 0 and due(at=at + SOON).exists():
            time.sleep(0.05)
            return True
        return False

    def _start(self, message: Message, way: Way) -> None:
        prepared = prepare(message)
        if isinstance(prepared, str):
            settle(message=message, receipt=Receipt(Outcome.REFUSED, self.clock(), prepared), size_bytes=None)
            return
        email, size = prepared
        self._send_off(_Job(message, email, size, way))

    def _send_off(self, job: _Job) -> None:
        self.under_way += 1
        self.pool.submit(self._send, job)

    def _send(self, job: _Job) -> None:
        """Hand a message over. In a thread of its own, so nothing here touches the database."""
        self.done.put((job, transport.hand_over(job.email, over=job.way)))

    def _settle(self, *, wait: float) -> None:
        """Settle what has been answered; wait so long for a first answer, and a little for those right behind it."""
        answered = []
        until = time.monotonic() + wait
        try:
            answered.append(self.done.get(timeout=wait) if wait > 0 else self.done.get_nowait())
            # One transaction for all of them costs little more than one for each.
            time.sleep(max(0.0, min(until - time.monotonic(), LINGER)))
            while True:
                answered.append(self.done.get_nowait())
        except queue.Empty:
            pass
        accepted = []
        self.under_way -= len(answered)
        for job, receipt in answered:
            self.routes.note(receipt)
            if receipt.outcome is Outcome.ACCEPTED:
                accepted.append(Handed(job.message, receipt, job.size_bytes))
        settle_accepted(accepted)
        self.accepted += len(accepted)
        for job, receipt in answered:
            if receipt.outcome is not Outcome.ACCEPTED and not self._passed_on(job, receipt):
                settle(message=job.message, receipt=receipt, size_bytes=job.size_bytes)

    def _passed_on(self, job: _Job, receipt: Receipt) -> bool:
        """Hand a message to the other transport where this answer leads there; tell whether it did."""
        other = self.routes.other(receipt)
        if other is None:
            return False
        pause = self.routes.reserve(other, n=len(job.email.recipients()), at=receipt.at, patience=LINGER)
        if pause is None:
            return False
        time.sleep(pause)
        if not passed_on(message=job.message, receipt=receipt):
            return False
        self._send_off(_Job(job.message, job.email, job.size_bytes, other))
        return True
