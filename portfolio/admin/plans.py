"""Plans: targets, assumptions, models, options and rules."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import (
    Assumption,
    Budget,
    CapitalOption,
    FinancialRule,
    Forecast,
    KpiValue,
    MonthlyTarget,
    PlanMilestone,
    ProfitabilityModel,
    Scenario,
)


@admin.register(KpiValue)
class KpiValueAdmin(AuditedAdmin):
    list_display = ["label", "entity", "as_of", "tracked", "value", "target", "unit", "basis"]
    list_filter = ["basis", "tracked", "entity"]
    list_select_related = ["entity"]
    search_fields = ["key", "label"]
    autocomplete_fields = ["entity"]


@admin.register(MonthlyTarget)
class MonthlyTargetAdmin(AuditedAdmin):
    list_display = ["entity", "month", "revenue_minor", "source"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["entity__slug", "source"]
    autocomplete_fields = ["entity"]


@admin.register(Budget)
class BudgetAdmin(AuditedAdmin):
    list_display = ["account", "month", "amount_minor", "source"]
    list_filter = ["account__entity"]
    list_select_related = ["account"]
    search_fields = ["account__name", "account__code", "source"]
    raw_id_fields = ["account"]


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    """What was said is kept as it was said."""

    list_display = ["key", "entity", "month", "made_on", "value_minor", "actual_minor", "scored_on", "source"]
    list_filter = ["key", "entity"]
    list_select_related = ["entity"]
    search_fields = ["key", "source"]


@admin.register(Assumption)
class AssumptionAdmin(AuditedAdmin):
    list_display = ["key", "effective_on", "value", "unit", "source"]
    list_filter = ["unit"]
    search_fields = ["key", "note", "source"]


@admin.register(ProfitabilityModel)
class ProfitabilityModelAdmin(AuditedAdmin):
    """The figures of a model. It is adopted on its own page, by the owner."""

    list_display = ["name", "entity", "price_minor", "state", "adopted_on"]
    list_filter = ["state", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]
    autocomplete_fields = ["entity"]
    readonly_fields = ["state", "adopted_on", "adopted_by"]


@admin.register(Scenario)
class ScenarioAdmin(AuditedAdmin):
    list_display = ["name", "position", "units_a_month", "price_minor", "fixed_change_bp"]
    search_fields = ["name", "note"]


@admin.register(CapitalOption)
class CapitalOptionAdmin(AuditedAdmin):
    list_display = ["name", "entity", "tier", "outlay_minor", "monthly_return_minor", "spent_on"]
    list_filter = ["tier", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]
    autocomplete_fields = ["entity"]


@admin.register(FinancialRule)
class FinancialRuleAdmin(AuditedAdmin):
    list_display = ["statement", "check_name", "threshold", "position", "active"]
    list_filter = ["active"]
    search_fields = ["statement"]


@admin.register(PlanMilestone)
class PlanMilestoneAdmin(AuditedAdmin):
    """What is promised never moves; what is due may."""

    list_display = ["title", "plan", "entity", "promised_on", "due_on", "owner", "done_on", "check_name"]
    list_filter = ["plan", "entity"]
    list_select_related = ["entity"]
    search_fields = ["title", "owner"]
    autocomplete_fields = ["entity"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what was promised."""
        return ["promised_on"] if obj is not None else []
