"""What the bench of posting promises, and that no machine is an excuse."""

import pytest

from bench import lib, posting

pytestmark = pytest.mark.once


def outcome(ours: float, plain: float | None) -> lib.Outcome:
    return lib.Outcome(
        bench="posting", case="one sqlite", unit="/s", n=1, ours=ours, peer=None, limit=None, yardstick=plain
    )


@pytest.mark.parametrize("plain", [3_800, 1_900, None], ids=["the known machine", "half as fast", "not told"])
def test_a_promise_is_literal_and_the_machine_is_told_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plain: float | None
) -> None:
    monkeypatch.setattr(posting, "_used_by_others", lambda: 0.0)
    posting.judge([outcome(3_500, plain)])
    with pytest.raises(posting.TooSlowError, match="99% of it came out"):
        posting.judge([outcome(3_465, plain)])
    assert ("50% of the promise's" in capsys.readouterr().out) == (plain == 1_900)


def test_a_machine_that_others_use_is_not_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(posting, "_used_by_others", lambda: 0.5)
    posting.judge([outcome(1, 3_800)])
    assert "are not judged" in capsys.readouterr().out
