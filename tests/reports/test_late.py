"""Forms made at first asking: images for mail kept once, charts by night from the day's drawing."""

import threading

import pytest
from django.db import connection

from mail.models import Message
from reports.domain import deliveries, late, mailing
from reports.models import Edition, EditionFile, FileKind, Report
from reports.render import charts
from tests.factories.people import owner
from tests.factories.reports import an_edition

pytestmark = pytest.mark.django_db

SPEC = charts.horizontal_bars([("Direct", 5000), ("Sailo", 1200)])
PNG = b"\x89PNG\r\n\x1a\n"


def with_charts(*names: str) -> Edition:
    """Keep an edition whose mail shows the first of these charts, as an issue leaves it."""
    edition = an_edition(Report.objects.get(slug="ceo"), number=1)
    drawing = charts.svg(SPEC)
    rows = [(FileKind.CHART_SVG, f"{name}.svg", "image/svg+xml", drawing) for name in names]
    second = an_edition(edition.report, number=2, bare=True)
    html = f'<html><body><img alt="" src="cid:chart-{names[0]}"></body></html>'.encode()
    rows += [
        (FileKind.TEXT, "ceo-2.txt", "text/plain", b"CEO"),
        (FileKind.MAIL_HTML, "ceo-2.html", "text/html", html),
    ]
    EditionFile.objects.bulk_create(
        EditionFile(edition=second, kind=kind, name=name, media_type=media, content=content, sha256="0" * 64)
        for kind, name, media, content in rows
    )
    return second


def message(edition: Edition) -> Message:
    return Message(composer=mailing.COMPOSER, payload={"edition": edition.pk}, subject="CEO")


def images_of(edition: Edition) -> list[tuple[str, bytes]]:
    rows = EditionFile.objects.filter(edition=edition, kind=FileKind.CHART_PNG).order_by("name")
    return [(row.name, bytes(row.content)) for row in rows]


def test_the_first_mail_has_the_charts_it_shows_made_and_every_other_sends_those_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = with_charts("burn", "burn-by-week")
    assert images_of(edition) == []

    first = mailing.composed(message(edition), None)

    assert [(image.cid, image.filename) for image in first.inline] == [("chart-burn", "burn.png")]
    assert first.inline[0].content.startswith(PNG)
    assert images_of(edition) == [("burn.png", first.inline[0].content)]
    monkeypatch.setattr(charts, "png", lambda svg: pytest.fail("A chart was drawn again."))
    assert mailing.composed(message(edition), None).inline == first.inline
    assert deliveries.preview(edition=edition, reader=owner()).html
    assert len(images_of(edition)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_senders_at_once_one_s_drawing_is_kept_and_all_send_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = with_charts("burn")
    start = threading.Barrier(8)
    drawn = iter(range(8))
    sent: list[bytes] = []

    def png(svg: bytes) -> bytes:
        start.wait()  # All have seen that none is kept.
        return PNG + bytes([next(drawn)])

    monkeypatch.setattr(charts, "png", png)

    def send() -> None:
        try:
            sent.append(mailing.composed(message(edition), None).inline[0].content)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sent) == 8
    assert [("burn.png", content) for content in set(sent)] == images_of(edition)


def test_a_chart_by_night_is_the_day_s_drawing_in_other_colours_unless_the_edition_keeps_one() -> None:
    edition = with_charts("burn")
    day = late.drawing(edition=edition, name="burn")
    assert day is not None
    night = late.drawing(edition=edition, name="burn.dark")
    assert night == charts.night(day) != day
    assert late.drawing(edition=edition, name="none") is None
    assert late.drawing(edition=edition, name="none.dark") is None

    older = Edition.objects.get(number=1)
    assert b"id='d'" in (late.drawing(edition=older, name="burn.dark") or b"")
    assert b"id='d'" not in (late.drawing(edition=older, name="burn") or b"")
