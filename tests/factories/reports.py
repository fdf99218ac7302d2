"""Editions as a lens would leave them, made by hand: small, and every kind of trace in them."""

import datetime as dt
import hashlib
import json

from portfolio.models import Entity
from reports import document as documents
from reports.document import (
    Badge,
    Bullets,
    Cell,
    Change,
    Changes,
    Column,
    Definition,
    Document,
    Figure,
    FormulaTrace,
    Head,
    Kpi,
    RowsTrace,
    Section,
    Source,
    Table,
    TraceRow,
    Unit,
)
from reports.document import Row as TableRow
from reports.models import Edition, EditionFile, FileKind, Report

ISSUED_AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)


def a_document(*, number: int = 1, slug: str = "ceo", entity: str = "The whole portfolio") -> Document:
    """Return a document with two measured figures, their sum, and one that is not tracked."""
    rows = (
        TraceRow("Charter A", 210_000, on=dt.date(2026, 10, 3)),
        TraceRow("Charter B", 190_050, on=dt.date(2026, 10, 17)),
    )
    figures = {
        figure.key: figure
        for figure in (
            Figure(
                "revenue.qos",
                "revenue",
                "Revenue",
                Unit.MONEY,
                400_050,
                Badge.MEASURED,
                RowsTrace(rows),
                "QueenofSanDiego",
                "Oct 2026",
            ),
            Figure(
                "revenue.dc",
                "revenue",
                "Revenue",
                Unit.MONEY,
                0,
                Badge.MEASURED,
                RowsTrace(()),
                "DangerousCentaur",
                "Oct 2026",
            ),
            Figure(
                "revenue.all",
                "total",
                "Revenue",
                Unit.MONEY,
                400_050,
                Badge.MEASURED,
                FormulaTrace("total", ("revenue.qos", "revenue.dc")),
                "the portfolio",
                "Oct 2026",
            ),
            Figure(
                "csat",
                "csat",
                "Satisfaction",
                Unit.SCORE,
                None,
                Badge.ENTERED,
                RowsTrace(()),
                "QueenofSanDiego",
                "2026-11-10",
                missing="not tracked since the first charter",
            ),
        )
    }
    table = Table(
        "Revenue by entity",
        (Column("Entity"), Column("Revenue")),
        (TableRow((Cell(entity), Cell(figure="revenue.all"))),),
    )
    return Document(
        head=Head(
            report=slug,
            title="CEO: operational audit",
            reader="Chief executive",
            entities=entity,
            period="Oct 2026",
            as_of=dt.date(2026, 11, 10),
            zone="America/Los_Angeles",
            ledger="open",
            sources=(Source("Bank", dt.date(2026, 11, 9), stale=False),),
        ),
        number=number,
        url=f"http://testserver/reports/{slug}/{number}/",
        headline=((Cell("Revenue was "), Cell(figure="revenue.all"), Cell(".")),),
        actions=(),
        changes=Changes(since="no. 1", figures=(Change("Revenue", "$3,000", Cell(figure="revenue.all")),)),
        kpis=(Kpi("revenue.all"), Kpi("csat")),
        sections=(Section("revenue", "Revenue", (table, Bullets(((Cell("One line."),),)))),),
        findings=(),
        decisions=(),
        definitions=(Definition("revenue", "Revenue", "sum of revenue postings", "money", "journal"),),
        figures=figures,
    )


def an_edition(
    report: Report, *, number: int = 1, entity: Entity | None = None, bare: bool = False
) -> Edition:
    """Keep an edition with its files, as older ones were issued; a bare one has none."""
    document = a_document(
        number=number, slug=report.slug, entity=entity.name if entity else "The whole portfolio"
    )
    plain = documents.dump(document)
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    edition = Edition.objects.create(
        report=report,
        number=number,
        entity=entity,
        as_of=dt.date(2026, 11, 10),
        issued_at=ISSUED_AT + dt.timedelta(hours=number),
        document=plain,
        sha256=hashlib.sha256(canonical).hexdigest(),
    )
    if bare:
        return edition
    for kind, name, media_type, content in (
        (FileKind.TEXT, "edition.txt", "text/plain; charset=utf-8", b"CEO: operational audit\n"),
        (FileKind.PDF, "edition.pdf", "application/pdf", b"%PDF-1.7 made by hand"),
        (FileKind.CHART_SVG, "burn.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (
            FileKind.CHART_SVG,
            "burn.dark.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' id='d'/>",
        ),
        (
            FileKind.MAIL_HTML,
            "mail.html",
            "text/html; charset=utf-8",
            b"<html><head></head><body>CEO</body></html>",
        ),
    ):
        EditionFile.objects.create(
            edition=edition,
            kind=kind,
            name=name,
            media_type=media_type,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
        )
    return edition
