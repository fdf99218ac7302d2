"""The PDF, read back with pypdf: tagged, titled, whole, linked, and the same bytes each time."""

import io
import re
from dataclasses import replace

import pypdf
import pytest

from reports.document import Bullets, Cell, Document, Section
from reports.figures import write
from reports.render import charts, pdf
from tests.reports.render.fixture import HOSTILE, URL, document, empty_document, keys_shown

pytestmark = pytest.mark.once_postgresql


@pytest.fixture(scope="module")
def edition() -> Document:
    return document()


@pytest.fixture(scope="module")
def drawn(edition: Document) -> dict[str, bytes]:
    return {chart.name: charts.draw(chart) for chart in edition.charts}


@pytest.fixture(scope="module")
def content(edition: Document, drawn: dict[str, bytes]) -> bytes:
    return pdf.render(edition, charts=drawn)


@pytest.fixture(scope="module")
def reader(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def words(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def read(edition: Document) -> str:
    return words(pypdf.PdfReader(io.BytesIO(pdf.render(edition, charts={}))))


def with_text(edition: Document, *lines: str) -> Document:
    bullets = Bullets(tuple((Cell(line),) for line in lines))
    return replace(edition, sections=(Section("typed", "Typed", (bullets,)),))


def test_it_is_tagged_and_says_so(reader: pypdf.PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en-US"
    assert "pdfuaid:part>1<" in root["/Metadata"].get_data().decode().replace("<pdfuaid:part", "pdfuaid:part")


def test_it_carries_title_and_date_of_the_edition(reader: pypdf.PdfReader) -> None:
    assert reader.metadata is not None
    assert reader.metadata.title == "CEO: operational audit, edition 12"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date().isoformat() == "2026-11-10"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712


def test_bookmarks_and_contents_name_every_part(reader: pypdf.PdfReader) -> None:
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles[:4] == ["Actions first", "Headline", "What changed", "Key figures"]
    assert titles[-4:] == ["Findings", "Decisions asked of you", "Agenda", "Formulas and definitions"]
    assert re.search(r"Contents Actions first 1 Headline \d What changed \d", words(reader))


def test_every_figure_shown_is_printed_and_linked(edition: Document, reader: pypdf.PdfReader) -> None:
    text = words(reader)
    links = {
        str(annotation.get_object()["/A"]["/URI"])
        for page in reader.pages
        for annotation in page.get("/Annots", [])
        if "/URI" in annotation.get_object().get("/A", {})
    }
    for key in keys_shown(edition):
        figure = edition.figures[key]
        assert write(figure) in text or write(figure, cents=True) in text, key
        assert f"{URL}figures/{key}/" in links, key


def test_a_mark_that_a_whole_column_shares_stands_in_its_head(reader: pypdf.PdfReader) -> None:
    text = words(reader)
    assert "Operating result Cash measured Headline Status" in text
    assert "$16,800.77 Two charters below" in text


def test_pages_are_numbered_and_table_heads_repeat(reader: pypdf.PdfReader) -> None:
    pages = [page.extract_text() for page in reader.pages]
    for number, text in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in text
    assert sum("Amount" in text and "Note Donau" in text for text in pages) >= 2


def test_charts_carry_their_alternative(content: bytes, reader: pypdf.PdfReader, edition: Document) -> None:
    alternatives = [
        item["/Alt"]
        for item in (reader.get_object(number) for number in range(1, len(reader.xref[0]) + 200))
        if isinstance(item, dict) and item.get("/S") == "/Figure" and "/Alt" in item
    ]
    assert {chart.alt for chart in edition.charts} <= set(alternatives)
    assert content.startswith(b"%PDF-1.7")


def test_a_chart_that_was_not_drawn_says_so(edition: Document) -> None:
    text = read(edition)
    assert text.count("This chart was not drawn.") == 2
    assert edition.charts[0].alt in text


def test_hostile_text_is_printed_as_typed(reader: pypdf.PdfReader) -> None:
    assert words(reader).replace(" ", "").count(HOSTILE.replace(" ", "")) >= 5


def test_the_same_edition_gives_the_same_bytes(
    edition: Document, drawn: dict[str, bytes], content: bytes
) -> None:
    assert pdf.render(edition, charts=drawn) == content
    other = replace(edition, head=replace(edition.head, ledger="Closed"))
    assert pdf.render(other, charts=drawn) != content


def test_characters_without_a_glyph_stand_as_code_points_and_that_is_said(edition: Document) -> None:
    text = read(with_text(edition, "Anna 日 \U0001f600 end", "bell \x07 rung", "Ωmega Жук ščř"))
    assert "Anna [U+65E5] [U+1F600] end" in text
    assert "bell [U+0007] rung" in text
    assert "Ωmega Жук ščř" in text
    assert "3 characters of this text that the typeface does not have stand as code points" in text


def test_a_soft_hyphen_is_left_out(edition: Document) -> None:
    missing = next(key for key, figure in edition.figures.items() if figure.value is None)
    figures = {**edition.figures, missing: replace(edition.figures[missing], missing="not told\u00ad")}
    line = (Cell(figure=missing),)
    assert "not told" in read(replace(edition, figures=figures, headline=(line, line)))


def test_very_many_unknown_characters_cost_few_trials(edition: Document) -> None:
    text = read(with_text(edition, "".join(chr(0x4E00 + n) for n in range(1500))))
    assert "[U+4E00]" in text
    assert "[U+53DB]" in text
    assert "1,500 characters of this text" in text


def test_line_breaks_in_a_title_keep_one_heading(edition: Document) -> None:
    text = read(replace(edition, head=replace(edition.head, title="CEO\n= not a heading")))
    assert "CEO = not a heading" in text


def test_empty_parts_say_what_is_missing() -> None:
    text = read(empty_document())
    assert "No findings: every rule of this report came out clean." in text
    assert "Sources: none is recorded for this edition." in text
