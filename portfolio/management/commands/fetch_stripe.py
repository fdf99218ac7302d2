"""``manage.py fetch_stripe``: what moved on an entity's Stripe balance between two days, for gaps and first use."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from portfolio.domain import ledger
from portfolio.domain.stripe import api, fetching
from portfolio.formats import FormatError
from portfolio.models import Entity


class Command(BaseCommand):
    """Pages through Stripe's balance transactions and lands what the books lack."""

    help = "Fetch what moved on the Stripe balance of one entity between two days, and land what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity and the days, both included."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("--from", dest="first", type=_day, required=True, metavar="2026-10-01")
        parser.add_argument("--to", dest="last", type=_day, metavar="2026-10-31", help="today by default")
        parser.add_argument("--dry-run", action="store_true", help="say what would come and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch and land; exit status 2 with one sentence where Stripe or the books refuse."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        at = clock.now()
        last = options["last"] or clock.today(entity.zone, at=at)
        if last < options["first"]:
            raise CommandError(f"{last} lies before {options['first']}; turn the days around.", returncode=2)
        try:
            fetched = fetching.fetch(
                entity=entity, first=options["first"], last=last, at=at, keep=not options["dry_run"]
            )
        except (api.StripeError, FormatError, ledger.LedgerError) as error:
            raise CommandError(str(error), returncode=2) from error
        would = "would bring" if options["dry_run"] else "brought"
        self.stdout.write(
            f"Stripe {would} {fetched.new:,} new of {fetched.read:,} movements and {fetched.payouts:,} payouts; "
            f"{fetched.uncategorised:,} not categorised."
        )
        for refused in fetched.refused:
            self.stderr.write(refused)


def _day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day of the entity's own calendar
