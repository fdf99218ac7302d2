"""Links with their secrets in clear, as somebody who was mailed one holds them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from django.test import Client

from crew.domain import grants, link_mail, links
from crew.domain.history import SYSTEM
from crew.domain.link_secrets import Secret
from crew.models import Event, EventGrant, Link, Person, Role
from tests.factories.crew import NOW, EventFactory
from tests.factories.people import PersonFactory


@dataclass(frozen=True)
class Held:
    """A link, its secret, and a browser to open it in."""

    link: Link
    secret: Secret

    @property
    def grant(self) -> EventGrant:
        return self.link.grant

    @property
    def url(self) -> str:
        return f"/l/{self.secret.token}/"

    @property
    def event_url(self) -> str:
        return f"/events/{self.grant.event.key}/"


def hold(
    role: str = Role.GUEST,
    *,
    event: Event | None = None,
    person: Person | None = None,
    at: dt.datetime = NOW,
    **changes: object,
) -> Held:
    """Issue a link without mailing it and return it with its secret; ``changes`` are written into its row."""
    grant = grants.give(
        event=event or EventFactory(), person=person or PersonFactory(), role=role, by=SYSTEM, at=at
    )
    link = links.issue(grant=grant, by=SYSTEM, at=at, mail=False)
    if changes:
        Link.objects.filter(pk=link.pk).update(**changes)
        link.refresh_from_db()
    return Held(link, link_mail.mint(link=link, shown="mail", at=at))


def opened(held: Held, client: Client | None = None) -> Client:
    """Return a browser in which a guest's or crew's link was taken up."""
    client = client or Client()
    client.get(held.url)
    assert client.post("/l/").status_code == 302
    return client


@pytest.fixture(autouse=True)
def _on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
