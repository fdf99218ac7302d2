"""The content of a mail, read back for people: its HTML, text, headers and parts, from the bytes that left.

Pure: bytes in, frozen dataclasses out, and nothing in the bytes can make it fail. `mail.domain.queries` decides whose
bytes and who may see them.
"""

import base64
import re
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as MimeMessage

# What a browser may show by itself; every other part is offered as a file of no particular kind.
SHOWN_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_CID_REFERENCE = re.compile(r"""(?<=["'(])cid:([^"')\s>]{1,200})""", re.IGNORECASE)
# As `mail.domain.unsubscribe` writes them.
_STOP_LINK = re.compile(r"(/u/)[A-Za-z0-9_-]{43}")
_STOP_LINK_BYTES = re.compile(_STOP_LINK.pattern.encode())
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One leaf of the mail: ``number`` counts from 1 in order, ``size_bytes`` is its size decoded."""

    number: int
    mimetype: str
    filename: str
    cid: str
    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class Content:
    """A mail taken apart. ``html`` is empty for a mail of plain text; ``size_bytes`` counts the whole as it left."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    parts: tuple[Part, ...]
    size_bytes: int


def take_apart(raw: bytes) -> Content:
    """Return what a mail holds."""
    mime = message_from_bytes(raw)
    parts: list[Part] = []
    text = html = ""
    for leaf in (part for part in mime.walk() if not part.is_multipart()):
        payload = leaf.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        part = Part(
            number=len(parts) + 1,
            mimetype=leaf.get_content_type(),
            filename=_readable(leaf.get_filename() or ""),
            cid=str(leaf.get("Content-ID", "")).strip().strip("<>"),
            content=content,
        )
        parts.append(part)
        if not part.filename and part.mimetype == "text/plain" and not text:
            text = _decoded(leaf, content)
        elif not part.filename and part.mimetype == "text/html" and not html:
            html = _decoded(leaf, content)
    headers = tuple((name, _readable(str(value))) for name, value in mime.items())
    return Content(headers=headers, text=text, html=html, parts=tuple(parts), size_bytes=len(raw))


def without_stop_link(content: Content) -> Content:
    """Return the content with the tokens of unsubscribe links left out: whoever holds one may choose for the reader."""
    return replace(
        content,
        headers=tuple((name, _STOP_LINK.sub(r"\1…", value)) for name, value in content.headers),
        text=_STOP_LINK.sub(r"\1…", content.text),
        html=_STOP_LINK.sub(r"\1…", content.html),
        parts=tuple(
            replace(part, content=_STOP_LINK_BYTES.sub(rb"\1...", part.content))
            if part.mimetype.startswith("text/")
            else part
            for part in content.parts
        ),
    )


def for_frame(content: Content) -> str:
    """Return the HTML as one document that needs nothing from outside itself.

    Images by content id become ``data:`` addresses: the frame has no origin, so it could fetch nothing that asks
    for the reader's session. Links open outside the frame.
    """
    shown = {part.cid: part for part in content.parts if part.cid and part.mimetype in SHOWN_IMAGES}

    def inline(match: re.Match[str]) -> str:
        part = shown.get(match[1])
        if part is None:
            return match[0]
        return f"data:{part.mimetype};base64,{base64.b64encode(part.content).decode()}"

    html = _CID_REFERENCE.sub(inline, content.html)
    base = '<base target="_blank">'
    head = _HEAD.search(html)
    return html[: head.end()] + base + html[head.end() :] if head else base + html


def _decoded(leaf: MimeMessage, content: bytes) -> str:
    try:
        return content.decode(leaf.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _readable(value: str) -> str:
    """Return a header's value with its encoded words decoded and its folds joined, or as it is where it is broken."""
    unfolded = re.sub(r"\r?\n[ \t]+", " ", value)
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded
