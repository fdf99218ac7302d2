"""The audit trail in the Django admin, and the two ways other apps show their rows there.

`ReadOnlyAdmin` is for what the books or the system write; `AuditedAdmin` for data that staff may fix, with an audit
event for each change.
"""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from core import audit, clock
from core.models import Announcement, AuditEvent


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that nobody edits by hand: searched, filtered and read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AuditedAdmin(admin.ModelAdmin):
    """Rows that staff may fix; each change, addition and deletion is one audit event in the same transaction."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save a row and record which fields changed, from what to what."""
        super().save_model(request, obj, form, change)
        if change and not form.changed_data:
            return
        data = {
            name: [str(form.initial.get(name, "")), str(form.cleaned_data.get(name, ""))]
            for name in form.changed_data
        }
        self._record(request, obj, "change" if change else "add", data)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Delete a row and record that it was there."""
        self._record(request, obj, "delete", {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen rows one by one, so that each is recorded."""
        for row in queryset:
            self.delete_model(request, row)

    def _record(self, request: HttpRequest, obj: models.Model, verb: str, data: dict[str, Any]) -> None:
        audit.record(
            action=f"admin:{obj._meta.model_name}:{verb}",
            subject=obj,
            by=request.user,  # type: ignore[arg-type]
            at=clock.now(),
            entity=self.entity_of(obj),
            data=data,
        )

    def entity_of(self, obj: Any) -> str:
        """Return the slug of the entity whose trail a row's changes belong to, empty for none."""
        entity = obj if obj._meta.model_name == "entity" else getattr(obj, "entity", None)
        return getattr(entity, "slug", "")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, when; appended by the system, never changed."""

    list_display = ["at", "action", "subject_label", "actor", "entity_slug"]
    list_filter = ["entity_slug", "subject_type"]
    list_select_related = ["actor"]
    search_fields = ["action", "subject_label", "subject_id"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    """What was announced to the floors above."""

    list_display = ["at", "kind", "subject_label", "entity_slug", "key"]
    list_filter = ["kind", "entity_slug"]
    search_fields = ["key", "subject_label"]
    show_full_result_count = False
