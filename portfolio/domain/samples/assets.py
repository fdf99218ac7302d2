"""What is owned beyond what notes say: property, domains, code, contracts and key persons, each with its source."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
