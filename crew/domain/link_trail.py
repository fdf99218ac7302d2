"""The trail of links: every issue, mint, view, use and refusal, with the address and the program it came from."""

import datetime as dt
from dataclasses import dataclass

from crew.models import Link, LinkEvent, Person

_LONGEST_ADDRESS, _LONGEST_AGENT, _LONGEST_REASON = 45, 200, 120


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request came from, as far as it can be told. Nothing is decided by the program's name."""

    address: str = ""
    agent: str = ""


NOBODY = Visitor()


def note(
    *,
    link: Link | None,
    kind: str,
    at: dt.datetime,
    by: Person | None = None,
    visitor: Visitor = NOBODY,
    reason: str = "",
) -> LinkEvent:
    """Append one line; ``link`` is None where what was tried is not known."""
    return LinkEvent.objects.create(
        link=link,
        kind=kind,
        at=at,
        by=by,
        reason=reason[:_LONGEST_REASON],
        address=visitor.address[:_LONGEST_ADDRESS],
        agent=visitor.agent[:_LONGEST_AGENT],
    )
