"""The frame of the benchmarks, with a toy."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import benching
import pytest

from bench import lib

pytestmark = pytest.mark.once


def outcome(unit: str, **sides: float | None) -> lib.Outcome:
    figures = {"ours": 2.0, "peer": None, "limit": None, **sides}
    return lib.Outcome(bench="toy", case="add", unit=unit, n=10, **figures)  # type: ignore[arg-type]


def test_factors_of_a_time_are_above_one_when_we_beat_the_peer_and_when_the_limit_beats_us() -> None:
    found = outcome("ms", ours=2.0, peer=10.0, limit=0.5)

    assert (found.times_better_than_peer, found.times_from_limit) == (5.0, 4.0)


def test_factors_of_a_rate_mean_the_same_as_those_of_a_time() -> None:
    found = outcome("/s", ours=200.0, peer=100.0, limit=800.0)

    assert (found.times_better_than_peer, found.times_from_limit) == (2.0, 4.0)


def test_a_side_that_was_not_measured_is_null() -> None:
    assert json.loads(outcome("ms").line()) == {
        "bench": "toy",
        "case": "add",
        "unit": "ms",
        "n": 10,
        "ours": 2.0,
        "peer": None,
        "limit": None,
        "times_better_than_peer": None,
        "times_from_limit": None,
    }


def test_sides_take_turns_and_start_in_turn() -> None:
    called: list[str] = []
    case = lib.Case(
        name="turns",
        unit="ms",
        n=1,
        ours=lambda: called.append("ours"),
        peer=lambda: called.append("peer"),
        limit=lambda: called.append("limit"),
        rounds=3,
        warm=0,
    )

    assert lib.measure(case, bench="toy", budget=60).rounds == 3
    assert called == ["ours", "peer", "limit", "peer", "limit", "ours", "limit", "ours", "peer"]


def test_a_case_stops_at_its_budget_after_three_rounds() -> None:
    case = lib.Case(name="slow", unit="ms", n=1, ours=lambda: time.sleep(0.02), rounds=1000, warm=0)

    assert lib.measure(case, bench="toy", budget=0.0).rounds == 3


def test_the_median_is_told_in_the_unit_of_the_case() -> None:
    pauses = iter([0.5, 0.01, 0.01, 0.01])
    case = lib.Case(name="pause", unit="/s", n=1, amount=50, ours=lambda: time.sleep(next(pauses)), rounds=3)

    found = lib.measure(case, bench="toy", budget=60)

    assert 1000 < found.ours <= 50 / 0.01


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="The unit of add is 's'; it must be ms or /s"):
        lib.Case(name="add", unit="s", n=1, ours=lambda: None)


def test_a_run_prints_a_table_and_then_a_line_of_json_for_each_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    toy = ModuleType("bench.toy")

    def cases(size: lib.Size) -> Iterator[lib.Case]:
        n = size.choose(quick=10, standard=1000)
        yield lib.Case(
            name="sum", unit="ms", n=n, ours=lambda: sum(range(n)), peer=lambda: sum(range(n)), rounds=3
        )
        yield lib.Case(name="max", unit="/s", n=n, ours=lambda: max(range(n)), rounds=3)

    toy.cases = cases  # type: ignore[attr-defined]

    lib.run(toy, lib.Size.QUICK)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("bench toy, quick, on ")
    assert any(line.split()[:5] == ["case", "n", "unit", "ours", "peer"] for line in lines)
    told = [json.loads(line) for line in lines[-2:]]
    assert [(line["case"], line["unit"], line["n"]) for line in told] == [
        ("sum", "ms", 10),
        ("max", "/s", 10),
    ]
    assert told[0]["times_better_than_peer"] is not None
    assert told[1]["times_better_than_peer"] is None


def test_what_peers_need_is_read_without_running_the_benchmark(tmp_path: Path) -> None:
    module = tmp_path / "toy.py"
    module.write_text(
        "PYTHON_PACKAGES = ['peer==1.0']\nDEBIAN_PACKAGES: list[str] = ['ledger']\nraise SystemExit\n"
    )

    assert benching.declared(module, "PYTHON_PACKAGES") == ["peer==1.0"]
    assert benching.declared(module, "DEBIAN_PACKAGES") == ["ledger"]
    assert benching.declared(module, "OTHER") == []
