"""Milestones of plans: promising one, moving its day, and saying that one without a check is done.

One with a live check is met when the records say so, which the reports ask; nobody ticks it.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q

from core import audit, months
from portfolio.models import Entity, MilestoneCheck, PlanMilestone, PlanName

TITLE_LIMIT, OWNER_LIMIT, SOURCE_LIMIT = 160, 120, 120


class MilestoneRefusedError(Exception):
    """A milestone that cannot be kept or moved; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised: ``check`` with ``threshold`` where the records can tell, in the check's own unit."""

    title: str
    due_on: dt.date
    owner: str = ""
    source: str = ""
    check: MilestoneCheck | None = None
    threshold: int | None = None
    horizon_days: int | None = None
    promised_on: dt.date | None = None


def add(
    *,
    plan: PlanName,
    promise: Promise,
    entity: Entity | None = None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> PlanMilestone:
    """Promise something by a day, behind what the plan has promised already.

    Raises:
        MilestoneRefusedError: the plan has it already, a word is missing or too long, or a check lacks its threshold.
    """
    title, owner, source = (
        _said(text, what, limit, needed=needed)
        for text, what, limit, needed in (
            (promise.title, "the title", TITLE_LIMIT, True),
            (promise.owner, "the owner", OWNER_LIMIT, False),
            (promise.source, "the source", SOURCE_LIMIT, True),
        )
    )
    _near(promise.due_on)
    if (promise.check is None) != (promise.threshold is None):
        raise MilestoneRefusedError(
            "A check needs the number it is held against, and a number needs a check."
        )
    rows = PlanMilestone.objects.filter(plan=plan, entity=entity)
    try:
        with transaction.atomic():
            last = rows.order_by("-position").values_list("position", flat=True).first() or 0
            made = PlanMilestone.objects.create(
                plan=plan,
                entity=entity,
                position=last + 1,
                title=title,
                horizon_days=promise.horizon_days,
                promised_on=promise.promised_on or promise.due_on,
                due_on=promise.due_on,
                owner=owner,
                check_name=promise.check or "",
                threshold=promise.threshold,
                source=source,
            )
            _record("add", made, by, at, due_on=promise.due_on.isoformat(), title=title)
    except IntegrityError as error:
        raise MilestoneRefusedError(f"The plan promises “{title}” already.") from error
    return made


def move(*, milestone: PlanMilestone, due_on: dt.date, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Give a milestone another day; what was first promised stays, and the days between are its slip.

    Raises:
        MilestoneRefusedError: it is done, or somebody moved it meanwhile.
    """
    _near(due_on)
    if due_on == milestone.due_on:
        return
    with transaction.atomic():
        if not PlanMilestone.objects.filter(
            pk=milestone.pk, due_on=milestone.due_on, done_on__isnull=True
        ).update(due_on=due_on):
            raise MilestoneRefusedError(
                "Somebody moved or finished this milestone meanwhile; look at it again."
            )
        _record("move", milestone, by, at, due_on=[milestone.due_on.isoformat(), due_on.isoformat()])
    milestone.due_on = due_on


def finish(
    *,
    milestone: PlanMilestone,
    on: dt.date | None,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Say on which day a milestone was done; None says that it is open again.

    Raises:
        MilestoneRefusedError: the records tell of it, the day lies ahead, or somebody said so meanwhile.
    """
    if milestone.check_name:
        raise MilestoneRefusedError("The records tell whether this milestone is met; nobody ticks it.")
    if on is not None and on > today:
        raise MilestoneRefusedError(f"{on:%-d %B %Y} has not come yet; give a day up to today.")
    with transaction.atomic():
        same = Q(done_on=milestone.done_on) if milestone.done_on else Q(done_on__isnull=True)
        if not PlanMilestone.objects.filter(same, pk=milestone.pk).update(done_on=on):
            raise MilestoneRefusedError(
                "Somebody said something else of this milestone meanwhile; look at it again."
            )
        _record("undone" if on is None else "done", milestone, by, at, on=on.isoformat() if on else "")
    milestone.done_on = on


def of_plan(*, plan: str, entity_ids: Collection[int]) -> tuple[PlanMilestone, ...]:
    """Return the milestones of a plan that are of these entities or of the whole portfolio, in order; one query."""
    return tuple(
        PlanMilestone.objects.filter(Q(entity__isnull=True) | Q(entity__in=entity_ids), plan=plan)
        .select_related("entity")
        .order_by("due_on", "position", "pk")
    )


def _said(text: str, what: str, limit: int, *, needed: bool) -> str:
    said = " ".join(text.split())
    if needed and not said:
        raise MilestoneRefusedError(f"Write down {what} of the milestone.")
    if len(said) > limit or (not said.isprintable() and said):
        raise MilestoneRefusedError(f"Keep {what} to {limit} characters, all of them printable.")
    return said


def _near(day: dt.date) -> None:
    if not months.is_near(day):
        raise MilestoneRefusedError("Give a day of the years 2000 to 2099.")


def _record(
    verb: str, milestone: PlanMilestone, by: AbstractBaseUser | None, at: dt.datetime, **data: object
) -> None:
    audit.record(
        action=f"portfolio:plan_milestone:{verb}",
        subject=milestone,
        by=by,
        at=at,
        entity=milestone.entity.slug if milestone.entity is not None else "",
        data={"plan": milestone.plan, **data},
    )
