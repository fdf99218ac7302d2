"""What the sample knows of its rental beyond the note and the export: rates, blocked nights, repairs, papers, limits.

The tickets of the two earlier repairs and the days on which each step of a ticket was taken are of the owner's list of
repairs; what they cost is what the bank paid, and the entry says so. Nothing is posted here.
"""

import datetime as dt
from typing import NamedTuple

from portfolio.models import (
    Assumption,
    AssumptionKey,
    BlockedNights,
    BlockReason,
    Entity,
    Expiry,
    ExpiryKind,
    JournalEntry,
    MaintenanceTicket,
    NightRate,
    TicketPriority,
    TicketState,
)

_SLUG = "rental-3028"
_LIST = "Owner, list of repairs of 2026-11-08"
_RATES = "Owner, rate card of 2026-10-01"
_OWNER = "Owner, planning session of 2026-10-30"


class _Steps(NamedTuple):
    """When a ticket of the note went through its steps; empty where it has not come so far."""

    triaged: str
    quoted: str = ""
    quote_minor: int | None = None
    scheduled: str = ""
    scheduled_for: str = ""
    paid: str = ""


# By what is to be mended, as the note has it. Nobody has looked at the smoke alarm yet.
STEPS = {
    "Water heater leak": _Steps(
        "2026-10-13", "2026-10-14", 138_000, "2026-10-15", "2026-10-19", "REPAIR WATER HEATER"
    ),
    "Gate latch": _Steps("2026-10-30", "2026-11-02", 14_000, "2026-11-04", "2026-11-18"),
    "Bathroom fan noise": _Steps("2026-11-05"),
}


class _Repair(NamedTuple):
    """A repair of before the note: its days, its quote and how the bank's line of it begins."""

    what: str
    priority: TicketPriority
    reported: str
    triaged: str
    quoted: str
    quote_minor: int
    scheduled: str
    done: str
    paid: str


EARLIER = (
    _Repair("Deck step loose", TicketPriority.ROUTINE, "2026-03-08", "2026-03-10", "2026-03-12", 18_000, "2026-03-13",
            "2026-03-18", "REPAIR HANDYMAN DECK STEP"),
    _Repair("Air conditioning does not cool", TicketPriority.URGENT, "2026-07-21", "2026-07-22", "2026-07-23", 24_000,
            "2026-07-24", "2026-07-28", "REPAIR AC SERVICE"),
)  # fmt: skip

# first night, last night, why, and the repair they were blocked for
BLOCKED = (
    ("2026-01-05", "2026-01-09", BlockReason.OWNER, ""),
    ("2026-03-17", "2026-03-18", BlockReason.MAINTENANCE, "Deck step loose"),
    ("2026-07-27", "2026-07-28", BlockReason.MAINTENANCE, "Air conditioning does not cool"),
    ("2026-08-17", "2026-08-23", BlockReason.OWNER, ""),
)

RATES = (
    ("2026-10-01", "2026-12-17", 20_500),
    ("2026-12-18", "2027-01-03", 24_500),
    ("2027-01-04", "2027-03-31", 18_500),
)

PAPERS = (
    (ExpiryKind.INSURANCE, "Landlord insurance policy", "2026-12-31"),
    (ExpiryKind.CERTIFICATE, "Fire safety certificate", "2027-09-30"),
)

LIMITS = (
    (AssumptionKey.TRIAGE_EMERGENCY, 1, "An emergency is looked at within a day."),
    (AssumptionKey.TRIAGE_URGENT, 2, "Something urgent is looked at within two days."),
    (AssumptionKey.TRIAGE_ROUTINE, 7, "Anything else is looked at within a week."),
    (AssumptionKey.REPAIR_EMERGENCY, 2, "An emergency is mended within two days."),
    (AssumptionKey.REPAIR_URGENT, 7, "Something urgent is mended within a week."),
    (AssumptionKey.REPAIR_ROUTINE, 30, "Anything else is mended within thirty days."),
    (AssumptionKey.OCCUPANCY_FLOOR, 5_000, "Half of the nights that can be sold are sold."),
    (AssumptionKey.EXPIRY_WARNING, 90, "A paper is renewed at least ninety days before it runs out."),
    (AssumptionKey.GAP_WARNING, 14, "Two weeks open in a row between two stays are worth a thought."),
)


def load(*, at: dt.datetime) -> None:
    """Write down what is known of the rental; inside the caller's transaction."""
    del at  # Each of these has a day, not a moment.
    entity = Entity.objects.get(slug=_SLUG)
    for what, steps in STEPS.items():
        rows = MaintenanceTicket.objects.filter(entity=entity, what=what)
        rows.update(
            triaged_on=_day(steps.triaged),
            quoted_on=_day(steps.quoted),
            quote_minor=steps.quote_minor,
            scheduled_on=_day(steps.scheduled),
            scheduled_for=_day(steps.scheduled_for),
            entry=_paid(entity, steps.paid),
        )
    tickets = {row.what: row for row in (_repair(entity, repair) for repair in EARLIER)}
    BlockedNights.objects.bulk_create(
        BlockedNights(
            entity=entity, first_on=dt.date.fromisoformat(first), last_on=dt.date.fromisoformat(last), reason=reason,
            ticket=tickets.get(what), note=what, source=_LIST if what else _OWNER,
        )
        for first, last, reason, what in BLOCKED
    )  # fmt: skip
    NightRate.objects.bulk_create(
        NightRate(
            entity=entity, first_on=dt.date.fromisoformat(first), last_on=dt.date.fromisoformat(last),
            night_minor=minor, source=_RATES,
        )
        for first, last, minor in RATES
    )  # fmt: skip
    Expiry.objects.bulk_create(
        Expiry(entity=entity, kind=kind, name=name, expires_on=dt.date.fromisoformat(day), source=_OWNER)
        for kind, name, day in PAPERS
    )
    Assumption.objects.bulk_create(
        Assumption(
            key=key, effective_on=dt.date(2025, 11, 1), value=value,
            unit="bp" if key is AssumptionKey.OCCUPANCY_FLOOR else "days", note=note, source=_OWNER,
        )
        for key, value, note in LIMITS
    )  # fmt: skip


def _repair(entity: Entity, repair: _Repair) -> MaintenanceTicket:
    number = MaintenanceTicket.objects.filter(entity=entity).count() + 1
    entry = _paid(entity, repair.paid)
    return MaintenanceTicket.objects.create(
        entity=entity, reference=f"M-{number:03d}", what=repair.what, priority=repair.priority, state=TicketState.DONE,
        reported_on=dt.date.fromisoformat(repair.reported), triaged_on=_day(repair.triaged), quoted_on=_day(repair.quoted),
        quote_minor=repair.quote_minor, scheduled_on=_day(repair.scheduled), scheduled_for=_day(repair.done),
        done_on=_day(repair.done), cost_minor=repair.quote_minor, entry=entry, source=_LIST,
    )  # fmt: skip


def _paid(entity: Entity, memo: str) -> JournalEntry | None:
    """Return the entry of the bank's line that paid a repair."""
    return JournalEntry.objects.filter(entity=entity, memo__startswith=memo).first() if memo else None


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
