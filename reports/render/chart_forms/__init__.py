"""The forms of charts, drawn as SVG; which colours and words a file of them has is `reports.render.charts`."""
