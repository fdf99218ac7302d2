"""Handoff notes: the seven real ones to the last row, notes nobody has seen, and broken ones."""

import datetime as dt
import re
from pathlib import Path

import pytest

from portfolio.formats import FormatError
from portfolio.formats.cells import CellKind
from portfolio.formats.handoff import Handoff, RowKind, Shape, parse
from tests.portfolio.formats.said import said

pytestmark = pytest.mark.once

NOTES = Path(__file__).parents[3] / "demo" / "handoffs"
ROWS = Path(__file__).parent / "rows"
NAMES = ("dc-clients", "dc", "eyd", "jada", "qdn", "qos", "rental-3028")

HEADS = {
    "dc-clients": ("DangerousCentaur Client Portfolio", "receivables", "", dt.date(2026, 11, 1)),
    "dc": ("DangerousCentaur", "agency", "", dt.date(2026, 11, 1)),
    "eyd": ("Expert Yacht Delivery", "delivery", "", dt.date(2026, 11, 6)),
    "jada": ("JADA", "events", "", dt.date(2026, 11, 5)),
    "qdn": ("QuickDumpNow", "logistics", "", dt.date(2026, 10, 28)),
    "qos": ("QueenofSanDiego", "charter", "Owner", dt.date(2026, 11, 9)),
    "rental-3028": ("3028 51st St Rental", "rental", "", dt.date(2026, 11, 8)),
}

FRONT = "---\nentity: acme\nname: Acme\nkind: agency\nupdated: 2026-11-01\n---\n"


def note(name: str) -> Handoff:
    return parse((NOTES / f"{name}.md").read_bytes(), name=f"handoffs/{name}.md")


def written(body: str) -> Handoff:
    return parse((FRONT + body).encode(), name="acme.md")


def test_every_note_of_the_sample_is_covered() -> None:
    assert {path.stem for path in NOTES.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_note_gives_exactly_these_rows(name: str) -> None:
    rows = [said(row) for row in note(name).rows]
    assert rows == (ROWS / f"{name}.txt").read_text().splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_a_note_says_whose_it_is_and_when_it_was_written(name: str) -> None:
    read = note(name)
    assert (read.name, read.kind, read.owner, read.updated_on) == HEADS[name]
    assert read.entity == name
    assert read.file == f"handoffs/{name}.md"


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_note_is_left_over(name: str) -> None:
    lines = (NOTES / f"{name}.md").read_text().splitlines()
    read = note(name)
    taken = {at for row in read.rows for at in range(row.line, row.last_line + 1)}
    taken |= {heading.line for heading in read.headings}
    taken |= set(range(1, lines.index("---", 1) + 2))
    underline_or_dashes = re.compile(r"[-=]{2,}|\|[-|]+\|")
    left = [
        (at, line)
        for at, line in enumerate(lines, start=1)
        if at not in taken and line.strip() and not underline_or_dashes.fullmatch(line)
    ]
    headers = [(at, line) for at, line in left if line.startswith("|") and lines[at].startswith("|---")]
    assert left == headers


@pytest.mark.parametrize("name", NAMES)
def test_each_row_carries_the_text_of_its_own_line(name: str) -> None:
    lines = (NOTES / f"{name}.md").read_text().splitlines()
    for row in note(name).rows:
        assert row.raw == "\n".join(lines[row.line - 1 : row.last_line])


def test_a_note_reads_the_same_with_windows_line_ends_and_a_byte_order_mark() -> None:
    data = (NOTES / "qos.md").read_bytes()
    again = parse(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), name="handoffs/qos.md")
    assert again == note("qos")


def test_both_kinds_of_heading_open_a_section() -> None:
    read = written("Title\n=====\n\nKPIs\n----\n- Visits: 4\n\n### Notes\nDone.\n")
    assert [(h.line, h.level, h.text) for h in read.headings] == [
        (7, 1, "Title"),
        (10, 2, "KPIs"),
        (14, 3, "Notes"),
    ]
    assert [said(row) for row in read.rows] == [
        "12 kpi bullet 'Visits' | value=number:number=4",
        "15 note text 'Done.'",
    ]
    assert read.title == "Title"


def test_a_deeper_heading_without_a_word_of_its_own_keeps_the_section() -> None:
    read = written("## Technical debt\n### Website\n- [ ] (low) Old. Effort: 2\n## Else\n- [ ] Later\n")
    assert [(row.kind, row.section) for row in read.rows] == [
        (RowKind.DEBT, "Website"),
        (RowKind.NOTE, "Else"),
    ]


def test_a_table_under_an_unknown_heading_is_known_by_its_first_header() -> None:
    read = written(
        "## Who does what\n| Role | Who |\n|---|:-:|\n| Mate | Ana |\n\n## X\n| Y |\n|---|\n| 1 |\n"
    )
    assert [(row.kind, row.label) for row in read.rows] == [(RowKind.ROLE, "Mate"), (RowKind.OTHER, "1")]


def test_a_table_may_leave_its_outer_pipes_away_and_escape_inner_ones() -> None:
    (row,) = written("Channel | Status\n--- | ---\nA \\| B | live\n").rows
    assert row.kind == RowKind.CHANNEL
    assert row.label == "A | B"
    assert row.cells["Status"].text == "live"


def test_cells_are_found_in_any_case_and_without_brackets() -> None:
    row = note("dc-clients").rows[0]
    hours = row.cell("hours")
    assert hours is not None
    assert hours.number == 9
    assert row.cell("Hours (Oct)") is hours
    assert row.cell("Phone") is None


def test_not_tracked_is_a_value_and_an_empty_one_is_refused() -> None:
    (row,) = written("## KPIs\n- Visits: not tracked\n").rows
    assert row.value is not None
    assert (row.value.kind, row.value.tracked) == (CellKind.NOT_TRACKED, False)
    with pytest.raises(FormatError, match=r"acme\.md line 10, column Value: the value is empty"):
        written("## KPIs\n| KPI | Value |\n|---|---|\n| Visits | |\n")


def test_a_task_gives_up_its_marks_in_any_order() -> None:
    (row,) = written("## Roadmap\n- [X] (high, internet, UX) Ship `it`! Due 2026-12-05. Effort: 3\n").rows
    assert (row.label, row.severity, row.tags, row.done) == ("Ship it!", "high", ("internet", "ux"), True)
    assert (row.effort, row.due_on, row.exposure) == (3, dt.date(2026, 12, 5), "internet")


def test_words_in_brackets_that_are_no_severity_stay_text() -> None:
    (row,) = written("## Technical debt\n- (maybe) Move house\n").rows
    assert (row.label, row.severity, row.done, row.shape) == ("(maybe) Move house", "", None, Shape.BULLET)


def test_a_list_item_may_run_over_several_lines() -> None:
    (row,) = written("## Technical debt\n- [ ] (low) A long\n  story.\n  Effort: 1\n").rows
    assert (row.label, row.effort, row.line, row.last_line) == ("A long story", 1, 8, 10)


def test_a_share_without_qualifiers_and_with_a_signature_date() -> None:
    first, second = written("## Equity\n- Ana: 12.5%\n- Bo 87.5%, agreement: signed 2026-11-02\n").rows
    assert first.value is not None
    assert (first.label, first.value.percent_bp) == ("Ana", 1_250)
    agreement = second.cells["Agreement"]
    assert (agreement.word, agreement.on) == ("signed", dt.date(2026, 11, 2))


def test_a_funnel_may_use_arrows_of_either_kind() -> None:
    rows = written("## Funnel\nvisit 1,410 \u2192 sent 2 -> booked 0\n").rows
    assert [(row.label, row.position, row.value and row.value.number) for row in rows] == [
        ("visit", 1, 1410),
        ("sent", 2, 2),
        ("booked", 3, 0),
    ]


def test_an_arrow_in_running_text_is_no_funnel() -> None:
    (row,) = written("## Notes\nGo to Settings -> Profile.\n").rows
    assert row.kind == RowKind.NOTE


def test_blocked_without_dates_is_a_note() -> None:
    (row,) = written("## Notes\nBlocked: waiting for the plumber.\n").rows
    assert (row.kind, row.label) == (RowKind.NOTE, "Blocked: waiting for the plumber.")


def test_markup_and_templates_stay_text() -> None:
    body = "## Notes\n<script>alert(1)</script> [x](javascript:alert(1)) {{ 7 * 7 }} {% load x %} ../../etc\n"
    (row,) = written(body).rows
    assert row.label == body.split("\n")[1]


def test_a_fenced_block_is_one_note_whatever_it_holds() -> None:
    (row,) = written("## Notes\n```\n| a |\n# b\nvisit 1 -> sent 2\n```\n").rows
    assert (row.kind, row.line, row.last_line) == (RowKind.NOTE, 8, 12)


def test_a_rule_between_paragraphs_is_nothing() -> None:
    assert [row.label for row in written("One.\n\n---\n\nTwo.\n\n***\n").rows] == ["One.", "Two."]


def test_front_matter_values_may_be_quoted_and_the_owner_left_out() -> None:
    read = parse(FRONT.replace("Acme", '"Acme: the firm"').encode(), name="acme.md")
    assert (read.name, read.owner, read.title, read.rows) == ("Acme: the firm", "", "Acme: the firm", ())


TABLE = "## Channels\n| Channel | Status | Gate |\n|---|---|---|\n"
BROKEN = {
    "empty": (b"", "1, column 1: the file is empty"),
    "only spaces": (b" \n\n", "1, column 1: the file is empty"),
    "no front matter": (b"# Acme\n", "1, column 1: the note does not begin with its front matter"),
    "front matter without end": (b"---\nentity: acme\n", "3, column 1: the front matter never ends"),
    "front matter with a list": (
        b"---\nentity: acme\n- x\n---\n",
        "3, column 1: '- x' is not a front matter field",
    ),
    "front matter with a tag": (
        b"---\nentity: !!python/object:os.system\n---\n",
        "2, column entity: '!!python/object:os.system' is not plain text",
    ),
    "front matter with an alias": (b"---\nentity: *a\n---\n", "2, column entity: '*a' is not plain text"),
    "front matter with half a quote": (
        b"---\nname: 'Ac\n---\n",
        '2, column name: "\'Ac" is not plainly quoted',
    ),
    "doubled key": (
        FRONT.replace("name: Acme", "entity: other").encode(),
        "3, column entity: the key is given twice, first on line 2",
    ),
    "unknown field": (
        FRONT.replace("kind:", "sort:").encode(),
        "4, column sort: the front matter has a field we do not know",
    ),
    "missing field": (
        FRONT.replace("kind: agency\n", "").encode(),
        "1, column kind: the front matter lacks this field",
    ),
    "empty field": (FRONT.replace("Acme", "").encode(), "3, column name: the field is empty"),
    "odd slug": (
        FRONT.replace("acme", "Acme Inc").encode(),
        "2, column entity: 'Acme Inc' is not an entity's slug",
    ),
    "path as slug": (
        FRONT.replace("acme", "../etc").encode(),
        "2, column entity: '../etc' is not an entity's slug",
    ),
    "odd update": (FRONT.replace("2026-11-01", "1 Nov").encode(), "5, column updated: '1 Nov' is not a date"),
    # Taken, it would be the newest note of its entity for ever.
    "far update": (
        FRONT.replace("2026-11-01", "9999-12-31").encode(),
        "5, column updated: '9999-12-31' is outside the years 2000 to 2099",
    ),
    "impossible update": (
        FRONT.replace("2026-11-01", "2026-02-30").encode(),
        "5, column updated: '2026-02-30' is not a date",
    ),
    "latin-1": (FRONT.replace("Acme", "Café").encode("latin-1"), "3, column 10: byte 0xE9 is not UTF-8"),
    "utf-16": (FRONT.encode("utf-16"), "1, column 1: the file is UTF-16"),
    "nul": ((FRONT + "a\x00b").encode(), "7, column 2: a NUL stands in the text"),
    "escape": ((FRONT + "a\x1b[1m").encode(), "7, column 2: the control character 0x1B stands in the text"),
    "carriage returns": (
        FRONT.replace("\n", "\r").encode(),
        "1, column 4: the line ends with a carriage return alone",
    ),
    "short row": (TABLE + "| Sailo | live |\n", "10, column Gate: the row has 2 cells and its header has 3"),
    "long row": (
        TABLE + "| Sailo | live | a | b |\n",
        "10, column 4: the row has 4 cells and its header has 3",
    ),
    "text behind a table": (
        TABLE + "| Sailo | live | |\nand so on\n",
        "11, column Status: the row has 1 cells and its header has 3",
    ),
    "no line of dashes": (
        "| Channel | Status |\n| Sailo | live |\n",
        "7, column Channel: the table has no line of dashes",
    ),
    "a header alone": ("| Channel | Status |", "7, column Channel: the table has no line of dashes"),
    "dashes too short": (
        "| Channel | Status |\n|---|\n",
        "8, column Status: the row has 1 cells and its header has 2",
    ),
    "doubled header": ("| A | A |\n|---|---|\n", "7, column A: the table has this header twice"),
    "empty header": ("| A | |\n|---|---|\n", "7, column 2: the table has an empty header"),
    "unnamed row": (TABLE + "| | live | |\n", "10, column Channel: the first cell is empty"),
    "impossible date": (
        TABLE + "| Sailo | live | 2026-02-30 |\n",
        "10, column Gate: 2026-02-30 is not a day",
    ),
    "half a cent": (TABLE + "| Sailo | live | $1.005 |\n", "10, column Gate: '$1.005' is not an amount"),
    "money as text": ("## KPIs\n- Price: $5k\n", "8, column Price: '$5k' is not an amount"),
    "no value": ("## KPIs\n- Price:\n", "8, column 1: 'Price:' is not a label, a colon and a value"),
    "value of marks alone": (
        "## KPIs\n- Price: ** **\n",
        "8, column 1: 'Price: ** **' is not a label, a colon",
    ),
    "no colon": (
        "## Financial baseline\n- Rent 5\n",
        "8, column 1: 'Rent 5' is not a label, a colon and a value",
    ),
    "no value column": (
        "## KPIs\n| KPI | Number |\n|---|---|\n| A | 1 |\n",
        "8, column Number: a table of kpi rows needs a column Value",
    ),
    "kpi twice": (
        "## KPIs\n- Visits: 1\n- visits: 2\n",
        "9, column visits: this kpi is given twice, first on line 8",
    ),
    "channel twice": (
        TABLE + "| Sailo | live | |\n| sailo | live | |\n",
        "11, column sailo: this channel is given twice, first on line 10",
    ),
    "no share": ("## Equity\n- Ana and Bo\n", "8, column 1: 'Ana and Bo' does not say a share"),
    "share of odd size": ("## Equity\n- Ana 1.125%\n", "8, column Ana: '1.125%' is finer than a hundredth"),
    "share in odd digits": ("## Equity\n- Ana 1,2,3%\n", "8, column Ana: '1,2,3%' is not a share"),
    "qualifier twice": (
        "## Equity\n- Ana 20%, vesting 1 year, vesting 2 years\n",
        "8, column Vesting: 'vesting 2 years' repeats or lacks its name",
    ),
    "effort of four": ("## Technical debt\n- [ ] Old. Effort: 4\n", "8, column Effort: 4 is not an effort"),
    "impossible due date": (
        "## Roadmap\n- [ ] Go. Due 2026-13-01\n",
        "8, column Due: 2026-13-01 is not a day",
    ),
    "empty item": ("## Roadmap\n- [ ]\n", "8, column 1: the list item is empty"),
    "funnel without a count": ("## Funnel\nvisit 4 -> sent\n", "8, column 2: step 'sent' has no count"),
    "blocked half": (
        "## Stays\nBlocked: 2026-10-14 to 2026-10-20, soon.\n",
        "8, column Blocked: 'soon' is not a period",
    ),
    "blocked backwards": (
        "## Stays\nBlocked: 2026-10-20 to 2026-10-14.\n",
        "8, column Blocked: '2026-10-20 to 2026-10-14' ends before it begins",
    ),
    "time without zone": (
        "## Deployments\n| When | What |\n|---|---|\n| 2026-10-19 09:12 | x |\n",
        "10, column When: '2026-10-19 09:12' does not say its time zone",
    ),
    "open fence": ("## Notes\n```\nx\n", "8, column 1: the fence that opens here never closes"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_note_is_refused_in_one_sentence(case: str) -> None:
    content, expected = BROKEN[case]
    data = content if isinstance(content, bytes) else (FRONT + content).encode()
    with pytest.raises(FormatError) as refusal:
        parse(data, name="acme.md")
    sentence = str(refusal.value)
    assert sentence.startswith(f"acme.md line {expected}")
    assert " \u2014 " in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_note_of_a_megabyte_is_refused_by_size() -> None:
    with pytest.raises(FormatError, match=r"the file has 1\.2 MB and the limit is 1 MB"):
        parse(b"x" * 1_200_000, name="acme.md")
