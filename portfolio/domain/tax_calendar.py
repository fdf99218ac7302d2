"""When tax is due, to whom and how much: the periods of what is reported, and what is set aside in each.

What is known of an authority (how often, by which day) is a row with its source (`TaxFiling`), never a constant. Whether
a return was filed is not kept here; whether what was set aside was paid on is, by the ledger.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain.tax import TaxOwed, TaxRefusedError
from portfolio.models import Entity, TaxFiling, TaxKind, TaxPeriod

_LENGTH = {TaxPeriod.MONTH: 1, TaxPeriod.QUARTER: 3}


class Standing(StrEnum):
    """How a period stands on a day."""

    RUNNING = "running"
    DUE = "due"
    OVERDUE = "overdue"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Due:
    """One period of one tax: what is set aside in it, what of that is still owed, and by when it is paid on."""

    filing: TaxFiling
    first: int
    last: int
    due_on: dt.date
    set_aside_minor: int
    owed_minor: int
    standing: Standing

    @property
    def label(self) -> str:
        """Return the period: a month, or a quarter."""
        if self.first == self.last:
            return months.label(self.first)
        return f"Q{self.first % 12 // 3 + 1} {self.first // 12}"


def say_filing(
    *, entity: Entity, kind: TaxKind, jurisdiction: str, every: TaxPeriod, due_day: int, first_on: dt.date,
    source: str, by: AbstractBaseUser | None, at: dt.datetime,
) -> TaxFiling:  # fmt: skip
    """Write down to whom a kind of tax is reported, how often and by when; what was said before gives way.

    Raises:
        TaxRefusedError: the day is none of a month, or there is no authority or no source.
    """
    if not 1 <= due_day <= 31:
        raise TaxRefusedError("The day lies between 1 and 31; 31 is the last day of any month.")
    if not jurisdiction.strip() or not source.strip():
        raise TaxRefusedError("Say to whom it is paid, and where that and the day are from.")
    with transaction.atomic():
        filing, _ = TaxFiling.objects.update_or_create(
            entity=entity, kind=kind,
            defaults={
                "jurisdiction": jurisdiction.strip(), "every": every, "due_day": due_day, "first_on": first_on,
                "source": source.strip(),
            },
        )  # fmt: skip
        audit.record(
            action="portfolio:tax_filing:say", subject=filing, by=by, at=at, entity=entity.slug,
            data={"to": filing.jurisdiction, "every": str(every), "day": due_day, "from": first_on.isoformat(), "source": filing.source},
        )  # fmt: skip
    return filing


def calendar(*, entity: Entity, as_of: dt.date, owed: Sequence[TaxOwed]) -> list[Due]:
    """Return the periods that matter on a day, by the day they are due: what is owed, the last one, and the one that runs."""
    filings = TaxFiling.objects.filter(entity=entity)
    found = [due for filing in filings for due in periods(filing=filing, as_of=as_of, owed=owed)]
    return sorted(found, key=lambda due: (due.due_on, due.filing.kind))


def periods(*, filing: TaxFiling, as_of: dt.date, owed: Sequence[TaxOwed]) -> list[Due]:
    """Return the periods of one tax that matter on a day, the oldest first."""
    listed = [row for kind in owed if kind.kind == filing.kind for row in kind.months]
    length = _LENGTH[TaxPeriod(filing.every)]
    this = months.month_of(as_of) // length * length
    found = []
    begin = months.month_of(filing.first_on) // length * length
    for first in range(begin, max(begin, this) + 1, length):
        # What months before the first period left open is paid on with it.
        rows = [
            row for row in listed if row.month < first + length and (row.month >= first or first == begin)
        ]
        aside, left = sum(row.set_aside_minor for row in rows), sum(row.owed_minor for row in rows)
        due = _due(filing, first, length, as_of, aside, left)
        if due.standing != Standing.PAID or first >= this - length:
            found.append(due)
    return found


def _due(filing: TaxFiling, first: int, length: int, as_of: dt.date, aside: int, owed: int) -> Due:
    last = first + length - 1
    end = months.last_day(last + 1)
    due_on = end.replace(day=min(filing.due_day, end.day))
    if as_of <= months.last_day(last):
        standing = Standing.RUNNING
    elif owed > 0:
        standing = Standing.OVERDUE if due_on < as_of else Standing.DUE
    else:
        standing = Standing.PAID if due_on < as_of or aside > 0 else Standing.DUE
    return Due(filing, first, last, due_on, aside, owed, standing)


def without_filing(*, entity: Entity, owed: Sequence[TaxOwed]) -> list[str]:
    """Return the kinds of tax that are owed and of which nobody said when they are due."""
    said = set(TaxFiling.objects.filter(entity=entity).values_list("kind", flat=True))
    return [row.label for row in owed if row.owed_minor > 0 and row.kind not in said]
