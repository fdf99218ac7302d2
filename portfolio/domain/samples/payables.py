"""Sample vendors with bills paid and open, and the threshold for a contractor's tax form.

What is paid was recorded by hand before the statement came: the bank's lines of it are matched, and two wait for a
person, because nothing but the amount agrees. Open bills are dated so that no stated figure moves.
"""

import datetime as dt
from typing import NamedTuple

from portfolio.domain.payables import bills, queries, vendors
from portfolio.domain.payables.vendors import VendorTerms
from portfolio.models import Account, Assumption, Booking, Entity


class _Bill(NamedTuple):
    """A vendor's bill: its days of 2026, cents, what for, whose service, and when it was paid by which reference."""

    number: str
    issued: tuple[int, int]
    due: tuple[int, int]
    cents: int
    words: str
    booking: str = ""
    paid: tuple[int, int] | None = None
    reference: str = ""


# entity, vendor, contractor, tax form received, account, bills
VENDORS = (
    ("qos", "H.I.M. Berthing", False, None, "6100", (
        _Bill("HB-2611", (11, 1), (11, 5), 118_000, "Slip 42, November", paid=(11, 1), reference="Standing order"),
        _Bill("HB-2617", (11, 5), (12, 1), 118_000, "Travel lift and three days in the yard"),
    )),
    ("qos", "Mission Sails loft", True, dt.date(2026, 2, 3), "6300", (
        _Bill("2291", (10, 20), (11, 6), 64_500, "Jib recut, two seams"),
    )),
    ("qos", "Harbor Rigging", True, None, "6300", (
        _Bill("HR-88", (11, 6), (12, 6), 38_000, "Shroud tension, cotter pins"),
    )),
    ("jada", "Blue Anchor Trio, musicians", True, None, "5100", (
        _Bill("BA-2", (2, 15), (3, 1), 60_000, "Concert JADA-0002", "JADA-0002", (2, 16)),
        _Bill("BA-4", (4, 19), (5, 1), 60_000, "Concert JADA-0004", "JADA-0004", (4, 20)),
        _Bill("BA-6", (6, 21), (7, 1), 60_000, "Concert JADA-0006", "JADA-0006", (6, 22)),
        _Bill("BA-8", (10, 18), (11, 1), 60_000, "Concert JADA-0008", "JADA-0008", (10, 19)),
    )),
    ("rental-3028", "Bright Mop cleaning", True, dt.date(2026, 1, 20), "5400", (
        _Bill("111", (10, 1), (10, 15), 12_000, "Turnover after RS-026", "RS-026", (10, 2)),
        _Bill("113", (10, 30), (11, 13), 12_000, "Turnover after RS-028", "RS-028", (11, 2)),
        _Bill("114", (11, 2), (11, 16), 24_000, "Deep clean before the winter"),
    )),
    ("dc", "Paperkite", False, None, "6400", (
        _Bill("PK-7710", (11, 5), (11, 12), 14_500, "Design tools, November", paid=(11, 6), reference="Card on file"),
    )),
    ("dc", "Loft Nine studios", False, None, "6600", (
        _Bill("2026-12", (11, 9), (12, 1), 90_000, "Desk lease, December"),
    )),
)  # fmt: skip


def record_paid(*, at: dt.datetime) -> None:
    """Enter all bills and record what was paid of them, before any statement lands; inside the caller's transaction."""
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    for slug, name, contractor, form_on, code, given in VENDORS:
        entity = entities[slug]
        accounts = {row.code: row for row in Account.objects.filter(entity=entity, code__in=(code, "1010"))}
        terms = VendorTerms(
            name=name, contractor=contractor, tax_form_on=form_on, account_id=accounts[code].pk
        )
        vendor = vendors.add(entity=entity, terms=terms, by=None, at=at)
        for said in given:
            booking = Booking.objects.get(entity=entity, reference=said.booking) if said.booking else None
            bill = bills.enter(
                vendor=vendor, reference=said.number, issued_on=dt.date(2026, *said.issued),
                due_on=dt.date(2026, *said.due),
                lines=[bills.LineDraft(accounts[code], said.cents, said.words, booking)], by=None, at=at,
            )  # fmt: skip
            if said.paid is not None:
                bills.pay(
                    bill=bill, on=dt.date(2026, *said.paid), amount_minor=said.cents, account=accounts["1010"],
                    reference=said.reference, by=None, at=at,
                )  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Write down from which sum a contractor's tax form is due; inside the caller's transaction."""
    del at  # An assumption has a day, not a moment.
    Assumption.objects.create(
        key=queries.THRESHOLD,
        effective_on=dt.date(2026, 1, 1),
        value=200_000,
        unit="cents",
        note="Payments in a year from which a contractor's tax form is due: $2,000.",
        source="General knowledge, to be confirmed by the accountant",
    )
