"""Metrics: one registry, one file per family. Importing this package registers them all."""

from reports.metrics import bookings, books, earning, plans
from reports.metrics.facts import Facts
from reports.metrics.registry import REGISTRY, Desk, Scope

__all__ = ["REGISTRY", "Desk", "Facts", "Scope", "bookings", "books", "earning", "plans"]
