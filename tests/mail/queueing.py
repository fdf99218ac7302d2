"""Queueing campaigns in a process of its own, for tests that kill it, race it or weigh it.

`python -m tests.mail.queueing VERB`: ``race`` waits for a line on its input and then advances all campaigns until nothing
more is to be written; ``weigh CAMPAIGN`` does so for one and prints its rows, seconds and greatest memory in kilobytes.
"""

import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist only now

from core import clock  # noqa: E402
from mail.domain import campaign_queue, campaigns  # noqa: E402


def say(line: object) -> None:
    """Tell the test at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def race() -> None:
    """Advance with the others, a batch at a time, and tell of each."""
    connection.ensure_connection()
    say("ready")
    sys.stdin.readline()
    while written := campaigns.advance(at=clock.now()):
        say(written)
    say("done")


def weigh(campaign_id: int) -> None:
    """Queue one campaign whole."""
    campaigns_at = clock.now()
    begun, rows = time.perf_counter(), 0
    while taken := campaign_queue.fill(campaign_id=campaign_id, at=campaigns_at):
        rows += taken
    seconds = time.perf_counter() - begun
    peak = next(
        line.split()[1]
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    say(f"{rows} {seconds:.3f} {peak}")


if __name__ == "__main__":
    if sys.argv[1] == "race":
        race()
    else:
        weigh(int(sys.argv[2]))
