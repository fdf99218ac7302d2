"""The rental report's sections on its upkeep: the pipeline of repairs, what blocked nights cost, papers that run out."""

from core import months
from portfolio.domain.queries import rental
from portfolio.domain.queries.rental import TicketFact
from portfolio.models import BlockReason, ExpiryKind, TicketPriority, TicketState
from reports.document import Cell, Column, Row, Section, Table, Tone, TraceRow, Unit
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk
from reports.metrics import rental_calendar as nights
from reports.metrics.rental_upkeep import REPAIR, TRIAGE, days_taken, limit, tickets
from reports.metrics.rental_upkeep import row as of_ticket

MEASURES = (
    ("time_to_repair", False),
    ("tickets_done", False),
    ("tickets_in_time", False),
    ("sla_hit_rate", False),
    ("maintenance_cost", False),
    ("cost_per_night", True),
    ("blocked_nights_12m", False),
    ("revenue_lost_12m", False),
)


def maintenance(desk: Desk) -> Section:
    """Return the pipeline of repairs, how fast and dear they are, and what the nights blocked for them cost."""
    return Section(
        "maintenance",
        "Maintenance",
        (_pipeline(desk), _tickets(desk), _measures(desk), _blocked(desk)),
        lead="From reported to done. A repair is in time when it is done within the days that its priority allows.",
    )


def _recent(desk: Desk) -> list[TicketFact]:
    """Return what is open, and what was done in the twelve months and since."""
    first = months.first_day(desk.month - 11)
    return [ticket for ticket in tickets(desk, desk.all) if ticket.done_on is None or ticket.done_on >= first]


def _pipeline(desk: Desk) -> Table:
    recent = _recent(desk)
    rows = []
    for state in TicketState:
        here = [ticket for ticket in recent if ticket.state == state]
        count = desk.own(f"pipeline.{state.value}.count", f"Tickets {state.label.lower()}", Unit.COUNT,
                         desk.rows(of_ticket(ticket, 1) for ticket in here))  # fmt: skip
        ages = [of_ticket(ticket, days_taken(ticket, desk.as_of) * 10) for ticket in here]
        mean = desk.own(f"pipeline.{state.value}.mean", f"Mean age of tickets {state.label.lower()}", Unit.DAYS,
                        desk.folded("mean", ages, undefined="none"))  # fmt: skip
        oldest = desk.own(f"pipeline.{state.value}.oldest", f"Oldest ticket {state.label.lower()}", Unit.DAYS,
                          desk.folded("maximum", ages, undefined="none"))  # fmt: skip
        rows.append(
            row(
                f"{state.label}, twelve months" if state == TicketState.DONE else state.label,
                count,
                mean,
                oldest,
            )
        )
    return Table(
        "Pipeline of repairs by state",
        (Column("State"), column("Tickets"), column("Mean age"), column("Oldest")),
        tuple(rows) if tickets(desk, desk.all) else (),
        note="Age is the time since the report; for what is done, the time it took.",
        empty="No maintenance ticket is recorded. Report what is to be mended on the rental's page.",
    )


def _tickets(desk: Desk) -> Table:
    recent = sorted(_recent(desk), key=lambda ticket: (ticket.state == TicketState.DONE, ticket.reported_on))
    return Table(
        "Repairs, open ones first",
        (
            Column("Repair"), Column("Priority"), Column("State"), Column("Reported"), column("Age"), column("Allowed"),
            column("Quote"), column("Cost"), Column("In time"),
        ),
        tuple(_ticket(desk, ticket) for ticket in recent),
        empty="Nothing is open, and nothing was mended in these twelve months.",
    )  # fmt: skip


def _ticket(desk: Desk, ticket: TicketFact) -> Row:
    key, name = f"ticket.{ticket.id}", ticket.reference
    age, allowed = days_taken(ticket, desk.as_of), limit(desk, REPAIR, ticket)
    took = desk.own(f"{key}.age", f"Age of {name}", Unit.DAYS, desk.rows([of_ticket(ticket, age * 10)]))
    may = desk.own(
        f"{key}.allowed", f"Days allowed for {name}", Unit.DAYS, desk.rows([of_ticket(ticket, allowed * 10)])
    )
    done = ticket.state == TicketState.DONE
    state = TicketState(ticket.state).label
    if ticket.state == TicketState.SCHEDULED and ticket.scheduled_for:
        state = f"{state} for {ticket.scheduled_for:%-d %b %Y}"
    if done and ticket.done_on:
        state = f"{state} on {ticket.done_on:%-d %b %Y}"
    waits = ticket.state == TicketState.REPORTED and age > limit(desk, TRIAGE, ticket)
    verdict = (
        Cell("in time" if done else "so far", tone=Tone.GOOD if done else Tone.MUTED)
        if age <= allowed and not waits
        else Cell("nobody looked", tone=Tone.BAD)
        if waits
        else Cell("late", tone=Tone.BAD if not done else Tone.WARN)
    )
    return row(
        Cell(f"{name} {ticket.what}", ref=f"ticket:{ticket.id}"),
        TicketPriority(ticket.priority).label,
        state,
        f"{ticket.reported_on:%-d %b %Y}",
        took,
        may,
        _amount(desk, ticket, f"{key}.quote", f"Quote for {name}", ticket.quote_minor),
        _amount(desk, ticket, f"{key}.cost", f"Cost of {name}", ticket.cost_minor),
        verdict,
    )


def _amount(desk: Desk, ticket: TicketFact, key: str, label: str, minor: int | None) -> Cell:
    if minor is None:
        return Cell("none", tone=Tone.MUTED)
    return cell(desk.own(key, label, Unit.MONEY, desk.rows([of_ticket(ticket, minor)])))


def _measures(desk: Desk) -> Table:
    spans = (desk.month, desk.month - 1)
    return Table(
        "How fast and how dear",
        (Column("Measure"), *(column(f"Year to {months.label(each)}") for each in spans)),
        tuple(
            row(
                desk.get(key).label.removesuffix(", twelve months"),
                *(cell(desk.get(key, None, each), cents=cents) for each in spans),
            )
            for key, cents in MEASURES
        ),
        note="Revenue lost is blocked nights × ADR, both of the twelve months.",
    )


def _blocked(desk: Desk) -> Table:
    first, last = months.first_day(desk.month - 11), months.last_day(desk.month)
    calendar = nights.of(desk.facts)
    reasons = {block.id: block.reason for block in calendar.blocks}
    found: dict[str, list[TraceRow]] = {}
    for entry in nights.nights_blocked(calendar, desk.all.ids, first, last):
        found.setdefault(reasons[int(entry.ref.partition(":")[2])], []).append(entry)
    rate = desk.get("adr_12m")
    rows = []
    for reason in BlockReason:
        if reason not in found:
            continue
        count = desk.own(f"blocked.{reason.value}.nights", f"Nights blocked: {reason.label}", Unit.COUNT,
                         desk.rows(found[reason]))  # fmt: skip
        lost = desk.own(f"blocked.{reason.value}.lost", f"Revenue lost: {reason.label}", Unit.MONEY,
                        desk.formula("product", count, rate))  # fmt: skip
        rows.append(row(reason.label, count, lost))
    if rows:
        rows.append(row("All", desk.get("blocked_nights_12m"), desk.get("revenue_lost_12m"), total=True))
    return Table(
        f"Blocked nights by reason, twelve months to {months.label(desk.month)}",
        (Column("Reason"), column("Nights"), column("Revenue lost")),
        tuple(rows),
        empty="No night was blocked in these twelve months.",
    )


def papers(desk: Desk) -> Section:
    """Return the permit, insurance and other papers with the days they are still good for."""
    names = {entity.id: entity.name for entity in desk.entities}
    rows = []
    for paper in desk.facts.once(rental.expiries):
        if paper.entity_id not in names:
            continue
        days = (paper.expires_on - desk.as_of).days
        remaining = desk.own(f"expiry.{paper.id}.days", f"Days left of {paper.name}", Unit.COUNT,
                             desk.rows([TraceRow(paper.name, days, f"expiry:{paper.id}", paper.expires_on)]))  # fmt: skip
        rows.append(
            row(
                Cell(paper.name, ref=f"expiry:{paper.id}"),
                ExpiryKind(paper.kind).label,
                f"{paper.expires_on:%-d %b %Y}",
                remaining,
            )
        )
    return Section(
        "papers",
        "Permits and papers",
        (
            Table(
                "What runs out, the next one first",
                (Column("Paper"), Column("Kind"), Column("Good until"), column("Days left")),
                tuple(rows),
                empty="No permit, insurance or certificate is recorded; enter them on the rental's page.",
            ),
        ),
    )
