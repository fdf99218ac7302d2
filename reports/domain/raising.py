"""Announcing a severe finding that an edition raises, for triggers to answer (`reports.domain.events`).

Raised is a finding seen for the first time, seen again after it had cleared, or grown so severe. One that stands aside
(`reports.domain.muting`) is not raised.
"""

import datetime as dt

from core import announcements
from reports.domain.actions import PORTFOLIO, about
from reports.models import Edition, EventKind, Finding, FindingState

SEVERE = ("critical", "high")
"""The severities that are announced, the worst first."""


def standing(finding: Finding | None) -> str:
    """Return how severe a finding is as its row has it, nothing where it is not open; ask before the row is changed."""
    if finding is None or finding.state != FindingState.OPEN:
        return ""
    return finding.severity


def raised(*, finding: Finding, before: str, edition: Edition, at: dt.datetime) -> bool:
    """Announce an open finding that is more severe than it was ``before``, once for each day since which it stands.

    Call it in the transaction that writes the finding. Returns whether it was news.
    """
    worse = SEVERE[: SEVERE.index(before)] if before in SEVERE else SEVERE
    if finding.severity not in worse:
        return False
    subject = about(finding.subject)
    return announcements.say(
        kind=EventKind.FINDING_RAISED,
        key=f"finding:{finding.pk}:{finding.first_seen_on.isoformat()}:{finding.severity}",
        subject=finding,
        entity="" if subject == PORTFOLIO else subject,
        data={
            "severity": finding.severity,
            "report": edition.report.slug,
            "by": f"{edition.report.title}, edition {edition.number}",
        },
        at=at,
    )
