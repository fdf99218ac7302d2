"""Changing a chart of accounts: adding, renaming, taking out of use and back. Nothing is deleted.

What an account is (its kind, role and currency) is said once; the database refuses to change it when it has postings.
"""

import datetime as dt
import re
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from core import audit
from core.money import format_minor
from portfolio.models import Account, AccountKind, AccountRole, Entity, MonthlyBalance

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,9}", re.ASCII)
NAME_LIMIT = 120

# What an account of each kind may be for.
ROLES = MappingProxyType(
    {
        AccountKind.ASSET: (
            AccountRole.CASH,
            AccountRole.CLEARING,
            AccountRole.RECEIVABLE,
            AccountRole.INTERCOMPANY,
            AccountRole.OTHER_ASSET,
            AccountRole.FIXED_ASSET,
        ),
        AccountKind.LIABILITY: (
            AccountRole.PAYABLE,
            AccountRole.INTERCOMPANY,
            AccountRole.DEFERRED,
            AccountRole.DEPOSITS_HELD,
            AccountRole.REFUNDS_DUE,
            AccountRole.CREW_PAY,
            AccountRole.ACCRUED,
            AccountRole.TAX,
            AccountRole.HELD_FOR_OTHERS,
            AccountRole.LOAN,
        ),
        AccountKind.EQUITY: (AccountRole.CAPITAL, AccountRole.DRAW),
        AccountKind.INCOME: (
            AccountRole.REVENUE,
            AccountRole.OTHER_INCOME,
            AccountRole.INTERCOMPANY,
            AccountRole.UNCATEGORISED,
        ),
        AccountKind.EXPENSE: (
            AccountRole.DIRECT_COST,
            AccountRole.FIXED_COST,
            AccountRole.INTEREST,
            AccountRole.DEPRECIATION,
            AccountRole.INCOME_TAX,
            AccountRole.INTERCOMPANY,
            AccountRole.UNCATEGORISED,
        ),
    }
)
_BALANCES = (AccountKind.ASSET, AccountKind.LIABILITY, AccountKind.EQUITY)


class AccountRefusedError(Exception):
    """A change that the chart refuses; ``field`` is where on a form it belongs, the message is a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        """Take the field and the sentence."""
        super().__init__(sentence)
        self.field = field


def add(
    *,
    entity: Entity,
    code: str,
    name: str,
    kind: AccountKind,
    role: AccountRole,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Account:
    """Add an account to an entity's chart, in its currency, and return it.

    Raises:
        AccountRefusedError: the code is taken or no code, the name is missing, or the role is none of that kind.
    """
    if not _CODE.fullmatch(code):
        raise AccountRefusedError(
            "code", "A code has up to ten letters, digits, points and hyphens, such as 6150."
        )
    name = _name(name)
    if role not in ROLES[kind]:
        roles = ", ".join(allowed.label for allowed in ROLES[kind])
        raise AccountRefusedError("role", f"An account of this kind is for one of: {roles}.")
    try:
        with transaction.atomic():
            account = Account.objects.create(
                entity=entity, code=code, name=name, kind=kind, role=role, currency=entity.currency
            )
            audit.record(
                action="portfolio:account:add",
                subject=account,
                by=by,
                at=at,
                entity=entity.slug,
                data={
                    "code": code,
                    "name": name,
                    "kind": kind.value,
                    "role": role.value,
                    "currency": entity.currency,
                },
            )
    except IntegrityError as error:
        if Account.objects.filter(entity=entity, code=code).exists():
            raise AccountRefusedError(
                "code", f"{entity.name} has an account {code} already; choose another code."
            ) from error
        raise
    return account


def rename(*, account: Account, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Give an account another name; repeating the call changes nothing.

    Raises:
        AccountRefusedError: the name is missing or too long.
    """
    name = _name(name)
    with transaction.atomic():
        if Account.objects.filter(pk=account.pk).exclude(name=name).update(name=name):
            audit.record(
                action="portfolio:account:rename",
                subject=account,
                by=by,
                at=at,
                entity=account.entity.slug,
                data={"from": account.name, "to": name},
            )


def set_active(*, account: Account, active: bool, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take an account out of use or back into it; repeating the call changes nothing.

    Raises:
        AccountRefusedError: it still holds something.
    """
    with transaction.atomic():
        held = held_minor(account) if not active and account.kind in _BALANCES else 0
        if held:
            raise AccountRefusedError(
                "active",
                f"{account} holds {format_minor(held, account.currency)}; move that to another account first.",
            )
        if Account.objects.filter(pk=account.pk, active=not active).update(active=active):
            audit.record(
                action="portfolio:account:use" if active else "portfolio:account:retire",
                subject=account,
                by=by,
                at=at,
                entity=account.entity.slug,
            )


def held_minor(account: Account) -> int:
    """Return what an account holds, debit positive."""
    told = MonthlyBalance.objects.filter(account=account).aggregate(
        held=Sum(F("debit_minor") - F("credit_minor"))
    )
    return told["held"] or 0


def chart(*, entity: Entity) -> list[tuple[Account, int]]:
    """Return an entity's accounts by code, each with what it holds, debit positive; two queries."""
    held = dict(
        MonthlyBalance.objects.filter(account__entity=entity)
        .order_by()
        .values_list("account_id")
        .annotate(held=Sum(F("debit_minor") - F("credit_minor")))
    )
    return [
        (account, held.get(account.pk, 0))
        for account in Account.objects.filter(entity=entity).order_by("code")
    ]


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT:
        raise AccountRefusedError("name", f"An account needs a name of up to {NAME_LIMIT} characters.")
    return name
