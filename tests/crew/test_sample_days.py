"""The sample's charters on any day, and what keeps them from being loaded."""

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as house
from django.core.management import call_command
from pytest_django import Settings

from crew.domain import people, sample, sample_charters, sample_events, terms
from crew.models import Event, EventKind, Person, Port, Position, PositionState, StaffGrant
from portfolio.models import Entity
from tests.factories.crew import OperatingLimitFactory, PortFactory
from tests.factories.people import owner
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

DEMO = house.BASE_DIR / "demo"
AT = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("day", range(7))
def test_the_coming_saturday_is_neither_today_nor_tomorrow(day: int) -> None:
    today = dt.date(2026, 11, 16) + dt.timedelta(days=day)
    saturday = sample_events.coming_saturday(today)

    assert saturday.weekday() == 5
    assert 2 <= (saturday - today).days <= 8


def bare(at: dt.datetime, media: Path, settings: Settings) -> sample_charters.Loaded:
    """Load the charters onto entities without books."""
    settings.MEDIA_ROOT = media
    for slug in ("qos", "jada", "eyd"):
        EntityFactory(slug=slug)
    sample.load(at=at)
    return sample_charters.load(folder=DEMO, at=at)


# Days and hours are reckoned in Python; that the sample loads at all is tested on both engines below.
@pytest.mark.once
@pytest.mark.parametrize(
    "on",
    # Weekdays, both solstices, the days around both changes of the clock, the turn of the year, a leap day.
    [
        *("2026-12-31", "2027-10-30"),
        *(
            pytest.param(day, marks=pytest.mark.full)
            for day in ("2026-12-18", "2027-03-08", "2027-03-12", "2027-06-20", "2027-11-05", "2028-02-29")
        ),
    ],
)
def test_they_load_on_any_day(on: str, tmp_path: Path, settings: Settings) -> None:
    at = dt.datetime.fromisoformat(f"{on}T16:00:00+00:00")

    assert bare(at, tmp_path, settings).events == 15
    assert set(Event.objects.filter(departs_at__gt=at).values_list("kind", flat=True)) == set(
        EventKind.values
    )
    assert Position.objects.filter(state=PositionState.HELD).count() == 1


@pytest.mark.once
@pytest.mark.parametrize("hour", [8, *(pytest.param(hour, marks=pytest.mark.full) for hour in (0, 7, 23))])
def test_they_load_at_any_hour(hour: int, tmp_path: Path, settings: Settings) -> None:
    assert bare(dt.datetime(2027, 1, 8, hour, 59, tzinfo=dt.UTC), tmp_path, settings).events == 15


def test_it_is_all_or_nothing(tmp_path: Path, settings: Settings) -> None:
    owner(email="charterer@example.com")

    with pytest.raises(people.PersonRefusedError, match="charterer@example.com exists already"):
        bare(AT, tmp_path, settings)

    assert not Event.objects.exists()
    assert not Port.objects.exists()
    assert not Person.objects.filter(email="captain@example.com").exists()


@pytest.mark.parametrize("content", [None, b"ports = [", b"\xff\xfe"])
def test_a_broken_file_is_told_in_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "charters.toml").write_bytes(content)

    with pytest.raises(
        sample_charters.SampleFileError, match=r"charters\.toml cannot be read .*; restore demo/"
    ):
        sample_charters.load(folder=tmp_path, at=AT)


def test_what_staff_entered_before_stays(tmp_path: Path, settings: Settings) -> None:
    port = PortFactory(slug="san-diego", name="San Diego, Harbor Island", latitude=32.7)
    limit = OperatingLimitFactory(
        from_on=dt.date(1993, 12, 20), passengers=5, source="Our underwriter's letter"
    )

    with pytest.raises(terms.EventRefusedError, match="At most 5 passengers may be aboard"):
        bare(AT, tmp_path, settings)
    limit.delete()
    StaffGrant.objects.all().delete()
    Entity.objects.all().delete()
    bare(AT, tmp_path, settings)

    assert Port.objects.get(pk=port.pk).name == "San Diego, Harbor Island"


@pytest.mark.usefixtures("sample_records")
def test_a_sample_from_before_the_portal_gets_its_charters(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path
    sample.load(at=AT)
    said, again = StringIO(), StringIO()

    call_command("load_demo", stdout=said, stderr=StringIO())
    call_command("load_demo", stdout=again, stderr=StringIO())

    assert "It had no charters; 31 events and 8 people came." in said.getvalue()
    assert "charters" not in again.getvalue()
    assert Event.objects.count() == 31
