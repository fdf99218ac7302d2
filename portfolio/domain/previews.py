"""Trying a file before it is kept: the file is landed for real, looked at, and taken back.

So what a preview shows is what landing will do, including every refusal. What landing is, is `portfolio.domain.intake`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Sum

from portfolio.domain import bank_accounts, intake, journals
from portfolio.domain.bank_accounts import Asserted
from portfolio.domain.landing import LandedFile
from portfolio.domain.stripe import landing as stripe
from portfolio.models import Entity, ImportedLine, ImportKind, JournalEntry, Posting

LINES_SHOWN = 25

# The kinds of file that a person brings in from the portal; the others come with `manage.py`.
LANDERS: dict[str, Callable[..., LandedFile]] = {
    ImportKind.BANK_CSV: intake.land_bank,
    ImportKind.OFX: intake.land_ofx,
    ImportKind.STRIPE: stripe.land_file,
    ImportKind.JOURNAL: journals.land_journal,
}


@dataclass(frozen=True, slots=True)
class AccountEffect:
    """What a file would post to one account: how many postings, and their sum, debit positive."""

    account: str
    uncategorised: bool
    postings: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class LineEffect:
    """One new line of a file, and the accounts its money would go to besides the one it stands on."""

    line: int
    on: dt.date
    description: str
    amount_minor: int
    accounts: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What landing a file would do."""

    read: int
    known: int
    new: int
    posted: int
    matched: int
    uncategorised: int
    repeated: int
    waiting: int
    covers_to: dt.date | None
    balances: tuple[Asserted, ...]
    accounts: tuple[AccountEffect, ...]
    lines: tuple[LineEffect, ...]


def land_file(
    *,
    entity: Entity,
    kind: ImportKind,
    data: bytes,
    name: str,
    by: AbstractBaseUser,
    at: dt.datetime,
    **choices: Any,
) -> LandedFile:
    """Land a file of one of the kinds that the portal takes; ``choices`` are what its lander asks beside.

    Raises:
        portfolio.formats.errors.FormatError: the file is refused.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    return LANDERS[kind](entity=entity, data=data, name=name, by=by, at=at, **choices)


def preview_file(
    *,
    entity: Entity,
    kind: ImportKind,
    data: bytes,
    name: str,
    by: AbstractBaseUser,
    at: dt.datetime,
    **choices: Any,
) -> Preview:
    """Return what landing a file would do; nothing is kept.

    Raises:
        portfolio.formats.errors.FormatError: the file would be refused.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        before = JournalEntry.objects.aggregate(last=Max("pk"))["last"] or 0
        landed = land_file(entity=entity, kind=kind, data=data, name=name, by=by, at=at, **choices)
        found = _look(landed, before)
        transaction.set_rollback(True)
    return found


def _look(landed: LandedFile, before: int) -> Preview:
    """Return what landing did; entries up to ``before`` were in the books already and are none of the file's."""
    entries = landed.file.lines.filter(entry_id__gt=before).values("entry_id")
    postings = Posting.objects.filter(entry_id__in=entries)
    effects = (
        postings.order_by("account__code")
        .values("account__code", "account__name", "account__role")
        .annotate(postings=Count("pk"), amount=Sum("amount_minor"))
    )
    lines = list(landed.file.lines.order_by("line", "pk")[:LINES_SHOWN])
    return Preview(
        read=landed.read,
        known=landed.known,
        new=landed.new,
        posted=landed.posted,
        matched=landed.matched,
        uncategorised=landed.uncategorised,
        repeated=landed.repeated,
        waiting=landed.waiting,
        balances=tuple(bank_accounts.told_by(file=landed.file)),
        covers_to=landed.file.covers_to,
        accounts=tuple(
            AccountEffect(
                account=f"{row['account__code']} {row['account__name']}",
                uncategorised=row["account__role"] == "uncategorised",
                postings=row["postings"],
                amount_minor=row["amount"],
            )
            for row in effects
        ),
        lines=tuple(_lines(lines)),
    )


def _lines(lines: list[ImportedLine]) -> list[LineEffect]:
    others: dict[int, list[str]] = {}
    for entry, code, name in (
        Posting.objects.filter(entry_id__in=[line.entry_id for line in lines])
        .exclude(account__role__in=("cash", "clearing"))
        .order_by("entry_id", "id")
        .values_list("entry_id", "account__code", "account__name")
    ):
        others.setdefault(entry, []).append(f"{code} {name}")
    return [
        LineEffect(
            line=line.line,
            on=line.on,
            description=line.description,
            amount_minor=line.amount_minor,
            accounts=", ".join(dict.fromkeys(others.get(line.entry_id or 0, [])))
            or ("waits for a decision" if line.waits else "between bank and Stripe"),
        )
        for line in lines
    ]
