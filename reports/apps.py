"""Reports: metrics, lenses, editions and their delivery."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Give the outbox the composer of editions."""
        from mail.domain import compose  # noqa: PLC0415 - registries are filled once apps are loaded
        from reports.domain import mailing  # noqa: PLC0415

        compose.register(mailing.COMPOSER, mailing.composed)
