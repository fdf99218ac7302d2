"""How long both lenses take over the sample portfolio: from its records to whole documents, without rendering.

The limit is the very same queries, their rows fetched and thrown away. The peer is the plain way to write such
reports in Django: each figure that rests on postings is summed from them by a query of its own. It works out those
figures alone, and none of the tables, findings and comparisons that our side also makes.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import lib

SLUGS = ("ceo", "cfo")


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield the one case: both documents from records."""
    with tempfile.TemporaryDirectory() as folder:
        lib.django_with(Path(folder), sample=True)
        # Models can be imported only once Django is set up.
        from django.db import connection, reset_queries  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        from portfolio.domain import queries  # noqa: PLC0415
        from portfolio.models import Posting  # noqa: PLC0415
        from reports.document import Document, PostingsTrace  # noqa: PLC0415
        from reports.domain import compare, editions, issue, prints  # noqa: PLC0415
        from reports.lenses import LENSES  # noqa: PLC0415
        from reports.metrics import Facts  # noqa: PLC0415
        from reports.models import Report  # noqa: PLC0415

        as_of: dt.date = issue.default_as_of(dt.datetime.now(dt.UTC))
        rows = [Report.objects.get(slug=slug) for slug in SLUGS]

        def document(report: Report) -> Document:
            draft = issue.build(report=report, entity=None, as_of=as_of)
            before = prints.before(report=report, entity=None, as_of=as_of)
            url = editions.url(report=report, number=1)
            return compare.document(draft=draft, report=report, entity=None, number=1, url=url, before=before)

        def ours() -> list[Document]:
            return [document(report) for report in rows]

        documents = ours()
        statements: list[str] = []
        for report in rows:
            with CaptureQueriesContext(connection) as read:
                LENSES[report.lens](Facts(as_of=as_of), zone="America/Los_Angeles", sample="")
            with CaptureQueriesContext(connection) as built:
                issue.build(report=report, entity=None, as_of=as_of)
            with CaptureQueriesContext(connection) as asked:
                document(report)
            statements += [query["sql"] for query in asked.captured_queries]
            taken = []
            for _ in range(5):
                start = time.perf_counter()
                document(report)
                taken.append(time.perf_counter() - start)
            middle = sorted(taken)[2] * 1000
            lib.note(
                f"{report.slug}: {len(read)} queries by the lens (asked for: under 20), {len(built) - len(read)} to see that "
                f"the books stood still meanwhile, {len(asked) - len(built)} to set it beside the edition before; "
                f"{middle:.0f} ms warm (asked for: under 300)"
            )
        connection.force_debug_cursor = False
        reset_queries()

        up_to = {head.entity_id: head.number for made in documents for head in made.books}
        traces = {
            figure.trace
            for made in documents
            for figure in made.figures.values()
            if isinstance(figure.trace, PostingsTrace)
        }
        lib.note(f"the peer sums {len(traces)} of {sum(len(made.figures) for made in documents)} figures")

        def limit() -> None:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                    cursor.fetchall()

        def peer() -> list[int]:
            return [
                trace.sign
                * queries.total(
                    queries.postings(
                        accounts=trace.accounts,
                        first_month=trace.first_month,
                        end_month=trace.end_month,
                        until=trace.until,
                        up_to=up_to,
                        cash_only=trace.cash_only,
                        side=trace.side,
                        bookings=trace.bookings,
                    )
                )
                for trace in traces
            ]

        yield lib.Case(
            name="sample",
            unit="ms",
            n=Posting.objects.count(),
            ours=ours,
            peer=peer,
            limit=limit,
            rounds=size.choose(quick=10, standard=40),
        )
        connection.close()
