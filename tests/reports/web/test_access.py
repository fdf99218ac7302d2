"""Who may open which page of the reports: each kind of person on each page."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from crew.models import Person
from portfolio.models import Entity
from reports.models import (
    Action,
    Commentary,
    Edition,
    EditionFinding,
    EventKind,
    EventTrigger,
    Finding,
    HeldDraft,
    Recipient,
    Report,
    Run,
    RunState,
    Schedule,
    SubjectLine,
    Trigger,
)
from tests.crew.permissions.reports import binder as a_binder
from tests.factories.people import PersonFactory
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW, as_

DAY = dt.date(2026, 11, 10)


def a_run(report: Report, entity: Entity | None = None) -> Run:
    return Run.objects.create(
        report=report,
        entity=entity,
        trigger=Trigger.PORTAL,
        as_of=DAY,
        queued_at=NOW,
        state=RunState.FAILED,
        error="The bank file is missing.",
        settled_at=NOW,
    )


def a_trigger(report: Report) -> EventTrigger:
    return EventTrigger.objects.create(
        report=report, name="Campaigns", kind=EventKind.CAMPAIGN_FINISHED, starts_at=NOW
    )


def a_held_run(report: Report, entity: Entity | None = None) -> Run:
    """Return a run that waits with a draft that nobody can read: what its pages say of whole ones is tested apart."""
    run = Run.objects.create(
        report=report,
        entity=entity,
        trigger=Trigger.PORTAL,
        as_of=DAY,
        queued_at=NOW,
        state=RunState.HELD,
        reasons="Look at it.",
    )
    HeldDraft.objects.create(run=run, draft={}, sha256="0" * 64, built_at=NOW)
    return run


def a_finding(subject: str, title: str) -> Finding:
    return Finding.objects.create(
        rule=f"rule-{title}",
        subject=subject,
        severity="high",
        title=title,
        first_seen_on=DAY,
        last_seen_on=DAY,
    )


def an_action(report: Report, finding: Finding | None) -> Action:
    return Action.objects.create(
        report=report,
        finding=finding,
        title=f"Mend {finding.title if finding else 'it'}",
        owner="Owner",
        due_on=DAY,
        opened_on=DAY,
    )


@pytest.fixture
def places(ceo: Report, qos: Entity, dc: Entity) -> dict[str, str]:
    """Every page by a name that says whose it is."""
    whole, of_qos, of_dc = (
        an_edition(ceo),
        an_edition(ceo, number=2, entity=qos),
        an_edition(ceo, number=3, entity=dc),
    )
    about = {
        "whole": a_finding("portfolio", "No cash plan"),
        "qos": a_finding("qos", "No charter"),
        "dc": a_finding("dc", "No contract"),
    }
    trigger = a_trigger(ceo)
    actions = {name: an_action(ceo, finding) for name, finding in about.items()}
    runs = {"whole": a_run(ceo), "qos": a_run(ceo, qos), "dc": a_run(ceo, dc)}
    waiting = {"whole": a_held_run(ceo), "qos": a_held_run(ceo, qos), "dc": a_held_run(ceo, dc)}
    for edition, name in ((whole, "whole"), (of_qos, "qos"), (of_dc, "dc")):
        EditionFinding.objects.create(edition=edition, finding=about[name], status="new")
    author = PersonFactory(email="author@example.com")
    said = {
        name: Commentary.objects.create(
            report=ceo, entity=entity, body="Words", author=author, written_at=NOW
        )
        for name, entity in (("whole", None), ("qos", qos), ("dc", dc))
    }
    schedule = Schedule.objects.create(report=ceo, name="Weekly", cron="0 7 * * MON", starts_at=NOW)
    recipient = Recipient.objects.create(report=ceo, address="board@example.com")
    line = SubjectLine.objects.create(report=ceo, label="A", template="{period}, {edition}")
    found = {
        "reports": reverse("reports:reports"),
        "report": reverse("reports:report", args=["ceo"]),
        "editions": reverse("reports:editions", args=["ceo"]),
        "runs": reverse("reports:runs"),
        "findings": reverse("reports:findings"),
        "actions": reverse("reports:actions"),
        "action_calendar": reverse("reports:action_calendar"),
        "action_calendar_file": reverse("reports:action_calendar_file"),
        "add_action": reverse("reports:add_action"),
        "owners": reverse("reports:owners"),
        "run_now": reverse("reports:run_now", args=["ceo"]),
        "held_list": reverse("reports:held_list"),
        "holding": reverse("reports:holding", args=["ceo"]),
        "commentary": reverse("reports:commentary", args=["ceo"]),
        "write_commentary": reverse("reports:write_commentary", args=["ceo"]),
        "schedules": reverse("reports:schedules"),
        "assumptions": reverse("reports:assumptions"),
        "new_schedule": reverse("reports:new_schedule"),
        "edit_schedule": reverse("reports:edit_schedule", args=[schedule.pk]),
        "POST pause_schedule": reverse("reports:pause_schedule", args=[schedule.pk]),
        "binders": reverse("reports:binders"),
        "binder": reverse("reports:binder", args=[a_binder()]),
        "binder_pdf": reverse("reports:binder_pdf", args=[1]),
        "binder_xlsx": reverse("reports:binder_xlsx", args=[1]),
        "POST issue_binder": reverse("reports:issue_binder"),
        "triggers": reverse("reports:triggers"),
        "new_trigger": reverse("reports:new_trigger"),
        "edit_trigger": reverse("reports:edit_trigger", args=[trigger.pk]),
        "POST pause_trigger": reverse("reports:pause_trigger", args=[trigger.pk]),
        "POST add_recipient": reverse("reports:add_recipient", args=["ceo"]),
        "POST set_variant": reverse("reports:set_variant", args=["ceo", recipient.pk]),
        "POST leave_out_recipient": reverse("reports:leave_out_recipient", args=["ceo", recipient.pk]),
        "subjects": reverse("reports:subjects", args=["ceo"]),
        "POST retire_subject": reverse("reports:retire_subject", args=["ceo", line.pk]),
    }
    for name, edition in (("whole", whole), ("qos", of_qos), ("dc", of_dc)):
        n = edition.number
        found |= {
            f"edition {name}": reverse("reports:edition", args=["ceo", n]),
            f"figure {name}": reverse("reports:figure", args=["ceo", n, "revenue.qos"]),
            f"chart {name}": reverse("reports:chart", args=["ceo", n, "burn"]),
            f"form {name}": reverse("reports:form", args=["ceo", n, "pdf"]),
            f"mail {name}": reverse("reports:mail", args=["ceo", n]),
            f"mail_body {name}": reverse("reports:mail_body", args=["ceo", n]),
            f"run {name}": reverse("reports:run", args=[runs[name].pk]),
            f"held_run {name}": reverse("reports:held_run", args=[waiting[name].pk]),
            f"held_preview {name}": reverse("reports:held_preview", args=[waiting[name].pk]),
            f"held_figure {name}": reverse("reports:held_figure", args=[waiting[name].pk, "revenue.qos"]),
            f"POST approve_held {name}": reverse("reports:approve_held", args=[waiting[name].pk]),
            f"POST discard_held {name}": reverse("reports:discard_held", args=[waiting[name].pk]),
            f"finding {name}": reverse("reports:finding", args=[about[name].pk]),
            f"POST withdraw_commentary {name}": reverse(
                "reports:withdraw_commentary", args=["ceo", said[name].pk]
            ),
            f"POST mute_finding {name}": reverse("reports:mute_finding", args=[about[name].pk]),
            f"POST unmute_finding {name}": reverse("reports:unmute_finding", args=[about[name].pk]),
            f"POST resend {name}": reverse("reports:resend", args=["ceo", n]),
            f"action {name}": reverse("reports:action", args=[actions[name].pk]),
            f"POST assign_action {name}": reverse("reports:assign_action", args=[actions[name].pk]),
            f"POST settle_action {name}": reverse("reports:settle_action", args=[actions[name].pk]),
            f"POST reopen_action {name}": reverse("reports:reopen_action", args=[actions[name].pk]),
            f"POST move_action {name}": reverse("reports:move_action", args=[actions[name].pk]),
        }
    return found


def statuses(client: Client, places: dict[str, str]) -> dict[str, int]:
    return {
        name: (client.post(url) if name.startswith("POST ") else client.get(url)).status_code
        for name, url in places.items()
    }


def kinds(places: dict[str, str]) -> set[str]:
    return {name.removeprefix("POST ").split()[0] for name in places}


def test_every_page_of_the_reports_is_in_this_test(places: dict[str, str]) -> None:
    resolver = get_resolver("reports.web.urls")

    # A tap on an action is open to everybody: `tests/reports/test_taps.py`.
    assert kinds(places) | {"tap"} == {pattern.name for pattern in resolver.url_patterns}


def test_a_visitor_is_sent_to_sign_in_from_every_page(places: dict[str, str]) -> None:
    client = as_(None)

    for name, url in places.items():
        answer = client.post(url) if name.startswith("POST ") else client.get(url)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/account/login/?next="), name


def test_an_outsider_is_refused_every_page(places: dict[str, str], outsider: Person) -> None:
    assert set(statuses(as_(outsider), places).values()) == {403}


def test_the_owner_opens_every_page_and_presses_every_button(places: dict[str, str], owner: Person) -> None:
    found = statuses(as_(owner), places)

    # Their drafts cannot be read; nobody said why they are discarded or a finding muted, or whose address is added.
    drafts = {name for name in places if name.startswith(("held_preview", "held_figure"))}
    refused = {
        name
        for name in places
        if name.startswith(
            ("POST discard_held", "POST mute_finding", "POST issue_binder", "POST add_recipient")
        )
    }
    shown = {name for name in places if not name.startswith("POST ")} - drafts
    assert {name: found[name] for name in shown} == dict.fromkeys(shown, 200)
    assert {found[name] for name in drafts} == {404}
    assert {found[name] for name in refused} == {422}
    assert {found[name] for name in places.keys() - shown - drafts - refused} == {302}


def test_a_bookkeeper_runs_and_settles_but_does_not_schedule(
    places: dict[str, str], bookkeeper: Person
) -> None:
    found = statuses(as_(bookkeeper), places)

    refused = {name for name, status in found.items() if status == 403}
    assert refused == {name for name in places if name.startswith(("POST approve", "POST discard"))} | {
        "holding",
        "new_schedule",
        "edit_schedule",
        "POST pause_schedule",
        "new_trigger",
        "edit_trigger",
        "POST pause_trigger",
        "POST add_recipient",
        "POST leave_out_recipient",
        "POST set_variant",
        "subjects",
        "POST retire_subject",
        "owners",
        "POST issue_binder",
    }
    assert {found[name] for name in places if name.startswith(("held_preview", "held_figure"))} == {404}
    assert {found[name] for name in places if name.startswith("POST mute_finding")} == {422}
    assert set(found.values()) == {200, 302, 403, 404, 422}


def test_a_reader_of_one_entity_sees_it_and_nothing_of_another(
    places: dict[str, str], reader: Person
) -> None:
    found = statuses(as_(reader), places)

    hidden = {name for name in places if name.endswith((" whole", " dc"))} | {
        "schedules",
        "triggers",
        "binders",
        "binder",
        "binder_pdf",
        "binder_xlsx",
        "POST issue_binder",
        "assumptions",
        "add_action",
        "owners",
        "holding",
        "new_schedule",
        "edit_schedule",
        "POST pause_schedule",
        "new_trigger",
        "edit_trigger",
        "POST pause_trigger",
        "POST add_recipient",
        "POST leave_out_recipient",
        "POST set_variant",
        "subjects",
        "POST retire_subject",
    }
    # What waits is for those who run reports.
    forbidden = {"run_now", "commentary", "write_commentary"} | {
        name for name in places if name.startswith(("POST ", "held_")) and name.endswith(" qos")
    }
    assert {name for name, status in found.items() if status == 404} == hidden
    assert {name for name, status in found.items() if status == 403} == forbidden
    assert {name for name, status in found.items() if status == 200} == set(places) - hidden - forbidden


def test_lists_hold_nothing_of_what_a_reader_may_not_see(
    places: dict[str, str], reader: Person, dc: Entity
) -> None:
    client = as_(reader)

    for name in (
        "reports",
        "report",
        "editions",
        "runs",
        "findings",
        "actions",
        "edition qos",
        "finding qos",
    ):
        body = client.get(places[name]).content.decode()
        for canary in (
            "DangerousCentaur",
            "No contract",
            "No cash plan",
            places["edition dc"],
            places["edition whole"],
        ):
            if canary == "DangerousCentaur" and name in {"reports", "report", "edition qos"}:
                # A report bears its name; the hand-made edition has it in a figure's scope, not in a cell.
                continue
            assert canary not in body, (name, canary)


def test_a_bookkeeper_of_one_entity_runs_that_entity_alone(
    places: dict[str, str], qos_bookkeeper: Person
) -> None:
    client = as_(qos_bookkeeper)
    found = statuses(client, places)

    assert found["run_now"] == 200
    assert found["POST resend qos"] == found["POST settle_action qos"] == 302
    assert found["POST resend whole"] == found["POST settle_action dc"] == 404
    form = client.get(places["run_now"]).context["form"]
    assert form.fields["entity"].choices == [("qos", "QueenofSanDiego")]
    answer = client.post(places["run_now"], {"entity": "portfolio", "as_of": "2026-11-10", "send": "nobody"})
    assert answer.status_code == 422
    assert not Run.objects.filter(state=RunState.QUEUED).exists()


@pytest.mark.parametrize(
    "path",
    [
        "/reports/nothing/",
        "/reports/ceo/99999999999999999999999/",
        "/reports/ceo/1/charts/../../secrets.svg",
        "/reports/ceo/1/charts/none.svg",
        "/reports/ceo/1/report.exe",
        "/reports/ceo/1/figures/none/",
        "/reports/ceo/1/figures/%00/",
        "/reports/runs/99999999999999999999999/",
        "/reports/findings/99999999999999999999999/",
        "/reports/schedules/99999999999999999999999/",
    ],
)
def test_an_address_of_nothing_is_not_found(path: str, ceo: Report, owner: Person) -> None:
    an_edition(ceo)

    assert as_(owner).get(path).status_code == 404


def test_an_odd_page_number_shows_a_page_there_is(places: dict[str, str], owner: Person) -> None:
    client = as_(owner)

    for page in ("0", "-1", "x", "9" * 5000, "%00"):
        for name in ("editions", "runs", "findings", "actions", "figure whole"):
            assert client.get(f"{places[name]}?page={page}").status_code == 200, (name, page)


def test_get_changes_nothing_on_addresses_that_change_things(places: dict[str, str], owner: Person) -> None:
    client = as_(owner)

    for name, url in places.items():
        if name.startswith("POST "):
            assert client.get(url).status_code == 405, name
    assert Edition.objects.count() == 3
