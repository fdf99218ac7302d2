"""Landing money: statements of banks, opening balances and what else is no family of its own become journal entries.

The walk: `portfolio.formats` reads bytes into rows, this file decides which accounts each row moves, and
`portfolio.domain.ledger` posts them. What landing any file has in common stands in `portfolio.domain.landing`, what
becomes of a bank's line in `portfolio.domain.bank_files`; Stripe's files land in `portfolio.domain.stripe`; the
exports that become records rather than entries (bookings, stays, plans) in `portfolio.domain.exports`.

A payout from the card processor to the bank stands in both files. Whichever lands first is posted; the other is
matched to it by the payout's id, never by its amount, and not posted again.
"""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from portfolio.domain import bank_accounts, column_maps, landing, ledger
from portfolio.domain import desk as desks
from portfolio.domain.accounts import Accounts
from portfolio.domain.bank_files import BankFile, payout_in
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.domain.payables import opening
from portfolio.formats import bank_csv, ofx, tables
from portfolio.formats.bank_csv import BankLine
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.ofx import OfxLine, OfxStatement
from portfolio.models import Account, AccountRole, ColumnMap, Entity, EntrySource, ImportKind, JournalEntry


class UnknownBankAccountError(FormatError):
    """An OFX file holds accounts that nobody has said yet which of the books' they are."""

    def __init__(self, name: str, statements: Sequence[OfxStatement]) -> None:
        """Name the first of them; the others stand in ``statements``."""
        self.statements = tuple(statements)
        endings = ", ".join(bank_accounts.last_four(statement.number) for statement in statements[:5])
        super().__init__(
            file=name,
            line=statements[0].line,
            column="ACCTID",
            reason=f"nobody has said yet which account of the books the one ending in {endings} is",
            fix="say so on the import page, or give its code with --account",
        )


def land_bank(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    account: Account | None = None,
    column_map: ColumnMap | None = None,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> LandedFile:
    """Land a bank statement (CSV) on a bank account, by default the entity's first, and post its new lines.

    The columns are those of ``column_map``, or of the saved map that the file's headings are known by, or what the
    headings say themselves. What becomes of each line is decided in `portfolio.domain.bank_files`.

    Raises:
        FormatError: the file cannot be read, contradicts what landed before, or touches a closed month.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(entity)
        if column_map is None:
            column_map = column_maps.known_again(entity=entity, data=data, name=name, account=account)
        desk = desks.Desk(entity)
        if account is None and column_map is not None:
            account = column_map.account
        bank = account if account is not None else desk.accounts.of(AccountRole.CASH)
        statement = bank_csv.open_statement(
            data, name=name, account=f"{entity.slug}:{bank.code}", currency=bank.currency, max_rows=max_rows,
            max_bytes=max_bytes, columns=column_maps.columns_of(column_map) if column_map is not None else None,
        )  # fmt: skip
        statement.check()
        file = BankFile(
            desk=desk,
            kind=ImportKind.BANK_CSV,
            name=name,
            data=data,
            day_column=statement.columns.date,
            by=by,
            at=at,
        )
        file.look(bank=bank, lines=map(_csv_line, statement.lines()))
        file.lock()
        file.take(bank=bank, lines=map(_csv_line, statement.lines()))
        for on, minor in statement.closings:
            bank_accounts.note_balance(account=bank, on=on, balance_minor=minor, file=file.file, by=by, at=at)
        return file.finish()


def land_ofx(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    account: Account | None = None,
    answers: Mapping[str, Account] | None = None,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> LandedFile:
    """Land an OFX or QFX file: the lines of each of its accounts, and the balances it states.

    Which account of the books one is was said once and is remembered; for others ``answers`` says it by
    `bank_accounts.number_hash`, or ``account`` where the file holds a single one that nobody has named yet. A line is
    known by the bank's own id; the same id with another day or amount refuses the file.

    Raises:
        UnknownBankAccountError: nobody has said yet which account of the books one of the file's is.
        FormatError: the file cannot be read, contradicts what landed before, or touches a closed month.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        landing.lock(entity)
        statements = ofx.parse(
            data, name=name, currency=account.currency if account is not None else entity.currency,
            max_rows=max_rows, max_bytes=max_bytes,
        )  # fmt: skip
        banks = _banks(entity, statements, name, account, answers or {}, by, at)
        file = BankFile(
            desk=desks.Desk(entity),
            kind=ImportKind.OFX,
            name=name,
            data=data,
            day_column="DTPOSTED",
            by=by,
            at=at,
        )
        told = list(zip(statements, banks, strict=True))
        for statement, bank in told:
            file.look(bank=bank, lines=_ofx_lines(statement, bank, name))
        file.lock()
        for statement, bank in told:
            file.take(bank=bank, lines=_ofx_lines(statement, bank, name))
            if statement.balance is not None:
                bank_accounts.note_balance(
                    account=bank, on=statement.balance.on, balance_minor=statement.balance.amount_minor,
                    file=file.file, by=by, at=at,
                )  # fmt: skip
        # A movement that the file tells twice, word for word, counts as read and is not new.
        file.read = sum(len(statement.lines) for statement in statements)
        return file.finish()


def land_opening(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> LandedFile:
    """Land opening balances: one entry for each entity, which must add up to zero.

    Raises:
        FormatError: the file cannot be read, names an unknown entity or account, does not balance, or tells of another
            day or other balances than an opening that stands in the books of an entity.
    """
    with transaction.atomic():
        rows = tables.parse_opening(data, name=name)
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        groups: dict[str, list[tables.OpeningRow]] = defaultdict(list)
        for row in rows:
            groups[row.entity].append(row)
        landing.lock(*entities.values())
        kept: list[tuple[Entity, NewLine]] = []
        for slug, group in groups.items():
            entity, accounts = entities[slug], Accounts(entities[slug])
            on = _one_day(entity, group, name)
            turn = _turn(entity, on)
            lines = [
                NewLine(row.line, f"{row.account}:{on}{turn}", on, row.amount_minor, f"Opening {row.account}",
                        (row.account, on.isoformat(), row.amount_minor))
                for row in group
            ]  # fmt: skip
            new = landing.unseen(entity=entity, kind=ImportKind.OPENING, lines=lines, name=name)
            if not new:
                continue
            landing.refuse_closed(entity=entity, lines=lines, name=name, column="on")
            try:
                opening.refuse_begun(entity=entity, on=on)
            except opening.OpeningError as error:
                raise FormatError(
                    file=name, line=group[0].line, column="on", reason=str(error).rstrip("."),
                    fix="nothing of this file was kept",
                ) from error  # fmt: skip
            postings = [
                ledger.Line(desks.account_coded(accounts, row.account, row.line, name), row.amount_minor)
                for row in group
            ]
            draft = ledger.Draft(
                on=on, memo="Opening balances", lines=postings, source=EntrySource.OPENING,
                external_id=f"opening:{on}{turn}", origin=landing.origin(name, group[0].line),
            )  # fmt: skip
            landing.post(entity=entity, drafts=[draft], lines=lines[:1], name=name, by=by, at=at)
            for line in lines:
                line.entry_id = lines[0].entry_id
            kept += [(entity, lines[n]) for n in new]
        return desks.kept_many(
            ImportKind.OPENING, name, data, len(rows), kept, max((r.on for r in rows), default=None), by, at
        )


def _turn(entity: Entity, on: dt.date) -> str:
    """Return what tells an opening from those of its day that were reversed, as `opening.post` does."""
    reversed_before = JournalEntry.objects.filter(
        entity=entity, source=EntrySource.OPENING, on=on, reversed_by__isnull=False
    ).count()
    return f":{reversed_before}" if reversed_before else ""


def _one_day(entity: Entity, rows: Sequence[tables.OpeningRow], name: str) -> dt.date:
    """Return the day of an entity's opening balances: its books begin once."""
    for row in rows:
        if row.on != rows[0].on:
            raise FormatError(
                file=name, line=row.line, column="on",
                reason=f"{row.on} is another day than {rows[0].on} on line {rows[0].line}",
                fix=f"give all opening balances of {entity.name} one day; its books begin once",
            )  # fmt: skip
    return rows[0].on


def _csv_line(row: BankLine) -> NewLine:
    return NewLine(
        line=row.line, external_id=row.external_id, on=row.on, amount_minor=row.amount_minor,
        description=row.description, body=(row.on.isoformat(), row.amount_minor, row.description),
        payout_id=payout_in(row.description), reference=row.reference,
    )  # fmt: skip


def _ofx_lines(statement: OfxStatement, bank: Account, name: str) -> Iterator[NewLine]:
    """Name the lines of one account: by the bank's id, or where it gives none by what they say, counted.

    A movement that the file tells twice, word for word, is one line.

    Raises:
        FormatError: two movements of one day and amount have one id and say different things.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    told: dict[str, OfxLine] = {}
    for row in statement.lines:
        said: tuple[object, ...] = (row.on.isoformat(), row.amount_minor)
        if row.fitid:
            known = row.fitid if len(row.fitid) <= 100 else hashlib.sha256(row.fitid.encode()).hexdigest()
            external_id = f"{bank.code}:{known}"
            twin = told.setdefault(external_id, row)
            if twin is not row and (twin.on, twin.amount_minor) == (row.on, row.amount_minor):
                if twin.description != row.description:
                    raise FormatError(
                        file=name, line=row.line, column="FITID",
                        reason=f"{shown(row.fitid)} is the id of line {twin.line} too, which says something else",
                        fix="ask the bank for the file again, or use its CSV",
                    )  # fmt: skip
                continue
        else:
            said = (*said, row.description)
            seen[said] += 1
            body = "\x1f".join(map(str, (*said, seen[said])))
            external_id = f"{bank.code}:told:{hashlib.sha256(body.encode()).hexdigest()[:40]}"
        yield NewLine(
            line=row.line, external_id=external_id, on=row.on, amount_minor=row.amount_minor,
            description=row.description, body=said, payout_id=payout_in(row.description), reference=row.reference,
        )  # fmt: skip


def _banks(
    entity: Entity,
    statements: Sequence[OfxStatement],
    name: str,
    account: Account | None,
    answers: Mapping[str, Account],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> list[Account]:
    """Return the account of the books for each statement, remembering what was answered."""
    banks, unknown = [], []
    for statement in statements:
        known = bank_accounts.find(bank=statement.bank, number=statement.number)
        chosen = known.account if known is not None else None
        if chosen is None:
            hashed = bank_accounts.number_hash(bank=statement.bank, number=statement.number)
            chosen = answers.get(hashed, account)
            if chosen is None:
                unknown.append(statement)
                continue
        if chosen.entity_id != entity.pk:
            raise _unlike(
                statement, name, f"is {chosen.code} of {chosen.entity.name}", "bring it into those books"
            )
        if chosen.currency != statement.currency:
            raise _unlike(
                statement, name, f"is kept in {statement.currency} and {chosen.code} in {chosen.currency}",
                "choose an account of that currency",
            )  # fmt: skip
        if known is None:
            try:
                bank_accounts.remember(
                    account=chosen, institution=statement.institution, bank=statement.bank,
                    number=statement.number, by=by, at=at,
                )  # fmt: skip
            except bank_accounts.BankAccountError as error:
                raise _unlike(statement, name, f"cannot be {chosen.code}", str(error).rstrip(".")) from error
        banks.append(chosen)
    if unknown:
        raise UnknownBankAccountError(name, unknown)
    return banks


def _unlike(statement: OfxStatement, name: str, reason: str, fix: str) -> FormatError:
    ending = bank_accounts.last_four(statement.number)
    return FormatError(
        file=name,
        line=statement.line,
        column="ACCTID",
        reason=f"the account ending in {ending} {reason}",
        fix=fix,
    )
