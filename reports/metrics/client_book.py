"""The clients of a report's entities, and what metrics and lenses ask of them: each question one pass over rows kept by client."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TypeVar

from core import months
from portfolio.domain.queries.clients import (
    ClientFact,
    ClientRecords,
    ContractFact,
    DraftFact,
    InvoiceFact,
    Taken,
    WorkFact,
    client_records,
)
from reports.metrics.facts import Facts
from reports.metrics.registry import Desk, Scope

_day = attrgetter("on")
Row = TypeVar("Row", InvoiceFact, Taken, DraftFact)

_MARK = ".client."
YEAR_DAYS = 365


class ClientBook:
    """The records of clients, by client."""

    def __init__(self, records: ClientRecords) -> None:
        """Put every row with its client."""
        self.records = records
        self.clients = {row.id: row for row in records.clients}
        self.contracts = {row.id: row for row in records.contracts}
        self._invoices = _by_client(records.invoices)
        self._credits = _by_client(records.credits)
        self._payments = _by_client(records.payments)
        self._drafts = _by_client(records.drafts)
        self._work: dict[str, dict[int, list[WorkFact]]] = {
            kind: self._work_by_client(rows)
            for kind, rows in (
                ("time", records.time),
                ("milestones", records.milestones),
                ("retainers", records.retainers),
                ("rebillables", records.rebillables),
            )
        }
        self.first_work = min(
            (row.on for rows in (records.time, records.milestones, records.retainers, records.rebillables) for row in rows),
            default=None,
        )  # fmt: skip
        self.first_invoice = min((row.issued_on for row in records.invoices), default=None)

    def _work_by_client(self, rows: Iterable[WorkFact]) -> dict[int, list[WorkFact]]:
        found: dict[int, list[WorkFact]] = defaultdict(list)
        for row in rows:
            contract = self.contracts.get(row.contract_id)
            if contract is not None:
                found[contract.client_id].append(row)
        for of_client in found.values():
            of_client.sort(key=_day)
        return found

    def of(self, scope: Scope) -> Collection[int]:
        """Return the ids of the clients a scope is about: one, or all."""
        _, mark, pk = scope.slug.partition(_MARK)
        return (int(pk),) if mark else self.clients

    def work(
        self, kind: str, scope: Scope, first: dt.date | None = None, last: dt.date | None = None
    ) -> Iterator[WorkFact]:
        """Yield the work of one kind of a scope's contracts, between two days, both counted, by client and day."""
        for client in self.of(scope):
            rows = self._work[kind].get(client, [])
            begin = 0 if first is None else bisect_left(rows, first, key=_day)
            end = len(rows) if last is None else bisect_right(rows, last, key=_day)
            for row in rows[begin:end]:
                if self.contracts[row.contract_id].entity_id in scope.ids:
                    yield row

    def client_of(self, row: WorkFact) -> ClientFact:
        """Return whom work was done for."""
        return self.clients[self.contracts[row.contract_id].client_id]

    def debtor(self, scope: Scope) -> int | None:
        """Return which of one client's records is invoiced, the one with the newest invoice; None where none is."""
        return max(((row.issued_on, row.debtor_id) for row in self.invoices(scope)), default=(None, None))[1]

    def contracts_of(self, scope: Scope) -> tuple[ContractFact, ...]:
        """Return the active contracts of a scope; what was done under others is among its work."""
        wanted = self.of(scope)
        return tuple(
            row
            for row in self.records.contracts
            if row.active and row.client_id in wanted and row.entity_id in scope.ids
        )

    def invoices(self, scope: Scope) -> tuple[InvoiceFact, ...]:
        """Return the invoices of a scope."""
        return self._kept(self._invoices, scope)

    def credits(self, scope: Scope) -> tuple[Taken, ...]:
        """Return what credit notes took back of a scope's invoices."""
        return self._kept(self._credits, scope)

    def payments(self, scope: Scope) -> tuple[Taken, ...]:
        """Return what the clients of a scope paid."""
        return self._kept(self._payments, scope)

    def drafts(self, scope: Scope) -> tuple[DraftFact, ...]:
        """Return the drafted invoices of a scope."""
        return self._kept(self._drafts, scope)

    def _kept(self, rows: Mapping[int, list[Row]], scope: Scope) -> tuple[Row, ...]:
        return tuple(
            row for client in self.of(scope) for row in rows.get(client, ()) if row.entity_id in scope.ids
        )

    def paid_in_year(self, scope: Scope, day: dt.date, days: int = YEAR_DAYS) -> list[InvoiceFact]:
        """Return the invoices that were paid whole in the days up to one, without those that were credited or given up."""
        since = day - dt.timedelta(days=days)
        return [
            row
            for row in self.invoices(scope)
            if row.settled_on is not None and since < row.settled_on <= day and not row.given_up
        ]

    def due_in_year(self, scope: Scope, day: dt.date) -> list[InvoiceFact]:
        """Return the invoices that were due in the year up to a day, without those that were credited or given up."""
        since = day - dt.timedelta(days=YEAR_DAYS)
        return [row for row in self.invoices(scope) if since < row.due_on < day and not row.given_up]

    def late_in_year(self, scope: Scope, day: dt.date) -> list[tuple[InvoiceFact, int]]:
        """Return the invoices paid after they were due, or open still, with how many days late."""
        found = []
        for row in self.due_in_year(scope, day):
            end = row.settled_on if row.settled_on is not None and row.settled_on <= day else day
            if end > row.due_on:
                found.append((row, (end - row.due_on).days))
        return found


def _by_client(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.client_id].append(row)
    return found


def _read(*, entity_ids: Collection[int], as_of: dt.date) -> ClientBook:
    return ClientBook(client_records(entity_ids=entity_ids, as_of=as_of))


def of_facts(facts: Facts) -> ClientBook:
    """Return the clients of a report's records, read once."""
    return facts.once(_read)


def book_of(desk: Desk) -> ClientBook:
    """Return the clients of a report."""
    return of_facts(desk.facts)


def whole_of(desk: Desk, scope: Scope) -> Scope:
    """Return the scope that a client's share is a share of: the whole report, or the scope itself."""
    return desk.all if _MARK in scope.slug else scope


def client_scope(desk: Desk, client: ClientFact) -> Scope:
    """Return the scope of one client within the whole of a report."""
    return Scope(f"{desk.all.slug}{_MARK}{client.id}", client.name, desk.all.ids)


def end_of(desk: Desk, month: months.Month) -> dt.date:
    """Return the last day of a month that counts: the as-of date inside it."""
    return min(desk.as_of, months.last_day(month))
