"""``manage.py export_journal``: an entity's books as a beancount or hledger journal."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portfolio.domain import journals
from portfolio.models import Entity


class Command(BaseCommand):
    """Writes the journal to standard output, a few hundred entries at a time."""

    help = "Export the posted entries of one entity as a beancount or hledger journal."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, the format and the days."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("--format", required=True, choices=journals.FORMATS)
        parser.add_argument(
            "--from", dest="first", type=dt.date.fromisoformat, help="first day, as 2026-01-01"
        )
        parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, help="last day, as 2026-12-31")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the journal; exit status 2 where there is no such entity."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        for text in journals.export(
            entity=entity, form=options["format"], first=options["first"], last=options["last"]
        ):
            self.stdout.write(text, ending="")
