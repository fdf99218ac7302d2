"""Portfolio: entities, their books, bookings, channels, plans and handoff notes."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "portfolio"
    verbose_name = "Portfolio"
