"""What a statement told before somebody recorded it: the bank's line becomes the deed's, and money is posted once.

Payments of clients, bills, tax paid on and crew pay are recorded by hand. Where the bank's line of it landed first, it
waits, or it is in the books against the uncategorised or the very account that the deed settles. Then its own entry is
reversed, the deed's entry stands in its place, and the line is that entry's. Whoever records the deed chooses the line,
or says that it is other money; nothing is guessed.
"""

import datetime as dt
from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from core import audit
from core.money import format_minor
from portfolio.domain import landing, ledger, periods, rules
from portfolio.domain.desk import BANK_KINDS
from portfolio.models import (
    AccountRole,
    BillPayment,
    Entity,
    EntrySource,
    ImportedLine,
    JournalEntry,
    Payment,
    Posting,
)

NEAR_DAYS = 14
OFFERED = 20


class ToldError(ledger.LedgerError):
    """A deed that a statement may have told of already, or a line that is no such; ``lines`` are those to choose from."""

    def __init__(self, message: str, lines: Collection[ImportedLine] = ()) -> None:
        """Keep the lines that may be chosen."""
        super().__init__(message)
        self.lines = tuple(lines)


def unexplained(*, entity: Entity, roles: Collection[AccountRole] = ()) -> QuerySet[ImportedLine]:
    """Return bank lines that nothing explains yet, newest first: they wait, or stand against the uncategorised.

    With ``roles``, also those that a rule sent straight to an account of such a role.
    """
    against = Posting.objects.filter(entry=OuterRef("entry"), amount_minor=-OuterRef("amount_minor"))
    nowhere = against.filter(account__role=AccountRole.UNCATEGORISED)
    by_rule = against.filter(account__role__in=roles, booking__isnull=True)
    return (
        ImportedLine.objects.filter(
            entity=entity,
            kind__in=BANK_KINDS,
            same_as__isnull=True,
            payout_id="",
            entry__payment__isnull=True,
        )
        .exclude(Exists(Payment.objects.filter(imported_line=OuterRef("pk"), void_on__isnull=True)))
        .exclude(Exists(BillPayment.objects.filter(imported_line=OuterRef("pk"), void_on__isnull=True)))
        .filter(
            Q(waits=True, entry__isnull=True)
            | Q(Exists(nowhere), entry__reversed_by__isnull=True)
            | Q(Exists(by_rule), entry__source=EntrySource.BANK, entry__reversed_by__isnull=True)
        )
        .select_related("entity", "account", "entry", "file")
        .order_by("-on", "-pk")
    )


def near(*, entity: Entity, amount_minor: int, on: dt.date, role: AccountRole) -> list[ImportedLine]:
    """Return the unexplained bank lines of an amount (below zero: money out) near a day; the nearest first."""
    reach = dt.timedelta(days=NEAR_DAYS)
    found = list(
        unexplained(entity=entity, roles=[role]).filter(
            amount_minor=amount_minor, on__range=(on - reach, on + reach)
        )[:OFFERED]
    )
    moved = rules.moved([line.entry_id for line in found if line.entry_id is not None])
    return sorted(
        (line for line in found if line.entry_id not in moved), key=lambda line: abs((line.on - on).days)
    )


def decided(
    *,
    entity: Entity,
    amount_minor: int,
    on: dt.date,
    role: AccountRole,
    line: ImportedLine | None,
    apart: bool,
) -> ImportedLine | None:
    """Return the bank's line of a deed, or None where no statement told of it; lock it. Call this before posting.

    ``apart`` says that the deed is other money than any line near it.

    Raises:
        ToldError: the line cannot be this deed's, or none was chosen and some may be.
    """
    landing.lock(entity)
    if line is None:
        lines = [] if apart else near(entity=entity, amount_minor=amount_minor, on=on, role=role)
        if lines:
            there = "; ".join(said(found) for found in lines[:3])
            raise ToldError(
                f"The bank’s statement has this amount near that day already: {there}. Choose its line, so that the "
                "money is posted once, or say that this is other money.",
                lines,
            )
        return None
    if line.entity_id != entity.pk or line.amount_minor != amount_minor:
        raise ToldError(
            f"The bank’s line is over {format_minor(abs(line.amount_minor), entity.currency)}; choose the line of this "
            "amount."
        )
    row = unexplained(entity=entity, roles=[role]).filter(pk=line.pk).first()
    if row is None:
        raise ToldError(
            "The bank’s line is in the books as something else, or gone from them; look at it again."
        )
    if row.entry_id is not None and rules.moved([row.entry_id]):
        raise ToldError("A rule has moved the bank’s line to another account; reverse that entry first.")
    return row


def stand_for(
    *, line: ImportedLine, entry: JournalEntry, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Let a deed's entry stand for the bank's line: what the line had posted is reversed.

    Raises:
        portfolio.domain.ledger.LedgerError: the reversal is refused.
    """
    before = line.entry
    if before is not None:
        closed = before.month in periods.closed_months(entity=line.entity)
        ledger.reverse(
            entry=before, on=max(before.on, entry.on) if closed else before.on,
            reason=f"It was {entry.memo}"[: ledger.REASON_LIMIT], by=by, at=at,
        )  # fmt: skip
    ImportedLine.objects.filter(Q(pk=line.pk) | Q(same_as=line.pk)).update(entry=entry, waits=False)
    ImportedLine.objects.filter(pk=line.pk).update(
        matched_at=at, matched_by=by.pk if by is not None else None
    )
    audit.record(
        action="portfolio:line:match", subject=line, by=by, at=at, entity=line.entity.slug,
        data={"entry": entry.pk, "instead_of": line.entry_id, "amount_minor": line.amount_minor},
    )  # fmt: skip


def said(line: ImportedLine) -> str:
    """Return a bank line in a few words."""
    return f"“{line.description[:60]}” of {line.on:%-d %B %Y}"
