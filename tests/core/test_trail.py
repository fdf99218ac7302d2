"""The audit trail in words."""

import datetime as dt

import pytest

from core import audit, trail
from tests.factories.people import PersonFactory
from tests.factories.portfolio import EntityFactory, StakeFactory

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)


def test_an_event_is_told_with_its_name_its_change_and_who_did_it() -> None:
    stake, person = StakeFactory(holder="Partner", share_bp=2000), PersonFactory(name="Olive")
    audit.record(
        action="portfolio:stake:sign",
        subject=stake,
        by=person,
        at=AT,
        data={
            "agreement": ["unsigned", "signed"],
            "signed_on": "2026-11-10",
            "status": ["not_listed", ""],
            "zone": [None, "America/Los_Angeles"],
            "pair": [[1], [2]],
        },
    )

    (line,) = trail.recent(entity_slugs=None, limit=5)

    assert line.at == AT
    assert line.title == f"Agreement signed: {stake}"
    assert (
        line.text
        == "agreement: unsigned → signed; status: not listed → none; zone: none → America/Los_Angeles"
    )
    assert line.by == "Olive"


def test_what_is_counted_in_minor_units_is_told_as_money() -> None:
    entity = EntityFactory(name="Queen")
    audit.record(action="a:b:c", subject=entity, at=AT, data={"price_minor": [None, 230_000]})
    audit.record(
        action="a:b:c",
        subject=entity,
        at=AT + dt.timedelta(minutes=1),
        data={"currency": "JPY", "rate_minor": [-1500, "odd"]},
    )

    assert [line.text for line in trail.recent(entity_slugs=None, limit=5)] == [
        "rate: −¥1,500 → odd",
        "price: none → $2,300.00",
    ]


def test_an_action_without_a_name_is_told_by_its_own_words_and_the_system_by_its_name() -> None:
    entity = EntityFactory(name="Queen")
    audit.record(action="nobody:odd_thing:happen", subject=entity, at=AT)

    (line,) = trail.recent(entity_slugs=None, limit=5)

    assert (line.title, line.text, line.by) == ("Odd thing happen: Queen", "", "Quarterdeck itself")


def test_with_slugs_only_events_of_those_entities_are_told_newest_first() -> None:
    entity = EntityFactory(name="Queen")
    for number, slug in enumerate(["qos", "jada", "qos", ""]):
        audit.record(
            action=f"a:b:{number}", subject=entity, at=AT + dt.timedelta(minutes=number), entity=slug
        )

    assert [line.at.minute for line in trail.recent(entity_slugs=["qos"], limit=5)] == [2, 0]
    assert [line.at.minute for line in trail.recent(entity_slugs=None, limit=2)] == [3, 2]
    assert trail.recent(entity_slugs=[], limit=5) == []


def test_events_of_records_are_those_of_no_other(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    first, second = EntityFactory(), EntityFactory()
    stake = StakeFactory(entity=first)
    for subject in (first, second, stake):
        audit.record(action="a:b:c", subject=subject, at=AT)

    with django_assert_num_queries(1):
        found = trail.of_records(
            records=[("portfolio.entity", first.pk), ("portfolio.stake", stake.pk)], limit=5
        )

    assert [line.title for line in found] == [f"B c: {stake}", f"B c: {first}"]
    assert trail.of_records(records=[], limit=5) == []
