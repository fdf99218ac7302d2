"""Pages of the expense audit and of milestones."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from portfolio.models import ExpenseFlag, JournalEntry, PlanMilestone
from tests.factories.portfolio import PlanMilestoneFactory
from tests.portfolio.web.conftest import World, post

PAGE = "/portfolio/entities/qos/expenses/"


def _paid(world: World, words: str, cents: int, day: int) -> JournalEntry:
    return post(world.mine, "6300", "1010", cents, dt.date(2026, 9, day), words)


def test_a_word_is_said_of_a_double_and_taken_back(world: World) -> None:
    client = world.client("owner")
    _paid(world, "CHANDLERY", 64_20, 14)
    again = _paid(world, "CHANDLERY", 64_20, 15)
    page = client.get(PAGE, {"month": "2026-09", "look": "doubles"}).content.decode()
    assert page.count("Possible duplicate</") == 1 or "Possible duplicate" in page
    assert "like the one of 14 Sep" in page

    form = f"/portfolio/entries/{again.pk}/word/"
    refused = client.post(form, {"kind": "duplicate_ok", "note": "\x00"})
    assert refused.status_code == 422
    assert client.post(form, {"kind": "nonsense", "note": "Two"}).status_code == 422
    said = client.post(form, {"kind": "duplicate_ok", "note": "Two orders"}, follow=True)
    assert "It is noted: no duplicate" in said.content.decode()
    assert "like the one of" not in said.content.decode()
    assert client.post(form, {"kind": "duplicate_ok", "note": "Again"}).status_code == 422

    back = client.post(f"/portfolio/expense-flags/{ExpenseFlag.objects.get().pk}/take-back/", follow=True)
    assert "It is taken back" in back.content.decode()
    assert client.post("/portfolio/expense-flags/0/take-back/").status_code == 404


@pytest.mark.parametrize("asked", ["", "?month=2026-13&look=%00", "?month=9999-99&page=-3", "?month=0001-01"])
def test_whatever_is_asked_for_is_answered(world: World, asked: str) -> None:
    assert world.client("reader").get(PAGE + asked).status_code == 200


def test_the_list_takes_the_same_queries_however_long(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client("owner")
    _paid(world, "One", 300_00, 2)
    client.get(PAGE)
    with django_assert_num_queries(11):
        client.get(PAGE, {"month": "2026-09"})
    for number in range(3):
        _paid(world, f"More {number}", 400_00 + number, 3 + number)
    with django_assert_num_queries(11):
        client.get(PAGE, {"month": "2026-09"})


def test_a_milestone_is_promised_moved_and_done(world: World) -> None:
    client = world.client("owner")
    said = {"plan": "go_to_market", "title": "A page goes live", "due_on": "2026-12-01", "source": "Plan"}
    assert client.post("/portfolio/milestones/add/", said | {"due_on": "2026-02-31"}).status_code == 422
    assert client.post("/portfolio/milestones/add/", said).status_code == 302
    assert client.post("/portfolio/milestones/add/", said).status_code == 422
    row = PlanMilestone.objects.get()
    assert client.post(f"/portfolio/milestones/{row.pk}/move/", {"due_on": "2026-12-11"}).status_code == 302
    page = client.get("/portfolio/milestones/").content.decode()
    assert "10 days later" in page
    client.post(f"/portfolio/milestones/{row.pk}/finish/", {"do": "done"})
    row.refresh_from_db()
    assert row.done_on is not None
    told = PlanMilestoneFactory.create(check_name="net_burn", threshold=0)
    page = client.post(f"/portfolio/milestones/{told.pk}/finish/", follow=True).content.decode()
    assert "The records tell whether this milestone is met" in page


def test_milestones_take_the_same_queries_however_many(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client("owner")
    PlanMilestoneFactory(entity=world.mine.entity)
    client.get("/portfolio/milestones/")
    with django_assert_num_queries(6):
        client.get("/portfolio/milestones/")
    PlanMilestoneFactory.create_batch(3, entity=world.other.entity)
    with django_assert_num_queries(6):
        client.get("/portfolio/milestones/")
