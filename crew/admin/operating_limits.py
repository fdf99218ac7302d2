"""Operating limits in the Django admin: what the law lets aboard, as dated rows with their source."""

from django.contrib import admin

from core.admin import AuditedAdmin
from crew.models import OperatingLimit


@admin.register(OperatingLimit)
class OperatingLimitAdmin(AuditedAdmin):
    """A change of the law is a new row from its day on; events keep the limit and source they were made under."""

    list_display = ["mode", "vessel", "passengers", "from_on", "source"]
    list_filter = ["mode", "vessel"]
    list_select_related = ["vessel"]
    search_fields = ["source", "vessel__name"]
    autocomplete_fields = ["vessel"]
    date_hierarchy = "from_on"
