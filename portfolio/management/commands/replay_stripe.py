"""``manage.py replay_stripe``: events of Stripe that failed are tried again at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from portfolio.domain.stripe import events
from portfolio.models import StripeEvent, StripeEventState


class Command(BaseCommand):
    """Tries failed events again, oldest first, and says what became of each."""

    help = "Try the events of Stripe that failed again, of one entity or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, if any."""
        parser.add_argument("entity", nargs="?", help="slug of the entity, such as qos; all by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try each; exit status 1 where some still fail."""
        failed = StripeEvent.objects.filter(state=StripeEventState.FAILED).select_related("entity")
        if options["entity"]:
            failed = failed.filter(entity__slug=options["entity"])
        done, left = 0, 0
        for event in failed.order_by("received_at", "pk"):
            at = clock.now()
            events.try_again(event=event, by=None, at=at)
            events.process(pk=event.pk, at=at)
            event.refresh_from_db()  # A worker may have been quicker.
            if event.state == StripeEventState.DONE:
                done += 1
                continue
            left += 1
            self.stderr.write(f"{event.entity.slug} {event.type} {event.event_id}: {event.error}")
        self.stdout.write(f"{done:,} events succeeded, {left:,} still wait.")
        if left:
            raise CommandError("Some events still fail; the reasons stand above.", returncode=1)
