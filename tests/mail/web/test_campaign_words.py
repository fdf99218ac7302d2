"""The figures of a campaign in words: its pace, its limits, and its money beside the model."""

import datetime as dt

import pytest
from pytest_django import Settings

from mail.domain import campaign_results, campaigns
from mail.domain.pacing import Standing
from mail.domain.preflight import Check
from mail.models import Campaign, Message, Pace, State
from mail.web import campaign_words
from tests.factories import people
from tests.mail import campaigning
from tests.mail.campaigning import AT

pytestmark = pytest.mark.once_postgresql


@pytest.fixture
def blast(db: None, settings: Settings) -> Campaign:
    """The campaign of 3,676, queued whole."""
    settings.POSTAL_ADDRESS = "1 Harbour Way, San Diego, CA 92101"
    settings.MAIL_TRANSPORT = "mailbox"
    started = campaigning.started(
        campaigning.mailing_list(count=3_676),
        first_cohort=100,
        model_low_minor=1_000_000,
        model_high_minor=5_000_000,
        model_booking_minor=25_000,
    )
    campaigning.queue_all(started)
    return started


def limits(campaign: Campaign) -> dict[str, tuple[int, int, int, int, str]]:
    rows = campaign_words.progress(campaign, campaign_results.progress(campaign=campaign), at=AT)["limits"]
    return {
        row["label"]: (row["count"], row["stop"], row["review"], row["pause"], row["word"]) for row in rows
    }


@pytest.mark.parametrize(
    ("standing", "count", "words"),
    [
        (Standing(14.0), 3_676, "14 a second, about 4 minutes for 3,676"),
        (Standing(1.0), 100_000, "1 a second, about 28 hours for 100,000"),
        (Standing(50.0), 12, "50 a second, under a minute for 12"),
        (Standing(0.7), 60, "0.7 a second, about 1 minute for 60"),
        (Standing(14.0, closed=True), 10, "The day's quota of SES is used up; mail goes on as it comes back"),
        (Standing(None), 10, "No limit, as mail is laid in the mailbox folder and goes to nobody"),
        (None, 10, "Not known before SES has been asked; that happens with the first message"),
    ],
)
def test_the_pace_is_said_with_the_time_it_takes(standing: Standing | None, count: int, words: str) -> None:
    assert campaign_words.pace(standing, count) == words


def test_the_limits_of_3676_are_those_of_the_report(blast: Campaign) -> None:
    assert limits(blast) == {
        "Complaints": (0, 2, 4, 19, "Far off"),
        # Of the first cohort, while no more have gone.
        "Hard bounces": (0, 2, 184, 368, "Far off"),
    }

    Message.objects.filter(campaign=blast).update(state=State.SENT, settled_at=AT, transport="ses")
    ids = list(Message.objects.filter(campaign=blast).values_list("pk", flat=True)[:40])
    Message.objects.filter(pk__in=ids).update(bounce="hard", bounced_at=AT)
    Message.objects.filter(pk=ids[0]).update(complained_at=AT)
    assert limits(blast) == {
        "Complaints": (1, 2, 4, 19, "Near"),
        "Hard bounces": (40, 74, 184, 368, "Near"),
    }


def test_what_the_rule_stopped_at_is_where_it_stops(blast: Campaign) -> None:
    ids = list(Message.objects.filter(campaign=blast).order_by("pk").values_list("pk", flat=True)[:150])
    Message.objects.filter(pk__in=ids).update(state=State.SENT, settled_at=AT, transport="ses")
    Message.objects.filter(pk__in=ids[:2]).update(bounce="hard", bounced_at=AT)
    assert limits(blast)["Hard bounces"] == (2, 3, 184, 368, "Near")
    assert not campaigns.consider_stopping(campaign_id=blast.pk, at=AT)

    Message.objects.filter(pk__in=ids[:3]).update(bounce="hard", bounced_at=AT)
    assert limits(blast)["Hard bounces"] == (3, 3, 184, 368, "Reached")
    assert campaigns.consider_stopping(campaign_id=blast.pk, at=AT)

    # A person lets it go on: what they saw counts no more, and the page says where it stops next.
    blast.refresh_from_db()
    campaigns.resume(campaign=blast, why="Three old addresses.", by=people.owner(), at=AT)
    assert limits(blast)["Hard bounces"] == (3, 5, 184, 368, "Near")


def test_complaints_are_a_share_of_what_was_sent_until_a_delivery_was_told(blast: Campaign) -> None:
    def said(label: str) -> str:
        return {row["label"]: row["share"] for row in campaign_words.results(blast)["fates"]}.get(label, "")

    first = Message.objects.filter(campaign=blast).order_by("pk").values_list("pk", flat=True)[:2]
    sent = Message.objects.filter(pk__in=list(first))
    sent.update(state=State.SENT, settled_at=AT, transport="ses", complained_at=AT)
    assert said("Complaints") == "100.0 % of those sent"
    assert said("Rejected by SES") == ""
    sent.update(delivered_at=AT, rejected_at=AT)
    assert said("Complaints") == "100.0 % of those delivered"
    assert said("Rejected by SES") == "100.0 % of those sent"


def test_its_money_stands_beside_the_model(blast: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def money() -> dict[str, tuple[str, str]]:
        rows = campaign_words.results(blast)["money"]
        return {row["label"]: (row["said"], row["came"]) for row in rows}

    assert money() == {
        "Bookings": ("40 for $10,000", ""),
        "Income": ("$10,000 to $50,000", ""),
        "Income a recipient": ("$2.72 to $13.60", ""),
    }
    monkeypatch.setattr(campaign_results, "_counters", [lambda campaign_id: (12, 1_234_500)])
    assert money() == {
        "Bookings": ("40 for $10,000", "12"),
        "Income": ("$10,000 to $50,000", "$12,345.00"),
        "Income a recipient": ("$2.72 to $13.60", "$3.36"),
    }


def test_progress_counts_the_first_cohort_apart_from_the_rest(blast: Campaign, settings: Settings) -> None:
    settings.MAIL_TRANSPORT = "ses"
    Pace.objects.create(transport="ses", rate=14)
    ids = list(Message.objects.filter(campaign=blast).order_by("pk").values_list("pk", flat=True))
    # Three of the first cohort are tried again later.
    Message.objects.filter(pk__in=ids[3:1_000]).update(state=State.SENT, settled_at=AT, transport="ses")
    found = campaign_words.progress(blast, campaign_results.progress(campaign=blast), at=AT)

    assert [found["all"]["text"], *(bar["text"] for bar in found["parts"])] == [
        "997 of 3,676",
        "97 of 100",
        "900 of 3,576",
    ]
    assert found["pace"] == "Pace: 14 a second, about 3 minutes for 2,679."


def test_nobody_on_the_way_is_a_full_bar(blast: Campaign) -> None:
    Message.objects.filter(campaign=blast).update(
        state=State.SUPPRESSED, settled_at=AT, error="Unsubscribed."
    )
    bar = campaign_words.progress(blast, campaign_results.progress(campaign=blast), at=AT)["all"]

    assert (bar["done"], bar["total"], bar["text"]) == (1, 1, "0 of 0")


def test_checks_of_which_the_same_is_to_be_said_stand_as_one_and_trouble_comes_first() -> None:
    found = campaign_words.checks(
        (
            Check("Size", "pass", "Small."),
            Check("Daily quota", "unknown", "SES was not asked."),
            Check("DKIM", "unknown", "SES was not asked."),
            Check("Address", "fail", "There is none."),
        )
    )

    assert found["verdict"] == "One thing stands in the way of starting it."
    assert [row["name"] for row in found["open"]] == ["Address", "Daily quota, DKIM"]
    assert [row["name"] for row in found["fine"]] == ["Size"]


def test_instants_are_said_in_the_portfolios_zone() -> None:
    assert campaign_words.instant(AT) == "10 Nov 2026, 09:00 PST"
    assert campaign_words.instant(AT - dt.timedelta(days=100)) == "2 Aug 2026, 10:00 PDT"
    assert campaign_words.instant(None) == ""
