"""Bank statements on their way into the books, whatever format told of them: in batches, so that size costs no memory.

For each new line, in this order: a line that another format told of already is the same; one that names a payout is
Stripe's; one that is in the books already is tied to its entry or waits; any other is posted against the account that
a rule or its booking names, or the uncategorised.
"""

import datetime as dt
import itertools
import re
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from core import audit, months
from portfolio.domain import desk as desks
from portfolio.domain import held, landing, ledger, matching, periods, recognition
from portfolio.domain.desk import Desk
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.domain.receivables import payments
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    EntrySource,
    ImportedLine,
    ImportKind,
    JournalEntry,
)

BATCH = 2_000

_PAYOUT = re.compile(r"\bpo_[a-z0-9]{6,70}\b", re.ASCII | re.IGNORECASE)


class BankFile:
    """One file being landed: look at all its lines, lock what they name, take them account by account, then finish it.

    Looking comes first, so that a file that is refused is refused before anything of it is posted.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        kind: ImportKind,
        name: str,
        data: bytes,
        day_column: str,
        by: AbstractBaseUser | None,
        at: dt.datetime,
    ) -> None:
        """Write the file's row; what it brought is noted at the end. ``day_column`` is what holds the days."""
        self.day_column = day_column
        self.desk, self.kind, self.name, self.by, self.at = desk, kind, name, by, at
        self.file = landing.open_file(entity=desk.entity, kind=kind, name=name, data=data, by=by, at=at)
        self.read = self.new = self.matched = self.uncategorised = self.repeated = self.waiting = 0
        self.covers_to: dt.date | None = None
        self.opened_on = landing.opening_day(entity=desk.entity)
        self.closed = periods.closed_months(entity=desk.entity)
        self.named: set[int] = set()

    def look(self, *, bank: Account, lines: Iterable[NewLine]) -> None:
        """Read lines of one account to their end, and note the bookings that the new ones name.

        Raises:
            FormatError: a line contradicts what landed before, touches a closed month, or is of before the opening.
        """
        walk = iter(lines)
        while batch := list(itertools.islice(walk, BATCH)):
            fresh = landing.unseen(entity=self.desk.entity, kind=self.kind, lines=batch, name=self.name)
            new = [batch[n] for n in fresh]
            outside = [line for line in new if self._is_outside(line)]
            matching.tie_repeats(account=bank, kind=self.kind, lines=outside)
            self._refuse_outside(outside)
            found = (self.desk.named(line.description) for line in new)
            self.named.update(booking.pk for booking in found if booking is not None)

    def lock(self) -> None:
        """Lock the bookings that lines name: before the first entry, because who moves one holds it when they post."""
        if self.named:
            held.lock(self.named)

    def take(self, *, bank: Account, lines: Iterable[NewLine]) -> None:
        """Land lines of one account.

        Raises:
            FormatError: a line contradicts what landed before or touches a closed month.
            portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
        """
        walk = iter(lines)
        while batch := list(itertools.islice(walk, BATCH)):
            self._take(bank, batch)

    def finish(self) -> LandedFile:
        """Note what the file brought; once it is kept, lines that name an open invoice become its payment."""
        landing.close_file(
            file=self.file, entity=self.desk.entity, read=self.read, new=self.new, covers_to=self.covers_to,
            by=self.by, at=self.at,
        )  # fmt: skip
        # Afterwards, because invoices are locked before anything is posted, never after.
        transaction.on_commit(self._settle, robust=True)
        return LandedFile(
            self.file, self.read, self.new, self.matched, self.uncategorised, self.repeated, self.waiting
        )

    def _settle(self) -> None:
        payments.settle_landed(entity=self.desk.entity, by=self.by, at=self.at)

    def _take(self, bank: Account, lines: list[NewLine]) -> None:
        entity = self.desk.entity
        self.read += len(lines)
        latest = max(line.on for line in lines)
        self.covers_to = latest if self.covers_to is None else max(self.covers_to, latest)
        fresh = landing.unseen(entity=entity, kind=self.kind, lines=lines, name=self.name)
        new = [lines[n] for n in fresh]
        if not new:
            return
        self.new += len(new)
        for line in new:
            line.account_id = bank.pk
        self.repeated += matching.tie_repeats(account=bank, kind=self.kind, lines=new)
        self._refuse_outside([line for line in new if self._is_outside(line)])
        open_lines = [line for line in new if line.same_as_id is None]
        payouts = [line for line in open_lines if line.payout_id]
        self.matched += desks.match_payouts(self.desk, payouts, (ImportKind.STRIPE,), -1, self.name)
        self.waiting += len([line for line in payouts if line.waits])
        # A movement of nothing is a line of the file and no entry of the books.
        open_lines = [line for line in open_lines if line.entry_id is None and line.amount_minor]
        unnamed = [line for line in open_lines if not line.payout_id]
        matched, waiting = matching.tie_known(account=bank, lines=unnamed, at=self.at)
        self.matched += matched
        self.waiting += waiting
        self._post(bank, [line for line in open_lines if line.entry_id is None and not line.waits])
        landing.add_lines(file=self.file, lines=((entity, line) for line in new))

    def _is_outside(self, line: NewLine) -> bool:
        before = self.opened_on is not None and line.on < self.opened_on
        return before or months.month_of(line.on) in self.closed

    def _refuse_outside(self, outside: list[NewLine]) -> None:
        """Refuse lines of closed months, and of days before the opening balances, which hold their money already."""
        told = [line for line in outside if line.same_as_id is None]
        if told:
            landing.refuse_closed(entity=self.desk.entity, lines=told, name=self.name, column=self.day_column)
            landing.refuse_early(entity=self.desk.entity, lines=told, name=self.name, column=self.day_column)

    def _post(self, bank: Account, lines: list[NewLine]) -> None:
        desk = self.desk
        named = [desk.booking_in(line.description) for line in lines]
        desk.look_up_debts()
        drafts = []
        for line, booking in zip(lines, named, strict=True):
            line.booking_id = booking.pk if booking is not None else None
            others = counterpart(
                desk, bank=bank, description=line.description, amount_minor=line.amount_minor, booking=booking,
                payout=bool(line.payout_id),
            )  # fmt: skip
            self.uncategorised += others[0].account.role == AccountRole.UNCATEGORISED
            drafts.append(
                ledger.Draft(
                    on=line.on,
                    memo=line.description,
                    lines=(ledger.Line(bank, line.amount_minor), *others),
                    source=EntrySource.BANK,
                    external_id=line.external_id,
                    origin=landing.origin(self.name, line.line),
                )
            )
        if drafts:
            landing.post(
                entity=desk.entity, drafts=drafts, lines=lines, name=self.name, by=self.by, at=self.at
            )
        recognition.settle_paid(booking_ids=desk.touched)


def counterpart(
    desk: Desk, *, bank: Account, description: str, amount_minor: int, booking: Booking | None, payout: bool
) -> list[ledger.Line]:
    """Return what stands against a bank line: clearing, a rule's account, a client's debts, or the uncategorised."""
    if payout:
        return [ledger.Line(desk.accounts.of(AccountRole.CLEARING), -amount_minor)]
    account = desk.by_rule(description, amount_minor)
    if account is not None and account.pk == bank.pk:
        account = None
    if (
        account is None
        and booking is not None
        and (amount_minor > 0 or _is_refund(desk, booking, description, amount_minor))
    ):
        return desk.from_client(booking, amount_minor, deposit=desks.is_deposit(description))
    if account is None:
        account = desk.accounts.uncategorised(amount_minor)
    return [ledger.Line(account, -amount_minor, booking)]


def _is_refund(desk: Desk, booking: Booking, description: str, amount_minor: int) -> bool:
    """Tell whether a line out is what is owed back to a booking's client: to the cent, or by its words."""
    due = desk.due_back.get(booking.pk, 0)
    return due > 0 and (amount_minor == -due or "refund" in description.casefold())


def payout_in(description: str) -> str:
    """Return the id of the payout that a bank line names, in lower case, or nothing."""
    found = _PAYOUT.search(description)
    return found[0].casefold() if found else ""


def _free_id(line: ImportedLine) -> str:
    """Return the id of the next entry that a line makes: its own, or where that entry was reversed, one numbered."""
    made = set(
        JournalEntry.objects.filter(entity=line.entity_id, source=EntrySource.BANK)
        .filter(Q(external_id=line.external_id) | Q(external_id__startswith=f"again:{line.pk}:"))
        .values_list("external_id", flat=True)
    )
    return f"again:{line.pk}:{len(made)}" if made else line.external_id


def post_waiting(
    *, line: ImportedLine, account: Account | None, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    """Post a waiting line as an entry of its own, against ``account`` or as any new line is.

    Raises:
        portfolio.domain.matching.MatchError: the line waits no more, or the account is its own or another's.
        portfolio.domain.ledger.LedgerError: the month is closed, or the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(line.entity)
        desk = Desk(line.entity)
        bank = desk.accounts.by_id.get(line.account_id or 0)
        if bank is None or not line.waits or line.same_as_id is not None:
            raise matching.MatchError("Somebody has decided on this line already.")
        if account is not None and (account.entity_id != line.entity_id or account.pk == bank.pk):
            raise matching.MatchError(
                "Choose another account of the same books than the one the line stands on."
            )
        if account is not None:
            others = [ledger.Line(account, -line.amount_minor)]
        else:
            booking = desk.booking_in(line.description)
            held.lock(desk.touched)
            desk.look_up_debts()
            others = counterpart(
                desk, bank=bank, description=line.description, amount_minor=line.amount_minor, booking=booking,
                payout=False,
            )  # fmt: skip
        entry = ledger.post(
            entity=line.entity, on=line.on, memo=line.description,
            lines=(ledger.Line(bank, line.amount_minor), *others), source=EntrySource.BANK,
            external_id=_free_id(line),
            origin=landing.origin(line.file.name, line.line) if line.file is not None else "", by=by, at=at,
        )  # fmt: skip
        matching.settle(line=line, entry_id=entry.pk)
        recognition.settle_paid(booking_ids=desk.touched)
        audit.record(
            action="portfolio:line:post", subject=line, by=by, at=at, entity=line.entity.slug,
            data={"entry": entry.pk, "account": others[0].account.code},
        )  # fmt: skip
    return entry
