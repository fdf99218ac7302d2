"""A list, somebody on it and a campaign to it, as the tests of pages start from."""

import datetime as dt
import re
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from mail.domain import campaigns, lists
from mail.domain.campaign_drafts import Draft
from mail.models import Campaign, MailingList, Subscriber

AT = dt.datetime(2026, 11, 10, 17, 0, tzinfo=dt.UTC)
BODY = "# Concert on the water\n\nDear {{ first_name }},\n\nwe sail on **Saturday**. [Book](https://example.com/book)."
# A campaign as its form is filled in.
FRESH = {
    "name": "Concert blast",
    "subject": "A concert on the water",
    "from_name": "Queen of San Diego",
    "reply_to": "hello@example.com",
    "body": BODY,
    "first_cohort": "100",
    "wait_minutes": "60",
    "stop_complaints": "2",
    "stop_bounce_percent": "2",
    "model_low": "$10,000",
    "model_high": "50000",
    "model_booking": "250.50",
}


def a_list(name: str = "Harbour news") -> MailingList:
    """Open a list nobody is on yet."""
    return lists.open_list(name=name, purpose="Sails and concerts, once a month.", by=None, at=AT)


def a_subscriber(
    mailing_list: MailingList | None = None, address: str = "ana@example.com", **more: Any
) -> Subscriber:
    """Put somebody on a list."""
    asked = {"consent_source": "Sign-up sheet", "by": None, "at": AT, **more}
    return lists.subscribe(mailing_list=mailing_list or a_list(), address=address, **asked)[0]


def people_on(mailing_list: MailingList, count: int) -> None:
    """Put so many on a list."""
    rows = "".join(f"p{number:05}@example.com,Person {number},Sheet\n" for number in range(count))
    content = f"address,name,consent_source\n{rows}".encode()
    lists.import_subscribers(
        mailing_list=mailing_list, content=content, filename="people.csv", by=None, at=AT
    )


def a_draft(mailing_list: MailingList | None = None, **changes: Any) -> Campaign:
    """Write a campaign to a list down as a draft, with some things different."""
    asked: dict[str, Any] = {
        "name": "Concert blast",
        "mailing_list": mailing_list or a_list(),
        "segment": None,
        "subject": "A concert on the water",
        "from_name": "Queen of San Diego",
        "reply_to": "hello@example.com",
        "body": BODY,
        **changes,
    }
    return campaigns.create(draft=Draft(**asked), by=None, at=AT)


def started(mailing_list: MailingList, **changes: Any) -> Campaign:
    """Start a campaign whose first cohort is five."""
    row = a_draft(mailing_list, **{"first_cohort": 5, **changes})
    return campaigns.start(campaign=row, by=None, at=AT)


def url(name: str, row: Campaign) -> str:
    """Return the address of one of a campaign's pages."""
    return reverse(f"mail:{name}", args=[row.pk])


def text(response: HttpResponse) -> str:
    """Return a page's words, its markup gone and its blanks collapsed."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def state(row: Campaign) -> str:
    """Return the state as it is stored now."""
    row.refresh_from_db()
    return str(row.state)
