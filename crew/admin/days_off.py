"""Days off in the Django admin."""

from django.contrib import admin

from core.admin import AuditedAdmin
from crew.models import DayOff


@admin.register(DayOff)
class DayOffAdmin(AuditedAdmin):
    """Days on which somebody cannot work; those who mark their own do it in the portal."""

    list_display = ["person", "first_on", "last_on", "note"]
    list_filter = ["person__sample"]
    list_select_related = ["person"]
    search_fields = ["person__email", "person__name", "note"]
    search_help_text = "Person or note."
    date_hierarchy = "first_on"
    autocomplete_fields = ["person"]
