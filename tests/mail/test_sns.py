"""What is posted to /mail/sns and believed: its signature, its certificate, its topic, and how subscriptions are confirmed."""

import socket

import pytest
from django.http import HttpRequest, UnreadablePostError
from django.test import Client, RequestFactory
from pytest_django import Settings

from mail import certificates
from mail.domain import sns
from mail.models import Message, MessageEvent, Notification, Suppression
from mail.web import sns as page
from tests.mail import ses_told, signing
from tests.mail.signing import SnsServer
from tests.mail.sns_posts import AT, bounce, everything, notification, post

pytestmark = pytest.mark.django_db
TOPIC = signing.TOPIC
AWS = f"https://sns.{signing.REGION}.amazonaws.com"
PEM = signing.PEM_PATH


@pytest.fixture
def message() -> Message:
    """Return a message whose hard bounce would suppress its address."""
    return ses_told.row()


def test_a_hard_bounce_that_sns_signed_is_taken(
    client: Client, sns_home: SnsServer, message: Message
) -> None:
    answer = post(client, signing.wire(notification(message, sns_home)))

    assert answer == (200, "taken")
    assert Suppression.objects.get().address_key == message.address_key


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_signatures_hold(
    client: Client, sns_home: SnsServer, message: Message, version: str
) -> None:
    assert post(client, signing.wire(notification(message, sns_home, version=version))) == (200, "taken")


def test_a_notification_without_subject_is_signed_without_it(
    client: Client, sns_home: SnsServer, message: Message
) -> None:
    envelope = notification(message, sns_home)
    del envelope["Subject"]

    assert post(client, signing.wire(signing.signer().sign(envelope))) == (200, "taken")


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "application/json", "", "x/y; charset=utf-16"]
)
def test_the_content_type_is_of_no_account(
    client: Client, sns_home: SnsServer, message: Message, content_type: str
) -> None:
    posted = signing.wire(notification(message, sns_home))

    assert post(client, posted, content_type) == (200, "taken")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_a_post_is_taken(client: Client, sns_home: SnsServer, method: str) -> None:
    response = client.generic(method, "/mail/sns")

    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_there_is_no_session_no_cookie_and_no_token_against_forgery(
    sns_home: SnsServer, message: Message
) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(
        "/mail/sns", signing.wire(notification(message, sns_home)), content_type="text/plain; charset=UTF-8"
    )

    assert response.status_code == 200
    assert not response.cookies
    assert response["Content-Type"] == "text/plain"


def test_a_post_that_breaks_off_is_malformed(sns_home: SnsServer, rf: RequestFactory) -> None:
    request: HttpRequest = rf.post("/mail/sns", b"", content_type="text/plain")

    def broken(size: int) -> bytes:
        raise UnreadablePostError("gone")

    request.read = broken  # type: ignore[method-assign,assignment]

    assert page.take(request).status_code == 400


# Subscriptions.


def test_a_subscription_to_our_topic_is_confirmed_by_its_token_and_not_by_the_address_it_names(
    client: Client, sns_home: SnsServer
) -> None:
    envelope = signing.confirmation(
        at=AT, pem_url=sns_home.pem_url, SubscribeURL="http://169.254.169.254/latest/meta-data/"
    )

    assert post(client, signing.wire(envelope)) == (200, "confirmed")
    assert sns_home.confirmed == [
        {"Action": ["ConfirmSubscription"], "TopicArn": [TOPIC], "Token": [envelope["Token"]]}
    ]


def test_a_confirmation_that_sns_does_not_take_is_asked_for_again(
    client: Client, sns_home: SnsServer
) -> None:
    sns_home.confirms = 500

    assert post(client, signing.wire(signing.confirmation(at=AT, pem_url=sns_home.pem_url))) == (
        503,
        "come again",
    )


def test_the_end_of_a_subscription_is_noted_and_changes_nothing(
    client: Client, sns_home: SnsServer, caplog: pytest.LogCaptureFixture
) -> None:
    envelope = signing.confirmation(at=AT, pem_url=sns_home.pem_url, kind="UnsubscribeConfirmation")
    before = everything()

    assert post(client, signing.wire(envelope)) == (200, "noted")
    assert everything() == before
    assert sns_home.confirmed == []
    assert "no longer posts" in caplog.text


@pytest.mark.parametrize(
    "said",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        '{"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed."}',
        '{"eventType": "Rendering Failure", "mail": {}, "failure": {}}',
        '{"eventType": "Subscription", "mail": {}, "subscription": {}}',
    ],
)
def test_what_is_nothing_to_us_is_let_pass(client: Client, sns_home: SnsServer, said: str) -> None:
    envelope = signing.notification(said, at=AT, pem_url=sns_home.pem_url)

    assert post(client, signing.wire(envelope)) == (200, "ignored")
    assert not Notification.objects.exists()


# Certificates.


def test_a_certificate_is_fetched_once(client: Client, sns_home: SnsServer, message: Message) -> None:
    for _ in range(3):
        assert post(client, signing.wire(notification(message, sns_home)))[0] == 200

    assert sns_home.asked == [PEM]


def test_a_certificate_that_could_not_be_had_is_not_asked_for_again_at_once_but_soon(
    client: Client, sns_home: SnsServer, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    sns_home.pages[PEM] = (500, b"")
    posted = signing.wire(notification(message, sns_home))
    assert [post(client, posted)[0] for _ in range(3)] == [503, 503, 503]
    assert sns_home.asked == [PEM]
    sns_home.pages[PEM] = (200, signing.signer().pem)
    passed = certificates.time.monotonic() + certificates.PAUSE
    monkeypatch.setattr(certificates.time, "monotonic", lambda: passed)

    assert post(client, posted) == (200, "taken")


def test_a_server_that_cannot_be_reached_is_tried_again(
    client: Client, sns_home: SnsServer, message: Message, settings: Settings
) -> None:
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))
    settings.AWS_SES_REGION_ENDPOINT_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    posted = notification(message, sns_home, pem_url=f"{settings.AWS_SES_REGION_ENDPOINT_URL}{PEM}")

    assert post(client, signing.wire(posted)) == (503, "come again")
    nobody.close()


def test_only_so_many_certificates_and_failures_are_kept(sns_home: SnsServer) -> None:
    for number in range(20):
        sns_home.pages[f"/{number}.pem"] = (200, signing.signer().pem)
        certificates.fetch(f"{sns_home.address}/{number}.pem")
        with pytest.raises(certificates.UnavailableError):
            certificates.fetch(f"{sns_home.address}/missing-{number}.pem")

    assert len(certificates._kept) == len(certificates._failed) == certificates.KEPT


def test_who_waits_for_anothers_fetch_does_not_wait_long(
    sns_home: SnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "PATIENCE", 0.01)
    with certificates._lock, pytest.raises(certificates.UnavailableError):
        certificates.fetch(sns_home.pem_url)

    assert certificates.fetch(sns_home.pem_url).not_valid_after_utc.year == 2045


# Where SNS is at home.


def test_sns_is_at_home_in_the_topics_region_alone(settings: Settings) -> None:
    settings.AWS_SES_REGION_ENDPOINT_URL = "https://email.eu-west-1.amazonaws.com"

    assert sns.homes(TOPIC) == (AWS,)
    assert sns.homes("arn:aws-cn:sns:cn-north-1:123456789012:mail") == (
        "https://sns.cn-north-1.amazonaws.com.cn",
    )
    assert sns.homes("arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail.fifo") == (
        "https://sns.us-gov-west-1.amazonaws.com",
    )
    assert sns.homes("arn:aws:sns:evil.example/:123456789012:mail") == ()


@pytest.mark.parametrize(
    ("endpoint", "believed"),
    [
        ("https://email.us-west-2.amazonaws.com", False),
        ("https://email-fips.us-west-2.amazonaws.com", False),
        ("https://vpce-1.email-smtp.us-west-2.vpce.amazonaws.com", False),
        ("https://email.us-west-2.api.aws", False),
        ("http://127.0.0.1:4566", True),
        ("http://ses.example.com:4566/", True),
    ],
)
def test_an_endpoint_of_tests_is_sns_too_and_no_endpoint_of_aws_is(
    settings: Settings, endpoint: str, believed: bool
) -> None:
    settings.AWS_SES_REGION_ENDPOINT_URL = endpoint

    assert sns.homes(TOPIC) == ((AWS, endpoint.rstrip("/")) if believed else (AWS,))


def test_the_certificate_in_the_topics_region_is_let_through(settings: Settings, message: Message) -> None:
    settings.SNS_TOPIC_ARNS = frozenset({TOPIC})
    envelope = sns.read(signing.wire(signing.notification(bounce(message), at=AT)))

    assert sns.admit(envelope, at=AT) == AWS


def test_without_topics_nothing_is_believed(
    client: Client, sns_home: SnsServer, message: Message, settings: Settings
) -> None:
    settings.SNS_TOPIC_ARNS = frozenset()

    assert post(client, signing.wire(notification(message, sns_home))) == (403, "refused")
    assert not MessageEvent.objects.exists()
