"""The page of a campaign under way: its figures, and pausing, resuming, letting the rest go and cancelling."""

import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mail.domain import campaigns
from mail.models import Campaign, MailingList, Message, State
from tests.mail.campaigning import send_queued
from tests.mail.web.audience import AT, a_list, people_on, started, state, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postal_address"), pytest.mark.once_postgresql]


# Under way


def test_a_campaign_under_way_asks_for_its_figures_and_says_what_is_next(
    owner: Client, harbour: MailingList
) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    page = owner.get(url("campaign", row))
    said = text(page)

    assert (
        f'hx-get="{url("campaign", row)}?seen=sending-first" hx-trigger="every 3s"' in page.content.decode()
    )
    assert "0 of 12" in said
    assert "0 of 5" in said
    assert f"/mail/?campaign={row.pk}&amp;state=queued" in page.content.decode()
    assert re.search(r"Complaints .*0 2", said)


def test_htmx_gets_the_figures_alone_and_the_sentence_where_it_is_another(
    owner: Client, harbour: MailingList
) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    headers = {"HX-Request": "true"}
    part = owner.get(url("campaign", row), {"seen": "sending-first"}, headers=headers).content.decode()
    assert '<div id="progress"' in part
    assert "<html" not in part
    assert 'id="next"' not in part

    Message.objects.filter(campaign=row).update(state=State.SENT, settled_at=AT, transport="ses")
    part = owner.get(url("campaign", row), {"seen": "sending-first"}, headers=headers).content.decode()
    assert "The rest follows from 10 Nov 2026, 10:00 PST, unless too many bounce or complain." in part
    assert part.count('hx-swap-oob="true"') == 2
    assert "Let the other 7 go now…" in part
    assert "?seen=sending-wait" in part

    campaigns.release(campaign=row, by=None, at=AT)
    part = owner.get(url("campaign", row), {"seen": "sending-wait"}, headers=headers).content.decode()
    assert "the rest is being sent" in part
    assert "go now…" not in part


@pytest.mark.parametrize("seen", ["sending-first", "", "\x00", "x" * 5000])
def test_htmx_reloads_the_page_once_the_campaign_is_in_another_state(
    seen: str, owner: Client, harbour: MailingList
) -> None:
    row = started(harbour)
    campaigns.pause(campaign=row, why="The date is wrong.", by=None, at=AT)
    moved = owner.get(url("campaign", row), {"seen": seen}, headers={"HX-Request": "true"})

    assert (moved.headers["HX-Refresh"], moved.content) == ("true", b"")
    assert "hx-trigger" not in owner.get(url("campaign", row)).content.decode()


@pytest.mark.parametrize("count", [1, 60])
def test_its_figures_take_as_many_queries_for_one_message_as_for_many(
    count: int, owner: Client, mailbox: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mailing_list = a_list()
    people_on(mailing_list, count)
    row = started(mailing_list, first_cohort=100)
    campaigns.advance(at=AT)
    # session, person, grants, sample notice, the campaign, its messages by state with complaints and bounces, who has no
    # row yet (for the bars and for the rest), those of the first cohort that are settled
    with django_assert_num_queries(9):
        owner.get(url("campaign", row), {"seen": "sending-first"}, headers={"HX-Request": "true"})


@pytest.mark.parametrize("count", [1, 60])
def test_its_whole_page_takes_as_many_queries_for_one_message_as_for_many(
    count: int, owner: Client, mailbox: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mailing_list = a_list()
    people_on(mailing_list, count)
    row = started(mailing_list, first_cohort=100)
    campaigns.advance(at=AT)
    campaigns.pause(campaign=row, why="The date is wrong.", by=None, at=AT)
    # The figures' nine, mail in doubt, results, who unsubscribed, bookings, the first reader, those without a name, history
    with django_assert_num_queries(16):
        owner.get(url("campaign", row))


def test_pausing_asks_why_and_resuming_does_not(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    refused = owner.post(url("pause_campaign", row), {"why": " "})
    assert (refused.status_code, state(row)) == (422, "sending")

    paused = owner.post(url("pause_campaign", row), {"why": "The date is wrong."}, follow=True)
    assert state(row) == "paused"
    assert "The date is wrong." in text(paused)
    assert "Nothing more leaves until it is resumed." in text(paused)

    owner.post(url("resume_campaign", row), {})
    assert state(row) == "sending"


@pytest.mark.parametrize("why", ["x" * 301, "x" * 1_000_000, "a\x00b"])
def test_an_odd_reason_is_refused_with_what_was_typed(why: str, owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    answer = owner.post(url("pause_campaign", row), {"why": why})

    assert (answer.status_code, state(row)) == (422, "sending")
    assert answer.context["pause_form"]["why"].value() == why


def test_what_its_rule_stopped_goes_on_only_with_a_reason(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    Message.objects.filter(campaign=row).update(
        state=State.SENT, settled_at=AT, transport="ses", complained_at=AT
    )
    campaigns.advance(at=AT)
    page = owner.get(url("campaign", row))

    assert "Its rule stopped it." in text(page)
    assert "5 complaints came in for 5 sent" in text(page)
    assert owner.post(url("resume_campaign", row), {"why": ""}).status_code == 422
    owner.post(url("resume_campaign", row), {"why": "They were tests of ours."})
    assert state(row) == "sending"


def test_the_rest_is_let_go_by_hand_once(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    assert "Let the other 7 go now…" in text(owner.get(url("campaign", row)))
    asked = text(owner.get(url("release_campaign", row)))
    assert "This mails up to 7 more people now" in asked
    assert "Let the other 7 go now" in asked
    row.refresh_from_db()
    assert row.released_at is None

    assert "The rest goes out now." in text(owner.post(url("release_campaign", row), follow=True))
    again = owner.post(url("release_campaign", row))
    assert again.status_code == 422
    assert "let go already" in text(again)
    assert "go now…" not in text(again)
    assert owner.get(url("release_campaign", row)).headers["Location"] == url("campaign", row)


def test_the_rest_of_a_paused_campaign_is_let_go_once_it_is_resumed(
    owner: Client, harbour: MailingList
) -> None:
    row = started(harbour)
    campaigns.pause(campaign=row, why="Nothing of the first cohort got through.", by=None, at=AT)
    assert "Let the other 7 go once resumed…" in text(owner.get(url("campaign", row)))

    said = text(owner.post(url("release_campaign", row), follow=True))
    assert "The rest goes out once it is resumed." in said
    assert "go once resumed" not in said
    assert state(row) == "paused"


def test_cancelling_asks_first_and_says_why(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    asked = owner.get(url("cancel_campaign", row))
    assert "What has left cannot be called back." in text(asked)
    assert owner.post(url("cancel_campaign", row), {"why": ""}).status_code == 422
    assert state(row) == "sending"

    done = owner.post(url("cancel_campaign", row), {"why": "The boat is sold."}, follow=True)
    assert state(row) == "cancelled"
    assert "Cancelled on" in text(done)
    again = owner.post(url("cancel_campaign", row), {"why": "Again."})
    assert again.status_code == 422
    assert owner.get(url("cancel_campaign", row)).headers["Location"] == url("campaign", row)


def test_cancelling_tells_the_figures_and_the_way_on(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    send_queued(row, at=AT, limit=2)
    said = text(owner.get(url("cancel_campaign", row)))
    assert "2 have left or may have, 10 never will." in said
    assert "Copy as a new draft" in said


def test_a_cancelled_one_is_copied_to_those_it_did_not_reach(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    campaigns.advance(at=AT)
    send_queued(row, at=AT, limit=2)
    assert "those who got it will get the copy too" in text(owner.get(url("copy_campaign", row)))
    campaigns.cancel(campaign=row, by=None, at=AT)
    page = owner.get(url("copy_campaign", row))
    assert "a new segment of the 10 on its list now who did not get it" in text(page)
    assert "those who got it will get this one too" in text(page)
    assert "checked" in page.content.decode()

    owner.post(url("copy_campaign", row), {"leave_out": "on"})
    made = Campaign.objects.first()
    assert made is not None
    assert (made.state, str(made.segment), made.body) == ("draft", "Did not get Concert blast", row.body)
    owner.post(url("copy_campaign", row), {})
    assert Campaign.objects.first().segment is None  # type: ignore[union-attr]
    assert owner.get(url("copy_campaign", made)).headers["Location"] == url("campaign", made)
    assert owner.post(url("copy_campaign", made)).headers["Location"] == url("campaign", made)


def test_who_paused_it_and_when_stands_beside_the_reason(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    owner.post(url("pause_campaign", row), {"why": "The wind is up."})
    page = owner.get(url("campaign", row))
    person = page.wsgi_request.user
    callout = page.content.decode().partition('class="callout callout--watch"')[2].partition("</div>")[0]
    assert f"{person}, " in callout
    assert "The wind is up." in callout
    assert "Paused" not in callout
