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
from reports import periods
from reports.metrics.registry import Aggregate

pytestmark = pytest.mark.once

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
WEEK_NUMBERS = {"scenario_1": 38, "scenario_2": 1, "scenario_3": 38, "scenario_6": 13}


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


def series(folder: Path, metric: str) -> periods.Series:
    column, aggregate = COLUMNS[metric]
    with (folder / "original.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Date"]]
    return periods.Series(
        {
            day(row["Date"]): int(Decimal(row[column].replace(",", "")) * STEP) if row[column] else None
            for row in rows
        },
        aggregate,
    )


def shown(values: list[int | None]) -> list[float]:
    return [float("nan") if value is None else value / STEP for value in values]


def expected(values: list[float]) -> object:
    return pytest.approx(values, abs=0.0051, nan_ok=True)


@pytest.mark.parametrize(("folder", "case"), list(cases()))
def test_a_block_says_what_the_oracle_says(folder: Path, case: dict[str, Any]) -> None:
    values = series(folder, case["metric_name"])
    spans = periods.spans(
        week_ending=day(case["week_ending"]),
        fiscal_year_ends=dt.datetime.strptime(case["fiscal_year_end_month"], "%b").month,  # noqa: DTZ007
        fiscal=case["x_axis_monthly_display"] == "fiscal_year",
    )

    assert shown([values.over(pair.run) for pair in spans.weeks]) == expected(case["cy_6_weeks"])
    assert shown([values.over(pair.before) for pair in spans.weeks]) == expected(case["py_6_weeks"])
    assert shown([values.over(pair.run) for pair in spans.months]) == expected(case["cy_monthly"])
    assert shown([values.over(pair.before) for pair in spans.months]) == expected(case["py_monthly"])

    numbers = periods.week_numbers(WEEK_NUMBERS[folder.name])
    assert [f"wk {number}" for number in numbers] + [
        months.label(name).split()[0] for name in spans.month_names
    ] == case["x_axis"]

    week = values.over(spans.week.run)
    box = [week, *(values.over(pair.run) for pair in (spans.month, spans.quarter, spans.year))]
    changes = [
        periods.change(week, values.over(spans.week_before)),
        *(
            periods.change(values.over(pair.run), values.over(pair.before))
            for pair in (spans.week, spans.month, spans.quarter, spans.year)
        ),
    ]
    assert shown(box) == expected([case["box_totals"][at] for at in (0, 3, 5, 7)])
    # The oracle writes 0.0 where there is nothing to compare with; ours has no change there.
    said = [case["box_totals"][at] for at in (1, 2, 4, 6, 8)]
    assert [0.0 if found is None else found / 100 for found in changes] == expected(said)

    assert len(values.within(spans.frame)) == case["cy_monthly_data_frame_length"]
    assert len(values.within(spans.frame_before)) == case["py_monthly_data_frame_length"]
