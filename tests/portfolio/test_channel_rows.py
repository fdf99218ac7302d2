"""The database keeps what is known of channels in bounds, and a channel's list of open gates is that of its rows."""

import datetime as dt

import pytest

from portfolio.domain import channels
from portfolio.domain.channels import Gate
from portfolio.models import ChannelCount, ChannelGate, ChannelPresence, ChannelSpend, ChannelStatus
from tests.factories.channels import (
    ChannelCountFactory,
    ChannelGateFactory,
    ChannelPresenceFactory,
    ChannelSpendFactory,
)
from tests.factories.people import PersonFactory
from tests.factories.portfolio import ChannelFactory
from tests.portfolio.refusals import each_is_refused

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 11, 9)


@pytest.mark.django_db
def test_rows_of_a_channel_out_of_bounds_are_refused() -> None:
    gate, seen = ChannelGateFactory(), ChannelPresenceFactory()
    count, spend = ChannelCountFactory(), ChannelSpendFactory()
    each_is_refused(
        {"gate_once_per_channel": lambda: ChannelGateFactory(channel=gate.channel, name=gate.name)},
        ChannelGate,
    )
    each_is_refused(
        {
            "presence_once_per_date": lambda: ChannelPresenceFactory(channel=seen.channel),
            "presence_prices_not_negative": lambda: ChannelPresenceFactory(direct_minor=-1),
            "presence_rating_within_stars": lambda: ChannelPresenceFactory(rating_x100=501),
        },
        ChannelPresence,
    )
    each_is_refused(
        {"channel_count_once_per_month": lambda: ChannelCountFactory(channel=count.channel)}, ChannelCount
    )
    each_is_refused(
        {
            "channel_spend_once_per_month": lambda: ChannelSpendFactory(channel=spend.channel),
            "channel_spend_not_negative": lambda: ChannelSpendFactory(spend_minor=-1),
        },
        ChannelSpend,
    )


@pytest.mark.django_db
def test_open_gates_are_named_on_the_channel_and_passed_when_it_goes_live() -> None:
    channel = ChannelFactory(status=ChannelStatus.NOT_LISTED)
    channels.set_gates(channel=channel, gates=[Gate("photos"), Gate("calendar sync")], source="note")
    channels.set_gates(
        channel=channel, gates=[Gate("photos"), Gate("certificate", external=True)], source="hand"
    )
    rows = ChannelGate.objects.filter(channel=channel)
    assert [(row.position, row.name, row.external) for row in rows] == [
        (1, "photos", False),
        (2, "calendar sync", False),
        (3, "certificate", True),
    ]
    channel.refresh_from_db()
    assert channel.gates == ["photos", "calendar sync", "certificate"]
    channels.move_channel(channel=channel, to=ChannelStatus.LIVE, on=ON, today=ON, at=AT, by=PersonFactory())
    assert (channel.gates, {row.passed_on for row in rows.all()}) == ([], {ON})
