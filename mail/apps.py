"""Mail: the outbox and delivery of everything that leaves. Knows addresses, never people."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = "Mail"

    def ready(self) -> None:
        """Say what the audited actions of mail are called."""
        from core import trail  # noqa: PLC0415 - models may be imported once apps are loaded
        from mail.domain import suppression, timeline  # noqa: PLC0415

        trail.name_actions(timeline.ACTIONS)
        trail.name_actions(suppression.ACTIONS)
