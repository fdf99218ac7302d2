"""The forms an edition is issued in: mail, plain text, PDF, and its charts as drawn by day.

What is not needed at issue is made later from these: see `reports.domain.late`.
"""

from dataclasses import dataclass

from reports.document import Document
from reports.models import FileKind
from reports.render import charts, html_mail, pdf, text


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


def render(document: Document) -> tuple[File, ...]:
    """Return every form an edition is issued in; each chart is drawn once, and the PDF sets that drawing."""
    drawn = {chart.name: charts.draw(chart) for chart in document.charts}
    stem = f"{document.head.report}-{document.number}"
    return (
        File(
            FileKind.MAIL_HTML,
            f"{stem}.html",
            "text/html; charset=utf-8",
            html_mail.render(document, chart_cid=content_id).encode(),
        ),
        File(FileKind.TEXT, f"{stem}.txt", "text/plain; charset=utf-8", text.render(document).encode()),
        File(FileKind.PDF, f"{stem}.pdf", "application/pdf", pdf.render(document, charts=drawn)),
        *(
            File(FileKind.CHART_SVG, f"{name}.svg", "image/svg+xml", drawing)
            for name, drawing in drawn.items()
        ),
    )
