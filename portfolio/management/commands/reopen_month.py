"""``manage.py reopen_month``: open a closed month again, with a reason that stays."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, months
from portfolio.domain import reconciliation
from portfolio.models import Entity


class Command(BaseCommand):
    """Opens the newest closed month of one entity, or says why it cannot."""

    help = "Reopen a closed month of an entity; the newest closed month first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, the month and why."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("month", help="such as 2026-10")
        parser.add_argument("reason", help="one sentence; it stays with the month")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reopen; exit status 2 with one sentence where it cannot be."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        try:
            month = months.parse(options["month"])
            reconciliation.reopen_month(
                entity=entity, month=month, reason=options["reason"], by=None, at=clock.now()
            )
        except (months.MonthError, reconciliation.ReconciliationError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{entity.slug} {months.label(month)} is open again.")
