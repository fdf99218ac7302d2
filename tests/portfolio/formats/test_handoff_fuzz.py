"""Whatever bytes come, a note is read or refused with a sentence; nothing else ever happens."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portfolio.formats import FormatError
from portfolio.formats.cells import CellError, read_cell
from portfolio.formats.handoff import Handoff, parse

pytestmark = pytest.mark.once

NOTES = [path.read_bytes() for path in sorted((Path(__file__).parents[3] / "demo" / "handoffs").glob("*.md"))]
FRONT = b"---\nentity: acme\nname: Acme\nkind: agency\nupdated: 2026-11-01\n---\n"
SNIPPETS = (
    "|", "---", "\n", "# KPIs\n", "- ", "- [ ] ", "1. ", "$1,0", "%", "2026-10-05", "2026-02-30", " to ", "->", "Blocked: ",
    "Effort: 9", "(critical", "not tracked", "```\n", ": ", "\\|", "\u2192", "\u202e", "\ud83d\ude00", "9" * 5000, "**", "`",
    " PDT", "/", "(a)", "| a |\n|---|\n", "=\n", "\r", "\x00",
)  # fmt: skip


def outcome(data: bytes) -> Handoff | FormatError:
    try:
        return parse(data, name="fuzz.md")
    except FormatError as refusal:
        return refusal


def read_or_refused(data: bytes) -> None:
    came = outcome(data)
    if isinstance(came, FormatError):
        assert str(came).startswith("fuzz.md line ")
        assert str(came).endswith(".")
        assert "\n" not in str(came)
        assert came.line >= 1
        return
    count = data.count(b"\n") + 1
    assert all(1 <= row.line <= row.last_line <= count and row.label for row in came.rows)
    assert [row.line for row in came.rows] == sorted(row.line for row in came.rows)


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"---")
def test_any_bytes(data: bytes) -> None:
    read_or_refused(data)


@given(st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=12), max_size=25).map("".join))
def test_any_body_under_a_good_front_matter(body: str) -> None:
    read_or_refused(FRONT + body.encode("utf-8", "replace"))


@settings(max_examples=300)
@given(st.data())
def test_a_real_note_with_a_cut_and_something_put_in(data: st.DataObject) -> None:
    note = data.draw(st.sampled_from(NOTES))
    start = data.draw(st.integers(0, len(note)))
    end = data.draw(st.integers(start, min(len(note), start + 40)))
    put = data.draw(
        st.sampled_from(SNIPPETS).map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=6)
    )
    read_or_refused(note[:start] + put + note[end:])


@given(st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=10), max_size=6).map("".join))
def test_any_cell(text: str) -> None:
    with contextlib.suppress(CellError):
        assert read_cell(text).as_json()["kind"]


SLOW = ("# " + " " * 200_000 + "x#", "- " + "a, " * 60_000 + ")", "- (" * 60_000, "`" * 200_000, "**" * 100_000, "- " * 100_000,
        "## KPIs\n- a: " + "1 " * 100_000, "## KPIs\n- a: " + "/" * 200_000, "## Equity\n- " + "1% " * 60_000,
        "|" * 200_000, "## Funnel\n" + "a 1 -> " * 30_000, "$" * 200_000, "- " + "- " * 90_000 + "x", "1 / " * 50_000)  # fmt: skip


@pytest.mark.parametrize("body", SLOW, ids=[body[:14] for body in SLOW])
def test_no_text_takes_time_beyond_its_length(body: str) -> None:
    began = time.process_time()
    outcome(FRONT + body.encode())
    assert time.process_time() - began < 2
