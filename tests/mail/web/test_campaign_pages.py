"""The campaign desk, as the owner works at it, a reader watches it and a stranger does not see it."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from core import clock
from mail.domain import campaigns, lists, suppression
from mail.models import Campaign, CampaignState, MailingList, Message, Reason, Scope, Segment, State
from tests.factories import people
from tests.mail.web import audience
from tests.mail.web.audience import AT, a_draft, a_list, a_subscriber, people_on

pytestmark = pytest.mark.django_db

FRESH = {
    "name": "Concert blast",
    "subject": "A concert on the water",
    "from_name": "Queen of San Diego",
    "reply_to": "hello@example.com",
    "body": audience.BODY,
    "first_cohort": "100",
    "wait_minutes": "60",
    "stop_complaints": "2",
    "stop_bounce_percent": "2",
    "model_low": "$10,000",
    "model_high": "50000",
    "model_booking": "250.50",
}


@pytest.fixture(autouse=True)
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


def started(mailing_list: MailingList, **changes: Any) -> Campaign:
    row = a_draft(mailing_list, **{"first_cohort": 5, **changes})
    return campaigns.start(campaign=row, by=None, at=AT)


def url(name: str, row: Campaign) -> str:
    return reverse(f"mail:{name}", args=[row.pk])


def text(response: HttpResponse) -> str:
    """Return a page's words, its markup gone and its blanks collapsed."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def state(row: Campaign) -> str:
    row.refresh_from_db()
    return str(row.state)


# The desk


def test_without_lists_the_desk_asks_for_one_first(owner: Client) -> None:
    assert "Make the list first." in text(owner.get("/mail/campaigns/"))


def test_with_a_list_the_desk_offers_the_first_draft(owner: Client, harbour: MailingList) -> None:
    page = owner.get("/mail/campaigns/")

    assert "nothing leaves before you have looked at it" in text(page)
    assert 'href="/mail/campaigns/new"' in page.content.decode()


def test_the_desk_shows_drafts_what_is_under_way_and_what_is_over(
    owner: Client, harbour: MailingList
) -> None:
    a_draft(harbour, name="Spring letter")
    going = started(harbour, name="Concert blast")
    campaigns.advance(at=AT)
    Message.objects.filter(campaign=going).update(
        state=State.SENT, settled_at=AT, transport="ses", delivered_at=AT
    )
    over = started(harbour, name="Old blast")
    campaigns.cancel(campaign=over, by=None, at=AT)
    said = text(owner.get("/mail/campaigns/"))

    assert re.search(
        r"Under way .*Concert blast Sending Harbour news 12 5 5 0 0 10 Nov 2026, 09:00 PST", said
    )
    assert re.search(r"Drafts .*Spring letter Draft Harbour news 12 10 Nov 2026, 09:00 PST", said)
    assert re.search(r"Past .*Old blast Cancelled Harbour news 0 0 0 0 0 10 Nov 2026, 09:00 PST", said)


def test_a_draft_to_a_segment_counts_those_who_can_be_reached(owner: Client, harbour: MailingList) -> None:
    a_subscriber(harbour, "p00001@example.com", segments=["Locals"])
    a_subscriber(harbour, "p00002@example.com", segments=["Locals"])
    suppression.add(address="p00002@example.com", scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=AT)
    a_draft(harbour, segment=Segment.objects.get())

    assert "Concert blast Draft Harbour news, Locals 1 10 Nov" in text(owner.get("/mail/campaigns/"))


def test_a_campaign_to_a_segment_under_way_counts_the_segment_alone(
    owner: Client, harbour: MailingList
) -> None:
    for number in (1, 2, 7):
        a_subscriber(harbour, f"p0000{number}@example.com", segments=["Locals"])
    started(harbour, segment=Segment.objects.get(), first_cohort=2)
    campaigns.advance(at=AT)

    assert "Concert blast Sending Harbour news, Locals 3 0 0 0 0" in text(owner.get("/mail/campaigns/"))


@pytest.mark.parametrize("count", [1, 20])
def test_the_desk_takes_eleven_queries_however_many(
    count: int, owner: Client, harbour: MailingList, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        a_draft(harbour)
        started(harbour)
        campaigns.cancel(campaign=started(harbour), by=None, at=AT)
    # session, person, grants, sample notice, in doubt, those alive, how many are past, one page of them, messages,
    # whole lists, segments
    with django_assert_num_queries(11):
        owner.get("/mail/campaigns/")


@pytest.mark.parametrize("page", ["x", "9" * 5000, "-1", "\x00"])
def test_odd_pages_of_the_past_show_the_desk_all_the_same(page: str, owner: Client) -> None:
    assert owner.get("/mail/campaigns/", {"page": page}).status_code == 200


@pytest.mark.parametrize("pk", [0, 99, 2**63, 10**30])
def test_a_campaign_that_is_not_there_is_not_found(pk: int, owner: Client) -> None:
    for path in ("", "html", "change", "start", "cancel"):
        assert owner.get(f"/mail/campaigns/{pk}/{path}").status_code == 404
    for path in ("test", "start", "pause", "resume", "release", "cancel"):
        assert owner.post(f"/mail/campaigns/{pk}/{path}").status_code == 404


# Writing one


def test_a_campaign_is_written_down_as_a_draft_and_changed(owner: Client, harbour: MailingList) -> None:
    a_subscriber(harbour, "p00001@example.com", segments=["Locals"])
    segment = Segment.objects.get()
    made = owner.post("/mail/campaigns/new", {**FRESH, "audience": f"{harbour.pk}:{segment.pk}"})
    row = Campaign.objects.get()

    assert made.headers["Location"] == url("campaign", row)
    assert (row.state, row.mailing_list, row.segment, row.subject) == (
        "draft",
        harbour,
        segment,
        FRESH["subject"],
    )
    assert (row.model_low_minor, row.model_high_minor, row.model_booking_minor) == (
        1_000_000,
        5_000_000,
        25_050,
    )

    form = owner.get(url("change_campaign", row)).context["form"]
    again = {name: form[name].value() for name in form.fields}
    again = {name: "" if value is None else value for name, value in again.items()}
    assert again["audience"] == f"{harbour.pk}:{segment.pk}"
    owner.post(url("change_campaign", row), {**again, "audience": str(harbour.pk), "model_low": "$12,000.00"})
    row.refresh_from_db()
    assert (row.segment, row.model_low_minor) == (None, 1_200_000)


@pytest.mark.parametrize(
    "odd",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "x" * 1_000_000},
        {"subject": "Hello {{ first_name }}"},
        {"subject": "Two\nlines"},
        {"from_name": ""},
        {"from_name": "Eve\r\nBcc: x@example.com"},
        {"reply_to": "nobody"},
        {"body": ""},
        {"body": "Dear {{ surname }}"},
        {"body": "{% include 'x' %}"},
        {"body": "![x](https://example.com/x.png)"},
        {"body": "[x](/only/a/path)"},
        {"body": "x" * 1_000_000},
        {"body": "a\x00b"},
        {"first_cohort": "0"},
        {"first_cohort": "-5"},
        {"first_cohort": "9" * 5000},
        {"first_cohort": "ten"},
        {"wait_minutes": "-1"},
        {"wait_minutes": str(2**40)},
        {"stop_complaints": "0"},
        {"stop_bounce_percent": "101"},
        {"model_low": "ten"},
        {"model_low": "-5"},
        {"model_low": ""},
        {"model_low": "60000"},
        {"model_booking": "0"},
        {"model_booking": "9" * 30},
        {"audience": ""},
        {"audience": "99"},
        {"audience": "x"},
        {"audience": "9" * 5000},
        {"audience": "\x00"},
    ],
)
def test_what_cannot_be_a_campaign_is_refused_with_everything_typed(
    odd: dict[str, str], owner: Client, harbour: MailingList
) -> None:
    whole = {**FRESH, "audience": str(harbour.pk), **odd}
    answer = owner.post("/mail/campaigns/new", whole)

    assert answer.status_code == 422
    assert "Please check this form" in text(answer)
    form = answer.context["form"]
    assert {name: form[name].value() for name in whole} == whole
    assert not Campaign.objects.exists()


def test_a_segment_of_another_list_cannot_be_chosen(owner: Client, harbour: MailingList) -> None:
    other = a_list("Owners")
    a_subscriber(other, segments=["Locals"])
    crossed = f"{harbour.pk}:{Segment.objects.get().pk}"

    assert owner.post("/mail/campaigns/new", {**FRESH, "audience": crossed}).status_code == 422


def test_only_a_draft_is_changed(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)

    assert owner.get(url("change_campaign", row)).headers["Location"] == url("campaign", row)
    answer = owner.post(url("change_campaign", row), {**FRESH, "audience": str(harbour.pk), "name": "New"})
    assert answer.status_code == 422
    assert "Only a draft can be changed" in text(answer)
    assert answer.context["form"]["name"].value() == "New"


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
    # session, person, grants, sample notice, in doubt, the campaign, its messages by state, the first reader's name, history
    with django_assert_num_queries(9):
        owner.get(url("campaign", row))


def test_a_test_goes_to_one_address_and_says_so(owner: Client, harbour: MailingList) -> None:
    row = a_draft(harbour)
    answer = owner.post(url("test_campaign", row), {"address": "olive@example.com"}, follow=True)

    assert "A test is on its way to olive@example.com." in text(answer)
    message = Message.objects.get()
    assert (message.to_address, message.subject) == ("olive@example.com", f"[Test] {row.subject}")
    assert message.campaign is None


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
    assert "Let the rest go now" in part
    assert "?seen=sending-wait" in part

    campaigns.release(campaign=row, by=None, at=AT)
    part = owner.get(url("campaign", row), {"seen": "sending-wait"}, headers=headers).content.decode()
    assert "the rest is being sent" in part
    assert "Let the rest go now" not in part


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
    # session, person, grants, sample notice, the campaign, its messages by state, complaints and bounces, who has no row
    # yet, those of the first cohort that are settled
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
    # The figures' nine, mail in doubt, messages by state for the sentence, results, who unsubscribed, bookings, the first
    # reader's name, history
    with django_assert_num_queries(16):
        owner.get(url("campaign", row))


def test_pausing_asks_why_and_resuming_does_not(owner: Client, harbour: MailingList) -> None:
    row = started(harbour)
    refused = owner.post(url("pause_campaign", row), {"why": " "})
    assert (refused.status_code, state(row)) == (422, "sending")

    paused = owner.post(url("pause_campaign", row), {"why": "The date is wrong."}, follow=True)
    assert state(row) == "paused"
    assert "Paused The date is wrong." in text(paused)
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
    assert "Let the rest go now" in text(owner.get(url("campaign", row)))

    assert "The rest goes out now." in text(owner.post(url("release_campaign", row), follow=True))
    again = owner.post(url("release_campaign", row))
    assert again.status_code == 422
    assert "let go already" in text(again)
    assert "Let the rest go now" not in text(again)


def test_the_rest_of_a_paused_campaign_is_let_go_once_it_is_resumed(
    owner: Client, harbour: MailingList
) -> None:
    row = started(harbour)
    campaigns.pause(campaign=row, why="Nothing of the first cohort got through.", by=None, at=AT)
    assert "Let the rest go once resumed" in text(owner.get(url("campaign", row)))

    said = text(owner.post(url("release_campaign", row), follow=True))
    assert "The rest goes out once it is resumed." in said
    assert "Let the rest go" not in said
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
