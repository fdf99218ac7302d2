"""What became of a campaign: how far it has come, and its results beside what the model said.

A rate has a share only where its base is not nothing, and what nobody can tell is None, never 0: the mailbox folder
reports no deliveries, and without a model there is no forecast. Who counts bookings registers with `register_income`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Count, Max, Q

from mail.domain import campaign_lists
from mail.models import Bounce, Campaign, Message, Reason, State, Suppression

# The shares of recipients at which SES looks at an account, and at which it stops it. Amazon's own figures.
COMPLAINTS_REVIEW, COMPLAINTS_PAUSE = Fraction(1, 1000), Fraction(5, 1000)
BOUNCES_REVIEW, BOUNCES_PAUSE = Fraction(5, 100), Fraction(10, 100)

# Takes a campaign's id and returns how many bookings came from it and what they bring, in cents of US dollars.
Counter = Callable[[int], tuple[int, int]]

_counters: list[Counter] = []


def register_income(counter: Counter) -> None:
    """Let an upper app say what a campaign brought in; called from ``AppConfig.ready()``."""
    if counter not in _counters:
        _counters.append(counter)


# A campaign's mail is never a draft: it is written when it is queued.
STATES = tuple(state for state in State if state not in (State.DRAFT, State.DISCARDED))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come, by state of its messages, and what its rule counts."""

    queued: int
    sending: int
    held: int
    sent: int
    failed: int
    in_doubt: int
    suppressed: int
    complaints: int
    hard_bounces: int
    last_sent_at: dt.datetime | None

    @property
    def to_mail(self) -> int:
        """How many of them are or were to be mailed."""
        return self.queued + self.sending + self.held + self.settled

    @property
    def settled(self) -> int:
        """How many have an end: sent, failed, or in doubt until a person or SES says."""
        return self.sent + self.failed + self.in_doubt


@dataclass(frozen=True, slots=True)
class Rate:
    """A count and the count it is a share of; None where nobody can tell."""

    count: int | None
    base: int | None

    @property
    def share(self) -> float | None:
        """Return the share, None where it is not defined."""
        return self.count / self.base if self.count is not None and self.base else None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where SES reviews and where it stops an account, in messages."""

    review: int
    pause: int


@dataclass(frozen=True, slots=True)
class Model:
    """What the model says the campaign brings, in cents; per recipient in cents and parts of them."""

    low_minor: int
    high_minor: int
    low_each_minor: Fraction | None
    high_each_minor: Fraction | None
    bookings_needed: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, in cents of US dollars."""

    bookings: int
    minor: int


@dataclass(frozen=True, slots=True)
class Results:
    """What became of a campaign. ``measured`` is false where its transport reports nothing about delivery."""

    recipients: int
    measured: bool
    sent: int
    suppressed: int
    delivered: Rate
    hard_bounces: Rate
    soft_bounces: Rate
    rejected: Rate
    complaints: Rate
    opened: Rate
    clicked: Rate
    unsubscribed: Rate
    model: Model | None
    income: Measured | None


def progress(*, campaign: Campaign) -> Progress:
    """Count a campaign's messages by state, and what its rule looks at; one query."""
    counts = Message.objects.filter(campaign=campaign).aggregate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in STATES},
        complaints=Count("complained_at"),
        hard_bounces=Count("pk", filter=Q(bounce=Bounce.HARD)),
        last_sent_at=Max("settled_at", filter=Q(state=State.SENT)),
    )
    return Progress(**counts)


def results(*, campaign: Campaign) -> Results:
    """Return what became of a campaign; two queries beside what a model and counters of income ask."""
    counts = Message.objects.filter(campaign=campaign).aggregate(
        recipients=Count("pk", filter=~Q(state=State.SUPPRESSED)),
        suppressed=Count("pk", filter=Q(state=State.SUPPRESSED)),
        sent=Count("pk", filter=Q(state=State.SENT)),
        told_of=Count("pk", filter=Q(state=State.SENT) & campaign_lists.TOLD_OF),
        delivered=Count("delivered_at"),
        hard=Count("pk", filter=Q(bounce=Bounce.HARD)),
        soft=Count("pk", filter=Q(bounce=Bounce.SOFT)),
        rejected=Count("rejected_at"),
        complaints=Count("complained_at"),
        opened=Count("opened_at"),
        clicked=Count("clicked_at"),
    )
    sent, delivered, told_of = counts["sent"], counts["delivered"], counts["told_of"]
    measured = bool(told_of or counts["complaints"])

    def rate(name: str, base: int) -> Rate:
        return Rate(counts[name], base) if measured else Rate(None, None)

    left = (
        Suppression.objects.filter(message__campaign=campaign, reason=Reason.UNSUBSCRIBED)
        .order_by()
        .aggregate(n=Count("address_key", distinct=True))["n"]
    )
    recipients = counts["recipients"]
    # The model is about everybody the campaign was meant for, those whose turn has not come, too.
    unwritten = campaign_lists.not_written(campaign) if campaign.model_low_minor is not None else 0
    return Results(
        recipients=recipients,
        measured=measured,
        sent=sent,
        suppressed=counts["suppressed"],
        delivered=rate("delivered", told_of),
        hard_bounces=rate("hard", told_of),
        soft_bounces=rate("soft", told_of),
        rejected=rate("rejected", told_of),
        complaints=rate("complaints", delivered or told_of),
        opened=rate("opened", delivered),
        clicked=rate("clicked", delivered),
        # Its own page counts this, whatever the transport.
        unsubscribed=Rate(left, sent),
        model=model(campaign, recipients + unwritten),
        income=income(campaign),
    )


def complaint_threshold(recipients: int) -> Threshold:
    """Return the complaints at which SES reviews and stops an account, were this all it sends; rounded up."""
    return Threshold(rounded_up(recipients * COMPLAINTS_REVIEW), rounded_up(recipients * COMPLAINTS_PAUSE))


def bounce_threshold(recipients: int) -> Threshold:
    """Return the hard bounces at which SES reviews and stops an account, were this all it sends; rounded up."""
    return Threshold(rounded_up(recipients * BOUNCES_REVIEW), rounded_up(recipients * BOUNCES_PAUSE))


def model(campaign: Campaign, recipients: int) -> Model | None:
    """Return what the model says, for so many recipients; None where there is no model."""
    low, high, booking = campaign.model_low_minor, campaign.model_high_minor, campaign.model_booking_minor
    if low is None or high is None:
        return None
    return Model(
        low_minor=low,
        high_minor=high,
        low_each_minor=Fraction(low, recipients) if recipients else None,
        high_each_minor=Fraction(high, recipients) if recipients else None,
        bookings_needed=rounded_up(Fraction(low, booking)) if booking else None,
    )


def income(campaign: Campaign) -> Measured | None:
    """Return what a campaign brought in as far as it was measured; None where nobody counts."""
    if not _counters:
        return None
    counted = [counter(campaign.pk) for counter in _counters]
    return Measured(sum(bookings for bookings, _ in counted), sum(minor for _, minor in counted))


def rounded_up(number: Fraction) -> int:
    """Return the next whole number."""
    return -(-number.numerator // number.denominator)
