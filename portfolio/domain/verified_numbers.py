"""Checking that every number of a series that was given out stands on one document; part of `verify_books`.

The trail says which invoices and credit notes were issued; each is there with its number. Beside that, no number is missing
between the first document of a series and the last number it gave out, but for what another program's invoices used up.
"""

import bisect
from collections.abc import Iterator

from django.db.models import Model

from core.models import AuditEvent
from portfolio.models import CreditNote, Entity, Invoice, NumberSeries, SeriesKind

_ISSUED: tuple[tuple[str, str, type[Model]], ...] = (
    ("portfolio:invoice:issue", "The invoice", Invoice),
    ("portfolio:credit_note:issue", "The credit note", CreditNote),
)
_NAMED = 5


def verify_numbers() -> list[str]:
    """Return a sentence for each issued document that is gone or renumbered, and for the numbers that no document bears."""
    return [*_gone(), *_gaps()]


def _gone() -> Iterator[str]:
    names = dict(Entity.objects.values_list("slug", "name"))
    for action, what, model in _ISSUED:
        rows = model._default_manager.filter(number__isnull=False)
        there = {str(pk): reference for pk, reference in rows.values_list("pk", "reference")}
        for pk, slug, label, data in (
            AuditEvent.objects.filter(action=action)
            .order_by("pk")
            .values_list("subject_id", "entity_slug", "subject_label", "data")
        ):
            said = data.get("reference") or label
            if pk not in there:
                yield f"{what} {said} of {names.get(slug, slug)} was issued, and is gone or has lost its number."
            elif "reference" in data and there[pk] != said:
                yield f"{what} {said} of {names.get(slug, slug)} was issued under that number, and is {there[pk]} now."


def _gaps() -> Iterator[str]:
    for series in NumberSeries.objects.select_related("entity").order_by("entity_id", "kind"):
        own, landed = _numbers(series)
        name = f"{series.get_kind_display()} of {series.entity.name}"
        if not own:
            continue
        if max(own) > series.last:
            yield f"{name} go up to {max(own)}, and the series to {series.last}."
        known = own | {number for number in landed if number <= series.last}
        missing = [number for number in range(min(own), series.last + 1) if number not in known]
        # What another program's numbers leapt over was never given out here.
        above = sorted(known)
        missing = [
            number for number in missing if (after := _next(above, number)) is None or after not in landed
        ]
        if missing:
            words = ", ".join(f"{series.prefix}{number}" for number in missing[:_NAMED])
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            yield f"{name} lack the numbers {words}{more}: the series gave them out, and no document bears them."


def _numbers(series: NumberSeries) -> tuple[set[int], set[int]]:
    """Return the numbers that documents took of a series, and those that landed invoices bear under its prefix."""
    if series.kind == SeriesKind.CREDIT_NOTE:
        return set(CreditNote.objects.filter(entity=series.entity).values_list("number", flat=True)), set()
    own: set[int] = set()
    landed: set[int] = set()
    for number, reference in Invoice.objects.filter(entity=series.entity).values_list("number", "reference"):
        tail = reference.removeprefix(series.prefix)
        if number is not None:
            own.add(number)
        elif reference.startswith(series.prefix) and tail.isascii() and tail.isdigit() and len(tail) <= 9:
            landed.add(int(tail))
    return own, landed


def _next(ordered: list[int], number: int) -> int | None:
    place = bisect.bisect_right(ordered, number)
    return ordered[place] if place < len(ordered) else None
