"""The forms an edition is issued in: mail, plain text, PDF, and its charts as drawn by day.

What is not needed at issue is made later from these: see `reports.domain.late`.
"""

import functools
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from reports.document import Document
from reports.models import FileKind
from reports.render import charts, html_mail, pdf, text
from reports.render.frame import Frame


@dataclass(frozen=True, slots=True)
class File:
    """One rendered form, before it is kept."""

    kind: FileKind
    name: str
    media_type: str
    content: bytes


def content_id(chart: str) -> str:
    """Return the content id of a chart's image in the mail."""
    return f"chart-{chart}"


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of an edition while its PDF is being set; ``written`` writes its mail and its plain text."""

    written: Callable[[], tuple[File, ...]]
    drawn: tuple[File, ...]
    pages: Future[bytes]
    name: str

    def files(self) -> tuple[File, ...]:
        """Write what is to be written, and return every form once the PDF is there.

        Raises:
            PdfError: it could not be set, with the reason.
        """
        written = self.written()
        pdf = File(FileKind.PDF, self.name, "application/pdf", self.pages.result())
        return (*written, pdf, *self.drawn)


@functools.cache
def _press_of(process: int) -> ThreadPoolExecutor:
    """Return the one thread of a process that sets pages: the press takes one at a time, and a fork has no threads."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"press-{process}")


def render(document: Document) -> tuple[File, ...]:
    """Return every form an edition is issued in; each chart is drawn once, and the PDF sets that drawing."""
    return begin(document).files()


def begin(document: Document) -> Forms:
    """Draw an edition's charts and have its PDF set meanwhile, on a thread that reads and writes no record."""
    drawn = {chart.name: charts.draw(chart) for chart in document.charts}
    stem = f"{document.head.report}-{document.number}"
    frame = Frame(document)
    pages = _press_of(os.getpid()).submit(pdf.prepare(document, charts=drawn, frame=frame))

    def written() -> tuple[File, ...]:
        mail = html_mail.render(document, chart_cid=content_id, frame=frame)
        words = text.render(document, frame=frame)
        return (
            File(FileKind.MAIL_HTML, f"{stem}.html", "text/html; charset=utf-8", mail.encode()),
            File(FileKind.TEXT, f"{stem}.txt", "text/plain; charset=utf-8", words.encode()),
        )

    return Forms(
        written,
        tuple(
            File(FileKind.CHART_SVG, f"{name}.svg", "image/svg+xml", drawing)
            for name, drawing in drawn.items()
        ),
        pages,
        f"{stem}.pdf",
    )
