"""The document as JSON: what is written is read back, also by a younger Quarterdeck."""

import datetime as dt
import hashlib
import json
from dataclasses import replace

import pytest

from reports.document import (
    Badge,
    Cell,
    Document,
    Figure,
    FindingLine,
    RowsTrace,
    Severity,
    TraceRow,
    Unit,
    dump,
    load,
)
from reports.models import canonical
from tests.reports.render.fixture import document

pytestmark = pytest.mark.once

LINE = FindingLine(
    rule="runway-short",
    subject="portfolio",
    severity=Severity.HIGH,
    title="Runway is under six months",
    evidence=(Cell("It is."),),
    status="new",
    first_seen_on=dt.date(2026, 11, 10),
    age_days=0,
    about="Whole portfolio",
)


def test_a_finding_is_read_back_as_it_was_written() -> None:
    assert load(FindingLine, dump(LINE)) == LINE


def test_a_field_younger_than_the_edition_takes_its_default() -> None:
    older = {name: value for name, value in dump(LINE).items() if name != "about"}
    read = load(FindingLine, older)
    assert (read.about, read.subject) == ("", "portfolio")


def two_figures_over_the_same_records() -> Document:
    """One weighs its rows and one does not; the third row is another record of the same name."""
    on = dt.date(2026, 10, 3)
    rows = (
        TraceRow("RS-029", 5, "booking:9", on),
        TraceRow("RS-030", 7, "booking:10"),
        TraceRow("RS-029", 1),
    )
    heavy = tuple(replace(row, weight=row.amount) for row in rows[:2])
    figures = [
        Figure("nights", "nights", "Nights", Unit.COUNT, 13, Badge.MEASURED, RowsTrace(rows)),
        Figure("stay", "stay", "Stay", Unit.DAYS, 6, Badge.MEASURED, RowsTrace(heavy, "weighted_mean")),
    ]
    return replace(document(), figures={figure.key: figure for figure in figures})


def test_a_record_is_written_once_however_many_figures_rest_on_it() -> None:
    whole = two_figures_over_the_same_records()
    plain = dump(whole)
    assert plain["records"] == [
        ["RS-029", "booking:9", "2026-10-03"],
        ["RS-030", "booking:10", None],
        ["RS-029", "", None],
    ]
    assert plain["figures"]["nights"]["trace"]["rows"] == [[0, 5], [1, 7], [2, 1]]
    assert plain["figures"]["stay"]["trace"]["rows"] == [[0, 5, 5], [1, 7, 7]]
    assert load(Document, plain) == whole


def test_an_edition_that_wrote_its_rows_out_is_read_as_well() -> None:
    whole = two_figures_over_the_same_records()
    older = {name: value for name, value in dump(whole).items() if name != "records"}
    older["figures"] = {key: dump(figure) for key, figure in whole.figures.items()}
    del older["figures"]["nights"]["trace"]["fold"]
    assert older["figures"]["nights"]["trace"]["rows"][0] == {
        "label": "RS-029", "amount": 5, "ref": "booking:9", "on": "2026-10-03", "weight": 1,
    }  # fmt: skip
    assert load(Document, older) == whole


def test_what_is_written_once_is_the_canonical_json_of_what_is_kept() -> None:
    plain = dump(replace(LINE, title="Café ✓"))
    written = canonical.write(plain)

    kept = json.loads(json.dumps(written, cls=canonical.Encoder))
    assert kept == plain
    said = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert (written.text, written.digest) == (said, hashlib.sha256(said.encode()).hexdigest())
    assert json.dumps(plain, cls=canonical.Encoder) == json.dumps(plain)
