"""Documents of entries: what proves an entry is only read."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from portfolio.models import EntryDocument


@admin.register(EntryDocument)
class EntryDocumentAdmin(ReadOnlyAdmin):
    list_display = ["name", "entry", "content_type", "size", "added_at", "by"]
    list_filter = ["content_type"]
    list_select_related = ["entry", "by"]
    search_fields = ["name", "sha256", "entry__memo"]
    date_hierarchy = "added_at"
