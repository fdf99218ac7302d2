"""Landing money: bank statements, Stripe's balance history, opening balances and invoices become journal entries.

The walk: `portfolio.formats` reads bytes into rows, this file decides which accounts each row moves, and
`portfolio.domain.ledger` posts them. What landing any file has in common stands in `portfolio.domain.landing`; the
exports that become records rather than entries (bookings, stays, plans) in `portfolio.domain.exports`.

A payout from the card processor to the bank stands in both files. Whichever lands first is posted; the other is
matched to it by the payout's id, never by its amount, and not posted again.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import clock
from portfolio.domain import desk as desks
from portfolio.domain import landing, ledger, recognition
from portfolio.domain.accounts import CARD_FEES, Accounts
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.formats import bank_csv, stripe, tables
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError
from portfolio.formats.stripe import BalanceTransaction, StripeType
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    Entity,
    EntrySource,
    ImportKind,
)

_PAYOUT = re.compile(r"\bpo_[a-z0-9]{6,70}\b", re.ASCII | re.IGNORECASE)


def land_bank(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    account: Account | None = None,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> LandedFile:
    """Land a bank statement (CSV) on a bank account, by default the entity's first, and post its new lines.

    The lowest rule whose text stands in the description names the account; without one, a line that names a
    booking is its client's payment, and any other waits among the uncategorised.

    Raises:
        FormatError: the file cannot be read, contradicts what landed before, or touches a closed month.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(entity)
        desk = desks.Desk(entity)
        bank = account if account is not None else desk.accounts.of(AccountRole.CASH)
        rows = bank_csv.parse(
            data, name=name, account=f"{entity.slug}:{bank.code}", currency=bank.currency, max_rows=max_rows,
            max_bytes=max_bytes,
        )  # fmt: skip
        lines = [
            NewLine(
                line=row.line, external_id=row.external_id, on=row.on, amount_minor=row.amount_minor,
                description=row.description, body=(row.on.isoformat(), row.amount_minor, row.description),
                payout_id=_payout_in(row.description),
            )
            for row in rows
        ]  # fmt: skip
        new = [
            lines[n] for n in landing.unseen(entity=entity, kind=ImportKind.BANK_CSV, lines=lines, name=name)
        ]
        landing.refuse_closed(entity=entity, lines=new, name=name)
        matched = desks.match_payouts(
            desk, [line for line in new if line.payout_id], (ImportKind.STRIPE,), -1, name
        )
        to_post = [line for line in new if line.entry_id is None]
        named = [desk.booking_in(line.description) for line in to_post]
        desk.look_up_debts()
        drafts, uncategorised = [], 0
        for line, booking in zip(to_post, named, strict=True):
            line.booking_id = booking.pk if booking is not None else None
            others = _bank_counterpart(desk, line, booking)
            uncategorised += others[0].account.role == AccountRole.UNCATEGORISED
            drafts.append(
                ledger.Draft(
                    on=line.on,
                    memo=line.description,
                    lines=(ledger.Line(bank, line.amount_minor), *others),
                    source=EntrySource.BANK,
                    external_id=line.external_id,
                    origin=landing.origin(name, line.line),
                )
            )
        if drafts:
            landing.post(entity=entity, drafts=drafts, lines=to_post, name=name, by=by, at=at)
        recognition.settle_paid(booking_ids=desk.touched)
        return desks.kept(
            desk,
            ImportKind.BANK_CSV,
            name,
            data,
            lines,
            new,
            by,
            at,
            matched=matched,
            uncategorised=uncategorised,
        )


def land_stripe(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> LandedFile:
    """Land a Stripe balance history and post its new movements through the clearing account.

    A charge debits clearing with its gross and credits it with its fee, a payout empties clearing into the bank.
    A charge that names a booking is held for it: as a refundable deposit where its description says so, otherwise
    as deferred revenue; refunds take the same way back.

    Raises:
        FormatError: the file cannot be read, contradicts what landed before, is in another currency, or touches a
            closed month.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    zone = clock.zone(entity.zone)
    with transaction.atomic():
        landing.lock(entity)
        desk = desks.Desk(entity)
        rows = stripe.parse(data, name=name, max_rows=max_rows, max_bytes=max_bytes)
        lines = []
        for row in rows:
            if row.currency != entity.currency:
                raise FormatError(
                    file=name, line=row.line, column="currency", reason=f"the movement is in {row.currency}",
                    fix=f"the books of {entity.slug} are kept in {entity.currency}",
                )  # fmt: skip
            payout = row.type == StripeType.PAYOUT
            day = row.available_on if payout and row.available_on else row.created_at.astimezone(zone).date()
            description = row.description or f"Stripe {row.type.value} {row.source or row.id}"
            lines.append(
                NewLine(
                    line=row.line, external_id=row.id, on=day, amount_minor=row.amount_minor,
                    description=description,
                    body=(row.type.value, row.source, row.amount_minor, row.fee_minor, row.created_at.isoformat(),
                          row.description, row.booking_ref),
                    payout_id=row.payout_id.casefold() if payout else "",
                )
            )  # fmt: skip
        fresh = landing.unseen(entity=entity, kind=ImportKind.STRIPE, lines=lines, name=name)
        new = [lines[n] for n in fresh]
        landing.refuse_closed(entity=entity, lines=new, name=name)
        matched = desks.match_payouts(
            desk, [line for line in new if line.payout_id], desks.BANK_KINDS, -1, name
        )
        # A movement of nothing is a line of the file and no entry of the books.
        to_post = [
            (lines[n], rows[n])
            for n in fresh
            if lines[n].entry_id is None and (rows[n].amount_minor or rows[n].fee_minor)
        ]
        named = [desk.booking_in(row.booking_ref or row.description) for _, row in to_post]
        desk.look_up_debts()
        drafts, uncategorised = [], 0
        for (line, row), booking in zip(to_post, named, strict=True):
            line.booking_id = booking.pk if booking is not None else None
            others = _stripe_counterpart(desk, row, booking)
            uncategorised += any(other.account.role == AccountRole.UNCATEGORISED for other in others)
            drafts.append(
                ledger.Draft(
                    on=line.on,
                    memo=line.description,
                    lines=_through_clearing(desk, row, booking, others),
                    source=EntrySource.STRIPE,
                    external_id=row.id,
                    origin=landing.origin(name, row.line),
                )
            )
        if drafts:
            landing.post(
                entity=entity, drafts=drafts, lines=[line for line, _ in to_post], name=name, by=by, at=at
            )
        recognition.settle_paid(booking_ids=desk.touched)
        return desks.kept(
            desk,
            ImportKind.STRIPE,
            name,
            data,
            lines,
            new,
            by,
            at,
            matched=matched,
            uncategorised=uncategorised,
        )


def land_opening(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land opening balances: one entry for each entity and date, which must add up to zero.

    Raises:
        FormatError: the file cannot be read, names an unknown entity or account, does not balance, or an entity
            has another opening on that date.
    """
    with transaction.atomic():
        rows = tables.parse_opening(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        groups: dict[tuple[str, dt.date], list[tables.OpeningRow]] = defaultdict(list)
        for row in rows:
            groups[row.entity, row.on].append(row)
        kept: list[tuple[Entity, NewLine]] = []
        for (slug, on), group in groups.items():
            entity, accounts = entities[slug], Accounts(entities[slug])
            landing.lock(entity)
            lines = [
                NewLine(row.line, f"{row.account}:{on}", on, row.amount_minor, f"Opening {row.account}",
                        (row.account, on.isoformat(), row.amount_minor))
                for row in group
            ]  # fmt: skip
            new = landing.unseen(entity=entity, kind=ImportKind.OPENING, lines=lines, name=name)
            if not new:
                continue
            landing.refuse_closed(entity=entity, lines=lines, name=name)
            postings = [
                ledger.Line(desks.account_coded(accounts, row.account, row.line, name), row.amount_minor)
                for row in group
            ]
            draft = ledger.Draft(
                on=on, memo="Opening balances", lines=postings, source=EntrySource.OPENING,
                external_id=f"opening:{on}", origin=landing.origin(name, group[0].line),
            )  # fmt: skip
            landing.post(entity=entity, drafts=[draft], lines=lines[:1], name=name, by=by, at=at)
            for line in lines:
                line.entry_id = lines[0].entry_id
            kept += [(entity, lines[n]) for n in new]
        return desks.kept_many(
            ImportKind.OPENING, name, data, len(rows), kept, max((r.on for r in rows), default=None), by, at
        )


def land_invoices(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land invoices to clients: each is a receivable and a sale on the day it was issued.

    Payments arrive with the bank statement, where a rule sends them to receivables.

    Raises:
        FormatError: the file cannot be read, names an unknown entity, contradicts what landed before, or touches
            a closed month.
    """
    with transaction.atomic():
        rows = tables.parse_invoices(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        kept: list[tuple[Entity, NewLine]] = []
        for slug, entity in entities.items():
            landing.lock(entity)
            accounts = Accounts(entity)
            group = [row for row in rows if row.entity == slug]
            lines = [
                NewLine(row.line, row.number, row.issued_on, row.amount_minor, f"{row.number} {row.client}",
                        (row.client, row.issued_on.isoformat(), row.terms_days, row.amount_minor))
                for row in group
            ]  # fmt: skip
            new = [
                lines[n]
                for n in landing.unseen(entity=entity, kind=ImportKind.INVOICES, lines=lines, name=name)
            ]
            landing.refuse_closed(entity=entity, lines=new, name=name)
            if not new:
                continue
            receivable, sales = accounts.of(AccountRole.RECEIVABLE), accounts.of(AccountRole.REVENUE)
            drafts = [
                ledger.Draft(
                    on=line.on, memo=f"Invoice {line.description}"[:250],
                    lines=(ledger.Line(receivable, line.amount_minor), ledger.Line(sales, -line.amount_minor)),
                    source=EntrySource.INVOICE, external_id=line.external_id,
                    origin=landing.origin(name, line.line),
                )
                for line in new
            ]  # fmt: skip
            landing.post(entity=entity, drafts=drafts, lines=new, name=name, by=by, at=at)
            kept += [(entity, line) for line in new]
        last = max((row.issued_on for row in rows), default=None)
        return desks.kept_many(ImportKind.INVOICES, name, data, len(rows), kept, last, by, at)


def _bank_counterpart(desk: desks.Desk, line: NewLine, booking: Booking | None) -> list[ledger.Line]:
    if line.payout_id:
        return [ledger.Line(desk.accounts.of(AccountRole.CLEARING), -line.amount_minor)]
    account = desk.by_rule(line.description)
    if account is None and booking is not None and line.amount_minor > 0:
        return desk.from_client(booking, line.amount_minor, deposit=desks.is_deposit(line.description))
    if account is None:
        account = desk.accounts.uncategorised(line.amount_minor)
    return [ledger.Line(account, -line.amount_minor, booking)]


def _stripe_counterpart(
    desk: desks.Desk, row: BalanceTransaction, booking: Booking | None
) -> list[ledger.Line]:
    """Return what stands against the gross amount of a movement of the balance."""
    amount = row.amount_minor
    if not amount:
        return []
    if row.type == StripeType.PAYOUT:
        return [ledger.Line(desk.accounts.of(AccountRole.CASH), -amount)]
    if row.type == StripeType.FEE:
        return [ledger.Line(desk.accounts.coded(CARD_FEES), -amount, booking)]
    if row.type in (StripeType.CHARGE, StripeType.REFUND) and booking is not None:
        return desk.from_client(booking, amount, deposit=desks.is_deposit(row.description))
    account = desk.by_rule(row.description) or desk.accounts.uncategorised(amount)
    return [ledger.Line(account, -amount, booking)]


def _through_clearing(
    desk: desks.Desk, row: BalanceTransaction, booking: Booking | None, others: Sequence[ledger.Line]
) -> tuple[ledger.Line, ...]:
    """Return a movement's postings: its gross and its fee each pass the clearing account, visibly."""
    clearing = desk.accounts.of(AccountRole.CLEARING)
    lines = [ledger.Line(clearing, row.amount_minor), *others] if row.amount_minor else []
    if row.fee_minor:
        fees = desk.accounts.coded(CARD_FEES)
        lines += [ledger.Line(fees, row.fee_minor, booking), ledger.Line(clearing, -row.fee_minor)]
    return tuple(lines)


def _payout_in(description: str) -> str:
    found = _PAYOUT.search(description)
    return found[0].casefold() if found else ""
