"""``manage.py send_report``: one-off editions, dry runs, previews to a file, and every kind of bad input."""

import datetime as dt
import json
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from mail.domain import suppression
from mail.models import Message, Reason, Scope
from portfolio.models import Entity
from reports.document import Document
from reports.domain import issue
from reports.lenses import LENSES, Family
from reports.models import Edition, EditionFile, Recipient, Report, Run, RunState, Trigger
from tests.factories.reports import an_edition
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db
BUILT = ", ".join(LENSES)


@pytest.fixture(autouse=True)
def frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand at one instant, with books that begin a year before it."""
    monkeypatch.setattr(
        "reports.management.commands.send_report.portfolio.first_entry_on", lambda: dt.date(2025, 11, 1)
    )


def send(*words: str) -> tuple[str, str]:
    """Run the command and return what it said on both outputs."""
    out, err = StringIO(), StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("send_report", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*words: str) -> str:
    """Run the command with bad input, see that nothing was written, and return its sentence."""
    with pytest.raises(CommandError) as caught:
        send(*words)
    assert caught.value.returncode == 2
    assert Run.objects.count() == Edition.objects.count() == Message.objects.count() == 0
    return str(caught.value)


def test_reports_become_editions_with_their_mail_in_the_outbox(qos: Entity) -> None:
    Recipient.objects.create(report=Report.objects.get(slug="ceo"), address="board@example.com")

    out, err = send("ceo", "cfo", "--as-of", "2026-11-10")

    assert out.splitlines() == [
        "ceo: edition 1 as of 2026-11-10, mail queued for board@example.com: http://testserver/reports/ceo/1/",
        "cfo: edition 1 as of 2026-11-10, mail queued for owner@example.com: http://testserver/reports/cfo/1/",
    ]
    assert err == ""
    assert (
        list(Run.objects.order_by("id").values_list("trigger", "state"))
        == [(Trigger.COMMAND, RunState.DONE)] * 2
    )
    assert sorted(Message.objects.values_list("dedupe_key", flat=True)) == [
        "report:ceo:1:board@example.com",
        "report:cfo:1:owner@example.com",
    ]


def test_a_run_that_others_overtake_time_and_again_still_becomes_an_edition(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, overtaken = Report.objects.get(slug="ceo"), 20

    def render_slowly(document: Document) -> tuple[()]:
        if document.number <= overtaken:
            an_edition(report, number=document.number)
        return ()

    monkeypatch.setattr("reports.domain.forms.render", render_slowly)

    out, _ = send("ceo", "--as-of", "2026-11-10", "--to", "a@example.com")

    assert out.startswith("ceo: edition 21 as of 2026-11-10")
    assert (Edition.objects.count(), Message.objects.count()) == (21, 1)


def test_a_family_sends_each_of_its_reports_once(qos: Entity) -> None:
    core = [lens.slug for lens in LENSES.values() if lens.family is Family.CORE]

    out, err = send("core", "ceo")

    assert [line.split(":")[0] for line in out.splitlines()] == core
    assert err == ""
    assert Edition.objects.count() == len(core)


def test_an_entity_edition_goes_to_the_addresses_given_and_nobody_else(qos: Entity) -> None:
    out, _ = send("cfo", "--entity", "qos", "--as-of", "2026-11-10", "--to", "a@example.com, B@example.com")

    assert out == (
        "cfo: edition 1 as of 2026-11-10, QueenofSanDiego, mail queued for B@example.com, a@example.com: "
        "http://testserver/reports/cfo/1/\n"
    )
    edition = Edition.objects.get()
    assert (edition.entity, edition.as_of) == (qos, dt.date(2026, 11, 10))


def test_without_an_as_of_it_stands_at_yesterday(qos: Entity) -> None:
    send("ceo", "--to", "a@example.com")

    assert Edition.objects.get().as_of == dt.date(2026, 11, 10)


def test_a_dry_run_prints_the_text_and_keeps_its_row_alone(qos: Entity) -> None:
    out, _ = send("ceo", "--as-of", "2026-11-10", "--dry-run")

    assert "CEO: operational audit" in out
    assert out.endswith("as of 2026-11-10, nothing kept or sent.\n")
    run = Run.objects.get()
    assert (run.dry_run, run.state, run.edition, run.error) == (True, RunState.DONE, None, "")
    assert Edition.objects.count() == EditionFile.objects.count() == Message.objects.count() == 0


@pytest.mark.parametrize(
    ("ending", "begins"),
    [(".html", b"<!doctype html"), (".txt", b""), (".pdf", b"%PDF-"), (".xlsx", b"PK"), (".json", b"{")],
)
@pytest.mark.parametrize("dry", [True, False])
def test_the_form_of_a_file_is_its_ending(
    qos: Entity, tmp_path: Path, ending: str, begins: bytes, dry: bool
) -> None:
    path = tmp_path / f"preview{ending}"

    send("ceo", "--as-of", "2026-11-10", "--out", str(path), *(["--dry-run"] if dry else []))

    content = path.read_bytes()
    assert content.lower().startswith(begins.lower())
    if ending == ".html":
        assert b"cid:" not in content
    if ending == ".json":
        assert json.loads(content)["report"] == "ceo"
    if ending == ".txt":
        assert b"CEO: operational audit" in content
    if not dry and ending in (".pdf", ".xlsx"):
        assert content == bytes(EditionFile.objects.get(kind=ending[1:]).content)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_several_reports_write_a_file_each(qos: Entity, tmp_path: Path) -> None:
    send("all", "--dry-run", "--out", str(tmp_path / "preview.txt"))

    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(
        f"preview-{lens.slug}.txt" for lens in LENSES.values() if lens.family is not Family.EXTRA
    )


def test_a_report_that_fails_says_why_and_the_next_is_still_issued(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = issue.build

    def broken(*, report: Report, **given: object):  # type: ignore[no-untyped-def]
        if report.slug == "ceo":
            raise RuntimeError("The handoff folder is gone.")
        return build(report=report, **given)

    monkeypatch.setattr("reports.domain.issue.build", broken)
    out, err = StringIO(), StringIO()

    with time_machine.travel(NOW, tick=False), pytest.raises(CommandError) as caught:
        call_command("send_report", "ceo", "cfo", stdout=out, stderr=err)

    assert caught.value.returncode == 1
    assert str(caught.value) == "1 of 2 was not issued: 1 failed; the runs page keeps why."
    assert "The handoff folder is gone." in err.getvalue()
    assert out.getvalue().startswith("cfo: edition 1")
    assert Run.objects.get(state=RunState.FAILED).error.endswith("The handoff folder is gone.")


def test_an_edition_that_waits_unasked_is_no_success_and_one_that_was_to_wait_is(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    Report.objects.filter(slug="ceo").update(hold="always")
    out, err = StringIO(), StringIO()

    with time_machine.travel(NOW, tick=False), pytest.raises(CommandError) as caught:
        call_command("send_report", "ceo", "cfo", stdout=out, stderr=err)
    assert caught.value.returncode == 1
    assert str(caught.value) == "1 of 2 was not issued: 1 held for approval; the runs page keeps why."
    assert "is held until somebody approves it." in err.getvalue()
    assert out.getvalue().startswith("cfo: edition 1")

    out_of_hold, err_of_hold = send("cfo", "--hold")
    assert "is held until somebody approves it." in out_of_hold
    assert err_of_hold == ""


def test_an_edition_that_tells_nobody_says_so(qos: Entity, settings: LazySettings) -> None:
    settings.REPORT_RECIPIENTS = []
    suppression.add(address="dead@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=NOW)

    assert "told nobody (no recipient is named):" in send("ceo")[0]
    assert "told nobody (suppressed: dead@example.com):" in send("ceo", "--to", "dead@example.com")[0]


def test_what_another_command_is_doing_is_not_done_twice(
    qos: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, second = issue.build, StringIO()

    def build_while_another_asks(**given: object):  # type: ignore[no-untyped-def]
        monkeypatch.setattr("reports.domain.issue.build", build)
        with time_machine.travel(NOW + dt.timedelta(seconds=1), tick=False):
            call_command("send_report", "ceo", stdout=second)
        return build(**given)

    monkeypatch.setattr("reports.domain.issue.build", build_while_another_asks)

    out, _ = send("ceo")

    assert out.startswith("ceo: edition 1 ")
    run = Run.objects.get()
    assert second.getvalue() == (
        f"ceo: run {run.pk} was asked for already and is under way; it is not run twice.\n"
    )
    assert Edition.objects.count() == Message.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cio"], f"'cio' is not a report; name some of {BUILT}, or core, domain or all."),
        (["ceo", "CFO"], f"'CFO' is not a report; name some of {BUILT}, or core, domain or all."),
        (["ceo", "--entity", "atlantis"], "--entity 'atlantis' is not an entity; the entities are qos."),
        (["ceo", "--entity", ""], "--entity '' is not an entity; the entities are qos."),
        (["ceo", "--as-of", "10/11/2026"], "--as-of '10/11/2026' is not a date; write it as 2026-11-10."),
        (["ceo", "--as-of", "20261110"], "--as-of '20261110' is not a date; write it as 2026-11-10."),
        (["ceo", "--as-of", "2026-02-30"], "--as-of '2026-02-30' is not a date; write it as 2026-11-10."),
        (["ceo", "--as-of", "٢٠٢٦-11-10"], "--as-of '٢٠٢٦-11-10' is not a date; write it as 2026-11-10."),
        (
            ["ceo", "--as-of", "2026-11-12"],
            "--as-of 2026-11-12 is in the future; a report stands at 2026-11-11 at the latest.",
        ),
        (
            ["ceo", "--as-of", "2025-10-31"],
            "--as-of 2025-10-31 is before the first record, of 2025-11-01; choose a later date.",
        ),
        (
            ["ceo", "--to", "a@example.com,nobody"],
            "--to 'nobody' is not a mail address; write addresses with commas between: a@example.com,b@example.com.",
        ),
        (
            ["ceo", "--to", ""],
            "--to '' is not a mail address; write addresses with commas between: a@example.com,b@example.com.",
        ),
        (
            ["ceo", "--hold", "--dry-run"],
            "--hold keeps an edition for approval and --dry-run keeps nothing; choose one of them.",
        ),
        (
            ["ceo", "--out", "report.docx"],
            "--out 'report.docx' must end in .html, .txt, .pdf, .xlsx, .json, which says the form to write.",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_written(qos: Entity, words: list[str], sentence: str) -> None:
    assert refused(*words) == sentence


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(
    qos: Entity, tmp_path: Path
) -> None:
    (tmp_path / "folder.txt").mkdir()

    nowhere = refused("ceo", "--out", str(tmp_path / "none" / "preview.txt"))
    folder = refused("ceo", "--dry-run", "--out", str(tmp_path / "folder.txt"))

    assert nowhere.endswith(
        "cannot be written (No such file or directory); choose a folder that exists and is yours."
    )
    assert folder.endswith("cannot be written (Is a directory); choose a folder that exists and is yours.")
