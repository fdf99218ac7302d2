"""``manage.py import_records``: one export of the businesses (opening balances, bookings, stays, invoices, plans)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import busy, clock
from portfolio.domain import exports, intake, ledger, open_items
from portfolio.domain.landing import LandedFile
from portfolio.domain.plan import landing as plans
from portfolio.domain.receivables.landing import land_invoices
from portfolio.formats import FormatError, workbook

LANDERS: dict[str, Callable[..., LandedFile | int]] = {
    "opening": intake.land_opening,
    "open_items": open_items.land,
    "invoices": land_invoices,
    "bookings": exports.land_bookings,
    "stays": exports.land_stays,
    "rules": exports.land_rules,
    "targets": exports.land_targets,
    "capital": exports.land_capital,
    "budgets": plans.land_budgets,
    "kpis": plans.land_kpis,
}


class Command(BaseCommand):
    """Lands one file whole, or says in one sentence why not and writes nothing."""

    help = "Import an export of several entities (CSV or XLSX): opening balances and what was open then, invoices, bookings, stays, rules or plans."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and its kind."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", required=True, choices=sorted(LANDERS))
        parser.add_argument("--dry-run", action="store_true", help="say what would come and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Land the file; exit status 2 with one sentence where it is refused."""
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from error
        try:
            if workbook.is_workbook(data):
                data = workbook.to_csv(data, name=path.name)
            landed = busy.again(
                lambda: self._land(data, path.name, options), what="Nothing of the file was kept."
            )
        except (FormatError, ledger.LedgerError, busy.BusyError) as error:
            raise CommandError(str(error), returncode=2) from error
        would = "would bring" if options["dry_run"] else "brought"
        if isinstance(landed, int):
            self.stdout.write(f"{path.name} {would} {landed:,} rows.")
        else:
            self.stdout.write(f"{path.name} {would} {landed.new:,} new of {landed.read:,} rows.")

    def _land(self, data: bytes, name: str, options: dict[str, Any]) -> LandedFile | int:
        with transaction.atomic():
            landed = LANDERS[options["kind"]](data=data, name=name, by=None, at=clock.now())
            if options["dry_run"]:
                transaction.set_rollback(True)
        return landed
