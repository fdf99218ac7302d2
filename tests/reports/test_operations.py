"""The arithmetic of figures: rounding, and what is undefined."""

import pytest

from reports.metrics import operations as ops


@pytest.mark.parametrize(
    ("name", "inputs", "result"),
    [
        ("total", (1, 2, 3), 6),
        ("difference", (100, 30, 20), 50),
        ("mean", (1, 2), 2),
        ("negated_mean", (-100, -200, -300), 200),
        ("per_unit", (210000, 0), None),
        ("per_unit", (210000, 2), 105000),
        ("share", (1, 3), 3333),
        ("share", (1, 0), None),
        ("share", (1, -5), None),
        ("change", (110, 100), 1000),
        ("change", (-50, -100), -5000),
        ("change", (50, -100), None),
        ("change", (-50, 100), None),
        ("change", (0, 100), -10000),
        ("change", (5, 0), None),
        ("months_left", (1000, 300), 333),
        ("months_left", (-1000, 300), 0),
        ("months_left", (1000, 0), None),
        ("months_left", (1000, -5), None),
        ("times", (150, 100), 150),
        ("times", (150, 0), None),
        ("units_to_cover", (817000, 140380), 6),
        ("units_to_cover", (1000, 500), 2),
        ("units_to_cover", (1001, 500), 3),
        ("units_to_cover", (1000, 0), None),
        ("units_to_cover", (1000, -1), None),
        ("days_outstanding", (3000, 9000, 92), 307),
        ("days_outstanding", (3000, 0, 92), None),
        ("margin_of_safety", (1, 6), -50000),
        ("margin_of_safety", (0, 6), None),
        ("product", (6, 140380), 842280),
        ("scaled", (1000, -1000), 900),
        ("after_months", (1000, -100, 6), 400),
        ("weekly", (5200,), 1200),
    ],
)
def test_each_operation_gives_what_its_sentence_says(
    name: str, inputs: tuple[int, ...], result: int | None
) -> None:
    assert ops.OPERATIONS[name](*inputs) == result


def test_every_operation_is_tried_above_and_says_what_it_does() -> None:
    tried = {
        mark.args[1][row][0]
        for mark in test_each_operation_gives_what_its_sentence_says.pytestmark  # type: ignore[attr-defined]
        for row in range(len(mark.args[1]))
    }
    assert tried == set(ops.OPERATIONS)
    assert all((function.__doc__ or "").startswith("Return") for function in ops.OPERATIONS.values())
