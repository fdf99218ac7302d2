"""A campaign as the office makes one: a list brought in from a file, a draft, and a start after its checks."""

import dns.resolver
import pytest
from pytest_django import Settings

from core import clock
from crew.models import Person
from mail.domain import campaigns, lists
from mail.domain.campaign_drafts import Draft
from mail.models import Campaign
from tests.mail.endpoint import CONFIGURATION, TOPIC, Endpoint

BODY = """# Hello {{ first_name }}

The harbor cruise is back. We sail on **Friday** at 17:30, and there is room for twelve.

- Supper on board
- Life vests in every size

[Choose your day](https://example.com/days/)
"""


def use(endpoint: Endpoint, settings: Settings, monkeypatch: pytest.MonkeyPatch, *, url: str) -> None:
    """Let this process ask the endpoint as production would; the name service is not asked at all."""
    settings.EMAIL_BACKEND = "mail.ses.SesBackend"
    settings.MAIL_TRANSPORT = "ses"
    settings.AWS_SES_REGION_ENDPOINT_URL = endpoint.address
    settings.SES_CONFIGURATION_SET = CONFIGURATION
    settings.SNS_TOPIC_ARNS = frozenset({TOPIC})
    settings.BASE_URL = url
    monkeypatch.setattr(dns.resolver, "default_resolver", dns.resolver.Resolver(configure=False))


def address(number: int) -> str:
    """Return the address of a subscriber, as written down at the dock: not always in lower case."""
    return f"{'Guest' if number % 7 == 0 else 'guest'}{number}@example.com"


def draft(many: int, *, by: Person, first_cohort: int = 100, wait_minutes: int = 0) -> Campaign:
    """Bring in a list of so many and write a campaign to it."""
    at = clock.now()
    mailing_list = lists.open_list(name="Harbor cruises", purpose="News of our cruises.", by=by, at=at)
    rows = [f"{address(number)},Guest{number} Example,Sheet at the dock" for number in range(many)]
    lists.import_subscribers(
        mailing_list=mailing_list,
        content="\n".join(["email,name,consent_source", *rows]).encode(),
        filename="dock.csv",
        by=by,
        at=at,
    )
    return campaigns.create(
        draft=Draft(
            name="Spring",
            mailing_list=mailing_list,
            segment=None,
            subject="The harbor cruise is back",
            from_name="Angel Gate Charters",
            reply_to="hello@example.com",
            body=BODY,
            first_cohort=first_cohort,
            wait_minutes=wait_minutes,
        ),
        by=by,
        at=at,
    )
