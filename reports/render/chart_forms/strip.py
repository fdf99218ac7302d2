"""A calendar strip: a line for each month, a mark for each night."""

from core import months
from reports.document import Plot
from reports.render.chart_forms.lettering import width
from reports.render.chart_forms.sheet import EDGE, LEADING, SMALL, TEXT, WIDTH, Entry, Look, Sheet, path_of

_ROW = 24
_DAYS = (1, 5, 10, 15, 20, 25, 30)
# Sold nights are tall, blocked ones low, open ones a dot: nobody needs the colours.
_LOOKS = (Look("1"), Look("2"), Look("text"))


def draw(sheet: Sheet, plot: Plot) -> float:
    """Draw the nights, the first month on top, and return how high the drawing is."""
    sold, blocked, open_ = (one.name for one in plot.series)
    top = sheet.legend(
        [
            Entry(sold, _LOOKS[0], "bar"),
            Entry(blocked, _LOOKS[1], "low"),
            Entry(open_, _LOOKS[2], "dots"),
        ]
    )
    names = [months.label(months.parse(key)) for key in plot.keys]
    left = EDGE + max(width(name, TEXT) for name in names) + 10
    band = (WIDTH - EDGE - left) / 31
    for day in _DAYS:
        sheet.words(left + (day - 0.5) * band, top + LEADING / 2, str(day), anchor="middle", size=SMALL)
    top += LEADING + 2
    tall: list[str] = []
    dots: list[str] = []
    for place, (name, nights) in enumerate(zip(names, plot.nights, strict=True)):
        y = top + _ROW * (place + 0.5)
        sheet.words(EDGE, y, name, colour="ink")
        for day, state in enumerate(nights):
            x = left + day * band
            if state == sold[0]:
                tall += [*path_of([(x + 1, y - 9)]), f"h{band - 2:.1f}v18h{2 - band:.1f}z"]
            elif state == blocked[0]:
                sheet.bar(x + 1, y + 1, band - 2, 8, _LOOKS[1])
            elif state == open_[0]:
                dots += [*path_of([(x + band / 2 - 1.5, y + 7)]), "h3v2h-3z"]
    if tall:
        sheet.area(tall, _LOOKS[0].colour)
    if dots:
        sheet.area(dots, _LOOKS[2].colour)
    return top + _ROW * len(names) + EDGE
