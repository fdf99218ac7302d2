"""What the pages of reports say and do."""

import datetime as dt
import html
import json

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crew.models import Person
from mail.models import Message, State
from portfolio.models import Assumption, Entity, Scenario
from reports.domain import schedule as schedules
from reports.models import (
    Edition,
    EditionFinding,
    FileKind,
    Finding,
    Recipient,
    Report,
    Run,
    RunState,
    Schedule,
    Trigger,
)
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW, as_, body
from tests.reports.web.test_access import a_finding, a_run, an_action

AS_OF = dt.date(2026, 11, 10)


@pytest.fixture
def client(owner: Person) -> Client:
    return as_(owner)


def test_the_list_says_what_is_newest_and_what_is_next(ceo: Report, client: Client) -> None:
    an_edition(ceo, number=4)
    Schedule.objects.create(report=ceo, name="Every Monday", cron="0 7 * * MON", starts_at=NOW)

    with time_machine.travel(NOW, tick=False):
        shown = body(client, "/reports/")

    assert "No. 4</a>" in shown
    assert "Mon 16 Nov 2026, 07:00 PST" in shown
    assert "Not scheduled" in shown  # The CFO's.


def test_a_report_that_was_never_issued_says_so(ceo: Report, client: Client) -> None:
    assert "No edition yet" in body(client, "/reports/ceo/")


def test_the_report_page_shows_the_newest_edition_of_the_whole_portfolio(
    ceo: Report, client: Client, qos: Entity
) -> None:
    an_edition(ceo, number=1)
    an_edition(ceo, number=2)
    an_edition(ceo, number=3, entity=qos)

    answer = client.get("/reports/ceo/")

    assert answer.context["edition"].number == 2
    shown = answer.content.decode()
    assert '/reports/ceo/2/figures/revenue.all/"' in shown
    assert "$4,001" in shown
    assert "not tracked since the first charter" in shown


def test_an_older_edition_is_shown_as_it_was_and_leads_to_the_newest(ceo: Report, client: Client) -> None:
    an_edition(ceo, number=1)
    an_edition(ceo, number=2)

    assert 'href="/reports/ceo/2/">Open the newest edition' in body(client, "/reports/ceo/1/")
    assert "Open the newest edition" not in body(client, "/reports/ceo/2/")


def test_the_files_of_an_edition_are_its_frozen_bytes(ceo: Report, client: Client) -> None:
    an_edition(ceo)

    pdf = client.get("/reports/ceo/1/report.pdf")
    text = client.get("/reports/ceo/1/report.txt")
    data = client.get("/reports/ceo/1/report.json")
    light, dark = (
        client.get("/reports/ceo/1/charts/burn.svg"),
        client.get("/reports/ceo/1/charts/burn.dark.svg"),
    )

    assert (pdf.content, pdf["Content-Type"]) == (b"%PDF-1.7 made by hand", "application/pdf")
    assert pdf["Content-Disposition"] == 'inline; filename="ceo-1.pdf"'
    assert text.content == b"CEO: operational audit\n"
    assert json.loads(data.content)["figures"]["revenue.all"]["value"] == 400_050
    assert light.content != dark.content
    assert light["Content-Type"] == "image/svg+xml"
    assert light["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    for answer in (pdf, text, data, light):
        assert "script-src" not in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-store"


def test_a_figure_shows_the_records_that_sum_to_it(ceo: Report, client: Client) -> None:
    an_edition(ceo)

    answer = client.get("/reports/ceo/1/figures/revenue.qos/")

    assert [(row["label"], row["amount"]) for row in answer.context["rows"]] == [
        ("Charter A", "$2,100.00"),
        ("Charter B", "$1,900.50"),
    ]
    assert (answer.context["value"], answer.context["total"], answer.context["holds"]) == (
        "$4,000.50",
        "$4,000.50",
        True,
    )
    assert "sum of revenue postings" in answer.content.decode()


def test_a_worked_out_figure_leads_to_what_it_is_worked_out_from(ceo: Report, client: Client) -> None:
    an_edition(ceo)

    answer = client.get("/reports/ceo/1/figures/revenue.all/")

    assert [(item["url"], item["value"]) for item in answer.context["inputs"]] == [
        ("/reports/ceo/1/figures/revenue.qos/", "$4,000.50"),
        ("/reports/ceo/1/figures/revenue.dc/", "$0.00"),
    ]
    for item in answer.context["inputs"]:
        assert client.get(item["url"]).status_code == 200


def test_a_figure_without_a_value_says_why(ceo: Report, client: Client) -> None:
    an_edition(ceo)

    shown = body(client, "/reports/ceo/1/figures/csat/")

    assert "not tracked since the first charter" in shown
    assert "Worked out again" not in shown


def test_the_mail_is_shown_in_a_frame_that_runs_no_script(ceo: Report, client: Client, owner: Person) -> None:
    an_edition(ceo)

    page, frame = client.get("/reports/ceo/1/mail/"), client.get("/reports/ceo/1/mail/body/")

    shown = page.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    assert "[EXEC REPORT] CEO: operational audit" in shown
    assert owner.email in shown
    assert b"<body>CEO</body>" in frame.content
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert Message.objects.count() == 0


def test_who_can_get_no_mail_is_told_why_instead_of_being_shown_one(
    ceo: Report, client: Client, owner: Person
) -> None:
    an_edition(ceo)
    Person.objects.filter(pk=owner.pk).update(email='"two words"@example.com')

    page, frame = client.get("/reports/ceo/1/mail/"), client.get("/reports/ceo/1/mail/body/")

    assert (page.status_code, frame.status_code) == (200, 404)
    shown = html.unescape(page.content.decode())
    assert """The recipient '"two words"@example.com' is not one mail address""" in shown
    assert "<iframe" not in shown


def a_mail(edition: Edition, address: str, state: State) -> Message:
    settled = {"settled_at": NOW} if state in {State.SENT, State.FAILED} else {}
    return Message.objects.create(
        dedupe_key=f"report:{edition.report.slug}:{edition.number}:{address}",
        composer="reports.edition",
        payload={"edition": edition.pk},
        to_address=address,
        subject="[EXEC REPORT]",
        state=state,
        error="Mailbox full." if state == State.FAILED else "",
        transport="mailbox" if state == State.SENT else "",
        created_at=NOW,
        due_at=NOW,
        **settled,
    )


def test_an_edition_is_sent_again_to_those_it_failed_to_reach_and_nobody_else(
    ceo: Report, client: Client
) -> None:
    edition, other = an_edition(ceo, number=1), an_edition(ceo, number=11)
    reached, missed = (
        a_mail(edition, "a@example.com", State.SENT),
        a_mail(edition, "b@example.com", State.FAILED),
    )
    elsewhere = a_mail(other, "b@example.com", State.FAILED)
    shown = body(client, "/reports/ceo/1/")
    assert "Mailbox full." in shown
    assert "Send again to the 1 that failed" in shown

    answer = client.post("/reports/ceo/1/resend/", follow=True)

    assert "Queued again for b@example.com." in answer.content.decode()
    states = {row.pk: row.state for row in Message.objects.all()}
    assert states == {reached.pk: State.SENT, missed.pk: State.QUEUED, elsewhere.pk: State.FAILED}
    assert "Nobody was missed" in client.post("/reports/ceo/1/resend/", follow=True).content.decode()


def test_run_now_queues_a_run_and_shows_its_progress(
    ceo: Report, client: Client, qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.web.forms.portfolio.first_entry_on", lambda: dt.date(2025, 11, 1))
    Recipient.objects.create(report=ceo, address="board@example.com")
    with time_machine.travel(NOW, tick=False):
        form = body(client, "/reports/ceo/run/")
        assert "Its recipients (board@example.com)" in form
        asked = {"entity": "qos", "as_of": "2026-11-10", "send": "me", "variant": "brief", "hold": "on"}
        answer = client.post("/reports/ceo/run/", asked)

    run = Run.objects.get()
    assert answer["Location"] == f"/reports/runs/{run.pk}/"
    assert (run.entity, run.as_of, run.send_to, run.trigger, run.hold) == (
        qos,
        AS_OF,
        ["owner@example.com"],
        Trigger.PORTAL,
        True,
    )
    assert run.by is not None
    assert run.by.email == "owner@example.com"
    assert run.variant is not None
    assert run.variant.slug == "brief"
    shown = body(client, f"/reports/runs/{run.pk}/")
    assert "Waiting for a worker" in shown
    assert "In brief, for every reader" in shown
    assert 'hx-trigger="every 1s"' in shown
    assert f'href="/reports/runs/{run.pk}/">Refresh' in shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"as_of": "2026-11-12"}, "is in the future"),
        ({"as_of": "2025-01-01"}, "is before the first record"),
        ({"as_of": "yesterday"}, "Enter a valid date"),
        ({"entity": "nobody"}, "Select a valid choice"),
        ({"send": "everybody"}, "Select a valid choice"),
        ({"variant": "tiny"}, "Select a valid choice"),
        ({"send": ""}, "This field is required"),
    ],
)
def test_run_now_refuses_what_cannot_be_run(
    ceo: Report, client: Client, typed: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.web.forms.portfolio.first_entry_on", lambda: dt.date(2025, 11, 1))
    with time_machine.travel(NOW, tick=False):
        answer = client.post(
            "/reports/ceo/run/", {"entity": "portfolio", "as_of": "2026-11-10", "send": "nobody", **typed}
        )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Run.objects.count() == 0


def test_a_run_is_asked_again_until_it_is_settled(ceo: Report, client: Client) -> None:
    run = a_run(ceo)
    Run.objects.filter(pk=run.pk).update(
        state="running", error="", settled_at=None, step=2, doing="Drawing the charts"
    )

    part = body(client, f"/reports/runs/{run.pk}/", hx_request="true")
    assert "<html" not in part
    assert 'hx-trigger="every 1s"' in part
    assert "Drawing the charts" in part
    assert "2 of 4" in part

    Run.objects.filter(pk=run.pk).update(state="failed", error="The bank file is missing.", settled_at=NOW)
    part = body(client, f"/reports/runs/{run.pk}/", hx_request="true")
    assert "hx-trigger" not in part
    assert "The bank file is missing." in part

    edition = an_edition(ceo)
    Run.objects.filter(pk=run.pk).update(state="done", error="", edition=edition)
    part = body(client, f"/reports/runs/{run.pk}/", hx_request="true")
    assert "hx-trigger" not in part
    assert 'href="/reports/ceo/1/">Read the edition' in part


def test_the_runs_list_shows_failed_and_dry_runs_too(ceo: Report, client: Client) -> None:
    a_run(ceo)
    Run.objects.create(
        report=ceo,
        trigger=Trigger.COMMAND,
        as_of=AS_OF,
        queued_at=NOW,
        settled_at=NOW,
        state=RunState.DONE,
        dry_run=True,
    )

    everything, failed = body(client, "/reports/runs/"), body(client, "/reports/runs/?state=failed")

    assert "The bank file is missing." in everything
    assert "Dry run" in everything
    assert "The bank file is missing." in failed
    assert "Dry run" not in failed
    assert body(client, "/reports/runs/?state=nonsense").count("<tr>") == everything.count("<tr>")


def test_no_page_holds_inline_script_or_style(ceo: Report, client: Client) -> None:
    an_edition(ceo)
    a_run(ceo)
    an_action(ceo, a_finding("portfolio", "No cash plan"))
    Schedule.objects.create(report=ceo, name="Weekly", cron="0 7 * * MON", starts_at=NOW)
    for url in (
        "/reports/",
        "/reports/ceo/",
        "/reports/ceo/editions/",
        "/reports/ceo/1/figures/revenue.qos/",
        "/reports/ceo/1/mail/",
        "/reports/runs/",
        "/reports/schedules/",
        "/reports/assumptions/",
        "/reports/findings/",
        "/reports/actions/",
    ):
        shown = body(client, url)
        assert " style=" not in shown, url
        assert "<style" not in shown, url
        assert " onclick" not in shown, url
        assert shown.count("<script") == shown.count("<script src="), url


# Queries of every signed-in page: session, person, grants, and whether this is the sample.
FRAME = 4


@pytest.mark.parametrize("many", [1, 3])
def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_many(
    many: int, ceo: Report, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(many):
        edition = an_edition(ceo, number=n + 1)
        run = a_run(ceo)
        Run.objects.filter(pk=run.pk).update(edition=edition, state="done", error="")
        a_run(ceo)
        finding = a_finding("portfolio", f"Finding {n}")
        EditionFinding.objects.create(edition=edition, finding=finding, status="new")
        an_action(ceo, finding)
        Recipient.objects.create(report=ceo, address=f"board{n}@example.com")
        row = Schedule.objects.create(report=ceo, name=f"No. {n}", cron="0 7 * * *", starts_at=NOW)
        Run.objects.create(
            report=ceo,
            trigger=Trigger.SCHEDULE,
            schedule=row,
            occurrence_at=NOW,
            as_of=AS_OF,
            queued_at=NOW,
        )
        a_mail(edition, f"a{n}@example.com", State.SENT)
    with time_machine.travel(NOW, tick=False):
        for url, queries in (
            ("/reports/", 4),
            ("/reports/ceo/", 6),
            ("/reports/ceo/1/figures/revenue.qos/", 1),
            ("/reports/ceo/editions/", 3),
            ("/reports/runs/", 2),
            ("/reports/schedules/", 5),
            ("/reports/assumptions/", 5),
            ("/reports/findings/", 4),
            (f"/reports/findings/{Finding.objects.order_by('id')[0].pk}/", 7),
            ("/reports/actions/", 5),
        ):
            with django_assert_num_queries(FRAME + queries, info=url):
                body(client, url)


def test_schedules_count_their_next_occurrences_in_their_own_zone_over_the_change_of_clocks(
    ceo: Report, client: Client
) -> None:
    Schedule.objects.create(
        report=ceo,
        name="Berlin",
        cron="0 7 * * *",
        zone="Europe/Berlin",
        starts_at=NOW - dt.timedelta(days=60),
    )
    with time_machine.travel(dt.datetime(2026, 10, 23, 12, tzinfo=dt.UTC), tick=False):
        shown = body(client, "/reports/schedules/")

    assert "Sat 24 Oct 2026, 07:00 CEST" in shown
    assert "Sun 25 Oct 2026, 07:00 CET" in shown
    assert schedules.newest(
        cron="0 7 * * *", zone="Europe/Berlin", at=dt.datetime(2026, 10, 25, 6, tzinfo=dt.UTC)
    ) == dt.datetime(2026, 10, 25, 6, tzinfo=dt.UTC)


def test_assumptions_show_what_modelled_figures_rest_on(client: Client) -> None:
    Scenario.objects.create(
        name="low", position=1, units_a_month=4, price_minor=210_000, fixed_change_bp=-500, source="Owner"
    )
    Assumption.objects.create(
        key="stage-held", effective_on=AS_OF, value=6000, unit="bp", note="Held dates served.", source="Owner"
    )
    with time_machine.travel(NOW, tick=False):
        shown = body(client, "/reports/assumptions/")

    for words in ("Low", "$2,100", "-5.0 %", "Held dates served.", "60.0 %", "No rule is set"):
        assert words in shown


def test_a_chart_of_an_edition_is_kept_by_its_kind(ceo: Report) -> None:
    kinds = set(an_edition(ceo).files.values_list("kind", flat=True))

    assert FileKind.CHART_SVG in kinds
