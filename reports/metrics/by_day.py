"""Movements and balances by the day: whole months from their balances, the days of a month that is not whole one by one.

The days that are read are those of the runs of `reports.periods` around the last week that is over, in one query for
all accounts concerned.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from core import months
from portfolio.domain import queries
from portfolio.models import AccountRole
from reports import periods
from reports.document import PostingsTrace
from reports.metrics.facts import NOTHING
from reports.metrics.registry import Answer, Desk, Scope

ROLES = (AccountRole.REVENUE, AccountRole.CASH, AccountRole.CLEARING, AccountRole.INTERCOMPANY)
"""The roles whose accounts are read by the day."""
_SATURDAY = 5


def week_ending(as_of: dt.date) -> dt.date:
    """Return the Saturday on which the last week ended that is over at a date."""
    return as_of - dt.timedelta(days=(as_of.weekday() - _SATURDAY) % 7)


def read(*, entity_ids: tuple[int, ...], as_of: dt.date) -> Mapping[int, Mapping[dt.date, int]]:
    """Return what accounts moved on each day of the months that a week, or what is so far, begins or ends in."""
    ending = week_ending(as_of)
    spans = periods.spans(week_ending=ending, as_of=as_of)
    runs = [
        (min(_month_begins(spans.weeks[0].run), _month_begins(spans.month.run)), ending),
        (
            min(_month_begins(spans.weeks[0].before), _month_begins(spans.month.before)),
            max(spans.weeks[-1].before.last, spans.month.before.last),
        ),
    ]
    return queries.daily_nets(entity_ids=entity_ids, roles=ROLES, runs=runs)


def _month_begins(run: periods.Run) -> dt.date:
    return run.first.replace(day=1)


def moved(
    desk: Desk,
    scope: Scope,
    roles: Iterable[str],
    first: dt.date,
    last: dt.date,
    *,
    sign: int = 1,
    sisters: Iterable[str] = (),
) -> Answer:
    """Answer with what accounts of some roles moved from the first day to the last, both counted.

    Days before the first month of the scope's books have no figure: part of a run is not the run. ``sisters`` are the kinds of
    accounts between sister entities that count too.
    """
    return _answer(desk, scope, roles, first, last, sign=sign, sisters=sisters)


def stood(desk: Desk, scope: Scope, roles: Iterable[str], on: dt.date) -> Answer:
    """Answer with the balance of the accounts of some roles at the end of a day."""
    return _answer(desk, scope, roles, None, on, sign=1, sisters=())


def _begun(desk: Desk, scope: Scope, *, flow: bool) -> dt.date | None:
    """Return from which day on the scope's books say what moved, or what stood."""
    flows = desk.flows_since(scope)
    if flow or flows is None:
        return flows
    opened = [
        entity.opened_on
        for entity in desk.facts.entities
        if entity.id in scope.ids and entity.id in desk.facts.first_months and entity.opened_on is not None
    ]
    return min([flows, *opened])


def _answer(
    desk: Desk,
    scope: Scope,
    roles: Iterable[str],
    since: dt.date | None,
    last: dt.date,
    *,
    sign: int,
    sisters: Iterable[str],
) -> Answer:
    begun = _begun(desk, scope, flow=since is not None)
    if begun is None:
        return desk.absent("not tracked: its books have no entries")
    if (last if since is None else since) < begun:
        return desk.absent(f"not tracked before {begun:%-d %b %Y}")
    first = months.first_day(desk.facts.first_month) if since is None else since
    facts, days = desk.facts, desk.facts.once(read)
    accounts = (*facts.accounts_in(scope.ids, *roles), *facts.sisters_in(scope.ids, *sisters))
    value = 0
    for month in range(months.month_of(first), months.month_of(last) + 1):
        whole = first <= months.first_day(month) and months.last_day(month) <= last
        for account in accounts:
            if whole:
                value += facts.movements.get((account.id, month), NOTHING).net
            else:
                value += sum(
                    net
                    for on, net in days.get(account.id, {}).items()
                    if first <= on <= last and months.month_of(on) == month
                )
    trace = PostingsTrace(
        accounts=tuple(account.id for account in accounts),
        first_month=months.month_of(first),
        end_month=months.month_of(last) + 1,
        until=last,
        sign=sign,
        since=since,
    )
    month = months.month_of(last)
    return Answer(
        sign * value,
        trace,
        desk.badge_of(scope, month, first=None if since is None else months.month_of(since)),
    )
