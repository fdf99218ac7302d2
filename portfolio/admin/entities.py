"""Entities and what hangs on them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import AuditedAdmin
from portfolio.models import Asset, Entity, Responsibility, Stake


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
