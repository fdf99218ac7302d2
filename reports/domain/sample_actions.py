"""The sample's owners of actions, and one action that nobody got round to."""

import datetime as dt

from crew.models import Person
from portfolio.domain import queries as portfolio
from reports.domain import actions, owners
from reports.models import Action, Edition, OwnerName, Report

# The skipper reads the charter business alone, so what an operations lead is to do elsewhere has nobody yet.
MEANT = {
    "Owner": "owner@example.com",
    "Bookkeeper": "books@example.com",
    "Operations lead": "skipper@example.com",
}
LEFT_OPEN = "Get a second quote for the boats’ insurance"
_WRITTEN, _DUE = dt.timedelta(days=35), dt.timedelta(days=21)
"""So long before the day the sample stands at it was written down, and due."""


def name_owners(*, at: dt.datetime) -> None:
    """Say who of the sample's people is meant by each word; a word that means somebody already stays."""
    for word, address in MEANT.items():
        person = Person.objects.filter(email=address, sample=True).first()
        if person is not None and not OwnerName.objects.filter(name__iexact=word).exists():
            owners.appoint(word=word, person=person, by=None, at=at)


def leave_one_open(*, at: dt.datetime) -> None:
    """Write an action down long before the sample's day, which the first edition then finds overdue and escalates."""
    today = portfolio.sample_as_of()
    report = Report.objects.filter(slug="ceo", active=True).first()
    if today is None or report is None or Edition.objects.filter(report=report).exists():
        return
    if not Action.objects.filter(report=report, title=LEFT_OPEN).exists():
        actions.add(
            report=report,
            title=LEFT_OPEN,
            owner="Owner",
            due_on=today - _DUE,
            today=today - _WRITTEN,
            by=None,
            at=at,
        )
