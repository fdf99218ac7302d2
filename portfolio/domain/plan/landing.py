"""Landing plans from files, CSV or XLSX: budgets, targets, KPI values and capital options. A file lands whole or not at all.

A row for a month or day that has a value already takes the file's, so the same file again changes nothing.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain import exports, landing
from portfolio.formats import tables, workbook
from portfolio.formats.errors import FormatError
from portfolio.models import Account, Basis, Budget, Entity, KpiValue

Lander = Callable[..., int]
Row = tables.BudgetRow | tables.TargetRow | tables.KpiRow | tables.CapitalRow


def land(
    *,
    kind: str,
    data: bytes,
    name: str,
    allowed: Callable[[Entity], bool],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Land a file of budgets, targets, kpis or capital options and return how many rows it has.

    ``allowed`` says for each entity that the file names whether the person may plan for it.

    Raises:
        FormatError: the file cannot be read, or names an entity or account that is not there or not this person's.
    """
    if workbook.is_workbook(data):
        data = workbook.to_csv(data, name=name)
    parse, lander = KINDS[kind]
    rows = parse(data, name=name)
    known = Entity.objects.in_bulk({row.entity for row in rows}, field_name="slug")
    for row in rows:
        entity = known.get(row.entity)
        if entity is None or not allowed(entity):
            raise FormatError(
                file=name, line=row.line, column="entity", reason=f"{row.entity!r} is no entity that you plan for",
                fix="use the short name of one of yours, such as qos",
            )  # fmt: skip
    return lander(data=data, name=name, by=by, at=at)


def land_budgets(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Land budgets by account and month.

    Raises:
        FormatError: the file cannot be read, or names an entity or account that is not there.
    """
    rows = tables.parse_budgets(data, name=name)
    with transaction.atomic():
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        accounts = {
            (account.entity_id, account.code): account
            for account in Account.objects.filter(
                entity__in=entities.values(), kind__in=("income", "expense")
            )
        }
        found = []
        for row in rows:
            account = accounts.get((entities[row.entity].pk, row.account))
            if account is None:
                raise FormatError(
                    file=name, line=row.line, column="account",
                    reason=f"{row.entity} has no income or expense account {row.account}",
                    fix="add it to the chart of accounts or correct the code",
                )  # fmt: skip
            source = row.source or landing.origin(name, row.line)[-120:]
            found.append(
                Budget(account=account, month=row.month, amount_minor=row.amount_minor, source=source)
            )
        Budget.objects.bulk_create(
            found, update_conflicts=True, unique_fields=["account", "month"],
            update_fields=["amount_minor", "source"], batch_size=1000,
        )  # fmt: skip
        for entity in entities.values():
            audit.record(
                action="portfolio:budgets:land", subject=entity, by=by, at=at, entity=entity.slug,
                data={"file": name, "rows": len(rows)},
            )  # fmt: skip
    return len(rows)


def land_kpis(*, data: bytes, name: str, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Land dated KPI values as entered by people; an empty value says that it is not tracked.

    What stood on a day before is kept in the audit trail.

    Raises:
        FormatError: the file cannot be read or names an entity that is not there.
    """
    rows = tables.parse_kpis(data, name=name)
    with transaction.atomic():
        entities = landing.entities_named(((row.line, row.entity) for row in rows), name=name)
        there = {
            (value.entity_id, value.key, value.as_of): value
            for value in KpiValue.objects.filter(
                entity__in=entities.values(),
                as_of__range=(min(r.as_of for r in rows), max(r.as_of for r in rows)),
            ).select_for_update()
        }
        changed: dict[str, dict[str, list[str | None]]] = defaultdict(dict)
        for row in rows:
            old = there.get((entities[row.entity].pk, row.key, row.as_of))
            if old is not None and old.value != row.value:
                changed[row.entity][f"{row.key} {row.as_of}"] = [_plain(old.value), _plain(row.value)]
        KpiValue.objects.bulk_create(
            (
                KpiValue(
                    entity=entities[row.entity], key=row.key, label=row.label, as_of=row.as_of,
                    tracked=row.value is not None, value=row.value, target=row.target, unit=row.unit,
                    basis=Basis.ENTERED, source=row.source,
                )
                for row in rows
            ),
            update_conflicts=True,
            unique_fields=["entity", "key", "as_of"],
            update_fields=["label", "tracked", "value", "target", "unit", "basis", "source"],
            batch_size=1000,
        )  # fmt: skip
        for entity in entities.values():
            audit.record(
                action="portfolio:kpis:land", subject=entity, by=by, at=at, entity=entity.slug,
                data={"file": name, "rows": len(rows), "changed": changed[entity.slug]},
            )  # fmt: skip
    return len(rows)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


KINDS: dict[str, tuple[Callable[..., tuple[Row, ...]], Lander]] = {
    "budgets": (tables.parse_budgets, land_budgets),
    "targets": (tables.parse_targets, exports.land_targets),
    "kpis": (tables.parse_kpis, land_kpis),
    "capital": (tables.parse_capital, exports.land_capital),
}
