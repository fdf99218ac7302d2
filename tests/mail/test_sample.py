"""The sample's mailing list: as many invented people as the handoff notes say, and nothing mailed."""

import re

import pytest

from mail.domain import campaign_mail, lists, preflight, sample
from mail.models import Campaign, CampaignState, MailingList, Message, Subscriber
from tests.mail.campaigning import AT

pytestmark = pytest.mark.django_db


def test_the_list_has_the_people_the_notes_say_and_each_consent_has_a_source() -> None:
    assert sample.load(at=AT) == 3_676
    opened = MailingList.objects.get()
    assert opened.name == "Concert and charter guests"
    reach = lists.reachable(mailing_list=opened, segment=None)
    assert (reach.total, reach.mailable) == (3_676, 3_676)
    everybody = Subscriber.objects.all()
    assert all(row.address.endswith("@example.com") and row.consent_source for row in everybody)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+@example\.com", row.address) for row in everybody)
    assert {row.name for row in opened.segments.all()} == {"Concert guests", "Charter guests", "Newsletter"}


def test_nothing_is_mailed_and_one_campaign_is_drafted_with_the_model_of_the_notes() -> None:
    sample.load(at=AT)
    assert not Message.objects.exists()
    drafted = Campaign.objects.get()
    assert drafted.state == CampaignState.DRAFT
    assert (drafted.model_low_minor, drafted.model_high_minor) == (1_000_000, 5_000_000)
    assert not preflight.blocks(preflight.checks(campaign=drafted, at=AT))
    shown = campaign_mail.preview(campaign=drafted, name="Zoë Núñez")
    assert "Hello Zoë," in shown.text
    assert "<h1" in shown.html


def test_loading_it_again_changes_nothing() -> None:
    sample.load(at=AT)
    assert sample.load(at=AT) == 0
    assert Subscriber.objects.count() == 3_676
    assert Campaign.objects.count() == 1
