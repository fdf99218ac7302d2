"""Variants: what a cut shows, who gets which, what is kept of it, and sending it again."""

import dataclasses
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from core.models import AuditEvent
from crew.models import Person
from mail.models import Message, State
from portfolio.models import Entity
from reports.domain import deliveries, late, mailing, recipients, variants
from reports.models import Edition, EditionFile, FileKind, Recipient, Report, Variant
from reports.render import html_mail, text
from tests.factories.people import owner as an_owner
from tests.factories.reports import ISSUED_AT, a_document, an_edition
from tests.reports.conftest import NOW, as_, body
from tests.reports.sample_case import first_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def brief() -> Variant:
    return Variant.objects.get(slug="brief")


@pytest.fixture
def both(ceo: Report, brief: Variant) -> tuple[str, str]:
    """One reader of the whole, and one in brief."""
    recipients.add(report=ceo, address="whole@example.com", at=NOW, by=None)
    recipients.add(report=ceo, address="Brief@example.com", variant=brief, at=NOW, by=None)
    return "whole@example.com", "Brief@example.com"


def sent(edition: Edition, **given: Any) -> dict[str, Message]:
    mailing.enqueue(
        edition=edition,
        document=a_document(number=edition.number),
        at=ISSUED_AT,
        **{"send_to": None, **given},
    )
    return {message.to_address: message for message in deliveries.of_edition(edition=edition)}


def cuts() -> list[str]:
    rows = EditionFile.objects.filter(kind__in=[FileKind.CUT_HTML, FileKind.CUT_TEXT])
    return sorted(rows.values_list("name", flat=True))


@pytest.mark.once
@pytest.mark.usefixtures("sample")
class TestWhatItShows:
    def test_brief_is_the_head_and_the_parts_that_ask_for_the_reader(self, brief: Variant) -> None:
        document = first_edition("ceo")
        cut = variants.cut(document, brief)

        html = html_mail.render(cut, chart_cid=lambda name: name)
        shown = html.split('<h2 id="')[1:]
        assert [part.split('"')[0] for part in shown] == [
            "edition-actions",
            "edition-headline",
            "edition-changes",
            "edition-kpis",
            "edition-findings",
            "edition-decisions",
            "edition-rest",
        ]
        assert "<img" not in html
        assert f'href="{document.url}"' in shown[-1]
        words = text.render(cut)
        for section in document.sections:
            assert section.title in " ".join(words.split())
        assert words.count("\n") < text.render(document).count("\n") / 3
        assert "more actions in the agenda of the whole edition." in words
        assert cut.figures is document.figures
        assert len(html.encode()) < len(html_mail.render(document, chart_cid=lambda name: name).encode()) / 2

    def test_the_whole_is_not_cut(self) -> None:
        document = first_edition("ceo")

        assert variants.cut(document, Variant.objects.get(slug="long")) is document
        assert variants.cut(document, None) is document


@pytest.mark.once
def test_a_variant_with_sections_shows_them_and_says_what_else_there_is(brief: Variant) -> None:
    document = a_document()
    cut = variants.cut(document, Variant(slug="tables", parts=["section", "agenda", "nothing"]))

    assert cut.parts == ("section", "agenda")
    words = " ".join(text.render(cut).split())
    assert "Revenue by entity" in words
    assert "for: Actions first, Headline, What changed, Key figures" in words
    assert dataclasses.replace(cut, parts=()) == document


def test_each_gets_the_variant_that_is_theirs_and_one_nobody_gets_is_never_made(
    ceo: Report, both: tuple[str, str], brief: Variant
) -> None:
    whole, other = both
    first = an_edition(ceo)
    mails = sent(first)

    assert cuts() == []
    letter = mailing.composed(mails[whole], None)
    assert (letter.html, cuts()) == ("<html><head></head><body>CEO</body></html>", [])
    assert [file.filename for file in letter.attachments] == ["edition.pdf"]

    short = mailing.composed(mails[other], None)
    assert "In the whole edition" in short.html
    assert "In the whole edition" in short.text
    assert short.attachments == ()
    assert cuts() == ["mail.brief.html", "mail.brief.txt"]
    # What was sent once is what is sent, whatever a variant shows by then.
    Variant.objects.filter(pk=brief.pk).update(parts=["headline"])
    assert mailing.composed(mails[other], None) == short
    assert bytes(EditionFile.objects.get(kind=FileKind.CUT_HTML).content).decode() == short.html
    again = an_edition(ceo, number=2)
    assert "edition-kpis" not in mailing.composed(sent(again)[other], None).html


def test_a_run_may_ask_for_one_for_all_and_an_address_asked_for_gets_its_own(
    ceo: Report, both: tuple[str, str], brief: Variant, settings: Settings
) -> None:
    whole, other = both

    def got(**given: Any) -> dict[str, str]:
        found = recipients.readers(report=ceo, **{"send_to": None, "variant": None, **given})
        return {reader.address: reader.variant.slug if reader.variant else "" for reader in found}

    assert got() == {whole: "", other: "brief"}
    assert got(variant=brief) == {whole: "brief", other: "brief"}
    assert got(variant=Variant.objects.get(slug="long")) == {whole: "long", other: "long"}
    assert got(send_to=["BRIEF@example.com", "new@example.com"]) == {
        "BRIEF@example.com": "brief",
        "new@example.com": "",
    }
    assert got(send_to=[]) == {}
    Recipient.objects.update(active=False)
    settings.REPORT_RECIPIENTS = ["all@example.com", "All@example.com"]
    assert got() == {"all@example.com": ""}


def test_sending_again_sends_what_failed_as_it_was_to_be_and_nobody_gets_two(
    ceo: Report, both: tuple[str, str], owner: Person
) -> None:
    whole, other = both
    edition = an_edition(ceo)
    mails = sent(edition)
    first = mailing.composed(mails[other], None)
    Message.objects.filter(pk=mails[other].pk).update(
        state=State.FAILED, error="The relay was down.", settled_at=NOW
    )
    Message.objects.filter(pk=mails[whole].pk).update(state=State.SENT, transport="ses", settled_at=NOW)
    row = Recipient.objects.select_related("report", "variant").get(address=other)
    assert recipients.set_variant(recipient=row, variant=None, at=NOW, by=owner)

    assert deliveries.resend_failed(edition=edition, by=owner, at=NOW) == [other]
    assert deliveries.resend_failed(edition=edition, by=owner, at=NOW) == []
    sent(edition)

    again = {message.to_address: message for message in deliveries.of_edition(edition=edition)}
    assert {address: message.state for address, message in again.items()} == {
        whole: State.SENT,
        other: State.QUEUED,
    }
    assert mailing.composed(again[other], None) == first
    assert cuts() == ["mail.brief.html", "mail.brief.txt"]
    assert Message.objects.count() == 2


def test_two_who_make_a_cut_at_once_send_the_one_that_was_kept(
    ceo: Report, brief: Variant, both: tuple[str, str]
) -> None:
    edition = an_edition(ceo)
    files = list(EditionFile.objects.filter(edition=edition))
    first = late.letter(edition_id=edition.pk, files=files, variant=brief)
    Variant.objects.filter(pk=brief.pk).update(parts=["decisions"])

    # This one read the files before the first had kept its own.
    brief.refresh_from_db()
    assert late.letter(edition_id=edition.pk, files=files, variant=brief) == first
    assert len(cuts()) == 2


def test_the_pages_show_each_variant_as_its_reader_gets_it_and_keep_nothing(
    ceo: Report, owner: Person, both: tuple[str, str]
) -> None:
    edition = an_edition(ceo)
    sent(edition)
    client = as_(owner)

    page = body(client, "/reports/ceo/1/")
    assert page.count('href="/reports/ceo/1/mail/?variant=brief">In brief</a>') == 2
    whole, short = body(client, "/reports/ceo/1/mail/"), body(client, "/reports/ceo/1/mail/?variant=brief")
    assert "<dd>edition.pdf</dd>" in whole
    assert "In the whole edition" not in whole
    assert "<dd>Nothing</dd>" in short
    assert "In the whole edition" in short
    assert 'src="/reports/ceo/1/mail/body/?variant=brief"' in short
    assert "In the whole edition" in body(client, "/reports/ceo/1/mail/body/?variant=brief")
    for wrong in ("none", "../x", "%00", "x" * 300):
        assert client.get(f"/reports/ceo/1/mail/?variant={wrong}").status_code == 404
    assert cuts() == []


def test_the_owner_says_what_a_recipient_gets(ceo: Report, owner: Person, both: tuple[str, str]) -> None:
    client = as_(owner)
    row = Recipient.objects.get(address=both[0])
    page = f"/reports/ceo/recipients/{row.pk}/variant/"

    for _ in range(2):
        client.post(page, {"variant": "brief"})
    for wrong in ("nothing", "", "\x00", "x" * 5_000):
        assert client.post(page, {"variant": wrong}).status_code == 302
    client.post("/reports/ceo/recipients/", {"address": "new@example.com", "variant": "brief"})

    slugs = Recipient.objects.order_by("pk").values_list("variant__slug", flat=True)
    assert list(slugs) == ["brief", "brief", "brief"]
    (event,) = AuditEvent.objects.filter(action="reports:recipient:variant")
    assert event.data == {"report": "ceo", "variant": ["", "brief"]}
    assert "In brief" in body(client, "/reports/schedules/")


def test_a_variant_is_data_that_the_admin_keeps_within_what_there_is(client: Client, brief: Variant) -> None:
    client.force_login(an_owner(email="boss@example.com", is_staff=True, is_superuser=True))
    page = f"/admin/reports/variant/{brief.pk}/change/"

    refused = client.post(page, {"name": "Short", "parts": ["headline", "secrets"], "attach_pdf": "on"})
    assert "secrets is not one of the available choices" in refused.content.decode()
    assert client.post(page, {"name": "Short", "parts": ["headline"], "attach_pdf": "on"}).status_code == 302
    brief.refresh_from_db()
    assert (brief.slug, brief.name, brief.parts, brief.attach_pdf) == ("brief", "Short", ["headline"], True)


@pytest.mark.usefixtures("qos")
def test_the_command_sends_and_writes_a_variant_and_refuses_one_that_is_none(
    ceo: Report, qos: Entity, tmp_path: Any
) -> None:
    out = tmp_path / "ceo.txt"
    call_command(
        "send_report",
        "ceo",
        to="a@example.com",
        variant="brief",
        out=str(out),
        stdout=io.StringIO(),
    )

    assert "In the whole edition" in out.read_text()
    assert Message.objects.get().payload["variant"] == "brief"
    with pytest.raises(CommandError, match="--variant 'tiny' is not a variant; there are long, brief"):
        call_command("send_report", "ceo", variant="tiny")
