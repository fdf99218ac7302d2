"""The portal's home: greeting, what needs attention, entities, mail and the trail, for whoever is signed in."""

import datetime as dt

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from core import audit
from crew.domain import home_cards, post
from crew.domain.home_cards import NEWS, HomeCard
from crew.models import Person
from mail.domain import outbox
from mail.models import Message, State
from portfolio.models import SampleMark
from tests.factories.crew import NOW, EventFactory, PositionFactory
from tests.portfolio.web.conftest import AT, World, everything, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
# What every member of staff is offered; the first four stand under the thumb of a phone.
STAFF_PLACES = ["Home", "Events", "Reports", "Portfolio", "Maintenance", "Checklists"]


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no upper app: each has tests of its own cards."""
    monkeypatch.setattr(home_cards, "_sources", [])


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("America/Los_Angeles", "Tuesday 10 November 2026, 12:30"),
        ("Asia/Tokyo", "Wednesday 11 November 2026, 05:30"),
        ("../etc", "Tuesday 10 November 2026, 12:30"),
        ("", "Tuesday 10 November 2026, 12:30"),
    ],
)
def test_home_greets_at_any_hour_and_tells_the_persons_own(world: World, zone: str, clock: str) -> None:
    Person.objects.filter(pk=world.owner.pk).update(zone=zone)

    with time_machine.travel(dt.datetime(2026, 11, 10, 20, 30, tzinfo=dt.UTC), tick=False):
        page = world.client("owner").get("/").content.decode()

    assert "Hello, Olive Owner" in page
    assert clock in page


def test_home_says_that_the_sample_stands_at_its_own_date(world: World) -> None:
    client = world.client("owner")
    with time_machine.travel(dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC), tick=False):
        page = client.get("/").content.decode()
        assert "Saturday 21 November 2026, 12:00" in page
        assert "The books below stand at 10 November 2026." in page
        assert "Sample portfolio, all invented. Its books and reports end on 10 November 2026" in page

        SampleMark.objects.all().delete()
        page = client.get("/").content.decode()
        assert "The books below stand at" not in page
        assert "Sample portfolio" not in page


def test_cards_of_upper_apps_are_shown_the_most_severe_first(world: World) -> None:
    asked: list[tuple[Person, dt.datetime]] = []

    @home_cards.register
    def source(person: Person, at: dt.datetime) -> list[HomeCard]:
        asked.append((person, at))
        return [
            HomeCard(
                "List the boat", "/reports/actions/1/", value="15 Nov 2026", severity="low", kind="Action"
            ),
            HomeCard(
                "Empty pipeline", "/reports/findings/2/", note="No paid event ahead.", severity="critical"
            ),
        ]

    home_cards.register(source)
    with time_machine.travel(AT, tick=False):
        page = world.client("owner").get("/").content.decode()

    assert asked == [(world.owner, AT)]
    assert page.index("Empty pipeline") < page.index("List the boat")
    for words in ("/reports/findings/2/", "No paid event ahead.", "15 Nov 2026"):
        assert words in page


def test_what_only_wants_reading_is_no_worry(world: World) -> None:
    home_cards.register(
        lambda person, at: [HomeCard("CEO report", "/reports/ceo/", value="No. 3", severity=NEWS)]
    )

    page = world.client("owner").get("/").content.decode()

    assert page.index("Nothing needs attention") < page.index("To read") < page.index("/reports/ceo/")


def test_home_without_cards_says_so(world: World) -> None:
    assert "Nothing needs attention" in world.client("owner").get("/").content.decode()


def test_entities_stand_on_home_with_their_cash(world: World) -> None:
    page = world.client("owner").get("/").content.decode()

    assert "$5,920" in page
    assert 'Cash together: <strong class="number">$11,840</strong>' in page
    assert "/portfolio/entities/qos/" in page


def test_mail_is_for_those_who_own_the_whole_portfolio(world: World) -> None:
    outbox.enqueue(
        dedupe_key="test",
        composer="crew.code",
        payload={},
        to_address="mate@example.com",
        subject="Code",
        at=AT,
    )

    page = world.client("owner").get("/").content.decode()
    for words in ("Queued: 1", "Code", "to mate@example.com", "10 Nov, 10:00", "/mail/"):
        assert words in page, words
    for who in ("bookkeeper", "bookings", "reader"):
        page = world.client(who).get("/").content.decode()
        assert "mate@example.com" not in page
        assert 'href="/mail/' not in page


def test_mail_in_doubt_and_mail_that_failed_of_late_ask_for_an_owner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_cards, "_sources", [post.cards])
    settled = {"composer": "crew.code", "to_address": "mate@example.com", "subject": "Code", "error": "No."}
    written = {"created_at": AT, "due_at": AT}
    Message.objects.create(dedupe_key="1", state=State.IN_DOUBT, claimed_at=AT, **settled, **written)
    for number, days in ((2, 1), (3, 6), (4, 8)):
        failed_at = AT - dt.timedelta(days=days)
        Message.objects.create(
            dedupe_key=str(number), state=State.FAILED, settled_at=failed_at, **settled, **written
        )
        Message.objects.create(
            dedupe_key=f"rejected {number}", state=State.SENT, settled_at=failed_at, transport="ses",
            rejected_at=failed_at, **settled, **written,
        )  # fmt: skip
    with time_machine.travel(AT, tick=False):
        page = world.client("owner").get("/").content.decode()
        others = [world.client(who).get("/").content.decode() for who in ("bookkeeper", "reader")]

    for words in ("1 in doubt", "2 failed", "2 rejected by SES", "/mail/doubt/", "/mail/?state=failed"):
        assert words in page, words
    assert not any("in doubt" in other for other in others)


def test_the_trail_is_limited_to_what_a_person_may_see(world: World) -> None:
    for records in (world.mine, world.other):
        audit.record(action="portfolio:stake:sign", subject=records.stake, at=AT, entity=records.entity.slug)
    audit.record(action="crew:grant:give", subject=world.outsider, at=AT)

    everything_seen = world.client("owner").get("/").content.decode()
    one_seen = world.client("reader").get("/").content.decode()

    for words in ("Queen partner", "Jazz partner", "Duty granted: Otto Outsider"):
        assert words in everything_seen
    assert "Queen partner" in one_seen
    assert "Jazz partner" not in one_seen
    assert "Otto Outsider" not in one_seen


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("owner", [*STAFF_PLACES[:4], "Crew papers", "Pay", *STAFF_PLACES[4:], "Mail"]),
        ("bookkeeper", [*STAFF_PLACES[:4], "Pay", *STAFF_PLACES[4:]]),
        ("bookings", [*STAFF_PLACES[:4], "Crew papers", *STAFF_PLACES[4:]]),
        ("reader", STAFF_PLACES),
    ],
)
def test_the_frame_offers_the_places_a_person_may_go(world: World, who: str, places: list[str]) -> None:
    nav = world.client(who).get("/").context["nav"]

    assert [place["label"] for place in nav] == places
    assert [place["current"] for place in nav] == [True] + [False] * (len(places) - 1)


def test_the_admin_is_offered_to_its_staff(world: World) -> None:
    Person.objects.filter(pk=world.owner.pk).update(is_staff=True)

    nav = world.client("owner").get("/portfolio/").context["nav"]

    assert [place["label"] for place in nav if place["current"]] == ["Portfolio"]
    assert nav[-1]["label"] == "Admin"


def test_home_takes_the_same_queries_however_much_there_is(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client("owner")
    with django_assert_num_queries(15):
        client.get("/")
    for number in range(3):
        everything(f"more-{number}", f"More {number}")
    with django_assert_num_queries(15):
        client.get("/")


def test_the_next_events_of_ones_own_entities_stand_on_home(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        for records, title in ((world.mine, "Sail of mine"), (world.other, "Sail of another")):
            PositionFactory(event=EventFactory(entity=records.entity, title=title))
        EventFactory(
            entity=world.mine.entity, title="Over", departs_at=NOW - 9 * HOUR, returns_at=NOW - 5 * HOUR
        )
        everything_seen = world.client("owner").get("/").content.decode()
        one_seen = world.client("reader").get("/").content.decode()

    assert "Sail of mine" in everything_seen
    assert "Sail of another" in everything_seen
    assert "0 of 1 staffed" in one_seen
    assert "Sail of another" not in one_seen
    assert "Over" not in one_seen


def test_signed_in_pages_are_kept_out_of_caches(world: World) -> None:
    assert world.client("owner").get("/").headers["Cache-Control"] == "private, no-store"
