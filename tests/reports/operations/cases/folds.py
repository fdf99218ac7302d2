"""Inputs and results of the operations that make one value of many."""

CASES = [
    ("total", (1, 2, 3), 6),
    ("total", (), 0),
    ("mean", (1, 2), 2),
    ("mean", (), None),
    ("median", (9, 1, 4), 4),
    ("median", (9, 1, 4, 5), 5),
    ("median", (-3, -4), -4),
    ("median", (), None),
    ("weighted_mean", (30, 1, 10, 3), 15),
    ("weighted_mean", (30, 0), None),
    ("weighted_mean", (), None),
    ("minimum", (3, -1, 2), -1),
    ("minimum", (), None),
    ("maximum", (3, -1, 2), 3),
    ("maximum", (), None),
    ("first", (3, 1, 2), 3),
    ("first", (), None),
    ("last", (3, 1, 2), 2),
    ("last", (), None),
]
