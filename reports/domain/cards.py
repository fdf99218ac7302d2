"""What of the reports needs attention on the portal's home: overdue actions, open findings, the newest editions."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse

from crew.domain.home_cards import NEWS, HomeCard
from crew.models import Person
from reports.domain import held, queries
from reports.models import ActionState, FindingState

_SEVERITIES = ("critical", "high", "medium", "low")
NAMED = 3


def cards(person: Person, at: dt.datetime) -> Iterator[HomeCard]:
    """Yield what this person may see and should: actions, what is held, findings by severity, then editions."""
    today = queries.standing_on(at=at)
    still = queries.actions_for(person).filter(queries.asked_on(today), state=ActionState.OPEN)
    overdue = list(still.filter(due_on__lt=today).order_by("due_on").values_list("due_on", flat=True))
    if overdue:
        yield HomeCard(
            title="Overdue actions",
            url=reverse("reports:actions"),
            value=str(len(overdue)),
            note=f"The oldest was due on {overdue[0]:%-d %b %Y}.",
            severity="high",
            kind="Actions",
        )
    escalated = list(
        still.filter(escalated_on__isnull=False)
        .order_by("escalated_on", "id")
        .values_list("title", flat=True)
    )
    if escalated:
        yield HomeCard(
            title="Escalated actions",
            url=f"{reverse('reports:actions')}?whose=escalated",
            value=str(len(escalated)),
            note=_named(escalated),
            severity="critical",
            kind="Actions",
        )
    own = list(still.filter(assignee=person).order_by("due_on", "id").values_list("due_on", flat=True))
    if own:
        yield HomeCard(
            title="Actions given to you",
            url=f"{reverse('reports:actions')}?whose=mine",
            value=str(len(own)),
            note=f"The next is due on {own[0]:%-d %b %Y}."
            if own[0] >= today
            else f"The oldest was due on {own[0]:%-d %b %Y}.",
            severity="medium",
            kind="Actions",
        )
    waiting = [str(run.report) for run in held.waiting().filter(queries.in_scope(person, "own"))]
    if waiting:
        yield HomeCard(
            title="An edition waits for your approval"
            if len(waiting) == 1
            else "Editions wait for your approval",
            url=reverse("reports:held_list"),
            value=str(len(waiting)),
            note=_named(waiting),
            severity="high",
            kind="Reports",
        )
    titles: dict[str, list[str]] = {severity: [] for severity in _SEVERITIES}
    for severity, title in (
        queries.findings_for(person)
        .filter(queries.counted_on(today), state=FindingState.OPEN)
        .values_list("severity", "title")
    ):
        titles[severity].append(title)
    for severity, found in titles.items():
        if found:
            yield HomeCard(
                title=f"{severity.capitalize()} findings",
                url=f"{reverse('reports:findings')}?state=open",
                value=str(len(found)),
                note=_named(found),
                severity=severity,
                kind="Findings",
            )
    for line in queries.report_lines(person=person, at=at):
        if line.edition is not None:
            yield HomeCard(
                title=line.report.title,
                url=reverse("reports:report", args=[line.report.slug]),
                value=f"No. {line.edition.number}",
                note=f"as of {line.edition.as_of:%-d %b %Y}",
                severity=NEWS,
                kind="Report",
            )


def _named(titles: list[str]) -> str:
    """Return the first findings by name and how many more there are, as one sentence."""
    more = len(titles) - NAMED
    return "; ".join(titles[:NAMED]) + (f"; and {more} more." if more > 0 else ".")
