"""What was open when the books began: invoices and bills of before, which the opening entry holds as two sums.

They become invoices and bills of their own number and days, so that they age, are paid and are given up like any other.
Their posting is the opening itself: nothing is posted again, and what is named never passes what the opening holds.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Sum

from core import audit, months
from core.money import format_minor
from portfolio.domain import desk, landing
from portfolio.domain.accounts import Accounts
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.domain.payables.opening import OpeningError
from portfolio.domain.receivables import numbers
from portfolio.formats import tables
from portfolio.formats.errors import FormatError
from portfolio.models import (
    AccountKind,
    AccountRole,
    Bill,
    BillLine,
    Client,
    Entity,
    EntrySource,
    EntryState,
    ImportKind,
    Invoice,
    InvoiceLine,
    InvoiceState,
    JournalEntry,
    Posting,
    Vendor,
)

INVOICE, BILL = "invoice", "bill"
KINDS = ((INVOICE, "Invoice to a client"), (BILL, "Bill of a vendor"))
# Days to pay that somebody unknown is given, at most.
_TERMS = 365


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One invoice or bill that was open; ``amount_minor`` is what was open of it that day."""

    kind: str
    name: str
    number: str
    issued_on: dt.date
    due_on: dt.date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Side:
    """One account of debts in the opening: what it holds, and how much of that is named."""

    kind: str
    sister: bool
    label: str
    held_minor: int
    named_minor: int

    @property
    def left_minor(self) -> int:
        """Return what no invoice or bill is named for yet."""
        return self.held_minor - self.named_minor


_SIDES = (
    (INVOICE, False, "Open invoices", AccountRole.RECEIVABLE, AccountKind.ASSET),
    (INVOICE, True, "Open invoices to sister entities", AccountRole.INTERCOMPANY, AccountKind.ASSET),
    (BILL, False, "Open bills", AccountRole.PAYABLE, AccountKind.LIABILITY),
    (BILL, True, "Open bills of sister entities", AccountRole.INTERCOMPANY, AccountKind.LIABILITY),
)


def opening_of(*, entity: Entity) -> JournalEntry | None:
    """Return the opening that stands in an entity's books."""
    return JournalEntry.objects.filter(
        entity=entity, source=EntrySource.OPENING, state=EntryState.POSTED, reversed_by__isnull=True
    ).first()


def sides(entry: JournalEntry) -> tuple[Side, ...]:
    """Return what an opening holds of debts, and how much of it is named; five queries."""
    held = {
        (role, kind): total
        for role, kind, total in Posting.objects.filter(entry=entry)
        .order_by()
        .values_list("account__role", "account__kind")
        .annotate(total=Sum("amount_minor"))
    }
    found = []
    for kind, sister, label, role, of in _SIDES:
        rows = (
            Invoice.objects.filter(entry=entry, brought_forward=True, client__sister__isnull=not sister)
            if kind == INVOICE
            else Bill.objects.filter(entry=entry, brought_forward=True, vendor__sister__isnull=not sister)
        )
        named = rows.aggregate(total=Sum("total_minor"))["total"] or 0
        stands = held.get((role, of), 0) * (1 if kind == INVOICE else -1)
        found.append(Side(kind, sister, label, stands, named))
    return tuple(found)


@transaction.atomic
def bring(
    *,
    entity: Entity,
    items: Sequence[OpenItem],
    by: AbstractBaseUser | None,
    at: dt.datetime,
    source: str = "",
) -> None:
    """Write down open invoices and bills that the opening holds; clients and vendors come with them.

    Raises:
        portfolio.domain.payables.opening.OpeningError: there is no opening, one is of after it or there already, or
            together they are more than it holds.
    """
    landing.lock(entity)
    entry = opening_of(entity=entity)
    if entry is None:
        raise OpeningError(
            f"The books of {entity.name} have no opening balances yet; post them first, then name what was open."
        )
    for item in items:
        _check(item, entry)
    clients = {client.name.casefold(): client for client in Client.objects.filter(entity=entity)}
    vendors = {vendor.name.casefold(): vendor for vendor in Vendor.objects.filter(entity=entity)}
    accounts = Accounts(entity)
    for item in items:
        if item.kind == INVOICE:
            made: Invoice | Bill = _invoice(entity, item, entry, clients, accounts, source)
        else:
            made = _bill(entity, item, entry, vendors, accounts)
        audit.record(
            action="portfolio:opening:name", subject=made, by=by, at=at, entity=entity.slug,
            data={"kind": item.kind, "name": item.name, "number": item.number, "open_minor": item.amount_minor},
        )  # fmt: skip
    for side in sides(entry):
        if side.named_minor > max(side.held_minor, 0):
            named, held = (
                format_minor(minor, entity.currency) for minor in (side.named_minor, side.held_minor)
            )
            raise OpeningError(
                f"{side.label} would add up to {named}, and the opening of {months.spelled(entry.on)} holds {held}; name what "
                "was open that day, no more."
            )
    numbers.pass_landed(entity=entity, references=[item.number for item in items if item.kind == INVOICE])


def land(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land the open invoices and bills of openings; the same rows again add nothing.

    Raises:
        FormatError: the file cannot be read, names an unknown entity, contradicts what landed before, or what an opening
            holds.
    """
    with transaction.atomic():
        rows = tables.parse_open_items(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        landing.lock(*entities.values())
        groups: dict[str, list[tables.OpenItemRow]] = defaultdict(list)
        for row in rows:
            groups[row.entity].append(row)
        kept: list[tuple[Entity, NewLine]] = []
        for slug, group in groups.items():
            lines = [
                NewLine(row.line, f"{row.kind}:{row.number}:{row.name}", row.issued_on, row.amount_minor,
                        f"{row.number} {row.name}", (row.kind, row.issued_on.isoformat(), row.due_on.isoformat(), row.amount_minor))
                for row in group
            ]  # fmt: skip
            fresh = landing.unseen(entity=entities[slug], kind=ImportKind.OPEN_ITEMS, lines=lines, name=name)
            items = [
                OpenItem(row.kind, row.name, row.number, row.issued_on, row.due_on, row.amount_minor)
                for row in (group[n] for n in fresh)
            ]
            if not items:
                continue
            try:
                bring(entity=entities[slug], items=items, by=by, at=at, source=name[-120:])
            except OpeningError as error:
                raise FormatError(
                    file=name, line=group[fresh[0]].line, column="number", reason=str(error).rstrip("."),
                    fix="nothing of this file was kept",
                ) from error  # fmt: skip
            kept += [(entities[slug], lines[n]) for n in fresh]
        last = max((row.issued_on for row in rows), default=None)
        return desk.kept_many(ImportKind.OPEN_ITEMS, name, data, len(rows), kept, last, by, at)


def _check(item: OpenItem, entry: JournalEntry) -> None:
    if item.amount_minor <= 0:
        raise OpeningError(f"Nothing is open of {item.number}; leave it out.")
    if item.issued_on > entry.on:
        raise OpeningError(
            f"{item.number} is of {months.spelled(item.issued_on)}, after the opening of {months.spelled(entry.on)}; enter it like "
            "any other."
        )
    if item.due_on < item.issued_on:
        raise OpeningError(
            f"{item.number} is due on {months.spelled(item.due_on)}, before it was written on {months.spelled(item.issued_on)}; "
            "check both dates."
        )


def _invoice(
    entity: Entity,
    item: OpenItem,
    entry: JournalEntry,
    clients: dict[str, Client],
    accounts: Accounts,
    source: str,
) -> Invoice:
    if Invoice.objects.filter(entity=entity, reference=item.number).exists():
        raise OpeningError(f"There is an invoice {item.number} already; leave it out.")
    client = clients.get(item.name.casefold())
    if client is None:
        client = Client.objects.create(entity=entity, name=item.name, terms_days=_terms(item))
        clients[item.name.casefold()] = client
    made = Invoice.objects.create(
        entity=entity, client=client, currency=entity.currency, total_minor=item.amount_minor, source=source
    )
    InvoiceLine.objects.create(
        invoice=made, position=1, description=f"Open of {item.number} when the books began",
        unit_minor=item.amount_minor, amount_minor=item.amount_minor, account=accounts.earned_of(client),
    )  # fmt: skip
    Invoice.objects.filter(pk=made.pk).update(
        state=InvoiceState.ISSUED, reference=item.number, issued_on=item.issued_on, due_on=item.due_on,
        seller=entity.name, billed_to=client.name, entry=entry, brought_forward=True,
    )  # fmt: skip
    made.refresh_from_db()
    return made


def _bill(
    entity: Entity, item: OpenItem, entry: JournalEntry, vendors: dict[str, Vendor], accounts: Accounts
) -> Bill:
    vendor = vendors.get(item.name.casefold())
    if vendor is None:
        vendor = Vendor.objects.create(entity=entity, name=item.name, terms_days=_terms(item))
        vendors[item.name.casefold()] = vendor
    if Bill.objects.filter(vendor=vendor, reference=item.number, void_on__isnull=True).exists():
        raise OpeningError(f"There is a bill {item.number} of {vendor.name} already; leave it out.")
    cost = vendor.account or accounts.of(AccountRole.FIXED_COST)
    made = Bill.objects.create(
        entity=entity, vendor=vendor, reference=item.number, issued_on=item.issued_on, due_on=item.due_on,
        total_minor=item.amount_minor, entry=entry, brought_forward=True,
    )  # fmt: skip
    BillLine.objects.create(
        bill=made, position=1, account=cost, amount_minor=item.amount_minor,
        description=f"Open of {item.number} when the books began",
    )  # fmt: skip
    return made


def _terms(item: OpenItem) -> int:
    return min((item.due_on - item.issued_on).days, _TERMS)
