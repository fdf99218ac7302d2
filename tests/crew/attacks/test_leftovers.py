"""Rows that strangers can cause go again by themselves: sessions, codes, requests from the dock, counters."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core import limits
from core.models import RateCount
from crew.domain import dock, grants, leftovers, stepup
from crew.domain.history import SYSTEM, Actor
from crew.models import BoardingRequest, EventGrant, Guest, Role, StepUp
from crew.tasks import sweep
from tests.crew.links.conftest import hold
from tests.factories.crew import NOW, RETURNS_AT, EventFactory, role_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

DAY = dt.timedelta(days=1)


def test_a_scanner_that_looks_all_day_leaves_nothing_a_day_later() -> None:
    held = hold(Role.GUEST)
    for _ in range(20):
        Client().get(held.url)
    assert Session.objects.count() == 20
    assert leftovers.sweep(at=NOW + dt.timedelta(hours=23)) == 0
    assert leftovers.sweep(at=NOW + DAY + dt.timedelta(minutes=1)) == 20
    assert not Session.objects.exists()


def test_unknown_tokens_and_codes_make_no_session_at_all() -> None:
    phone = Client()
    phone.get(f"/l/{'x' * 43}/")
    phone.get("/q/evt.000000000000000000000000/")
    phone.get("/l/")
    phone.get("/q/")
    phone.post("/l/code/", {"code": "WDJB-MJHT"})
    assert not Session.objects.exists()


def test_codes_that_ran_out_go_after_a_month() -> None:
    held = hold(Role.CAPTAIN)
    step = stepup.ask(link=held.link, at=NOW)
    assert leftovers.sweep(at=step.expires_at + 30 * DAY) == 0
    assert leftovers.sweep(at=step.expires_at + 31 * DAY) == 1
    assert not StepUp.objects.exists()


def test_the_dock_is_forgotten_two_days_after_the_return_and_the_guest_is_not() -> None:
    event = EventFactory()
    captain = Actor(role_on(event, Role.CAPTAIN))
    for name in ("ann", "bob", "cem"):
        dock.ask(
            event=event,
            name=name,
            email=f"{name}@example.com",
            ticket=name,
            at=NOW,
            address_key="192.0.2.7",
        )
    ann, bob = BoardingRequest.objects.order_by("pk")[:2]
    dock.accept(request=ann, by=captain, at=NOW)
    dock.decline(request=bob, by=captain, at=NOW)

    assert leftovers.sweep(at=RETURNS_AT + 2 * DAY) == 0
    assert leftovers.sweep(at=RETURNS_AT + 2 * DAY + dt.timedelta(seconds=1)) == 3
    assert Guest.objects.get().name == "ann"
    assert EventGrant.objects.filter(role=Role.GUEST).count() == 1


def test_where_nothing_has_ended_nothing_is_written(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    grants.give(
        event=EventFactory(), person=role_on(EventFactory(), Role.CREW), role="crew", by=SYSTEM, at=NOW
    )
    with django_assert_num_queries(3) as seen:
        assert leftovers.sweep(at=NOW) == 0
    with django_assert_num_queries(1) as counted:
        assert limits.forget_old(at=NOW) == 0
    assert {query["sql"].split()[0] for query in (*seen, *counted)} == {"SELECT"}


def test_no_sweep_takes_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MOST_AT_ONCE", 3)
    Session.objects.bulk_create(
        Session(session_key=f"key{number}", session_data="", expire_date=NOW - DAY) for number in range(5)
    )
    assert [leftovers.sweep(at=NOW) for _ in range(3)] == [3, 2, 0]


def test_the_sweep_of_the_timetable_does_all_of_it() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=NOW - DAY)
    RateCount.objects.create(key="old", count=1, ends_at=NOW - DAY)
    sweep()
    assert not Session.objects.exists()
    assert not RateCount.objects.filter(key="old").exists()
