"""The document as JSON: what is written is read back, also by a younger Quarterdeck."""

import datetime as dt

from reports.document import Cell, FindingLine, Severity, dump, load

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
