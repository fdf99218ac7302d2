"""Issue a binder from the command line: ``manage.py binder --as-of 2026-11-10 --out binder.pdf``."""

import datetime as dt
import re
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from reports.domain import binder as binders
from reports.domain import issue

BAD_INPUT = 2
ENDINGS = {f".{form}": form for form in binders.Form}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Command(BaseCommand):
    """Reads what is asked, has the binder issued, and says what is in it and what is not."""

    help = (
        "Put the newest edition of each report as of one date into a binder. "
        "Bad input ends with one sentence and exit status 2, and nothing is written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--as-of", metavar="YYYY-MM-DD", help="the date its editions stand at; otherwise yesterday's"
        )
        parser.add_argument(
            "--out", metavar="FILE", help="write it to a file too, by its ending .pdf or .xlsx"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check what was typed, then issue the binder and write its file."""
        at = clock.now()
        as_of = self._as_of(options["as_of"], at)
        out = self._out(options["out"])
        try:
            made = binders.issue(as_of=as_of, by=None, at=at)
        except binders.BinderError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        index = binders.index(binder=made)
        self.stdout.write(
            f"Binder {made.number} as of {as_of}, {len(index.lines)} of {len(index.lines) + len(index.absent)} reports: "
            f"{binders.url(number=made.number)}"
        )
        for title, why in index.absent:
            self.stdout.write(f"Not in it: {title}. {why}")
        if out is not None:
            made_file = binders.file(binder=made, form=ENDINGS[out.suffix.lower()])
            try:
                out.write_bytes(bytes(made_file.content))
            except OSError as error:
                raise _unwritable(out, error) from error

    def _as_of(self, text: str | None, at: dt.datetime) -> dt.date:
        if text is None:
            return issue.default_as_of(at)
        try:
            return dt.date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError as error:
            raise CommandError(
                f"--as-of {text!r} is not a date; write it as 2026-11-10.", returncode=BAD_INPUT
            ) from error

    def _out(self, text: str | None) -> Path | None:
        if text is None:
            return None
        path = Path(text)
        if path.suffix.lower() not in ENDINGS:
            raise CommandError(
                f"--out {text!r} must end in {' or '.join(ENDINGS)}, which says the form to write.",
                returncode=BAD_INPUT,
            )
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
            if path.exists():
                path.open("ab").close()
        except OSError as error:
            raise _unwritable(path, error) from error
        return path


def _unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(
        f"--out {path} cannot be written ({error.strerror}); choose a folder that exists and is yours.",
        returncode=BAD_INPUT,
    )
