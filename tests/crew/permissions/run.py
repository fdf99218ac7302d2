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
    refusals: dict[str, list[tuple[tuple[bool, int], Request]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    asked: int = 0

    def refused_by(self, rule: str) -> list[Request]:
        """Return the requests in which a rule said no, first those that were refused, by it and by few others."""
        return [request for _, request in sorted(self.refusals[rule], key=lambda refusal: refusal[0])]


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
# Who is asked for a second record under an address: one of each standing on the event.
_ONCE = ("captain of A", "crew of A", "guest of A", "admin of A", "owner of entity A", "reader of entity A")


def _worth(page: Page, who: Somebody, method: str, *, first: bool) -> bool:
    """Leave out what another request says already; ``first``: the page is the first one of its name."""
    if method == "HEAD" or page.letters(method) is None:
        return first and who.name in _FEW
    if page.scope in ("event", "booked"):
        return first or who.name in _ONCE
    if page.scope in ("worker", "papers", "own"):
        return True
    return who.name in _SOME or (who.letter in "OKBR" and who.place != "b")


def _kind(page: Page, who: Somebody, method: str) -> tuple[object, ...]:
    """Return what those have in common of whom a page and a method ask one, by turns: they are owed the same, and why.

    That is what they are on the event or on its entity, however they came. Staff whom a page lets in are asked the
    least of them and, by turns, one of the others, who may all that the least may.
    """
    letters, owed = page.letters(method), answers.expected(page, who, method)
    if method == "HEAD" or letters is None:
        return ()
    if not who.signed_in:
        return (owed,)
    staff = who.letter in "OKBR"
    if page.scope in ("entity", "whole", "template", "portal"):
        if not staff:
            return (owed, who.by_link if owed == answers.OK else None)
        return (owed, who.letter == letters[-1:] if owed == answers.OK else None)
    if page.scope in ("event", "booked") and not who.on("a"):
        return (owed, staff, who.place)
    # What a guest reads hangs on whether they are cleared.
    return (owed, who.letter, who.place == "b", who.cleared if owed == answers.OK else None)


def _asked(
    page: Page, everybody: list[Somebody], method: str, *, first: bool, turn: int | None
) -> list[Somebody]:
    """Return whom to ask: of each kind the one whose turn it is, or with None everybody."""
    worth = [who for who in everybody if _worth(page, who, method, first=first)]
    if turn is None:
        return worth
    alike: dict[tuple[object, ...], list[Somebody]] = defaultdict(list)
    for who in worth:
        alike[_kind(page, who, method)].append(who)
    return [kind[turn % len(kind)] for kind in alike.values()]


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
            for place, method in enumerate(answers.METHODS):
                turn = None if full else number + place
                for who in _asked(page, world.everybody, method, first=first, turn=turn):
                    refused.clear()
                    answer = answers.ask(world, page, who, method)
                    matrix.asked += 1
                    matrix.wrong[page.name] += answers.wrong(world, page, who, method, answer)
                    for name in refused:
                        weight = (answer.status not in (403, 404), len(refused))
                        matrix.refusals[name].append((weight, (page, who, method)))
    return matrix


def _noting(rule: FunctionType, refused: set[str]) -> Callable[..., bool]:
    @functools.wraps(rule)
    def asked(*args: Any, **kwargs: Any) -> bool:
        answer = bool(rule(*args, **kwargs))
        if not answer:
            refused.add(rule.__name__)
        return answer

    return asked
