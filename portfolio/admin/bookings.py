"""Bookings, channels, clients and contracts."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models
from django.http import HttpRequest

from core.admin import AuditedAdmin
from portfolio.models import Booking, BookingCost, Channel, ClientContract, Commission, FunnelCount


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
    readonly_fields = ["gates"]
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
    list_select_related = ["entity", "client"]
    search_fields = ["client__name", "title"]
    autocomplete_fields = ["entity"]
    raw_id_fields = ["client"]
