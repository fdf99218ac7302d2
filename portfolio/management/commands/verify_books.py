"""``manage.py verify_books``: recomputes the books from their postings and says what is wrong with them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portfolio.domain import verification


class Command(BaseCommand):
    """Looks for whatever bypassed the guards of the ledger."""

    help = "Check every posted entry, monthly balance and reconciled month against the postings."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print that the books hold, or a sentence for each fault and exit status 1."""
        faults = verification.verify_books()
        if faults:
            raise CommandError("\n".join(faults), returncode=1)
        self.stdout.write(
            "The books hold: every posted entry balances and every balance is the sum of its postings."
        )
