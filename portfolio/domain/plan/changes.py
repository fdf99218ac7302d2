"""Setting plans by hand: each change is audited with what stood there before.

Assumptions and KPI values are dated: a new one is a row beside the old, which stays for the days it held. Targets,
scenarios, capital options and rules are what people want now and are set in place.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, models, transaction

from core import audit, months
from portfolio.models import Assumption, AssumptionKey, Entity, KpiValue, MonthlyTarget


class PlanRefusedError(Exception):
    """A plan that cannot be kept; the message is a sentence for whoever asked."""


def set_targets(
    *,
    entity: Entity,
    targets: Mapping[int, int | None],
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Set monthly revenue targets, None takes one away; return how many months changed."""
    with transaction.atomic():
        list(Entity.objects.select_for_update(no_key=True).filter(pk=entity.pk).values_list("pk"))
        rows = MonthlyTarget.objects.filter(entity=entity, month__in=targets)
        old = dict(rows.values_list("month", "revenue_minor"))
        changed = {month: amount for month, amount in targets.items() if old.get(month) != amount}
        if not changed:
            return 0
        rows.filter(month__in=[month for month, amount in changed.items() if amount is None]).delete()
        MonthlyTarget.objects.bulk_create(
            (
                MonthlyTarget(entity=entity, month=month, revenue_minor=amount, source=source)
                for month, amount in changed.items()
                if amount is not None
            ),
            update_conflicts=True,
            unique_fields=["entity", "month"],
            update_fields=["revenue_minor", "source"],
        )
        audit.record(
            action="portfolio:target:set", subject=entity, by=by, at=at, entity=entity.slug,
            data={months.iso(month): [old.get(month), amount] for month, amount in sorted(changed.items())},
        )  # fmt: skip
    return len(changed)


def save(
    *, row: models.Model, values: Mapping[str, Any], entity: str, by: AbstractBaseUser | None, at: dt.datetime
) -> bool:
    """Write a scenario, capital option or financial rule, new or changed; return whether anything changed.

    Raises:
        PlanRefusedError: another one is called so already.
    """
    name = row._meta.model_name or ""
    try:
        with transaction.atomic():
            if row.pk is None:
                for field, value in values.items():
                    setattr(row, field, value)
                row.save(force_insert=True)
                changes = {field: ["", _plain(value)] for field, value in values.items()}
            else:
                now = type(row)._default_manager.select_for_update().get(pk=row.pk)
                changes = {
                    field: [_plain(getattr(now, field)), _plain(value)]
                    for field, value in values.items()
                    if getattr(now, field) != value
                }
                if not changes:
                    return False
                type(row)._default_manager.filter(pk=row.pk).update(
                    **{field: values[field] for field in changes}
                )
            audit.record(
                action=f"portfolio:{name}:set", subject=row, by=by, at=at, entity=entity, data=changes
            )
    except IntegrityError as error:
        raise PlanRefusedError(
            f"There is a {row._meta.verbose_name} like this already; change that one, or call this one something else."
        ) from error
    return True


def unit_of(key: str) -> str:
    """Return what an assumption is counted in: formulas read it so."""
    if key.startswith("stage-") or key.endswith("-bp"):
        return "bp"
    for unit in ("days", "editions"):
        if key.endswith(f"-{unit}"):
            return unit
    return "months x 100" if key.startswith("runway-") else "cents"


def assume(
    *, key: str, effective_on: dt.date, value: int, note: str, source: str, by: AbstractBaseUser | None, at: dt.datetime
) -> Assumption:  # fmt: skip
    """Write down an assumption that holds from a day on.

    Raises:
        PlanRefusedError: no formula reads such a one, or one holds from that very day.
    """
    if key not in AssumptionKey.values:
        raise PlanRefusedError(
            f"No formula reads an assumption “{key[:60]}”; choose one of those that are read."
        )
    try:
        with transaction.atomic():
            row = Assumption.objects.create(
                key=key, effective_on=effective_on, value=value, unit=unit_of(key), note=note, source=source
            )
            audit.record(
                action="portfolio:assumption:add", subject=row, by=by, at=at,
                data={"key": key, "effective_on": effective_on.isoformat(), "value": value, "source": source},
            )  # fmt: skip
    except IntegrityError as error:
        raise PlanRefusedError(
            f"An assumption {key} holds from {months.spelled(effective_on)} already; give the new one a later day."
        ) from error
    return row


def enter_kpi(*, row: KpiValue, by: AbstractBaseUser | None, at: dt.datetime) -> KpiValue:
    """Write down what a KPI was on a day.

    Raises:
        PlanRefusedError: a value stands on that day already.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record(
                action="portfolio:kpi:enter", subject=row, by=by, at=at, entity=row.entity.slug,
                data={"key": row.key, "as_of": row.as_of.isoformat(), "value": _plain(row.value), "source": row.source},
            )  # fmt: skip
    except IntegrityError as error:
        raise PlanRefusedError(
            f"{row.label} has a value on {row.as_of} already; a later day takes a new one."
        ) from error
    return row


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
