"""The line that all who send share, what is learnt from SES, and who leads."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import Settings

from core import clock
from mail import transport
from mail.domain import delivery, pacing
from mail.models import Message, Pace, State
from tests.mail import letters
from tests.mail.conftest import FakeSes

GAP = 0.2
About = Callable[[float], object]
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(params=["database", "redis"])
def store(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Keep the line in each of the two places."""
    if request.param == "redis":
        settings.REDIS_URL = request.getfixturevalue("redis_url")


def reserve(n: int = 1, patience: float = 60.0) -> float:
    waits = pacing.reserve(transport="ses", n=n, gap=GAP, patience=patience)
    assert waits is not None
    return waits


@pytest.fixture
def about() -> About:
    """Match a wait, of which some may have passed since the line began; never a longer one."""
    began = time.monotonic()

    def match(seconds: float) -> object:
        passed = time.monotonic() - began
        return pytest.approx(seconds - passed / 2, abs=passed / 2 + 0.01)

    return match


@pytest.mark.django_db
@pytest.mark.usefixtures("store")
class TestLine:
    """Places, one behind the other."""

    @pytest.fixture(autouse=True)
    def row(self) -> None:
        Pace.objects.create(transport="ses")

    def test_after_a_pause_a_little_may_be_caught_up_and_no_more(self, about: About) -> None:
        at_once = [reserve() for _ in range(2)]
        after = [reserve() for _ in range(3)]

        assert at_once == [0, 0]
        assert after[-1] == about(4 * GAP - pacing.CATCH_UP)

    def test_several_places_at_once_are_waited_for_until_the_last(self, about: About) -> None:
        assert reserve(10) == about(9 * GAP - pacing.CATCH_UP)
        assert reserve() == about(10 * GAP - pacing.CATCH_UP)

    def test_a_clock_that_is_set_back_stops_nobody(self, settings: Settings) -> None:
        ahead = time.time() + 3600
        Pace.objects.update(next_at=ahead)
        if settings.REDIS_URL:
            pacing._redis(settings.REDIS_URL).set("quarterdeck:pace:ses", ahead)

        assert [reserve(patience=2) for _ in range(2)] == [0, 0]
        assert reserve(patience=2) < GAP

    def test_a_line_too_long_is_not_joined(self, about: About) -> None:
        reserve(40)

        assert pacing.reserve(transport="ses", n=1, gap=GAP, patience=2.0) is None
        assert reserve() == about(40 * GAP - pacing.CATCH_UP)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("store")
def test_threads_that_join_the_line_at_once_get_a_place_each() -> None:
    Pace.objects.create(transport="ses")
    gate, waits, began = threading.Barrier(8), [], time.monotonic()

    def join() -> None:
        gate.wait()
        try:
            for _ in range(5):
                wait = reserve()
                waits.append(time.monotonic() - began + wait)
        finally:
            connection.close()

    threads = [threading.Thread(target=join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Forty places, so the last is thirty-nine gaps behind the first.
    assert len(waits) == 40
    assert max(waits) >= 39 * GAP - pacing.CATCH_UP - 0.05


@pytest.mark.django_db
def test_a_redis_that_is_gone_leaves_the_line_to_the_database(settings: Settings, about: About) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Pace.objects.create(transport="ses")

    assert reserve(4) == about(3 * GAP - pacing.CATCH_UP)
    assert Pace.objects.get().next_at > 0


@pytest.mark.django_db
class TestWhatSesAllows:
    """Learning the pace, and losing some of it."""

    def test_it_is_learnt_and_kept_for_all(self, fake_ses: FakeSes) -> None:
        fake_ses.rate, at = 14, clock.now()
        pacing.learn(way=transport.connect(), at=at)

        row = Pace.objects.get()
        assert (row.transport, row.rate, row.daily, row.used, row.production) == ("ses", 14, 50_000, 12, True)
        assert row.read_at == at
        assert pacing.standing(transport="ses", at=at).gap == pytest.approx(1 / (14 * pacing.HEADROOM))

    def test_it_is_asked_again_after_some_minutes(self, fake_ses: FakeSes) -> None:
        way, at = transport.connect(), clock.now()
        for rate, after in ((14, dt.timedelta()), (50, 4 * 60 * SECOND), (200, 5 * 60 * SECOND)):
            fake_ses.rate = rate
            pacing.learn(way=way, at=at + after)

            assert Pace.objects.get().rate == (200 if rate == 200 else 14)

    def test_what_is_not_told_is_one_a_second(
        self, fake_ses: FakeSes, caplog: pytest.LogCaptureFixture
    ) -> None:
        fake_ses.rate = None
        pacing.learn(way=transport.connect(), at=clock.now())

        assert pacing.standing(transport="ses", at=clock.now()).rate == 1
        assert "SES did not say what our account may send" in caplog.text

    def test_what_was_told_before_stands_while_it_cannot_be_asked(self, fake_ses: FakeSes) -> None:
        Pace.objects.create(transport="ses", rate=14, read_at=letters.AT)
        fake_ses.rate = None
        pacing.learn(way=transport.connect(), at=clock.now())

        assert pacing.standing(transport="ses", at=clock.now()).rate == 14

    def test_throttling_slows_and_time_heals(self) -> None:
        at = letters.AT
        Pace.objects.create(transport="ses", rate=100, read_at=at)
        rates = []
        for later in (0, 0, 2, 4, 600):
            if later < 600:
                pacing.throttled(transport="ses", at=at + later * SECOND)
            rates.append(pacing.standing(transport="ses", at=at + later * SECOND).rate)

        # The second within one second counts no more; each further takes its share.
        assert rates[:2] == [pytest.approx(70), pytest.approx(70)]
        assert rates[2:4] == [pytest.approx(72 * 0.7), pytest.approx((72 * 0.7 + 2) * 0.7)]
        assert rates[4] == 100

    def test_the_mailbox_sets_no_pace_and_has_no_row(self) -> None:
        assert pacing.standing(transport="mailbox", at=letters.AT).gap == 0
        assert pacing.reserve(transport="mailbox", n=1000, gap=0.0) == 0
        assert not Pace.objects.exists()


@pytest.mark.django_db
class TestLead:
    """One process at a time."""

    def test_one_leads_until_it_resigns(self) -> None:
        lead = pacing.lead(transport="ses", at=letters.AT)
        assert lead is not None
        assert pacing.lead(transport="ses", at=letters.AT + SECOND) is None

        pacing.resign(lead)
        assert pacing.lead(transport="ses", at=letters.AT + SECOND) is not None

    def test_a_dead_leader_is_replaced_after_five_seconds(self) -> None:
        dead = pacing.lead(transport="ses", at=letters.AT)
        assert dead is not None
        assert pacing.lead(transport="ses", at=letters.AT + 4 * SECOND) is None

        assert pacing.lead(transport="ses", at=letters.AT + 5 * SECOND) is not None
        assert pacing.prolong(dead, at=letters.AT + 6 * SECOND) is None
        pacing.resign(dead)
        assert pacing.lead(transport="ses", at=letters.AT + 6 * SECOND) is None

    def test_a_turn_by_a_clock_that_was_set_back_is_over(self) -> None:
        old = pacing.lead(transport="ses", at=letters.AT + 3600 * SECOND)
        assert old is not None

        assert pacing.lead(transport="ses", at=letters.AT) is not None
        assert pacing.prolong(old, at=letters.AT) is None

    def test_a_leader_that_lives_keeps_the_lead(self) -> None:
        lead = pacing.lead(transport="ses", at=letters.AT)
        for seconds in range(1, 20):
            assert lead is not None
            lead = pacing.prolong(lead, at=letters.AT + seconds * SECOND)
            assert pacing.lead(transport="ses", at=letters.AT + seconds * SECOND) is None


def sent(**conditions: object) -> int:
    return Message.objects.filter(state=State.SENT, **conditions).count()


@pytest.mark.django_db
class TestTheRun:
    """The loop against an SES that says how fast it may be."""

    def test_it_keeps_the_pace(self, fake_ses: FakeSes) -> None:
        fake_ses.rate = 40
        fake_ses.accepts("m-1")
        for number in range(40):
            letters.enqueue(dedupe_key=str(number), bcc_audit=False, at=clock.now())

        began = time.monotonic()
        assert delivery.run(clock=clock.now) == 40
        taken = time.monotonic() - began
        assert taken >= 39 / (40 * pacing.HEADROOM) - pacing.CATCH_UP

    def test_a_blind_copy_takes_a_place_of_its_own(self, fake_ses: FakeSes) -> None:
        fake_ses.rate = 40
        fake_ses.accepts("m-1")
        for number in range(20):
            letters.enqueue(dedupe_key=str(number), at=clock.now())

        began = time.monotonic()
        assert delivery.run(clock=clock.now) == 20
        assert time.monotonic() - began >= 38 / (40 * pacing.HEADROOM) - pacing.CATCH_UP

    def test_a_code_overtakes_a_blast(self, fake_ses: FakeSes) -> None:
        fake_ses.rate = 14
        fake_ses.accepts("m-1")
        for number in range(40):
            letters.enqueue(dedupe_key=str(number), bcc_audit=False, at=clock.now())
        code: list[Message] = []

        def ask_for_a_code() -> None:
            if not code and len(fake_ses.requests) >= 5:
                code.append(letters.enqueue_code(to_address="reader@example.com", at=clock.now()))

        def code_has_left() -> bool:
            return bool(code) and sent(pk=code[0].pk) == 1

        delivery.run(clock=clock.now, between=ask_for_a_code, stop=code_has_left)

        # What had been claimed already went before it, and nothing more.
        code[0].refresh_from_db()
        assert not Message.objects.filter(
            claimed_at__gt=code[0].created_at, claimed_at__lt=code[0].claimed_at
        ).exists()
        assert Message.objects.filter(state=State.QUEUED).count() > 20

    def test_a_throttled_message_goes_again_at_once_and_it_costs_no_try(self, fake_ses: FakeSes) -> None:
        message = letters.enqueue(at=clock.now())
        answers = iter([(429, "TooManyRequestsException", "Maximum sending rate exceeded.")])

        def answer() -> tuple[int, str, dict[str, str]]:
            status, code, sentence = next(answers, (200, "", ""))
            if status != 200:
                return status, f'{{"message": "{sentence}"}}', {"x-amzn-ErrorType": code}
            return 200, '{"MessageId": "m-1"}', {}

        fake_ses.answer = answer
        assert delivery.run(clock=clock.now) == 1

        message.refresh_from_db()
        assert (message.state, message.tries, len(fake_ses.requests)) == (State.SENT, 1, 2)
        assert list(message.attempts.values_list("transport", "outcome")) == [("ses", "throttled")]
        assert Pace.objects.get().slowed == pytest.approx(pacing.SLOWER)

    def test_a_used_up_day_closes_the_transport_and_fails_nothing(self, fake_ses: FakeSes) -> None:
        fake_ses.refuses(400, "LimitExceededException", "Daily message quota exceeded.")
        for number in range(50):
            letters.enqueue(dedupe_key=str(number), at=clock.now())
        assert delivery.run(clock=clock.now) == 0

        assert len(fake_ses.requests) <= 4
        assert set(Message.objects.values_list("state", "tries")) == {(State.QUEUED, 0)}
        closed_until = Pace.objects.get().closed_until
        assert closed_until is not None
        assert delivery.run(clock=clock.now) == 0
        assert len(fake_ses.requests) <= 4

        fake_ses.accepts("m-1")
        Pace.objects.update(closed_until=clock.now())
        assert delivery.run(clock=clock.now) == 50

    @pytest.mark.django_db
    def test_a_transport_closed_by_a_clock_that_was_set_back_since_is_open(self) -> None:
        at = clock.now()
        for ahead, closed in ((pacing.CLOSED_FOR, True), (dt.timedelta(hours=1), False)):
            Pace.objects.update_or_create(transport="ses", defaults={"closed_until": at + ahead})
            assert pacing.standing(transport="ses", at=at).closed is closed
        # And it can be closed anew, which an instant an hour ahead would not let happen.
        pacing.close(transport="ses", until=at + pacing.CLOSED_FOR)
        assert pacing.standing(transport="ses", at=at).closed
