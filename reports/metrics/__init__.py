"""Metrics: one registry, one file per family. Importing this package registers them all."""

from reports.discovery import modules_of
from reports.metrics.facts import Facts
from reports.metrics.registry import REGISTRY, Aggregate, Better, Desk, Scope

modules_of(__name__)

__all__ = ["REGISTRY", "Aggregate", "Better", "Desk", "Facts", "Scope"]
