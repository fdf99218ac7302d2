"""The shape of a note: front matter, headings, tables, list items, paragraphs, each with its lines.

A small strict reader of the Markdown people write in handoff notes; it renders nothing, so raw HTML,
`javascript:` links and template braces are text like any other. What the blocks mean stands next door in
`portfolio.formats.handoff`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portfolio.formats.errors import FormatError, shown

_FIELD = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_-]{0,40}):(?: +(?P<value>.*))?", re.ASCII)
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?P<text>[ \t].*)?", re.ASCII)
_UNDERLINE = re.compile(r" {0,3}(?P<mark>=|-)(?P=mark)+[ \t]*", re.ASCII)
_RULE = re.compile(r" {0,3}(?P<mark>[-*_])(?:[ \t]*(?P=mark)){2,}[ \t]*", re.ASCII)
_FENCE = re.compile(r" {0,3}(?P<mark>```+|~~~+)[^`]*", re.ASCII)
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[-*+]|[0-9]{1,9}[.)])(?:[ \t]+(?P<text>.*))?", re.ASCII)
_TASK = re.compile(r"\[(?P<tick>[ xX])\](?:[ \t]+(?P<text>.*))?", re.ASCII)
_SEPARATOR_CELL = re.compile(r":?-+:?", re.ASCII)
_UNREAD_VALUES = "!&*|>{}[]%@`?"


class Mark(StrEnum):
    """How a list item begins."""

    BULLET = "bullet"
    TASK = "task"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of either spelling; ``===`` is level 1 and ``---`` level 2."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table: its header and its rows, every row as wide as the header."""

    line: int
    headers: tuple[str, ...]
    rows: tuple[tuple[int, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One list item, its continuation lines joined. ``done`` is None where there is no box to tick."""

    line: int
    last_line: int
    raw: str
    mark: Mark
    text: str
    number: int | None = None
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of running text, or the inside of a fenced block (``fenced``)."""

    line: int
    lines: tuple[str, ...]
    fenced: bool = False


Block = Heading | Table | Item | Paragraph


def front_matter(lines: list[str], *, name: str) -> tuple[dict[str, tuple[int, str]], int]:
    """Return the fields between the two ``---`` as key to (line, value), and how many lines they took.

    Only ``key: value`` with plain or quoted text is read: no tags, no nesting, no lists.

    Raises:
        FormatError: no front matter, one that never ends, a line that is no field, or a key given twice.
    """
    if lines[0].rstrip() != "---":
        raise FormatError(
            file=name,
            line=1,
            column="1",
            reason="the note does not begin with its front matter",
            fix="begin with a line of three dashes, then entity, name, kind and updated, then three dashes",
        )
    fields: dict[str, tuple[int, str]] = {}
    for line, written in enumerate(lines[1:], start=2):
        content = written.rstrip()
        if content == "---":
            return fields, line
        if not content:
            continue
        match = _FIELD.fullmatch(content)
        if not match:
            raise FormatError(
                file=name,
                line=line,
                column="1",
                reason=f"{shown(content)} is not a front matter field",
                fix="write it as key: value, and end the front matter with three dashes",
            )
        key, value = match["key"], (match["value"] or "").strip()
        if key in fields:
            raise FormatError(
                file=name,
                line=line,
                column=key,
                reason=f"the key is given twice, first on line {fields[key][0]}",
                fix="keep one of them",
            )
        fields[key] = (line, _scalar(value, name=name, line=line, key=key))
    raise FormatError(
        file=name,
        line=len(lines),
        column="1",
        reason="the front matter never ends",
        fix="close it with a line of three dashes",
    )


def _scalar(value: str, *, name: str, line: int, key: str) -> str:
    quote = value[:1]
    if quote in ("'", '"'):
        if len(value) < 2 or value[-1] != quote or quote in value[1:-1] or "\\" in value:
            raise FormatError(
                file=name,
                line=line,
                column=key,
                reason=f"{shown(value)} is not plainly quoted",
                fix="leave the quotes away",
            )
        return value[1:-1].strip()
    if quote and quote in _UNREAD_VALUES:
        raise FormatError(
            file=name,
            line=line,
            column=key,
            reason=f"{shown(value)} is not plain text",
            fix="front matter takes plain values only, no YAML tags, lists or references",
        )
    return value


def blocks(lines: list[str], *, start: int, name: str) -> Iterator[Block]:
    """Yield the blocks after the first ``start`` lines, in order; blank lines and rules yield nothing.

    Raises:
        FormatError: a table without its line of dashes, with a doubled or empty header or with a row of
            another width; a fence that never closes; an empty list item.
    """
    at = start
    while at < len(lines):
        content = lines[at]
        if not content.strip() or _RULE.fullmatch(content):
            at += 1
        elif fence := _FENCE.fullmatch(content):
            block, at = _fenced(lines, at, fence["mark"], name)
            yield block
        elif heading := _HEADING.fullmatch(content):
            yield Heading(at + 1, len(heading["marks"]), _without_closing(heading["text"] or ""))
            at += 1
        elif _begins_table(lines, at):
            table, at = _table(lines, at, name)
            yield table
        elif first := _ITEM.fullmatch(content):
            item, at = _item(lines, at, first, name)
            yield item
        else:
            text, at = _paragraph(lines, at)
            yield text


def _without_closing(text: str) -> str:
    """Return a heading's text without the marks that may close it again ("## Title ##")."""
    text = text.strip()
    opened = text.rstrip("#")
    return opened.rstrip() if opened[-1:] in ("", " ", "\t") else text


def split_cells(content: str) -> tuple[str, ...]:
    r"""Cut a table line at its pipes, outer ones apart; ``\|`` is a pipe that belongs to the text."""
    body = content.strip().removeprefix("|")
    cells, cell, escaped = [], "", False
    for character in body:
        if escaped:
            cell += character if character == "|" else "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "|":
            cells.append(cell.strip())
            cell = ""
        else:
            cell += character
    last = (cell + ("\\" if escaped else "")).strip()
    if last or not body.endswith("|") or not cells:
        cells.append(last)
    return tuple(cells)


def _is_separator(content: str) -> bool:
    return "|" in content and all(_SEPARATOR_CELL.fullmatch(cell) for cell in split_cells(content))


def _begins_table(lines: list[str], at: int) -> bool:
    if lines[at].lstrip().startswith("|"):
        return True
    return "|" in lines[at] and at + 1 < len(lines) and _is_separator(lines[at + 1])


def _interrupts(lines: list[str], at: int) -> bool:
    """Say whether another block begins on this line, so that running text ends before it."""
    content = lines[at]
    if not content.strip() or _RULE.fullmatch(content) or _HEADING.fullmatch(content):
        return True
    return bool(_FENCE.fullmatch(content) or _ITEM.fullmatch(content)) or _begins_table(lines, at)


def _fenced(lines: list[str], at: int, mark: str, name: str) -> tuple[Paragraph, int]:
    for end in range(at + 1, len(lines)):
        if lines[end].strip() == mark:
            return Paragraph(at + 1, tuple(lines[at : end + 1]), fenced=True), end + 1
    raise FormatError(
        file=name,
        line=at + 1,
        column="1",
        reason="the fence that opens here never closes",
        fix=f"close it with {mark} on a line of its own",
    )


def _table(lines: list[str], at: int, name: str) -> tuple[Table, int]:
    headers = split_cells(lines[at])
    if at + 1 >= len(lines) or not _is_separator(lines[at + 1]):
        raise FormatError(
            file=name,
            line=at + 1,
            column=headers[0] or "1",
            reason="the table has no line of dashes under its header",
            fix="add one such as |---|---| with as many cells as the header",
        )
    _same_width(split_cells(lines[at + 1]), headers, line=at + 2, name=name)
    for position, header in enumerate(headers, start=1):
        if not header or header in headers[: position - 1]:
            raise FormatError(
                file=name,
                line=at + 1,
                column=header or str(position),
                reason="the table has this header twice" if header else "the table has an empty header",
                fix="give every column its own name",
            )
    rows, end = [], at + 2
    while end < len(lines):
        content = lines[end]
        if "|" not in content and _interrupts(lines, end):
            break
        cells = split_cells(content)
        _same_width(cells, headers, line=end + 1, name=name)
        rows.append((end + 1, content, cells))
        end += 1
    return Table(at + 1, headers, tuple(rows)), end


def _same_width(cells: tuple[str, ...], headers: tuple[str, ...], *, line: int, name: str) -> None:
    if len(cells) == len(headers):
        return
    short = len(cells) < len(headers)
    fix = "write \\| for a pipe inside a cell, and leave an empty line after the table"
    raise FormatError(
        file=name,
        line=line,
        column=(headers[len(cells)] if short else str(len(headers) + 1)) or "1",
        reason=f"the row has {len(cells)} cells and its header has {len(headers)}",
        fix=fix,
    )


def _item(lines: list[str], at: int, first: re.Match[str], name: str) -> tuple[Item, int]:
    end, parts = at + 1, [first["text"] or ""]
    while end < len(lines) and not _interrupts(lines, end):
        parts.append(lines[end])
        end += 1
    text = " ".join(" ".join(parts).split())
    mark, number, done = Mark.BULLET, None, None
    if first["mark"][0].isdigit():
        mark, number = Mark.NUMBER, int(first["mark"][:-1])
    if task := _TASK.fullmatch(text):
        mark, done, text = Mark.TASK, task["tick"] != " ", task["text"] or ""
    if not text:
        raise FormatError(
            file=name,
            line=at + 1,
            column="1",
            reason="the list item is empty",
            fix="write it or delete the line",
        )
    return Item(at + 1, end, "\n".join(lines[at:end]), mark, text, number, done), end


def _paragraph(lines: list[str], at: int) -> tuple[Heading | Paragraph, int]:
    """Read running text; an underline makes a heading of it."""
    end = at + 1
    while end < len(lines):
        if underline := _UNDERLINE.fullmatch(lines[end]):
            text = " ".join(" ".join(lines[at:end]).split())
            return Heading(at + 1, 1 if underline["mark"] == "=" else 2, text), end + 1
        if _interrupts(lines, end):
            break
        end += 1
    return Paragraph(at + 1, tuple(lines[at:end])), end
