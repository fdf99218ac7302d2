"""What is known of channels over time."""

import datetime as dt

import factory

from core import months
from portfolio.models import ChannelCount, ChannelGate, ChannelPresence, ChannelSpend, FunnelStep
from tests.factories.portfolio import ChannelFactory

OCTOBER = months.month_of(dt.date(2026, 10, 1))


class ChannelGateFactory(factory.django.DjangoModelFactory[ChannelGate]):
    class Meta:
        model = ChannelGate

    channel = factory.SubFactory(ChannelFactory)
    position = factory.Sequence(lambda number: number + 1)
    name = factory.Sequence(lambda number: f"Gate {number}")


class ChannelPresenceFactory(factory.django.DjangoModelFactory[ChannelPresence]):
    class Meta:
        model = ChannelPresence

    channel = factory.SubFactory(ChannelFactory)
    on = dt.date(2026, 11, 9)
    photos = 12
    listed_minor = 230_000
    direct_minor = 210_000
    source = "Listing, looked up by hand"


class ChannelCountFactory(factory.django.DjangoModelFactory[ChannelCount]):
    class Meta:
        model = ChannelCount

    channel = factory.SubFactory(ChannelFactory)
    month = OCTOBER
    step = FunnelStep.IMPRESSIONS
    count = 410
    source = "Channel's own statistics"


class ChannelSpendFactory(factory.django.DjangoModelFactory[ChannelSpend]):
    class Meta:
        model = ChannelSpend

    channel = factory.SubFactory(ChannelFactory)
    month = OCTOBER
    spend_minor = 25_000
    source = "qdn.md line 23"
