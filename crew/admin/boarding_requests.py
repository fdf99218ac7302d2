"""Requests from the dock in the Django admin, to be read."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from crew.models import BoardingRequest


@admin.register(BoardingRequest)
class BoardingRequestAdmin(ReadOnlyAdmin):
    """Who scanned the code on the dock, and whether the captain waved them in."""

    list_display = ["name", "event", "asked_at", "accepted", "decided_by", "decided_at"]
    list_filter = ["accepted", "event__entity"]
    list_select_related = ["event", "decided_by"]
    search_fields = ["name", "email", "event__title", "event__key"]
    search_help_text = "Name, address, or the event's title or key."
    date_hierarchy = "asked_at"
    show_full_result_count = False
    fields = [
        "event",
        "name",
        "email",
        "asked_at",
        "guest",
        "decided_at",
        "decided_by",
        "accepted",
        "opened_at",
    ]
