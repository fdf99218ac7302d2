"""Landing movements of the Stripe balance: each becomes one line and one entry, whether a file or an event told of it.

A movement is known by its ``txn_`` id, so that files and events may come in any order and any number of times. What it
does to the books hangs on the movement alone, on the booking it names, and on what that booking's client still owes.
"""

import datetime as dt
import itertools
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from core import audit, clock, months
from portfolio.domain import desk as desks
from portfolio.domain import held, landing, ledger, periods, recognition
from portfolio.domain.accounts import CARD_DISPUTES, CARD_FEES
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.domain.receivables import payments, refunds
from portfolio.domain.stripe import payouts, unnamed
from portfolio.formats import stripe, stripe_json
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError
from portfolio.formats.stripe import BalanceTransaction, StripeType
from portfolio.models import (
    AccountRole,
    Booking,
    Client,
    Entity,
    EntrySource,
    ImportedLine,
    ImportKind,
    Invoice,
    InvoiceState,
    StripeMovement,
)

_WRAPPED = re.compile(r"refund for (?:charge|payment) \((.*)\)", re.IGNORECASE)
# So many movements are made into rows of the database at once: what a large file takes of memory stays small.
_AT_ONCE = 2_000
# Stays below the number of parameters that any SQLite in use accepts.
_LOOKUP = 900


@dataclass(frozen=True, slots=True)
class Landed:
    """What movements brought: how many are new, matched with the bank or uncategorised, and what a closed month kept out."""

    new: int
    matched: int
    uncategorised: int
    refused: str = ""


class Known(Container[str]):
    """Tells of an id of Stripe's whether its movement has landed, by asking the database about that one."""

    def __init__(self, entity: Entity) -> None:
        """Take whose movements are asked about."""
        self.rows = ImportedLine.objects.filter(entity=entity, kind=ImportKind.STRIPE)

    def __contains__(self, external_id: object) -> bool:
        """Tell whether it has landed."""
        return self.rows.filter(external_id=external_id).exists()


def land_file(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> LandedFile:
    """Land a Stripe balance history (CSV or JSON) and post its new movements through the clearing account.

    A charge debits clearing with its gross and credits it with its fee, a payout empties clearing into the bank.
    A charge that names a booking is held for it: as a refundable deposit where its description says so, otherwise
    as deferred revenue; refunds take the same way back. One that names an open invoice becomes its payment.
    Movements of before the opening balances are kept and not posted: the clearing account was opened with their money.

    Raises:
        FormatError: the file cannot be read, contradicts what landed before, is in another currency, or touches a
            closed month.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(entity)
        reader = stripe_json.parse if stripe_json.is_json(data) else stripe.parse
        rows = reader(data, name=name, max_rows=max_rows, max_bytes=max_bytes)
        lines = _lines(entity, rows, name)
        fresh = landing.unseen(entity=entity, kind=ImportKind.STRIPE, lines=lines, name=name)
        new = [lines[n] for n in fresh]
        early = _early(entity, lines, fresh)
        posted = [n for n in fresh if n not in early]
        landing.refuse_closed(entity=entity, lines=[lines[n] for n in posted], name=name, column="created")
        desk = desks.Desk(entity)
        landed = _post(desk, [(lines[n], rows[n]) for n in posted], name, by, at)
        file = landing.open_file(entity=entity, kind=ImportKind.STRIPE, name=name, data=data, by=by, at=at)
        for start in range(0, len(new), _AT_ONCE):
            landing.add_lines(file=file, lines=[(entity, line) for line in new[start : start + _AT_ONCE]])
        covers_to = max((line.on for line in lines), default=None)
        landing.close_file(
            file=file, entity=entity, read=len(lines), new=len(new), covers_to=covers_to, by=by, at=at
        )
        payouts.add_up(entity=entity, rows=rows)
        return LandedFile(file, len(lines), len(new), landed.matched, landed.uncategorised, opened=len(early))


def land(
    *,
    entity: Entity,
    rows: Sequence[BalanceTransaction],
    name: str,
    at: dt.datetime,
    by: AbstractBaseUser | None = None,
    instead_on: dt.date | None = None,
) -> Landed:
    """Land movements that were fetched from Stripe; those of closed months stay out and are told in ``refused``.

    Those of before the opening balances, which a payout after them may carry, are kept and not posted, as those of files.
    ``instead_on`` is the date on which a person has movements of closed months posted.

    Raises:
        FormatError: a movement contradicts what landed before, or is in another currency.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(entity)
        rows = payouts.each_once(rows)
        lines = _lines(entity, rows, name)
        fresh = landing.unseen(entity=entity, kind=ImportKind.STRIPE, lines=lines, name=name)
        closed = periods.closed_months(entity=entity)
        early = _early(entity, lines, fresh)
        kept_out = [n for n in fresh if n not in early and months.month_of(lines[n].on) in closed]
        if instead_on is not None:
            for n in kept_out:
                lines[n].on = instead_on
            landing.refuse_closed(
                entity=entity, lines=[lines[n] for n in kept_out], name=name, column="created"
            )
            kept_out = []
        skipped = set(kept_out)
        new = [(lines[n], rows[n]) for n in fresh if n not in skipped]
        posted = [(lines[n], rows[n]) for n in fresh if n not in skipped and n not in early]
        landed = _post(desks.Desk(entity), posted, name, by, at) if posted else Landed(0, 0, 0)
        landing.add_lines(file=None, kind=ImportKind.STRIPE, lines=[(entity, line) for line, _ in new])
        payouts.add_up(entity=entity, rows=[row for n, row in enumerate(rows) if n not in skipped])
        if new:
            audit.record(
                action="portfolio:stripe:land", subject=entity, by=by, at=at, entity=entity.slug,
                data={"told_by": name, "new": [line.external_id for line, _ in new][:100], "count": len(new)},
            )  # fmt: skip
        return Landed(
            len(new), landed.matched, landed.uncategorised, _refusal(entity, closed, lines, kept_out)
        )


def _early(entity: Entity, lines: Sequence[NewLine], fresh: Iterable[int]) -> set[int]:
    """Return the positions of new movements of before the opening balances, which hold their money."""
    opened = landing.opening_day(entity=entity)
    return set() if opened is None else {n for n in fresh if lines[n].on < opened}


def _lines(entity: Entity, rows: Sequence[BalanceTransaction], name: str) -> list[NewLine]:
    """Return a line for each movement.

    Its body is what every telling of it agrees on: the day and the amounts. A file may round the time or leave the
    description, source or metadata out.
    """
    zone = clock.zone(entity.zone)
    lines, days = [], dict[dt.date, dt.date]()
    for row in rows:
        if row.currency != entity.currency:
            raise FormatError(
                file=name, line=row.line, column="currency", reason=f"the movement is in {row.currency}",
                fix=f"the books of {entity.name} are kept in {entity.currency}",
            )  # fmt: skip
        payout = row.type == StripeType.PAYOUT
        day = row.available_on if payout and row.available_on else row.created_at.astimezone(zone).date()
        day = days.setdefault(day, day)
        lines.append(
            NewLine(
                line=row.line, external_id=row.id, on=day, amount_minor=row.amount_minor,
                description=row.description or f"Stripe {row.type.value} {row.source or row.id}",
                body=(row.amount_minor, row.fee_minor, row.currency, day.isoformat()),
                payout_id=payouts.own_id(row).casefold() if payout else "",
            )
        )  # fmt: skip
    return lines


def _post(
    desk: desks.Desk, new: Sequence[tuple[NewLine, BalanceTransaction]], name: str, by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Landed:  # fmt: skip
    """Post the entries of new movements; a payout that the bank's line brought already shares that entry."""
    matched = desks.match_payouts(
        desk, [line for line, _ in new if line.payout_id], desks.BANK_KINDS, -1, name
    )
    # A movement of nothing is a line and no entry of the books.
    to_post = [
        (line, row) for line, row in new if line.entry_id is None and (row.amount_minor or row.fee_minor)
    ]
    bookings = list(_bookings(desk, [row for _, row in to_post]))
    # Before the entries: whoever moves a booking holds its row when they come to post.
    held.lock(desk.touched)
    desk.look_up_debts()
    invoices = _invoices(desk.entity, to_post, bookings)
    debtors = _debtors(desk.entity, to_post, bookings, invoices)
    moves = unnamed.tie(desk, [line for line, row in to_post if not row.fee_minor])
    matched += len([line for line, _ in to_post if line.entry_id is not None])
    uncategorised = 0
    decided = zip(to_post, bookings, invoices, debtors, strict=True)
    while some := list(itertools.islice(decided, _AT_ONCE)):
        drafts, lines = [], []
        for (line, row), booking, invoice, debtor in some:
            line.booking_id = booking.pk if booking is not None else None
            if line.entry_id is not None:
                continue
            others = _counterpart(desk, row, booking)
            if invoice is not None:
                line.reference = invoice.reference
                others = [ledger.Line(desk.accounts.owed_by(invoice.client), -row.amount_minor)]
            elif debtor is not None:
                # What a refund is of stands with its line, so that it can be tied to its payment whenever that comes.
                line.reference = f"{row.source} {row.booking_ref}".strip()
                others = [ledger.Line(desk.accounts.owed_by(debtor), -row.amount_minor)]
            uncategorised += any(other.account.role == AccountRole.UNCATEGORISED for other in others)
            drafts.append(
                ledger.Draft(
                    on=line.on,
                    memo=line.description,
                    lines=_through_clearing(desk, row, booking, others),
                    source=EntrySource.STRIPE,
                    external_id=row.id,
                    origin=landing.origin(name, row.line) if row.line else name[:200],
                )
            )
            lines.append(line)
        if drafts:
            landing.post(entity=desk.entity, drafts=drafts, lines=lines, name=name, by=by, at=at)
    ledger.post_many(entity=desk.entity, drafts=moves, by=by, at=at)
    recognition.settle_paid(booking_ids=desk.touched)
    if any(invoices) or any(debtors):
        # Afterwards, because invoices are locked before anything is posted, never after.
        transaction.on_commit(lambda: _settle(desk.entity, by, at), robust=True)
    return Landed(len(new), matched, uncategorised)


def _settle(entity: Entity, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Make payments of charges that landed, then tie refunds to their payments."""
    payments.settle_landed(entity=entity, kinds=(ImportKind.STRIPE,), by=by, at=at)
    refunds.settle_landed(entity=entity, by=by, at=at)


def _invoices(
    entity: Entity, told: Sequence[tuple[NewLine, BalanceTransaction]], bookings: Sequence[Booking | None]
) -> list[Invoice | None]:
    """Return the open invoice that each charge names and pays whole or in part; one query."""
    opened = {
        invoice.reference.casefold(): invoice
        for invoice in Invoice.objects.filter(
            entity=entity, state=InvoiceState.ISSUED, settled_minor__lt=F("total_minor"), booking__isnull=True
        ).select_related("client")
    }
    left = {key: invoice.total_minor - invoice.settled_minor for key, invoice in opened.items()}
    found: list[Invoice | None] = []
    for (line, row), booking in zip(told, bookings, strict=True):
        named = None
        if opened and booking is None and row.type == StripeType.CHARGE and row.amount_minor > 0:
            words = f"{row.booking_ref} {row.description}".casefold().split()
            named = next((word for word in (word.strip("(),.;:") for word in words) if word in opened), None)
        if named is not None and not (
            row.amount_minor <= left[named] and (opened[named].issued_on or line.on) <= line.on
        ):
            named = None
        if named is not None:
            left[named] -= row.amount_minor
        found.append(opened[named] if named is not None else None)
    return found


def _debtors(
    entity: Entity, told: Sequence[tuple[NewLine, BalanceTransaction]], bookings: Sequence[Booking | None],
    invoices: Sequence[Invoice | None],
) -> list[Client | None]:  # fmt: skip
    """Return the client that each refund of an invoice's payment went back to: it goes where its charge went.

    A refund whose charge has not landed goes by the invoice that it names.
    """
    asked = [
        row
        if booking is None and row.type == StripeType.REFUND and row.source.startswith(refunds.PREFIXES)
        else None
        for (_, row), booking in zip(told, bookings, strict=True)
    ]
    ids = {row.charge_id for row in asked if row is not None and row.charge_id}
    here = {
        row.charge_id: invoice.client if invoice is not None else None
        for (_, row), invoice in zip(told, invoices, strict=True)
        if row.type == StripeType.CHARGE and row.charge_id in ids
    }
    known = refunds.clients_of_charges(entity=entity, charge_ids=ids - set(here)) | here
    found: list[Client | None] = []
    for row in asked:
        if row is None or row.charge_id in known:
            found.append(known[row.charge_id] if row is not None else None)
            continue
        words = f"{row.booking_ref} {row.description}"
        named = refunds.named_invoice(entity=entity, words=words, amount_minor=abs(row.amount_minor))
        found.append(named.client if named is not None else None)
    return found


def _bookings(desk: desks.Desk, rows: Sequence[BalanceTransaction]) -> Iterator[Booking | None]:
    """Yield the booking of each movement: by its metadata, by Stripe's ids, or by its words; never by its amount."""
    ids = {told for row in rows for told in (row.charge_id, row.intent_id, row.source) if told}
    known = {
        booking.stripe_id: booking
        for chunk in _chunks(ids)
        for booking in Booking.objects.filter(entity=desk.entity, stripe_id__in=chunk).order_by("-pk")
    }
    landed = _bookings_of_charges(desk, {row.charge_id for row in rows if row.charge_id})
    for row in rows:
        booking = desk.booking_in(row.booking_ref) if row.booking_ref else None
        for told in (row.charge_id, row.intent_id, row.source):
            booking = booking or known.get(told)
        if booking is None and not row.booking_ref:
            booking = desk.booking_in(row.description)
        booking = booking or landed.get(row.charge_id)
        if booking is not None:
            desk.touched[booking.pk] = booking
            if row.charge_id:
                landed.setdefault(row.charge_id, booking)
        yield booking


def _bookings_of_charges(desk: desks.Desk, charge_ids: set[str]) -> dict[str, Booking]:
    """Return the booking for which each of some charges landed before."""
    by_pk = {booking.pk: booking for booking in desk.bookings.values()}
    charge_of: dict[str, str] = {}
    for chunk in _chunks(charge_ids):
        charge_of.update(
            StripeMovement.objects.filter(entity=desk.entity, charge_id__in=chunk).values_list(
                "external_id", "charge_id"
            )
        )
    found = {}
    for chunk in _chunks(charge_of):
        for external_id, booking_id in ImportedLine.objects.filter(
            entity=desk.entity, kind=ImportKind.STRIPE, external_id__in=chunk, booking__isnull=False
        ).values_list("external_id", "booking_id"):
            found[charge_of[external_id]] = by_pk[booking_id]
    return found


def _counterpart(desk: desks.Desk, row: BalanceTransaction, booking: Booking | None) -> list[ledger.Line]:
    """Return what stands against the gross amount of a movement of the balance."""
    amount = row.amount_minor
    if not amount:
        return []
    if row.type == StripeType.PAYOUT:
        return [ledger.Line(desk.accounts.of(AccountRole.CASH), -amount)]
    if row.type == StripeType.FEE:
        return [ledger.Line(desk.accounts.coded(CARD_FEES), -amount, booking)]
    if row.type == StripeType.DISPUTE:
        return [ledger.Line(desk.accounts.coded(CARD_DISPUTES), -amount, booking)]
    if row.type in (StripeType.CHARGE, StripeType.REFUND) and booking is not None:
        return desk.from_client(booking, amount, deposit=desks.is_deposit(_words(row)))
    account = desk.by_rule(row.description, amount) or desk.accounts.uncategorised(amount)
    return [ledger.Line(account, -amount, booking)]


def _through_clearing(
    desk: desks.Desk, row: BalanceTransaction, booking: Booking | None, others: Sequence[ledger.Line]
) -> tuple[ledger.Line, ...]:
    """Return a movement's postings: its gross and its fee each pass the clearing account, visibly."""
    clearing = desk.accounts.of(AccountRole.CLEARING)
    lines = [ledger.Line(clearing, row.amount_minor), *others] if row.amount_minor else []
    if row.fee_minor:
        fees = desk.accounts.coded(CARD_DISPUTES if row.type == StripeType.DISPUTE else CARD_FEES)
        lines += [ledger.Line(fees, row.fee_minor, booking), ledger.Line(clearing, -row.fee_minor)]
    return tuple(lines)


def _words(row: BalanceTransaction) -> str:
    """Return what a movement is about: a refund wraps the words of its charge."""
    wrapped = _WRAPPED.fullmatch(row.description)
    return wrapped[1] if wrapped else row.description


def _refusal(entity: Entity, closed: range, lines: Sequence[NewLine], kept_out: Sequence[int]) -> str:
    """Return the sentence for movements that a closed month kept out, or nothing."""
    if not kept_out:
        return ""
    names = periods.named(closed=closed, asked=[months.month_of(lines[n].on) for n in kept_out])
    ids = ", ".join(lines[n].external_id for n in kept_out[:3]) + (" …" if len(kept_out) > 3 else "")
    return f"The books of {entity.name} are closed for {names}, where {ids} belongs; reopen the month, or name an open date."


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    listed = sorted(ids)
    for start in range(0, len(listed), _LOOKUP):
        yield listed[start : start + _LOOKUP]
