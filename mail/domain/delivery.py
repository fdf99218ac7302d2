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
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import Error as DatabaseError
from django.db.models import QuerySet

from mail import transport
from mail.domain.claims import (
    HAND_OVER_WITHIN,
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
from mail.models import Campaign, Message
from mail.transport import Outcome, Receipt, Way

__all__ = [
    "CONCURRENCY",
    "HAND_OVER_WITHIN",
    "LONGEST_PAUSE",
    "PROVABLE",
    "STALE_AFTER",
    "TRIES",
    "Handed",
    "NoThreadError",
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

logger = logging.getLogger(__name__)

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
    """A claimed message on its way. Only who takes its ticket hands it over, or gives it back."""

    message: Message
    email: EmailMessage
    size_bytes: int
    way: Way
    ticket: threading.Lock = field(default_factory=threading.Lock)


def deliver(*, message_id: int, clock: Callable[[], dt.datetime]) -> Outcome | None:
    """Claim, send and settle one message; return what came of it, or None where it was not ours to send now.

    That is so when it is gone, not queued, not yet due, or another process claimed it first; or when no transport is open,
    or its line is long: then the run takes it when its turn comes.
    """
    at = clock()
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
        # Looking up the ways and waiting took their time.
        message = claim(message_id=message_id, at=clock())
        if message is None:
            return None
        prepared = prepare(message)
        if isinstance(prepared, str):
            said, size = [Receipt(Outcome.REFUSED, clock(), prepared)], None
        else:
            email, size = prepared
            said = _asked(message, email, way, routes, clock)
        settle(message=message, receipt=said[-1], size_bytes=size)
        for receipt in said:
            routes.note(receipt)
        return said[-1].outcome
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


def _hand_over(message: Message, email: EmailMessage, way: Way, clock: Callable[[], dt.datetime]) -> Receipt:
    """Hand a claimed message over, unless the claim is too old: then the machine slept, or stood still, since.

    The clock of the wall is what counts here, because only that one goes on while a machine sleeps.
    """
    at = clock()
    if message.claimed_at is None or at - message.claimed_at > HAND_OVER_WITHIN:
        return Receipt(Outcome.LATER, at, "Its sender stood still after it took the message; it goes again.")
    return transport.hand_over(email, over=way)


def _asked(
    message: Message, email: EmailMessage, way: Way, routes: Routes, clock: Callable[[], dt.datetime]
) -> list[Receipt]:
    """Hand a message over, by the other transport too where the first answer leads there; return the answers."""
    first = _hand_over(message, email, way, clock)
    other = routes.other(first)
    if other is None:
        return [first]
    pause = routes.reserve(other, n=len(email.recipients()), at=first.at, patience=PATIENCE)
    if pause is None:
        return [first]
    time.sleep(pause)
    if not passed_on(message=message, receipt=first):
        return [first]
    return [first, _hand_over(message, email, other, clock)]


class NoThreadError(RuntimeError):
    """Nobody sends a message, because the machine starts no thread for it."""


class _Run:
    """One run: the coordinator. Only `_send` runs in other threads."""

    def __init__(
        self, clock: Callable[[], dt.datetime], stop: Callable[[], bool], between: Callable[[], object]
    ) -> None:
        self.clock, self.stop, self.between = clock, stop, between
        self.routes = Routes(at=clock())
        self.done: queue.SimpleQueue[tuple[_Job, Receipt]] = queue.SimpleQueue()
        self.campaigns: dict[int, Campaign] = {}
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
        claimed = claim_batch(limit=len(waiting), at=self.clock(), known=self.campaigns)
        self._start_all(claimed, way)
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

    def _start_all(self, messages: Sequence[Message], way: Way) -> None:
        """Start claimed messages; where that breaks off, give back those that surely have not left."""
        for place, message in enumerate(messages):
            ticket = threading.Lock()
            try:
                self._start(message, way, ticket)
            except BaseException as error:
                stayed = isinstance(error, NoThreadError) or ticket.acquire(blocking=False)
                self._give_back(messages[place if stayed else place + 1 :])
                raise

    def _give_back(self, messages: Sequence[Message]) -> None:
        receipt = Receipt(Outcome.LATER, self.clock(), "Its sender broke off before it left; it goes again.")
        try:
            for message in messages:
                settle(message=message, receipt=receipt, size_bytes=None)
        except DatabaseError:
            logger.exception("Mail taken and not sent could not be given back; it will be in doubt.")

    def _start(self, message: Message, way: Way, ticket: threading.Lock) -> None:
        prepared = prepare(message)
        if isinstance(prepared, str):
            settle(message=message, receipt=Receipt(Outcome.REFUSED, self.clock(), prepared), size_bytes=None)
            return
        email, size = prepared
        self._send_off(_Job(message, email, size, way, ticket))

    def _send_off(self, job: _Job) -> None:
        """Have a thread send a message.

        Raises:
            NoThreadError: none can be started, and none will send it.
        """
        try:
            self.pool.submit(self._send, job)
        except RuntimeError as error:
            # It is in the pool's queue all the same, where another thread may have taken it meanwhile.
            if job.ticket.acquire(blocking=False):
                raise NoThreadError("This machine lets us start no thread to send mail with.") from error
        self.under_way += 1

    def _send(self, job: _Job) -> None:
        """Hand a message over. In a thread of its own, so nothing here touches the database."""
        if job.ticket.acquire(blocking=False):
            self.done.put((job, _hand_over(job.message, job.email, job.way, self.clock)))

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
        self.under_way -= len(answered)
        # First what is in hand is written down, the yeses before all; what follows from it for the ways can wait.
        accepted = [
            Handed(job.message, receipt, job.size_bytes)
            for job, receipt in answered
            if receipt.outcome is Outcome.ACCEPTED
        ]
        settle_accepted(accepted)
        self.accepted += len(accepted)
        for job, receipt in answered:
            if receipt.outcome is not Outcome.ACCEPTED and not self._passed_on(job, receipt):
                settle(message=job.message, receipt=receipt, size_bytes=job.size_bytes)
        for _, receipt in answered:
            self.routes.note(receipt)

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
        try:
            self._send_off(_Job(job.message, job.email, job.size_bytes, other))
        except NoThreadError:
            logger.exception("A mail could not be handed to %s; it goes again later.", other.name)
            return False
        return True
