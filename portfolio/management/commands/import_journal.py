"""``manage.py import_journal``: a beancount or hledger journal into an entity's books."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import busy, clock
from portfolio.domain import journals
from portfolio.domain.landing import LandedFile
from portfolio.formats import FormatError
from portfolio.models import Entity

# The portal takes 20 MB; whoever sits at the machine may bring more.
MAX_BYTES = 1_000_000_000


class Command(BaseCommand):
    """Lands one journal whole, or says in one sentence why not and writes nothing."""

    help = "Import a beancount or hledger journal of one entity."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, the file and where its accounts go."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="NAME=CODE",
            help="send an account of the file to an account of the chart; may be given again",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would come and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Land the file; exit status 2 with one sentence where it is refused."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        mapping: dict[str, str] = {}
        for pair in options["map"]:
            name, equals, code = pair.rpartition("=")
            if not equals:
                raise CommandError(f"{pair!r} maps nothing; write it as Assets:Bank=1010.", returncode=2)
            mapping[name] = code
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error

        def land() -> LandedFile:
            with transaction.atomic():
                landed = journals.land_journal(
                    entity=entity,
                    data=data,
                    name=path.name,
                    by=None,
                    at=clock.now(),
                    mapping=mapping,
                    max_bytes=MAX_BYTES,
                )
                if options["dry_run"]:
                    transaction.set_rollback(True)
            return landed

        try:
            landed = busy.again(land, what="Nothing of the file was kept.")
        except (FormatError, busy.BusyError) as error:
            raise CommandError(str(error), returncode=2) from error
        would = "would bring" if options["dry_run"] else "brought"
        self.stdout.write(f"{path.name} {would} {landed.new:,} new of {landed.read:,} transactions.")
