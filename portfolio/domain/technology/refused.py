"""What is refused of the technology's records; the message is a sentence for people."""

import datetime as dt

from core import clock


class TechnologyRefusedError(Exception):
    """Something that cannot be written down as said; the message is a sentence."""


def past(on: dt.date, at: dt.datetime) -> None:
    """Refuse a local day that has not come yet.

    Raises:
        TechnologyRefusedError: it lies ahead.
    """
    if on > clock.today(at=at):
        raise TechnologyRefusedError(f"{on:%-d %B %Y} has not come yet; give a day up to today.")
