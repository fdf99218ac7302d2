"""Small pieces of HTML that the page and the mail share. All text of a cell is escaped here.

It stands between tags and never in an attribute, where quotation marks are only what they are.
"""

import html
import re
from collections.abc import Callable, Iterable
from itertools import groupby

from django.utils.safestring import SafeString

from reports.render.frame import Piece

# No column of a table, on a phone or in a mail, holds a longer word in one line.
_LONGEST = 24
_STEP = 16
_LONG = re.compile(rf"\S{{{_LONGEST + 1}}}")
_MARKUP = re.compile("[&<>]")


def joined(parts: Iterable[str]) -> SafeString:
    """Join markup whose every piece of text is escaped already."""
    return SafeString("".join(parts))


def with_breaks(text: str) -> SafeString:
    """Return text escaped, with places to break (``<wbr>``) in words that are too long for a column."""
    return SafeString(broken(text))


def broken(text: str) -> str:
    """Return text as `with_breaks` does, for what is joined further."""
    if not _LONG.search(text):
        return html.escape(text, quote=False) if _MARKUP.search(text) else text
    return "".join(
        html.escape(bit, quote=False)
        if len(bit) <= _LONGEST
        else "<wbr>".join(html.escape(bit[at : at + _STEP], quote=False) for at in range(0, len(bit), _STEP))
        for bit in re.split(r"(\s+)", text)
    )


def line(pieces: Iterable[Piece], draw: Callable[[Piece], str]) -> SafeString:
    """Return a line of pieces, each drawn by a renderer; neighbours with the same address stand in one link."""
    parts = []
    for href, run in groupby(pieces, key=lambda piece: "" if piece.key else piece.href):
        inner = "".join(draw(piece) for piece in run)
        parts.append(f'<a href="{html.escape(href)}" rel="nofollow noopener">{inner}</a>' if href else inner)
    return joined(parts)


def words(piece: Piece, text: SafeString) -> SafeString:
    """Return the escaped text of a piece as its author had it set: emphasised, strong, as code."""
    for asked, name in ((piece.code, "code"), (piece.emphasis, "em"), (piece.strong, "strong")):
        if asked:
            text = joined([f"<{name}>", text, f"</{name}>"])
    return text
