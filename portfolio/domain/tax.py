"""Tax taken from guests on somebody else's behalf: set aside when revenue is earned, paid on later.

The price a guest pays includes it: of a price of 111.00 at 11 % the books earn 100.00 and set 11.00 aside. Which rate
is in force on the day of the service is a row with its source (`TaxRate`). Where a marketplace collects the tax itself,
nothing is set aside for bookings that come through it: the price it reports is without the tax.
"""

import datetime as dt
import itertools
from collections import defaultdict
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, Sum

from core import audit, clock, months
from core.money import divide, format_minor
from portfolio.domain import landing, ledger, taken_back, told
from portfolio.domain.accounts import Accounts
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    Entity,
    EntrySource,
    EntryState,
    ImportedLine,
    Invoice,
    JournalEntry,
    Posting,
    TaxKind,
    TaxRate,
)
from portfolio.models.account import CASH_ROLES

UNNAMED = "Not said which"
# What a rate applies to that is on no booking: invoices by contract or hand, to whose price it is added.
INVOICES = "invoice"


class TaxRefusedError(Exception):
    """A rate or a payment of tax that cannot stand as described; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class TaxMonth:
    """What one month's services set aside, how much of it was paid on (the oldest first), and what is still owed."""

    month: int
    set_aside_minor: int
    remitted_minor: int

    @property
    def owed_minor(self) -> int:
        """Return what is still to be paid on."""
        return self.set_aside_minor - self.remitted_minor


@dataclass(frozen=True, slots=True)
class TaxOwed:
    """One kind of tax: its months, the oldest first."""

    kind: str
    label: str
    months: tuple[TaxMonth, ...]
    set_aside_minor: int
    remitted_minor: int

    @property
    def owed_minor(self) -> int:
        """Return what is still to be paid on."""
        return self.set_aside_minor - self.remitted_minor

    @property
    def next_due(self) -> TaxMonth | None:
        """Return the oldest month that is not paid on whole."""
        return next((row for row in self.months if row.owed_minor > 0), None)

    @property
    def quarters(self) -> tuple[tuple[str, int, int], ...]:
        """Return (quarter, set aside, still owed) for authorities that want quarters."""
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for row in self.months:
            sums[row.month // 3][0] += row.set_aside_minor
            sums[row.month // 3][1] += row.owed_minor
        return tuple((f"Q{n % 4 + 1} {n // 4}", aside, open_) for n, (aside, open_) in sorted(sums.items()))


def rates(*, booking: Booking, on: dt.date) -> list[TaxRate]:
    """Return the rates that a booking's price includes on a day: the newest of each kind, but for what its channel collects."""
    newest: dict[str, TaxRate] = {}
    for rate in TaxRate.objects.filter(
        entity=booking.entity_id, applies_to__iexact=booking.kind, effective_on__lte=on
    ).order_by("kind", "-effective_on"):
        newest.setdefault(rate.kind, rate)
    elsewhere = booking.channel is not None and booking.channel.marketplace
    return [
        rate for rate in newest.values() if rate.rate_bp and not (elsewhere and rate.collected_by_channel)
    ]


def on_invoices(*, entity: Entity, on: dt.date) -> TaxRate | None:
    """Return the rate of sales tax that an entity's invoices without a booking bear on a day, or None where none is known."""
    known = TaxRate.objects.filter(
        entity=entity, kind=TaxKind.SALES, applies_to__iexact=INVOICES, effective_on__lte=on
    )
    return known.order_by("-effective_on").first()


def differs(*, invoice: Invoice, on: dt.date) -> str:
    """Return in a sentence that the lines of a draft bear another rate than the one in force, or nothing."""
    rate = None if invoice.booking_id is not None else on_invoices(entity=invoice.entity, on=on)
    if rate is None:
        return ""
    borne = sorted(set(invoice.lines.order_by().values_list("tax_bp", flat=True)))
    if borne == [rate.rate_bp]:
        return ""
    said = " and ".join(f"{bp / 100:g} %" for bp in borne)
    return f"Its lines bear {said}; {rate.rate_bp / 100:g} % is in force since {months.spelled(rate.effective_on)}: {rate.source}"


def set_aside(
    *, booking: Booking, gross_minor: int, on: dt.date, before_minor: int = 0, accounts: Accounts
) -> list[ledger.Line]:
    """Return the postings that set tax aside of an amount earned, included in it; below zero, that give it back.

    ``before_minor`` is what was earned before, so that the sum of many small amounts is taxed as one.

    Raises:
        portfolio.domain.accounts.MissingAccountError: a rate applies and the chart has no account for tax.
    """
    found = rates(booking=booking, on=booking.service_on or on)
    together = sum(rate.rate_bp for rate in found)
    lines = []
    for rate in found:
        after, before = (
            divide(amount * rate.rate_bp, 10_000 + together)
            for amount in (before_minor + gross_minor, before_minor)
        )
        if after != before:
            lines.append(
                ledger.Line(
                    accounts.of(AccountRole.TAX), before - after, booking, memo_of(TaxKind(rate.kind))
                )
            )
    return lines


def memo_of(kind: TaxKind) -> str:
    """Return what a posting for a kind of tax says; `owed` tells the kinds apart by it."""
    return kind.label


def add_rate(
    *, entity: Entity, kind: TaxKind, applies_to: str, rate_bp: int, effective_on: dt.date,
    collected_by_channel: bool, source: str, by: AbstractBaseUser | None, at: dt.datetime,
) -> TaxRate:  # fmt: skip
    """Write down a rate that is in force from a day on.

    Raises:
        TaxRefusedError: the rate is implausible, has no source, or one from that day stands already.
    """
    if not 0 <= rate_bp <= 5000:
        raise TaxRefusedError("A tax rate lies between 0 and 50 %; check the number.")
    if not source.strip():
        raise TaxRefusedError("Say where the rate is from: the law, the authority's page, or a letter.")
    with transaction.atomic():
        rate, made = TaxRate.objects.get_or_create(
            entity=entity, kind=kind, applies_to=applies_to, effective_on=effective_on,
            defaults={
                "rate_bp": rate_bp, "collected_by_channel": collected_by_channel, "source": source.strip(),
            },
        )  # fmt: skip
        if not made:
            raise TaxRefusedError(
                f"{kind.label} for {applies_to} from {months.spelled(effective_on)} is written down already, as {rate.rate_bp / 100:g} %."
            )
        audit.record(
            action="portfolio:tax_rate:add", subject=rate, by=by, at=at, entity=entity.slug,
            data={"rate_bp": rate_bp, "from": effective_on.isoformat(), "source": rate.source},
        )  # fmt: skip
    return rate


def owed(*, entity: Entity, as_of: dt.date) -> list[TaxOwed]:
    """Return by kind what was set aside and paid on up to a day; what was posted by hand without a kind stands last."""
    rows = Posting.objects.filter(
        account__entity=entity,
        account__role=AccountRole.TAX,
        entry__state=EntryState.POSTED,
        entry__on__lte=as_of,
    )
    paid_ids = set(
        Posting.objects.filter(
            entry__in=rows.filter(amount_minor__gt=0, entry__reverses__isnull=True)
            .order_by()
            .values("entry_id"),
            account__role__in=CASH_ROLES,
        ).values_list("entry_id", flat=True)
    )
    aside: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    paid: dict[str, int] = defaultdict(int)
    labels = {kind.label: kind.value for kind in TaxKind}
    listed = rows.values_list("entry_id", "entry__reverses", "month", "memo", "amount_minor")
    for entry_id, reverses, month, memo, amount in listed:
        kind = labels.get(memo, "")
        if (reverses or entry_id) in paid_ids:
            paid[kind] += amount
        else:
            aside[kind][month] -= amount
    order = [*TaxKind.values, ""]
    return [
        TaxOwed(
            kind,
            TaxKind(kind).label if kind else UNNAMED,
            _oldest_first(aside[kind], paid[kind]),
            sum(aside[kind].values()),
            paid[kind],
        )
        for kind in order
        if aside.get(kind) or paid.get(kind)
    ]


@dataclass(frozen=True, slots=True)
class Remittance:
    """Tax that was paid on, and whether that was undone."""

    entry: JournalEntry
    amount_minor: int
    undone_on: dt.date | None


def remittances(*, entity: Entity, as_of: dt.date) -> list[Remittance]:
    """Return what was paid on up to a day, the newest first; one query."""
    rows = (
        JournalEntry.objects.filter(
            entity=entity,
            source=EntrySource.TAX,
            state=EntryState.POSTED,
            on__lte=as_of,
            reverses__isnull=True,
        )
        .annotate(
            taken_back_on=F("reversed_by__on"),
            paid=Sum("postings__amount_minor", filter=Q(postings__account__role=AccountRole.TAX)),
        )
        .order_by("-on", "-pk")
    )
    return [Remittance(row, row.paid or 0, row.taken_back_on) for row in rows]


def undo(
    *,
    entry: JournalEntry,
    on: dt.date | None,
    came_back: bool = False,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Take back that tax was paid on: it is owed again.

    ``came_back`` says that the money did; otherwise the record was wrong, and the bank's line of it waits for a decision
    again. Without a day it is today, or the payment's own where the record was wrong and its month is open.

    Raises:
        TaxRefusedError: the entry is no payment of tax, or was undone before.
        portfolio.domain.taken_back.TakeBackRefusedError: a wrong record would stay in an open month.
        portfolio.domain.ledger.LedgerError: no reason, a day before the payment, or its month is closed.
    """
    with transaction.atomic():
        landing.lock(entry.entity)
        if entry.source != EntrySource.TAX or entry.reverses_id is not None:
            raise TaxRefusedError("This entry is no payment of tax; undo it where it was made.")
        if JournalEntry.objects.filter(reverses=entry).exists():
            raise TaxRefusedError("This payment was undone already.")
        day = taken_back.day(entry=entry, on=on, came_back=came_back, at=at)
        return taken_back.reverse(entry=entry, on=day, came_back=came_back, reason=reason, by=by, at=at)


def _oldest_first(aside: dict[int, int], paid: int) -> tuple[TaxMonth, ...]:
    """Return the months with what was paid on, which covers the oldest first; what a month gave back covers as much."""
    found = []
    paid += sum(-amount for amount in aside.values() if amount < 0)
    for month, amount in sorted(aside.items()):
        covered = amount if amount < 0 else min(max(paid, 0), amount)
        paid -= max(covered, 0)
        found.append(TaxMonth(month, amount, covered))
    return tuple(found)


def _open(entity: Entity, kind: TaxKind, on: dt.date) -> int:
    """Return what of a kind may be paid on on a day: what was owed then, and on each later day on which some was paid on."""
    later = Posting.objects.filter(
        account__entity=entity, account__role=AccountRole.TAX, entry__state=EntryState.POSTED,
        entry__on__gt=on, amount_minor__gt=0,
    )  # fmt: skip
    days = {on, *later.values_list("entry__on", flat=True)}
    return min(
        sum(row.owed_minor for row in owed(entity=entity, as_of=day) if row.kind == kind) for day in days
    )


def remit(
    *,
    entity: Entity,
    kind: TaxKind,
    amount_minor: int,
    on: dt.date,
    cash_account: Account,
    reference: str = "",
    line: ImportedLine | None = None,
    apart: bool = False,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Record that tax was paid on; the bank's line is matched to it when it lands. Pressed twice, it is recorded once.

    Recorded again after it was reversed, it is recorded anew. ``line`` is the bank's line where it landed first, whose
    entry this one replaces; ``apart`` says that it is other money than any line near it.

    Raises:
        portfolio.domain.told.ToldError: a statement told of it, and its line was not chosen, or cannot be.
        TaxRefusedError: the amount is not above zero, or more than is owed, the day is ahead, or the account holds no money.
        portfolio.domain.ledger.LedgerError: the month is closed, or an account is missing.
    """
    currency = entity.currency
    if amount_minor <= 0:
        raise TaxRefusedError("The amount paid on is above zero; type what went out.")
    if cash_account.entity_id != entity.pk or cash_account.role not in CASH_ROLES:
        raise TaxRefusedError(f"{cash_account} holds no money of {entity.name}; choose a bank account.")
    if on > clock.today(entity.zone, at=at):
        raise TaxRefusedError(f"{months.spelled(on)} is ahead; record it once it has gone out.")
    accounts = Accounts(entity)
    external_id = f"tax:{kind.value}:{on.isoformat()}:{amount_minor}:{reference}"[:150]
    with transaction.atomic():
        landing.lock(entity)
        recorded = JournalEntry.objects.filter(entity=entity, source=EntrySource.TAX)
        reversed_ids = set(
            recorded.filter(external_id__startswith=external_id, reversed_by__isnull=False).values_list(
                "external_id", flat=True
            )
        )
        numbered = (f"{external_id}:{n}" if n else external_id for n in itertools.count())
        external_id = next(free for free in numbered if free not in reversed_ids)
        again = recorded.filter(external_id=external_id).first()
        if again is not None:
            return again
        open_minor = _open(entity, kind, on)
        if amount_minor > open_minor:
            raise TaxRefusedError(
                f"{format_minor(max(open_minor, 0), currency)} of {kind.label.lower()} is owed on {months.spelled(on)} and was not paid on since; "
                f"{format_minor(amount_minor, currency)} is more than that."
            )
        line = told.decided(
            entity=entity, amount_minor=-amount_minor, on=on, role=AccountRole.TAX, line=line, apart=apart
        )
        if line is not None and line.account is not None:
            cash_account = line.account
        entry = ledger.post(
            entity=entity,
            on=on,
            memo=f"{kind.label} paid on{', ' + reference if reference else ''}"[:250],
            lines=[
                ledger.Line(accounts.of(AccountRole.TAX), amount_minor, None, memo_of(kind)),
                ledger.Line(cash_account, -amount_minor),
            ],
            source=EntrySource.TAX,
            external_id=external_id,
            by=by,
            at=at,
        )
        if line is not None:
            told.stand_for(line=line, entry=entry, by=by, at=at)
        return entry
