"""What Stripe told and what came of it: only read, because events and files wrote it."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from portfolio.models import StripeEvent, StripeMovement, StripePayout


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "type", "entity", "state", "livemode", "tries", "received_at", "error"]
    list_filter = ["state", "livemode", "entity"]
    list_select_related = ["entity"]
    search_fields = ["event_id", "type", "object_id"]
    date_hierarchy = "received_at"
    show_full_result_count = False


@admin.register(StripeMovement)
class StripeMovementAdmin(ReadOnlyAdmin):
    list_display = ["external_id", "entity", "charge_id", "payout_id", "net_minor"]
    list_filter = ["entity"]
    list_select_related = ["entity"]
    search_fields = ["external_id", "charge_id", "payout_id"]
    show_full_result_count = False


@admin.register(StripePayout)
class StripePayoutAdmin(ReadOnlyAdmin):
    list_display = [
        "payout_id",
        "entity",
        "amount_minor",
        "arrives_on",
        "state",
        "manual",
        "lines",
        "residual_minor",
    ]
    list_filter = ["state", "manual", "entity"]
    list_select_related = ["entity"]
    search_fields = ["payout_id"]
    date_hierarchy = "arrives_on"
