"""Vessels in the Django admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import AuditedAdmin
from crew.models import Vessel


@admin.register(Vessel)
class VesselAdmin(AuditedAdmin):
    """Boats that an entity sails. One that is sold is made inactive."""

    list_display = ["name", "entity", "home_port", "turnaround_minutes", "active"]
    list_filter = ["active", "entity"]
    list_select_related = ["entity", "home_port"]
    search_fields = ["name", "entity__name"]
    autocomplete_fields = ["entity", "home_port", "asset"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep whose it is: its events are theirs."""
        return ["entity"] if obj else []
