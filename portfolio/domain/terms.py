"""Cancellation terms: what goes back when a booking is called off, and the terms an entity offers.

Terms in use never change: new ones are added and the old retired, so that what a client agreed to stays as it was.
Deciding is arithmetic here (`decide`); `portfolio.domain.recognition` posts what was decided.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from core.money import share
from portfolio.domain.held import Money
from portfolio.models import Booking, CancellationTerms, Entity, TermsStep

MOST_STEPS = 10
LONGEST_DAYS = 3650


class TermsRefusedError(Exception):
    """Terms that cannot stand as described; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What calling a booking off on a day does to its money.

    ``back_minor`` goes back to the client, ``kept_minor`` is kept; ``always_minor`` is the part of what goes back that no
    terms touch: deposits beyond the agreed one, and what was paid beyond the price. ``unpaid_minor`` was billed and is
    not asked for any more.
    """

    terms: CancellationTerms
    step: TermsStep | None
    days: int
    back_minor: int
    kept_minor: int
    always_minor: int
    unpaid_minor: int

    @property
    def words(self) -> str:
        """Return by which step it was decided, inside a sentence."""
        when = (
            f"{-self.days} days after the service" if self.days < 0 else "on the day of the service"
            if self.days == 0 else f"{self.days} day{'' if self.days == 1 else 's'} before"
        )  # fmt: skip
        if self.step is None:
            return f"{when}, no step of “{self.terms}” reaches it: nothing paid goes back"
        return f"{when}, “{self.terms}” from {self.step.days_before} days: {self.step.refund_bp / 100:g} % goes back"


def step_for(*, steps: Sequence[TermsStep], days: int) -> TermsStep | None:
    """Return the step with the most days that still fits so many days before the service; None where none does."""
    fitting = [step for step in steps if step.days_before <= days]
    return max(fitting, key=lambda step: step.days_before, default=None)


def decide(*, booking: Booking, money: Money, on: dt.date) -> Decision | None:
    """Return what calling a booking off on a local day would do; None where it has no terms or no date of service.

    The terms decide on what was paid towards the price. A deposit counts as that up to the deposit that was agreed;
    what is held beyond it is a security, and always goes back, as does what was paid beyond the price.
    """
    if booking.terms is None or booking.service_on is None:
        return None
    days = (booking.service_on - on).days
    step = step_for(steps=list(booking.terms.steps.all()), days=days)
    unpaid = max(money.receivable, 0)
    towards = money.deferred + min(money.deposits, booking.deposit_minor) - unpaid
    security = max(money.deposits - booking.deposit_minor, 0)
    beyond = max(towards - booking.price_minor, 0) if booking.price_minor else 0
    at_stake = max(towards - beyond, 0)
    back = share(at_stake, step.refund_bp) if step is not None else 0
    return Decision(
        terms=booking.terms,
        step=step,
        days=days,
        back_minor=back + security + beyond,
        kept_minor=at_stake - back,
        always_minor=security + beyond,
        unpaid_minor=unpaid,
    )


def offered(*, entities: Sequence[Entity]) -> list[CancellationTerms]:
    """Return the terms that new bookings of these entities may have; one query."""
    return list(
        CancellationTerms.objects.filter(entity__in=entities, active=True)
        .select_related("entity")
        .order_by("entity__slug", "-standard", "name")
    )


def standard(*, entity: Entity) -> CancellationTerms | None:
    """Return the terms that a new booking of an entity has unless others are chosen."""
    return CancellationTerms.objects.filter(entity=entity, standard=True).first()


def add(
    *,
    entity: Entity,
    name: str,
    note: str,
    steps: Sequence[tuple[int, int]],
    make_standard: bool,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> CancellationTerms:
    """Write down terms with steps of (days before the service, basis points that go back).

    Raises:
        TermsRefusedError: the name is taken or empty, or the steps contradict themselves.
    """
    name = name.strip()
    if not name:
        raise TermsRefusedError("Give the terms a name; bookings show it.")
    _check_steps(steps)
    try:
        with transaction.atomic():
            if make_standard:
                CancellationTerms.objects.filter(entity=entity, standard=True).update(standard=False)
            made = CancellationTerms.objects.create(
                entity=entity, name=name, note=note.strip(), standard=make_standard
            )
            TermsStep.objects.bulk_create(
                TermsStep(terms=made, days_before=days, refund_bp=share_bp) for days, share_bp in steps
            )
            audit.record(
                action="portfolio:terms:add", subject=made, by=by, at=at, entity=entity.slug,
                data={"steps": [list(step) for step in steps], "standard": make_standard},
            )  # fmt: skip
    except IntegrityError as error:
        raise TermsRefusedError(
            f"{entity} has terms called “{name}” already; give these another name."
        ) from error
    return made


def retire(*, terms: CancellationTerms, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Offer terms no more; bookings that have them keep them.

    Raises:
        TermsRefusedError: they are retired already.
    """
    with transaction.atomic():
        if not CancellationTerms.objects.filter(pk=terms.pk, active=True).update(
            active=False, standard=False
        ):
            raise TermsRefusedError(f"“{terms}” is retired already.")
        audit.record(action="portfolio:terms:retire", subject=terms, by=by, at=at, entity=terms.entity.slug)


def make_standard(*, terms: CancellationTerms, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Let new bookings of the entity have these terms unless others are chosen.

    Raises:
        TermsRefusedError: they are retired.
    """
    with transaction.atomic():
        list(Entity.objects.select_for_update(no_key=True).filter(pk=terms.entity_id).values_list("pk"))
        CancellationTerms.objects.filter(entity=terms.entity_id, standard=True).exclude(pk=terms.pk).update(
            standard=False
        )
        if not CancellationTerms.objects.filter(pk=terms.pk, active=True).update(standard=True):
            raise TermsRefusedError(f"“{terms}” is retired; add terms that are offered.")
        audit.record(action="portfolio:terms:standard", subject=terms, by=by, at=at, entity=terms.entity.slug)


def _check_steps(steps: Sequence[tuple[int, int]]) -> None:
    if not 1 <= len(steps) <= MOST_STEPS:
        raise TermsRefusedError(
            f"Terms have one to {MOST_STEPS} steps; where nothing goes back, one of 0 days and 0 %."
        )
    if len({days for days, _ in steps}) < len(steps):
        raise TermsRefusedError("Two steps begin on the same day; keep one of them.")
    if any(not 0 <= days <= LONGEST_DAYS for days, _ in steps):
        raise TermsRefusedError(f"Days before the service lie between 0 and {LONGEST_DAYS:,}.")
    if any(not 0 <= share_bp <= 10_000 for _, share_bp in steps):
        raise TermsRefusedError("What goes back lies between 0 and 100 %.")
    shares = [share_bp for _, share_bp in sorted(steps)]
    if shares != sorted(shares):
        raise TermsRefusedError("Nobody gets more back for calling off later; check the steps.")
