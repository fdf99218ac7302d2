"""Reports in the Django admin: what staff set is edited, what was issued is only read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from reports.domain import variants
from reports.models import (
    Action,
    ActionLink,
    AgendaLine,
    Binder,
    BinderEdition,
    BinderFile,
    Commentary,
    Edition,
    EditionFile,
    EditionFinding,
    EditionPrint,
    EventAnswer,
    EventTrigger,
    Finding,
    HeldDraft,
    OwnerName,
    Recipient,
    Report,
    Run,
    Schedule,
    SubjectLine,
    Variant,
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
    """Names, sender, recipients, and when editions wait for approval. Reports come with their lenses."""

    list_display = ["title", "slug", "family", "from_name", "reply_to", "hold", "active"]
    list_filter = ["family", "hold", "active"]
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

    list_display = ["report", "name", "entity", "cron", "zone", "variant", "active", "starts_at"]
    list_filter = ["report", "active"]
    list_select_related = ["report", "entity", "variant"]
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
        "mails",
        "queued_at",
        "settled_at",
    ]
    list_filter = ["state", "report", "trigger", "dry_run"]
    list_select_related = ["report", "entity"]
    search_fields = ["error", "reasons"]
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
    list_display = [
        "title",
        "severity",
        "state",
        "rule",
        "subject",
        "first_seen_on",
        "last_seen_on",
        "muted_until",
    ]
    list_filter = ["state", "severity"]
    search_fields = ["title", "rule", "subject"]


@admin.register(Action)
class ActionAdmin(admin.ModelAdmin):
    """Words and owner are mended here; settling and moving is done on its page, which records who did it."""

    list_display = ["title", "owner", "assignee", "due_on", "state", "carried", "escalated_on", "report"]
    list_filter = ["state", "report"]
    list_select_related = ["report", "assignee"]
    search_fields = ["title", "owner"]
    fields = [
        "report",
        "finding",
        "title",
        "owner",
        "assignee",
        "due_on",
        "state",
        "opened_on",
        "carried",
        "carried_on",
        "escalated_on",
        "settled_on",
        "settled_by",
    ]
    readonly_fields = [
        "report",
        "finding",
        "assignee",
        "due_on",
        "state",
        "opened_on",
        "carried",
        "carried_on",
        "escalated_on",
        "settled_on",
        "settled_by",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VariantForm(forms.ModelForm):
    """A variant; its parts are those an edition has."""

    parts = forms.MultipleChoiceField(
        choices=[(part.value, part.value.capitalize()) for part in variants.PARTS],
        widget=forms.CheckboxSelectMultiple,
    )


@admin.register(Variant)
class VariantAdmin(admin.ModelAdmin):
    """What each variant shows. Mail that has gone stays as it was; recipients and schedules name a variant."""

    form = VariantForm
    list_display = ["slug", "name", "parts", "attach_pdf"]
    search_fields = ["slug", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Variant | None = None) -> list[str]:
        """Keep the slug of one that is there: files and mails name it."""
        return [] if obj is None else ["slug"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SubjectLine)
class SubjectLineAdmin(ReadOnlyAdmin):
    list_display = ["report", "label", "template", "active"]
    list_filter = ["report", "active"]
    list_select_related = ["report"]
    search_fields = ["label", "template"]


@admin.register(EventTrigger)
class EventTriggerAdmin(ReadOnlyAdmin):
    """Triggers are changed on their page, which answers first what was announced before the change."""

    list_display = ["report", "name", "kind", "entity", "about", "min_severity", "min_gap_minutes", "active"]
    list_filter = ["kind", "report", "active"]
    list_select_related = ["report", "entity", "about"]
    search_fields = ["name"]


@admin.register(EventAnswer)
class EventAnswerAdmin(ReadOnlyAdmin):
    list_display = ["trigger", "announcement", "run", "why", "at"]
    list_filter = ["trigger"]
    list_select_related = ["trigger", "announcement", "run__report"]
    search_fields = ["announcement__subject_label", "why"]


@admin.register(HeldDraft)
class HeldDraftAdmin(ReadOnlyAdmin):
    list_display = ["run", "built_at", "sha256"]
    search_fields = ["sha256"]
    exclude = ["draft"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large drafts in the database."""
        return super().get_queryset(request).select_related("run__report").defer("draft")


@admin.register(EditionFinding)
class EditionFindingAdmin(ReadOnlyAdmin):
    list_display = ["edition", "finding", "status"]
    list_filter = ["status"]
    search_fields = ["finding__title", "finding__rule"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large documents in the database."""
        rows = super().get_queryset(request).select_related("edition__report", "finding")
        return rows.defer("edition__document")


@admin.register(EditionPrint)
class EditionPrintAdmin(ReadOnlyAdmin):
    list_display = ["edition", "kpis"]
    search_fields = ["edition__report__slug"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large documents in the database."""
        return super().get_queryset(request).select_related("edition__report").defer("edition__document")


@admin.register(Commentary)
class CommentaryAdmin(ReadOnlyAdmin):
    list_display = ["report", "entity", "anchor", "author", "written_at", "once", "until_on"]
    list_filter = ["report"]
    list_select_related = ["report", "entity", "author"]
    search_fields = ["body", "anchor"]


@admin.register(OwnerName)
class OwnerNameAdmin(ReadOnlyAdmin):
    list_display = ["name", "person"]
    list_select_related = ["person"]
    search_fields = ["name"]


@admin.register(ActionLink)
class ActionLinkAdmin(ReadOnlyAdmin):
    """Whether a link was used; its secret is nowhere, and what is kept of it is not shown."""

    list_display = ["action", "person", "verb", "message", "issued_at", "expires_at", "used_at"]
    list_filter = ["verb"]
    list_select_related = ["action", "person", "message"]
    search_fields = ["action__title"]
    exclude = ["token_hash"]


@admin.register(AgendaLine)
class AgendaLineAdmin(ReadOnlyAdmin):
    """What waits for somebody's next agenda mail."""

    list_display = ["person", "action", "edition", "asked_at"]
    search_fields = ["action__title", "person__email"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large documents in the database."""
        rows = super().get_queryset(request).select_related("person", "action", "edition__report")
        return rows.defer("edition__document")


@admin.register(Binder)
class BinderAdmin(ReadOnlyAdmin):
    list_display = ["number", "as_of", "issued_at", "by"]
    list_select_related = ["by"]
    search_fields = ["=number"]


@admin.register(BinderEdition)
class BinderEditionAdmin(ReadOnlyAdmin):
    list_display = ["binder", "position", "edition"]
    search_fields = ["edition__report__slug"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the large documents in the database."""
        rows = super().get_queryset(request).select_related("binder", "edition__report")
        return rows.defer("edition__document")


@admin.register(BinderFile)
class BinderFileAdmin(ReadOnlyAdmin):
    list_display = ["binder", "name", "media_type", "sha256"]
    search_fields = ["name", "sha256"]
    exclude = ["content"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the bytes in the database."""
        return super().get_queryset(request).select_related("binder").defer("content")
