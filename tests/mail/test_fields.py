"""What may stand in an address or a header."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.domain import fields

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("owner@example.com", "owner@example.com"),
        ("  owner@example.com ", "owner@example.com"),
        ("Olive.Owner+reports@Example.COM", "Olive.Owner+reports@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("hafen@überlingen.example", "hafen@xn--berlingen-p9a.example"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_address_is_kept_with_its_domain_in_ascii(text: str, kept: str) -> None:
    assert fields.address(text, what="recipient") == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "owner",
        "@example.com",
        "owner@",
        "owner@localhost",
        "owner@example..com",
        "owner@-example.com",
        "owner@127.0.0.1",
        "owner@example.com, evil@example.net",
        '"a@b, evil@x"',
        '"a@b, evil"@example.com',
        "Olive <owner@example.com>",
        "owner@example.com\r\nBcc: evil@example.net",
        "owner@example.com\x00",
        "ow ner@example.com",
        "owner@exam ple.com",
        ".owner@example.com",
        "owner.@example.com",
        "owner@example.com;evil@example.net",
        "ůwner@example.com",
        "ſam@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com",
        "{{ address }}@example.com",
        "owner@{{ host }}.com",
        "owner@example.com\u2028",
        "\ud800@example.com",
    ],
)
def test_address_refuses_what_is_not_one_bare_address(text: str) -> None:
    with pytest.raises(fields.UnsendableError) as refusal:
        fields.address(text, what="recipient")
    assert "The recipient" in str(refusal.value)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\ue002"]
)
def test_one_line_names_the_character_it_refuses(character: str) -> None:
    with pytest.raises(fields.UnsendableError, match=f"U\\+{ord(character):04X} at place 4"):
        fields.one_line(f"abc{character}Bcc: evil@example.net", what="subject", longest=250)


def test_one_line_refuses_what_is_too_long() -> None:
    assert fields.one_line("x" * 250, what="subject", longest=250) == "x" * 250
    with pytest.raises(fields.UnsendableError, match="The subject has 251 characters; at most 250 fit"):
        fields.one_line("x" * 251, what="subject", longest=250)


@given(st.text(max_size=60))
@example("a\u2028b")
@example("\x1f")
@example("Zoë 船 <b>{{ x }}</b>")
def test_one_line_never_lets_a_line_break_through(text: str) -> None:
    try:
        line = fields.one_line(text, what="name", longest=60)
    except fields.UnsendableError:
        return
    assert line == text.strip()
    assert len(line.splitlines()) <= 1
