"""What the bench of posting promises: so much of what the machine can do, and never less for a fast one."""

import pytest

from bench import lib, posting

pytestmark = pytest.mark.once


def outcome(ours: float, plain: float | None) -> lib.Outcome:
    return lib.Outcome(
        bench="posting", case="one sqlite", unit="/s", n=1, ours=ours, peer=None, limit=None, yardstick=plain
    )


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "_used_by_others", lambda: 0.0)


@pytest.mark.parametrize(
    ("ours", "plain"),
    [(3_500, 3_800), (3_500, None), (1_750, 1_900), (3_500, 7_600)],
    ids=["the known machine", "no yardstick", "half as fast", "twice as fast"],
)
def test_a_promise_is_of_the_machine_it_was_made_for(ours: float, plain: float | None) -> None:
    posting.judge([outcome(ours, plain)])
    with pytest.raises(posting.TooSlowError, match="are asked for, and 99% of it came out"):
        posting.judge([outcome(ours * 0.99, plain)])
