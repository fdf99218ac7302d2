"""The arithmetic of figures: rounding, and what is undefined. Each family's cases are a file in ``cases``."""

import pytest

from reports.discovery import modules_of
from reports.document import TraceRow
from reports.metrics.operations import FOLDS, OPERATIONS, fold, operation

pytestmark = pytest.mark.once

CASES = [case for module in modules_of("tests.reports.operations.cases") for case in module.CASES]


@pytest.mark.parametrize(("name", "inputs", "result"), CASES)
def test_each_operation_gives_what_its_sentence_says(
    name: str, inputs: tuple[int, ...], result: int | None
) -> None:
    assert OPERATIONS[name](*inputs) == result


def test_every_operation_is_tried_above_and_says_what_it_does() -> None:
    assert {name for name, _, _ in CASES} == set(OPERATIONS)
    assert all((function.__doc__ or "").startswith("Return") for function in OPERATIONS.values())


def test_rows_are_folded_by_what_they_are_and_how_much_they_weigh() -> None:
    rows = (TraceRow("Ten days", 10, weight=3), TraceRow("Thirty days", 30))
    folded = {name: fold(name, rows) for name in FOLDS}
    assert folded == {
        "total": 40, "mean": 20, "median": 20, "weighted_mean": 15, "minimum": 10, "maximum": 30, "first": 10,
        "last": 30,
    }  # fmt: skip


def test_an_operation_is_defined_once() -> None:
    with pytest.raises(ValueError, match="The operation total is defined twice."):

        @operation
        def total(*values: int) -> int:
            return 0
