"""``manage.py load_demo``: the sample portfolio, its people and its schedules, all of it or nothing."""

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core import clock
from crew.domain import sample as people
from crew.domain import sample_charters as charters
from mail.domain import sample as audience
from portfolio.domain import sample as records
from portfolio.formats import FormatError
from reports.domain import sample as schedules


class Command(BaseCommand):
    """Loads `demo/` through the functions that real files take; a second run changes nothing."""

    help = "Load the sample portfolio (demo/) with its people and report schedules, all of it or nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it and say what came; exit status 2 with one sentence where it cannot be loaded."""
        begun, at = time.perf_counter(), clock.now()
        try:
            with transaction.atomic():
                loaded = records.load(folder=settings.BASE_DIR / "demo", at=at)
                invited = people.load(at=at)
                schedules.load(at=at)
                sailed = charters.load(folder=settings.BASE_DIR / "demo", at=at)
                subscribed = audience.load(at=at)
        except records.AlreadyLoadedError as already:
            self.stdout.write(str(already))
            self._sail_late(at)
            self._subscribe_late(at)
            self._issue(at)
            return
        except (FormatError, records.MissingFileError, charters.SampleFileError) as error:
            raise CommandError(str(error), returncode=2) from error
        came = (
            ("sample people", len(invited) + sailed.people),
            ("charters and other events", sailed.events),
            ("subscribers", subscribed),
        )
        for name, count in (*loaded.counts, *came):
            self.stdout.write(f"{count:>7,} {name}")
        self.stdout.write(
            f"The sample portfolio as of {records.AS_OF} is loaded ({time.perf_counter() - begun:.1f} s)."
        )
        self._issue(at)

    def _sail_late(self, at: dt.datetime) -> None:
        """Add the charters to a sample that was loaded before the portal had any."""
        sailed = charters.load(folder=settings.BASE_DIR / "demo", at=at)
        if sailed.events:
            self.stdout.write(f"It had no charters; {sailed.events} events and {sailed.people} people came.")

    def _subscribe_late(self, at: dt.datetime) -> None:
        """Add the mailing list to a sample that was loaded before there were any."""
        with transaction.atomic():
            subscribed = audience.load(at=at)
        if subscribed:
            self.stdout.write(f"It had no mailing list; {subscribed:,} subscribers came.")

    def _issue(self, at: dt.datetime) -> None:
        """Issue the first edition of each report, so that there is something to read and mail to open."""
        for run in schedules.issue_first(at=at):
            if run.edition is None:
                self.stderr.write(
                    f"{run.report.title}: {run.error or run.reasons or run.get_state_display()}"
                )
            else:
                self.stdout.write(f"{run.report.title}: edition {run.edition.number} is issued.")
        bound = schedules.bind_first(at=at)
        if bound is not None:
            self.stdout.write(f"Binder {bound.number} as of {bound.as_of} is issued.")
