"""Sample deliveries: jobs with their stages, gates, crew and incidents."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
