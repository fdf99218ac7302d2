"""Any record a figure is computed from, by its reference."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from portfolio.models import (
    Account,
    Asset,
    BlockedNights,
    Booking,
    BookingCost,
    CacheRule,
    CapitalOption,
    Channel,
    ChannelCount,
    ChannelGate,
    ChannelPresence,
    ChannelSpend,
    Client,
    ClientContract,
    DeliveryJob,
    Deployment,
    DnsRecord,
    DomainName,
    ExpenseFlag,
    Expiry,
    Invoice,
    JobCrew,
    JobGate,
    JobIncident,
    KpiValue,
    MaintenanceTicket,
    Milestone,
    MonthlyTarget,
    NightRate,
    Payment,
    PlanMilestone,
    ProfitabilityModel,
    Rebillable,
    Responsibility,
    Scenario,
    Stake,
    Stay,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSystem,
    WorkEntry,
)

REFERENCED: dict[str, type[Model]] = {
    "account": Account,
    "asset": Asset,
    "blocked": BlockedNights,
    "booking": Booking,
    "cache": CacheRule,
    "channel": Channel,
    "channel_gate": ChannelGate,
    "client": Client,
    "contract": ClientContract,
    "cost": BookingCost,
    "count": ChannelCount,
    "deployment": Deployment,
    "dns": DnsRecord,
    "domain": DomainName,
    "expiry": Expiry,
    "flag": ExpenseFlag,
    "gate": JobGate,
    "incident": JobIncident,
    "invoice": Invoice,
    "job": DeliveryJob,
    "job_crew": JobCrew,
    "kpi": KpiValue,
    "measure": TechMeasure,
    "milestone": Milestone,
    "milestone_plan": PlanMilestone,
    "model": ProfitabilityModel,
    "option": CapitalOption,
    "payment": Payment,
    "presence": ChannelPresence,
    "rate": NightRate,
    "rebillable": Rebillable,
    "responsibility": Responsibility,
    "scenario": Scenario,
    "spend": ChannelSpend,
    "stake": Stake,
    "statement": Client,
    "stay": Stay,
    "target": MonthlyTarget,
    "tech_cost": TechCost,
    "tech_finding": TechFinding,
    "tech_system": TechSystem,
    "ticket": MaintenanceTicket,
    "work": WorkEntry,
}
"""What a reference names, by its first word."""

# What a record's name is made of.
_NAMED_WITH = {ClientContract: ("client",)}


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
            if model in _NAMED_WITH:
                rows = rows.select_related(*_NAMED_WITH[model])
            found.update({f"{name}:{row.pk}": row for row in rows})
    return found
