"""Statements of the sample portfolio tie with each other, with their files and with the postings behind each figure."""

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pypdf
import pytest

from core import months
from portfolio.domain import statement_views
from portfolio.domain.statement_columns import Asked, By, Compare, Form
from portfolio.domain.statement_views import Statement
from portfolio.models import Entity
from portfolio.render import statements_files
from portfolio.render.statements import Style, Table, written
from tests.portfolio.conftest import AT

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("sample_records")]

FIRST, LAST = months.parse("2026-06"), months.parse("2026-11")


def made(form: Form, *slugs: str, by: By = By.TOTAL, compare: Compare = Compare.NOTHING) -> Statement:
    entities = Entity.objects.order_by("slug")
    chosen = entities.filter(slug__in=slugs) if slugs else entities
    return Statement(entities=list(chosen), asked=Asked(form, FIRST, LAST, by, compare))


def cells(statement: Statement, key: str) -> tuple[int | None, ...]:
    return next(one.line.cells for one in statement.lines if one.line.key == key)


@pytest.mark.parametrize("slugs", [("qos",), ()], ids=["one entity", "all together"])
@pytest.mark.parametrize("by", [By.QUARTER, By.ENTITY])
def test_statements_prove_themselves(slugs: tuple[str, ...], by: By) -> None:
    if slugs and by is By.ENTITY:
        by = By.MONTH
    balance = made(Form.BALANCE, *slugs, by=by)
    assert cells(balance, "assets") == cells(balance, "both")
    assert "Assets equal liabilities and equity in each column." in balance.notes

    trial = made(Form.TRIAL, *slugs, by=by)
    total = cells(trial, "total")
    assert total[::2] == total[1::2]
    assert any(total)

    cash = made(Form.CASH, *slugs, by=by)
    assert any(note.startswith("Proof: ") for note in cash.notes)
    opening, change, closing = (cells(cash, key) for key in ("opening", "change", "closing"))
    assert [a + b for a, b in zip(opening, change, strict=True)] == list(closing)  # type: ignore[operator]

    income = made(Form.INCOME, *slugs, by=by)
    earned = cells(income, "result")
    if by is not By.ENTITY:
        assert sum(earned[:-1]) == earned[-1]  # type: ignore[arg-type]


def test_what_entities_owe_each_other_is_taken_off_when_both_sides_booked_it() -> None:
    apart, together = made(Form.BALANCE, by=By.ENTITY), made(Form.BALANCE)
    due, owed = cells(apart, "1300"), cells(apart, "2300")

    assert sum(due[:-2]) == sum(owed[:-2]) > 0  # type: ignore[arg-type]
    assert due[-2:] == owed[-2:] == (-sum(due[:-2]), 0)  # type: ignore[arg-type]
    keys = {one.line.key for one in together.lines}
    assert not keys & {"1300", "2300", "between"}
    assert cells(together, "assets")[0] == cells(apart, "assets")[-1]
    for key in ("assets", "liabilities", "equity"):
        row = cells(apart, key)
        assert sum(row[:-1]) == row[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("form", list(Form))
def test_every_figure_is_the_sum_of_its_postings(form: Form) -> None:
    for statement in (
        made(form, "qos", by=By.QUARTER, compare=Compare.YEAR),
        made(form, "qos"),
        made(form, by=By.ENTITY),
    ):
        followed = 0
        for one in statement.lines:
            for at in range(len(one.line.cells)):
                if statement.leads(one.line, at):
                    figure = statement.figure(key=one.line.key, at=at)
                    assert figure is not None, (one.line.key, at)
                    assert figure.sign * statement_views.total(figure.postings) == figure.amount_minor
                    followed += 1
        assert followed > 5


@pytest.mark.parametrize("form", list(Form))
def test_all_files_hold_the_same_figures(form: Form) -> None:
    table = made(form, by=By.ENTITY).table()
    shown = [line for line in table.lines if line.style is not Style.HEADING]
    wanted = [[None if cell is None else Decimal(cell) / 100 for cell in line.cells] for line in shown]

    rows = list(csv.reader(io.StringIO(statements_files.as_csv(table).decode("utf-8-sig"))))
    assert [[Decimal(cell) for cell in row[2:]] for row in rows[1:] if len(row) > 2] == wanted

    (sheet,) = openpyxl.load_workbook(io.BytesIO(statements_files.as_xlsx(table))).worksheets
    values = list(sheet.iter_rows(min_row=6, max_row=5 + len(table.lines), min_col=3, values_only=True))
    found = [[round(Decimal(str(cell)), 2) for cell in row] for row in values if row[0] is not None]
    assert found == wanted

    said = json.loads(statements_files.as_json(table))
    assert [[Decimal(c) for c in line["cells"]] for line in said["lines"] if line["cells"]] == wanted

    paper = pypdf.PdfReader(io.BytesIO(statements_files.as_pdf(table, at=AT)))
    printed = " ".join(page.extract_text() for page in paper.pages).split()
    for line in shown:
        for cell, head in zip(line.cells, table.heads, strict=True):
            assert written(cell, head.kind, table.currency) in printed
    assert statements_files.as_pdf(table, at=AT) == statements_files.as_pdf(table, at=AT)


def test_paper_says_whose_what_when_and_from_which_entry() -> None:
    table: Table = made(Form.INCOME, "qos", by=By.MONTH).table()
    paper = pypdf.PdfReader(io.BytesIO(statements_files.as_pdf(table, at=AT)))
    text = " ".join(" ".join(page.extract_text() for page in paper.pages).split())

    assert paper.metadata is not None
    assert paper.metadata.title == "QueenofSanDiego: Income statement"
    assert "Jun – Nov 2026" in text
    assert f"entry {table.seals[0].number}, chain {table.seals[0].hash[:16]}" in text
    assert "Page 1 of" in text
    assert float(paper.pages[0].mediabox.width) > float(paper.pages[0].mediabox.height)
    assert table.file == "qos-income-2026-06-to-2026-11"


def test_an_unfinished_period_is_headed_as_far_as_it_has_come_in_every_file() -> None:
    qos, today = list(Entity.objects.filter(slug="qos")), dt.date(2026, 11, 10)
    year = months.parse("2026-01")
    asked = Asked(Form.INCOME, year, year + 11, compare=Compare.YEAR, today=today)
    table = Statement(entities=qos, asked=asked).table()
    said = "1 January to 10 November 2026, so far"
    assert table.period == said
    assert table.notes[-1] == (
        "The period is not over: the books are read as of 10 November 2026; what stands beside them is of whole months."
    )
    assert said in statements_files.as_csv(table).decode("utf-8-sig")
    assert json.loads(statements_files.as_json(table))["period"] == said
    (sheet,) = openpyxl.load_workbook(io.BytesIO(statements_files.as_xlsx(table))).worksheets
    assert sheet["A3"].value == f"{said}, USD"
    paper = pypdf.PdfReader(io.BytesIO(statements_files.as_pdf(table, at=AT)))
    assert said in " ".join(paper.pages[0].extract_text().split())

    balance = Statement(entities=qos, asked=replace(asked, form=Form.BALANCE, by=By.QUARTER)).table()
    assert balance.period == "At 10 November 2026"
    assert [head.label for head in balance.heads][:5] == [
        "31 Mar 2026", "30 Jun 2026", "30 Sep 2026", "10 Nov 2026", "31 Dec 2025",
    ]  # fmt: skip
    # What stood when the books had begun is whole, although the year before it is not.
    assert not any("not whole" in note for note in balance.notes)
    assert any("not whole" in note for note in table.notes)
    for first, last, period in ((year - 12, year + 10, "1 January 2025 to 10 November 2026, so far"), (year, year + 9, "Jan – Oct 2026"), (year + 12, year + 12, "Jan 2027")):  # fmt: skip
        ended = replace(asked, first=first, last=last, compare=Compare.NOTHING)
        assert Statement(entities=qos, asked=ended).table().period == period
