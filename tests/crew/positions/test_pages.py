"""A position in the portal: its claim dialog, every move by form, and what each reader sees."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from crew.domain import positions
from crew.models import Event, EventState, Person, Position, PositionState, Role
from crew.rules import Standing
from tests.factories import people
from tests.factories.crew import (
    NOW,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    PositionFactory,
    role_on,
)

MONDAY = NOW
THURSDAY_NIGHT = dt.datetime(2026, 11, 27, 6, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory(title="Sunset sail on Saturday")


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def at(event: Event, position: Position, verb: str = "") -> str:
    return f"/events/{event.key}/positions/{position.pk}/{verb + '/' if verb else ''}"


def test_the_dialog_says_what_is_taken_on(event: Event) -> None:
    ana = role_on(event, Role.CREW)
    CredentialFactory(person=ana, kind="medical", expires_on=dt.date(2026, 12, 3))
    position = PositionFactory(event=event, requires=["medical", "first_aid"], rate_minor=18_050)

    page = browser(ana).get(at(event, position)).content.decode()

    for words in (
        "Sat 28 Nov 2026, 13:30 PST",
        "Sat 28 Nov 2026, 15:00 PST",
        "Sat 28 Nov 2026, 17:00 PST",
        "Thu 26 Nov 2026, 13:30 PST",
        "$180.50",
        "Medical certificate is valid to 3 Dec 2026.",
        "First aid is not on record.",
    ):
        assert words in page
    assert "Claim it" not in page


def test_htmx_gets_the_panel_alone(event: Event) -> None:
    position = PositionFactory(event=event)

    page = browser(role_on(event, Role.CREW)).get(at(event, position), headers={"hx-request": "true"})

    body = page.content.decode()
    assert page.status_code == 200
    assert "<html" not in body
    assert f'action="{at(event, position, "claim")}"' in body


def test_two_people_press_claim_and_the_second_reads_who_was_first(event: Event) -> None:
    position = PositionFactory(event=event)
    ana, ben = role_on(event, Role.CREW, name="Ana"), role_on(event, Role.CREW, name="Ben")

    first = browser(ana).post(at(event, position, "claim"))
    second = browser(ben).post(at(event, position, "claim"))

    assert (first.status_code, first.headers["Location"]) == (302, f"/events/{event.key}/#positions")
    assert second.status_code == 422
    assert "Ana took this position a moment ago." in second.content.decode()
    position.refresh_from_db()
    assert position.holder == ana


def test_a_whole_life_by_form(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    position = PositionFactory(event=event)
    ana, ben = role_on(event, Role.CREW, name="Ana"), role_on(event, Role.CREW, name="Ben")
    captain = role_on(event, Role.CAPTAIN, name="Cap")
    steps = [
        (ana, "claim", {}, PositionState.CLAIMED, ana),
        (captain, "confirm", {}, PositionState.CONFIRMED, ana),
        (captain, "hold", {"reason": "Bring your boots"}, PositionState.HELD, ana),
        (captain, "resume", {}, PositionState.CONFIRMED, ana),
        (ana, "stand-in", {"reason": "A cold"}, PositionState.CONFIRMED, ana),
        (ana, "keep", {}, PositionState.CONFIRMED, ana),
        (ana, "stand-in", {"reason": "A worse cold"}, PositionState.CONFIRMED, ana),
        (ben, "take-over", {}, PositionState.CLAIMED, ben),
        (ben, "release", {}, PositionState.OPEN, None),
        (captain, "designate", {"person": ana.pk}, PositionState.CLAIMED, ana),
        (captain, "release", {}, PositionState.OPEN, None),
    ]

    for person, verb, typed, state, holder in steps:
        answer = browser(person).post(at(event, position, verb), typed)
        assert answer.status_code == 302, (verb, answer.content.decode()[-3000:])
        position.refresh_from_db()
        assert (position.state, position.holder) == (state, holder), verb


def test_an_admin_overrides_from_the_page(event: Event) -> None:
    owner = people.owner()
    ana = role_on(event, Role.CREW, name="Ana")
    position = PositionFactory(event=event, requires=["medical"])

    page = browser(owner).get(at(event, position)).content.decode()
    assert "Ana: Medical certificate is not on record." in page
    refused = browser(owner).post(at(event, position, "override"), {"person": ana.pk, "reason": ""})
    assert refused.status_code == 422
    assert f'<option value="{ana.pk}" selected>' in refused.content.decode()

    browser(owner).post(
        at(event, position, "override"), {"person": ana.pk, "reason": "Renewal seen", "silent": "on"}
    )

    position.refresh_from_db()
    assert (position.holder, position.override_reason) == (ana, "Renewal seen")
    browser(owner).post(at(event, position, "override"), {"person": "nobody", "reason": "Changed"})
    position.refresh_from_db()
    assert position.state == PositionState.OPEN


@pytest.mark.parametrize(
    ("role", "verb", "status"),
    [
        (Role.CREW, "confirm", 403),
        (Role.CREW, "hold", 403),
        (Role.CREW, "resume", 403),
        (Role.CREW, "designate", 403),
        (Role.CREW, "override", 403),
        (Role.CREW, "release", 403),
        (Role.CREW, "stand-in", 403),
        (Role.CREW, "keep", 403),
        (Role.CAPTAIN, "override", 403),
        (Role.CAPTAIN, "stand-in", 403),
        (Role.GUEST, "claim", 403),
        (Role.GUEST, "", 403),
        (None, "claim", 404),
        (None, "", 404),
    ],
)
def test_who_may_not(event: Event, role: str | None, verb: str, status: int) -> None:
    position = PositionFactory(event=event, holder=role_on(event, Role.CREW))
    person = role_on(event, role) if role else role_on(EventFactory(), Role.CAPTAIN)
    client = browser(person)

    answer = client.post(at(event, position, verb)) if verb else client.get(at(event, position))

    assert answer.status_code == status
    position.refresh_from_db()
    assert position.state == PositionState.CLAIMED


def test_a_captains_position_is_not_crews_to_take_nor_a_captains_to_give(event: Event) -> None:
    position = PositionFactory(event=event, station="captain")
    crew, captain = role_on(event, Role.CREW), role_on(event, Role.CAPTAIN)

    assert browser(crew).post(at(event, position, "claim")).status_code == 403
    assert browser(captain).post(at(event, position, "designate"), {"person": crew.pk}).status_code == 403
    assert "Claim it" not in browser(crew).get(at(event, position)).content.decode()
    assert browser(captain).post(at(event, position, "claim")).status_code == 302


def test_a_button_pressed_twice_is_told_how_the_position_stands(event: Event) -> None:
    ana = role_on(event, Role.CREW)
    position = PositionFactory(event=event)
    client = browser(ana)

    assert client.post(at(event, position, "claim")).status_code == 302
    assert client.post(at(event, position, "claim")).status_code == 302
    assert client.post(at(event, position, "release")).status_code == 302
    again = client.post(at(event, position, "release"))

    assert again.status_code == 422
    assert "is open now, so it cannot be released" in again.content.decode()


def test_nobody_stands_in_for_themself(event: Event) -> None:
    ana = role_on(event, Role.CREW)
    position = PositionFactory(event=event, holder=ana, stand_in_at=NOW)
    client = browser(ana)

    page = client.get(at(event, position)).content.decode()
    answer = client.post(at(event, position, "take-over"))

    assert "/take-over/" not in page
    assert answer.status_code == 422
    assert "This position is yours already." in answer.content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\x00b", "x" * 1_000_000])
def test_an_odd_reason_is_refused_and_kept(event: Event, reason: str) -> None:
    position = PositionFactory(event=event, holder=role_on(event, Role.CREW))

    answer = browser(role_on(event, Role.CAPTAIN)).post(at(event, position, "hold"), {"reason": reason})

    assert answer.status_code == 422
    position.refresh_from_db()
    assert position.state == PositionState.CLAIMED


@pytest.mark.parametrize("person", ["", "nobody", "0", "9" * 40, "x", "a\x00b", "-1"])
def test_an_odd_person_is_refused(event: Event, person: str) -> None:
    position = PositionFactory(event=event)

    answer = browser(role_on(event, Role.CAPTAIN)).post(at(event, position, "designate"), {"person": person})

    assert answer.status_code == 422


@pytest.mark.parametrize("pk", ["0", "9" * 30, "99999999"])
def test_no_such_position(event: Event, pk: str) -> None:
    answer = browser(role_on(event, Role.CREW)).get(f"/events/{event.key}/positions/{pk}/")

    assert answer.status_code == 404


def test_each_reader_sees_their_own(event: Event) -> None:
    ana, ben = role_on(event, Role.CREW, name="Ana"), role_on(event, Role.CREW)
    captain = role_on(event, Role.CAPTAIN)
    CredentialFactory(person=ana, kind="medical", expires_on=dt.date(2026, 11, 20))
    mine = PositionFactory(event=event, holder=ana, requires=["medical"], sort=1)
    PositionFactory(event=event, sort=2)

    def seen(person: Person, role: str) -> list[tuple[str, tuple[str, ...], str]]:
        found = positions.rows(event=event, standing=Standing(person.pk, frozenset({role})), at=NOW)
        return [(row.rate, row.warnings, row.action) for row in found]

    lapse = "Medical certificate expired on 20 Nov 2026, before the crew call on 28 Nov 2026."
    # Who works a position of the event already takes no second one.
    assert seen(ana, Role.CREW) == [("$150.00", (lapse,), "Look"), ("$150.00", (), "Look")]
    assert seen(ben, Role.CREW) == [("", (), "Look"), ("$150.00", (), "Claim")]
    assert seen(captain, Role.CAPTAIN) == [("", (lapse,), "Look"), ("$150.00", (), "Claim")]
    assert seen(captain, Role.ADMIN)[0] == ("$150.00", (lapse,), "Look")

    Position.objects.filter(pk=mine.pk).update(state=PositionState.HELD, hold_reason="Medical has lapsed")
    other = positions.rows(event=event, standing=Standing(ben.pk, frozenset({Role.CREW})), at=NOW)[0]
    own = positions.rows(event=event, standing=Standing(ana.pk, frozenset({Role.CREW})), at=NOW)[0]
    assert (other.state, other.note, own.note) == ("Held", "", "Medical has lapsed")


def test_who_seeks_a_stand_in_does_not_count_as_staffed(event: Event) -> None:
    PositionFactory(event=event, holder=role_on(event, Role.CREW))
    PositionFactory(event=event, holder=role_on(event, Role.CREW), stand_in_at=NOW, stand_in_reason="Cold")
    PositionFactory(
        event=event, holder=role_on(event, Role.CREW), state=PositionState.HELD, hold_reason="Why"
    )
    PositionFactory(event=event)
    standing = Standing(role_on(event, Role.CREW).pk, frozenset({Role.CREW}))

    found = positions.rows(event=event, standing=standing, at=NOW)

    assert [row.staffed for row in found] == [True, False, False, False]
    assert [row.state for row in found] == ["Claimed", "Stand-in sought", "Held", "Open"]
    assert [row.action for row in found] == ["Look", "Stand in", "Look", "Claim"]


@pytest.mark.parametrize("count", [1, 40])
def test_the_rows_take_two_queries(event: Event, count: int) -> None:
    for _ in range(count):
        holder = role_on(event, Role.CREW)
        CredentialFactory(person=holder, kind="medical")
        PositionFactory(event=event, holder=holder, requires=["medical", "twic"])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = positions.rows(event=event, standing=Standing(None, frozenset({Role.ADMIN})), at=NOW)

    assert len(queries) == 2
    assert len(found) == count


def test_who_runs_positions_puts_others_in_first_and_reads_what_is_in_their_way(event: Event) -> None:
    owner = people.owner()
    role_on(event, Role.CREW, name="Ana")
    position = PositionFactory(event=event, requires=["medical"])

    answer = browser(owner).get(at(event, position))

    page = answer.content.decode()
    assert [action.name for action in answer.context["actions"]][:2] == ["designate", "override"]
    assert "You cannot take it" not in page
    assert "Ana – papers missing" in page
    assert "Ana: Medical certificate is not on record." in page


def test_after_the_release_deadline_a_stand_in_is_asked_for_and_nothing_is_released(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = role_on(event, Role.CREW, name="Ana")
    position = PositionFactory(event=event, holder=ana, state=PositionState.CLAIMED)
    shown = browser(ana).get(at(event, position)).context["actions"]
    assert [action.name for action in shown] == ["stand-in", "release"]

    monkeypatch.setattr(clock, "now", lambda: THURSDAY_NIGHT)
    late = browser(ana).get(at(event, position)).context["actions"]

    assert [action.submit for action in late] == ["Ask for a stand-in"]


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_takes_the_same_queries_for_one_candidate_and_many(event: Event, count: int) -> None:
    owner = people.owner()
    position = PositionFactory(event=event, requires=["medical"])
    for _ in range(count):
        EventGrantFactory(event=event)
    client = browser(owner)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(at(event, position))

    assert page.status_code == 200
    assert len(queries) == 12


def test_a_completed_event_offers_nothing_but_an_override_and_the_rate(event: Event) -> None:
    position = PositionFactory(event=event, holder=role_on(event, Role.CREW))
    Event.objects.filter(pk=event.pk).update(state=EventState.COMPLETED)

    assert "<form" not in main_of(
        browser(role_on(event, Role.CAPTAIN)).get(at(event, position)).content.decode()
    )
    page = main_of(browser(people.owner()).get(at(event, position)).content.decode())
    assert page.count("<form") == 2
    assert "/override/" in page
    assert "/rate/" in page


def main_of(page: str) -> str:
    return page.split("<main", maxsplit=1)[1].split("</main>", maxsplit=1)[0]
