"""Maintenance records in the Django admin: opened and corrected here, closed through their own door."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from core import audit, clock
from crew.admin.base import FactsAdmin, ReasonForm, each, hand, reason, who
from crew.domain import maintenance
from crew.models import MaintenanceRecord


@admin.register(MaintenanceRecord)
class MaintenanceRecordAdmin(FactsAdmin):
    """What needs mending, until somebody says how it was put right."""

    list_display = ["title", "vessel", "event", "opened_at", "opened_by", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "vessel"]
    list_select_related = ["vessel", "event", "opened_by"]
    search_fields = ["title", "note", "vessel__name", "event__title", "event__key"]
    search_help_text = "Title, note, vessel, or the event's title or key."
    date_hierarchy = "opened_at"
    show_full_result_count = False
    autocomplete_fields = ["vessel"]
    fields = [
        "vessel",
        "title",
        "note",
        "event",
        "item",
        "opened_at",
        "opened_by",
        "closed_at",
        "closed_by",
        "resolution",
    ]
    readonly_fields = ["event", "item", "opened_at", "opened_by", "closed_at", "closed_by", "resolution"]
    action_form = ReasonForm
    actions = ["close"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaintenanceRecord]:
        """Fetch what the page of one record shows beside it."""
        return (
            super()
            .get_queryset(request)
            .select_related("vessel__entity", "event__entity", "item", "opened_by", "closed_by")
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the vessel of a record that is opened here: it has no event to be known by."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            form.base_fields["vessel"].required = True
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what it is about, once it exists."""
        return [*self.readonly_fields, "vessel"] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Say when a new one was opened, and by whom."""
        if isinstance(obj, MaintenanceRecord) and not change:
            obj.opened_at, obj.opened_by = clock.now(), who(request)
        super().save_model(request, obj, form, change)

    @admin.action(description="Close, with what was done", permissions=["change"])
    def close(self, request: HttpRequest, chosen: QuerySet[MaintenanceRecord]) -> None:
        """Close records; the reason says what was done."""

        def deed(record: MaintenanceRecord) -> str:
            maintenance.close(record=record, resolution=reason(request), by=hand(request), at=clock.now())
            return f"{record} is closed."

        each(self, request, chosen, deed, maintenance.ClosingRefusedError)

    def _record(self, request: HttpRequest, obj: models.Model, verb: str, data: dict[str, Any]) -> None:
        record: Any = obj
        subject = record.vessel or record.event
        audit.record(
            action=f"admin:maintenancerecord:{verb}",
            subject=record,
            by=who(request),
            at=clock.now(),
            entity=subject.entity.slug,
            data=data,
        )
