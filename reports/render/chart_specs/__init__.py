"""Builders of the Vega-Lite specifications that lenses put into their charts; drawing them is `charts`.

A specification is plain JSON with its data inline, in the whole-number steps of `reports.document.Unit`, and
it is kept in the edition. Shapes tell series apart (dashes, side by side, a name at a line's end), never
colour alone. The numbers behind a chart travel as text in ``usermeta.table`` for the pages that print them.
"""

from reports.render.chart_specs.bars import horizontal_bars
from reports.render.chart_specs.base import Spec
from reports.render.chart_specs.funnel import funnel
from reports.render.chart_specs.lines import band13weeks, scenario_lines
from reports.render.chart_specs.months import bars_by_month, line_by_month
from reports.render.chart_specs.words import drawable, long, short

__all__ = [
    "Spec", "band13weeks", "bars_by_month", "drawable", "funnel", "horizontal_bars", "line_by_month", "long",
    "scenario_lines", "short",
]  # fmt: skip
