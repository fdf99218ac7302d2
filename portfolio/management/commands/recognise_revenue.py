"""``manage.py recognise_revenue``: earn what is still held for bookings that have been served."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core import clock
from portfolio.domain import ledger, recognition
from portfolio.models import Entity


class Command(BaseCommand):
    """For bookings that came completed from an export, and for money that landed after completion."""

    help = "Move what is held for completed bookings to sales, in every entity; a second run finds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Earn all of it or none; exit status 2 with one sentence where a month is closed."""
        at = clock.now()
        try:
            with transaction.atomic():
                earned = sum(
                    recognition.recognise_due(entity=entity, by=None, at=at)
                    for entity in Entity.objects.all()
                )
        except ledger.LedgerError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"Earned {earned:,} completed bookings.")
