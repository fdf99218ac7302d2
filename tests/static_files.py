"""Static files as they lie in static/, and the address of each worked out once: a page names thirty."""

import functools

from django.contrib.staticfiles.storage import StaticFilesStorage


class Remembering(StaticFilesStorage):
    """Django's own storage, which puts an address together anew each time that a page names a file."""

    @functools.cache  # noqa: B019 - one storage, which lives as long as the process
    def url(self, name: str | None) -> str:
        """Return the address of a file."""
        return super().url(name)
