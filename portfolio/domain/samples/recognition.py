"""What the sample says about cancellations and tax: the terms its bookings name in words, and a tax that a marketplace collects.

The rate moves no figure: the rental's stays come through a marketplace that collects it.
"""

import datetime as dt

from portfolio.domain import tax, tax_calendar, terms
from portfolio.models import Booking, CancellationTerms, Entity, TaxKind, TaxPeriod

_ALL, _HALF = 10_000, 5_000
# Entity, name, what its bookings say, and the steps that mean it.
TERMS = (
    (
        "qos",
        "Charters",
        "Paid back in full until 14 days before, half until 7 days before, none after",
        ((14, _ALL), (7, _HALF), (0, 0)),
    ),
    ("jada", "Tickets", "Tickets refunded until 7 days before", ((7, _ALL), (0, 0))),
)
_SINCE = dt.date(2025, 11, 1)


def load(*, at: dt.datetime) -> None:
    """Write the terms down, give them to the bookings that name them, and write the rate down with its source."""
    entities = {
        entity.slug: entity for entity in Entity.objects.filter(slug__in=("qos", "jada", "rental-3028"))
    }
    for slug, name, note, steps in TERMS:
        if slug in entities:
            made: CancellationTerms = terms.add(
                entity=entities[slug], name=name, note=note, steps=steps, make_standard=True, by=None, at=at
            )
            Booking.objects.filter(entity=made.entity, cancellation_terms=note).update(terms=made)
    if "rental-3028" in entities:
        tax.add_rate(
            entity=entities["rental-3028"],
            kind=TaxKind.OCCUPANCY,
            applies_to="stay",
            rate_bp=1_050,
            effective_on=_SINCE,
            collected_by_channel=True,
            source="Sample: as the marketplace's payout statement of Nov 2025 shows it; ask the city for yours",
            by=None,
            at=at,
        )
        tax_calendar.say_filing(
            entity=entities["rental-3028"],
            kind=TaxKind.OCCUPANCY,
            jurisdiction="City of San Diego",
            every=TaxPeriod.MONTH,
            due_day=31,
            first_on=dt.date(2026, 10, 1),
            source="Sample: monthly, by the end of the month after; ask the city for yours",
            by=None,
            at=at,
        )
