"""What came in: rules are written here, what landed is only read."""

from django.contrib import admin

from core.admin import AuditedAdmin, ReadOnlyAdmin
from portfolio.models import CategoryRule, HandoffFile, HandoffRow, ImportedLine, ImportFile


@admin.register(CategoryRule)
class CategoryRuleAdmin(AuditedAdmin):
    list_display = [
        "contains",
        "direction",
        "at_least_minor",
        "at_most_minor",
        "account",
        "entity",
        "position",
    ]
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
