"""A worker in a process of its own, that stops at a chosen point of a run and waits to be killed there."""

import sys

import django

django.setup()

from core import clock  # noqa: E402 - models can be imported only now
from reports.domain import forms, issue, runs  # noqa: E402


def stop(*args: object, **given: object) -> None:
    """Say so, and wait for an end that does not come."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    run_id, point = int(sys.argv[1]), sys.argv[2]
    if point == "drawing":
        forms.render = stop  # type: ignore[assignment]
    elif point == "freezing":
        # The edition, its findings and its mail are written by now, and nothing is committed.
        runs.finish = stop
    issue.carry_out(run_id=run_id, at=clock.now())
