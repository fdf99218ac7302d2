"""What people write into reports is read as plain passages, and nothing of theirs becomes markup."""

import contextlib

import pytest

from reports import prose
from reports.document import Passage, Span, Stands

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
