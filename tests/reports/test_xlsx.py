"""The workbook of an edition, read back with openpyxl: numbers, dates and words, and the same bytes each time."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.cell import Cell as BookCell

from reports.document import Axis, Cell, Chart, Column, Document, Figure, Row, Section, Table, Unit
from reports.domain import late
from reports.lenses import LENSES
from reports.models import EditionFile, FileKind, Report
from reports.render import xlsx
from tests.factories.reports import ISSUED_AT, an_edition
from tests.reports.conftest import as_
from tests.reports.render.fixture import HOSTILE, URL, document, empty_document, figure
from tests.reports.sample_case import AT, first_edition

# What a unit's whole is in its figures' steps.
WHOLES = {Unit.PERCENT: 10_000, Unit.MONEY: 100, Unit.POINTS: 100, Unit.MONTHS: 100, Unit.DAYS: 10, Unit.NIGHTS: 10,
          Unit.RATIO: 100, Unit.SCORE: 100, Unit.MILES: 10, Unit.GIGABYTES: 100}  # fmt: skip


def read(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def written(of: Document) -> Workbook:
    return read(xlsx.render(of, at=ISSUED_AT))


def formulas(content: bytes) -> list[str]:
    """Return what a workbook would compute, in any of its files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [
            name
            for name in archive.namelist()
            if re.search(rb"<f[ >]|<definedName[^>]*>=", archive.read(name))
        ]


def steps(cell: BookCell, unit: Unit) -> int:
    """Return a cell's number in the steps of its unit."""
    if isinstance(cell.value, dt.timedelta):
        return round(cell.value.total_seconds() / 60)
    assert cell.data_type == "n", cell.value
    return int(round(Decimal(str(cell.value)) * WHOLES.get(unit, 1), 6))


def tables_of(of: Document, book: Workbook) -> Iterator[tuple[Table, list[tuple[BookCell, ...]]]]:
    """Return each table of an edition's sections with its rows in the workbook."""
    sheets = iter(book.worksheets[3:])
    for section in of.sections:
        rows = list(next(sheets).iter_rows())
        at = 2
        for table in (block for block in section.blocks if isinstance(block, Table)):
            at = next(n for n, row in enumerate(rows) if n >= at and row[0].value == table.title.strip())
            yield table, rows[at + 2 : at + 2 + len(table.rows)]


@pytest.fixture(scope="module")
def content() -> bytes:
    return xlsx.render(document(), at=ISSUED_AT)


@pytest.fixture(scope="module")
def book(content: bytes) -> Workbook:
    return read(content)


pytestmark = pytest.mark.once


class TestByHand:
    def test_its_sheets_follow_the_edition_and_its_contents_lead_to_each(self, book: Workbook) -> None:
        names = book.sheetnames
        assert names[:3] == ["Contents", "Headline and key figures", "What changed"]
        assert names[-4:] == ["Findings", "Decisions", "Actions", "Definitions"]
        assert all(0 < len(name) <= 31 and not set("[]:*?/\\") & set(name) for name in names)
        links = [cell for row in book["Contents"].iter_rows() for cell in row if cell.hyperlink]
        assert links[0].hyperlink.target == URL
        assert [link.hyperlink.location for link in links[1:]] == [
            "'{}'!A1".format(name.replace("'", "''")) for name in names[1:]
        ]

    def test_a_key_figure_is_a_number_with_its_unit_and_how_it_is_known(self, book: Workbook) -> None:
        sheet = book["Headline and key figures"]
        heads = [cell.value for cell in sheet[4]]
        rows = {
            row[0].value: dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=5, max_row=14)
        }
        revenue = rows["Revenue"]
        assert revenue["Value"].value == 18342.5
        assert revenue["Value"].number_format == "#,##0.00;-#,##0.00"
        assert (revenue["Unit"].value, revenue["Before"].value, revenue["Target"].value) == (
            "USD",
            16500,
            20000,
        )
        assert revenue["Change"].value == 0.1117
        assert revenue["Change"].number_format == "+0.0 %;-0.0 %;0.0 %"
        assert revenue["How it is known"].value == "unreconciled"
        assert revenue["Where it comes from"].hyperlink.target.startswith(f"{URL}figures/revenue.portfolio")
        assert rows["Contribution per charter"]["How it is known"].value == "modelled"
        assert rows["Runway"]["Value"].value == 5.06
        assert rows["Runway"]["Unit"].value == "months"

    def test_what_has_no_value_says_why_and_is_never_nought(self, book: Workbook) -> None:
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        missing = [cell for cell in cells if cell.value == "not tracked since Nov 2025"]
        assert missing
        assert {cell.data_type for cell in missing} == {"s"}

    def test_a_column_says_its_unit_and_its_rows_sum_to_the_total(self, book: Workbook) -> None:
        ((table, rows),) = [found for found in tables_of(document(), book) if found[0].title == "Sixty lines"]
        sheet = rows[0][0].parent
        assert [cell.value for cell in sheet[rows[0][0].row - 1]][:2] == ["Line", "Amount (USD)"]
        *lines, total = [row[1].value for row in rows]
        assert sum(Decimal(str(value)) for value in lines) == Decimal(str(total)) == Decimal("218506.50")
        assert rows[-1][1].font.bold
        assert not rows[0][1].font.bold
        assert len(table.rows) == 61

    def test_dates_are_dates_and_ages_are_days(self, book: Workbook) -> None:
        findings, actions = book["Findings"], book["Actions"]
        assert isinstance(findings["F5"].value, dt.datetime)
        assert findings["F5"].number_format == "d mmm yyyy"
        assert isinstance(findings["G5"].value, int)
        assert {row[2].is_date for row in actions.iter_rows(min_row=5)} == {True}
        assert book["Contents"]["B5"].value.date() == dt.date(2026, 11, 10)

    def test_heads_stay_in_sight_and_are_printed_on_each_page(self, book: Workbook) -> None:
        for sheet in book.worksheets:
            assert sheet.freeze_panes is not None
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.print_title_rows or sheet.max_row == 1, sheet.title
        assert book["Definitions"].freeze_panes == "B6"
        assert book["Definitions"].print_title_rows == "$1:$5"

    def test_nothing_a_person_typed_is_computed_or_lost(self, content: bytes, book: Workbook) -> None:
        assert formulas(content) == []
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
        assert sum(HOSTILE in str(cell.value) for cell in cells) >= 5

    def test_the_same_edition_gives_the_same_bytes_dated_by_its_issue(
        self, content: bytes, book: Workbook
    ) -> None:
        assert xlsx.render(document(), at=ISSUED_AT) == content
        naive = ISSUED_AT.replace(tzinfo=None)
        assert book.properties.created == book.properties.modified == naive
        assert book.properties.title == "CEO: operational audit, edition 12"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {item.date_time for item in archive.infolist()} == {naive.timetuple()[:6]}

    def test_an_edition_without_anything_is_a_workbook_that_says_so(self) -> None:
        book = written(empty_document())
        words = [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert "This report has no key figures." in words
        assert "No findings: every rule of this report came out clean." in words
        assert "There is no action on the agenda." in words


def with_table(title: str, columns: list[str], rows: list[list[Any]], figures: list[Figure] = []) -> Document:  # noqa: B006
    """Return the edition with one section of one table; a cell is a text or a figure of these."""
    table = Table(
        title,
        tuple(Column(label) for label in columns),
        tuple(
            Row(tuple(Cell(figure=cell.key) if isinstance(cell, Figure) else Cell(cell) for cell in row))
            for row in rows
        ),
    )
    whole = document()
    known = {**whole.figures, **{item.key: item for row in rows for item in row if isinstance(item, Figure)}}
    return replace(whole, sections=(Section("x", title, (table,)),), figures=known)


def cells(of: Document) -> list[list[BookCell]]:
    return [list(row) for row in written(of).worksheets[3].iter_rows(min_row=6)]


class TestCells:
    def test_each_unit_has_its_number_and_format(self) -> None:
        made = [
            (figure("a", "A", -123456), -1234.56, '#,##0.00" USD"'),
            (replace(figure("j", "J", 1200), currency="JPY"), 1200, '#,##0" JPY"'),
            (figure("b", "B", 1234567, Unit.COUNT), 1234567, "#,##0"),
            (figure("c", "C", 6613, Unit.PERCENT), 0.6613, "0.0 %"),
            (figure("d", "D", -833, Unit.POINTS), -8.33, '#,##0.0" points"'),
            (figure("e", "E", 55, Unit.DAYS), 5.5, '#,##0.0" days"'),
            (figure("w", "W", 390, Unit.DAYS), 39, '#,##0" days"'),
            (figure("o", "O", 10, Unit.NIGHTS), 1, '#,##0" night"'),
            (figure("g", "G", 150, Unit.RATIO), 1.5, '#,##0.00"×"'),
            (figure("h", "H", 100, Unit.MINUTES), dt.timedelta(minutes=100), "[h]:mm"),
            (figure("i", "I", 250, Unit.MILLIS), 250, '#,##0" ms"'),
            (figure("m", "M", 12345, Unit.MILES), 1234.5, '#,##0.0" nm"'),
            (figure("k", "K", -40, Unit.INDEX), -40, "#,##0"),
        ]
        rows = cells(with_table("Units", ["What", "Now"], [[item.label, item] for item, _, _ in made]))
        for (item, value, shown), row in zip(made, rows, strict=True):
            assert row[1].value == value, item.unit
            assert row[1].number_format.split(";")[0] == shown, item.unit

    def test_a_number_longer_than_a_spreadsheet_keeps_stays_whole_as_text(self) -> None:
        ((_, cell),) = cells(with_table("Long", ["What", "Now"], [["All", figure("a", "A", 10**17 + 1)]]))
        assert (cell.value, cell.data_type) == ("1,000,000,000,000,000.01", "s")

    def test_text_that_would_do_harm_stays_text(self) -> None:
        typed = [
            "=1+1",
            "+31 6",
            "-5",
            "@now",
            "\x00bell\x07",
            "lone \ud800",
            "_x0041_",
            "a\r\nb",
            "x" * 40_000,
            "3 Nov 2026",
            "Tue 3 Nov 2026",
            "3 Nov",
        ]
        rows = cells(with_table("A/B:C*?[x]\\ " * 4, ["Typed", "Note"], [[text, "n"] for text in typed]))
        found = [row[0].value for row in rows]
        assert found[:8] == [
            "=1+1", "+31 6", "-5", "@now", "\ufffdbell\ufffd", "lone \ufffd", "_x005F_x0041_", "a\nb",
        ]  # fmt: skip
        assert len(found[8]) == 32_767
        assert found[8].endswith("…")
        assert {row[0].data_type for row in rows[:9]} == {"s"}
        assert [value.date() for value in found[9:11]] == [dt.date(2026, 11, 3)] * 2
        assert found[11] == "3 Nov"

    def test_words_instead_of_a_number_stand_where_it_would(self) -> None:
        missing = figure("m", "M", None, missing="not tracked")
        rows = cells(with_table("Mixed", ["What", "Now"], [["A", figure("a", "A", 100)], ["B", missing]]))
        assert [row[1].alignment.horizontal for row in rows] == ["right", "right"]
        assert (rows[1][1].value, rows[1][1].font.italic) == ("not tracked", True)

    def test_a_chart_s_numbers_are_a_table(self) -> None:
        (chart,) = [
            block
            for section in document().sections
            for block in section.blocks
            if isinstance(block, Chart) and block.spec.axis is Axis.MONTH
        ][:1]
        sheet = next(
            sheet
            for sheet in written(document()).worksheets
            if any(row[0].value == f"Chart: {chart.title}" for row in sheet.iter_rows())
        )
        rows = list(sheet.iter_rows())
        at = next(n for n, row in enumerate(rows) if row[0].value == f"Chart: {chart.title}")
        drawn = chart.spec.series[0].values
        found = [row[1] for row in rows[at + 2 : at + 2 + len(drawn)]]
        for cell, value in zip(found, drawn, strict=True):
            assert cell.value == "not tracked" if value is None else steps(cell, chart.spec.unit) == value


@pytest.mark.usefixtures("sample")
@pytest.mark.django_db
class TestTheSample:
    @pytest.mark.parametrize("lens", LENSES)
    def test_every_figure_of_every_table_is_in_its_cell(self, lens: str) -> None:
        of = first_edition(lens)
        content = xlsx.render(of, at=AT)
        assert formulas(content) == []
        seen = 0
        for table, rows in tables_of(of, read(content)):
            for row, found in zip(table.rows, rows, strict=True):
                for cell, told in zip(row.cells, found, strict=False):
                    if not cell.figure:
                        continue
                    seen += 1
                    known = of.figures[cell.figure]
                    if known.value is None:
                        assert told.value == (known.missing or "n/a")
                    else:
                        assert steps(told, known.unit) == known.value, (table.title, cell.figure)
        assert seen > 15


@pytest.mark.django_db
class TestKept:
    def test_it_is_made_at_first_asking_and_is_those_bytes_from_then_on(
        self, ceo: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edition = an_edition(ceo)
        first = late.file(edition=edition, kind=FileKind.XLSX)
        assert first is not None
        monkeypatch.setattr(xlsx, "render", lambda *_, **__: pytest.fail("It was made again."))
        again = late.file(edition=edition, kind=FileKind.XLSX)
        assert again == first
        assert EditionFile.objects.filter(edition=edition, kind=FileKind.XLSX).count() == 1
        assert late.file(edition=an_edition(ceo, number=2, bare=True), kind=FileKind.PDF) is None

    def test_whoever_may_read_the_edition_has_it_from_its_page(
        self, ceo: Report, owner: Any, reader: Any
    ) -> None:
        edition = an_edition(ceo)
        address = f"/reports/ceo/{edition.number}/report.xlsx"
        answer = as_(owner).get(address)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].endswith(f'filename="ceo-{edition.number}.xlsx"')
        assert read(answer.content).sheetnames[0] == "Contents"
        assert address in as_(owner).get(f"/reports/ceo/{edition.number}/").content.decode()
        assert as_(reader).get(address).status_code == 404
