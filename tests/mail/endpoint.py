"""A local SES for the tests of mail: `bench.endpoint`, and how a process under test is pointed at it."""

from collections.abc import Iterator

import pytest

from bench.endpoint import Accepted, Endpoint

TOPIC = "arn:aws:sns:us-east-1:123456789012:quarterdeck-mail"
CONFIGURATION = "quarterdeck"

__all__ = ["CONFIGURATION", "TOPIC", "Accepted", "Endpoint", "endpoint", "surroundings"]


def surroundings(running: Endpoint) -> dict[str, str]:
    """Return the environment in which production sends through the endpoint and believes its events."""
    return {
        "MAIL_TRANSPORT": "ses",
        "AWS_SES_ENDPOINT_URL": running.address,
        "SES_CONFIGURATION_SET": CONFIGURATION,
        "SNS_TOPIC_ARNS": TOPIC,
        "POSTAL_ADDRESS": "1 Harbor Way, Long Beach, CA 90802",
    }


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint in a process of its own that takes everything at once; the test changes that."""
    with Endpoint() as running:
        yield running
