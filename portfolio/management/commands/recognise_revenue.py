"""``manage.py recognise_revenue``: earn what is still held for bookings that have been served."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core import clock
from portfolio.domain import ledger, recognition, served
from portfolio.models import Entity


class Command(BaseCommand):
    """For bookings that came completed from an export, for money that landed after completion, and for what waited."""

    help = (
        "Move what is held for completed bookings to sales, in every entity, and post what became of events that the "
        "books could not take yet; a second run finds nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Post what waited, each by itself; then earn all of the rest or none, with one sentence where that fails."""
        at = clock.now()
        taken, waiting = served.post_waiting(at=at)
        try:
            with transaction.atomic():
                earned = sum(
                    recognition.recognise_due(entity=entity, by=None, at=at)
                    for entity in Entity.objects.order_by("pk")
                )
        except ledger.LedgerError as error:
            raise CommandError(str(error), returncode=2) from error
        if taken or waiting:
            self.stdout.write(f"Posted {taken:,} of {taken + waiting:,} events that waited for the books.")
        self.stdout.write(f"Earned {earned:,} completed bookings.")
