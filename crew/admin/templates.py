"""What both kinds of template share: their lines are audited with them."""

from typing import Any

from django.http import HttpRequest

from core.admin import AuditedAdmin


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
