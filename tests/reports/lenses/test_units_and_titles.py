"""What every lens owes its reader: a prior for each key figure, a unit for each number of a table, a title for each chart."""

import re

import pytest

from reports.document import Chart, Document, Figure, Table, Unit
from reports.lenses import LENSES
from tests.reports.sample_case import first_edition

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("sample")]

# These print a number alone, so that words around it say of what; all others print their unit with it.
BARE = (Unit.COUNT, Unit.SCORE, Unit.INDEX)
MONTH = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{4}", re.IGNORECASE)


def words(*texts: str) -> set[str]:
    """Return the stems of the words that say something, without months and small words."""
    said = MONTH.sub("", " ".join(texts)).casefold()
    return {word[:4] for word in re.findall(r"[^\W\d_]{3,}", said) if word not in SMALL}


SMALL = {
    "the",
    "and",
    "for",
    "that",
    "with",
    "its",
    "are",
    "was",
    "not",
    "last",
    "far",
    "all",
    "twelve",
    "months",
}


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_each_key_figure_says_what_it_was_before_or_why_nothing(lens: str) -> None:
    document = first_edition(lens)
    for kpi in document.kpis:
        was = document.figures[kpi.prior]
        assert was.value is not None or was.missing, kpi.figure
        assert kpi.change or was.value is None, kpi.figure


def _tables(document: Document) -> list[Table]:
    return [block for part in document.sections for block in part.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_each_number_of_a_table_has_a_unit_or_words_that_say_what_is_counted(lens: str) -> None:
    document, silent = first_edition(lens), []
    for table in _tables(document):
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                figure = document.figures.get(cell.figure)
                if figure is None or figure.unit not in BARE:
                    continue
                around = words(table.title, column.label, row.cells[0].text)
                if not around & words(figure.label):
                    silent.append((table.title, column.label, figure.label))
    assert list(dict.fromkeys(silent)) == []


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_a_column_of_numbers_is_of_one_unit_or_each_row_says_its_own(lens: str) -> None:
    document, mixed = first_edition(lens), []
    for table in _tables(document):
        for place, column in enumerate(table.columns):
            found: list[Figure] = [
                document.figures[row.cells[place].figure] for row in table.rows if row.cells[place].figure
            ]
            units = {figure.unit for figure in found}
            bare = units & set(BARE)
            if len(bare) > 1 or len({figure.currency for figure in found}) > 1:
                mixed.append((table.title, column.label, units))
    assert mixed == []


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_each_chart_says_what_it_shows_and_stands_in_words_too(lens: str) -> None:
    document = first_edition(lens)
    charts = [block for part in document.sections for block in part.blocks if isinstance(block, Chart)]
    assert len({chart.name for chart in charts}) == len(charts)
    assert len({chart.title for chart in charts}) == len(charts)
    for chart in charts:
        assert len(chart.title.split()) >= 3, chart.title
        assert chart.alt.endswith("."), chart.title
        assert chart.alt.rstrip(".") != chart.title, chart.title
        assert re.search(r"\d|\bno\b|\bnot\b|\bnone\b", chart.alt, re.IGNORECASE), chart.alt
