"""Days off and pay: each person's own, and for staff what there is to pay."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import AuditEvent
from crew.domain import days_off, pay
from crew.domain.history import Actor
from crew.domain.pay import PayRefusedError
from crew.models import DayOff, Event, EventState, Mode, Position, PositionState, Role
from tests.crew.credentials.conftest import browser, by_link
from tests.factories import people
from tests.factories.crew import NOW, EventFactory, EventGrantFactory, PositionFactory, role_on
from tests.factories.people import PersonFactory
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

LATER = dt.datetime(2026, 12, 5, 20, 0, tzinfo=dt.UTC)


def test_days_are_marked_and_removed() -> None:
    ana = role_on(EventFactory(), Role.CREW)
    client = browser(ana)

    client.post("/me/days/", {"first_on": "2026-12-01", "last_on": "2026-12-04", "note": "Family"})

    found = DayOff.objects.get()
    assert (found.person, found.first_on, found.last_on) == (ana, dt.date(2026, 12, 1), dt.date(2026, 12, 4))
    assert "Tue 1 Dec 2026 to Fri 4 Dec 2026" in client.get("/me/days/").content.decode()
    assert browser(role_on(EventFactory(), Role.CREW)).post(f"/me/days/{found.pk}/remove/").status_code == 404
    assert client.post(f"/me/days/{found.pk}/remove/").status_code == 302
    assert not DayOff.objects.exists()
    assert [line.action for line in AuditEvent.objects.order_by("id")] == [
        "crew:day_off:add",
        "crew:day_off:remove",
    ]


@pytest.mark.parametrize(
    ("first_on", "last_on", "sentence"),
    [
        ("2026-12-03", "2026-12-06", "1 to 4 Dec 2026 are marked already."),
        ("2026-12-09", "2026-12-08", "before the first"),
        ("2026-11-20", "2026-11-22", "is over"),
        ("2027-01-01", "2028-06-01", "More than a year"),
        ("2026-02-30", "2026-12-08", "This is not a date"),
        ("", "2026-12-08", "This field is required."),
        ("1e9", "2026-12-08", "This is not a date"),
        ("2026-12-08", "9999-12-31", "too far away"),
        ("a\x00b", "2026-12-08", "This is not a date"),
    ],
)
def test_odd_days_are_refused_and_stay_typed(first_on: str, last_on: str, sentence: str) -> None:
    ana = role_on(EventFactory(), Role.CREW)
    DayOff.objects.create(person=ana, first_on=dt.date(2026, 12, 1), last_on=dt.date(2026, 12, 4))

    answer = browser(ana).post("/me/days/", {"first_on": first_on, "last_on": last_on, "note": "My note"})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert 'value="My note"' in answer.content.decode()
    assert DayOff.objects.count() == 1


@pytest.mark.parametrize(
    ("first_on", "last_on", "sentence"),
    [
        ("2026-12-22", "2026-12-22", "22 Dec 2026 is marked."),
        ("2026-12-20", "2026-12-24", "20 to 24 Dec 2026 are marked."),
        ("2026-11-29", "2026-12-02", "29 Nov to 2 Dec 2026 are marked."),
        ("2026-12-30", "2027-01-02", "30 Dec 2026 to 2 Jan 2027 are marked."),
    ],
)
def test_marked_days_are_named_as_one_says_them(first_on: str, last_on: str, sentence: str) -> None:
    client = browser(role_on(EventFactory(), Role.CREW))

    page = client.post("/me/days/", {"first_on": first_on, "last_on": last_on}, follow=True)

    assert sentence in page.content.decode()


def test_a_position_on_a_day_off_is_said() -> None:
    event = EventFactory(title="Sunset sail")
    grant = EventGrantFactory(event=event)
    PositionFactory(event=event, holder=grant.person)
    days = {"first_on": "2026-11-28", "last_on": "2026-11-28"}
    client = browser(grant.person)

    page = client.post("/me/days/", days, follow=True).content.decode()

    assert "You hold Deckhand on Sunset sail, Sat 28 Nov, 13:30 to 17:00 PST." in page
    assert "You hold a position on a day off" in page
    # A session of another event says it without naming this one.
    DayOff.objects.all().delete()
    elsewhere = by_link(EventGrantFactory(person=grant.person))
    page = elsewhere.post("/me/days/", days, follow=True).content.decode()
    assert "You hold a position on one of these days." in page
    assert "Sunset sail," not in page


@pytest.mark.django_db(transaction=True)
def test_the_same_days_marked_at_once_are_marked_once() -> None:
    ana = PersonFactory()
    ready, said = threading.Barrier(8), []

    def mark() -> None:
        try:
            ready.wait()
            day = dt.date(2026, 12, 1)
            days_off.add(person=ana, first_on=day, last_on=day, note="", at=NOW)
            said.append("marked")
        except days_off.DaysRefusedError:
            said.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=mark) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["marked"] + ["refused"] * 7


def worked(**fields: object) -> Position:
    """Return a position that somebody held when its event was completed."""
    event = fields.pop("event", None) or EventFactory()
    person = fields.pop("holder", None) or role_on(event, Role.CREW)  # type: ignore[arg-type]
    position = PositionFactory(event=event, holder=person, **fields)
    Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)  # type: ignore[attr-defined]
    return position


def test_what_is_owed() -> None:
    ana = PersonFactory(name="Ana")
    worked(holder=ana, rate_minor=18_050)
    worked(holder=ana, rate_minor=10_000, state=PositionState.HELD, hold_reason="Late")
    worked(holder=ana, rate_minor=0)
    worked(holder=ana, rate_minor=7_000, paid_on=dt.date(2026, 12, 1))
    PositionFactory(event=EventFactory(), holder=ana, rate_minor=90_000)
    PositionFactory(
        event=EventFactory(state=EventState.CANCELLED, cancel_reason="Gale"), holder=ana, rate_minor=90_000
    )

    assert pay.owed_in_words(person=ana) == "$280.50"
    assert sorted((row.amount, row.paid, row.caution) for row in pay.of_person(person=ana)) == [
        ("$100.00", "", "Was held: Late"),
        ("$180.50", "", ""),
        ("$70.00", "1 Dec 2026", ""),
    ]
    page = browser(ana).get("/me/pay/").content.decode()
    assert "$280.50" in page
    assert "Paid 1 Dec 2026" in page


def test_a_bareboat_charter_owes_nobody() -> None:
    position = worked(rate_minor=10_000)
    with connection.cursor() as cursor:
        # Only with the guards gone can such a position be.
        table = " ON crew_event" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER crew_event_bareboat{table}")
    Event.objects.filter(pk=position.event_id).update(mode=Mode.BAREBOAT_12)

    assert pay.groups(ids=None, paid=False) == []
    assert position.holder is not None
    assert pay.of_person(person=position.holder) == []


def test_a_link_session_sees_the_pay_of_its_event_alone() -> None:
    here, elsewhere = worked(rate_minor=11_100), None
    elsewhere = worked(holder=here.holder, rate_minor=22_200)
    grant = EventGrantFactory(event=elsewhere.event, person=here.holder)

    page = by_link(grant).get("/me/pay/").content.decode()

    assert "$222.00" in page
    assert "$111.00" not in page


def test_staff_mark_pay_by_person_and_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.now", lambda: LATER)
    entity = EntityFactory(name="Queen")
    first, second = (worked(event=EventFactory(entity=entity), rate_minor=rate) for rate in (10_000, 20_000))
    other = worked(rate_minor=99_900)
    keeper = people.StaffGrantFactory(duty="bookkeeper", entity=entity).person
    client = browser(keeper)

    page = client.get("/pay/").content.decode()
    assert ("$100.00" in page, "$200.00" in page, "$999.00" in page) == (True, True, False)
    answer = client.post("/pay/", {"positions": [first.pk, second.pk], "on": "2026-12-04"}, follow=True)

    assert "$300.00 is marked as paid." in answer.content.decode()
    first.refresh_from_db()
    assert first.paid_on == dt.date(2026, 12, 4)
    assert AuditEvent.objects.filter(action="crew:position:pay", actor=keeper).count() == 2
    assert "$100.00" in client.get("/pay/?show=paid").content.decode()
    refused = client.post("/pay/", {"positions": [first.pk], "on": "2026-12-04"})
    assert (refused.status_code, "not owed any more" in refused.content.decode()) == (422, True)
    assert client.post("/pay/", {"positions": [other.pk], "on": "2026-12-04"}).status_code == 422
    other.refresh_from_db()
    assert other.paid_on is None


@pytest.mark.parametrize(
    ("positions", "on", "sentence"),
    [
        ([], "2026-12-04", "Choose what was paid."),
        (None, "2026-12-06", "is still to come"),
        (None, "2026-11-27", "was after 27 Nov 2026"),
        (None, "", "This field is required."),
        (None, "2026-02-30", "This is not a date"),
        (["x"], "2026-12-04", "not owed any more"),
        (["a\x00b"], "2026-12-04", "not owed any more"),
        (["9" * 40], "2026-12-04", "not owed any more"),
    ],
)
def test_odd_pay_is_refused(
    monkeypatch: pytest.MonkeyPatch, positions: list[str] | None, on: str, sentence: str
) -> None:
    monkeypatch.setattr("core.clock.now", lambda: LATER)
    position = worked(rate_minor=10_000)

    answer = browser(people.owner()).post(
        "/pay/", {"positions": [position.pk] if positions is None else positions, "on": on}
    )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    position.refresh_from_db()
    assert position.paid_on is None


def test_pay_is_marked_whole_or_not_at_all() -> None:
    first, second = worked(), worked()
    Position.objects.filter(pk=second.pk).update(paid_on=dt.date(2026, 12, 1))

    with pytest.raises(PayRefusedError, match="Nothing was marked now"):
        pay.mark_paid(
            positions=[first.pk, second.pk],
            ids=None,
            on=dt.date(2026, 12, 4),
            today=dt.date(2026, 12, 5),
            by=Actor(people.owner()),
            at=LATER,
        )

    first.refresh_from_db()
    assert first.paid_on is None


@pytest.mark.parametrize(("who", "status"), [("owner", 200), ("bookkeeper", 200), ("outsider", 403)])
def test_who_opens_pay(who: str, status: int) -> None:
    assert browser(getattr(people, who)()).get("/pay/").status_code == status
    assert browser(people.reader_of(EntityFactory())).get("/pay/").status_code == 403
    books_trips = people.StaffGrantFactory(
        duty="bookings"
    ).person  # Pay moves money in the books, trips do not.
    assert browser(books_trips).get("/pay/").status_code == 403


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize(("address", "expected"), [("/pay/", 7), ("/pay/?show=paid", 5)])
def test_pay_takes_the_same_queries_for_one_and_many(count: int, address: str, expected: int) -> None:
    for _ in range(count):
        worked()
        worked(paid_on=dt.date(2026, 12, 1))
    client = browser(people.owner())

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)

    assert page.status_code == 200
    assert len(queries) == expected, [query["sql"][:80] for query in queries]


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize(("address", "expected"), [("/me/pay/", 7), ("/me/days/", 7)])
def test_ones_own_pages_take_the_same_queries_for_one_and_many(
    count: int, address: str, expected: int
) -> None:
    ana = role_on(EventFactory(), Role.CREW)
    for number in range(count):
        worked(holder=ana)
        PositionFactory(event=EventFactory(), holder=ana)
        day = dt.date(2026, 11, 28) + dt.timedelta(days=number)
        DayOff.objects.create(person=ana, first_on=day, last_on=day)
    client = browser(ana)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)

    assert page.status_code == 200
    assert len(queries) == expected, [query["sql"][:80] for query in queries]


def test_a_long_list_of_one_person_is_folded_behind_its_sum() -> None:
    entity, holder = EntityFactory(), PersonFactory(name="Ana")
    for _ in range(7):
        worked(holder=holder, event=EventFactory(entity=entity), rate_minor=10_000)
    keeper = people.StaffGrantFactory(duty="bookkeeper", entity=entity).person
    page = browser(keeper).get("/pay/").content.decode()
    assert "<summary>7 positions</summary>" in page
    assert '<details class="disclosure">' in page
    assert "$700.00" in page
