"""An entity with its chart of accounts, for every test of the portfolio that needs books to write in."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection

from portfolio.domain import chart, ledger
from portfolio.models import Account, Booking, Entity, EntityKind, EntrySource, JournalEntry
from tests import standing

AT = dt.datetime(2026, 11, 10, 18, 30, tzinfo=dt.UTC)
OCTOBER = dt.date(2026, 10, 15)


@dataclass(frozen=True)
class Books:
    """One entity and its accounts by code, with a short way to post between two of them."""

    entity: Entity
    accounts: dict[str, Account]

    def line(self, code: str, amount_minor: int, booking: Booking | None = None) -> ledger.Line:
        return ledger.Line(self.accounts[code], amount_minor, booking)

    def post(
        self,
        debit: str,
        credit: str,
        amount_minor: int,
        *,
        on: dt.date = OCTOBER,
        memo: str = "Dock fee",
        external_id: str | None = None,
        booking: Booking | None = None,
    ) -> JournalEntry:
        return ledger.post(
            entity=self.entity,
            on=on,
            memo=memo,
            lines=[self.line(debit, amount_minor, booking), self.line(credit, -amount_minor, booking)],
            source=EntrySource.MANUAL,
            external_id=external_id,
            at=AT,
        )


def open_books(slug: str = "qos", name: str = "QueenofSanDiego") -> Books:
    """Create an entity with a chart of accounts."""
    entity = Entity.objects.create(slug=slug, name=name, kind=EntityKind.CHARTER)
    return Books(entity, chart.open_chart(entity=entity))


def in_parallel(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads with connections of their own; return what each returned or raised."""
    results: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def worker(position: int) -> None:
        try:
            barrier.wait(10)
            results[position] = acts[position]()
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def everything() -> dict[str, int]:
    """Return a print of every row of every table, to compare with a later one."""
    return {
        model._meta.label: hash(repr(list(model._base_manager.order_by("pk").values_list())))
        for model in apps.get_models()
        if model._meta.managed
    }


@standing.fixture
def books() -> Books:
    """Return the books of one charter business, empty."""
    return open_books()


@standing.fixture
def other_books() -> Books:
    """Return the books of another business."""
    return open_books("qdn", "QuickDumpNow")
