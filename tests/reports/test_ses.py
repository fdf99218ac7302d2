"""A real edition on its whole way: records, lens, edition, outbox, django-ses, an SES at the end of a wire."""

import datetime as dt
from email import message_from_string, policy

import pytest
from pytest_django import Settings

from mail import tasks
from mail.models import Message, State
from portfolio.domain import sample as portfolio_sample
from reports.domain import forms, issue, mailing, runs
from reports.models import EditionFile, FileKind, Report, Trigger
from tests.mail.conftest import moto_address, ses  # noqa: F401 - fixtures, used by name

AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("sample")
def test_an_edition_reaches_ses_with_its_charts_its_pdf_and_its_audit_copy(
    ses: list,  # noqa: F811
    settings: Settings,
) -> None:
    report = Report.objects.get(slug="ceo")
    assert report.reply_to == "ceo-desk@example.com"
    run = runs.queue(report=report, trigger=Trigger.COMMAND, as_of=portfolio_sample.AS_OF, at=AT)
    edition = issue.carry_out(run_id=run.pk, at=AT).edition
    assert edition is not None
    tasks.sweep()

    message = Message.objects.get(dedupe_key=mailing.dedupe_key(edition, "owner@example.com"))
    # The sample's other reader gets it in brief.
    (received,) = [mail for mail in ses if "owner@example.com" in mail.destinations]
    assert (message.state, message.transport) == (State.SENT, "ses")
    assert message.provider_message_id == received.id
    letter = message_from_string(received.raw_data, policy=policy.default)
    sender = letter["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (report.from_name, settings.SES_FROM_ADDRESS)
    assert str(letter["Reply-To"]) == report.reply_to
    assert letter["To"].addresses[0].addr_spec == "owner@example.com"
    assert settings.ADMIN_BCC_ADDRESS in received.destinations
    assert letter["Bcc"] is None
    assert str(letter["Subject"]) == "[EXEC REPORT] CEO: operational audit, Oct 2026, edition 1"

    frozen = {file.name: bytes(file.content) for file in EditionFile.objects.filter(edition=edition)}
    charts = EditionFile.objects.filter(edition=edition, kind=FileKind.CHART_PNG)
    images = {
        part["Content-ID"]: part.get_content()
        for part in letter.walk()
        if part.get_content_type() == "image/png"
    }
    assert len(images) == charts.count() > 0
    html = letter.get_body(("html",)).get_content()
    for chart in charts:
        cid = forms.content_id(chart.name.removesuffix(".png"))
        assert f'src="cid:{cid}"' in html
        assert images[f"<{cid}>"] == frozen[chart.name]
    assert html.replace("\r\n", "\n").strip() == frozen["ceo-1.html"].decode().strip()
    text = letter.get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n").strip() == frozen["ceo-1.txt"].decode().strip()
    (pdf,) = [part for part in letter.walk() if part.get_content_type() == "application/pdf"]
    assert pdf.get_content() == frozen["ceo-1.pdf"]
    assert len(html.encode()) < 100_000
