"""Finding the modules of a package, so that a family is known by its file being there."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: str) -> tuple[ModuleType, ...]:
    """Import every module of a package and return them by name."""
    path = importlib.import_module(package).__path__
    return tuple(
        importlib.import_module(f"{package}.{found.name}")
        for found in sorted(pkgutil.iter_modules(path), key=lambda found: found.name)
    )
