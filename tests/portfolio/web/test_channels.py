"""Pages of channels: what people write down there is kept, dated and told to reports; odd words are refused kindly."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import AuditEvent
from portfolio.models import Channel, ChannelCount, ChannelGate, ChannelPresence, ChannelSpend, Commission
from tests.factories.channels import (
    ChannelCountFactory,
    ChannelGateFactory,
    ChannelPresenceFactory,
    ChannelSpendFactory,
)
from tests.portfolio.web.conftest import World

pytestmark = pytest.mark.django_db


def post(world: World, page: str, **data: str) -> int:
    """Post to a page of the channel as who takes bookings."""
    url = f"/portfolio/channels/{world.mine.channel.pk}/{page}/"
    return world.client("bookings").post(url, data).status_code


def test_what_is_written_down_stands_on_the_channel_s_page_and_in_the_trail(world: World) -> None:
    channel = world.mine.channel
    told = [
        ("plan", {"next_step": "Take photos", "next_owner": "Ada", "expected_minor": "2,100", "expected_source": "Owner"}),
        ("gates/add", {"name": "tax form", "external": "on", "source": "Sailo"}),
        ("look", {"on": "2026-11-09", "photos": "12", "listed_minor": "230", "direct_minor": "210", "stars": "4.87",
                  "calendar_synced": "false", "source": "Looked up"}),
        ("counts", {"month": "2026-10", "impressions": "410", "enquiries": "0", "source": "Sailo"}),
        ("spend", {"month": "2026-10", "spend_minor": "250", "labour_minutes": "90", "labour_rate_minor": "35",
                   "source": "Owner"}),
        ("commission", {"effective_on": "2026-11-01", "rate": "12.5", "source": "Terms"}),
    ]  # fmt: skip
    for page, data in told:
        assert post(world, page, **data) == 302, page

    channel.refresh_from_db()
    assert (channel.next_owner, channel.expected_minor, channel.gates[-1]) == ("Ada", 210_000, "tax form")
    seen = ChannelPresence.objects.get(channel=channel)
    assert (seen.photos, seen.rating_x100, seen.calendar_synced, seen.reviews) == (12, 487, False, None)
    counts = dict(ChannelCount.objects.filter(channel=channel).values_list("step", "count"))
    assert counts == {"impressions": 410, "enquiries": 0}
    assert ChannelSpend.objects.get(channel=channel).labour_minutes == 90
    assert Commission.objects.get(channel=channel, effective_on="2026-11-01").rate_bp == 1_250
    gate = ChannelGate.objects.get(channel=channel, name="tax form")
    assert post(world, f"gates/{gate.pk}/pass", on="2026-11-09", evidence="Number 7") == 302
    channel.refresh_from_db()
    assert "tax form" not in channel.gates
    assert AuditEvent.objects.filter(action__startswith="portfolio:channel:").count() == 7
    page = world.client("reader").get(f"/portfolio/channels/{channel.pk}/").content.decode()
    for words in ("Take photos", "$2,100.00", "Number 7", "4.87", "410", "not counted", "12.5 %", "Oct 2026"):
        assert words in page
    assert "Set a gate" not in page


@pytest.mark.parametrize(
    ("page", "data", "sentence"),
    [
        ("plan", {"expected_minor": "100"}, "Say where the expectation comes from"),
        ("gates/add", {"name": "\x00", "source": "x"}, "Null characters are not allowed"),
        ("look", {"on": "2026-11-09", "source": "x"}, "Write down at least one thing"),
        ("look", {"on": "2099-01-01", "photos": "1", "source": "x"}, "has not come yet"),
        ("look", {"on": "2026-11-09", "photos": "9" * 30, "source": "x"}, "less than or equal"),
        ("counts", {"month": "2099-01", "clicks": "1", "source": "x"}, "has not begun"),
        ("counts", {"month": "2026-13", "clicks": "1", "source": "x"}, "This is not a month"),
        ("counts", {"month": "", "clicks": "1", "source": "x"}, "This field is required"),
        ("counts", {"month": "1900-01", "clicks": "1", "source": "x"}, "too far away"),
        ("spend", {"month": "2026-10", "labour_minutes": "5", "source": "x"}, "what an hour of the work is worth"),
        ("spend", {"month": "2026-10", "spend_minor": "-5", "source": "x"}, "below zero"),
        ("commission", {"effective_on": "2026-11-01", "rate": "101", "source": "x"}, "less than or equal to 100"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_in_a_sentence(
    world: World, page: str, data: dict[str, str], sentence: str
) -> None:
    url = f"/portfolio/channels/{world.mine.channel.pk}/{page}/"
    answer = world.client("bookings").post(url, data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_what_stands_already_is_not_overwritten(world: World) -> None:
    channel = world.mine.channel
    ChannelPresenceFactory(channel=channel)
    gate = ChannelGateFactory(channel=channel, name="photos", passed_on="2026-11-01")
    assert post(world, "look", on="2026-11-09", photos="1", source="x") == 422
    assert post(world, "gates/add", name="photos", source="x") == 422
    assert post(world, f"gates/{gate.pk}/pass", on="2026-11-09", evidence="x") == 422
    other = ChannelGateFactory(channel=world.other.channel)
    assert post(world, f"gates/{other.pk}/pass", on="2026-11-09", evidence="x") == 404


def test_a_channel_is_added_once(world: World) -> None:
    client, url = world.client("bookings"), f"/portfolio/entities/{world.mine.entity.slug}/channels/add/"
    assert client.post(url, {"name": "Boatsetter", "marketplace": "on", "source": "Owner"}).status_code == 302
    assert Channel.objects.get(slug="boatsetter").status == "not_listed"
    assert client.post(url, {"name": "Boatsetter", "source": "Owner"}).status_code == 422
    assert client.post(url, {"name": "…", "source": "Owner"}).status_code == 422


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_takes_as_many_queries_however_much_is_known(world: World, rows: int) -> None:
    channel = world.mine.channel
    for number in range(rows):
        ChannelGateFactory(channel=channel)
        ChannelPresenceFactory(channel=channel, on=f"2026-10-{number + 1:02d}")
        ChannelCountFactory(channel=channel, month=2026 * 12 + 9 - number)
        ChannelSpendFactory(channel=channel, month=2026 * 12 + 9 - number)
    client = world.client("reader")
    with CaptureQueriesContext(connection) as caught:
        assert client.get(f"/portfolio/channels/{channel.pk}/").status_code == 200
    assert len(caught) == 11
