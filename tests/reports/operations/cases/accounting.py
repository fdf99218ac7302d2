"""Inputs and results of the operations of the accounting family."""

CASES = [
    ("rolled_forward", (1000, 500, 30, 200, 1000), 270),
    ("rolled_forward", (0, 0), 0),
    ("held_forward", (240000, 120000, 210000, 0, 5000, -100), 144900),
    ("held_forward", (0, 0, 0, 0, 0, 0), 0),
]
