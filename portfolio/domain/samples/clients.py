"""Work and rebillables of sample clients."""

import datetime as dt


def load(*, at: dt.datetime) -> None:
    """Load them; inside the caller's transaction."""
