"""What of the reports needs attention on the portal's home: overdue actions, open findings, the newest editions."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse

from crew.domain.home_cards import HomeCard
from crew.models import Person
from reports.domain import queries
from reports.models import ActionState, FindingState

_SEVERITIES = ("critical", "high", "medium", "low")


def cards(person: Person, at: dt.datetime) -> Iterator[HomeCard]:
    """Yield what this person may see and should: the overdue first, then findings by severity, then editions."""
    today = queries.standing_on(at=at)
    late = queries.actions_for(person).filter(state=ActionState.OPEN, due_on__lt=today).order_by("due_on")
    overdue = list(late.values_list("due_on", flat=True))
    if overdue:
        yield HomeCard(
            title="Overdue actions",
            url=reverse("reports:actions"),
            value=str(len(overdue)),
            note=f"The oldest was due on {overdue[0]:%-d %b %Y}.",
            severity="high",
            kind="Actions",
        )
    counts = dict(
        queries.findings_for(person)
        .filter(state=FindingState.OPEN)
        .order_by()
        .values_list("severity")
        .annotate(n=Count("id"))
    )
    for severity in _SEVERITIES:
        if counts.get(severity):
            yield HomeCard(
                title=f"{severity.capitalize()} findings",
                url=f"{reverse('reports:findings')}?state=open",
                value=str(counts[severity]),
                note="Open, and cleared by themselves once the records no longer show them.",
                severity=severity,
                kind="Findings",
            )
    for line in queries.report_lines(person=person, at=at):
        if line.edition is not None:
            yield HomeCard(
                title=line.report.title,
                url=reverse("reports:report", args=[line.report.slug]),
                value=f"No. {line.edition.number}",
                note=f"As of {line.edition.as_of:%-d %b %Y}.",
                severity="low",
                kind="Report",
            )
