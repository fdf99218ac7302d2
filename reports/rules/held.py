"""Money held for clients that needs a person: each clears itself when its cause is gone."""

from typing import NamedTuple

from portfolio.domain.queries import Trouble
from reports.document import Cell, FindingNote, Severity
from reports.metrics import Desk
from reports.rules.registry import Rule


class _Watched(NamedTuple):
    """What a trouble is called as a rule, and who does what about it within how many days."""

    rule: str
    looks_for: str
    severity: Severity
    action: str
    owner: str
    due_days: int


WATCHED: dict[Trouble, _Watched] = {
    Trouble.UNPOSTED: _Watched(
        "event-not-posted", "Every completed or cancelled event in the books", Severity.HIGH,
        "Clear what keeps the event out of the books", "Bookkeeper", 3,
    ),
    Trouble.NEGATIVE: _Watched(
        "held-negative", "No booking of which more went back than came in", Severity.HIGH,
        "Find the posting that names the wrong booking", "Bookkeeper", 3,
    ),
    Trouble.COMPLETED: _Watched(
        "held-after-completion", "Nothing held for a completed booking", Severity.MEDIUM,
        "Refund what was paid beyond the price, or change the price", "Bookkeeper", 7,
    ),
    Trouble.CANCELLED: _Watched(
        "cancellation-undecided", "A decision for every booking that was called off", Severity.HIGH,
        "Decide what goes back to the client", "Owner", 3,
    ),
    Trouble.REFUND: _Watched(
        "refund-overdue", "Refunds paid within two weeks", Severity.HIGH,
        "Pay the refund", "Owner", 2,
    ),
    Trouble.UNNAMED: _Watched(
        "held-unnamed", "A booking behind every amount held", Severity.MEDIUM,
        "Post the amount anew with its booking", "Bookkeeper", 10,
    ),
    Trouble.LATE: _Watched(
        "service-not-completed", "Every booking past its day completed or cancelled", Severity.MEDIUM,
        "Complete the booking or cancel it", "Operations lead", 5,
    ),
    Trouble.OLD: _Watched(
        "deposit-old", "No deposit held for half a year", Severity.LOW,
        "Agree a date with the client", "Operations lead", 14,
    ),
    Trouble.CLEARING: _Watched(
        "clearing-residual", "Payouts that add up to their movements", Severity.MEDIUM,
        "Fetch the movements of the payout again", "Bookkeeper", 7,
    ),
}  # fmt: skip


def _look(rule: Rule, desk: Desk) -> list[FindingNote]:
    slugs = {entity.id: entity.slug for entity in desk.facts.entities}
    found = []
    for row in desk.facts.held_troubles:
        if WATCHED[row.trouble].rule == rule.name:
            ref = f"booking:{row.booking_id}" if row.booking_id else ""
            found.append(
                rule.finding(
                    f"{slugs[row.entity_id]}:{row.booking_id or row.subject}",
                    f"{row.trouble.label}: {row.subject}",
                    Cell(text=row.subject, ref=ref),
                    f". {row.sentence}",
                )
            )
    return found


HELD_RULES = tuple(Rule(*watched, look=_look) for watched in WATCHED.values())
