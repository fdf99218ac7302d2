"""Inputs and results of the operations over channels and campaigns."""

CASES = [
    ("kept_by_channel", (97_000, 100_000), 300),
    ("kept_by_channel", (100_000, 100_000), 0),
    ("kept_by_channel", (0, 0), None),
    ("cost_to_win", (25_000, 4_500, 9_500, 3), 13_000),
    ("cost_to_win", (25_000, 0, 0, 0), None),
    ("after_commission", (420_000, 2_800), 302_400),
    ("after_commission", (420_000, 0), 420_000),
    ("share_of_people", (3_676, 10), 4),
    ("share_of_people", (3_676, 50), 19),
    ("share_of_people", (3_676, 500), 184),
    ("share_of_people", (3_676, 1_000), 368),
    ("share_of_people", (4_000, 10), 4),
    ("share_of_people", (0, 10), 0),
]
