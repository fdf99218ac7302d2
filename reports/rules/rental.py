"""Live checks of a rental: repairs that wait, papers that run out, nights that stand open or are sold twice."""

from collections.abc import Iterable

from core import months
from portfolio.domain.queries import rental
from portfolio.domain.queries.rental import StayFact
from portfolio.models import AssumptionKey, TicketPriority, TicketState
from reports.document import Cell, FindingNote, Severity, Unit
from reports.metrics import Desk, Scope
from reports.metrics import rental_calendar as nights
from reports.metrics.rental_stays import AHEAD_DAYS, left, row, window
from reports.metrics.rental_upkeep import REPAIR, TRIAGE, days_taken, limit, tickets
from reports.rules.registry import Rule

OCCUPANCY_FLOOR = 5_000
EXPIRY_DAYS = 90
GAP_NIGHTS = 14
# Channels pay out a day after arrival; a bank takes some more over a weekend.
UNPAID_AFTER_DAYS = 4
# How far behind last year's books this year's may be, in basis points of them.
PACE_FLOOR = 8_000

_OF_PRIORITY = {
    TicketPriority.EMERGENCY: Severity.CRITICAL,
    TicketPriority.URGENT: Severity.HIGH,
    TicketPriority.ROUTINE: Severity.MEDIUM,
}


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its word, which agrees with it."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _rentals(desk: Desk) -> Iterable[tuple[str, Scope]]:
    """Yield the slug and scope of each entity whose nights are known."""
    tracked = nights.of(desk.facts).begun
    for scope in desk.scopes():
        if scope.ids[0] in tracked:
            yield scope.slug, scope


def _slugs(desk: Desk) -> dict[int, str]:
    return {entity.id: entity.slug for entity in desk.entities}


def _over_sla(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A ticket has waited longer than its priority allows, to be looked at or to be mended."""
    found = []
    for scope in desk.scopes():
        for ticket in tickets(desk, scope):
            if ticket.state == TicketState.DONE:
                continue
            age = days_taken(ticket, desk.as_of)
            mend, look = limit(desk, REPAIR, ticket), limit(desk, TRIAGE, ticket)
            waits = ticket.state == TicketState.REPORTED and age > look
            if not waits and age <= mend:
                continue
            priority = TicketPriority(ticket.priority)
            late = (
                f"is still not mended; its priority allows {count(mend, 'day')}"
                if age > mend
                else f"nobody has looked at it; its priority allows {count(look, 'day')}"
            )
            found.append(
                rule.finding(
                    f"{scope.slug}:ticket:{ticket.id}",
                    f"{ticket.what}: {count(age, 'day')} {'without a repair' if age > mend else 'without a look'}",
                    Cell(text=f"{ticket.reference} {ticket.what}", ref=f"ticket:{ticket.id}"),
                    f" ({priority.label.lower()}) was reported on {months.spelled(ticket.reported_on)}, "
                    f"{count(age, 'day')} ago, and {late}.",
                    severity=_OF_PRIORITY[priority],
                )
            )
    return found


def _expiring(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A paper runs out soon, or has."""
    slugs = _slugs(desk)
    warn = desk.facts.assumed(AssumptionKey.EXPIRY_WARNING.value, EXPIRY_DAYS)
    found = []
    for paper in desk.facts.once(rental.expiries):
        days = (paper.expires_on - desk.as_of).days
        if paper.entity_id not in slugs or days > warn:
            continue
        over = days < 0
        found.append(
            rule.finding(
                f"{slugs[paper.entity_id]}:expiry:{paper.id}",
                f"{paper.name} has run out" if over else f"{paper.name} runs out in {count(days, 'day')}",
                Cell(text=paper.name, ref=f"expiry:{paper.id}"),
                f" {'was' if over else 'is'} good until {months.spelled(paper.expires_on)}.",
                severity=Severity.CRITICAL if over else Severity.HIGH if days <= warn // 3 else None,
            )
        )
    return found


def _gaps(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Many nights in a row stand open between two stays."""
    first, last = window(desk.as_of)
    longest = desk.facts.assumed(AssumptionKey.GAP_WARNING.value, GAP_NIGHTS)
    found = []
    for slug, scope in _rentals(desk):
        for gap in nights.of(desk.facts).gaps(scope.ids, first, last):
            remaining = left(gap, first, last)
            if remaining < longest:
                continue
            begins = max(gap.first_on, first)
            found.append(
                rule.finding(
                    f"{slug}:gap:{gap.first_on.isoformat()}",
                    f"{count(remaining, 'night')} in a row open, from {months.spelled(begins)}",
                    f"Nothing is booked or blocked from {nights.span(begins, min(gap.last_on, last))}. In the "
                    f"{AHEAD_DAYS} days ahead gaps between stays come to ",
                    desk.get("gap_nights", scope),
                    " nights.",
                )
            )
    return found


def _occupancy_low(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Fewer of the month's nights were sold than the owner wants."""
    floor = desk.facts.assumed(AssumptionKey.OCCUPANCY_FLOOR.value, OCCUPANCY_FLOOR)
    found = []
    for slug, scope in _rentals(desk):
        share = desk.get("occupancy_adjusted", scope)
        if share.value is None or share.value >= floor:
            continue
        found.append(
            rule.finding(
                slug,
                f"Less than {floor / 100:g} % of the nights that could be sold were sold",
                f"{months.label(desk.month)}: ",
                desk.get("sold_nights", scope),
                " of ",
                desk.get("available_nights", scope),
                " available nights were sold (",
                share,
                "); ",
                desk.get("blocked_nights", scope),
                " were blocked.",
            )
        )
    return found


def _pace_behind(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Fewer nights are on the books than there were a year ago."""
    found = []
    for slug, scope in _rentals(desk):
        now, then = desk.get("nights_ahead", scope), desk.get("nights_last_year_then", scope)
        if now.value is None or not then.value or now.value * 10_000 >= then.value * PACE_FLOOR:
            continue
        found.append(
            rule.finding(
                slug,
                f"The next {AHEAD_DAYS} days are booked more thinly than a year ago",
                now,
                f" nights are on the books for the next {AHEAD_DAYS} days, against ",
                then,
                " at the same day a year ago; in the end it was ",
                desk.get("nights_last_year", scope),
                ".",
            )
        )
    return found


def _unpaid(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Guests have come, and their money has not."""
    slugs = _slugs(desk)
    found = []
    for stay in nights.of(desk.facts).standing:
        late = (desk.as_of - stay.check_in).days
        if stay.entity_id not in slugs or late <= UNPAID_AFTER_DAYS or stay.paid_minor >= stay.gross_minor:
            continue
        due = desk.own(
            f"stay.{stay.id}.due",
            f"Open of {stay.reference}",
            Unit.MONEY,
            desk.rows([row(stay, stay.gross_minor - stay.paid_minor)]),
        )
        found.append(
            rule.finding(
                f"{slugs[stay.entity_id]}:stay:{stay.id}",
                f"{stay.reference} is not paid {count(late, 'day')} after arrival",
                Cell(text=nights.named(stay), ref=f"stay:{stay.id}"),
                ": ",
                due,
                " has not come in.",
            )
        )
    return found


def _double_booked(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A night is claimed twice, by two stays or by a stay and a block."""
    slugs = _slugs(desk)
    found = []
    for stay, other, night in nights.of(desk.facts).clashes:
        if stay.entity_id not in slugs or night <= desk.as_of:
            continue
        twice = isinstance(other, StayFact)
        name = nights.named(other) if isinstance(other, StayFact) else nights.named_block(other)
        found.append(
            rule.finding(
                f"{slugs[stay.entity_id]}:stay:{stay.id}:{'stay' if twice else 'blocked'}:{other.id}",
                f"{stay.reference} is booked on {'nights sold to others' if twice else 'blocked nights'}",
                Cell(text=nights.named(stay), ref=f"stay:{stay.id}"),
                " and ",
                Cell(text=name, ref=f"{'stay' if twice else 'blocked'}:{other.id}"),
                f" both have the night of {months.spelled(night)}.",
                severity=None if twice else Severity.HIGH,
            )
        )
    return found


def _note_denied(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A current note says otherwise than a stay, a ticket or a paper."""
    facts = desk.facts
    names = {entity.id: entity for entity in desk.entities}
    return [
        rule.finding(
            f"{names[said.entity_id].slug}:{said.ref}",
            f"The note on {names[said.entity_id].name} contradicts the record: {said.where}",
            f"{said.where} says “{said.note_says}”; ",
            Cell(text="the record", ref=said.ref),
            f" says {said.record_says}.",
        )
        for said in rental.rental_contradictions(
            rows=facts.once(rental.rental_note_rows),
            stays=nights.of(facts).stays,
            tickets=facts.once(rental.tickets),
            expiries=facts.once(rental.expiries),
        )
        if said.entity_id in names
    ]


RENTAL_RULES = (
    Rule(
        "ticket-over-sla",
        "Every repair looked at and done in the days its priority allows",
        Severity.MEDIUM,
        "Send somebody to look, and set a day for the repair",
        "Operations lead",
        3,
        _over_sla,
    ),
    Rule(
        "double-booked",
        "No night sold twice, nor sold while it is blocked",
        Severity.CRITICAL,
        "Move or call off one of the two before the guests come",
        "Operations lead",
        1,
        _double_booked,
    ),
    Rule(
        "stay-unpaid",
        "The money of every stay within days of arrival",
        Severity.HIGH,
        "Ask the channel or the guest for the payout",
        "Bookkeeper",
        3,
        _unpaid,
    ),
    Rule(
        "paper-expiring",
        "Permit, insurance and certificates renewed in time",
        Severity.MEDIUM,
        "Renew it and enter its new date",
        "Owner",
        21,
        _expiring,
    ),
    Rule(
        "pace-behind",
        "As many nights on the books as a year ago",
        Severity.HIGH,
        "Open the calendar on every channel and look at the rates ahead",
        "Owner",
        7,
        _pace_behind,
    ),
    Rule(
        "occupancy-low",
        "Half of the nights that can be sold",
        Severity.MEDIUM,
        "Look at rates and shortest stay for the weeks that stay open",
        "Owner",
        14,
        _occupancy_low,
    ),
    Rule(
        "gap-between-stays",
        "No long run of open nights between two stays",
        Severity.MEDIUM,
        "Offer the gap at a lower rate or for shorter stays",
        "Operations lead",
        7,
        _gaps,
    ),
    Rule(
        "rental-note-contradicts",
        "A handoff note that agrees with the rental’s records",
        Severity.LOW,
        "Bring the note up to date, or the record",
        "Owner",
        30,
        _note_denied,
    ),
)
