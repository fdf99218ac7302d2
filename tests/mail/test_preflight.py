"""Before a campaign starts, everything that could go wrong is looked at; what cannot be asked is never called well."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from mail.domain import campaigns, preflight, suppression
from mail.domain.preflight import Check
from mail.models import Campaign, Notification, Reason, Scope
from mail.transport import Identity
from tests.mail import name_service
from tests.mail.campaigning import AT, drafted, mailing_list
from tests.mail.conftest import use_ses
from tests.mail.endpoint import TOPIC, Endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(scope="module")
def ses_of_module() -> Iterator[Endpoint]:
    """Run one endpoint for all these tests."""
    with Endpoint() as running:
        yield running


@pytest.fixture
def ses(ses_of_module: Endpoint, settings: Settings) -> Endpoint:
    """Send by an SES that is set up as it should be; a test changes one thing."""
    ses_of_module.reset()
    ses_of_module.set(rate=14.0, daily=50_000.0, sandbox=False, unverified=())
    use_ses(settings, ses_of_module.address)
    settings.BASE_URL = "https://quarterdeck.example.com"
    settings.SES_CONFIGURATION_SET = "quarterdeck"
    settings.SNS_TOPIC_ARNS = frozenset({TOPIC})
    return ses_of_module


def look(campaign: Campaign, **texts: Any) -> dict[str, Check]:
    """Make the checks with a name service that knows these records."""
    with name_service.running(**(texts or {"_dmarc__example__com": ["v=DMARC1; p=reject"]})) as resolver:
        return {check.name: check for check in preflight.checks(campaign=campaign, at=AT, resolver=resolver)}


def verdicts(found: dict[str, Check]) -> dict[str, str]:
    return {name: check.verdict for name, check in found.items()}


class TestAllIsWell:
    def test_every_check_passes_and_the_campaign_starts(self, ses: Endpoint) -> None:
        campaign = drafted(mailing_list(count=3_676))
        Notification.objects.create(sns_id="1", topic_arn=TOPIC, received_at=AT)
        found = look(campaign)
        assert set(verdicts(found).values()) == {"pass"}, found
        assert found["Recipients"].sentence == "3,676 people get it."
        assert "3,676 are needed" in found["Daily quota"].sentence
        assert not preflight.blocks(tuple(found.values()))

    def test_the_headroom_of_3676_recipients_is_that_of_amazon_rounded_up(self, ses: Endpoint) -> None:
        found = look(drafted(mailing_list(count=3_676)))
        assert found["Complaints"].sentence == (
            "At 4 complaints SES reviews the account, at 19 it stops it; this campaign stops itself at 2."
        )
        assert found["Hard bounces"].sentence == (
            "At 184 hard bounces SES reviews the account, at 368 it stops it; this campaign stops itself at 74."
        )

    def test_how_long_it_takes_follows_from_the_pace_allowed(self, ses: Endpoint) -> None:
        assert (
            "At 14 a second, sending takes about 5 minutes"
            in look(drafted(mailing_list(count=3_676)))["Duration"].sentence
        )


class TestSes:
    def test_too_little_quota_left_blocks(self, ses: Endpoint) -> None:
        ses.set(daily=200.0)
        found = look(drafted(mailing_list(count=201)))["Daily quota"]
        assert found.verdict == "fail"
        assert "SES takes 200 more messages in these 24 hours and this campaign needs 201." in found.sentence

    def test_the_sandbox_blocks(self, ses: Endpoint) -> None:
        ses.set(sandbox=True)
        found = look(drafted(mailing_list(count=1)))["Sandbox"]
        assert (found.verdict, "Ask for production access" in found.sentence) == ("fail", True)

    def test_a_sender_that_ses_does_not_know_blocks(self, ses: Endpoint, settings: Settings) -> None:
        ses.set(unverified=("quarterdeck@example.com", "example.com"))
        found = look(drafted(mailing_list(count=1)))
        assert (found["Sender verified"].verdict, found["DKIM"].verdict) == ("fail", "fail")

    @pytest.mark.parametrize(
        ("identity", "verdict", "words"),
        [
            (
                Identity("example.com", True, True, mail_from_found=False),
                "pass",
                "Amazon's own bounce domain",
            ),
            (
                Identity("example.com", True, True, "", "bounce.example.com", True),
                "pass",
                "bounce.example.com",
            ),
            (
                Identity("example.com", True, True, "", "bounce.example.com", False),
                "warn",
                "Add them as the SES",
            ),
            (Identity("example.com", False, False), "unknown", "does not know example.com"),
        ],
    )
    def test_a_bounce_domain_of_our_own_needs_its_records(
        self, identity: Identity, verdict: str, words: str
    ) -> None:
        found = preflight._spf(identity)
        assert (found.verdict, words in found.sentence) == (verdict, True)

    @pytest.mark.parametrize(
        ("name", "value"), [("SES_CONFIGURATION_SET", ""), ("SNS_TOPIC_ARNS", frozenset())]
    )
    def test_a_stop_rule_that_would_be_blind_blocks(
        self, ses: Endpoint, settings: Settings, name: str, value: object
    ) -> None:
        setattr(settings, name, value)
        found = look(drafted(mailing_list(count=1)))["Feedback"]
        assert (found.verdict, f"Set {name}" in found.sentence) == ("fail", True)

    def test_a_topic_from_which_nothing_ever_came_is_no_reason_to_be_calm(self, ses: Endpoint) -> None:
        campaign = drafted(mailing_list(count=1))
        Notification.objects.create(sns_id="1", topic_arn=f"{TOPIC}-of-others", received_at=AT)
        found = look(campaign)
        assert found["Feedback"].verdict == "warn"
        assert "Send a test and wait for its event" in found["Feedback"].sentence
        assert not preflight.blocks(tuple(found.values()))

    def test_an_ses_that_cannot_be_asked_is_unknown_and_does_not_block(
        self, settings: Settings, ses: Endpoint
    ) -> None:
        settings.AWS_SES_REGION_ENDPOINT_URL = "http://127.0.0.1:9"
        found = look(drafted(mailing_list(count=1)))
        asked = ("Daily quota", "Duration", "Sandbox", "Sender verified", "DKIM", "SPF")
        assert {found[name].verdict for name in asked} == {"unknown"}
        assert "SES did not say" in found["Sandbox"].sentence
        assert not preflight.blocks(tuple(found.values()))

    def test_unsubscribing_by_http_blocks(self, ses: Endpoint, settings: Settings) -> None:
        settings.BASE_URL = "http://quarterdeck.example.com"
        campaign = drafted(mailing_list(count=1))
        assert look(campaign)["Unsubscribing"].verdict == "fail"
        settings.BASE_URL = "http://localhost:8000"
        assert look(campaign)["Unsubscribing"].verdict == "warn"

    def test_on_a_laptop_nothing_of_ses_is_asked_and_nothing_blocks(self, settings: Settings) -> None:
        campaign = drafted(mailing_list(count=1))
        found = {check.name: check for check in preflight.checks(campaign=campaign, at=AT)}
        for name in (
            "Daily quota",
            "Duration",
            "Sandbox",
            "Sender verified",
            "DKIM",
            "SPF",
            "Feedback",
            "DMARC",
        ):
            assert found[name].verdict == "unknown"
            assert "stays on this machine" in found[name].sentence
        assert not preflight.blocks(tuple(found.values()))


class TestDmarc:
    @pytest.mark.parametrize(
        ("told", "verdict", "words"),
        [
            (["v=DMARC1; p=reject; rua=mailto:a@example.com"], "pass", "p=reject"),
            (["V=DMARC1;P=Quarantine"], "pass", "p=quarantine"),
            (["other", "v=DMARC1; p=reject"], "pass", "p=reject"),
            (["v=DMARC1; p=none"], "warn", "p=none"),
            (["v=DMARC1; p=perhaps"], "warn", "cannot be read"),
            (["v=DMARC1"], "warn", "cannot be read"),
            (["v=spf1 -all"], "fail", "no DMARC record"),
            (name_service.NO_RECORD, "fail", "no DMARC record"),
            (name_service.NO_NAME, "fail", "no DMARC record"),
            (name_service.FAILURE, "unknown", "did not say"),
            (name_service.SILENCE, "unknown", "did not say"),
        ],
    )
    def test_what_the_name_service_says_decides(
        self, told: Any, verdict: str, words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preflight, "DNS_SECONDS", 0.5)
        found = look(drafted(mailing_list(count=1)), _dmarc__example__com=told)["DMARC"]
        assert (found.verdict, words in found.sentence) == (verdict, True), found.sentence

    def test_a_subdomain_without_a_record_has_its_parents_policy_for_subdomains(
        self, settings: Settings
    ) -> None:
        settings.SES_FROM_ADDRESS = "news@mail.example.com"
        campaign = drafted(mailing_list(count=1))
        parent = {"_dmarc__example__com": ["v=DMARC1; p=reject; sp=none"]}
        assert look(campaign, **parent)["DMARC"].verdict == "warn"
        parent = {"_dmarc__example__com": ["v=DMARC1; p=reject"]}
        assert look(campaign, **parent)["DMARC"].verdict == "pass"

    def test_the_nearest_parent_with_a_record_decides_and_a_public_suffix_is_no_policy(
        self, settings: Settings
    ) -> None:
        settings.SES_FROM_ADDRESS = "news@mail.boats.example.co.uk"
        campaign = drafted(mailing_list(count=1))
        records = {"_dmarc__co__uk": ["v=spf1 -all"]}
        assert look(campaign, **records)["DMARC"].verdict == "fail"
        records["_dmarc__example__co__uk"] = ["v=DMARC1; p=reject; sp=quarantine"]
        assert look(campaign, **records)["DMARC"].sentence == "mail.boats.example.co.uk has p=quarantine."


class TestTheMailItself:
    def test_without_a_postal_address_it_does_not_start(self, ses: Endpoint, settings: Settings) -> None:
        settings.POSTAL_ADDRESS = " "
        campaign = drafted(mailing_list(count=1))
        assert look(campaign)["Postal address"].verdict == "fail"
        with pytest.raises(campaigns.CampaignRefusedError, match="Set POSTAL_ADDRESS"):
            campaigns.start(campaign=campaign, by=None, at=AT)

    def test_a_mail_that_gmail_would_cut_off_does_not_start(self) -> None:
        campaign = drafted(mailing_list(count=1), body="ä" * 49_000)
        found = look(campaign)["Size"]
        assert (found.verdict, "Gmail cuts off" in found.sentence) == ("fail", True)

    def test_a_mail_that_cannot_be_made_says_why(self) -> None:
        campaign = drafted(mailing_list(count=1))
        Campaign.objects.update(body="{{ phone }}")
        campaign.refresh_from_db()
        found = look(campaign)["Mail"]
        assert (found.verdict, "Line 1 holds {{ phone }}" in found.sentence) == ("fail", True)

    def test_an_empty_subject_or_text_does_not_start(self) -> None:
        campaign = drafted(mailing_list(count=1))
        campaign.subject = " "
        assert look(campaign)["Subject and text"].verdict == "fail"


class TestRecipients:
    def test_nobody_to_mail_blocks(self) -> None:
        opened = mailing_list(count=1)
        suppression.add(address="guest0@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
        found = look(drafted(opened))
        assert (found["Recipients"].verdict, found["Complaints"].verdict) == ("fail", "unknown")

    def test_those_left_out_are_told(self) -> None:
        opened = mailing_list(count=3)
        suppression.add(address="guest0@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
        sentence = look(drafted(opened))["Recipients"].sentence
        assert sentence == "2 people get it; 1 more is suppressed and left out."

    def test_a_rule_that_stops_only_after_amazon_is_a_warning(self) -> None:
        found = look(drafted(mailing_list(count=3_676), stop_complaints=19, stop_bounce_percent=10))
        assert (found["Complaints"].verdict, found["Hard bounces"].verdict) == ("warn", "warn")
