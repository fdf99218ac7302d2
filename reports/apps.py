"""Reports: metrics, lenses, editions and their delivery."""

from typing import Any

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Bring the reports, give the outbox their composer, home its cards, and the audit trail its words."""
        from django.db.models.signals import post_migrate  # noqa: PLC0415 - registries are filled once apps are loaded

        from core import announcements, trail  # noqa: PLC0415
        from crew.domain import home_cards  # noqa: PLC0415
        from mail.domain import compose  # noqa: PLC0415
        from reports.domain import agenda_mail, cards, held_mail, mailing, runs  # noqa: PLC0415
        from reports.models import EventKind  # noqa: PLC0415

        post_migrate.connect(_bring_reports, sender=self)
        compose.register(mailing.COMPOSER, mailing.composed)
        compose.register(held_mail.COMPOSER, held_mail.composed)
        compose.register(agenda_mail.COMPOSER, agenda_mail.composed, makes_secrets=True)
        home_cards.register(cards.cards)
        # Findings are announced by editions, many at once and by workers: those the next sweep finds soon enough.
        for kind in (EventKind.MONTH_CLOSED, EventKind.CAMPAIGN_FINISHED):
            announcements.hear(kind, runs.hurry)
        trail.name_actions(
            {
                "reports:run:queue": "Report asked for",
                "reports:run:finish": "Report run done",
                "reports:run:fail": "Report run failed",
                "reports:run:requeue": "Report run taken up again",
                "reports:run:hold": "Edition held",
                "reports:run:approve": "Held edition approved",
                "reports:run:release": "Held edition went on, its time being up",
                "reports:run:agree": "Held edition went on, nothing speaking against it any more",
                "reports:run:discard": "Held edition discarded",
                "reports:report:hold": "When a report's editions wait changed",
                "reports:edition:issue": "Edition issued",
                "reports:commentary:write": "Commentary written",
                "reports:commentary:withdraw": "Commentary withdrawn",
                "reports:schedule:create": "Schedule added",
                "reports:schedule:change": "Schedule changed",
                "reports:schedule:pause": "Schedule paused",
                "reports:schedule:resume": "Schedule resumed",
                "reports:trigger:create": "Trigger added",
                "reports:trigger:change": "Trigger changed",
                "reports:trigger:pause": "Trigger paused",
                "reports:trigger:resume": "Trigger resumed",
                "reports:recipient:add": "Recipient added",
                "reports:recipient:leave_out": "Recipient left out",
                "reports:recipient:variant": "What a recipient gets changed",
                "reports:subject:add": "Subject line added",
                "reports:subject:retire": "Subject line retired",
                "reports:subject:bring_back": "Subject line in use again",
                "reports:finding:mute": "Finding muted",
                "reports:finding:unmute": "Finding counts again",
                "reports:action:settle": "Action settled",
                "reports:action:reopen": "Action opened again",
                "reports:action:move": "Action moved",
                "reports:action:clear": "Action done with its finding",
                "reports:action:add": "Action written down",
                "reports:action:assign": "Action given to somebody",
                "reports:action:escalate": "Action escalated",
                "reports:action:tap": "Action answered from the mail",
                "reports:owner:appoint": "Who is meant by an owner’s word changed",
            }
        )


def _bring_reports(sender: AppConfig, **kwargs: Any) -> None:
    from reports.domain import catalogue  # noqa: PLC0415 - models are loaded by now

    catalogue.bring(**kwargs)
