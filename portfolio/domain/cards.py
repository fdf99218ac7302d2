"""Credit cards among an entity's loans: which accounts are one, and what a bill is paid from.

What a contractor is paid by card is reported by the card's processor, and stays off the form that the entity files.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core import audit
from portfolio.models import Account, AccountKind, AccountRole, BankAccount, Entity, Posting


class CardRefusedError(Exception):
    """An account that cannot be a card; the message is a sentence."""


def may_be(account: Account) -> bool:
    """Tell whether an account may be a credit card's: money that is owed to a lender."""
    return account.role == AccountRole.LOAN and account.kind == AccountKind.LIABILITY


def is_card(account: Account) -> bool:
    """Tell whether an account is a credit card's; one query."""
    return BankAccount.objects.filter(account=account, card=True).exists()


def say(*, account: Account, card: bool, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Say whether an account is a credit card's; saying the same again changes nothing.

    Raises:
        CardRefusedError: the account is no loan.
    """
    if card and not may_be(account):
        raise CardRefusedError(
            f"{account} is no loan; a credit card is a liability for loans. Add an account for it."
        )
    with transaction.atomic():
        if card:
            found, _ = BankAccount.objects.get_or_create(account=account)
        else:
            known = BankAccount.objects.filter(account=account).first()
            if known is None:
                return
            found = known
        if BankAccount.objects.filter(pk=found.pk, card=not card).update(card=card):
            audit.record(
                action="portfolio:bankaccount:card", subject=found, by=by, at=at, entity=account.entity.slug,
                data={"account": account.code, "card": card},
            )  # fmt: skip


def paying(*, entity: Entity) -> QuerySet[Account]:
    """Return the accounts in use that bills are paid from: the bank's first, then the cards."""
    return Account.objects.filter(
        Q(role=AccountRole.CASH) | Q(bank_account__card=True), entity=entity, active=True
    ).order_by("kind", "code")


def by_card() -> Exists:
    """Return whether the outer row's entry was paid by card."""
    return Exists(Posting.objects.filter(entry=OuterRef("entry"), account__bank_account__card=True))
