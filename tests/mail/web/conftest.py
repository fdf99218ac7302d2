"""Fixtures of the mail pages: who looks, a list with people on it, a mail that left and a campaign."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from mail import tasks
from mail.models import Campaign, CampaignState, MailingList, Message
from tests.factories import people
from tests.mail import letters
from tests.mail.web.audience import a_list, people_on


@pytest.fixture
def postal_address(settings: Settings) -> None:
    """A campaign starts only where mail may bear a postal address."""
    settings.POSTAL_ADDRESS = "1 Harbour Way, San Diego, CA 92101"


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(people.owner(email="olive@example.com"))
    return client


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(people.StaffGrantFactory().person)
    return client


@pytest.fixture
def harbour(mailbox: Path) -> MailingList:
    mailing_list = a_list()
    people_on(mailing_list, 12)
    return mailing_list


@pytest.fixture
def sent(mailbox: Path) -> Message:
    message = letters.enqueue()
    tasks.deliver(message.pk)
    message.refresh_from_db()
    return message


@pytest.fixture
def autumn() -> Campaign:
    news = MailingList.objects.create(slug="news", name="News", purpose="News.", created_at=letters.AT)
    return Campaign.objects.create(
        mailing_list=news,
        name="Autumn",
        subject="Sail",
        from_name="Q",
        body="Hello",
        state=CampaignState.SENDING,
        created_at=letters.AT,
        started_at=letters.AT,
        last_subscriber_id=0,
    )
