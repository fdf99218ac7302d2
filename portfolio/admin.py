"""The portfolio in the Django admin: staff fix records here; what the books wrote is only read.

Nothing here posts, seals or moves a stage: those have their own pages, which call `portfolio.domain`.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models
from django.http import HttpRequest

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import (
    Account,
    Asset,
    Assumption,
    Booking,
    BookingCost,
    CapitalOption,
    CategoryRule,
    Channel,
    ClientContract,
    Commission,
    Entity,
    FinancialRule,
    FunnelCount,
    HandoffFile,
    HandoffRow,
    ImportedLine,
    ImportFile,
    JournalEntry,
    KpiValue,
    MonthlyBalance,
    MonthlyTarget,
    Period,
    Posting,
    ProfitabilityModel,
    Responsibility,
    Scenario,
    Stake,
)


class ReadOnlyInline(admin.TabularInline):
    """Rows shown under their parent and not edited."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


# Entities and what hangs on them


class StakeInline(admin.TabularInline):
    model = Stake
    extra = 0


@admin.register(Entity)
class EntityAdmin(AuditedAdmin):
    list_display = ["slug", "name", "kind", "zone", "currency", "active"]
    list_filter = ["kind", "active"]
    search_fields = ["slug", "name"]
    inlines = [StakeInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what the books of an entity rest on once it exists."""
        return ["slug", "currency"] if obj is not None else []


@admin.register(Stake)
class StakeAdmin(AuditedAdmin):
    list_display = ["holder", "entity", "share_bp", "agreement", "signed_on"]
    list_filter = ["agreement", "entity"]
    list_select_related = ["entity"]
    search_fields = ["holder", "entity__name"]
    autocomplete_fields = ["entity"]


@admin.register(Asset)
class AssetAdmin(AuditedAdmin):
    list_display = ["name", "entity", "kind", "value_minor", "days_available_a_year"]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]
    autocomplete_fields = ["entity"]


@admin.register(Responsibility)
class ResponsibilityAdmin(AuditedAdmin):
    list_display = ["role", "who", "entity", "handover"]
    list_filter = ["handover", "entity"]
    list_select_related = ["entity"]
    search_fields = ["role", "who"]
    autocomplete_fields = ["entity"]


# The books


@admin.register(Account)
class AccountAdmin(AuditedAdmin):
    list_display = ["code", "name", "entity", "kind", "role", "currency", "active"]
    list_filter = ["kind", "role", "active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["code", "name", "entity__slug"]
    autocomplete_fields = ["entity"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what the database keeps too: the place of an account in statements, once it has posted entries."""
        if obj is not None and obj.balances.exists():
            return ["entity", "code", "kind", "role", "currency"]
        return []


class PostingInline(ReadOnlyInline):
    model = Posting
    fields = ["account", "amount_minor", "booking", "memo"]


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    list_display = ["on", "memo", "entity", "source", "state", "external_id", "origin"]
    list_filter = ["source", "state", "entity"]
    list_select_related = ["entity"]
    search_fields = ["memo", "external_id", "origin"]
    date_hierarchy = "on"
    inlines = [PostingInline]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[JournalEntry]:
        """Fetch what an entry's page shows beside it."""
        return super().get_queryset(request).select_related("entity", "by", "reverses")


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ["entry", "account", "month", "amount_minor", "booking", "memo"]
    list_filter = ["account__role", "account__entity"]
    list_select_related = ["entry", "account", "booking"]
    search_fields = ["entry__memo", "memo", "booking__reference"]
    show_full_result_count = False


@admin.register(MonthlyBalance)
class MonthlyBalanceAdmin(ReadOnlyAdmin):
    list_display = ["account", "month", "debit_minor", "credit_minor", "cash_minor"]
    list_filter = ["account__role", "account__entity"]
    list_select_related = ["account"]
    search_fields = ["account__code", "account__name"]


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    list_display = ["entity", "month", "state", "statement_minor", "reconciled_at", "closed_at", "by"]
    list_filter = ["state", "entity"]
    list_select_related = ["entity", "by"]
    search_fields = ["entity__slug"]


# What came in


@admin.register(CategoryRule)
class CategoryRuleAdmin(AuditedAdmin):
    list_display = ["contains", "account", "entity", "position"]
    list_filter = ["entity"]
    list_select_related = ["entity", "account"]
    search_fields = ["contains"]
    autocomplete_fields = ["entity", "account"]


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "entity", "lines_read", "lines_new", "covers_to", "landed_at", "by"]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity", "by"]
    search_fields = ["name", "sha256"]
    date_hierarchy = "landed_at"


@admin.register(ImportedLine)
class ImportedLineAdmin(ReadOnlyAdmin):
    list_display = ["on", "description", "amount_minor", "entity", "kind", "file", "line", "booking"]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity", "file", "booking"]
    search_fields = ["description", "external_id"]
    date_hierarchy = "on"
    show_full_result_count = False


@admin.register(HandoffFile)
class HandoffFileAdmin(ReadOnlyAdmin):
    list_display = ["name", "entity", "updated_on", "read_at", "current"]
    list_filter = ["current", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]


@admin.register(HandoffRow)
class HandoffRowAdmin(ReadOnlyAdmin):
    list_display = ["label", "kind", "section", "file", "line", "tracked"]
    list_filter = ["kind", "tracked", "file__entity"]
    list_select_related = ["file"]
    search_fields = ["label", "text"]


# Bookings, channels, contracts


class BookingCostInline(admin.TabularInline):
    model = BookingCost
    extra = 0


@admin.register(Booking)
class BookingAdmin(AuditedAdmin):
    """Facts of a booking. Its stage moves on its own page, and what is paid is what the books say."""

    list_display = ["reference", "title", "entity", "stage", "service_on", "price_minor", "paid_minor"]
    list_filter = ["stage", "kind", "entity"]
    list_select_related = ["entity"]
    search_fields = ["reference", "title", "client_name", "client_email"]
    autocomplete_fields = ["entity", "asset", "channel"]
    readonly_fields = ["stage", "paid_minor", "completed_on", "ended_on"]
    date_hierarchy = "service_on"
    inlines = [BookingCostInline]
    formfield_overrides = {models.URLField: {"assume_scheme": "https", "widget": AdminURLFieldWidget}}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep the name under which files and entries know a booking."""
        return [*self.readonly_fields, "entity", "reference"] if obj is not None else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """A booking is lost or cancelled, not deleted."""
        return False


class CommissionInline(admin.TabularInline):
    model = Commission
    extra = 0


@admin.register(Channel)
class ChannelAdmin(AuditedAdmin):
    list_display = ["name", "entity", "status", "marketplace", "listed_on"]
    list_filter = ["status", "marketplace", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["entity"]
    inlines = [CommissionInline]


@admin.register(FunnelCount)
class FunnelCountAdmin(AuditedAdmin):
    list_display = ["step", "count", "entity", "counted_on", "position"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["step"]
    autocomplete_fields = ["entity"]


@admin.register(ClientContract)
class ClientContractAdmin(AuditedAdmin):
    list_display = ["client", "entity", "state", "billing_model", "rate_minor", "terms_days", "active"]
    list_filter = ["state", "billing_model", "active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["client"]
    autocomplete_fields = ["entity"]


# Plans


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
