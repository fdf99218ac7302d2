"""What both kinds of template share: their lines are audited with them."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core.admin import AuditedAdmin


class LineInline(admin.TabularInline):
    """Lines of a template. A new template starts with an empty one: adding a row takes JavaScript."""

    extra = 0

    def get_extra(self, request: HttpRequest, obj: models.Model | None = None, **kwargs: Any) -> int:
        """Return how many empty rows there are; one left empty is not saved."""
        return self.extra if obj else 1


class TemplateAdmin(AuditedAdmin):
    """A template with its lines on one page."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the lines, and record which came, changed and went."""
        formset.save()
        noun = formset.model._meta.model_name
        changed = {f"{noun} {line}": ["", ", ".join(names)] for line, names in formset.changed_objects}
        added = {f"{noun} {line}": ["", "added"] for line in formset.new_objects}
        gone = {f"{noun} {line}": ["", "deleted"] for line in formset.deleted_objects}
        if changed or added or gone:
            self._record(request, form.instance, "lines", {**changed, **added, **gone})
