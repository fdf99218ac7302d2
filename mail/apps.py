"""Mail: the outbox and delivery of everything that leaves. Knows addresses, never people."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = "Mail"

    def ready(self) -> None:
        """Say what the audited actions of mail are called, and who composes the mail of campaigns."""
        from core import trail  # noqa: PLC0415 - models may be imported once apps are loaded
        from mail.domain import (  # noqa: PLC0415
            campaign_mail,
            campaigns,
            compose,
            lists,
            suppression,
            timeline,
        )

        compose.register(campaign_mail.CAMPAIGN, campaign_mail.compose_mail, builder=campaign_mail.build)
        compose.register(campaign_mail.TEST, campaign_mail.compose_mail, builder=campaign_mail.build)
        trail.name_actions(lists.ACTIONS)
        trail.name_actions(campaigns.ACTIONS)
        trail.name_actions(timeline.ACTIONS)
        trail.name_actions(suppression.ACTIONS)
