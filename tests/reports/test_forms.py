"""The forms an edition is issued in: each chart drawn once, and no image for mail yet."""

import dataclasses

import pytest

from reports.document import Chart, Plot, Section
from reports.domain import forms, late
from reports.models import FileKind
from reports.render import charts
from tests.factories.reports import a_document

pytestmark = pytest.mark.once


def test_each_chart_is_drawn_once_and_stands_in_mail_and_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = charts.horizontal_bars([("Direct", 5000), ("Sailo", 1200)])
    plain = a_document(number=7)
    drawing = Section("channels", "Channels", (Chart("channels", "Bookings by channel", spec, "Two bars."),))
    document = dataclasses.replace(plain, sections=(*plain.sections, drawing))
    svg, drawn = charts.svg, []

    def counted(plot: Plot, *, title: str, description: str) -> bytes:
        drawn.append(plot)
        return svg(plot, title=title, description=description)

    monkeypatch.setattr(charts, "svg", counted)
    monkeypatch.setattr(charts, "png", lambda svg: pytest.fail("Images are made at mail time."))

    files = forms.render(document)

    assert [(file.kind, file.name) for file in files] == [
        (FileKind.MAIL_HTML, "ceo-7.html"),
        (FileKind.TEXT, "ceo-7.txt"),
        (FileKind.PDF, "ceo-7.pdf"),
        (FileKind.CHART_SVG, "channels.svg"),
    ]
    assert len(drawn) == 1
    assert f'"cid:{forms.content_id("channels")}"' in files[0].content.decode()
    monkeypatch.undo()
    (image,) = late.images(files=files, html=files[0].content.decode())
    assert (image.kind, image.name) == (FileKind.CHART_PNG, "channels.png")
    assert late.images(files=files, html="") == []
