"""What happened is announced once, with its transaction, and stays as it was said."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core import announcements
from core.models import Announcement
from portfolio.models import Entity

AT = dt.datetime(2026, 11, 10, 18, 30, tzinfo=dt.UTC)


@pytest.fixture
def entity(db: None) -> Entity:
    """Return what is announced."""
    return Entity.objects.create(slug="qos", name="QueenofSanDiego", kind="charter")


def say(entity: Entity, key: str = "period:1:a") -> bool:
    return announcements.say(
        kind="portfolio:period:closed",
        key=key,
        subject=entity,
        entity="qos",
        data={"month": "2026-10"},
        at=AT,
    )


def test_a_deed_is_announced_once_and_done_anew_is_news(entity: Entity) -> None:
    assert [say(entity), say(entity), say(entity, "period:1:b")] == [True, False, True]
    said = Announcement.objects.earliest("id")
    assert (said.kind, said.subject_type, said.subject_id, said.subject_label) == (
        "portfolio:period:closed",
        "portfolio.entity",
        str(entity.pk),
        "QueenofSanDiego",
    )
    assert (said.entity_slug, said.data, said.at) == ("qos", {"month": "2026-10"}, AT)


def test_an_announcement_goes_with_its_transaction(entity: Entity) -> None:
    def fail() -> None:
        with transaction.atomic():
            say(entity)
            raise RuntimeError("after it was said")

    with pytest.raises(RuntimeError, match="after it was said"):
        fail()
    assert not Announcement.objects.exists()


def test_an_announcement_is_neither_changed_nor_deleted(entity: Entity) -> None:
    say(entity)
    said = Announcement.objects.all()
    for attack in (lambda: said.update(key="x"), said.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attack()
    assert said.get().key == "period:1:a"
