"""Charts by month: bars side by side, and lines."""

from collections.abc import Mapping, Sequence

from core import months
from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart, legend_above, series_scales, target_line, y_axis
from reports.render.chart_specs.words import long, lookup, short

Points = Sequence[tuple[months.Month, int | None]]


def bars_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    target: int | None = None,
    name: str = "Amount",
) -> Spec:
    """Build bars by month; several series stand side by side. None leaves a gap, which is not zero.

    The last bar of a single series carries its value; ``target`` is a dotted rule across.
    """
    series = points if isinstance(points, Mapping) else {name: points}
    order, all_months = list(series), sorted({month for line in series.values() for month, _ in line})
    rows: list[Spec] = [
        {"month": months.iso(month), "series": label, "value": value, "label": short(value, unit, currency)}
        for label, line in series.items()
        for month, value in line
        if value is not None
    ]
    layers: list[Spec] = []
    bars: Spec = {
        "mark": {"type": "bar", "width": {"band": min(0.86, len(all_months) / 8)}},
        "encoding": {"y": y_axis(unit, currency)},
    }
    if len(order) > 1:
        bars["mark"] = {"type": "bar"}
        bars["encoding"] |= {
            "xOffset": {"field": "series", "sort": order},
            "fill": {
                "field": "series",
                "sort": order,
                "legend": legend_above(),
                "scale": {"range": "category"},
            },
        }
    layers.append(bars)
    if len(order) == 1 and rows:
        layers.append(
            {
                "transform": [{"filter": f"datum.month === '{rows[-1]['month']}'"}],
                "mark": {"type": "text", "style": "value", "dy": -9 if rows[-1]["value"] >= 0 else 12},
                "encoding": {"y": y_axis(unit, currency), "text": {"field": "label"}},
            }
        )
    layers += target_line(target, unit, currency)
    return chart(
        {"data": {"values": rows}, "encoding": {"x": month_axis(all_months)}, "layer": layers},
        _month_table(series, all_months, unit, currency),
        legend=len(order) > 1,
    )


def line_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    target: int | None = None,
    name: str = "Amount",
) -> Spec:
    """Build lines by month, each with its own dash; None breaks a line. A single line names its last value."""
    series = points if isinstance(points, Mapping) else {name: points}
    all_months = sorted({month for line in series.values() for month, _ in line})
    rows: list[Spec] = [
        {"month": months.iso(month), "series": label, "value": value}
        for label, line in series.items()
        for month, value in line
    ]
    scale, dash = series_scales(series)
    legend = legend_above("stroke") if len(series) > 1 else None
    encoding = {
        "y": y_axis(unit, currency),
        "stroke": {"field": "series", "scale": scale, "legend": legend},
        "strokeDash": {"field": "series", "scale": dash, "legend": legend},
    }
    mark = {"type": "line", "invalid": "break-paths-filter-domains"}
    layers: list[Spec] = [{"mark": mark, "encoding": encoding}, *target_line(target, unit, currency)]
    known = [row for row in rows if row["value"] is not None]
    # A value with nothing on either side draws no line, so every value has its point as well.
    point = {"y": y_axis(unit, currency), "fill": {"field": "series", "scale": scale, "legend": None}}
    layers.append({"data": {"values": known}, "mark": {"type": "point"}, "encoding": point})
    if len(series) == 1 and known:
        end = {**known[-1], "label": short(known[-1]["value"], unit, currency)}
        text = {"y": y_axis(unit, currency), "text": {"field": "label"}}
        last = {"type": "text", "style": "value", "dy": -13}
        layers.append({"data": {"values": [end]}, "mark": last, "encoding": text})
    return chart(
        {"data": {"values": rows}, "encoding": {"x": month_axis(all_months)}, "layer": layers},
        _month_table(series, all_months, unit, currency),
        legend=len(series) > 1,
    )


def month_axis(all_months: Sequence[months.Month]) -> Spec:
    """Name months by their first letters, the year under the first one and under each January.

    More than 14 months leave every second or third one unnamed, so that no name is turned or dropped.
    """
    step = 1 if len(all_months) <= 14 else 2 if len(all_months) <= 26 else 3
    names: dict[str, str | list[str]] = {}
    for place, month in enumerate(all_months):
        name = f"{months.first_day(month):%b}"
        crowded = place == 0 and step > 1 and month % 12 > 8
        if (place == 0 or month % 12 == 0) and not crowded:
            names[months.iso(month)] = [name, str(month // 12)]
        else:
            names[months.iso(month)] = name if place % step == 0 else ""
    axis = {"labelExpr": f"({lookup(names)})[datum.value]", "labelFontSize": 13, "labelOverlap": False}
    order = [months.iso(month) for month in all_months]
    return {"field": "month", "type": "ordinal", "axis": axis, "title": None, "scale": {"domain": order}}


def _month_table(
    series: Mapping[str, Points], all_months: Sequence[months.Month], unit: Unit, currency: str
) -> Spec:
    by_month = {label: dict(line) for label, line in series.items()}
    rows = []
    for month in all_months:
        values = [line.get(month) for line in by_month.values()]
        words = ["not tracked" if value is None else long(value, unit, currency) for value in values]
        rows.append([months.label(month), *words])
    return {"columns": ["Month", *series], "rows": rows}
