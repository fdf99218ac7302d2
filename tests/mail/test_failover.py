"""The second way out: taken only where the first surely did not take the mail, and with a record of both."""

import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage, get_connection
from pytest_django import Settings

from core import clock
from mail import transport
from mail.domain import compose, delivery, routes, suppression
from mail.models import Attempt, Message, Pace, Reason, Scope, State
from mail.smtp import SmtpBackend
from mail.transport import Outcome, Receipt, Way
from tests.mail import letters
from tests.mail.conftest import FakeSes, use_ses

pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]


class Relay:
    """An SMTP server on loopback that keeps what it takes, and answers a stage as it is told."""

    def __init__(self) -> None:
        """Start on a free port."""
        self.answers: dict[str, str] = {}
        self.vanishes_after_the_dot = False
        self.taken: list[Envelope] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{self.port}"

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get(f"rcpt {address}", self.answers.get("rcpt", "250 OK"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.vanishes_after_the_dot:
            server.transport.abort()
            return "250 OK"
        if "data" not in self.answers:
            self.taken.append(envelope)
        return self.answers.get("data", "250 OK")


@pytest.fixture
def relay(settings: Settings) -> Iterator[Relay]:
    """Name an SMTP server as the second way out."""
    server = Relay()
    settings.MAIL_FALLBACK_URL = server.url
    yield server
    server.controller.stop()


@pytest.fixture
def nobody(settings: Settings, db: None) -> None:
    """Point SES at a port where nobody listens; its pace is known from before."""
    Pace.objects.create(transport="ses", rate=1000, read_at=clock.now())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use_ses(settings, f"http://127.0.0.1:{free.getsockname()[1]}")


def attempts() -> list[tuple[str, str]]:
    return list(Attempt.objects.order_by("id").values_list("transport", "outcome"))


@pytest.mark.usefixtures("nobody")
def test_mail_that_cannot_reach_ses_goes_the_second_way(relay: Relay) -> None:
    message = letters.enqueue(at=clock.now())

    assert delivery.run(clock=clock.now) == 1
    message.refresh_from_db()
    assert (message.state, message.transport, message.tries) == (State.SENT, "smtp", 1)
    assert attempts() == [("ses", "later")]
    (envelope,) = relay.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "quarterdeck@example.com",
        ["owner@example.com", "audit@example.com"],
    )
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content)
    assert mail["X-Quarterdeck-Message"] == str(message.public_id)
    # What is meant for SES does not reach readers.
    assert not [name for name in mail if name.upper().startswith("X-SES")]


@pytest.mark.usefixtures("nobody")
def test_a_wake_up_takes_the_second_way_too_and_so_does_a_code(relay: Relay) -> None:
    message = letters.enqueue_code(at=clock.now())

    assert delivery.deliver(message_id=message.pk, clock=clock.now) is Outcome.ACCEPTED
    message.refresh_from_db()
    assert (message.state, message.transport, message.sealed) == (State.SENT, "smtp", None)
    assert b"WDJB-MJHT" in bytes(relay.taken[0].content or b"")


@pytest.mark.usefixtures("nobody")
def test_a_first_way_that_is_down_is_left_alone_for_a_minute(relay: Relay) -> None:
    for number in range(30):
        letters.enqueue(dedupe_key=str(number), at=clock.now())

    assert delivery.run(clock=clock.now) == 30
    assert set(Message.objects.values_list("state", "transport")) == {(State.SENT, "smtp")}
    # A few found out; nobody else waited for it.
    assert routes.DOWN_AFTER <= len(attempts()) <= 2 * routes.UNPROVEN
    closed_until = Pace.objects.get(transport="ses").closed_until
    assert closed_until is not None
    assert closed_until > clock.now()
    assert len(relay.taken) == 30


def test_after_its_minute_the_first_way_is_tried_again(relay: Relay, fake_ses: FakeSes) -> None:
    fake_ses.accepts("m-1")
    Pace.objects.create(transport="ses", rate=100, read_at=clock.now(), closed_until=clock.now())
    message = letters.enqueue(at=clock.now())
    delivery.run(clock=clock.now)

    message.refresh_from_db()
    assert (message.transport, relay.taken, attempts()) == ("ses", [], [])


@pytest.mark.usefixtures("nobody")
def test_without_a_second_way_mail_waits_and_few_messages_pay_for_it(settings: Settings) -> None:
    for number in range(30):
        letters.enqueue(dedupe_key=str(number), at=clock.now())

    assert delivery.run(clock=clock.now) == 0
    assert set(Message.objects.values_list("state", flat=True)) == {State.QUEUED}
    assert Message.objects.filter(tries__gt=0).count() <= 2 * routes.UNPROVEN


@pytest.mark.parametrize(
    ("status", "code", "sentence", "first", "how", "state"),
    [
        (403, "SignatureDoesNotMatch", "No.", "later", "smtp", State.SENT),
        (400, "SendingPausedException", "Paused.", "later", "smtp", State.SENT),
        (400, "LimitExceededException", "Daily message quota exceeded.", "used up", "smtp", State.SENT),
        (400, "MessageRejected", "No.", "refused", "", State.FAILED),
        (500, "InternalFailure", "Oh.", "unknown", "", State.IN_DOUBT),
        (503, "ServiceUnavailable", "Oh.", "unknown", "", State.IN_DOUBT),
    ],
)
def test_which_answers_of_ses_lead_to_the_second_way(
    relay: Relay, fake_ses: FakeSes, status: int, code: str, sentence: str, first: str, how: str, state: State
) -> None:
    fake_ses.refuses(status, code, sentence)
    message = letters.enqueue(at=clock.now())
    delivery.run(clock=clock.now)

    message.refresh_from_db()
    assert (message.state, message.transport, attempts()) == (state, how, [("ses", first)])
    assert len(relay.taken) == (state == State.SENT)


def test_throttling_never_leads_there(relay: Relay, fake_ses: FakeSes) -> None:
    fake_ses.refuses(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    message = letters.enqueue(at=clock.now())

    assert delivery.deliver(message_id=message.pk, clock=clock.now) is Outcome.THROTTLED
    message.refresh_from_db()
    assert (message.state, message.tries, relay.taken) == (State.QUEUED, 0, [])


def test_silence_never_leads_there(relay: Relay, fake_ses: FakeSes, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    message = letters.enqueue(at=clock.now())
    delivery.run(clock=clock.now)

    message.refresh_from_db()
    assert (message.state, attempts(), relay.taken) == (State.IN_DOUBT, [("ses", "unknown")], [])


@pytest.mark.usefixtures("nobody")
def test_what_was_suppressed_while_the_first_way_failed_does_not_start_by_the_second(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, really = letters.enqueue(at=clock.now()), transport.hand_over

    def slow(email: EmailMessage, *, over: Way) -> Receipt:
        suppression.add(address="owner@example.com", scope=Scope.ALL, reason=Reason.BY_HAND, at=clock.now())
        return really(email, over=over)

    monkeypatch.setattr(transport, "hand_over", slow)
    assert delivery.deliver(message_id=message.pk, clock=clock.now) is Outcome.LATER
    assert (relay.taken, attempts()) == ([], [("ses", "later")])
    message.refresh_from_db()
    assert message.state == State.QUEUED

    assert delivery.claim_batch(limit=1, at=message.due_at) == []
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED


def test_another_region_of_ses_may_be_the_second_way(fake_ses: FakeSes, settings: Settings) -> None:
    settings.MAIL_FALLBACK_URL = "ses://eu-west-1"

    def answer() -> tuple[int, str, dict[str, str]]:
        if "/eu-west-1/ses/" in fake_ses.headers[-1]["Authorization"]:
            return 200, '{"MessageId": "m-eu"}', {}
        return 403, "{}", {"x-amzn-ErrorType": "UnrecognizedClientException"}

    fake_ses.answer = answer
    message = letters.enqueue(at=clock.now())
    delivery.run(clock=clock.now)

    message.refresh_from_db()
    assert (message.state, message.transport, message.provider_message_id) == (
        State.SENT,
        "ses:eu-west-1",
        "m-eu",
    )
    assert attempts() == [("ses", "later")]
    assert set(Pace.objects.values_list("transport", "rate")) == {("ses", 10_000), ("ses:eu-west-1", 10_000)}


def test_the_mailbox_of_a_laptop_has_no_second_way(settings: Settings, mailbox: object) -> None:
    settings.MAIL_FALLBACK_URL = "smtp://127.0.0.1:1"

    assert transport.fallback() is None


def test_an_address_is_read_with_its_secrets(settings: Settings) -> None:
    use_ses(settings, "http://127.0.0.1:1")
    settings.MAIL_FALLBACK_URL = "smtps://us%40er:p%2Fw@mail.example.com"
    way = transport.fallback()

    assert way is not None
    assert isinstance(way.backend, SmtpBackend)
    assert (way.name, way.backend._host, way.backend._port) == ("smtp", "mail.example.com", 465)
    assert (way.backend._username, way.backend._password) == ("us@er", "p/w")


# SMTP by itself


def letter() -> compose.OutgoingMail:
    message = Message(
        composer=letters.LETTER, to_address="owner@example.com", subject="Edition 7", bcc_audit=True
    )
    return compose.prepare(message)


def over(port: int) -> Way:
    return Way(
        "smtp",
        get_connection(
            "mail.smtp.SmtpBackend", host="127.0.0.1", port=port, username="", password="", tls=False
        ),
    )


def hand_over(relay: Relay) -> Receipt:
    way = over(relay.port)
    try:
        return transport.hand_over(letter(), over=way)
    finally:
        way.backend.close()


@pytest.mark.parametrize(
    ("stage", "answer", "outcome"),
    [
        ("mail", "451 Later", Outcome.LATER),
        ("mail", "550 You may not", Outcome.REFUSED),
        ("rcpt", "450 Greylisted", Outcome.LATER),
        ("rcpt", "550 Nobody here", Outcome.REFUSED),
        ("data", "452 Full", Outcome.LATER),
        ("data", "554 Spam", Outcome.REFUSED),
    ],
)
def test_each_refusal_of_smtp_rules_acceptance_out(
    relay: Relay, stage: str, answer: str, outcome: Outcome
) -> None:
    relay.answers[stage] = answer
    receipt = hand_over(relay)

    assert (receipt.outcome, receipt.transport, relay.taken) == (outcome, "smtp", [])
    assert receipt.reason.startswith(f"The SMTP server answered {answer[:3]}")


def test_a_copy_that_is_refused_does_not_stop_the_mail(relay: Relay) -> None:
    relay.answers["rcpt audit@example.com"] = "550 Nobody here"

    assert hand_over(relay).outcome is Outcome.ACCEPTED
    assert len(relay.taken) == 1


def test_a_connection_lost_after_the_last_dot_leaves_doubt(relay: Relay) -> None:
    relay.vanishes_after_the_dot = True
    receipt = hand_over(relay)

    assert receipt.outcome is Outcome.UNKNOWN
    assert receipt.reason.startswith("The answer of the transport was lost: ")


@pytest.mark.parametrize("answer", ["garbage", "2x0 OK", "354 Go on", "999 What"])
def test_an_answer_after_the_last_dot_that_is_neither_yes_nor_no_leaves_doubt(
    relay: Relay, answer: str
) -> None:
    relay.answers["data"] = answer

    assert hand_over(relay).outcome is Outcome.UNKNOWN


def test_any_yes_after_the_last_dot_is_one(relay: Relay) -> None:
    relay.answers["data"] = "251 Will forward"

    assert hand_over(relay).outcome is Outcome.ACCEPTED


def test_a_server_that_is_not_there_means_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert transport.hand_over(letter(), over=over(port)).outcome is Outcome.LATER


def test_a_connection_is_used_again_and_renewed_when_it_died(relay: Relay) -> None:
    way = over(relay.port)
    for turn in range(3):
        assert transport.hand_over(letter(), over=way).outcome is Outcome.ACCEPTED
        if turn == 1:
            way.backend._mine.server.sock.close()  # type: ignore[attr-defined]
    way.backend.close()

    assert len(relay.taken) == 3


def test_threads_send_over_connections_of_their_own(relay: Relay) -> None:
    way, outcomes = over(relay.port), []
    threads = [
        threading.Thread(target=lambda: outcomes.append(transport.hand_over(letter(), over=way).outcome))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    way.backend.close()

    assert outcomes == [Outcome.ACCEPTED] * 5
    assert len(relay.taken) == 5


def test_lines_that_begin_with_a_dot_arrive_as_they_are(relay: Relay) -> None:
    email = letter()
    email.wire = b"Subject: Dots\r\n\r\n.\r\n..two\r\n.one\r\nend"
    way = over(relay.port)
    transport.hand_over(email, over=way)
    way.backend.close()

    assert relay.taken[0].content == b"Subject: Dots\r\n\r\n.\r\n..two\r\n.one\r\nend\r\n"
