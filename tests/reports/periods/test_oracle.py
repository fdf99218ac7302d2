"""The six weeks, twelve months and box of every case of the oracle in `wbr/` (Apache-2.0, see its LICENSE.md)."""

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import months
from reports.document import Row, TraceRow, Unit
from reports.lenses import six_twelve
from reports.metrics import REGISTRY, Better, Desk, Facts, Scope
from reports.metrics.registry import Aggregate, Answer, Metric
from tests.factories.portfolio import EntityFactory

pytestmark = [pytest.mark.once, pytest.mark.django_db]

DATA = Path(__file__).parent / "wbr"
# The oracle's values have up to five decimals; ours are whole steps.
STEP = 100_000
# What the oracle's metrics read, where that is not the column of their name, and how days make a longer run.
COLUMNS = {
    "PageViewsFiscal": ("PageViews", Aggregate.SUM),
    "PageViewsTrailing": ("PageViews", Aggregate.SUM),
    "PageViews": ("PageViews", Aggregate.SUM),
    "Total_PMs": ("Total_PMs", Aggregate.LAST),
    "Total_PMsv2": ("Total_PMsv2", Aggregate.LAST),
    "MRR": ("MRR", Aggregate.LAST),
    "TotalPMs_TARGET": ("Total_PMs_Target", Aggregate.FIRST),
    "MRR_TARGET": ("MRR_Target", Aggregate.LAST),
}


def cases() -> Iterator[Any]:
    for file in sorted(DATA.glob("*/testconfig.yml")):
        for found in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            case = found["test"]
            yield pytest.param(file.parent, case, id=f"{file.parent.name}.{case['test_case_no']}")


def day(text: str) -> dt.date:
    for form in ("%a, %d-%b-%Y", "%m/%d/%y", "%d-%b-%Y"):
        try:
            return dt.datetime.strptime(text.title() if form == "%d-%b-%Y" else text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError(text)


Values = dict[dt.date, int | None]


def values_of(folder: Path, column: str) -> Values:
    with (folder / "original.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Date"]]
    return {
        day(row["Date"]): int(Decimal(row[column].replace(",", "")) * STEP) if row[column] else None
        for row in rows
    }


def a_metric(values: Values, aggregate: Aggregate) -> Metric:
    """Return a metric whose records are the oracle's days."""

    def between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
        rows = [
            TraceRow("", value, on=on)
            for on, value in values.items()
            if first <= on <= last and value is not None
        ]
        return (
            desk.folded(aggregate.value, rows, undefined="no value")
            if rows
            else desk.absent("not tracked on these days")
        )

    def month_of(desk: Desk, scope: Scope, month: int) -> Answer:
        return between(desk, scope, months.first_day(month), months.last_day(month))

    return Metric(
        "wbr",
        "What is counted",
        Unit.COUNT,
        "Days",
        "Days",
        True,
        month_of,
        Better.NEITHER,
        aggregate,
        between,
    )


def shown(values: list[int | None], unit: int = STEP) -> list[float]:
    return [float("nan") if value is None else value / unit for value in values]


def expected(values: list[float]) -> object:
    return pytest.approx(values, abs=0.0051, nan_ok=True)


@pytest.mark.parametrize(("folder", "case"), list(cases()))
def test_a_block_prints_what_the_oracle_says(
    folder: Path, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, ends = day(case["week_ending"]), dt.datetime.strptime(case["fiscal_year_end_month"], "%b").month  # noqa: DTZ007
    column, aggregate = COLUMNS[case["metric_name"]]
    values = values_of(folder, column)
    monkeypatch.setitem(REGISTRY, "wbr", a_metric(values, aggregate))
    EntityFactory(fiscal_year_ends=ends)
    desk, fiscal = (
        Desk(Facts(as_of=ending), month=months.month_of(ending) - 1),
        case["x_axis_monthly_display"] == "fiscal_year",
    )

    table = six_twelve.table(desk, "wbr")
    columns = [column.label for column in table.columns]

    def down(label: str, rows: tuple[Row, ...]) -> list[int | None]:
        """Return what a column prints; one of the year before is left out where the records do not go back to it."""
        if label not in columns:
            return [None for _ in rows]
        cells = (row.cells[columns.index(label)] for row in rows)
        return [desk.figures[cell.figure].value if cell.figure else None for cell in cells]

    weeks = table.rows[:6]
    # Of what stands on a day, month, quarter and year so far are the same and printed once.
    box = (weeks[-1], *(table.rows[6:] if len(table.rows) == 9 else table.rows[6:] * 3))
    assert weeks[-1].cells[0].text == f"Week to {ending:%-d %b}"
    assert shown(down("Value", weeks)) == expected(case["cy_6_weeks"])
    assert shown(down("Year before", weeks)) == expected(case["py_6_weeks"])
    assert shown(down("Value", box)) == expected([case["box_totals"][at] for at in (0, 3, 5, 7)])
    changes = [*down("Week on week", weeks[-1:]), *down("Year on year", box)]
    # The oracle writes 0.0 where there is nothing to compare with; ours has no change there.
    said = [case["box_totals"][at] for at in (1, 2, 4, 6, 8)]
    assert shown([found or 0 for found in changes], 100) == expected(said)

    spans = six_twelve.spans(desk, fiscal=fiscal)
    of_months = six_twelve.by_month(desk, "wbr", None, spans)
    assert [months.label(entry.month).split()[0] for entry in of_months] == case["x_axis"][6:]
    assert shown([entry.now for entry in of_months]) == expected(case["cy_monthly"])
    assert shown([entry.before for entry in of_months]) == expected(case["py_monthly"])

    # The oracle's frames: from the first of the twelve last months to the end of the fiscal year, as far as days are known.
    began, newest = six_twelve.spans(desk).month_names[0], max(map(months.month_of, values))
    year = months.month_of(spans.year.run.first)
    assert min(year + 11, newest) - began + 1 == case["cy_monthly_data_frame_length"]
    assert min(year - 1, newest) - (began - 12) + 1 == case["py_monthly_data_frame_length"]


@pytest.mark.parametrize(
    ("as_of", "newest", "number"),
    [
        (dt.date(2026, 6, 29), "May 2026", 31),
        (dt.date(2026, 6, 30), "Jun 2026", 30),  # A Tuesday: its month is over, its week is not.
        (dt.date(2026, 7, 3), "Jun 2026", 30),
        (dt.date(2026, 2, 28), "Feb 2026", 28),
    ],
)
def test_a_month_is_shown_from_its_last_day_on(
    as_of: dt.date, newest: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = dt.date(2025, 1, 1)
    days: Values = {first + dt.timedelta(days=at): STEP for at in range((as_of - first).days + 1)}
    monkeypatch.setitem(REGISTRY, "wbr", a_metric(days, Aggregate.SUM))
    EntityFactory()
    desk = Desk(Facts(as_of=as_of), month=months.month_of(as_of) - 1)

    told = six_twelve.by_month(desk, "wbr", None, six_twelve.spans(desk))

    assert (len(told), months.label(told[-1].month)) == (12, newest)
    assert shown([told[-1].now]) == [number]
