"""The benchmark of claims fails loudly: on a winner too many, on an error, on an audit row that is missing."""

from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, cast

import pytest

from bench import claims
from bench.claims import Round, WrongOutcomeError

pytestmark = pytest.mark.once


class End:
    """Stands for the pipe to one process, and answers what it is given."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.told: list[Any] = []

    def send(self, told: Any) -> None:
        self.told.append(told)

    def recv(self) -> Any:
        return self.answers.pop(0)


def run(which: str, rounds: Sequence[Round], counts: tuple[int, int]) -> list[End]:
    ends = [End(rounds[0], counts), *(End(done) for done in rounds[1:])]
    claims._round(cast(list[Connection], ends), which, board=3, items=50)
    return ends


def test_a_round_with_one_winner_an_item_is_fine() -> None:
    ends = run("ours", [Round(30, []), Round(20, [])], (50, 50))
    assert ends[0].told == [("ours", 3), ("check", 3)]
    assert ends[1].told == [("ours", 3)]
    run("limit", [Round(50, [])], (50, 0))


@pytest.mark.parametrize(
    ("rounds", "counts", "sentence"),
    [
        ([Round(30, []), Round(21, [])], (50, 50), "51 winners of 50 items"),
        ([Round(30, []), Round(19, [])], (50, 50), "49 winners of 50 items"),
        ([Round(50, ["database is locked"])], (50, 50), "1 errors, the first: database is locked"),
        ([Round(50, [])], (49, 50), "50 items, of which 49 are claimed"),
        ([Round(50, [])], (50, 49), "and 49 noted"),
    ],
)
def test_any_other_end_is_an_error(rounds: list[Round], counts: tuple[int, int], sentence: str) -> None:
    with pytest.raises(WrongOutcomeError, match=sentence):
        run("ours", rounds, counts)
