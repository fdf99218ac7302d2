"""Banks: what was said about their accounts and files, what their statements told, and who ticked a month off."""

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import BankAccount, CloseTick, ColumnMap, StatementBalance


@admin.register(BankAccount)
class BankAccountAdmin(AuditedAdmin):
    list_display = ["account", "institution", "last_four", "card"]
    list_select_related = ["account"]
    search_fields = ["institution", "last_four", "account__name"]
    autocomplete_fields = ["account"]
    exclude = ["number_hash"]


@admin.register(StatementBalance)
class StatementBalanceAdmin(ReadOnlyAdmin):
    list_display = ["account", "on", "balance_minor", "file", "noted_at", "by"]
    list_select_related = ["account", "file", "by"]
    search_fields = ["account__name", "file__name"]
    date_hierarchy = "on"


@admin.register(ColumnMap)
class ColumnMapAdmin(ReadOnlyAdmin):
    list_display = ["name", "entity", "account", "date_format", "decimal_comma"]
    list_filter = ["entity"]
    list_select_related = ["entity", "account"]
    search_fields = ["name"]


@admin.register(CloseTick)
class CloseTickAdmin(ReadOnlyAdmin):
    list_display = ["item", "entity", "month", "note", "at", "by"]
    list_filter = ["entity", "item"]
    list_select_related = ["entity", "by"]
    search_fields = ["item", "note"]
