"""Lenses: one module per report, each with one function from records to a draft document."""

from collections.abc import Callable

from reports.document import Draft
from reports.lenses import ceo, cfo

LENSES: dict[str, Callable[..., Draft]] = {"ceo": ceo.draft, "cfo": cfo.draft}

__all__ = ["LENSES"]
