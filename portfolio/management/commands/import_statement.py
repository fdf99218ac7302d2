"""``manage.py import_statement``: one bank statement or Stripe balance history into the books."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from core import busy, clock
from portfolio.domain import bank_accounts, intake, ledger
from portfolio.domain.stripe import landing as stripe
from portfolio.formats import FormatError
from portfolio.models import Account, Entity, ImportKind

# The portal takes 20 MB and 100,000 rows; whoever sits at the machine may bring more.
MAX_ROWS, MAX_BYTES = 5_000_000, 1_000_000_000


class Command(BaseCommand):
    """Lands one file whole, or says in one sentence why not and writes nothing."""

    help = "Import a bank statement (CSV, OFX, QFX) or a Stripe balance history (CSV, JSON) of one entity."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, the file and its kind."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("file", type=Path)
        kinds = [ImportKind.BANK_CSV.value, ImportKind.OFX.value, ImportKind.STRIPE.value]
        parser.add_argument("--kind", required=True, choices=kinds)
        parser.add_argument(
            "--account",
            help="code of the bank account; by default the one a saved column map names, or the entity's first; for "
            "OFX the one that an account nobody has named yet is",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would come and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Land the file; exit status 2 with one sentence where it is refused."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                # What makes pages quick would count as memory here: the map of the file, much cache, and a journal of
                # savepoints that grows with the file.
                cursor.execute("PRAGMA mmap_size=0")
                cursor.execute("PRAGMA cache_size=-4096")
                cursor.execute("PRAGMA temp_store=FILE")

        def land() -> intake.LandedFile:
            with transaction.atomic():
                landed = self._land(entity, path.name, data, options)
                if options["dry_run"]:
                    transaction.set_rollback(True)
            return landed

        try:
            landed = busy.again(land, what="Nothing of the file was kept.")
        except (FormatError, ledger.LedgerError, busy.BusyError) as error:
            raise CommandError(str(error), returncode=2) from error
        would = "would land" if options["dry_run"] else "landed"
        self.stdout.write(f"{path.name} {would}. {landed.told}")

    def _land(self, entity: Entity, name: str, data: bytes, options: dict[str, Any]) -> intake.LandedFile:
        limits: dict[str, Any] = {"max_rows": MAX_ROWS, "max_bytes": MAX_BYTES}
        if options["kind"] == ImportKind.STRIPE:
            return stripe.land_file(entity=entity, data=data, name=name, by=None, at=clock.now(), **limits)
        account: Account | None = None
        if options["account"]:
            account = bank_accounts.with_statements(entity=entity).filter(code=options["account"]).first()
            if account is None:
                raise CommandError(
                    f"{entity.slug} has no bank account {options['account']!r}; look at its chart of accounts.",
                    returncode=2,
                )
        lander = intake.land_ofx if options["kind"] == ImportKind.OFX else intake.land_bank
        return lander(entity=entity, data=data, name=name, by=None, at=clock.now(), account=account, **limits)
