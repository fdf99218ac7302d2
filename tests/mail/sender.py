"""A sender in a process of its own, for tests that kill it or race it: `python -m tests.mail.sender VERB ARGUMENT…`.

It runs under the production settings with the environment its test gives it.
"""

import os
import sys
import time

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist only now

from core import clock  # noqa: E402
from mail import tasks  # noqa: E402
from mail.domain import compose, delivery  # noqa: E402
from mail.models import Message  # noqa: E402
from tests.mail import letters  # noqa: E402 - registers the composers, too


def _hang(message: Message, secret: str | None) -> compose.Composed:
    """Say that composing has begun, and never end it."""
    sys.stdout.write("composing\n")
    sys.stdout.flush()
    time.sleep(60)
    raise AssertionError("The test should have killed this process by now.")


compose.register("tests.hang", _hang)


def race(ids: list[int]) -> None:
    """Wait for the start, then try to claim every id; print those won."""
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    won = [pk for pk in ids if delivery.claim(message_id=pk, at=clock.now()) is not None]
    sys.stdout.write(" ".join(map(str, won)) + "\n")


def main(verb: str, *arguments: str) -> None:
    """Do as told."""
    ids = [int(argument) for argument in arguments]
    if verb == "race":
        race(ids)
    elif verb == "sweep":
        tasks.sweep()
    elif verb == "enqueue":
        letters.enqueue(at=clock.now())
    else:
        delivery.deliver(message_id=ids[0], clock=clock.now)


if __name__ == "__main__":
    if os.environ["DJANGO_SETTINGS_MODULE"] != "config.settings":
        sys.exit("Run this under the production settings.")
    main(*sys.argv[1:])
