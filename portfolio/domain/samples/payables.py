"""Sample vendors, bills of November that are not paid yet, and the threshold for a contractor's tax form.

The bills are dated after the day the sample stands at, so that no stated figure moves.
"""

import datetime as dt

from portfolio.domain.payables import bills, queries, vendors
from portfolio.domain.payables.vendors import VendorTerms
from portfolio.models import Account, Assumption, Entity

# entity, vendor, contractor, tax form received, account, (number, written, due, cents, for what)
VENDORS = (
    ("qos", "Shelter Bay Marina", False, None, "6100", ("SB-1126", (11, 5), (12, 1), 118_000, "Dockage, December")),
    ("qos", "Mission Sails loft", True, dt.date(2026, 2, 3), "6300", ("2291", (10, 20), (11, 6), 64_500, "Jib recut, two seams")),
    ("qos", "Harbor Rigging", True, None, "6300", ("HR-88", (11, 6), (12, 6), 38_000, "Shroud tension, cotter pins")),
    ("rental-3028", "Bright Mop cleaning", True, dt.date(2026, 1, 20), "5400", ("114", (11, 2), (11, 16), 24_000, "Four turnovers")),
    ("dc", "Loft Nine studios", False, None, "6600", ("2026-12", (11, 9), (12, 1), 90_000, "Desk lease, December")),
)  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Load vendors and their open bills; inside the caller's transaction."""
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    for slug, name, contractor, form_on, code, (reference, written, due, cents, words) in VENDORS:
        account = Account.objects.get(entity=entities[slug], code=code)
        terms = VendorTerms(name=name, contractor=contractor, tax_form_on=form_on, account_id=account.pk)
        vendor = vendors.add(entity=entities[slug], terms=terms, by=None, at=at)
        bills.enter(
            vendor=vendor,
            reference=reference,
            issued_on=dt.date(2026, *written),
            due_on=dt.date(2026, *due),
            lines=[bills.LineDraft(account, cents, words)],
            by=None,
            at=at,
        )
    Assumption.objects.create(
        key=queries.THRESHOLD,
        effective_on=dt.date(2026, 1, 1),
        value=200_000,
        unit="cents",
        note="Payments in a year from which a contractor's tax form is due: $2,000.",
        source="General knowledge, to be confirmed by the accountant",
    )
