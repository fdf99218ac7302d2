"""A process that issues all eight reports of a database: the side of `bench.reports` that is ours, and its limit.

``python -m bench.books.eight`` sets Django up on the database in ``DATA_DIR`` (or ``DATABASE_URL``) and says ``ready``. Then
it does what each line on standard input asks for, and answers with a line of JSON:

``all``      issue all eight for the first time in this process: what they alone import counts
``changed``  change a booking, post an entry, and issue all eight anew: the change is made before the clock runs
``limit``    ask the database every question that working all eight out asks, and throw the rows away
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import lib

lib.django_for(Path(os.environ["DATA_DIR"]), migrate=False)

from config.celery import hold_little_of_the_file  # noqa: E402

# As in a worker, which issues reports: the map of the file, which a server has, would count as memory.
hold_little_of_the_file()


def main() -> None:
    """Do what is asked until nobody asks any more."""
    from reports.models import Report  # noqa: PLC0415

    # A ninth that is not issued anew would hold those of the eight that disagree with it.
    Report.objects.filter(family="extra").update(active=False)
    does: dict[str, Callable[[], dict[str, Any]]] = {"all": _issue, "changed": _changed, "limit": _limit}
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(does[line.strip()]()), flush=True)


def _issue() -> dict[str, Any]:
    began, used = time.perf_counter(), time.process_time()
    from core import clock  # noqa: PLC0415  (what the reports need is brought in on their time)
    from reports.domain import issue, oneoff  # noqa: PLC0415

    at = clock.now()
    runs = oneoff.issue_many(
        reports=oneoff.choose(["all"], None), entity=None, as_of=issue.default_as_of(at), send_to=[], at=at
    )
    taken, used = time.perf_counter() - began, time.process_time() - used
    # The peak first: looking at what came out takes memory too.
    return {"taken": taken, "used": used, "peak": _peak(), "wrong": _wrong(runs), "bytes": _sizes(runs)}


def _wrong(runs: list[Any]) -> str:
    """Return what is missing of eight editions with all their forms, or nothing."""
    from reports.document import Document, load  # noqa: PLC0415
    from reports.models import EditionFile, FileKind  # noqa: PLC0415

    if len(runs) != 8:
        return f"{len(runs)} reports were issued, and 8 were asked for"
    for run in runs:
        if run.edition is None:
            return f"{run.report.slug} has no edition: {run.error or run.reasons or run.state}"
        kinds = list(EditionFile.objects.filter(edition=run.edition).values_list("kind", flat=True))
        charts = len(load(Document, run.edition.document).charts)
        if kinds.count(FileKind.CHART_SVG) != charts:
            return f"{run.report.slug} has {charts} charts and {kinds.count(FileKind.CHART_SVG)} drawings"
        for kind in (FileKind.MAIL_HTML, FileKind.TEXT, FileKind.PDF):
            if kind not in kinds:
                return f"{run.report.slug} has no {kind.label}"
    return ""


def _sizes(runs: list[Any]) -> dict[str, int]:
    from reports.models import EditionFile  # noqa: PLC0415

    found: dict[str, int] = {}
    for kind, content in EditionFile.objects.filter(
        edition__in=[run.edition_id for run in runs if run.edition_id]
    ).values_list("kind", "content"):
        found[kind] = found.get(kind, 0) + len(content)
    return found


def _changed() -> dict[str, Any]:
    from core import clock  # noqa: PLC0415
    from portfolio.domain import ledger  # noqa: PLC0415
    from portfolio.models import Account, AccountRole, Booking, EntrySource  # noqa: PLC0415
    from reports.domain import issue  # noqa: PLC0415

    at = clock.now()
    booking = Booking.objects.filter(entity__slug="qos", stage="quoted").earliest("pk")
    booking.price_minor += 100
    booking.save(update_fields=["price_minor"])
    accounts = {
        account.role: account for account in Account.objects.filter(entity=booking.entity).order_by("-code")
    }
    ledger.post(
        entity=booking.entity, on=issue.default_as_of(at), memo="Dock hose",
        lines=(
            ledger.Line(accounts[AccountRole.FIXED_COST], 1234), ledger.Line(accounts[AccountRole.CASH], -1234)
        ),
        source=EntrySource.MANUAL, at=at,
    )  # fmt: skip
    return _issue()


def _limit() -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from core import clock  # noqa: PLC0415
    from reports.domain import issue, oneoff  # noqa: PLC0415

    readings: issue.Readings = {}
    as_of = issue.default_as_of(clock.now())
    with CaptureQueriesContext(connection) as asked:
        for report in oneoff.choose(["all"], None):
            issue.build(report=report, entity=None, as_of=as_of, readings=readings)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            cursor.execute(query["sql"])
            cursor.fetchall()
    return {"taken": time.perf_counter() - began, "wrong": "", "queries": len(asked)}


def _peak() -> int:
    """Return the most memory this process has held, in MB; what it was copied from does not count."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise RuntimeError("This system does not tell a process's peak memory.")


if __name__ == "__main__":
    main()
