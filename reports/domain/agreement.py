"""Agreement: a figure of one metric, scope and period has one value in every report that stands at one date.

Asked of an edition before it goes out: it is set beside the newest print of every other report of its date. One that
says something else is held. It goes on by itself once the others, issued anew, say what it says; or a person lets it
go on. A report that is about to be issued anew is not asked: it is set beside this one when its own turn comes. And one
whose newer draft is held is asked for that draft too, so that reports held against each other's older editions go on
together as soon as each of them was run again.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from django.db.models import Max, Subquery
from django.db.models.functions import Coalesce

from reports.document import Document, Figure
from reports.domain import editions, prints
from reports.figures import write
from reports.metrics import REGISTRY
from reports.metrics.registry import PORTFOLIO
from reports.models import Edition, EditionPrint, HeldDraft, Run, RunState

# So many figures are named for each edition that disagrees; the others are counted.
NAMED = 3

# A figure's key to its value, None where it has none.
_Values = Mapping[str, int | None]
# An edition's id to the values of its print.
_remembered: ContextVar[dict[int, _Values] | None] = ContextVar("prints_remembered", default=None)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A figure that an edition to be and one that is out print otherwise; ``edition`` is without its document."""

    here: Figure
    there: Figure
    edition: Edition


def check(document: Document, run: Run) -> list[str]:
    """Return a sentence for each edition of the run's date that prints figures otherwise, with both figures in it."""
    found: dict[int, list[Disagreement]] = {}
    for entry in disagreements(figures=document.figures, run=run):
        found.setdefault(entry.edition.pk, []).append(entry)
    return [_sentence(document, entries) for entries in found.values()]


def disagreements(*, figures: Mapping[str, Figure], run: Run) -> list[Disagreement]:
    """Return the figures of registered metrics that other reports of the run's date print otherwise."""
    mine = {key: figure.value for key, figure in figures.items() if figure.metric in REGISTRY}
    theirs = _values_of(_others(run))
    differing = {pk: keys for pk, values in theirs.items() if (keys := _differing(mine, values))}
    rows = (
        EditionPrint.objects.filter(edition__in=differing)
        .select_related("edition__report", "edition__entity")
        .defer("edition__document", "findings", "actions")
        .order_by("edition__report__position", "edition_id")
    )
    found = []
    for row in rows:
        if any(not _differing(mine, draft) for draft in _drafts_after(row.edition)):
            continue
        for key in sorted(differing[row.edition_id]):
            there = prints.figure_of(key, prints.Kept(*row.figures[key]))
            found.append(Disagreement(figures[key], there, row.edition))
    return found


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Within the block, read what an edition prints once, however many are set beside it: no print ever changes."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def remember(*, edition: Edition, document: Document) -> None:
    """Spare those that come after it within a block of `remembered` the print of an edition that was just issued."""
    known = _remembered.get()
    if known is not None:
        known[edition.pk] = prints.values(document)


def _values_of(editions: Collection[int]) -> dict[int, _Values]:
    """Return the values of the prints of editions; an edition older than prints has none."""
    remembered = _remembered.get()
    known = {} if remembered is None else remembered
    if unread := [pk for pk in editions if pk not in known]:
        rows = EditionPrint.objects.filter(edition__in=unread).order_by()
        for pk, figures in rows.values_list("edition_id", "figures"):
            known[pk] = {key: prints.Kept(*row).value for key, row in figures.items()}
    return {pk: known[pk] for pk in editions if pk in known}


def _others(run: Run) -> list[int]:
    """Return the newest edition of every other report at the run's date, and of this report about something else.

    A report that is no longer active is not asked: nobody could issue it anew. Nor is one that is about to be.
    """
    # These first: one that is issued meanwhile has an edition newer than what this one is checked against.
    coming = Run.objects.filter(
        as_of=run.as_of,
        dry_run=False,
        state__in=[RunState.QUEUED, RunState.RUNNING],
        pk__gt=run.pk,
    )
    unasked = {(run.report_id, run.entity_id), *coming.values_list("report_id", "entity_id")}
    # Within a report, numbers grow with ids.
    newest = (
        Edition.objects.filter(as_of=run.as_of, report__active=True)
        .order_by()
        .values_list("report_id", "entity_id")
        .annotate(newest=Max("pk"))
    )
    return [pk for report_id, entity_id, pk in newest if (report_id, entity_id) not in unasked]


def _differing(mine: _Values, theirs: _Values) -> list[str]:
    return [key for key, value in theirs.items() if key in mine and mine[key] != value]


def _drafts_after(edition: Edition) -> Iterator[_Values]:
    """Yield what the held drafts say that would follow an edition at its date."""
    rows = HeldDraft.objects.filter(
        run__report=edition.report_id,
        **({"run__entity": edition.entity_id} if edition.entity_id else {"run__entity__isnull": True}),
        run__as_of=edition.as_of,
        run__state=RunState.HELD,
        run__pk__gt=Coalesce(Subquery(Run.objects.filter(edition=edition).values("pk")[:1]), 0),
    )
    for row in rows.order_by("-run_id"):
        if editions.digest(row.draft) != row.sha256:
            continue  # It is not as it was kept, and will not be issued.
        yield {
            key: figure["value"]
            for key, figure in row.draft["figures"].items()
            if figure["metric"] in REGISTRY
        }


def _sentence(document: Document, entries: list[Disagreement]) -> str:
    edition = entries[0].edition
    about = f", {edition.entity.name}" if edition.entity is not None else ""
    named = "; ".join(_pair(entry) for entry in entries[:NAMED])
    more = len(entries) - NAMED
    rest = f"; and {more} more {'figure' if more == 1 else 'figures'}" if more > 0 else ""
    return (
        f"Edition {document.number} of {document.head.title} would not agree with {edition}{about}, of the same date: "
        f"{named}{rest}. Issue {edition.report.title} anew, or approve this edition."
    )


def _pair(entry: Disagreement) -> str:
    here = entry.here
    scope = "" if here.scope == PORTFOLIO else f", {here.scope}"
    return f"{here.label}{scope}, {here.period}, is {_written(here)} here and {_written(entry.there)} there"


def _written(figure: Figure) -> str:
    return write(figure, cents=True)
