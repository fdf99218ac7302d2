"""What people write into reports is read as plain passages, and nothing of theirs becomes markup."""

import contextlib
import dataclasses
import io
import json
import re

import openpyxl
import pypdf
import pytest

from reports import prose
from reports.document import Document, Passage, Prose, Span, Stands, dump, load
from reports.render import html_mail, pdf, text, web, xlsx
from reports.render import json as public
from tests.factories.reports import ISSUED_AT, a_document

pytestmark = pytest.mark.once


def test_paragraphs_lists_emphasis_code_and_links_are_read() -> None:
    assert prose.parse(
        "Sales *rose*, **sharply**\nin `October`.\r\n\r\n- one\n- [two](https://a.example/x)\n  - in it\n\n1. first"
    ) == (
        Passage(
            (
                Span("Sales "),
                Span("rose", emphasis=True),
                Span(", "),
                Span("sharply", strong=True),
                Span(" "),
                Span("in "),
                Span("October", code=True),
                Span("."),
            )
        ),
        Passage((Span("one"),), Stands.BULLET),
        Passage((Span("two", href="https://a.example/x"),), Stands.BULLET),
        Passage((Span("in it"),), Stands.BULLET),
        Passage((Span("first"),), Stands.NUMBER),
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![chart](https://evil.example/pixel.png)",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[file](file:///etc/passwd)",
        "[up](../../etc/passwd)",
        "[ftp](ftp://a.example/x)",
        "[//](//evil.example)",
        "{{ settings.SECRET_KEY }} {% load x %} ${7+7} #{7+7}",
        "!!python/object/apply:os.system ['id']",
        "# heading",
        "> quoted",
        "| a | b |",
        "<https://evil.example>",
        "&#x202e;&lt;b&gt;",
        "=HYPERLINK(1)",
        "#set page(width: 1pt)",
        "]]><!-- x -->",
    ],
)
def test_everything_else_stays_the_text_it_is(hostile: str) -> None:
    (passage,) = prose.parse(hostile)

    assert "".join(span.text for span in passage.spans) == hostile
    assert not any(span.href for span in passage.spans)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nothing in it"),
        (" \n\t\n ", "There is nothing in it"),
        ("x" * 4_001, "It has 4,001 characters; at most 4,000 fit."),
        ("a\nb\x00", "Line 2 holds the character U+0000"),
        ("a\u202eb", "Line 1 holds the character U+202E"),
        ("\u2066a\u2069", "Line 1 holds the character U+2066"),
        ("a\ud800", "Line 1 holds the character U+D800"),
        ("a\ue000", "Line 1 holds the character U+E000"),
        (f"Words before\n\n{'- ' * 10}x", "lists are more than 9 deep"),
    ],
)
def test_what_cannot_be_printed_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(prose.ProseRefusedError, match=sentence.replace("+", r"\+")):
        prose.parse(text)


def test_a_list_numbered_from_anything_but_one_keeps_its_numbers() -> None:
    passages = prose.parse("2026. was good\n\n1. first\n\n   2) within\n   3) it")

    assert [("".join(span.text for span in row.spans), row.stands) for row in passages] == [
        ("2026. was good", Stands.PARAGRAPH),
        ("1. first", Stands.PARAGRAPH),
        ("2) within", Stands.PARAGRAPH),
        ("3) it", Stands.PARAGRAPH),
    ]
    assert prose.parse(f"{'- ' * 9}x") == (Passage((Span("x"),), Stands.BULLET),)


@pytest.mark.parametrize("sign", ["[", "*", "`", "- ", "![", "[](", "_a_", "\\", "1. ", "("])
def test_the_same_sign_over_and_over_is_read_at_once(sign: str) -> None:
    with contextlib.suppress(prose.ProseRefusedError):  # Lists in lists are refused.
        prose.parse((sign * 4_000)[: prose.LONGEST - 1] + "x")


AUTHORED = (
    "Sales *rose*, **well *and* truly**, in `October`: see [the **big** book](https://good.example/?a=1&b=2).\n\n"
    "- one *thing*\n- two\n\n1. first\n2. second"
)
HOSTILE = (
    "**</strong><script>alert(1)</script>** `</code><img src=x onerror=1>` *{{ secret }}* "
    '[#set page()](https://good.example/%22%3E<b>) $x$ #eval("1") ]] \\\\u{41} <a href=javascript:x>y</a>'
)


def document(markdown: str) -> Document:
    """Return a document with a piece under its headline and in its section, as it comes back from where it is kept."""
    said = Prose(prose.parse(markdown), by="Owner, 18 Nov 2026")
    plain = a_document()
    sections = tuple(dataclasses.replace(section, commentary=(said,)) for section in plain.sections)
    kept = dump(dataclasses.replace(plain, commentary=(said,), sections=sections))
    found: Document = load(Document, json.loads(json.dumps(kept)))
    return found


def flat(markup: str) -> str:
    return re.sub(r' style="[^"]*"', "", " ".join(markup.split()))


def test_words_are_set_as_their_author_had_them_in_every_form() -> None:
    made = document(AUTHORED)
    link = '<a href="https://good.example/?a=1&amp;b=2" rel="nofollow noopener">the <strong>big</strong> book</a>'
    line = (
        "Sales <em>rose</em>, <strong>well </strong><strong><em>and</em></strong><strong> truly</strong>, in "
        f"<code>October</code>: see {link}."
    )

    page, mail = (
        flat(str(web.render(made))),
        flat(html_mail.render(made, chart_cid=lambda name: name)),
    )
    for form, kind in ((page, "commentary"), (mail, "co")):
        assert form.count(f'<p class="{kind}">{line}</p>') == 2
        assert form.count(f'<div class="{kind}"><ul><li>one <em>thing</em></li><li>two</li></ul></div>') == 2
        assert form.count(f'<div class="{kind}"><ol><li>first</li><li>second</li></ol></div>') == 2
    words = text.render(made)
    assert words.count("Sales _rose_, *well _and_ truly*, in `October`: see the *big* book\n") == 2
    assert (
        words.count("(https://good.example/?a=1&b=2).\n\n- one _thing_\n- two\n\n1. first\n2. second\n") == 2
    )
    assert words.count("Owner, 18 Nov 2026") == 2

    plain = json.loads(public.render(made))
    for place in (plain, plain["sections"][0]):
        assert place["commentary"][:2] == [
            "Sales rose, well and truly, in October: see the big book (https://good.example/?a=1&b=2).",
            "one thing",
        ]
        (piece,) = place["commentary_passages"]
        assert piece["by"] == "Owner, 18 Nov 2026"
        assert piece["passages"][0]["spans"][:3] == [
            {"text": "Sales "},
            {"text": "rose", "emphasis": True},
            {"text": ", "},
        ]
        stands = [passage["stands"] for passage in piece["passages"]]
        assert stands == ["paragraph", "bullet", "bullet", "number", "number"]

    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(made, at=ISSUED_AT)))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    sentence = "Sales rose, well and truly, in October: see the big book (https://good.example/?a=1&b=2)."
    assert cells.count(sentence) == 2

    sheets = pypdf.PdfReader(io.BytesIO(pdf.render(made, charts={}))).pages
    printed = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    assert printed.count("Sales rose, well and truly, in October: see the big book.") == 2
    assert printed.count("– one thing – two 1. first 2. second") == 2
    fonts = {font.split("+")[1] for sheet in sheets for font in _fonts(sheet)}
    assert {"IBMPlexSerif-Italic", "IBMPlexSerif-SemiBold", "IBMPlexSerif-Medium", "DejaVuSansMono"} <= fonts
    notes = [note.get_object() for sheet in sheets for note in sheet.get("/Annots", [])]
    assert "https://good.example/?a=1&b=2" in [note.get("/A", {}).get("/URI") for note in notes]


def _fonts(sheet: pypdf.PageObject) -> list[str]:
    return [str(font.get_object()["/BaseFont"]) for font in sheet["/Resources"]["/Font"].values()]


def test_hostile_words_stay_words_however_they_are_set() -> None:
    made = document(HOSTILE)

    for form in (str(web.render(made)), html_mail.render(made, chart_cid=lambda name: name)):
        assert "<strong>&lt;/strong&gt;&lt;script&gt;" in re.sub(r' style="[^"]*"|<wbr>', "", form)
        assert not re.search(r"<(script|img|b)\b", form.split('id="edition-headline"')[1].split("<h2")[0])
        assert 'href="javascript' not in form
        assert "{{ secret }}" in form
    words = " ".join(text.render(made).split())
    assert "*</strong><script>alert(1)</script>* `</code><img src=x onerror=1>` _{{ secret }}_" in words
    sheets = pypdf.PdfReader(io.BytesIO(pdf.render(made, charts={}))).pages
    printed = "".join("".join(sheet.extract_text() for sheet in sheets).split())
    for typed in ("</strong><script>alert(1)</script>", "#setpage()", '#eval("1")]]', "$x$", "{{secret}}"):
        assert typed in printed


def test_an_edition_kept_before_there_was_commentary_reads_as_it_did() -> None:
    kept = dump(a_document())
    for name in ("commentary", "parts"):
        del kept[name]
    for section in kept["sections"]:
        del section["commentary"]

    assert load(Document, kept) == a_document()
