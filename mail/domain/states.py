"""The one door to a message's state: every lifecycle change of the outbox goes through `move`."""

from typing import Any

from mail.models import MOVES, State

# Why mail of a cancelled campaign fails, whoever comes upon it.
CANCELLED = "The campaign was cancelled before this was sent."


def move(messages: Any, to: State, **changes: Any) -> int:
    """Move those of a queryset that may move to a state; return how many did. The only door to ``state``."""
    allowed = [state for state, targets in MOVES.items() if to in targets]
    return int(messages.filter(state__in=allowed).update(state=to, **changes))
