"""What the benches of mail promise, and that they fail where it is not kept."""

from collections.abc import Iterable, Iterator
from itertools import count
from types import ModuleType

import pytest

from bench import blast, lib, pace
from bench.endpoint import Accepted
from bench.mailing import letter

pytestmark = pytest.mark.once


class Journal:
    """An endpoint that accepted mail for these guests at these instants."""

    def __init__(self, instants: list[float], numbers: Iterable[int]) -> None:
        self.entries = [
            Accepted(f"{number}", (letter.address(number),), "", "", "", instant, instant, "yes", 1)
            for number, instant in zip(numbers, instants, strict=False)
        ]

    def journal(self) -> list[Accepted]:
        return self.entries

    def reached(self) -> list[str]:
        return [address for entry in self.entries for address in entry.reached()]


def outcome(case: str, *, ours: float, many: int = 3_676) -> lib.Outcome:
    return lib.Outcome(bench="blast", case=case, unit="/s", n=many, ours=ours, peer=100.0, limit=None)


def test_a_blast_under_four_times_the_peer_as_it_ships_fails_after_its_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def cases(size: lib.Size) -> Iterator[lib.Case]:
        yield lib.Case(
            name="3676",
            unit="/s",
            n=3_676,
            amount=3_676,
            ours=lambda: lib.Taken(10.0),
            peer=lambda: lib.Taken(39.0),
            rounds=1,
            warm=0,
        )

    module = ModuleType("bench.toy")
    module.cases, module.judge = cases, blast.judge  # type: ignore[attr-defined]

    with pytest.raises(blast.TooSlowError, match=r"3\.90 times"):
        lib.run(module, lib.Size.STANDARD)
    assert "3.9×" in capsys.readouterr().out


def test_a_blast_promises_nothing_of_fewer_mails_or_of_the_peer_tuned() -> None:
    blast.judge(
        [
            outcome("3676", ours=400.0),
            outcome("3676", ours=100.0, many=400),
            outcome("3676 tuned", ours=100.0),
        ]
    )


@pytest.mark.parametrize("reached", [[0, 1], [0, 1, 1], [0, 1, 3]])
def test_a_round_that_did_not_reach_everybody_once_fails(reached: list[int]) -> None:
    endpoint = Journal([0.0] * 3, reached)

    with pytest.raises(blast.WrongOutcomeError, match="3 were to"):
        blast.everybody_once("toy", endpoint, 3)  # type: ignore[arg-type]


def test_a_burst_at_the_start_does_not_hide_a_slow_pace() -> None:
    instants = [0.0] * 5 + [number / 9.2 for number in range(1, 93)]

    assert pace._steady(Journal(instants, count()), len(instants)) == pytest.approx(9.2)  # type: ignore[arg-type]
