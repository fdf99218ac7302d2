"""Templates of checklists in the Django admin."""

from django.contrib import admin

from crew.admin.templates import LineInline, TemplateAdmin
from crew.models import ChecklistTemplate, ItemTemplate


class ItemTemplateInline(LineInline):
    """The lines of a list. One that was worked is made inactive instead of deleted."""

    model = ItemTemplate
    fields = [
        "sort",
        "text",
        "detail",
        "role",
        "due_from",
        "due_minutes",
        "critical",
        "evidence",
        "low",
        "high",
        "unit",
        "active",
    ]


@admin.register(ChecklistTemplate)
class ChecklistTemplateAdmin(TemplateAdmin):
    """Lists that events start with. A change reaches the events made after it."""

    list_display = ["name", "phase", "entity", "active"]
    list_filter = ["phase", "active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "items__text"]
    autocomplete_fields = ["entity"]
    inlines = [ItemTemplateInline]
