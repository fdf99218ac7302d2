"""The page of triggers, a schedule about one entity, and runs that say whom they reached and what made them run."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core import announcements
from crew.models import Person
from mail.models import Message, State
from portfolio.models import Entity
from reports.domain import events
from reports.models import EventKind, EventTrigger, Report, Run, Schedule, Trigger
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW, as_, body
from tests.reports.web.test_pages import a_mail

AS_OF = dt.date(2026, 11, 10)
TYPED = {
    "report": "ceo",
    "name": "Campaigns",
    "kind": EventKind.CAMPAIGN_FINISHED.value,
    "entity": "anywhere",
    "min_severity": "high",
    "about": "portfolio",
    "send": "recipients",
    "addresses": "",
    "min_gap_minutes": "60",
}


@pytest.fixture
def client(owner: Person) -> Client:
    return as_(owner)


def happens(report: Report, number: int = 1) -> None:
    announcements.say(
        kind=EventKind.CAMPAIGN_FINISHED,
        key=f"campaign:{number}",
        subject=report,
        at=NOW + dt.timedelta(minutes=1),
    )


def test_the_owner_adds_changes_and_pauses_a_trigger(ceo: Report, client: Client, qos: Entity) -> None:
    with time_machine.travel(NOW, tick=False):
        typed = {**TYPED, "send": "these", "addresses": "a@example.com, b@example.com", "entity": "qos"}
        client.post("/reports/triggers/new/", typed)
        row = EventTrigger.objects.get()
        assert (row.send_to, row.entity, row.about, row.min_severity) == (
            ["a@example.com", "b@example.com"],
            qos,
            None,
            "",
        )
        shown = body(client, "/reports/triggers/")
        for words in (
            "to a@example.com, b@example.com",
            "Once in 60 minutes at most",
            "nothing yet",
            "Listens",
        ):
            assert words in shown

        form = body(client, f"/reports/triggers/{row.pk}/")
        assert 'value="a@example.com, b@example.com"' in form
        client.post(
            f"/reports/triggers/{row.pk}/",
            {**TYPED, "kind": EventKind.FINDING_RAISED.value, "send": "nobody", "about": "qos"},
        )
        row.refresh_from_db()
        assert (row.kind, row.min_severity, row.send_to, row.about) == (
            "reports:finding:raised",
            "high",
            [],
            qos,
        )
        client.post(f"/reports/triggers/{row.pk}/pause/", {"active": "no"})
        shown = body(client, "/reports/triggers/")
    assert "Paused" in shown
    assert "to nobody" in shown
    assert "high or critical" in shown


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"report": "nothing"}, "Select a valid choice"),
        ({"name": "Taken"}, "give this one another name"),
        ({"name": "x\0y"}, "Null characters are not allowed"),
        ({"kind": "anything"}, "Select a valid choice"),
        ({"entity": "atlantis"}, "Select a valid choice"),
        ({"report": "rental-3028", "about": "qos"}, "looks at entities of the kind rental"),
        ({"send": "these"}, "is not a mail address"),
        ({"send": "these", "addresses": "a@example.com, <script>"}, "is not a mail address"),
        ({"min_gap_minutes": "1"}, "Choose a gap of 5 to 10,080 minutes"),
        ({"min_gap_minutes": "9" * 30}, "Choose a gap of 5 to 10,080 minutes"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused_with_what_was_typed(
    typed: dict[str, str], sentence: str, ceo: Report, qos: Entity, client: Client
) -> None:
    EventTrigger.objects.create(report=ceo, name="Taken", kind=EventKind.CAMPAIGN_FINISHED, starts_at=NOW)

    answer = client.post("/reports/triggers/new/", {**TYPED, **typed})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert answer.context["form"]["min_gap_minutes"].value() == typed.get("min_gap_minutes", "60")
    assert EventTrigger.objects.count() == 1


@pytest.mark.parametrize("many", [1, 3])
def test_the_page_asks_as_many_queries_for_one_trigger_as_for_many(
    many: int, ceo: Report, qos: Entity, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        events.save_trigger(
            report=ceo,
            name=f"No. {number}",
            kind=EventKind.CAMPAIGN_FINISHED,
            entity=None,
            min_severity="",
            about=qos,
            send_to=None,
            min_gap_minutes=5,
            at=NOW,
            by=None,
        )
    happens(ceo)
    events.answer(at=NOW + dt.timedelta(minutes=2))

    with django_assert_num_queries(6):
        shown = body(client, "/reports/triggers/")

    assert shown.count("finished on 11 Nov 2026, 10:01 PST.") == many


def test_a_run_says_what_triggered_it_and_until_when_it_waits(ceo: Report, client: Client) -> None:
    client.post("/reports/triggers/new/", {**TYPED, "min_gap_minutes": "30"})
    EventTrigger.objects.update(starts_at=NOW)
    for number in range(2):
        happens(ceo, number)
    (run,) = events.answer(at=NOW + dt.timedelta(minutes=2))

    shown = body(client, f"/reports/runs/{run.pk}/")
    assert "Trigger Campaigns" in shown
    assert shown.count("finished on 11 Nov 2026, 10:01 PST.") == 2
    assert "Campaigns" in body(client, "/reports/runs/")

    Run.objects.update(not_before=NOW + dt.timedelta(minutes=31))
    with time_machine.travel(NOW + dt.timedelta(minutes=3), tick=False):
        shown = body(client, f"/reports/runs/{run.pk}/")
    assert "Waits for its turn" in shown
    assert "It starts on 11 Nov 2026, 10:31:00 PST." in shown


@pytest.mark.once
@pytest.mark.parametrize(
    ("states", "send_to", "title", "words"),
    [
        ([], [], "Done, sent to nobody", "as was asked"),
        ([], None, "Nobody was told", "no recipient of CEO: operational audit is named"),
        (["suppressed"], None, "Nobody was told", "its only reader’s address takes no mail"),
        (["suppressed"] * 2, None, "Nobody was told", "the addresses of all its 2 readers take no mail"),
        (["failed"], None, "Nobody was reached", "its only mail did not arrive"),
        (["failed", "suppressed"], None, "Nobody was reached", "none of its 2 mails arrived"),
        (["sent", "queued", "failed"], None, "Done, but not for all", "1 mail sent, 1 mail on its way"),
        (["sent"] * 3, None, "Done", "kept; 3 mails sent."),
        (["queued"] * 2, None, "Done", "kept; 2 mails on their way."),
    ],
)
def test_a_run_that_reached_nobody_is_not_simply_done(
    states: list[str], send_to: Any, title: str, words: str, ceo: Report, client: Client
) -> None:
    edition = an_edition(ceo, bare=True)
    for number, state in enumerate(states):
        mail = a_mail(edition, f"a{number}@example.com", State.QUEUED)
        Message.objects.filter(pk=mail.pk).update(
            state=state,
            settled_at=None if state == "queued" else NOW,
            error="" if state == "sent" else "Refused.",
            transport="mailbox" if state == "sent" else "",
        )
    going = sum(state != "suppressed" for state in states)
    run = Run.objects.create(
        report=ceo,
        trigger=Trigger.PORTAL,
        as_of=AS_OF,
        send_to=send_to,
        state="done",
        edition=edition,
        mails=going,
        queued_at=NOW,
        settled_at=NOW,
    )

    shown = body(client, f"/reports/runs/{run.pk}/")
    assert f'<p class="callout__title">{title}</p>' in shown
    assert words in shown
    assert ("pill--good" in shown) == bool(going)
    listed = body(client, "/reports/runs/")
    assert ("no mail went out" in listed) == (not going and send_to is None) == ("Told nobody" in listed)
    assert ("to nobody, as asked" in listed) == (send_to == [])


def test_a_second_press_of_run_now_shows_the_run_that_is_under_way(
    ceo: Report, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.web.forms.portfolio.first_entry_on", lambda: dt.date(2025, 11, 1))
    typed = {"entity": "portfolio", "as_of": "2026-11-10", "send": "nobody"}
    pressed = []
    for seconds in (0, 2):
        with time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False):
            pressed.append(client.post("/reports/ceo/run/", typed)["Location"])

    assert pressed == [f"/reports/runs/{Run.objects.get().pk}/"] * 2
    assert "under way; it is not run twice" in body(client, pressed[0])


def test_a_schedule_issues_a_report_about_one_entity_where_the_report_looks_at_it(
    ceo: Report, client: Client, qos: Entity
) -> None:
    typed = {"name": "Mornings", "entity": "qos", "cron": "0 7 * * *", "zone": "Asia/Tokyo"}

    refused = client.post("/reports/schedules/new/", {**typed, "report": "rental-3028"})
    assert refused.status_code == 422
    assert "looks at entities of the kind rental; QueenofSanDiego is of the kind charter." in (
        refused.content.decode()
    )
    client.post("/reports/schedules/new/", {**typed, "report": "ceo", "variant": "brief"})
    row = Schedule.objects.get()
    assert (row.entity, row.variant and row.variant.slug) == (qos, "brief")
    assert "about QueenofSanDiego" in body(client, "/reports/schedules/")

    Entity.objects.update(active=False)
    form = client.get(f"/reports/schedules/{row.pk}/").context["form"]
    assert ("qos", "QueenofSanDiego (archived)") in form.fields["entity"].choices
    refused = client.post(f"/reports/schedules/{row.pk}/", typed)
    assert refused.status_code == 422
    assert "is archived, so no report looks at it" in refused.content.decode()
    assert "QueenofSanDiego (archived)" in body(client, "/reports/schedules/")
