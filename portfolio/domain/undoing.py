"""Where an entry is undone: what a record of its own made is undone with that record, the rest in the journal.

A bill whose entry alone were reversed would stay open with nothing owed in the books. What people, files of a bank and
journals posted is reversed in the journal.
"""

from dataclasses import dataclass
from enum import StrEnum

from portfolio.domain import ledger
from portfolio.domain.payables import bills
from portfolio.models import (
    Bill,
    BillPayment,
    CreditNote,
    CrewPay,
    CrewPayUndone,
    EntrySource,
    Invoice,
    JournalEntry,
    Payment,
    PaymentRefund,
    Posting,
    WriteOff,
)


class Place(StrEnum):
    """The page of what made an entry."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    PAYMENTS = "payments"
    BILL = "bill"
    BOOKING = "booking"
    CONTRACTORS = "contractors"
    STRIPE = "Stripe page"
    BANK = "bank page"
    OPENING = "opening balances"
    TAX = "tax page"


@dataclass(frozen=True, slots=True)
class Home:
    """What made an entry, how it is undone, and on which page; ``key`` is what that page is about."""

    made_by: str
    how: str
    place: Place
    key: int | str

    @property
    def sentence(self) -> str:
        """Return why the journal does not reverse the entry."""
        return f"This entry was made by {self.made_by}; {self.how}."


class MadeElsewhereError(ledger.LedgerError):
    """The entry is undone where it was made."""


def refuse_made(entry: JournalEntry) -> None:
    """Refuse to reverse in the journal what is undone elsewhere.

    Raises:
        MadeElsewhereError: a record of its own made the entry; says where it is undone.
    """
    home = home_of(entry)
    if home is not None:
        raise MadeElsewhereError(home.sentence)


def home_of(entry: JournalEntry) -> Home | None:
    """Return what made an entry where it is undone elsewhere, or None where the journal reverses it."""
    first = entry
    while first.reverses is not None:
        first = first.reverses
    home = _home_of(first)
    if first == entry:
        return home
    if home is not None:
        return Home(f"undoing {home.made_by}", "record it anew where it belongs", home.place, home.key)
    slug = entry.entity.slug
    if first.source == EntrySource.OPENING:
        how = "post them anew on their page"
        return Home("undoing the opening balances", how, Place.OPENING, slug)
    if first.source == EntrySource.BANK:
        return Home("undoing a bank’s line", "decide on that line on the bank page", Place.BANK, slug)
    return None


def _home_of(entry: JournalEntry) -> Home | None:
    match entry.source:
        case EntrySource.INVOICE:
            return _invoiced(entry)
        case EntrySource.PAYMENT | EntrySource.BANK:
            return _paid_back(entry) or _paid(entry)
        case EntrySource.BILL:
            bill = Bill.objects.filter(entry=entry).first()
            return (
                Home(f"bill {bill.reference}", "void the bill on its page", Place.BILL, bill.pk)
                if bill
                else None
            )
        case EntrySource.MANUAL:
            return _voided(entry)
        case EntrySource.CREW_PAY:
            return _crew(entry)
        case EntrySource.OPENING:
            how = "correct what an account held with an entry of its own"
            named = entry.invoices.exists() or entry.bills.exists()
            made_by = "the opening, and open invoices or bills stand on it"
            return Home(made_by, how, Place.OPENING, entry.entity.slug) if named else None
        case EntrySource.RECOGNITION:
            booking_id = _booking_of(entry)
            how = "take the booking back or change its price on its page"
            return Home("a booking", how, Place.BOOKING, booking_id) if booking_id else None
        case EntrySource.STRIPE:
            return _paid_back(entry) or _paid(entry) or _stripe(entry)
        case EntrySource.TAX:
            how = "undo the payment on the page of tax"
            return Home("paying tax on", how, Place.TAX, entry.entity.slug)
    return None


def _invoiced(entry: JournalEntry) -> Home | None:
    invoice = Invoice.objects.filter(entry=entry).first()
    if invoice is not None:
        how = "credit the invoice on its page"
        return Home(f"invoice {invoice.reference}", how, Place.INVOICE, invoice.pk)
    again = "invoice anew what is owed after all"
    note = CreditNote.objects.filter(entry=entry).first()
    if note is not None:
        return Home(f"credit note {note.reference}", again, Place.INVOICE, note.invoice_id)
    off = WriteOff.objects.filter(entry=entry).select_related("invoice").first()
    if off is not None:
        return Home(f"writing off invoice {off.invoice.reference}", again, Place.INVOICE, off.invoice_id)
    return None


def _paid(entry: JournalEntry) -> Home | None:
    payment = Payment.objects.filter(entry=entry).select_related("client").first()
    if payment is not None:
        how = "reverse the payment on its page"
        if entry.source == EntrySource.STRIPE:
            how = "take back what it settles on its page, or refund it at Stripe, and it lands from there"
        return Home(f"a payment of {payment.client}", how, Place.PAYMENT, payment.pk)
    paid = BillPayment.objects.filter(entry=entry).select_related("bill").first()
    if paid is not None:
        how = "reverse the payment on the bill’s page"
        return Home(f"a payment of bill {paid.bill.reference}", how, Place.BILL, paid.bill_id)
    if entry.source == EntrySource.PAYMENT:
        how = "reverse the payment it came with, on the page of payments"
        return Home("the use of a client’s credit", how, Place.PAYMENTS, entry.entity.slug)
    return None


def _voided(entry: JournalEntry) -> Home | None:
    """Return the bill that an entry took off what the opening brought."""
    said = entry.external_id or ""
    if not said.startswith(bills.VOIDED):
        return None
    bill = Bill.objects.filter(entity=entry.entity_id, pk=int(said.removeprefix(bills.VOIDED))).first()
    how = "enter the bill anew where it is owed after all"
    return Home(f"voiding bill {bill.reference}", how, Place.BILL, bill.pk) if bill else None


def _crew(entry: JournalEntry) -> Home | None:
    slug = entry.entity.slug
    owed = CrewPay.objects.filter(entry=entry).first()
    if owed is not None and owed.booking_id is not None:
        how = "take its booking back from completed on its page"
        return Home(f"crew pay of {owed.person}", how, Place.BOOKING, owed.booking_id)
    if owed is not None:
        how = "take its event back from completed"
        return Home(f"crew pay of {owed.person}", how, Place.CONTRACTORS, slug)
    paid = CrewPay.objects.filter(paid_entry=entry).first()
    if paid is not None:
        how = "undo it on the page of pay, among what was paid lately"
        return Home(f"paying {paid.person}", how, Place.CONTRACTORS, slug)
    undone = CrewPayUndone.objects.filter(paid_entry=entry).select_related("pay").first()
    if undone is not None:
        how = "mark it as paid anew on the page of pay"
        return Home(f"paying {undone.pay.person}", how, Place.CONTRACTORS, slug)
    return None


def _paid_back(entry: JournalEntry) -> Home | None:
    refund = PaymentRefund.objects.filter(entry=entry).select_related("payment__client").first()
    if refund is None:
        return None
    how = "Stripe undoes it and it lands from there"
    if entry.source != EntrySource.STRIPE:
        how = "undo it on the page of the payment that went back"
    return Home(f"paying {refund.payment.client} back", how, Place.PAYMENT, refund.payment_id)


def _stripe(entry: JournalEntry) -> Home | None:
    payout = entry.imported_lines.exclude(payout_id="").exists()
    if not payout and _booking_of(entry) is None:
        return None
    made_by = "a payout of Stripe" if payout else "a booking’s movement at Stripe"
    how = "Stripe undoes it and it lands from there, or write an entry that moves it to where it belongs"
    return Home(made_by, how, Place.STRIPE, entry.entity.slug)


def _booking_of(entry: JournalEntry) -> int | None:
    return (
        Posting.objects.filter(entry=entry, booking__isnull=False)
        .order_by("pk")
        .values_list("booking_id", flat=True)
        .first()
    )
