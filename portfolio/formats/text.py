"""Bytes to text, strictly: UTF-8 with line feeds, and nothing invisible in it."""

import re

from portfolio.formats.errors import FormatError

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MEGABYTE = 1_000_000

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE_RETURN = re.compile("\r(?!\n)")


def decode(data: bytes, *, name: str, max_bytes: int, fallback: str = "") -> str:
    """Return the text of a file with line feeds and without a byte order mark.

    ``fallback`` is the charset of files that are not UTF-8; with one, lone carriage returns end lines too, as old
    programs wrote them.

    Raises:
        FormatError: the file is empty, larger than ``max_bytes``, UTF-16, not UTF-8 (Latin-1, say), or
            holds NUL, another control character or carriage returns without line feeds.
    """
    if len(data) > max_bytes:
        size, limit = len(data) / MEGABYTE, max_bytes / MEGABYTE
        raise FormatError(
            file=name,
            line=1,
            column="1",
            reason=f"the file has {size:.1f} MB and the limit is {limit:g} MB",
            fix="split it by date and bring the parts in one by one",
        )
    if data.startswith(UTF16_MARKS):
        raise FormatError(
            file=name, line=1, column="1", reason="the file is UTF-16", fix="save it again as UTF-8"
        )
    # Before it is text, of which each letter may take four bytes.
    body = data.removeprefix(UTF8_MARK).replace(b"\r\n", b"\n")
    try:
        text = _decoded(body, fallback)
    except UnicodeDecodeError as error:
        line, column = _place(body, error.start)
        raise FormatError(
            file=name,
            line=line,
            column=column,
            reason=f"byte 0x{body[error.start]:02X} is not UTF-8 (the file is perhaps Latin-1)",
            fix="save it again as UTF-8",
        ) from error
    if not text or text.isspace():
        raise FormatError(file=name, line=1, column="1", reason="the file is empty", fix="export it again")
    if odd := _INVISIBLE.search(text):
        line, column = _place(text, odd.start())
        what = "a NUL" if odd[0] == "\x00" else f"the control character 0x{ord(odd[0]):02X}"
        raise FormatError(
            file=name,
            line=line,
            column=column,
            reason=f"{what} stands in the text",
            fix="export the file again as plain text in UTF-8",
        )
    if fallback:
        return text.replace("\r", "\n")
    if lone := _LONE_RETURN.search(text):
        line, column = _place(text, lone.start())
        raise FormatError(
            file=name,
            line=line,
            column=column,
            reason="the line ends with a carriage return alone",
            fix="save the file with line feeds (Unix or Windows line ends)",
        )
    return text


def _decoded(body: bytes, fallback: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        if not fallback:
            raise
        return body.decode(fallback)


def _place(body: bytes | str, position: int) -> tuple[int, str]:
    """Return the 1-based line and character position of an offset."""
    newline = b"\n" if isinstance(body, bytes) else "\n"
    before = body[:position]
    line = before.count(newline) + 1  # type: ignore[arg-type]
    return line, str(position - before.rfind(newline))  # type: ignore[arg-type]
