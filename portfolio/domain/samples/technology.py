"""Sample technology: systems, snapshots, findings, releases, names and caches."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
