"""Inputs and results of the operations over deliveries."""

CASES = [
    ("per_whole", (60_320, 110), 5_484),
    ("per_whole", (60_320, 0), None),
    ("per_thousand", (2, 5_700), 351),
    ("per_thousand", (2, 0), None),
    ("promoter_score", (2, 0, 4), 50),
    ("promoter_score", (0, 3, 4), -75),
    ("promoter_score", (0, 0, 0), None),
    ("half_and", (1_000_001, 30), 500_031),
    ("part_of_year", (240, 10), 200),
    ("part_of_year", (100, 1), 8),
]
