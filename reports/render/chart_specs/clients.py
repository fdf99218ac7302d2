"""Days to pay beside the days agreed: a bar for each client, with a mark at its terms."""

from collections.abc import Sequence

from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart
from reports.render.chart_specs.words import long, lookup

_NAME = 22


def days_against_terms(
    rows: Sequence[tuple[str, int | None, int | None]], *, missing: str = "nothing paid"
) -> Spec:
    """Build a bar per client of its days to pay, with an upright mark at its terms; both in tenths of a day.

    A client without a paid invoice has no bar and says ``missing``; one without terms has no mark.
    """
    values: list[Spec] = [
        {
            "row": f"{place:03d}",
            "name": name if len(name) <= _NAME else f"{name[: _NAME - 1]}…",
            "value": days or 0,
            "terms": terms,
            "label": missing if days is None else long(days, Unit.DAYS),
        }
        for place, (name, days, terms) in enumerate(rows)
    ]
    most = max([value for _, *two in rows for value in two if value is not None], default=0) or 1
    names = {value["row"]: value["name"] for value in values}
    scale = {"domain": [0, most * 1.32], "nice": False}
    spec: Spec = {
        "data": {"values": values},
        "encoding": {
            "y": {
                "field": "row",
                "type": "ordinal",
                "sort": None,
                "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "labelLimit": 190, "grid": False},
                "title": None,
            },
            "x": {"field": "value", "type": "quantitative", "axis": None, "scale": scale},
        },
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.5}}},
            *(
                {
                    "transform": [{"filter": "datum.terms !== null"}],
                    "mark": {
                        "type": "tick",
                        "style": style,
                        "thickness": thick,
                        "bandSize": 26,
                        "opacity": 1,
                    },
                    "encoding": {
                        "x": {"field": "terms", "type": "quantitative", "axis": None, "scale": scale}
                    },
                }
                # On a bar the mark stands in a gap of its own.
                for style, thick in (("halo", 8), ("target", 3))
            ),
            {
                "transform": [
                    {"calculate": "max(datum.value, datum.terms === null ? 0 : datum.terms)", "as": "end"}
                ],
                "mark": {"type": "text", "style": "value", "align": "left", "dx": 8},
                "encoding": {
                    "x": {"field": "end", "type": "quantitative", "axis": None, "scale": scale},
                    "text": {"field": "label"},
                },
            },
        ],
    }
    return chart(
        spec,
        {
            "columns": ["Client", "Days to pay", "Terms"],
            "rows": [
                [
                    name,
                    missing if days is None else long(days, Unit.DAYS),
                    "none agreed" if terms is None else long(terms, Unit.DAYS),
                ]
                for name, days, terms in rows
            ],
        },
        height=max(len(rows), 1) * 34 + 16,
    )
