"""A sample rental: stays, blocked nights, tickets and papers that expire."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
