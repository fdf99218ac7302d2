"""Rentals: what files and people said can be fixed; a ticket's state moves on its own page."""

from typing import Any

from django.contrib import admin

from core.admin import AuditedAdmin
from portfolio.models import BlockedNights, Expiry, MaintenanceTicket, NightRate, Stay


@admin.register(Stay)
class StayAdmin(AuditedAdmin):
    list_display = ["booking", "check_in", "check_out", "channel_name"]
    list_filter = ["booking__entity", "channel_name"]
    list_select_related = ["booking"]
    search_fields = ["booking__reference", "channel_name"]
    raw_id_fields = ["booking"]
    date_hierarchy = "check_in"

    def entity_of(self, obj: Any) -> str:
        """Return the slug of the booking's entity."""
        slug: str = obj.booking.entity.slug
        return slug


@admin.register(MaintenanceTicket)
class MaintenanceTicketAdmin(AuditedAdmin):
    list_display = ["reference", "what", "entity", "priority", "state", "reported_on", "cost_minor"]
    list_filter = ["state", "priority", "entity"]
    list_select_related = ["entity"]
    search_fields = ["reference", "what"]
    autocomplete_fields = ["entity"]
    readonly_fields = [
        "state",
        "triaged_on",
        "quoted_on",
        "scheduled_on",
        "scheduled_for",
        "done_on",
        "entry",
    ]


@admin.register(BlockedNights)
class BlockedNightsAdmin(AuditedAdmin):
    list_display = ["entity", "first_on", "last_on", "reason", "note"]
    list_filter = ["reason", "entity"]
    list_select_related = ["entity"]
    search_fields = ["note", "entity__slug"]
    autocomplete_fields = ["entity", "ticket"]


@admin.register(NightRate)
class NightRateAdmin(AuditedAdmin):
    list_display = ["entity", "first_on", "last_on", "night_minor", "source"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["source", "entity__slug"]
    autocomplete_fields = ["entity"]


@admin.register(Expiry)
class ExpiryAdmin(AuditedAdmin):
    list_display = ["name", "entity", "kind", "expires_on"]
    list_filter = ["kind", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name"]
    autocomplete_fields = ["entity"]
