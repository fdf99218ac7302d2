"""Maintenance: listed by vessel, closed with what was done, once, by those who book for the entity."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from core.models import AuditEvent
from crew.domain import maintenance
from crew.domain.history import Actor
from crew.domain.maintenance import ClosingRefusedError
from crew.models import Event, MaintenanceRecord
from tests.factories import people
from tests.factories.crew import NOW, EventFactory, VesselFactory
from tests.factories.people import StaffGrantFactory

pytestmark = pytest.mark.django_db


def record(event: Event, **fields: object) -> MaintenanceRecord:
    values: dict[str, object] = {
        "vessel": event.vessel,
        "title": "Bilge pump",
        "note": "Slow.",
        "opened_at": NOW - dt.timedelta(days=30),
    }
    return MaintenanceRecord.objects.create(event=event, **{**values, **fields})


def browser(person: object) -> Client:
    client = Client()
    client.force_login(person)  # type: ignore[arg-type]
    return client


def test_closing_says_what_was_done_and_by_whom() -> None:
    found = record(EventFactory())
    by = people.owner(name="Olive")
    later = NOW + dt.timedelta(hours=1)
    maintenance.close(record=found, resolution=" New impeller. ", by=Actor(by), at=later)
    assert (found.closed_at, found.closed_by, found.resolution) == (later, by, "New impeller.")
    line = AuditEvent.objects.get(action="crew:maintenance:close")
    assert (line.scope, line.actor, line.data["resolution"]) == (
        f"event:{found.event.key}",  # type: ignore[union-attr]
        by,
        ["", "New impeller."],
    )
    with pytest.raises(ClosingRefusedError, match="closed this record before"):
        maintenance.close(record=found, resolution="Again", by=Actor(by), at=later)


def test_a_record_of_a_vessel_alone_is_closed_as_well() -> None:
    vessel = VesselFactory()
    found = MaintenanceRecord.objects.create(vessel=vessel, title="Zincs", opened_at=NOW)
    maintenance.close(record=found, resolution="Changed", by=Actor(people.owner()), at=NOW)
    assert AuditEvent.objects.get(action="crew:maintenance:close").entity_slug == vessel.entity.slug


@pytest.mark.parametrize("resolution", ["", "  ", "x" * 2001, "a\x00b"])
def test_closing_without_words_is_refused_and_comes_back_filled(resolution: str) -> None:
    found = record(EventFactory())
    answer = browser(people.owner()).post(f"/maintenance/{found.pk}/close/", {"resolution": resolution})
    assert answer.status_code == 422
    if len(resolution) > 2000:
        assert resolution in answer.content.decode()
    found.refresh_from_db()
    assert found.closed_at is None


def test_the_page_lists_what_is_open_and_what_is_closed_by_vessel() -> None:
    one, two = EventFactory(), EventFactory()
    first = record(one, title="Pump")
    record(two, title="Sail")
    client = browser(people.owner())
    page = client.get("/maintenance/").content.decode()
    assert "Pump" in page
    assert "Sail" in page
    page = client.get(f"/maintenance/?vessel={one.vessel_id}").content.decode()
    assert "Pump" in page
    assert "Sail" not in page
    answer = client.post(f"/maintenance/{first.pk}/close/", {"resolution": "Mended"}, follow=True)
    assert "Pump is closed." in answer.content.decode()
    assert "Mended" in client.get("/maintenance/?state=closed").content.decode()
    for odd in ("state=%00", "vessel=x", "vessel=" + "9" * 400, "page=-1"):
        assert client.get(f"/maintenance/?{odd}").status_code == 200


def test_readers_read_bookers_close_and_nobody_sees_another_entity() -> None:
    event = EventFactory()
    found = record(event)
    reader = people.reader_of(event.entity)
    assert "Close the record" not in browser(reader).get("/maintenance/").content.decode()
    close = f"/maintenance/{found.pk}/close/"
    assert browser(reader).post(close, {"resolution": "Done"}).status_code == 403
    elsewhere = people.reader_of(EventFactory().entity)
    assert "Bilge pump" not in browser(elsewhere).get("/maintenance/").content.decode()
    assert browser(elsewhere).post(close, {"resolution": "Done"}).status_code == 404
    assert browser(people.outsider()).get("/maintenance/").status_code == 403
    booker = StaffGrantFactory(duty="bookings", entity=event.entity).person
    assert browser(booker).post(close, {"resolution": "Done"}).status_code == 302


def test_the_list_costs_the_same_for_one_record_and_for_forty(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    client = browser(people.owner())
    for count in (1, 39):
        for _ in range(count):
            record(EventFactory())
        client.get("/maintenance/")
        with django_assert_num_queries(COST):  # type: ignore[attr-defined]
            client.get("/maintenance/")


def test_what_somebody_saw_is_written_down_for_a_vessel_once() -> None:
    vessel = VesselFactory()
    VesselFactory()
    booker = StaffGrantFactory(duty="bookings", entity=vessel.entity).person
    client = browser(booker)
    assert ">Write something down</a>" in client.get("/maintenance/").content.decode()
    said = {"vessel": str(vessel.pk), "title": " Port shroud chafed ", "note": "At the spreader."}

    answer = client.post("/maintenance/add/", said, follow=True)

    text = answer.content.decode()
    assert f"“Port shroud chafed” is written down for {vessel}." in text
    made = MaintenanceRecord.objects.get()
    assert (made.vessel, made.event, made.item) == (vessel, None, None)
    assert (made.title, made.note, made.opened_by) == ("Port shroud chafed", "At the spreader.", booker)
    line = AuditEvent.objects.get(action="crew:maintenance:open")
    assert (line.actor, line.entity_slug) == (booker, vessel.entity.slug)
    again = client.post("/maintenance/add/", said)
    assert again.status_code == 422
    assert "is open for" in again.content.decode()
    assert "At the spreader." in again.content.decode()
    assert MaintenanceRecord.objects.count() == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"title": ""},
        {"title": "x" * 161},
        {"title": "a\x00b"},
        {"note": "x" * 2001},
        {"note": "\x00"},
        {"vessel": ""},
        {"vessel": "9" * 400},
        {"vessel": "-1"},
        {"vessel": "another's"},
    ],
)
def test_what_cannot_be_written_down_is_refused_and_comes_back_filled(odd: dict[str, str]) -> None:
    vessel, other = VesselFactory(), VesselFactory()
    booker = StaffGrantFactory(duty="bookings", entity=vessel.entity).person
    if odd.get("vessel") == "another's":
        odd = {"vessel": str(other.pk)}
    said = {"vessel": str(vessel.pk), "title": "Chafed sheet", "note": "Look at the clew.", **odd}

    answer = browser(booker).post("/maintenance/add/", said)

    assert answer.status_code == 422
    assert not MaintenanceRecord.objects.exists()
    if "title" not in odd:
        assert 'value="Chafed sheet"' in answer.content.decode()


def test_readers_write_nothing_down() -> None:
    vessel = VesselFactory()
    reader = browser(people.reader_of(vessel.entity))
    assert "Write something down" not in reader.get("/maintenance/").content.decode()
    for answer in (reader.get("/maintenance/add/"), reader.post("/maintenance/add/", {"title": "x"})):
        assert answer.status_code == 403
    assert not MaintenanceRecord.objects.exists()


def test_a_refused_closing_is_shown_on_whatever_page_its_record_stands() -> None:
    event = EventFactory()
    oldest = record(event, title="Oldest", opened_at=NOW - dt.timedelta(days=90))
    for number in range(30):
        record(event, title=f"Later {number}")
    client = browser(people.owner())
    text = client.post(f"/maintenance/{oldest.pk}/close/", {"resolution": ""}).content.decode()
    assert "Oldest" in text
    assert "Later 1" not in text
    oldest_closed = MaintenanceRecord.objects.filter(pk=oldest.pk)
    oldest_closed.update(closed_at=NOW, resolution="Greased")
    answer = client.post(f"/maintenance/{oldest.pk}/close/", {"resolution": "Greased too"})
    assert answer.status_code == 422
    assert "Somebody closed this record before" in answer.content.decode()


COST = 7
