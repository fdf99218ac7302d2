"""Mail in the admin: found and read, never added to, changed or deleted."""

import datetime as dt
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from mail import models
from mail.models import Message
from tests.factories import people
from tests.mail import letters
from tests.mail.letters import AT

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NOUNS = [
    "attempt",
    "campaign",
    "mailinglist",
    "message",
    "messageevent",
    "notification",
    "pace",
    "subscriber",
    "suppression",
]


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(people.owner(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows() -> dict[str, Any]:
    """One row of each noun that the admin shows."""
    message = letters.enqueue()
    news = models.MailingList.objects.create(slug="news", name="News", purpose="News.", created_at=AT)
    models.Segment.objects.create(mailing_list=news, name="Guests")
    notification = models.Notification.objects.create(sns_id="n-1", topic_arn="arn:aws:sns:t", received_at=AT)
    event = {"provider_message_id": "ses-1", "recipient": message.address_key, "kind": "delivery", "at": AT}
    return {
        "message": message,
        "mailinglist": news,
        "notification": notification,
        "messageevent": models.MessageEvent.objects.create(
            notification=notification, message=message, **event
        ),
        "attempt": models.Attempt.objects.create(
            message=message, at=AT, transport="ses", outcome="later", reason="Too fast."
        ),
        "suppression": models.Suppression.objects.create(
            address_key="ann@example.com", scope="list", mailing_list=news, reason="by_hand", created_at=AT
        ),
        "subscriber": models.Subscriber.objects.create(
            mailing_list=news, address="ann@example.com", consent_source="A sheet", added_at=AT
        ),
        "campaign": models.Campaign.objects.create(
            mailing_list=news, name="Autumn", subject="Sail", from_name="Q", body="Hello", created_at=AT
        ),
        "pace": models.Pace.objects.create(transport="ses"),
    }


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_of_mail_is_found_and_read_and_nothing_more(
    noun: str, boss: Client, rows: dict[str, Any]
) -> None:
    row, place = rows[noun], f"/admin/mail/{noun}/"

    assert boss.get(place).status_code == 200
    assert boss.get(f"{place}{row.pk}/change/").status_code == 200
    assert boss.get(place, {"q": "example"}).status_code == 200
    assert boss.get(f"{place}add/").status_code == 403
    assert boss.post(f"{place}{row.pk}/change/", {"name": "x"}).status_code == 403
    assert boss.post(f"{place}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


def test_every_noun_of_mail_has_its_place_but_parts_of_lists() -> None:
    found = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "mail"}

    assert found == set(NOUNS)


def test_a_message_shows_its_tries_and_events_and_never_its_secret(
    boss: Client, rows: dict[str, Any]
) -> None:
    page = boss.get(f"/admin/mail/message/{rows['message'].pk}/change/").content.decode()
    secret = boss.get(f"/admin/mail/message/{letters.enqueue_code().pk}/change/").content.decode()

    assert "Too fast." in page
    assert "ses-1" in page
    assert "sealed" not in secret.lower()


def test_lists_stay_as_long_as_a_page_at_many_rows(boss: Client, rows: dict[str, Any]) -> None:
    Message.objects.bulk_create(
        Message(
            dedupe_key=str(number),
            composer=letters.LETTER,
            to_address=f"{number}@example.com",
            subject="x",
            created_at=AT,
            due_at=AT + dt.timedelta(days=1),
        )
        for number in range(150)
    )

    assert boss.get("/admin/mail/message/").content.decode().count('<th class="field-created_at') == 100
