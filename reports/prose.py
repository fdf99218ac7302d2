"""What people write into reports: a little Markdown, read into passages of plain words.

Paragraphs, **strong**, *emphasis*, `code`, lists, and links to the web or a mailbox. Everything else, such as raw HTML,
images, headings and template braces, stays the text it is; no renderer ever sees markup of the author's. Pure.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports.document import Passage, Span, Stands

LONGEST = 4_000
SCHEMES = ("http", "https", "mailto")
# A list within a list, so many deep, is the last that is read: what stood in a deeper one would be lost.
_DEEPEST = 9
_MARKDOWN = MarkdownIt("zero").enable(["backticks", "emphasis", "escape", "image", "link", "list", "newline"])
# Signs that turn the direction of what follows, so that it reads otherwise than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ProseRefusedError(ValueError):
    """Text that no report can bear; the message says where and why."""


def parse(markdown: str) -> tuple[Passage, ...]:
    """Return the passages of a text.

    Raises:
        ProseRefusedError: it is empty or too long, holds characters that cannot be printed, or lists too deep to read.
    """
    source = markdown.replace("\r\n", "\n").replace("\r", "\n").strip("\n ")
    if not source.strip():
        raise ProseRefusedError("There is nothing in it; write what the report is to say.")
    if len(source) > LONGEST:
        raise ProseRefusedError(f"It has {len(source):,} characters; at most {LONGEST:,} fit.")
    for number, line in enumerate(source.split("\n"), start=1):
        odd = next((sign for sign in line if _unprintable(sign)), None)
        if odd is not None:
            raise ProseRefusedError(
                f"Line {number} holds the character U+{ord(odd):04X}, which cannot be printed; remove it."
            )
    if any(
        token.type == "list_item_open" and token.level >= 2 * _DEEPEST for token in _MARKDOWN.parse(source)
    ):
        raise ProseRefusedError(f"Its lists are more than {_DEEPEST} deep; write them flatter.")
    found = read(source)
    if not found:
        raise ProseRefusedError("There are no words in it; write what the report is to say.")
    return found


def read(source: str) -> tuple[Passage, ...]:
    """Return the passages of a text that `parse` accepted once, whatever it would say of it today."""
    return tuple(passage for passage in _passages(_MARKDOWN.parse(source)) if passage.spans)


def _unprintable(sign: str) -> bool:
    return (sign != "\t" and unicodedata.category(sign) in ("Cc", "Cs", "Co", "Zl", "Zp")) or sign in _TURNING


def _passages(tokens: Iterable[Token]) -> Iterator[Passage]:
    """Yield a passage for each paragraph and each item of a list; an item within an item is one of its own.

    A list that is numbered from anything but 1 stands as paragraphs with their numbers, for every form counts from 1.
    """
    lists: list[Stands] = []
    spans: list[Span] = []
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                if lists:
                    yield Passage(tuple(spans), lists[-1])
                    spans = []
                lists.append(_stands(token))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                if lists[-1] is Stands.PARAGRAPH:
                    spans = [Span(f"{token.info}{token.markup}")]
            case "list_item_close":
                yield Passage(tuple(spans), lists[-1])
                spans = []
            case "inline":
                if spans:
                    spans.append(Span(" "))
                spans += _Inline().read(token.children or ())
                if not lists:
                    yield Passage(tuple(spans))
                    spans = []


def _stands(token: Token) -> Stands:
    if token.type == "bullet_list_open":
        return Stands.BULLET
    return Stands.NUMBER if token.attrGet("start") is None else Stands.PARAGRAPH


@dataclass
class _Inline:
    """Reads the tokens of a line of text into spans."""

    strong: int = 0
    emphasis: int = 0
    links: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def read(self, tokens: Iterable[Token]) -> list[Span]:
        for token in tokens:
            self._take(token)
        return [span for span in self.spans if span.text]

    def _take(self, token: Token) -> None:
        match token.type:
            case "text":
                self._say(token.content)
            case "code_inline":
                self._say(token.content, code=True)
            case "softbreak" | "hardbreak":
                self._say(" ")
            case "strong_open" | "strong_close":
                self.strong += token.nesting
            case "em_open" | "em_close":
                self.emphasis += token.nesting
            case "image":
                self._say(f"![{token.content}]({token.attrGet('src') or ''})")
            case "link_open":
                self._open(str(token.attrGet("href") or ""))
            case "link_close":
                self._close(self.links.pop())

    def _open(self, href: str) -> None:
        self.links.append(href)
        if not _leads_out(href):
            self._say("[")

    def _close(self, href: str) -> None:
        if not _leads_out(href):
            self._say(f"]({href})")
        elif not self.spans or self.spans[-1].href != href:
            self._say(href, href=href)

    def _say(self, text: str, *, code: bool = False, href: str = "") -> None:
        target = href or next((link for link in self.links[-1:] if _leads_out(link)), "")
        self.spans.append(Span(text, self.strong > 0, self.emphasis > 0, code, target))


def _leads_out(href: str) -> bool:
    scheme, colon, rest = href.partition(":")
    return bool(colon and rest) and scheme.lower() in SCHEMES
