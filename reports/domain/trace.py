"""Explaining a figure of an edition: its formula and the rows or figures it comes from, checked again.

The rows are read as the edition saw them: postings up to the entries and the date it knew, records as it froze them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from core import months
from portfolio.domain import queries
from portfolio.models import Posting
from reports.document import (
    BooksHead,
    Definition,
    Document,
    Figure,
    FormulaTrace,
    PostingsTrace,
    RowsTrace,
    TraceRow,
    load,
)
from reports.metrics.operations import OPERATIONS, fold
from reports.models import Edition


class UnknownFigureError(LookupError):
    """The edition has no figure of that key."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with where it comes from. ``holds`` tells whether the parts give the figure when redone.

    ``count`` rows can be read page by page with `rows`; a formula has ``inputs`` instead. ``operation`` says in
    words how either give the figure, where it is not their sum.
    """

    figure: Figure
    definition: Definition | None
    count: int
    total: int | None
    holds: bool
    inputs: tuple[Figure, ...] = ()
    operation: str = ""
    books: tuple[BooksHead, ...] = ()

    def rows(self, start: int = 0, stop: int | None = None) -> list[TraceRow]:
        """Return the rows from ``start`` up to ``stop``, in the figure's own step and sign."""
        trace = self.figure.trace
        if isinstance(trace, RowsTrace):
            return list(trace.rows[start:stop])
        if isinstance(trace, FormulaTrace):
            return []
        return [
            TraceRow(
                label=f"{row.entry.memo} · {row.account.code} {row.account.name}",
                amount=trace.sign * row.amount_minor,
                ref=f"entry:{row.entry_id}",
                on=row.entry.on,
            )
            for row in _postings(trace, self.books)[start:stop]
        ]


def explain(edition: Edition, key: str) -> Explanation:
    """Explain one figure of an edition.

    Raises:
        UnknownFigureError: the edition has no such figure.
    """
    plain = edition.document
    known = plain["figures"]
    if key not in known:
        raise _unknown(key)
    # The figure with what its formula takes: to read everything else back takes most of the time a page has.
    near = {name: known[name] for name in (key, *known[key]["trace"].get("inputs", ()))}
    rest = dict.fromkeys(
        ("headline", "actions", "kpis", "sections", "findings", "decisions", "commentary"), ()
    )
    return explain_in(load(Document, {**plain, **rest, "figures": near}), key)


def explain_in(document: Document, key: str) -> Explanation:
    """Explain one figure of a document.

    Raises:
        UnknownFigureError: the document has no such figure.
    """
    figure = document.figures.get(key)
    if figure is None:
        raise _unknown(key)
    definition = next((row for row in document.definitions if row.metric == figure.metric), None)
    trace = figure.trace
    if isinstance(trace, FormulaTrace):
        inputs = tuple(document.figures[name] for name in trace.inputs)
        operation = OPERATIONS[trace.operation]
        result = (
            None
            if any(entry.value is None for entry in inputs)
            else operation(*(entry.value for entry in inputs if entry.value is not None))
        )
        words = _in_words(trace.operation)
        return Explanation(figure, definition, 0, result, result == figure.value, inputs, words)
    if isinstance(trace, PostingsTrace):
        rows = _postings(trace, document.books)
        total = trace.sign * queries.total(rows)
        return Explanation(
            figure, definition, rows.count(), total, total == figure.value, books=document.books
        )
    folded = fold(trace.fold, trace.rows)
    holds = figure.value is None or folded == figure.value
    return Explanation(
        figure,
        definition,
        len(trace.rows),
        folded if trace.rows else figure.value,
        holds,
        operation="" if trace.fold == "total" else _in_words(trace.fold),
    )


def filters(explained: Explanation) -> list[tuple[str, str]]:
    """Return in words which postings count towards a figure: a label and what it keeps; nothing for other traces."""
    trace = explained.figure.trace
    if not isinstance(trace, PostingsTrace):
        return []
    heads = explained.books
    wanted, slugs = set(trace.accounts), {head.entity_id: head.slug for head in heads}
    named = [
        f"{slugs[account.entity_id]} {account.code} {account.name}"
        for account in queries.accounts(entity_ids=slugs)
        if account.id in wanted
    ]
    first, last = months.label(trace.first_month), months.label(trace.end_month - 1)
    found = [
        ("Accounts", ", ".join(named) or "none"),
        ("Months", first if first == last else f"{first} to {last}"),
        ("Days", f"{f'from {trace.since:%-d %b %Y} ' if trace.since else ''}up to {trace.until:%-d %b %Y}"),
    ]
    if trace.cash_only:
        found.append(("Entries", "those that move cash; an inflow is positive"))
    else:
        found.append(("Sign", "debits positive" if trace.sign > 0 else "credits positive"))
    if trace.side:
        found.append(("Side", "debits only" if trace.side == "debit" else "credits only"))
    if trace.bookings is not None:
        number = len(trace.bookings)
        found.append(("Bookings", f"postings of {number} booking{'' if number == 1 else 's'}"))
    return [*found, ("Last entry", ", ".join(f"{head.slug} {head.number}" for head in heads) or "none")]


def _unknown(key: str) -> UnknownFigureError:
    return UnknownFigureError(f"This edition has no figure {key}.")


def _in_words(operation: str) -> str:
    words = (OPERATIONS[operation].__doc__ or "").split("\n")[0].removeprefix("Return ")
    return words[:1].upper() + words[1:]


def _postings(trace: PostingsTrace, books: Iterable[BooksHead]) -> "QuerySet[Posting]":
    return queries.postings(
        accounts=trace.accounts,
        first_month=trace.first_month,
        end_month=trace.end_month,
        until=trace.until,
        up_to={head.entity_id: head.number for head in books},
        cash_only=trace.cash_only,
        side=trace.side,
        bookings=trace.bookings,
        since=trace.since,
    )
