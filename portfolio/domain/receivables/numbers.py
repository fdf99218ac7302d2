"""Numbers without gaps: a document takes the next number of its series in the transaction that issues it.

The series' row is locked by the UPDATE that takes the number, until that transaction ends: two at once get two numbers,
and a number taken by a transaction that fails was never taken.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F

from portfolio.models import Entity, Invoice, NumberSeries, SeriesKind

# How far ahead of a series a landed number may be for the series to go on after it.
LEAP = 1_000


def take(*, entity: Entity, kind: SeriesKind) -> tuple[int, str]:
    """Take the next number of a series; return it and the reference that is printed. Call it inside the transaction."""
    series = open_series(entity=entity, kind=kind)
    NumberSeries.objects.filter(pk=series.pk).update(last=F("last") + 1)
    series.refresh_from_db()
    while kind == SeriesKind.INVOICE and _is_taken(series):
        NumberSeries.objects.filter(pk=series.pk).update(last=F("last") + 1)
        series.refresh_from_db()
    return series.last, f"{series.prefix}{series.last}"


def open_series(*, entity: Entity, kind: SeriesKind, prefix: str = "", last: int = 0) -> NumberSeries:
    """Return an entity's series, opened with a prefix after a last number where there is none yet.

    Without a prefix it begins with the entity's short name, and after the highest number that invoices of other
    programs bear under it.
    """
    found = NumberSeries.objects.filter(entity=entity, kind=kind).first()
    if found is not None:
        return found
    chosen = prefix or f"{entity.slug.upper()[:6]}-{'CN-' if kind == SeriesKind.CREDIT_NOTE else ''}"
    if kind == SeriesKind.INVOICE:
        landed = Invoice.objects.filter(entity=entity, reference__startswith=chosen)
        last = _reached(last, _numbers(chosen, landed.values_list("reference", flat=True)))
    try:
        with transaction.atomic():
            return NumberSeries.objects.create(entity=entity, kind=kind, prefix=chosen, last=last)
    except IntegrityError:
        return NumberSeries.objects.get(entity=entity, kind=kind)


def pass_landed(*, entity: Entity, references: list[str]) -> None:
    """Let the series go on after numbers that invoices of another program have used up.

    A number far ahead is a slip or another counting, and the series does not leap to it; once it gets there, `take` steps
    over it.
    """
    series = NumberSeries.objects.filter(entity=entity, kind=SeriesKind.INVOICE).first()
    if series is None:
        return
    highest = _reached(series.last, _numbers(series.prefix, references))
    NumberSeries.objects.filter(pk=series.pk, last__lt=highest).update(last=highest)


def _reached(last: int, landed: list[int]) -> int:
    """Return how far landed numbers carry a series; those after a gap that no series has do not."""
    for number in sorted(landed):
        if not last or number <= last + LEAP:
            last = max(last, number)
    return last


def _is_taken(series: NumberSeries) -> bool:
    reference = f"{series.prefix}{series.last}"
    return Invoice.objects.filter(entity=series.entity_id, reference=reference).exists()


def _numbers(prefix: str, references: Iterable[str]) -> list[int]:
    found = []
    for reference in references:
        tail = reference.removeprefix(prefix)
        if reference.startswith(prefix) and tail.isascii() and tail.isdigit() and len(tail) <= 9:
            found.append(int(tail))
    return found
