"""What about money held for clients needs a person: each is a live query and clears itself when its cause is gone.

Reports read these through `portfolio.domain.queries` and make findings of them; the page of deferred revenue lists them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import models
from django.db.models import F, Min, Q, Sum, Value

from core import months
from core.money import format_minor
from portfolio.domain.held import HELD_ROLES
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    EntryState,
    Posting,
    ServedDeed,
    StripePayout,
    UnpostedDeed,
)

OLD_DEPOSIT_DAYS = 180
REFUND_DAYS = 14
# A service is looked at the day after; the office may be a day late with saying that it is done.
LATE_DAYS = 3


class Trouble(models.TextChoices):
    """What may be wrong, the worst first."""

    UNPOSTED = "unposted", "An event that the books could not take"
    NEGATIVE = "negative", "More went back than was held"
    COMPLETED = "completed", "Held for a completed booking"
    CANCELLED = "cancelled", "Held for a booking that was called off"
    REFUND = "refund", "A refund owed for too long"
    UNNAMED = "unnamed", "Held without a booking"
    LATE = "late", "Past its day and not completed"
    OLD = "old", "Held for very long"
    CLEARING = "clearing", "A payout that does not add up"


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One thing that needs a person; ``booking_id`` is None where no booking is named."""

    trouble: Trouble
    entity_id: int
    booking_id: int | None
    subject: str
    amount_minor: int
    sentence: str


@dataclass(slots=True)
class _Standing:
    """What is held and owed back for one booking, and since when."""

    entity_id: int
    currency: str
    booking_id: int
    reference: str
    stage: BookingStage
    held: int = 0
    due: int = 0
    held_since: dt.date | None = None
    due_since: dt.date | None = None

    def trouble(self, kind: Trouble, amount: int, sentence: str) -> Exceptional:
        """Return a trouble of this booking; ``{}`` in the sentence is the amount."""
        said = sentence.replace("{}", format_minor(amount, self.currency))
        return Exceptional(kind, self.entity_id, self.booking_id, self.reference, amount, said)


def exceptions(
    *, entity_ids: Collection[int], as_of: dt.date, old_days: int = OLD_DEPOSIT_DAYS
) -> tuple[Exceptional, ...]:
    """Return what needs a person on a day, the worst first; two queries."""
    standing, found = _standing(entity_ids, as_of)
    for row in standing:
        if row.held:
            found += _held(row, as_of, old_days)
        if row.due > 0 and row.due_since is not None and (as_of - row.due_since).days > REFUND_DAYS:
            found.append(
                row.trouble(
                    Trouble.REFUND,
                    row.due,
                    f"{{}} has been owed back since {_day(row.due_since)}. Refund it, or decide anew.",
                )
            )
    found += _others(entity_ids, as_of)
    order = list(Trouble)
    return tuple(sorted(found, key=lambda row: order.index(row.trouble)))


def _others(entity_ids: Collection[int], as_of: dt.date) -> Iterator[Exceptional]:
    """Yield what no balance tells, the oldest first: events unposted, days gone by, payouts that leave something; one query."""
    columns = ("trouble", "of_entity", "of_booking", "subject", "day", "amount", "word", "more")
    unposted = UnpostedDeed.objects.filter(booking__entity__in=entity_ids, on__lte=as_of).annotate(
        trouble=Value(Trouble.UNPOSTED.value), of_entity=F("booking__entity_id"), of_booking=F("booking_id"),
        subject=F("booking__reference"), day=F("on"), amount=Value(0, models.BigIntegerField()), word=F("deed"),
        more=F("refusal"),
    )  # fmt: skip
    late = Booking.objects.filter(
        entity__in=entity_ids, stage__in=[BookingStage.BOOKED, BookingStage.PAID],
        service_on__lt=as_of - dt.timedelta(days=LATE_DAYS),
    ).annotate(
        trouble=Value(Trouble.LATE.value), of_entity=F("entity_id"), of_booking=F("pk"), subject=F("reference"),
        day=F("service_on"), amount=Value(0, models.BigIntegerField()), word=F("stage"), more=Value(""),
    )  # fmt: skip
    left = (
        StripePayout.objects.filter(
            entity__in=entity_ids, arrives_on__lte=as_of, residual_minor__isnull=False
        )
        .exclude(residual_minor=0)
        .annotate(
            trouble=Value(Trouble.CLEARING.value), of_entity=F("entity_id"),
            of_booking=Value(None, models.BigIntegerField()), subject=F("payout_id"), day=F("arrives_on"),
            amount=F("residual_minor"), word=F("entity__currency"), more=Value(""),
        )
    )  # fmt: skip
    parts = [part.order_by().values_list(*columns) for part in (unposted, late, left)]
    for trouble, entity_id, booking_id, subject, day, amount, word, more in (
        parts[0].union(*parts[1:], all=True).order_by("day", "subject")
    ):
        if trouble == Trouble.UNPOSTED:
            said = f"Its event was {ServedDeed(word).label.lower()} on {_day(day)}. {more}"
        elif trouble == Trouble.LATE:
            stage = BookingStage(word).label.lower()
            said = f"It was to be served on {_day(day)} and is still {stage}. Complete it or cancel it."
        else:
            left_there = format_minor(amount, word)
            said = f"Payout {subject} of {_day(day)} leaves {left_there} in the clearing account."
        yield Exceptional(Trouble(trouble), entity_id, booking_id, subject, amount, said)


def _held(row: _Standing, as_of: dt.date, old_days: int) -> list[Exceptional]:
    if row.held < 0:
        return [
            row.trouble(
                Trouble.NEGATIVE,
                row.held,
                "{} is held: more went back to the client, or was earned, than came in. Look at its postings.",
            )
        ]
    if row.stage == BookingStage.COMPLETED:
        return [
            row.trouble(
                Trouble.COMPLETED,
                row.held,
                "{} is still held although it is completed. Refund what was paid beyond the price, or change the price.",
            )
        ]
    if row.stage in (BookingStage.CANCELLED, BookingStage.LOST):
        return [
            row.trouble(
                Trouble.CANCELLED,
                row.held,
                f"{{}} is still held although it is {row.stage.label.lower()}, and nobody decided what goes back.",
            )
        ]
    if row.held_since is not None and (as_of - row.held_since).days > old_days:
        return [
            row.trouble(
                Trouble.OLD,
                row.held,
                f"{{}} has been held since {_day(row.held_since)}. Ask the client, and give the service a date.",
            )
        ]
    return []


def _standing(entity_ids: Collection[int], as_of: dt.date) -> tuple[list[_Standing], list[Exceptional]]:
    """Return what is held and owed back by booking, and what is held without one; one query."""
    rows = (
        Posting.objects.filter(
            account__entity__in=entity_ids, account__role__in=[*HELD_ROLES, AccountRole.REFUNDS_DUE],
            # The month is the entry's, and keeps the search to these accounts: `posting_by_account_month` has it.
            month__lte=months.month_of(as_of), entry__state=EntryState.POSTED, entry__on__lte=as_of,
        )
        .order_by()
        .values_list(
            "account__entity_id", "account__entity__slug", "account__entity__currency", "booking_id",
            "booking__reference", "booking__stage", "account__role",
        )
        .annotate(total=Sum("amount_minor"), since=Min("entry__on", filter=Q(amount_minor__lt=0)))
    )  # fmt: skip
    found: dict[int, _Standing] = {}
    unnamed: dict[tuple[int, str, str], int] = defaultdict(int)
    for entity_id, slug, currency, booking_id, reference, stage, role, total, since in rows:
        if booking_id is None:
            if role != AccountRole.REFUNDS_DUE:
                unnamed[entity_id, slug, currency] -= total
            continue
        row = found.setdefault(
            booking_id, _Standing(entity_id, currency, booking_id, reference, BookingStage(stage))
        )
        if role == AccountRole.REFUNDS_DUE:
            row.due, row.due_since = row.due - total, since
        else:
            row.held -= total
            row.held_since = (
                min(filter(None, (since, row.held_since)), default=None) if total else row.held_since
            )
    return [found[pk] for pk in sorted(found)], [
        Exceptional(
            Trouble.UNNAMED, entity_id, None, slug, amount,
            f"{format_minor(amount, currency)} is held and names no booking. "
            "Find the entries among the postings, and post them anew with their bookings.",
        )
        for (entity_id, slug, currency), amount in sorted(unnamed.items())
        if amount
    ]  # fmt: skip


def _day(day: dt.date) -> str:
    return f"{day:%-d %b %Y}"
