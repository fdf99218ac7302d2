"""Templates of events in the Django admin, with the positions they start with."""

from django import forms
from django.contrib import admin

from crew.admin.templates import LineInline, TemplateAdmin
from crew.models import CredentialKind, EventTemplate, PositionTemplate


class PositionTemplateForm(forms.ModelForm):
    """A position with the papers it asks for, chosen and not typed."""

    requires = forms.MultipleChoiceField(
        choices=CredentialKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class PositionTemplateInline(LineInline):
    """The positions that an event starts with."""

    model = PositionTemplate
    form = PositionTemplateForm
    fields = ["sort", "station", "count", "requires", "rate_minor"]


@admin.register(EventTemplate)
class EventTemplateAdmin(TemplateAdmin):
    """What an event of a kind starts with. A change reaches the events made after it."""

    list_display = ["name", "entity", "kind", "mode", "capacity", "active"]
    list_filter = ["kind", "mode", "active", "entity"]
    list_select_related = ["entity"]
    search_fields = ["name", "entity__name"]
    autocomplete_fields = ["entity"]
    filter_horizontal = ["checklists"]
    inlines = [PositionTemplateInline]
