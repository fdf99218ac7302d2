"""``manage.py verify_books``: recomputes the books from their postings and says what is wrong with them."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portfolio.domain import chain, verification
from portfolio.models import Entity

_LINE = re.compile(r"([a-z0-9-]{1,50}) ([1-9][0-9]{0,17}) ([0-9a-f]{16,64})(?: ([0-9a-f]{16,64}))?")


class Command(BaseCommand):
    """Looks for whatever bypassed the guards of the ledger."""

    help = "Check every posted entry, the chain over them, and every monthly balance and reconciled month."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files that hold heads outside this database."""
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="hold the books against these heads, which a report shows too",
        )
        parser.add_argument(
            "--write-heads", type=Path, metavar="FILE", help="write the heads of books that hold"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print that the books hold, or a sentence for each fault and exit status 1."""
        against = _read(options["against"]) if options["against"] else []
        heads = chain.heads()
        faults = verification.verify_books(against=against)
        if faults:
            raise CommandError("\n".join(faults), returncode=1)
        if options["write_heads"]:
            slugs = dict(Entity.objects.values_list("pk", "slug"))
            lines = sorted(
                f"{slugs[pk]} {head.number} {head.hash} {chain.accounts_at(pk, head.number)}\n"
                for pk, head in heads.items()
            )
            try:
                options["write_heads"].write_text("".join(lines), encoding="ascii")
            except OSError as error:
                raise CommandError(f"The heads could not be written: {error}.", returncode=2) from error
        self.stdout.write(
            "The books hold: every posted entry balances, the chain over them is whole, every balance is the sum "
            "of its postings, and the records beside them say the same."
        )


def _read(file: Path) -> list[verification.Written]:
    """Read what ``--write-heads`` wrote.

    Raises:
        CommandError: the file is not to be read, or a line of it is no head.
    """
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The heads could not be read: {error}.", returncode=2) from error
    found = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise CommandError(
                f"{file}, line {number}: a line is an entity, a number and one or two hashes; this one is not.",
                returncode=2,
            )
        found.append(
            verification.Written(
                match[1], chain.Head(int(match[2]), match[3]), f"in {file.name}", match[4] or ""
            )
        )
    return found
