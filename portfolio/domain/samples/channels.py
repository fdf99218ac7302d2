"""What is known of sample channels over time: presence, counts, spend and plans to go to market."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
