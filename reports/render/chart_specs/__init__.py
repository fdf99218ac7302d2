"""What lenses make their charts with; drawing them is `charts`.

Each of these returns a plot: the numbers themselves, in the whole-number steps of `reports.document.Unit`, and how they
are to be shown. It is kept in the edition, so a reader of its JSON has what the reader of its page sees.
"""

from reports.render.chart_specs.bars import horizontal_bars
from reports.render.chart_specs.funnel import funnel
from reports.render.chart_specs.lines import scenario_lines
from reports.render.chart_specs.months import bars_by_month, line_by_month
from reports.render.chart_specs.words import drawable, long, short

__all__ = [
    "bars_by_month", "drawable", "funnel", "horizontal_bars", "line_by_month", "long", "scenario_lines", "short",
]  # fmt: skip
