"""Reads rendered HTML back as a reader's program would: links, images, tables, ids and plain words."""

from html.parser import HTMLParser
from itertools import pairwise
from typing import Self

VOID = {"br", "meta", "img", "source", "wbr", "hr", "input", "link"}


class Page(HTMLParser):
    """What a page holds; ``problems`` names elements that were not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.links: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []
        self._caught: list[list[str]] = []

    @classmethod
    def of(cls, html: str) -> Self:
        """Read a page to its end."""
        page = cls()
        page.feed(html)
        page.close()
        page.problems += [f"<{name}> stays open" for name in page._open]
        return page

    @property
    def text(self) -> str:
        """The page's words, spaces folded."""
        return " ".join("".join(self.words).split())

    def all(self, name: str) -> list[dict[str, str]]:
        """Return the attributes of each element of a name."""
        return [attributes for element, attributes in self.elements if element == name]

    def order(self, *texts: str) -> bool:
        """Tell whether texts stand in this order among the headings."""
        places = [self.headings.index(text) for text in texts]
        return all(first < second for first, second in pairwise(places))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag in VOID:
            if tag == "br":
                self.words.append(" ")
            return
        self._open.append(tag)
        if tag in {"a", "h1", "h2", "h3"}:
            self._caught.append([tag, attributes.get("href", ""), ""])
        if tag not in {"a", "abbr", "span", "b", "small"}:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> closes nothing")
            return
        self._open.pop()
        if tag in {"a", "h1", "h2", "h3"}:
            _, href, text = self._caught.pop()
            if tag == "a":
                self.links.append((href, text))
            else:
                self.headings.append(" ".join(text.split()))
        if tag not in {"a", "abbr", "span", "b", "small"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"style", "script"}:
            return
        self.words.append(data)
        for caught in self._caught:
            caught[2] += data
