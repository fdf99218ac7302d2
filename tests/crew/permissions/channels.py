"""What the pages of channels of the matrix are about."""

from portfolio.models import Channel
from tests.factories.channels import ChannelGateFactory


def records(channel: Channel) -> dict[str, int]:
    """Set a gate before a channel."""
    return {"channel": channel.pk, "gate": ChannelGateFactory(channel=channel).pk}
