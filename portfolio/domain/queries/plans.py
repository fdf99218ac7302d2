"""What people plan and assume: key figures, targets, models, scenarios, options and rules."""

import datetime as dt
from collections.abc import Collection

from portfolio.models import (
    Assumption,
    CapitalOption,
    FinancialRule,
    KpiValue,
    MonthlyTarget,
    ProfitabilityModel,
    Scenario,
)


def kpi_values(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[KpiValue, ...]:
    """Return KPI values dated up to ``as_of``, newest first within a key."""
    return tuple(KpiValue.objects.filter(entity_id__in=entity_ids, as_of__lte=as_of))


def targets(*, entity_ids: Collection[int]) -> tuple[MonthlyTarget, ...]:
    """Return monthly revenue targets."""
    return tuple(MonthlyTarget.objects.filter(entity_id__in=entity_ids))


def assumptions(*, as_of: dt.date) -> dict[str, Assumption]:
    """Return the assumption in force for each key on a date."""
    found: dict[str, Assumption] = {}
    for row in Assumption.objects.filter(effective_on__lte=as_of):
        found.setdefault(row.key, row)
    return found


def profitability_models(*, entity_ids: Collection[int]) -> tuple[ProfitabilityModel, ...]:
    """Return the models of what one charter or job contributes."""
    return tuple(ProfitabilityModel.objects.filter(entity_id__in=entity_ids))


def scenarios() -> tuple[Scenario, ...]:
    """Return the saved scenarios in order."""
    return tuple(Scenario.objects.all())


def capital_options(*, entity_ids: Collection[int]) -> tuple[CapitalOption, ...]:
    """Return what money could be spent on."""
    return tuple(CapitalOption.objects.filter(entity_id__in=entity_ids).select_related("entity"))


def financial_rules() -> tuple[FinancialRule, ...]:
    """Return the active financial rules in order."""
    return tuple(FinancialRule.objects.filter(active=True))
