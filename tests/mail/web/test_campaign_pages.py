"""A campaign's page before its start and after its end, and what a reader of it may not do."""

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from core import clock
from mail.domain import campaigns, lists, suppression
from mail.models import Campaign, CampaignState, MailingList, Message, Reason, Scope, State
from tests.mail.web.audience import (
    AT,
    FRESH,
    a_draft,
    a_list,
    a_subscriber,
    people_on,
    started,
    state,
    text,
    url,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postal_address"), pytest.mark.once_postgresql]


# One campaign


def test_a_draft_shows_its_mail_its_checks_and_what_comes_next(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    page = owner.get(url("campaign", row))
    said = text(page)

    assert "Nothing has left." in said
    assert "As Person 0 would get it" in said
    assert "Before it starts" in said
    assert f'src="{url("campaign_html", row)}"' in page.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.content.decode()
    assert "Dear Person," in said
    assert 'value="olive@example.com"' in page.content.decode()


def test_the_frame_shows_the_mail_and_runs_nothing(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour, body="<script>alert(1)</script>\n\nDear {{ name }}")
    answer = owner.get(url("campaign_html", row))

    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<script>" not in answer.content.decode()
    assert "Dear Person 0" in answer.content.decode()
    assert '<base target="_blank">' in answer.content.decode()


@pytest.mark.parametrize("count", [1, 60])
def test_a_draft_takes_as_many_queries_for_one_subscriber_as_for_many(
    count: int,
    owner: Client,
    mailbox: Path,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    mailing_list = a_list()
    people_on(mailing_list, count)
    row = a_draft(mailing_list)
    # session, person, grants, sample notice, in doubt, the campaign, its messages by state, the first reader, those without
    # a name, history, its last change, its last test
    with django_assert_num_queries(12):
        owner.get(url("campaign", row))


def test_a_test_goes_to_one_address_and_says_so(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    answer = owner.post(url("test_campaign", row), {"address": "olive@example.com"}, follow=True)

    assert "A test is on its way to olive@example.com." in text(answer)
    message = Message.objects.get()
    assert (message.to_address, message.subject) == ("olive@example.com", f"[Test] {row.subject}")
    assert message.campaign is None


def test_it_says_whether_the_mail_as_it_stands_was_tested(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    for page in ("campaign", "start_campaign"):
        assert "None was sent." in text(owner.get(url(page, row)))
    campaigns.send_test(campaign=row, address="olive@example.com", by=None, at=AT)
    for page in ("campaign", "start_campaign"):
        assert "Sent to olive@example.com on 10 Nov 2026, 09:00 PST; it is queued." in text(
            owner.get(url(page, row))
        )
    owner.post(url("change_campaign", row), {**FRESH, "audience": str(harbour.pk), "subject": "Another"})
    for page in ("campaign", "start_campaign"):
        assert "None was sent since the last change." in text(owner.get(url(page, row)))


def test_the_preview_is_that_of_the_first_who_can_be_reached(owner: Client, harbour: MailingList) -> None:
    suppression.add(
        address="p00000@example.com",
        scope=Scope.LIST,
        reason=Reason.UNSUBSCRIBED,
        mailing_list=harbour,
        at=AT,
    )
    row = a_draft(harbour, body="Dear {{ name }}")
    assert "As Person 1 would get it" in text(owner.get(url("campaign", row)))
    assert "have no name" not in text(owner.get(url("campaign", row)))
    assert "Dear Person 1" in owner.get(url("campaign_html", row)).content.decode()


def test_those_without_a_name_are_counted_where_the_name_is_used(owner: Client, harbour: MailingList) -> None:
    for number in range(2):
        a_subscriber(harbour, f"nameless{number}@example.com")
    assert "2 have no name; they read “there”." in text(owner.get(url("campaign", a_draft(harbour))))
    plain = a_draft(harbour, body="Dear friends")
    assert "have no name" not in text(owner.get(url("campaign", plain)))


@pytest.mark.parametrize(
    "address", ["", "nobody", "a\x00@example.com", "x" * 1_000_000, "a@example.com, b@example.com"]
)
def test_a_test_to_no_address_is_refused_with_what_was_typed(
    address: str, owner: Client, harbour: MailingList
) -> None:
    row = a_draft(harbour)
    answer = owner.post(url("test_campaign", row), {"address": address})

    assert answer.status_code == 422
    assert answer.context["test_form"]["address"].value() == address
    assert not Message.objects.exists()


def test_a_test_to_a_suppressed_address_says_why_not(owner: Client, harbour: MailingList) -> None:
    suppression.add(address="ana@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
    answer = owner.post(url("test_campaign", a_draft(harbour)), {"address": "ana@example.com"})

    assert answer.status_code == 422
    assert "bounced for good" in text(answer)


# Starting


def test_before_the_start_everything_is_said_once_more(owner: Client, harbour: MailingList) -> None:
    suppression.add(address="p00002@example.com", scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=AT)
    row = a_draft(harbour, first_cohort=5)
    said = text(owner.get(url("start_campaign", row)))

    assert "Start Concert blast?" in said
    assert "A concert on the water" in said
    assert "Recipients 11; 1 suppressed and left out" in said
    assert "First cohort 5, at once" in said
    assert "The rest 6, 60 minutes after the first cohort has gone" in said
    assert "Stops at 2 complaints or 2 % hard bounces" in said
    assert state(row) == "draft"


def test_pressing_start_twice_starts_it_once(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    first = owner.post(url("start_campaign", row), follow=True)
    at = Campaign.objects.get().started_at
    again = owner.post(url("start_campaign", row), follow=True)

    assert "is started. The first cohort goes out now." in text(first)
    assert (again.status_code, state(row)) == (200, "sending")
    assert "was started before; it is sending" in text(again)
    assert Campaign.objects.get().started_at == at
    assert owner.get(url("start_campaign", row)).headers["Location"] == url("campaign", row)


def test_what_stands_in_the_way_is_named_and_there_is_no_button(
    owner: Client, harbour: MailingList, settings: Settings
) -> None:
    settings.POSTAL_ADDRESS = ""
    row = a_draft(harbour)
    page = owner.get(url("start_campaign", row))

    assert "Start sending" not in text(page)
    assert "Stops it" in text(page)
    assert "One thing stands in the way of starting it." in text(owner.get(url("campaign_checks", row)))
    answer = owner.post(url("start_campaign", row))
    assert (answer.status_code, state(row)) == (422, "draft")


def test_a_list_nobody_is_on_cannot_be_mailed(owner: Client, mailbox: Path) -> None:
    row = a_draft()

    assert "Start sending" not in text(owner.get(url("start_campaign", row)))
    assert owner.post(url("start_campaign", row)).status_code == 422


@pytest.mark.parametrize("deed", ["pause_campaign", "resume_campaign", "release_campaign"])
def test_what_a_draft_cannot_do_is_refused_in_a_sentence(
    deed: str, owner: Client, harbour: MailingList
) -> None:
    row = a_draft(harbour)
    answer = owner.post(url(deed, row), {"why": "Because."})

    assert (answer.status_code, state(row)) == (422, "draft")
    assert "That was not done" in text(answer)


def test_a_finished_campaign_shows_results_against_its_model(owner: Client, harbour: MailingList) -> None:
    row = started(
        harbour,
        first_cohort=50,
        model_low_minor=1_000_000,
        model_high_minor=5_000_000,
        model_booking_minor=25_000,
    )
    campaigns.advance(at=AT)
    Message.objects.filter(campaign=row).update(
        state=State.SENT, settled_at=AT, transport="ses", delivered_at=AT
    )
    campaigns.advance(at=AT + dt.timedelta(hours=2))
    said = text(owner.get(url("campaign", row)))

    assert state(row) == CampaignState.FINISHED
    assert "$833.33 to $4,166.67" in said
    assert "Bookings 40 for $10,000 Not measured yet" in said
    assert "Delivered 12 100.0 % of those sent" in said


def test_the_history_tells_who_did_what(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    owner.post(url("start_campaign", row))
    owner.post(url("pause_campaign", row), {"why": "The date is wrong."})
    said = text(owner.get(url("campaign", row)))

    assert "Campaign paused The date is wrong." in said
    assert "Campaign started" in said
    assert "Campaign drafted" in said


def test_names_are_text_and_never_markup(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour, name="<script>alert(1)</script>")
    for path in ("campaign", "start_campaign", "cancel_campaign", "change_campaign"):
        assert "<script>alert" not in owner.get(url(path, row)).content.decode()
    assert "<script>alert" not in owner.get("/mail/campaigns/").content.decode()


# Who may


def test_a_reader_sees_everything_and_may_do_nothing(reader: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    page = reader.get(url("campaign", row))

    assert page.status_code == 200
    for words in ("Send a test", "Change the draft", "Cancel the campaign", "Start…"):
        assert words not in text(page)
    for path in ("change_campaign", "start_campaign", "cancel_campaign"):
        assert reader.get(url(path, row)).status_code == 403
    for path in ("test", "start", "pause", "resume", "release", "cancel", "change"):
        assert reader.post(url(f"{path}_campaign", row), {"why": "Because."}).status_code == 403
    assert reader.post("/mail/campaigns/new", FRESH).status_code == 403
    assert not lists.reachable(mailing_list=harbour, segment=None).held_back
    assert clock.now() > AT
