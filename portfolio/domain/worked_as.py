"""Where a booking is worked. A floor above answers: it registers one source in ``AppConfig.ready()``; pages only ask."""

from collections.abc import Callable
from dataclasses import dataclass

from portfolio.models import Booking


@dataclass(frozen=True, slots=True)
class Work:
    """The event that works a booking, or where one can be made for it (then ``title`` is empty)."""

    url: str
    title: str = ""
    note: str = ""


Source = Callable[[Booking, bool], Work | None]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Ask this source on a booking's page: ``source(booking, books)``, where ``books`` says if the reader may book."""
    if source not in _sources:
        _sources.append(source)
    return source


def of(*, booking: Booking, books: bool) -> Work | None:
    """Return where a booking is worked or can be; None where nobody says so."""
    return next((work for source in _sources if (work := source(booking, books)) is not None), None)
