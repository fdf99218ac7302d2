"""Reports in the Django admin: what staff set is edited, what was issued is only read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from reports.models import (
    Action,
    Edition,
    EditionFile,
    Finding,
    Recipient,
    Report,
    Run,
    Schedule,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecipientInline(admin.TabularInline):
    model = Recipient
    extra = 0


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):
    """Names, sender and recipients. Reports come with their lenses, by migration."""

    list_display = ["title", "slug", "family", "from_name", "reply_to", "active"]
    list_filter = ["family", "active"]
    search_fields = ["slug", "title"]
    readonly_fields = ["slug", "lens"]
    inlines = [RecipientInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Schedules are changed on their page, which reads the cron line and says when it comes round."""

    list_display = ["report", "name", "cron", "zone", "active", "starts_at"]
    list_filter = ["report", "active"]
    search_fields = ["name", "cron"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "report",
        "entity",
        "trigger",
        "state",
        "as_of",
        "dry_run",
        "queued_at",
        "settled_at",
    ]
    list_filter = ["state", "report", "trigger", "dry_run"]
    list_select_related = ["report", "entity"]
    search_fields = ["error"]
    date_hierarchy = "queued_at"


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    list_display = ["report", "number", "entity", "as_of", "issued_at", "sha256"]
    list_filter = ["report", "entity"]
    list_select_related = ["report", "entity"]
    search_fields = ["sha256"]
    date_hierarchy = "issued_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large documents in the database."""
        return super().get_queryset(request).defer("document")


@admin.register(EditionFile)
class EditionFileAdmin(ReadOnlyAdmin):
    list_display = ["edition", "kind", "name", "media_type", "sha256"]
    list_filter = ["kind"]
    search_fields = ["name", "sha256"]
    exclude = ["content"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the bytes in the database."""
        return super().get_queryset(request).select_related("edition").defer("content", "edition__document")


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["title", "severity", "state", "rule", "subject", "first_seen_on", "last_seen_on"]
    list_filter = ["state", "severity"]
    search_fields = ["title", "rule", "subject"]


@admin.register(Action)
class ActionAdmin(admin.ModelAdmin):
    """Words and owner are mended here; settling and moving is done on its page, which records who did it."""

    list_display = ["title", "owner", "due_on", "state", "report"]
    list_filter = ["state", "report"]
    list_select_related = ["report"]
    search_fields = ["title", "owner"]
    fields = [
        "report",
        "finding",
        "title",
        "owner",
        "due_on",
        "state",
        "opened_on",
        "settled_on",
        "settled_by",
    ]
    readonly_fields = ["report", "finding", "due_on", "state", "opened_on", "settled_on", "settled_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
