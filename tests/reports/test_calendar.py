"""The actions' calendar: a month on a page, and a file that calendar programs take in."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from time_machine import travel

from core import ics
from crew.models import Person
from portfolio.models import Entity
from reports.domain import actions, owners
from reports.models import Action, ActionState, Finding, Report
from tests.reports.conftest import as_

NOW = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 18)


def an_action(
    report: Report, subject: str, title: str, due_on: dt.date, person: Person | None = None
) -> Action:
    finding = Finding.objects.create(
        rule=f"rule-{title[:40]}", subject=subject, severity="high", title=f"Why {title}", first_seen_on=TODAY,
        last_seen_on=TODAY,
    )  # fmt: skip
    return Action.objects.create(
        report=report,
        finding=finding,
        title=title,
        owner="Owner",
        assignee=person,
        due_on=due_on,
        opened_on=TODAY,
    )


def get(person: Person, query: str = "", path: str = "calendar/") -> Any:
    with travel(NOW, tick=False):
        return as_(person).get(f"/reports/actions/{path}{query}")


def lines(answer: Any) -> list[str]:
    """Return the lines of a calendar's file, put together again as RFC 5545 says."""
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    text = answer.content.decode()
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return str(text.replace("\r\n ", "")).split("\r\n")


@pytest.mark.django_db
def test_a_month_shows_what_is_due_on_its_days_and_to_a_reader_of_one_entity_what_is_theirs(
    ceo: Report, qos: Entity, dc: Entity, owner: Person, reader: Person
) -> None:
    an_action(ceo, "qos", "Put a listing up", dt.date(2026, 11, 24), reader)
    an_action(ceo, "dc", "Bill the hosting", dt.date(2026, 11, 16))
    an_action(ceo, "qos", "Mend the jib", dt.date(2026, 10, 31))
    an_action(ceo, "qos", "Sell the dinghy", dt.date(2026, 12, 24))

    shown = get(owner).content.decode()

    assert "<h1>November 2026</h1>" in shown
    assert "2 actions, each on the day it is due. Today is 18 Nov 2026." in shown
    assert "2 actions due before this month are overdue." not in shown
    assert "1 action due before this month is overdue." in shown
    assert "calendar__event--watch" in shown
    assert shown.count("calendar__mark") == 1
    assert "Sell the dinghy" not in shown
    for month in ("2026-10", "2026-12"):
        assert f"?month={month}" in shown
    theirs = get(reader, "?month=2026-11").content.decode()
    assert "Put a listing up" in theirs
    assert "Bill the hosting" not in theirs
    mine = get(reader, "?month=2026-12&whose=mine").content.decode()
    assert "No action is due this month" in mine
    assert "?month=2026-11&amp;whose=mine" in mine


@pytest.mark.django_db
@pytest.mark.parametrize("month", ["", "2026-13", "0000-01", "1999-12", "2100-01", "%00", "9" * 5000, "Nov"])
def test_what_is_no_month_is_not_there(month: str, owner: Person) -> None:
    assert get(owner, f"?month={month}").status_code == 404


@pytest.mark.django_db
def test_the_file_names_each_action_for_good_and_cancels_what_is_settled(
    ceo: Report, qos: Entity, owner: Person, bookkeeper: Person
) -> None:
    long = "Ask; the insurer, please: “how much” is it\\year" + " and again" * 12
    action = an_action(ceo, "qos", long, dt.date(2026, 11, 24), owner)
    other = an_action(ceo, "qos", "Bill it", dt.date(2026, 11, 25))
    gone = an_action(ceo, "qos", "Never mind", dt.date(2026, 11, 26))
    Action.objects.filter(pk=gone.pk).update(state=ActionState.DROPPED, settled_on=TODAY)
    old = an_action(ceo, "qos", "Long ago", dt.date(2026, 6, 26))
    Action.objects.filter(pk=old.pk).update(state=ActionState.DONE, settled_on=dt.date(2026, 6, 27))

    first = lines(get(owner, path="calendar.ics"))

    assert [line for line in first if line.startswith("UID:")] == [
        f"UID:action-{row.pk}@testserver" for row in (action, other, gone)
    ]
    escaped = long.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    assert f"SUMMARY:{escaped}" in first
    assert "DTSTART;VALUE=DATE:20261124" in first
    assert "DTEND;VALUE=DATE:20261125" in first
    assert "DTSTAMP:20261118T150000Z" in first
    assert f"DESCRIPTION:QueenofSanDiego\\nBy: Owner\\nFrom: Why {escaped}" in first
    assert f"URL:http://testserver/reports/actions/{action.pk}/" in first
    assert [line for line in first if line.startswith(("SEQUENCE", "STATUS"))] == [
        *["SEQUENCE:0", "STATUS:CONFIRMED"] * 2,
        *["SEQUENCE:0", "STATUS:CANCELLED"],
    ]
    assert "Never mind" not in get(owner).content.decode()

    actions.move_due(action=action, due_on=dt.date(2026, 12, 1), today=TODAY, by=owner, at=NOW)
    actions.settle(action=action, state=ActionState.DONE, by=owner, at=NOW)
    owners.appoint(word="Owner", person=bookkeeper, by=owner, at=NOW)
    (told,) = [
        block
        for block in "\n".join(lines(get(owner, path="calendar.ics"))).split("BEGIN:VEVENT")
        if f"UID:action-{other.pk}@" in block
    ]
    assert "SEQUENCE:1\n" in told
    assert "\\nBy: Bookkeeper\\n" in told
    mine = lines(get(owner, "?whose=mine", path="calendar.ics"))

    assert [line for line in mine if line.startswith(("UID", "SEQUENCE", "STATUS", "DTSTART"))] == [
        f"UID:action-{action.pk}@testserver", "SEQUENCE:2", "DTSTART;VALUE=DATE:20261201", "STATUS:CANCELLED",
    ]  # fmt: skip
    theirs = lines(get(bookkeeper, "?whose=mine", path="calendar.ics"))
    assert [line for line in theirs if line.startswith("UID")] == [f"UID:action-{other.pk}@testserver"]


@pytest.mark.once
def test_a_line_is_folded_between_characters_and_text_bears_no_odd_one() -> None:
    for text in ("é" * 100, "x" * 75, "x" * 76, "⛵" * 60, ""):
        pieces = list(ics.folded(f"SUMMARY:{text}"))
        assert all(len(piece.encode()) <= 75 for piece in pieces)
        assert (
            "".join(piece.removeprefix(" ") if n else piece for n, piece in enumerate(pieces))
            == f"SUMMARY:{text}"
        )
    assert ics.text("a\r\nb\rc\x00\x1bd\u202ee") == "a\\nb\\ncde"


@pytest.mark.django_db
@pytest.mark.parametrize("many", [1, 3])
def test_page_and_file_ask_the_same_number_of_queries_for_one_action_and_for_many(
    many: int, ceo: Report, qos: Entity, owner: Person, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(many):
        an_action(ceo, "qos", f"No. {number}", dt.date(2026, 11, 20 + number), owner)
    client = as_(owner)
    with travel(NOW, tick=False):
        for path, queries in (
            ("calendar/", 8), ("calendar.ics", 8), ("", 8), ("owners/", 7), ("new/", 8), (f"{Action.objects.all()[0].pk}/", 9),
        ):  # fmt: skip
            with django_assert_num_queries(queries):
                assert client.get(f"/reports/actions/{path}").status_code == 200, path
