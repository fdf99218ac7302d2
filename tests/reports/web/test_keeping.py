"""The pages that keep reports going: schedules, recipients, findings and actions."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import Entity
from reports.models import (
    Action,
    ActionState,
    EditionFinding,
    Finding,
    Recipient,
    Report,
    Schedule,
)
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW, as_, body
from tests.reports.web.test_access import a_finding, an_action

AS_OF = dt.date(2026, 11, 10)


@pytest.fixture
def client(owner: Person) -> Client:
    return as_(owner)


def test_the_owner_adds_changes_and_pauses_a_schedule(ceo: Report, client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        client.post(
            "/reports/schedules/new/",
            {
                "report": "ceo",
                "name": "Mornings",
                "entity": "portfolio",
                "cron": "30 6 * * mon-fri",
                "zone": "Europe/Berlin",
            },
        )
        row = Schedule.objects.get()
        assert (row.cron, row.zone, row.starts_at) == ("30 6 * * MON-FRI", "Europe/Berlin", NOW)
        shown = body(client, "/reports/schedules/")
        for day in ("Thu 12", "Fri 13", "Mon 16", "Tue 17", "Wed 18"):
            assert f"{day} Nov 2026, 06:30 CET" in shown

        client.post(
            f"/reports/schedules/{row.pk}/",
            {"name": "Mornings", "entity": "portfolio", "cron": "0 7 * * *", "zone": "Asia/Tokyo"},
        )
        row.refresh_from_db()
        assert (row.cron, row.zone) == ("0 7 * * *", "Asia/Tokyo")

        client.post(f"/reports/schedules/{row.pk}/pause/", {"active": "no"})
        assert "Paused" in body(client, "/reports/schedules/")
        assert not Schedule.objects.get().active
        client.post(f"/reports/schedules/{row.pk}/pause/", {"active": "yes"})
        assert Schedule.objects.get().active
    changed = AuditEvent.objects.get(action="reports:schedule:change")
    assert changed.data["cron"] == ["30 6 * * MON-FRI", "0 7 * * *"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"cron": "whenever"}, "is not a schedule"),
        ({"cron": "0 0 31 2 *"}, "is not a schedule"),
        ({"zone": "../etc/passwd"}, "is not a time zone"),
        ({"report": "nothing"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
        ({"name": "Taken"}, "give this one another name"),
        ({"name": "x\0y"}, "Null characters are not allowed"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_with_a_sentence(
    ceo: Report, client: Client, typed: dict[str, str], sentence: str
) -> None:
    Schedule.objects.create(report=ceo, name="Taken", cron="0 7 * * *", starts_at=NOW)

    answer = client.post(
        "/reports/schedules/new/",
        {
            "report": "ceo",
            "name": "New",
            "entity": "portfolio",
            "cron": "0 7 * * *",
            "zone": "Asia/Tokyo",
            **typed,
        },
    )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Schedule.objects.count() == 1


def test_recipients_are_added_once_in_any_case_and_left_out(ceo: Report, client: Client) -> None:
    add = "/reports/ceo/recipients/"
    assert "owner@example.com (REPORT_RECIPIENTS)" in body(client, "/reports/schedules/")

    client.post(add, {"address": "Board@example.com", "name": "Board"})
    again = client.post(add, {"address": "board@EXAMPLE.com"}, follow=True).content.decode()
    refused = client.post(add, {"address": "a@b\r\nBcc: x@example.com", "name": "Typed"})
    bad = refused.content.decode()

    row = Recipient.objects.get()
    assert (row.address, row.name, row.active) == ("Board@example.com", "Board", True)
    assert "receives CEO: operational audit already" in again
    assert refused.status_code == 422
    assert "Enter a valid email address" in bad
    assert 'value="Typed"' in bad
    assert '<a href="#address-ceo">' in bad
    literal = client.post(add, {"address": "a@[127.0.0.1]"}, follow=True).content.decode()
    assert "is not one mail address" in literal
    client.post(f"{add}{row.pk}/leave-out/")
    assert not Recipient.objects.get().active
    client.post(add, {"address": "board@example.com"})
    assert Recipient.objects.get().active


def test_findings_are_listed_open_and_worst_first_with_their_history(
    ceo: Report, client: Client, qos: Entity
) -> None:
    with time_machine.travel(NOW, tick=False):
        low = a_finding("qos", "Low one")
        Finding.objects.filter(pk=low.pk).update(severity="low")
        done = a_finding("portfolio", "Done one")
        Finding.objects.filter(pk=done.pk).update(state="cleared", cleared_on=AS_OF, severity="critical")
        high = a_finding("qos", "High one")
        EditionFinding.objects.create(edition=an_edition(ceo), finding=high, status="new")
        EditionFinding.objects.create(edition=an_edition(ceo, number=2), finding=high, status="open")
        an_action(ceo, high)

        rows = client.get("/reports/findings/").context["rows"]
        page = client.get(f"/reports/findings/{high.pk}/")

    assert [row["title"] for row in rows] == ["High one", "Low one", "Done one"]
    assert rows[0]["entity"] == "QueenofSanDiego"
    assert [(row.edition.number, row.status) for row in page.context["sightings"]] == [
        (2, "open"),
        (1, "new"),
    ]
    assert [item["action"]["title"] for item in page.context["actions"]] == ["Mend High one"]


def test_actions_are_done_dropped_moved_and_opened_again(ceo: Report, client: Client, owner: Person) -> None:
    action = an_action(ceo, a_finding("portfolio", "No cash plan"))
    url = f"/reports/actions/{action.pk}"
    with time_machine.travel(NOW, tick=False):
        assert "Overdue" in body(client, "/reports/actions/")
        client.post(f"{url}/move/", {"due_on": "2026-11-20"})
        action.refresh_from_db()
        assert action.due_on == dt.date(2026, 11, 20)
        for typed, sentence in (
            ("2026-11-10", "has passed"),
            ("2028-01-01", "more than a year"),
            ("soon", "Enter a valid date"),
            ("", "This field is required"),
        ):
            shown = client.post(f"{url}/move/", {"due_on": typed}, follow=True).content.decode()
            assert sentence in shown
        client.post(f"{url}/settle/", {"state": "done"})
        action.refresh_from_db()
        assert (action.state, action.settled_on, action.settled_by) == (ActionState.DONE, NOW.date(), owner)
        assert (
            "is done already"
            in client.post(f"{url}/settle/", {"state": "dropped"}, follow=True).content.decode()
        )
        client.post(f"{url}/reopen/")
        action.refresh_from_db()
        assert (action.state, action.settled_on, action.settled_by) == (ActionState.OPEN, None, None)
        client.post(f"{url}/settle/", {"state": "dropped"})
    assert Action.objects.get().state == ActionState.DROPPED
    assert [event.data for event in AuditEvent.objects.order_by("id")] == [
        {"due": ["2026-11-10", "2026-11-20"]},
        {"state": ["open", "done"]},
        {"state": ["done", "open"]},
        {"state": ["open", "dropped"]},
    ]


def test_an_action_is_not_opened_again_beside_another_for_the_same_finding(
    ceo: Report, client: Client
) -> None:
    finding = a_finding("portfolio", "No cash plan")
    first = an_action(ceo, finding)
    client.post(f"/reports/actions/{first.pk}/settle/", {"state": "done"})
    an_action(ceo, finding)

    shown = client.post(f"/reports/actions/{first.pk}/reopen/", follow=True).content.decode()

    assert "Another action for the same finding is open" in shown
    assert Action.objects.filter(state=ActionState.OPEN).count() == 1
