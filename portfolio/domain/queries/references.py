"""Any record a figure is computed from, by its reference."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from portfolio.models import (
    Account,
    Asset,
    Booking,
    CapitalOption,
    Channel,
    ClientContract,
    KpiValue,
    MonthlyTarget,
    ProfitabilityModel,
    Responsibility,
    Scenario,
    Stake,
)

REFERENCED = {
    "account": Account,
    "asset": Asset,
    "booking": Booking,
    "channel": Channel,
    "contract": ClientContract,
    "kpi": KpiValue,
    "model": ProfitabilityModel,
    "stake": Stake,
    "responsibility": Responsibility,
    "target": MonthlyTarget,
    "option": CapitalOption,
    "scenario": Scenario,
}


def records(*, refs: Iterable[str]) -> dict[str, Any]:
    """Return the records that ``booking:12``-like references name, by reference; unknown ones are left out."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for ref in refs:
        name, _, pk = ref.partition(":")
        if pk.isdigit():
            wanted[name].add(int(pk))
    found: dict[str, Any] = {}
    for name, model in REFERENCED.items():
        if wanted[name]:
            rows = model._default_manager.filter(pk__in=wanted[name])
            if model is ClientContract:
                rows = rows.select_related("client")  # A contract is called by its client's name.
            found.update({f"{name}:{row.pk}": row for row in rows})
    return found
