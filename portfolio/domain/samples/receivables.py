"""Sample receivables: how the agency's invoices look, payments tied to the bank's lines, work not billed yet, a draft.

The payments are the bank's own entries. What is issued here is credited or written off in the same month, and what is
written off takes as much off another fixed cost, so that no stated figure moves. Reminders wait for a person to send them.
"""

import datetime as dt
from typing import Any

from portfolio.domain import entries, ledger
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import clients, credit, drafting, dunning, invoices, payments, work
from portfolio.domain.receivables.clients import Paper, Particulars
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.domain.receivables.work import Stretch
from portfolio.models import Account, AccountRole, Client, ClientContract, Entity

_AS_OF = dt.date(2026, 11, 10)
_PAPER = Paper(
    name="Dockside Consulting",
    address="1880 Harbor Island Drive\nSan Diego, CA 92101",
    email="billing@example.com",
    how_to_pay="By bank transfer to Dockside Consulting, Harbor Bank, account ending 4417.\nOr by check to 1880 Harbor Island Drive, San Diego, CA 92101.",
)
_ADDRESSES = {
    "Harbor Dental": "410 Market Street\nSan Diego, CA 92101",
    "Cove Realty": "77 Prospect Street\nLa Jolla, CA 92037",
    "Mesa Roofing": "9020 Mesa Rim Road\nSan Diego, CA 92121",
    "Lumen Studio": "2215 Kettner Boulevard\nSan Diego, CA 92101",
    "Bay Brewing": "1400 Thorn Street\nSan Diego, CA 92101",
}
# client, day of 2026, minutes, what, who
_WORK = (
    ("Cove Realty", (10, 22), 150, "Listing pages: filters by price and beds", "Jo Marsh"),
    ("Cove Realty", (10, 29), 210, "Photo gallery that loads on a slow phone", "Jo Marsh"),
    ("Cove Realty", (11, 4), 95, "Feed from the agents' database repaired", "Sam Ortiz"),
    ("Mesa Roofing", (11, 3), 120, "Quote form, with photos of the roof", "Sam Ortiz"),
    ("Bay Brewing", (11, 6), 75, "Tap list on the front page", "Jo Marsh"),
)


def load(*, at: dt.datetime) -> None:
    """Load it; inside the caller's transaction."""
    agency, billing = Entity.objects.get(slug="dc"), Entity.objects.get(slug="dc-clients")
    for entity in (agency, billing):
        clients.set_paper(entity=entity, said=_PAPER, by=None, at=at)
        for client in Client.objects.filter(entity=entity, name__in=_ADDRESSES).select_related("entity"):
            particulars = Particulars(
                name=client.name,
                email=f"{client.name.lower().replace(' ', '.')}@example.com",
                address=_ADDRESSES[client.name],
                terms_days=client.terms_days,
            )
            clients.change(client=client, particulars=particulars, by=None, at=at)
    payments.settle_landed(entity=agency, by=None, at=at)
    dental = Client.objects.select_related("entity").get(entity=agency, name="Harbor Dental")
    sales = Accounts(agency).of(AccountRole.REVENUE)
    invoices.draft(
        client=dental,
        lines=[LineSaid("Retainer, Nov 2026", 90_000, sales)],
        note="Thank you.",
        by=None,
        at=at,
    )
    _take_back(agency, sales, at)
    for name in ("Cove Realty", "Mesa Roofing"):
        late = Client.objects.select_related("entity").get(entity=agency, name=name)
        dunning.draft(entity=agency, client=late, on=_AS_OF, by=None, at=at)
    _work(billing, at)


def _take_back(agency: Entity, sales: Account, at: dt.datetime) -> None:
    """Issue an invoice that is credited, and one for money laid out that is given up as a bad debt."""
    said: dict[str, Any] = {"today": _AS_OF, "by": None, "at": at}
    yoga = clients.add(
        entity=agency,
        particulars=Particulars(
            name="Tide Yoga", email="tide.yoga@example.com", address="305 Cable Street\nSan Diego, CA 92107", terms_days=0
        ),
        by=None, at=at,
    )  # fmt: skip
    laid_out, hosting = (Account.objects.get(entity=agency, code=code) for code in ("2200", "6400"))
    renewal = invoices.draft(
        client=yoga, lines=[LineSaid("Domain renewals paid for you", 1_200, laid_out, 2_000)], by=None, at=at
    )
    renewal = invoices.issue(invoice=renewal, on=dt.date(2026, 11, 2), due_on=dt.date(2026, 11, 2), **said)
    entries.write(
        entity=agency, on=dt.date(2026, 11, 2), memo="Domain renewals of August were laid out for Tide Yoga",
        lines=[ledger.Line(laid_out, 2_400), ledger.Line(hosting, -2_400)], key="sample-renewals", by=None, at=at,
    )  # fmt: skip
    brewing = Client.objects.select_related("entity").get(entity=agency, name="Bay Brewing")
    extra = invoices.draft(
        client=brewing,
        lines=[LineSaid("Tap list on the front page, hours", 8_500, sales, 2_500)],
        by=None,
        at=at,
    )
    extra = invoices.issue(invoice=extra, on=dt.date(2026, 11, 6), **said)
    credit.note(
        invoice=extra, amount_minor=extra.total_minor, on=dt.date(2026, 11, 9),
        reason="Billed before the work was done; it is billed anew from the time sheet", **said,
    )  # fmt: skip
    credit.write_off(
        invoice=renewal, amount_minor=renewal.total_minor, on=dt.date(2026, 11, 10),
        reason="The studio has closed; the amount is not worth a letter", **said,
    )  # fmt: skip


def _work(entity: Entity, at: dt.datetime) -> None:
    contracts = {
        row.client.name: row
        for row in ClientContract.objects.filter(entity=entity).select_related("client", "entity")
    }
    for name, (month, day), minutes, what, who in _WORK:
        stretch = Stretch(dt.date(2026, month, day), minutes, what, who)
        work.add(contract=contracts[name], stretch=stretch, today=_AS_OF, by=None, at=at)
    reached = work.add_milestone(
        contract=contracts["Lumen Studio"], name="Portfolio site live", amount_minor=220_000,
        due_on=dt.date(2026, 11, 6), by=None, at=at,
    )  # fmt: skip
    work.reach(milestone=reached, on=dt.date(2026, 11, 6), today=_AS_OF, by=None, at=at)
    work.add_milestone(
        contract=contracts["Lumen Studio"], name="Booking calendar", amount_minor=140_000,
        due_on=dt.date(2026, 12, 4), by=None, at=at,
    )  # fmt: skip
    drafting.from_time(contract=contracts["Cove Realty"], up_to=dt.date(2026, 10, 31), by=None, at=at)
