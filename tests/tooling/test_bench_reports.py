"""What the bench of reports promises: time and memory to the letter, for each case that has a promise."""

import pytest

from bench import lib, reports

pytestmark = pytest.mark.once


def outcome(case: str, ours: float) -> lib.Outcome:
    return lib.Outcome(bench="reports", case=case, unit="ms", n=8, ours=ours, peer=None, limit=None)


@pytest.mark.parametrize(("case", "promised"), [("cold", 3_000), ("warm", 1_000), ("million", 5_000)])
def test_time_and_memory_are_held_to_the_letter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str, promised: int
) -> None:
    monkeypatch.setattr(reports, "_peaks", {case: 299})
    reports.judge([outcome(case, promised - 1)])
    assert f"under {promised:,} are promised; 299 MB" in capsys.readouterr().out
    with pytest.raises(reports.PromiseError, match=f"^{case} takes {promised:,} ms, and under"):
        reports.judge([outcome(case, promised)])
    monkeypatch.setattr(reports, "_peaks", {case: 300})
    with pytest.raises(reports.PromiseError, match=f"^{case} holds 300 MB at its peak"):
        reports.judge([outcome(case, promised - 1)])


def test_what_has_no_promise_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_peaks", {"grown": 900})
    reports.judge([outcome("sample", 9_000), outcome("grown", 9_000)])
