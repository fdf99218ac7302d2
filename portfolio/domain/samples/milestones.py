"""Milestones to break-even."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
