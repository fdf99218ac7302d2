"""Sample clients: a year of time sheets, what of it the landed invoices billed, contracts' terms, hosting paid for clients.

October holds the hours of the note. What an earlier invoice asks for by the hour was worked in the days before it, so
that work and invoices agree up to September; since then hours wait. Hosting is the bank's own lines: nothing is posted.
"""

import datetime as dt
import re
from collections import defaultdict
from itertools import cycle

from portfolio.domain.receivables import billed, contracts, rebillables, work
from portfolio.domain.receivables.contracts import Term
from portfolio.models import (
    BillingModel,
    ClientContract,
    Entity,
    Invoice,
    JournalEntry,
    WorkEntry,
)

_AS_OF = dt.date(2026, 11, 10)
_SHEET = "time.csv"
_HEAD = "on,client,contract,minutes,who,description,billable,rate"
_STRETCH = 240
_LINE = re.compile(r"^HOSTING (?P<client>.+)$")

# Client, first and last day of the term, whether it renews, days of notice.
_TERMS = (
    ("Harbor Dental", dt.date(2025, 11, 1), dt.date(2026, 12, 31), True, 30),
    ("Cove Realty", dt.date(2025, 9, 1), dt.date(2026, 8, 31), False, None),
    ("Lumen Studio", dt.date(2025, 12, 15), dt.date(2027, 3, 31), False, None),
)
# What people of the agency did, in turn.
_DONE = {
    "Cove Realty": (
        "Listing pages",
        "Search by neighborhood",
        "Agents' pages",
        "Feed of listings",
        "Photos of houses",
    ),
    "Mesa Roofing": ("Quote form", "Before and after gallery", "Service pages", "Storm damage page"),
    "Bay Brewing": ("Tap list", "Beer garden calendar", "Shop for kegs"),
    "Harbor Dental": ("Updates and backups", "Opening hours and staff", "Appointment form"),
    "Lumen Studio": ("Layout of portfolio pages", "Image delivery", "Client galleries", "Proofing of photos"),
    "Tide Yoga": ("Class timetable", "Sign-up form"),
}
_WHO = ("Jo Marsh", "Sam Ortiz")
# Hours that no invoice bills by the hour: under a retainer, toward a milestone, or open in October. (client, year, month, day, minutes)
_HOURS = (
    *(("Harbor Dental", *day) for day in (
        (2025, 11, 12, 210), (2025, 11, 25, 240), (2025, 12, 9, 240), (2025, 12, 22, 180), (2026, 1, 13, 240),
        (2026, 1, 27, 240), (2026, 2, 10, 240), (2026, 2, 24, 150), (2026, 3, 11, 240), (2026, 3, 25, 240),
        (2026, 4, 14, 180), (2026, 4, 28, 240), (2026, 5, 12, 240), (2026, 5, 27, 210), (2026, 6, 10, 240),
        (2026, 6, 24, 240), (2026, 7, 14, 240), (2026, 7, 28, 240), (2026, 8, 11, 240), (2026, 8, 26, 180),
        (2026, 9, 9, 240), (2026, 9, 23, 240), (2026, 10, 7, 240), (2026, 10, 14, 180), (2026, 10, 28, 120),
    )),
    *(("Lumen Studio", *day) for day in (
        (2025, 12, 17, 240), (2025, 12, 18, 240), (2026, 1, 5, 240), (2026, 1, 6, 240), (2026, 1, 7, 180),
        (2026, 4, 21, 240), (2026, 4, 22, 240), (2026, 4, 29, 240), (2026, 5, 5, 240), (2026, 5, 6, 240),
        (2026, 9, 21, 240), (2026, 9, 22, 240), (2026, 9, 29, 240), (2026, 10, 1, 240), (2026, 10, 13, 240),
        (2026, 10, 16, 240), (2026, 10, 26, 180), (2026, 10, 30, 120),
    )),
    *(("Mesa Roofing", *day) for day in (
        (2026, 10, 8, 240), (2026, 10, 9, 240), (2026, 10, 21, 240), (2026, 10, 27, 120),
    )),
    *(("Bay Brewing", *day) for day in ((2026, 10, 6, 240), (2026, 10, 23, 180))),
    *(("Tide Yoga", *day) for day in ((2026, 10, 12, 240), (2026, 10, 19, 120))),
    ("Cove Realty", 2026, 10, 27, 180),
)  # fmt: skip
# Milestones of Lumen Studio: name, cents, reached on, the invoice that billed it.
_MILESTONES = (
    ("Brand pages", 200_000, dt.date(2026, 1, 9), "DC-1005"),
    ("Client galleries", 220_000, dt.date(2026, 5, 8), "DC-1015"),
    ("Portfolio pages designed", 250_000, dt.date(2026, 10, 2), "DC-1028"),
)


def load(*, at: dt.datetime) -> None:
    """Load it; inside the caller's transaction."""
    agency, billing = Entity.objects.get(slug="dc"), Entity.objects.get(slug="dc-clients")
    of = {
        row.client.name: row
        for row in ClientContract.objects.filter(entity=billing).select_related("client", "entity")
    }
    for name, starts_on, ends_on, renews, notice in _TERMS:
        term = Term(
            title=of[name].title, starts_on=starts_on, ends_on=ends_on, renews=renews, notice_days=notice,
            terms_days=of[name].terms_days,
        )  # fmt: skip
        contracts.change(contract=of[name], term=term, by=None, at=at)
    landed = {
        row.reference: row for row in Invoice.objects.filter(entity=agency).exclude(source="").select_related("client", "entity")
    }  # fmt: skip
    _time(billing, of, landed, at)
    for name, amount_minor, reached_on, reference in _MILESTONES:
        reached = work.add_milestone(
            contract=of["Lumen Studio"],
            name=name,
            amount_minor=amount_minor,
            due_on=reached_on,
            by=None,
            at=at,
        )
        work.reach(milestone=reached, on=reached_on, today=_AS_OF, by=None, at=at)
        billed.stand_on(invoice=landed[reference], milestones=[reached.pk], by=None, at=at)
    _hosting(agency, of, at)


def _time(
    billing: Entity, of: dict[str, ClientContract], landed: dict[str, Invoice], at: dt.datetime
) -> None:
    """Bring the year's time sheet in, then say what of it each landed invoice billed."""
    lines, words, people = [_HEAD], {name: cycle(done) for name, done in _DONE.items()}, cycle(_WHO)
    for name, *day, minutes in _HOURS:
        lines.append(f"{dt.date(*day)},{name},,{minutes},{next(people)},{next(words[name])},yes,")
    hourly: dict[str, tuple[dt.date, dt.date]] = {}
    for reference, invoice in landed.items():
        contract = of[invoice.client.name]
        if (
            contract.billing_model != BillingModel.HOURLY
            or not contract.rate_minor
            or invoice.issued_on is None
        ):
            continue
        left, on = invoice.total_minor * 60 // contract.rate_minor, invoice.issued_on
        while left:
            on -= dt.timedelta(days=3 if on.weekday() == 0 else 1)
            minutes = min(left, _STRETCH)
            lines.append(
                f"{on},{invoice.client.name},,{minutes},{next(people)},{next(words[invoice.client.name])},yes,"
            )
            left -= minutes
        hourly[reference] = (on, invoice.issued_on)
    work.land_time(entity=billing, data="\n".join(lines).encode(), name=_SHEET, today=_AS_OF, by=None, at=at)
    waiting: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    for contract_id, on, pk in WorkEntry.objects.filter(
        contract__entity=billing, invoice_line__isnull=True
    ).values_list("contract_id", "on", "pk"):
        waiting[contract_id].append((on, pk))
    for reference, (first, last) in hourly.items():
        invoice = landed[reference]
        rows = [pk for on, pk in waiting[of[invoice.client.name].pk] if first <= on < last]
        billed.stand_on(invoice=invoice, work=rows, by=None, at=at)


def _hosting(agency: Entity, of: dict[str, ClientContract], at: dt.datetime) -> None:
    """Write down, for each line of hosting in the agency's bank statement, for whom it was paid."""
    names = {name.upper(): name for name in of}
    for entry in JournalEntry.objects.filter(entity=agency, memo__startswith="HOSTING ").order_by("on", "pk"):
        found = _LINE.match(entry.memo)
        name = names.get(found["client"]) if found else None
        if name is None:
            continue
        amount = max(entry.postings.values_list("amount_minor", flat=True))
        rebillables.add(
            contract=of[name], on=entry.on, what=f"Hosting, {entry.on:%b %Y}", amount_minor=amount, today=_AS_OF,
            entry=entry, source="Bank statement of DangerousCentaur", by=None, at=at,
        )  # fmt: skip
