"""Work done for clients: time by the minute, and milestones. It can be changed until it stands on an invoice."""

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, months
from core.money import divide
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.formats import timesheet
from portfolio.formats.errors import FormatError, shown
from portfolio.models import ClientContract, Entity, Milestone, WorkEntry

DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of work; without a rate the contract's own holds."""

    on: dt.date
    minutes: int
    description: str
    who: str
    billable: bool = True
    rate_minor: int | None = None


def add(
    *,
    contract: ClientContract,
    stretch: Stretch,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> WorkEntry:
    """Write down time worked.

    Raises:
        RefusedError: the day is ahead, or it is no time that fits into a day.
    """
    _check(stretch, today)
    with transaction.atomic():
        entry = WorkEntry.objects.create(contract=contract, **asdict(stretch))
        _record("add", entry, contract, by, at, {"minutes": stretch.minutes, "on": stretch.on.isoformat()})
    return entry


def change(
    *, entry: WorkEntry, stretch: Stretch, today: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Change time that stands on no invoice yet.

    Raises:
        RefusedError: it stands on an invoice, the day is ahead, or it is no time that fits into a day.
    """
    _check(stretch, today)
    with transaction.atomic():
        if not WorkEntry.objects.filter(pk=entry.pk, invoice_line__isnull=True).update(**asdict(stretch)):
            raise _invoiced(entry)
        _record(
            "change", entry, entry.contract, by, at,
            {"minutes": [entry.minutes, stretch.minutes], "on": [entry.on.isoformat(), stretch.on.isoformat()]},
        )  # fmt: skip


def delete(*, entry: WorkEntry, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Remove time that stands on no invoice.

    Raises:
        RefusedError: it stands on an invoice, or is gone.
    """
    with transaction.atomic():
        _record(
            "delete", entry, entry.contract, by, at, {"minutes": entry.minutes, "on": entry.on.isoformat()}
        )
        if not WorkEntry.objects.filter(pk=entry.pk, invoice_line__isnull=True).delete()[0]:
            raise _invoiced(entry)


def add_milestone(
    *,
    contract: ClientContract,
    name: str,
    amount_minor: int,
    due_on: dt.date | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Milestone:
    """Write down an agreed result and its price.

    Raises:
        RefusedError: it is worth nothing, or the contract has one of that name.
    """
    if amount_minor <= 0:
        raise RefusedError("A milestone is worth something; write its price down.")
    try:
        with transaction.atomic():
            milestone = Milestone.objects.create(
                contract=contract, name=name, amount_minor=amount_minor, due_on=due_on
            )
            audit.record(
                action="portfolio:milestone:add", subject=milestone, at=at, by=by, entity=contract.entity.slug,
                data={"amount_minor": amount_minor},
            )  # fmt: skip
    except IntegrityError as error:
        raise RefusedError(
            f"{contract} has a milestone called {name} already; give this one another name."
        ) from error
    return milestone


def reach(
    *, milestone: Milestone, on: dt.date, today: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Say that a milestone is reached: from then on it can be invoiced.

    Raises:
        RefusedError: it was reached before, or the day is ahead.
    """
    if on > today:
        raise RefusedError(f"{on:%-d %B %Y} is ahead; a milestone is reached on a day that has come.")
    with transaction.atomic():
        if not Milestone.objects.filter(pk=milestone.pk, reached_on__isnull=True).update(reached_on=on):
            raise RefusedError(f"“{milestone}” is recorded as reached already.")
        audit.record(
            action="portfolio:milestone:reach", subject=milestone, at=at, by=by,
            entity=milestone.contract.entity.slug, data={"on": on.isoformat()},
        )  # fmt: skip


def land_time(
    *, entity: Entity, data: bytes, name: str, today: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> tuple[int, int]:
    """Bring in a time sheet whole or not at all; return how many rows it has and how many of them are new.

    A row that stands in the records already (same contract, day, minutes, person and words) adds nothing, so the same
    sheet, or one that overlaps, can be brought in again.

    Raises:
        FormatError: the sheet cannot be read, names an unknown client or contract, or a day ahead.
    """
    rows = timesheet.parse(data, name=name, currency=entity.currency)
    contracts: dict[tuple[str, str], ClientContract] = {}
    alone: dict[str, list[ClientContract]] = {}
    for contract in ClientContract.objects.filter(entity=entity).select_related("client"):
        contracts[contract.client.name.casefold(), contract.title.casefold()] = contract
        alone.setdefault(contract.client.name.casefold(), []).append(contract)
    with transaction.atomic():
        # One sheet at a time, so that two do not both find a row missing.
        list(Entity.objects.select_for_update(no_key=True).filter(pk=entity.pk).values_list("pk"))
        known = Counter(
            WorkEntry.objects.filter(contract__entity=entity).values_list(
                "contract_id", "on", "minutes", "who", "description"
            )
        )
        new = []
        for row in rows:
            client, title = row.client.casefold(), row.contract.casefold()
            found = contracts.get((client, title))
            if found is None and not title and len(alone.get(client, ())) == 1:
                found = alone[client][0]
            if found is None:
                column = "contract" if client in alone else "client"
                raise FormatError(
                    file=name, line=row.line, column=column,
                    reason=f"{shown(row.contract if client in alone else row.client)} is no {column} of {entity.name}",
                    fix=f"write the {column} down first, or correct the name",
                )  # fmt: skip
            if row.on > today:
                raise FormatError(
                    file=name, line=row.line, column="on", reason=f"{months.spelled(row.on)} is ahead", fix="time is written down after it was worked"
                )  # fmt: skip
            key = (found.pk, row.on, row.minutes, row.who, row.description)
            if known[key]:
                known[key] -= 1
                continue
            new.append(
                WorkEntry(
                    contract=found, on=row.on, minutes=row.minutes, who=row.who, description=row.description,
                    billable=row.billable, rate_minor=row.rate_minor,
                )
            )  # fmt: skip
        WorkEntry.objects.bulk_create(new, batch_size=500)
        audit.record(
            action="portfolio:work:land", subject=entity, at=at, by=by, entity=entity.slug,
            data={"name": name[-120:], "read": len(rows), "new": len(new)},
        )  # fmt: skip
    return len(rows), len(new)


def hours_milli(minutes: int) -> int:
    """Return minutes as thousandths of an hour, rounded half away from zero: what an invoice prints."""
    return divide(minutes * 1000, 60)


def worth(minutes: int, rate_minor: int) -> int:
    """Return what time is worth as an invoice would say it, in cents."""
    return divide(minutes * rate_minor, 60)


def _check(stretch: Stretch, today: dt.date) -> None:
    if not 0 < stretch.minutes <= DAY_MINUTES:
        raise RefusedError("Time is written down by the day: from one minute to 24 hours.")
    if stretch.on > today:
        raise RefusedError(f"{stretch.on:%-d %B %Y} is ahead; time is written down after it was worked.")


def _invoiced(entry: WorkEntry) -> RefusedError:
    line = WorkEntry.objects.select_related("invoice_line__invoice").filter(pk=entry.pk).first()
    if line is None or line.invoice_line is None:
        return RefusedError("This time is not there any more.")
    return RefusedError(
        f"This time stands on {line.invoice_line.invoice}; take it off the draft first, or credit the invoice."
    )


def _record(
    verb: str, entry: WorkEntry, contract: ClientContract, by: AbstractBaseUser | None, at: dt.datetime,
    data: dict[str, object],
) -> None:  # fmt: skip
    audit.record(
        action=f"portfolio:work:{verb}", subject=entry, at=at, by=by, entity=contract.entity.slug, data=data
    )
