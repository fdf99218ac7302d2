"""Kinds of things in an address. Importing this makes them known, as each module of pages names its own addresses."""

from django.urls import register_converter

from core import months


class MonthConverter:
    """A month in an address: ``2026-10``."""

    # Any month a database can hold has a page, or a line that names it could not be shown.
    regex = "[0-9]{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> int:
        """Return the month as a whole number."""
        return months.parse(value)

    def to_url(self, value: int) -> str:
        """Write a whole-number month."""
        return months.iso(value)


register_converter(MonthConverter, "month")
