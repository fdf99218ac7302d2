"""The page on mail says what the code does, where a machine can tell."""

import re

import pytest
from django.conf import settings

from mail.domain import claims, delivery, feedback
from mail.models import MOVES, State

pytestmark = pytest.mark.once

PAGE = (settings.BASE_DIR / "docs/mail.md").read_text(encoding="utf-8")


def test_the_table_of_states_is_the_table_of_moves() -> None:
    states = {name: state for state in State for name in (state.label.lower(), state.value.replace("_", " "))}
    table = PAGE.split("| from | to | when |")[1].split("\n\n")[0]
    told = {
        (states[before], states[after])
        for befores, afters in re.findall(r"^\| ([a-z, ]+) \| ([a-z, ]+) \|", table, re.MULTILINE)
        for before in befores.split(", ")
        for after in afters.split(", ")
    }

    assert told == {(State(before), State(after)) for before, afters in MOVES.items() for after in afters}


def test_the_figures_it_names_are_those_of_the_code() -> None:
    assert claims.TRIES == 12
    assert claims.STALE_AFTER.total_seconds() == 600
    assert feedback.SOFT_BOUNCES == 3
    for sentence in (
        f"up to {delivery.CONCURRENCY} threads",
        f"so at most {delivery.CONCURRENCY}",
        "twelve tries",
        "the claim is ten minutes old",
        f"third soft bounce within {feedback.SOFT_WITHIN.days} days",
    ):
        assert sentence in PAGE
