"""The books: what sealed entries wrote is only read."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.admin.inlines import ReadOnlyInline
from portfolio.models import Account, ChainAnchor, EntryChain, JournalEntry, MonthlyBalance, Period, Posting


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
        return ["currency"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the account in the currency of its entity."""
        obj.currency = obj.entity.currency
        super().save_model(request, obj, form, change)


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


@admin.register(EntryChain)
class EntryChainAdmin(ReadOnlyAdmin):
    list_display = ["entity", "number", "head", "opened_on"]
    list_select_related = ["entity"]
    search_fields = ["entity__slug", "head"]


@admin.register(ChainAnchor)
class ChainAnchorAdmin(ReadOnlyAdmin):
    list_display = ["entity", "number", "head", "reason", "recorded_at"]
    list_filter = ["reason", "entity"]
    list_select_related = ["entity"]
    search_fields = ["entity__slug", "head"]
