"""Inputs and results of the operations over the technology."""

CASES = [
    ("priority", (4, 2, 1), 800),
    ("priority", (3, 2, 2), 300),
    ("priority", (2, 1, 3), 67),
    ("priority", (1, 1, 0), None),
]
