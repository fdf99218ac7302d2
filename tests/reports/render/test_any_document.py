"""Whatever a document holds: its JSON gives it back, and every form of it can be made and read."""

import io
import json

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings

from reports.document import Document, dump, load
from reports.render import charts, html_mail, pdf, text, web
from reports.render import json as form
from tests.reports.render.documents import DOCUMENTS
from tests.reports.render.fixture import document, empty_document
from tests.reports.render.reading import Page

pytestmark = pytest.mark.once_postgresql

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def through_json(value: Document) -> Document:
    read: Document = load(Document, json.loads(json.dumps(dump(value))))
    return read


def test_the_whole_and_the_empty_edition_come_back_from_json() -> None:
    assert through_json(document()) == document()
    assert through_json(empty_document()) == empty_document()


@given(DOCUMENTS)
@settings(max_examples=60, suppress_health_check=SLOW)
def test_a_document_comes_back_from_its_json(edition: Document) -> None:
    assert through_json(edition) == edition


@given(DOCUMENTS)
@settings(max_examples=60, suppress_health_check=SLOW)
def test_page_mail_text_and_json_can_be_made_of_any_document(edition: Document) -> None:
    page = Page.of(web.render(edition))
    assert page.problems == []
    assert not {name for name, _ in page.elements} & {"script", "style"}
    assert not [held for _, held in page.elements if "style" in held]
    html = html_mail.render(edition, chart_cid=lambda name: f"{name}@x")
    assert len(html.encode()) <= html_mail.LIMIT
    assert not {name for name, _ in Page.of(html).elements} & {"script", "link", "iframe"}
    plain = text.render(edition)
    assert "\nAgenda\n------\n" in plain
    assert json.loads(form.render(edition))["number"] == edition.number


@given(DOCUMENTS)
@settings(max_examples=7, suppress_health_check=SLOW)
def test_a_pdf_can_be_set_of_any_document(edition: Document) -> None:
    a_pdf_can_be_set(edition)


@pytest.mark.full
@given(DOCUMENTS)
@settings(max_examples=100, suppress_health_check=SLOW)
def test_a_pdf_can_be_set_of_very_many_documents(edition: Document) -> None:
    a_pdf_can_be_set(edition)


def a_pdf_can_be_set(edition: Document) -> None:
    drawn = {chart.name: charts.draw(chart) for chart in edition.charts}
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(edition, charts=drawn)))
    assert "Formulas and definitions" in " ".join(page.extract_text() for page in reader.pages)
