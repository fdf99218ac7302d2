"""Payouts that the bank told of first, on a line that does not name them: the money is in the books, and posted once."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from portfolio.domain import ledger, periods, rules
from portfolio.domain.desk import BANK_KINDS, Desk
from portfolio.domain.landing import NewLine
from portfolio.models import AccountRole, EntrySource, ImportedLine, ImportKind, Posting

NEAR_DAYS = 5


def tie(desk: Desk, lines: Iterable[NewLine]) -> list[ledger.Draft]:
    """Give payouts the entry of a bank line of their amount and about their day; return what moves it to clearing.

    That is a line that a rule sent to clearing, or one that says Stripe and has no category yet, which is posted by whoever
    calls, behind their own entries. From then on the line is known by the payout's id.
    """
    clearing = desk.accounts.of(AccountRole.CLEARING)
    closed = periods.closed_months(entity=desk.entity)
    near = dt.timedelta(days=NEAR_DAYS)
    against = Posting.objects.filter(entry=OuterRef("entry"), amount_minor=-OuterRef("amount_minor"))
    cleared = against.filter(account=clearing)
    nowhere = against.filter(account__role=AccountRole.UNCATEGORISED)
    payouts = [line for line in lines if line.payout_id and line.entry_id is None and line.amount_minor < 0]
    if not payouts:
        return []
    days = [line.on for line in payouts]
    found = list(
        ImportedLine.objects.filter(
            Exists(cleared) | (Exists(nowhere) & Q(description__icontains="stripe")),
            ~Exists(ImportedLine.objects.filter(entry=OuterRef("entry"), kind=ImportKind.STRIPE)),
            entity=desk.entity,
            kind__in=BANK_KINDS,
            on__range=(min(days) - near, max(days) + near),
            amount_minor__gt=0,
            payout_id="",
            same_as__isnull=True,
            entry__source=EntrySource.BANK,
            entry__reversed_by__isnull=True,
        )
        .annotate(cleared=Exists(cleared))
        .select_related("entry")
        .order_by("on", "pk")
    )
    moved = rules.moved([row.entry_id for row in found if row.entry_id is not None])
    free = [row for row in found if row.entry_id not in moved]
    drafts = []
    for line in payouts:
        alike = [
            row for row in free if row.amount_minor == -line.amount_minor and abs(row.on - line.on) <= near
        ]
        if not alike:
            continue
        row = min(alike, key=lambda one: (abs((one.on - line.on).days), one.pk))
        free.remove(row)
        line.entry_id = row.entry_id
        ImportedLine.objects.filter(Q(pk=row.pk) | Q(same_as=row.pk)).update(payout_id=line.payout_id)
        if not row.cleared and row.entry is not None:
            on = row.entry.on if row.entry.month not in closed else line.on
            drafts.append(rules.moving(entry=row.entry, to=clearing, on=on))
    return drafts
