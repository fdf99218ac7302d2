"""Lenses: one module per report, whose ``LENS`` is what it makes of the records and for whom."""

from collections.abc import Iterable
from types import ModuleType

from reports.discovery import modules_of
from reports.lenses.base import Family, Lens


def by_slug(modules: Iterable[ModuleType]) -> dict[str, Lens]:
    """Return the lenses of some modules by slug, in the order of the reports.

    Raises:
        ValueError: two lenses have one slug.
    """
    found: dict[str, Lens] = {}
    for lens in (module.LENS for module in modules if hasattr(module, "LENS")):
        if lens.slug in found:
            raise ValueError(f"The lens {lens.slug} is defined twice.")
        found[lens.slug] = lens
    return dict(sorted(found.items(), key=lambda entry: entry[1].position))


LENSES = by_slug(modules_of(__name__))

__all__ = ["LENSES", "Family", "Lens"]
