"""A Stripe account that answers on this machine, and books that listen to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from portfolio.models import BookingStage
from tests.factories.portfolio import BookingFactory
from tests.portfolio.conftest import Books, open_books
from tests.portfolio.stripe import fake

SECRET = "whsec_tests"
SLUGS = ("qos", "jada", "csv")
KEYS = {slug: f"sk_test_{slug}" for slug in SLUGS}
SECRETS = dict.fromkeys(SLUGS, f"whsec_former|{SECRET}")


def listening_books(slug: str, rounds: int = 1) -> Books:
    """Open books whose bookings the history names."""
    books = open_books(slug, slug)
    for turn in range(rounds):
        BookingFactory(
            entity=books.entity, reference=f"QOS-{turn:03d}", stage=BookingStage.ENQUIRY, price_minor=210_000
        )
    return books


@pytest.fixture
def account() -> fake.Account:
    """Return an account with a history."""
    return fake.history()


@pytest.fixture
def stripe(account: fake.Account, settings: Settings) -> Iterator[str]:
    """Serve the account, with settings that lead to it, and return its address."""
    settings.STRIPE_API_KEYS, settings.STRIPE_WEBHOOK_SECRETS = KEYS, SECRETS
    for address in fake.serve(account):
        settings.STRIPE_API_BASE = address
        yield address
