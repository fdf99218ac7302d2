"""``manage.py read_handoffs``: handoff notes into typed rows, all of them or none."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from portfolio.domain import handoffs
from portfolio.formats import FormatError


class Command(BaseCommand):
    """Reads the notes given, or all notes of HANDOFFS_DIR."""

    help = "Read handoff notes (*.md): the files given, or every note in HANDOFFS_DIR."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the files, if any."""
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Land the notes; exit status 2 with one sentence where one is refused."""
        paths: list[Path] = options["files"]
        if not paths:
            folder = Path(settings.HANDOFFS_DIR)
            paths = sorted((folder if folder.is_absolute() else settings.BASE_DIR / folder).glob("*.md"))
            if not paths:
                raise CommandError(f"{folder} holds no handoff notes (*.md); set HANDOFFS_DIR.", returncode=2)
        try:
            files = [(path.name, path.read_bytes()) for path in paths]
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.", returncode=2) from error
        try:
            landed = handoffs.land(files=files, at=clock.now())
        except FormatError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"Read {landed.files:,} notes, {landed.new:,} of them new, with {landed.rows:,} rows."
        )
