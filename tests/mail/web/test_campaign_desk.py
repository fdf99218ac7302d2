"""The campaign desk: what is drafted, under way and over, and how a campaign is written down."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mail.domain import campaigns, suppression
from mail.models import Campaign, MailingList, Message, Reason, Scope, Segment, State
from tests.mail.web.audience import AT, FRESH, a_draft, a_list, a_subscriber, started, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postal_address"), pytest.mark.once_postgresql]

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
    assert re.search(r"Past .*Old blast Cancelled Harbour news 0 0 Not told Not told Not told 10 Nov", said)

    # What nobody tells is no nought, here as on the campaign's own page.
    Message.objects.filter(campaign=going).update(transport="smtp", delivered_at=None)
    said = text(owner.get("/mail/campaigns/"))
    assert "Concert blast Sending Harbour news 12 5 Not told Not told Not told" in said


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

    assert "Concert blast Sending Harbour news, Locals 3 0 Not told" in text(owner.get("/mail/campaigns/"))


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
        {"audience": "999999999"},
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


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"name": ""}, "Write a name."),
        ({"audience": ""}, "Choose a list."),
        ({"audience": "99"}, "Choose a list."),
        ({"subject": " "}, "Write a subject."),
        ({"subject": "x" * 201}, "At most 200 characters; this has 201."),
        ({"body": ""}, "Write the text."),
        ({"reply_to": "nobody"}, "Write one mail address, like name@example.com."),
        ({"first_cohort": "0"}, "At least 1."),
        ({"first_cohort": "ten"}, "Write a whole number, in figures."),
        ({"stop_bounce_percent": "101"}, "At most 100."),
    ],
)
def test_a_refusal_says_what_to_do(
    odd: dict[str, str], words: str, owner: Client, harbour: MailingList
) -> None:
    answer = owner.post("/mail/campaigns/new", {**FRESH, "audience": str(harbour.pk), **odd})
    assert words in text(answer)
