"""Bank accounts as banks know them: which account of the books one is, and what its statements said it held.

A bank's own account number is never kept: a keyed hash finds it again, and its last four characters are for people.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils.crypto import salted_hmac

from core import audit, clock, months
from core.money import format_minor
from portfolio.domain import periods
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    BankAccount,
    Entity,
    EntryState,
    ImportedLine,
    ImportFile,
    MonthlyBalance,
    Posting,
    StatementBalance,
)


class BankAccountError(Exception):
    """An account that cannot be said to be a bank's; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """A balance that a statement told, beside the books' at the end of that day."""

    balance: StatementBalance
    books_minor: int

    @property
    def differs_minor(self) -> int:
        """Return what the statement says more than the books."""
        return self.balance.balance_minor - self.books_minor


def number_hash(*, bank: str, number: str, secret: str | bytes | None = None) -> str:
    """Return what an account is known by: a keyed hash of bank and number, without spaces."""
    said = "\x1f".join("".join(part.split()).casefold() for part in (bank, number))
    return salted_hmac("portfolio.domain.bank_accounts", said, secret=secret, algorithm="sha256").hexdigest()


def last_four(number: str) -> str:
    """Return the part of a number that people may see."""
    return re.sub(r"[^0-9A-Za-z]", "", number)[-4:]


def find(*, bank: str, number: str) -> BankAccount | None:
    """Return the account of the books that a bank's account is, if anybody has said so."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    hashes = [number_hash(bank=bank, number=number, secret=secret) for secret in secrets]
    return (
        BankAccount.objects.filter(number_hash__in=hashes)
        .select_related("account", "account__entity")
        .first()
    )


def with_statements(*, entity: Entity) -> QuerySet[Account]:
    """Return the accounts of an entity that a bank may send statements of: cash, and cards among the loans."""
    return _of_banks(entity).filter(active=True)


def _of_banks(entity: Entity) -> QuerySet[Account]:
    return Account.objects.filter(
        Q(role=AccountRole.CASH) | Q(role=AccountRole.LOAN, kind=AccountKind.LIABILITY), entity=entity
    ).order_by("code")


def asked_at(*, entity: Entity, month: int) -> list[Account]:
    """Return the accounts of banks in use, and those put away since that held something at a month's end."""
    found = list(_of_banks(entity))
    last = months.last_day(month)
    away = books_at(moments=[(account.pk, last) for account in found if not account.active])
    return [account for account in found if account.active or away[account.pk, last]]


def cash_of(*, entity: Entity, month: int) -> dict[Account, int]:
    """Return the bank accounts that a month is reconciled by with what the books hold on each at its end.

    Those in use, and those put away that held something then.
    """
    found = list(Account.objects.filter(entity=entity, role=AccountRole.CASH).order_by("code"))
    last = months.last_day(month)
    books = books_at(moments=[(account.pk, last) for account in found])
    return {
        account: books[account.pk, last] for account in found if account.active or books[account.pk, last]
    }


def telling(*, entity: Entity) -> QuerySet[Account]:
    """Return the accounts of which a bank is known or a statement came: the ones a month's end asks a balance of."""
    return _of_banks(entity).filter(
        Exists(BankAccount.objects.filter(account=OuterRef("pk")))
        | Exists(StatementBalance.objects.filter(account=OuterRef("pk")))
        | Exists(ImportedLine.objects.filter(account=OuterRef("pk")))
    )


def remember(
    *,
    account: Account,
    institution: str,
    bank: str,
    number: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> BankAccount:
    """Note which account of the books a bank's account is; saying the same again changes nothing.

    Raises:
        BankAccountError: the bank's account is another account of the books, or this account another's at a bank.
    """
    known = find(bank=bank, number=number)
    if known is not None:
        if known.account_id != account.pk:
            raise BankAccountError(
                f"The account ending in {last_four(number)} is {known.account.code} of {known.account.entity.name} "
                "already; change that one in the admin first."
            )
        return known
    with transaction.atomic():
        found, made = BankAccount.objects.get_or_create(account=account)
        if found.number_hash:
            raise BankAccountError(
                f"{account.code} is the bank's account ending in {found.last_four} already; choose another account, "
                "or change it in the admin where the bank gave it a new number."
            )
        found.institution, found.last_four = institution[:80] or found.institution, last_four(number)
        found.number_hash = number_hash(bank=bank, number=number)
        found.save(update_fields=["institution", "last_four", "number_hash"])
        audit.record(
            action="portfolio:bankaccount:remember", subject=found, by=by, at=at, entity=account.entity.slug,
            data={"account": account.code, "last_four": found.last_four, "new": made},
        )  # fmt: skip
    return found


def note_balance(
    *,
    account: Account,
    on: dt.date,
    balance_minor: int,
    file: ImportFile | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> StatementBalance:
    """Keep what a statement says an account held at the end of a day; the newest word on a day stands.

    A file's word gives way to another file's alone, and what is known of a closed month to nobody's.

    Raises:
        BankAccountError: a person typed it, and the day is not over where the entity is, its month is closed, or the
            bank's own file says something else.
    """
    if file is None and clock.today(account.entity.zone, at=at) < on:
        raise BankAccountError(f"{on} has not come yet; type the balance of a day that is past.")
    month = months.month_of(on)
    with transaction.atomic():
        known = StatementBalance.objects.filter(account=account, on=on).first()
        if known is not None and known.balance_minor == balance_minor:
            return known
        closed = month in periods.closed_months(entity=account.entity)
        if file is None and closed:
            raise BankAccountError(
                f"{months.label(month)} is closed; reopen it before typing a balance of its statement."
            )
        if file is None and known is not None and known.file_id is not None:
            raise BankAccountError(
                f"The bank's own file says {format_minor(known.balance_minor, account.currency)} for {on}; "
                "bring a newer file in where that is wrong."
            )
        if known is not None and closed:
            return known
        noted, _ = StatementBalance.objects.update_or_create(
            account=account, on=on,
            defaults={"balance_minor": balance_minor, "file": file, "noted_at": at, "by_id": by.pk if by else None},
        )  # fmt: skip
        audit.record(
            action="portfolio:statementbalance:note", subject=noted, by=by, at=at, entity=account.entity.slug,
            data={
                "account": account.code, "on": on.isoformat(),
                "balance_minor": [known.balance_minor if known is not None else None, balance_minor],
            },
        )  # fmt: skip
    return noted


def asserted(*, accounts: list[Account], limit: int = 24) -> list[Asserted]:
    """Return the newest balances that statements told of some accounts, each beside the books, newest first."""
    told = StatementBalance.objects.filter(account__in=accounts)
    return _beside(told.select_related("account", "file", "by").order_by("-on", "account__code")[:limit])


def asserted_on(*, accounts: list[Account], on: dt.date) -> list[Asserted]:
    """Return the balances that statements told for the end of one day, each beside the books."""
    return _beside(StatementBalance.objects.filter(account__in=accounts, on=on).select_related("account"))


def newest_of(*, accounts: list[Account], by: dt.date) -> dict[int, Asserted]:
    """Return by account the newest balance that a statement told up to a day, beside the books of its own day.

    Where the two agree, that balance and what was posted since are what the books hold on the day that is asked about.
    """
    told = StatementBalance.objects.filter(account__in=accounts, on__lte=by)
    last = dict(told.order_by().values_list("account_id").annotate(last=Max("on")))
    asked = Q(pk=None)
    for account, on in last.items():
        asked |= Q(account=account, on=on)
    return {
        row.balance.account_id: row
        for row in _beside(StatementBalance.objects.filter(asked).select_related("account"))
    }


def told_by(*, file: ImportFile) -> list[Asserted]:
    """Return the balances that one file told, each beside the books."""
    return _beside(
        StatementBalance.objects.filter(file=file).select_related("account").order_by("account__code", "on")
    )


def compared(*, account: Account, on: dt.date, minor: int) -> Asserted:
    """Return a balance that somebody states, unsaved, beside the books."""
    stated = StatementBalance(account=account, on=on, balance_minor=minor)
    return Asserted(stated, books_at(moments=[(account.pk, on)])[account.pk, on])


def _beside(told: Iterable[StatementBalance]) -> list[Asserted]:
    rows = list(told)
    books = books_at(moments=[(row.account_id, row.on) for row in rows])
    return [Asserted(row, books[row.account_id, row.on]) for row in rows]


def books_at(*, moments: list[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], int]:
    """Return what the books hold on accounts at the end of days: whole months by their balances, then single days."""
    found = dict.fromkeys(moments, 0)
    if not moments:
        return found
    ids = {account for account, _ in moments}
    for account, month, debit, credit in MonthlyBalance.objects.filter(account__in=ids).values_list(
        "account_id", "month", "debit_minor", "credit_minor"
    ):
        for moment in found:
            if moment[0] == account and month < months.month_of(moment[1]):
                found[moment] += debit - credit
    asked = Q()
    for account, on in moments:
        asked |= Q(account=account, month=months.month_of(on))
    for account, on, moved in (
        Posting.objects.filter(asked, entry__state=EntryState.POSTED)
        .order_by()
        .values_list("account_id", "entry__on")
        .annotate(moved=Sum("amount_minor"))
    ):
        for moment in found:
            if moment[0] == account and on <= moment[1] and months.month_of(on) == months.month_of(moment[1]):
                found[moment] += moved
    return found
