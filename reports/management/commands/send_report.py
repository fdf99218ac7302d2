"""Issue reports at once, from the command line: ``manage.py send_report ceo cfo | core | domain | all``."""

import argparse
import datetime as dt
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from mail.models import State
from portfolio.domain import queries as portfolio
from portfolio.models import Entity
from reports.document import Document, load
from reports.domain import catalogue, deliveries, editions, issue, late, oneoff, runs
from reports.models import Edition, EditionFile, FileKind, Report, Run, RunState, Variant

BAD_INPUT = 2
# Why an edition that was asked for is not there.
FAILED, HELD = "failed", "held for approval"
WORKBOOK = ".xlsx"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Command(BaseCommand):
    """Reads what is asked, has it done, and says in a line each what came of it."""

    help = (
        "Issue reports at once: each becomes an edition, and its mail is queued for its recipients. "
        "Bad input ends with one sentence and exit status 2, and nothing is written."
    )

    variant: Variant | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument(
            "reports", nargs="+", metavar="REPORT", help="a report (ceo, cfo), core, domain or all"
        )
        parser.add_argument(
            "--entity", metavar="SLUG", help="about this entity alone; otherwise the whole portfolio"
        )
        parser.add_argument(
            "--as-of", metavar="YYYY-MM-DD", help="the last date counted; otherwise yesterday's"
        )
        parser.add_argument(
            "--to", metavar="ADDRESSES", help="send to these addresses, commas between, and to nobody else"
        )
        parser.add_argument(
            "--hold",
            action="store_true",
            help="work it out and keep it; it goes out once an owner approves it",
        )
        parser.add_argument(
            "--variant",
            metavar="SLUG",
            help="what every reader gets (long, brief) instead of their own; --out shows it too",
        )
        parser.add_argument("--dry-run", action="store_true", help="build and show it; no edition, no mail")
        parser.add_argument(
            "--out",
            metavar="FILE",
            help="write it to a file too, by its ending .html, .txt, .pdf, .xlsx or .json; with several reports "
            "each name gets its report before the ending",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check everything that was typed, then issue the reports together."""
        at = clock.now()
        entity = self._entity(options["entity"])
        reports = self._reports(options["reports"], entity)
        as_of = self._as_of(options["as_of"], at)
        send_to = self._addresses(options["to"])
        outs = self._outs(options["out"], reports)
        self.variant = self._variant(options["variant"])
        if options["hold"] and options["dry_run"]:
            raise CommandError(
                "--hold keeps an edition for approval and --dry-run keeps nothing; choose one of them.",
                returncode=BAD_INPUT,
            )
        if options["dry_run"]:
            ends = [
                "" if self._preview(report, entity, as_of, at, out) else FAILED
                for report, out in zip(reports, outs, strict=True)
            ]
        else:
            issued = oneoff.issue_many(
                reports=reports,
                entity=entity,
                as_of=as_of,
                send_to=send_to,
                at=at,
                hold=options["hold"],
                variant=self.variant,
            )
            ends = [self._tell(run, out, at) for run, out in zip(issued, outs, strict=True)]
        missing = Counter(filter(None, ends))
        if missing:
            why = ", ".join(f"{count} {end}" for end, count in missing.items())
            raise CommandError(
                f"{missing.total()} of {len(reports)} {'was' if missing.total() == 1 else 'were'} not issued: {why}; "
                "the runs page keeps why."
            )

    def _tell(self, run: Run, out: Path | None, at: dt.datetime) -> str:
        """Say what came of a run; return why there is no edition although one was asked for, nothing where all is well."""
        slug = run.report.slug
        if run.state in {RunState.FAILED, RunState.DISCARDED}:
            self.stderr.write(f"{slug}: run {run.pk} {run.get_state_display().lower()}. {run.error}")
            return FAILED
        if run.state == RunState.HELD:
            words = " ".join(run.reasons.splitlines())
            told = f"{slug}: run {run.pk} is held until somebody approves it. {words}"
            if run.hold:
                self.stdout.write(told)
                return ""
            self.stderr.write(told)
            return HELD
        if run.edition is None:
            who = "was taken up by a worker" if run.queued_at == at else "was asked for already"
            self.stdout.write(f"{slug}: run {run.pk} {who} and is under way; it is not run twice.")
            return ""
        self.stdout.write(_line(run, run.edition))
        if out is not None:
            document = load(Document, run.edition.document)
            if out.suffix.lower() == WORKBOOK:
                late.file(edition=run.edition, kind=FileKind.XLSX)
            self._write(out, document, list(EditionFile.objects.filter(edition=run.edition)))
        return ""

    def _preview(
        self, report: Report, entity: Entity | None, as_of: dt.date, at: dt.datetime, out: Path | None
    ) -> bool:
        try:
            made = oneoff.preview_now(report=report, entity=entity, as_of=as_of, at=at)
        except Exception as error:  # noqa: BLE001 - the run keeps it; the next report is still to be tried
            self.stderr.write(f"{report.slug}: the dry run failed. {error or type(error).__name__}")
            return False
        if out is not None:
            workbook = out.suffix.lower() == WORKBOOK
            files = (late.workbook(document=made.document, at=at),) if workbook else made.files
            self._write(out, made.document, files)
            self.stdout.write(
                f"{report.slug}: dry run {made.run.pk} as of {as_of}, nothing kept or sent; see {out}"
            )
        else:
            text = oneoff.as_file(
                document=made.document, files=made.files, ending=".txt", variant=self.variant
            )
            self.stdout.write(text.decode())
            self.stdout.write(f"{report.slug}: dry run {made.run.pk} as of {as_of}, nothing kept or sent.")
        return True

    def _write(self, path: Path, document: Document, files: Sequence[Any]) -> None:
        content = oneoff.as_file(
            document=document, files=files, ending=path.suffix.lower(), variant=self.variant
        )
        try:
            path.write_bytes(content)
        except OSError as error:
            raise _unwritable(path, error) from error

    def _reports(self, words: list[str], entity: Entity | None) -> list[Report]:
        try:
            reports = oneoff.choose(words, entity)
            for report in reports:
                catalogue.check(report=report, entity=entity)
        except (oneoff.UnknownReportError, catalogue.UnfitEntityError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        return reports

    def _entity(self, slug: str | None) -> Entity | None:
        if slug is None:
            return None
        try:
            return oneoff.entity_of(slug)
        except oneoff.UnknownEntityError as error:
            raise CommandError(f"--entity {error}", returncode=BAD_INPUT) from error

    def _variant(self, slug: str | None) -> Variant | None:
        if slug is None:
            return None
        try:
            return oneoff.variant_of(slug)
        except oneoff.UnknownVariantError as error:
            raise CommandError(f"--variant {error}", returncode=BAD_INPUT) from error

    def _as_of(self, text: str | None, at: dt.datetime) -> dt.date:
        if text is None:
            return issue.default_as_of(at)
        try:
            as_of = dt.date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError as error:
            raise CommandError(
                f"--as-of {text!r} is not a date; write it as 2026-11-10.", returncode=BAD_INPUT
            ) from error
        try:
            runs.check_as_of(as_of=as_of, at=at, first_on=portfolio.first_entry_on())
        except runs.AsOfError as error:
            raise CommandError(f"--as-of {error}", returncode=BAD_INPUT) from error
        return as_of

    def _addresses(self, text: str | None) -> list[str] | None:
        if text is None:
            return None
        try:
            return runs.read_addresses(text)
        except runs.AddressError as error:
            raise CommandError(f"--to {error}", returncode=BAD_INPUT) from error

    def _outs(self, text: str | None, reports: list[Report]) -> list[Path | None]:
        if text is None:
            return [None] * len(reports)
        path = Path(text)
        if path.suffix.lower() not in oneoff.ENDINGS:
            raise CommandError(
                f"--out {text!r} must end in {', '.join(oneoff.ENDINGS)}, which says the form to write.",
                returncode=BAD_INPUT,
            )
        found = [
            path if len(reports) == 1 else path.with_name(f"{path.stem}-{report.slug}{path.suffix}")
            for report in reports
        ]
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
            for out in found:
                if out.exists():
                    out.open("ab").close()
        except OSError as error:
            raise _unwritable(path, error) from error
        return [*found]


def _line(run: Run, edition: Edition) -> str:
    mails = deliveries.of_edition(edition=edition)
    going = [mail.to_address for mail in mails if mail.state != State.SUPPRESSED]
    stopped = [mail.to_address for mail in mails if mail.state == State.SUPPRESSED]
    sent = f"mail queued for {', '.join(going)}" if going else "told nobody"
    if stopped:
        sent += f" (suppressed: {', '.join(stopped)})"
    elif not going:
        sent += " (no recipient is named)"
    url = editions.url(report=run.report, number=edition.number)
    about = f", {run.entity.name}" if run.entity is not None else ""
    return f"{run.report.slug}: edition {edition.number} as of {run.as_of}{about}, {sent}: {url}"


def _unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(
        f"--out {path} cannot be written ({error.strerror}); choose a folder that exists and is yours.",
        returncode=BAD_INPUT,
    )
