"""Named limits: counted before they are asked, exact under races, given back, forgotten."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import Settings

from core.limits import Limit, forget_old, give_back, left, take
from core.models import RateCount

AT = dt.datetime(2026, 11, 23, 18, 0, tzinfo=dt.UTC)
THREE = Limit("three", most=3, seconds=600)


@pytest.fixture
def redis(settings: Settings, redis_url: str) -> Iterator[None]:
    """Count in a Redis, as production does."""
    settings.REDIS_URL = redis_url
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(params=["database", "redis"])
def counted(request: pytest.FixtureRequest, db: None) -> str:
    """Return where counting is done: every test runs with both."""
    if request.param == "redis":
        request.getfixturevalue("redis")
    return str(request.param)


@pytest.mark.usefixtures("counted")
class TestCounting:
    def test_as_many_as_allowed_and_no_more(self) -> None:
        assert [take(THREE, "a", at=AT) for _ in range(5)] == [True, True, True, False, False]
        assert left(THREE, "a", at=AT) == 0

    def test_each_key_and_each_name_counts_for_itself(self) -> None:
        for _ in range(3):
            take(THREE, "a", at=AT)
        assert take(THREE, "b", at=AT)
        assert take(Limit("other", most=3, seconds=600), "a", at=AT)
        assert left(THREE, "b", at=AT) == 2

    def test_a_new_window_begins_anew(self) -> None:
        for _ in range(4):
            take(THREE, "a", at=AT)
        assert not take(THREE, "a", at=AT + dt.timedelta(seconds=599))
        assert take(THREE, "a", at=AT + dt.timedelta(seconds=600))

    def test_what_is_given_back_can_be_taken_again(self) -> None:
        for _ in range(50):
            assert take(THREE, "a", at=AT)
            give_back(THREE, "a", at=AT)
        assert left(THREE, "a", at=AT) == 3

    def test_refused_tries_given_back_free_nothing_that_was_taken(self) -> None:
        for _ in range(3):
            take(THREE, "a", at=AT)
        for _ in range(20):
            assert not take(THREE, "a", at=AT)
            give_back(THREE, "a", at=AT)
        assert left(THREE, "a", at=AT) == 0

    @pytest.mark.parametrize("key", ["", "é" * 5_000, "\x00", "\ud800", "a@example.com"])
    def test_any_text_is_a_key(self, key: str) -> None:
        assert [take(THREE, key, at=AT) for _ in range(4)] == [True, True, True, False]


@pytest.mark.django_db
class TestKept:
    def test_a_counter_names_nobody(self) -> None:
        take(THREE, "mia@example.com", at=AT)
        assert "mia" not in RateCount.objects.get().key

    def test_it_never_falls_below_nothing(self) -> None:
        give_back(THREE, "a", at=AT)
        give_back(THREE, "a", at=AT)
        assert [take(THREE, "a", at=AT) for _ in range(4)] == [True, True, True, False]

    def test_windows_that_ended_are_forgotten(self) -> None:
        take(THREE, "a", at=AT)
        take(THREE, "a", at=AT + dt.timedelta(hours=1))
        assert forget_old(at=AT + dt.timedelta(minutes=30)) == 1
        assert left(THREE, "a", at=AT + dt.timedelta(hours=1)) == 2


def rush(limit: Limit, *, tries: int, threads: int) -> int:
    """Take from several threads at once and return how many were within the limit."""
    within: list[bool] = []
    failures: list[str] = []
    start = threading.Barrier(threads)

    def work() -> None:
        try:
            start.wait(timeout=30)
            within.extend([take(limit, "a", at=AT) for _ in range(tries // threads)])
        except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(repr(error))
        finally:
            connection.close()

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []
    return sum(within)


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_are_within_the_limit_exactly_as_often_as_it_says() -> None:
    assert rush(Limit("rush", most=37, seconds=3600), tries=400, threads=8) == 37


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redis")
def test_parallel_tries_counted_in_redis_are_within_it_exactly_as_often() -> None:
    assert rush(Limit("rush", most=37, seconds=3600), tries=400, threads=8) == 37
