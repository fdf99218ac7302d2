"""Inputs and results of the operations of the clients' family."""

CASES = [
    ("per_hour", (95_000, 600), 9_500),
    ("per_hour", (95_000, 0), None),
    ("leak", (2_500, 10_000), 2_500),
    ("leak", (-2_500, 10_000), 0),
    ("leak", (2_500, 0), None),
    ("collection_effectiveness", (500, 1_000, 600, 300), 7_500),
    ("collection_effectiveness", (0, 300, 300, 300), None),
    ("part_of", (400, 100, 100), 5_000),
    ("part_of", (0, 0), None),
    ("concentration", (700,), 10_000),
    ("concentration", (500, 500, 0, -20), 5_000),
    ("concentration", (), None),
    ("served", (3_800, 100_000, 60_000, 10_000, 30, 60), 78_800),
    ("served", (3_800, 100_000, 60_000, 10_000, 0, 0), None),
]
