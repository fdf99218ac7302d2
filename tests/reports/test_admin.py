"""Reports in the Django admin: what is typed there must not make every later run fail."""

import pytest
from django.test import Client

from reports.models import Recipient, Report
from tests.factories.people import owner

pytestmark = pytest.mark.django_db


def form(report: Report, **changed: str) -> dict[str, str]:
    """Return the admin's form of a report as a browser posts it, with one more recipient."""
    return {
        "title": report.title,
        "reader": report.reader,
        "family": report.family,
        "from_name": report.from_name,
        "reply_to": report.reply_to,
        "position": str(report.position),
        "hold": report.hold,
        "active": "on",
        "recipients-TOTAL_FORMS": "1",
        "recipients-INITIAL_FORMS": "0",
        "recipients-0-report": str(report.pk),
        "recipients-0-address": "board@example.com",
        "recipients-0-name": "Board",
        "recipients-0-active": "on",
        **changed,
    }


@pytest.fixture
def ceo(client: Client) -> Report:
    client.force_login(owner(email="boss@example.com", is_staff=True, is_superuser=True))
    return Report.objects.get(slug="ceo")


def test_a_recipient_and_a_sender_are_saved(client: Client, ceo: Report) -> None:
    answer = client.post(f"/admin/reports/report/{ceo.pk}/change/", form(ceo, reply_to="desk@EXAMPLE.com"))

    assert answer.status_code == 302
    assert Recipient.objects.get().address == "board@example.com"
    assert Report.objects.get(pk=ceo.pk).reply_to == "desk@example.com"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"recipients-0-address": "a@[127.0.0.1]"}, "is not one mail address"),
        ({"recipients-0-name": "Board\nBcc: x@example.com"}, "which a mail header cannot bear"),
        ({"reply_to": "a@[127.0.0.1]"}, "is not one mail address"),
        ({"from_name": "CEO\u2028desk"}, "which a mail header cannot bear"),
    ],
)
def test_what_no_mail_can_bear_is_refused(
    client: Client, ceo: Report, changed: dict[str, str], sentence: str
) -> None:
    answer = client.post(f"/admin/reports/report/{ceo.pk}/change/", form(ceo, **changed))

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Recipient.objects.exists()
    assert Report.objects.get(pk=ceo.pk).from_name == ceo.from_name
