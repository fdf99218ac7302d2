"""Template items over past events: how long each takes, and how often it is held, late or out of limits."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from crew.models import ChecklistItem, EventState, ItemState


@dataclass(frozen=True, slots=True)
class Compared:
    """One template item over the events it was worked on. Shares are of ``count``, from 0 to 1."""

    pk: int
    text: str
    checklist: str
    count: int
    minutes: float | None
    held: float
    late: float
    missed: float
    left: float

    @property
    def trouble(self) -> float:
        """Return what sorts the list: how often something was wrong with it."""
        return self.missed + self.held + self.late + self.left


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to; None is everything. Days are those of departure, local to its port, both inclusive."""

    entity_ids: Collection[int] | None = None
    checklist: int | None = None
    first: dt.date | None = None
    last: dt.date | None = None


def compare(*, asked: Asked) -> list[Compared]:
    """Return template items over completed events, the most troublesome first; two queries.

    ``minutes`` is the median from first claim to completion. The database picks the middle rows of each item, so that
    years of events need not be read.
    """
    items = _worked(asked)
    medians = _medians(items)
    found = (
        items.order_by()
        .values("template_id", "template__text", "template__checklist__name")
        .annotate(
            count=Count("pk"),
            held=Count("pk", filter=Q(hold_count__gt=0)),
            late=Count("pk", filter=Q(completed_at__gt=F("due_at"))),
            missed=Count("pk", filter=Q(missed_limits=True)),
            left=Count("pk", filter=~Q(state=ItemState.COMPLETED)),
        )
    )
    rows = [_compared(row, medians.get(row["template_id"])) for row in found]
    return sorted(rows, key=lambda row: (-row.trouble, -(row.minutes or 0), row.text, row.pk))


def _worked(asked: Asked) -> QuerySet[ChecklistItem]:
    items = ChecklistItem.objects.filter(event__state=EventState.COMPLETED, template__isnull=False)
    if asked.entity_ids is not None:
        items = items.filter(event__entity__in=asked.entity_ids)
    if asked.checklist is not None:
        items = items.filter(template__checklist=asked.checklist)
    if asked.first is not None:
        items = items.filter(event__departs_on__gte=asked.first)
    if asked.last is not None:
        items = items.filter(event__departs_on__lte=asked.last)
    return items


def _medians(items: QuerySet[ChecklistItem]) -> dict[int, float]:
    """Return the median minutes by template item: the middle row of each, or the mean of the middle two."""
    took = ExpressionWrapper(F("completed_at") - F("first_claimed_at"), output_field=DurationField())
    ranked = (
        items.filter(completed_at__isnull=False, first_claimed_at__isnull=False)
        .order_by()
        .annotate(
            took=took,
            rank=Window(RowNumber(), partition_by=F("template_id"), order_by=took.asc()),
            of=Window(Count("pk"), partition_by=F("template_id")),
        )
        .annotate(twice=F("rank") * 2)
        .filter(twice__gte=F("of"), twice__lte=F("of") + 2)
        .values_list("template_id", "took")
    )
    middle: dict[int, list[float]] = {}
    for pk, span in ranked:
        middle.setdefault(pk, []).append(span.total_seconds() / 60)
    return {pk: sum(minutes) / len(minutes) for pk, minutes in middle.items()}


def _compared(row: Mapping[str, Any], minutes: float | None) -> Compared:
    count = row["count"]
    return Compared(
        pk=row["template_id"],
        text=row["template__text"],
        checklist=row["template__checklist__name"],
        count=count,
        minutes=minutes,
        held=row["held"] / count,
        late=row["late"] / count,
        missed=row["missed"] / count,
        left=row["left"] / count,
    )
