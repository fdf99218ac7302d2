"""The whole matrix, asked once: what was wrong, and which rule refused whom where."""

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import pytest

from crew import rules
from tests.crew.permissions import answers
from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import Somebody, World

Request = tuple[Page, Somebody, str]


@dataclass(repr=False)
class Matrix:
    """What was wrong, by page, and the requests in which each rule said no."""

    world: World
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refusals: dict[str, list[Request]] = field(default_factory=lambda: defaultdict(list))
    asked: int = 0


def rule_names() -> list[str]:
    """Return every ``can_*`` of `crew.rules`."""
    return sorted(
        name for name, found in inspect.getmembers(rules, inspect.isfunction) if name.startswith("can_")
    )


# Who is asked, by turns, what everybody would be told alike: a method that a page does not offer, and HEAD, which is GET.
_FEW = ("a visitor", "guest of A by link", "owner of everything")
# Who is asked for pages of no event, beside the entity's own staff: one of each kind.
_SOME = (
    *("a visitor", "an outsider", "captain of A", "crew of A by link", "guest of A", "admin of A by link"),
    *("captain of B", "owner of entity B", "reader of entity B", "revoked captain of A"),
    *("expired captain of A by link", "deactivated captain of A by link"),
)
# Who is asked for every page even where it refuses them: a stranger of each kind, and the least of who may read books; on an
# event also one of each kind on it.
_ALWAYS = ("a visitor", "an outsider", "reader of entity A", "reader of entity B")
_ON_EVENTS = ("captain of B", "guest of A", "crew of A", "admin of A by link")
# The others whom a page refuses have a turn at every eighth page, so that each guard hears every one of them somewhere;
# and so has staff of everything, who may on an entity what its own staff may.
_TURNS = 8
# Where the turns begin, so that every rule of events is heard to say no to somebody whom its absence would let in.
_FIRST_TURN = 2
# Who is asked for a second record under an address: one of each standing on the event.
_ONCE = ("captain of A", "crew of A", "guest of A", "admin of A", "owner of entity A", "reader of entity A")


def _worth(page: Page, who: Somebody, number: int, method: str, *, first: bool, turn: int | None) -> bool:
    """Leave out what another request says already.

    ``first``: the page is the first one of its name. ``number``: the person's own. ``turn``: the page's, by which those
    take turns who are all refused; None asks every one of them.
    """
    if method == "HEAD" or page.letters(method) is None:
        return first and who.name in (_FEW if turn is None else _FEW[turn % len(_FEW) :][:1])
    if page.scope == "event":
        asked = first or who.name in _ONCE
    elif page.scope in ("worker", "papers", "own"):
        asked = True
    else:
        asked = who.name in _SOME or (who.letter in "OKBR" and who.place != "b")
    always = (*_ALWAYS, *_ON_EVENTS) if page.scope in ("event", "booked") else _ALWAYS
    if not asked or turn is None or who.name in always:
        return asked
    alike = page.scope == "entity" and who.place == "everywhere"
    return (answers.expected(page, who, method) == answers.OK and not alike) or (number + turn) % _TURNS == 0


def run(world: World, pages: list[Page], *, full: bool) -> Matrix:
    """Ask every page as everybody by every method; ``full`` spares nobody who would be told the same as others."""
    matrix = Matrix(world)
    refused: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name in rule_names():
            patch.setattr(rules, name, _noting(getattr(rules, name), refused))
        known: set[str] = set()
        for number, page in enumerate(pages):
            first = page.name not in known
            known.add(page.name)
            for one, who in enumerate(world.everybody):
                for place, method in enumerate(answers.METHODS):
                    turn = None if full else _FIRST_TURN + number + place
                    if not _worth(page, who, one, method, first=first, turn=turn):
                        continue
                    refused.clear()
                    answer = answers.ask(world, page, who, method)
                    matrix.asked += 1
                    matrix.wrong[page.name] += answers.wrong(world, page, who, method, answer)
                    for name in refused:
                        matrix.refusals[name].append((page, who, method))
    return matrix


def _noting(rule: FunctionType, refused: set[str]) -> Callable[..., bool]:
    @functools.wraps(rule)
    def asked(*args: Any, **kwargs: Any) -> bool:
        answer = bool(rule(*args, **kwargs))
        if not answer:
            refused.add(rule.__name__)
        return answer

    return asked
