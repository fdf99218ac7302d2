"""The body of a campaign: Markdown as people write it, read into clean HTML and into plain text.

Raw HTML shows as text, images are refused, links go to the web, to a mailbox or a telephone and nowhere else. Of template
braces, `{{ name }}` and `{{ first_name }}` are known; where one stood, HTML and text hold a mark that
`mail.domain.campaign_mail` replaces for each reader. Pure.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST = 50_000
# Characters no keyboard makes and no reader sees; a body that holds one is refused, so a mark is always ours.
MARKS = MappingProxyType({"name": "\ue000", "first_name": "\ue001", "stop_link": "\ue002"})
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_KNOWN = re.compile(r"\{\{[ \t]*(first_name|name)[ \t]*\}\}")
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\{|\}\}|\{%|%\}|\{#")
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_TAGS = frozenset({
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
})  # fmt: skip
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


class BodyRefusedError(ValueError):
    """A body that cannot be mailed. ``problems`` are sentences, each with its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep them one by one, too."""
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a fragment of HTML and as text, with `MARKS` where a name goes."""

    html: str
    text: str


def read(markdown: str) -> Body:
    """Return a body ready to be laid out.

    Raises:
        BodyRefusedError: it is empty or too long, or holds images, unknown braces or links that lead nowhere.
    """
    source = markdown.replace("\r\n", "\n").replace("\r", "\n")
    problems = list(_problems_of_text(source))
    if problems:
        raise BodyRefusedError(problems)
    marked = _KNOWN.sub(lambda match: MARKS[match[1]], source)
    tokens = _MARKDOWN.parse(marked)
    problems = list(_problems_of_tokens(tokens))
    if problems:
        raise BodyRefusedError(problems)
    return Body(_clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})), _Text().render(tokens))


def _problems_of_text(source: str) -> Iterator[str]:
    if not source.strip():
        yield "The body is empty; write what the mail says."
        return
    if len(source) > LONGEST:
        yield f"The body has {len(source):,} characters; at most {LONGEST:,} fit."
        return
    for number, line in enumerate(source.split("\n"), start=1):
        # Markdown reads `&#xE002;` as the character it names.
        odd = next(
            (
                sign
                for sign in line + unescape(line)
                if sign != "\t" and unicodedata.category(sign) in ("Cc", "Cs", "Co")
            ),
            None,
        )
        if odd is not None:
            yield f"Line {number} holds the character U+{ord(odd):04X}, which mail cannot bear; remove it."
        for match in _BRACES.finditer(line):
            if not _KNOWN.fullmatch(match[0]):
                yield (
                    f"Line {number} holds {match[0][:40]}; only {{{{ name }}}} and {{{{ first_name }}}} are known."
                )


def _problems_of_tokens(tokens: Sequence[Token]) -> Iterator[str]:
    for block in tokens:
        line = (block.map or [0])[0] + 1
        for token in block.children or ():
            line += token.type in ("softbreak", "hardbreak")
            if token.type == "image":
                yield (
                    f"Line {line} holds an image; mail readers block images from elsewhere. Remove it, or link to it."
                )
            elif token.type == "link_open":
                address = str(token.attrGet("href") or "")
                if _PRIVATE.search(address) or "%EE%80%8" in address:
                    yield f"Line {line} puts a name into a link; a link is the same for every reader."
                elif address.partition(":")[0].lower() not in _SCHEMES or ":" not in address:
                    yield (
                        f"Line {line} links to {address[:60] or 'nothing'}; write the whole address, as https://example.com/page."
                    )


@functools.lru_cache(maxsize=1)
def _cleaner() -> "nh3.Cleaner":
    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )


def _clean(html: str) -> str:
    """Return HTML with what we know and nothing else: a second lock behind the parser's own."""
    return _cleaner().clean(html)


class _Text:
    """Lays tokens out as plain text: a blank line between blocks, lists indented, an address behind its words."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.lists: list[int | None] = []
        self.quotes = 0
        self.bullet = ""
        self.cells: list[str] = []
        self.in_cell = False

    def render(self, tokens: Sequence[Token]) -> str:
        """Return the whole text."""
        for token in tokens:
            self._block(token)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.blocks)).strip("\n") + "\n"

    def _block(self, token: Token) -> None:
        if token.type == "inline":
            self._put(_inline(token.children or []))
        elif token.type in ("fence", "code_block"):
            self._put(token.content.rstrip("\n"))
            self.blocks.append("")
        elif token.type == "hr":
            self._put("-" * 20)
            self.blocks.append("")
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            ordered = token.type == "ordered_list_open"
            self.lists.append(int(token.attrGet("start") or 1) if ordered else None)
        elif token.type == "list_item_open":
            count = self.lists[-1]
            self.bullet = "- " if count is None else f"{count}. "
            self.lists[-1] = None if count is None else count + 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
            if not self.lists:
                self.blocks.append("")
        elif token.type in ("blockquote_open", "blockquote_close"):
            self.quotes += 1 if token.type.endswith("open") else -1
        elif token.type in ("th_open", "td_open", "th_close", "td_close"):
            self.in_cell = token.type.endswith("open")
        elif token.type == "tr_close":
            self.blocks.append(" | ".join(self.cells))
            self.cells = []
        elif token.type in ("paragraph_close", "heading_close", "table_close") and not token.hidden:
            self.blocks.append("")

    def _put(self, text: str) -> None:
        if self.in_cell:
            self.cells.append(text)
            return
        indent = "  " * max(len(self.lists) - 1, 0)
        for number, line in enumerate(text.split("\n")):
            bullet = self.bullet if not number else ""
            hang = "  " if self.lists and not bullet else ""
            self.blocks.append("> " * self.quotes + indent + hang + bullet + line)
            self.bullet = ""


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" " if token.type == "softbreak" else "\n")
        elif token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), len(parts)))
        elif token.type == "link_close":
            address, begun = links.pop()
            shown = "".join(parts[begun:])
            if shown not in (address, address.removeprefix("mailto:")):
                parts.append(f" ({address.removeprefix('mailto:')})")
    return "".join(parts)
