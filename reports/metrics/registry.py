"""The metric registry: each metric defined once, and the desk that works figures out for one report.

A metric is a function of (desk, scope, month). It answers with what the desk offers: `Desk.postings`,
`Desk.rows`, `Desk.formula` or `Desk.absent`; the desk names, keeps and returns the figure, so that a metric
asked for twice, by any lens, is the same figure.
"""

import datetime as dt
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core import months
from portfolio.domain.queries import AccountFact
from reports.document import (
    Badge,
    Definition,
    Figure,
    FormulaTrace,
    PostingsTrace,
    RowsTrace,
    Trace,
    TraceRow,
    Unit,
)
from reports.metrics.facts import Facts
from reports.metrics.operations import OPERATIONS, fold


@dataclass(frozen=True, slots=True)
class Scope:
    """The entities a figure is about, and the short name that goes into its key."""

    slug: str
    label: str
    ids: tuple[int, ...]

    @property
    def alone(self) -> bool:
        """Tell whether it is one entity, whose sisters are customers and vendors like any other."""
        return len(self.ids) == 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a metric function returns: a value or the reason there is none, and its trace."""

    value: int | None
    trace: Trace
    badge: Badge = Badge.UNRECONCILED
    missing: str = ""


WorkOut = Callable[["Desk", Scope, int], Answer]
Daily = Callable[["Desk", Scope, dt.date, dt.date], Answer]


class Better(enum.StrEnum):
    """Which way the reader would have a figure go."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"


class Aggregate(enum.StrEnum):
    """How the values of days or months make one of a longer time: the name of the operation over them."""

    SUM = "total"
    MEAN = "mean"
    MIN = "minimum"
    MAX = "maximum"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's definition. ``monthly`` metrics belong to a month, others to the as-of date.

    ``daily`` works it out over any run of days (`Desk.between`), where its records tell the day. One ``against_whole``
    sets its scope against the whole report, and is another figure in a report on less than the portfolio.
    """

    key: str
    name: str
    unit: Unit
    formula: str
    source: str
    monthly: bool
    work_out: WorkOut
    better: Better
    aggregate: Aggregate
    daily: Daily | None
    against_whole: bool = False


REGISTRY: dict[str, Metric] = {}
PORTFOLIO = "the portfolio"
# What keys call the whole portfolio.
WHOLE = "portfolio"

_UNIT_NAMES = {
    Unit.MONEY: "money",
    Unit.COUNT: "count",
    Unit.PERCENT: "percent",
    Unit.POINTS: "percentage points",
    Unit.MONTHS: "months",
    Unit.DAYS: "days",
    Unit.NIGHTS: "nights",
    Unit.RATIO: "ratio",
    Unit.SCORE: "score",
    Unit.MINUTES: "minutes",
    Unit.MILES: "nautical miles",
    Unit.GIGABYTES: "gigabytes",
    Unit.MILLIS: "milliseconds",
    Unit.INDEX: "points from −100 to 100",
}


def metric(
    key: str,
    *,
    name: str,
    unit: Unit,
    formula: str,
    source: str,
    monthly: bool = True,
    better: Better = Better.NEITHER,
    aggregate: Aggregate = Aggregate.SUM,
    daily: Daily | None = None,
    against_whole: bool = False,
) -> Callable[[WorkOut], WorkOut]:
    """Register a metric under its key.

    Raises:
        ValueError: the key is taken; a metric is defined once.
    """

    def register(work_out: WorkOut) -> WorkOut:
        if key in REGISTRY:
            raise ValueError(f"The metric {key} is defined twice.")
        REGISTRY[key] = Metric(
            key, name, unit, formula, source, monthly, work_out, better, aggregate, daily, against_whole
        )
        return work_out

    return register


class Desk:
    """Works out the figures of one report and keeps every one of them, inputs too."""

    def __init__(
        self, facts: Facts, *, month: int, currency: str = "USD", kinds: tuple[str, ...] = ()
    ) -> None:
        """Take the records and the report's own month (the last whole month, as a rule).

        ``kinds`` keeps a report to entities of these kinds; the others' records stay in the facts, which several
        reports may share.
        """
        self.facts = facts
        self.month = month
        self.currency = currency
        self.figures: dict[str, Figure] = {}
        self.entities = tuple(entity for entity in facts.entities if not kinds or entity.kind in kinds)
        self._scopes = {
            entity.slug: Scope(entity.slug, entity.name, (entity.id,)) for entity in self.entities
        }
        ids = tuple(entity.id for entity in self.entities)
        # A report on one entity names its figures as every other report names that entity's. One on some kinds never
        # takes the portfolio's name, for its totals are others.
        self.all = (
            next(iter(self._scopes.values()))
            if len(self._scopes) == 1
            else Scope("+".join(kinds), f"{' and '.join(kinds)} entities", ids)
            if kinds
            else Scope(WHOLE, PORTFOLIO, ids)
        )

    @property
    def as_of(self) -> dt.date:
        """The last date counted."""
        return self.facts.as_of

    def scope(self, slug: str) -> Scope | None:
        """Return one entity's scope, or None where the report does not hold it."""
        return self._scopes.get(slug)

    def scopes(self) -> tuple[Scope, ...]:
        """Return each entity's scope."""
        return tuple(self._scopes.values())

    def kind(self, kind: str) -> Scope | None:
        """Return the scope of all entities of a kind, or None where there is none."""
        found = [entity for entity in self.entities if entity.kind == kind]
        if not found:
            return None
        if len(found) == 1:
            return self._scopes[found[0].slug]
        return Scope(kind, f"{kind} entities", tuple(entity.id for entity in found))

    def get(self, key: str, scope: Scope | None = None, month: int | None = None) -> Figure:
        """Return a metric's figure for a scope (the whole report by default) and month (the report's own)."""
        definition = REGISTRY[key]
        scope = scope or self.all
        month = self.month if month is None else month
        period = months.iso(month) if definition.monthly else self.as_of.isoformat()
        whole = f".of.{self.all.slug}" if definition.against_whole and self.all.slug != WHOLE else ""
        name = f"{key}.{scope.slug}{whole}.{period}"
        if name not in self.figures:
            label = months.label(month) if definition.monthly else f"{self.as_of:%-d %b %Y}"
            self._name(name, definition, definition.work_out(self, scope, month), scope, label)
        return self.figures[name]

    def between(self, key: str, scope: Scope | None, first: dt.date, last: dt.date) -> Figure:
        """Return a metric's figure over a run of days, both counted.

        Raises:
            ValueError: the metric's records do not tell the day.
        """
        definition = REGISTRY[key]
        if definition.daily is None:
            raise ValueError(f"The metric {key} is not known by the day.")
        scope = scope or self.all
        name = f"{key}.{scope.slug}.{first}_{last}"
        if name not in self.figures:
            label = f"{first:%-d %b} to {last:%-d %b %Y}"
            self._name(name, definition, definition.daily(self, scope, first, last), scope, label)
        return self.figures[name]

    def _name(self, name: str, definition: Metric, answer: Answer, scope: Scope, period: str) -> None:
        self.figures[name] = Figure(
            key=name,
            metric=definition.key,
            label=definition.name,
            unit=definition.unit,
            value=answer.value,
            badge=answer.badge,
            trace=answer.trace,
            scope=scope.label,
            period=period,
            missing=answer.missing,
            currency=self.currency,
        )

    def keep(self, figure: Figure) -> Figure:
        """Keep a figure a lens made itself (a change, a column total) and return it."""
        return self.figures.setdefault(figure.key, figure)

    def own(
        self, key: str, label: str, unit: Unit, answer: Answer, *, scope: str = "", period: str = ""
    ) -> Figure:
        """Keep an answer as a figure a lens needs for itself (a row of a table, a column's total)."""
        return self.keep(
            Figure(
                key=key,
                metric="own",
                label=label,
                unit=unit,
                value=answer.value,
                badge=answer.badge,
                trace=answer.trace,
                scope=scope,
                period=period,
                missing=answer.missing,
                currency=self.currency,
            )
        )

    def total(self, key: str, label: str, parts: Iterable[Figure]) -> Figure:
        """Return the sum of figures of one unit as a figure of its own; those without a value count nothing."""
        kept = tuple(part for part in parts if part.value is not None)
        answer = self.formula("total", *kept) if kept else self.rows(())
        return self.own(key, label, kept[0].unit if kept else Unit.MONEY, answer)

    def change(self, now: Figure, before: Figure, *, on: str = "") -> Figure:
        """Return the relative change between two figures, or their difference where they are percentages.

        ``on`` says what it is a change on, such as the week before, where a figure is compared with more than one.
        """
        points = now.unit is Unit.PERCENT
        answer = self.formula("difference" if points else "change", now, before)
        if answer.value is None:
            answer = replace(answer, missing="n/a")
        return self.own(
            f"change.{on.replace(' ', '-')}.{now.key}" if on else f"change.{now.key}",
            f"Change in {now.label.lower()}{f' on the {on}' if on else ''}",
            Unit.POINTS if points else Unit.PERCENT,
            answer,
            scope=now.scope,
            period=now.period,
        )

    # What metric functions answer with.

    def is_reconciled(self, scope: Scope, month: int) -> bool:
        """Tell whether every entity of the scope that has entries in a month has reconciled it, and there is one."""
        return self.facts.is_reconciled(scope.ids, month)

    def badge_of(self, scope: Scope, month: int, *, first: int | None = None) -> Badge:
        """Return how far a figure of a month's records can be trusted, or of all months from ``first`` up to it."""
        done = self.is_reconciled(scope, month) and all(
            self.is_reconciled(scope, earlier)
            for earlier in range(month if first is None else first, month)
            if not self.facts.active[earlier].isdisjoint(scope.ids)
        )
        return Badge.MEASURED if done else Badge.UNRECONCILED

    def begun_in(self, scope: Scope) -> int | None:
        """Return the month of the scope's first entry up to the as-of date, or None where its books are empty."""
        firsts = self.facts.first_months
        return min((firsts[entity] for entity in scope.ids if entity in firsts), default=None)

    def flows_since(self, scope: Scope) -> dt.date | None:
        """Return from which day on the scope's books say what moved: opening balances stand, and move nothing.

        None where its books are empty.
        """
        return self.facts.flows_since(scope.ids)

    def postings(
        self,
        scope: Scope,
        roles: Iterable[str],
        *,
        first: int | None = None,
        last: int,
        sign: int = 1,
        cash: bool = False,
        side: str = "",
        sisters: Iterable[str] = (),
    ) -> Answer:
        """Answer with the movement of the accounts of some roles over whole months, from balances.

        ``first`` None counts from the beginning of the books: a balance, which the last month's statement vouches
        for. A movement of several months is measured when each of them that has entries is reconciled. Before the
        scope's first entry there is no figure, nor a movement before the month after its opening balances. ``sign`` −1 makes credits positive; ``cash`` takes the cash those
        accounts explain, an inflow being positive whatever the sign of the accounts. ``sisters`` are the kinds of
        accounts between sister entities that count too.
        """
        kept = (*self.facts.accounts_in(scope.ids, *roles), *self.facts.sisters_in(scope.ids, *sisters))
        return self.moved(scope, kept, first=first, last=last, sign=sign, cash=cash, side=side)

    def moved(
        self,
        scope: Scope,
        accounts: Iterable[AccountFact],
        *,
        first: int | None = None,
        last: int,
        sign: int = 1,
        cash: bool = False,
        side: str = "",
    ) -> Answer:
        """Answer with the movement of these very accounts over whole months, from balances; see `postings`."""
        begun, flows = self.begun_in(scope), self.flows_since(scope)
        if begun is None or flows is None:
            return self.absent("not tracked: its books have no entries", Badge.UNRECONCILED)
        if first is not None:
            begun = months.month_of(flows)
        if last < begun:
            return self.absent(f"not tracked before {months.label(begun)}", Badge.UNRECONCILED)
        start = self.facts.first_month if first is None else first
        kept = tuple(accounts)
        what = "cash" if cash else side or "net"
        value = sum(self.facts.moved(account.id, what, first=start, last=last) for account in kept)
        if not cash:
            value *= -sign if side == "credit" else sign
        trace = PostingsTrace(
            accounts=tuple(account.id for account in kept),
            first_month=start,
            end_month=last + 1,
            until=min(self.as_of, months.last_day(last)),
            sign=-1 if cash else sign,
            cash_only=cash,
            side=side,
        )
        return Answer(value, trace, self.badge_of(scope, last, first=first))

    def linked(
        self,
        scope: Scope,
        roles: Iterable[str],
        bookings: Iterable[int],
        *,
        month: int,
        sign: int = -1,
        codes: tuple[str, ...] = (),
    ) -> Answer:
        """Answer with the postings of some roles that name these bookings, whenever they were made.

        ``month`` is the bookings' own, whose books say how far to trust it. ``sign`` −1 makes income positive
        and cost negative; ``codes`` keeps accounts with these codes.
        """
        wanted = frozenset(bookings)
        ids = frozenset(
            account.id
            for account in self.facts.accounts_in(scope.ids, *roles)
            if not codes or account.code in codes
        )
        value = sign * sum(row.amount_minor for row in self.facts.linked_to(wanted) if row.account_id in ids)
        trace = PostingsTrace(
            accounts=tuple(sorted(ids)),
            first_month=self.facts.first_month,
            end_month=months.month_of(self.as_of) + 1,
            until=self.as_of,
            sign=sign,
            bookings=tuple(sorted(wanted)),
        )
        return Answer(value, trace, self.badge_of(scope, month))

    def rows(self, rows: Iterable[TraceRow], badge: Badge = Badge.UNRECONCILED) -> Answer:
        """Answer with the sum of records' shares."""
        kept = tuple(rows)
        return Answer(sum(row.amount for row in kept), RowsTrace(kept), badge)

    def folded(
        self, name: str, rows: Iterable[TraceRow], badge: Badge = Badge.UNRECONCILED, *, undefined: str
    ) -> Answer:
        """Answer with records' shares folded into one, such as their median; over nothing it is ``undefined``.

        A trace keeps each record once, so a mean or a median needs no figure for each of them.
        """
        kept = tuple(rows)
        value = fold(name, kept)
        return Answer(value, RowsTrace(kept, name), badge, undefined if value is None else "")

    def formula(self, operation: str, *inputs: Figure, undefined: str = "n/a") -> Answer:
        """Answer with an operation over figures; the weakest badge of the inputs is the answer's.

        A missing input makes the answer missing for the same reason; ``undefined`` is what a division by
        nothing says.
        """
        trace = FormulaTrace(operation, tuple(figure.key for figure in inputs))
        badge = weakest(figure.badge for figure in inputs)
        for figure in inputs:
            if figure.value is None:
                return Answer(None, trace, badge, figure.missing)
        value = OPERATIONS[operation](*(figure.value for figure in inputs))
        return Answer(value, trace, badge, undefined if value is None else "")

    def absent(self, sentence: str, badge: Badge = Badge.ENTERED) -> Answer:
        """Answer that there is no such figure, and why."""
        return Answer(None, RowsTrace(()), badge, sentence)


_STRENGTH = (Badge.MEASURED, Badge.UNRECONCILED, Badge.ENTERED, Badge.MODELLED)


def weakest(badges: Iterable[Badge]) -> Badge:
    """Return the badge that trusts least: modelled, then entered, then unreconciled, then measured."""
    return max(badges, key=_STRENGTH.index, default=Badge.MEASURED)


def rebadge(answer: Answer, badge: Badge) -> Answer:
    """Return an answer under another badge."""
    return replace(answer, badge=badge)


def definitions(figures: Iterable[Figure]) -> tuple[Definition, ...]:
    """Return the definitions of the metrics these figures are of, by name."""
    used = {figure.metric for figure in figures} & REGISTRY.keys()
    return tuple(
        Definition(entry.key, entry.name, entry.formula, _UNIT_NAMES[entry.unit], entry.source)
        for entry in sorted((REGISTRY[key] for key in used), key=lambda entry: entry.name)
    )
