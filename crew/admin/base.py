"""What the crew's admin pages share: whose hand it is, actions that answer in sentences, rows that belong to one event."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import models
from django.http import HttpRequest

from core import clock
from core.admin import AuditedAdmin
from crew.domain import history
from crew.domain.history import Actor
from crew.models import Event, Person

LONGEST_REASON = 300


class ReasonForm(ActionForm):
    """The choice of an action, and the reason that some of them ask for."""

    reason = forms.CharField(
        required=False, max_length=LONGEST_REASON, label="Reason", help_text="Where the action asks for one."
    )


def who(request: HttpRequest) -> Person:
    """Return who works here; the admin lets nobody in who has not signed in."""
    return cast(Person, request.user)


def hand(request: HttpRequest) -> Actor:
    """Return whose hand a change is."""
    return Actor(who(request))


def reason(request: HttpRequest) -> str:
    """Return the reason typed beside an action; `ReasonForm` has checked it by then."""
    return request.POST.get("reason", "").strip()[:LONGEST_REASON]


def each(
    page: admin.ModelAdmin,
    request: HttpRequest,
    rows: Iterable[Any],
    deed: Callable[[Any], str],
    *refusals: type[Exception],
) -> None:
    """Do something to each row through its domain function, and tell what came of it, row by row."""
    for row in rows:
        try:
            page.message_user(request, deed(row), messages.SUCCESS)
        except refusals as error:
            page.message_user(request, f"{row}: {error}", messages.WARNING)


class FactsAdmin(AuditedAdmin):
    """Rows whose facts may be corrected. Only the columns that changed are written: the others may have moved meanwhile."""

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Write what changed and record it, from what to what."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        if form.changed_data:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            type(obj)._default_manager.filter(pk=obj.pk).update(**changed)
            data = {name: [str(form.initial.get(name, "")), str(value)] for name, value in changed.items()}
            self._record(request, obj, "change", data)


class OfEventAdmin(FactsAdmin):
    """Rows of one event: what is corrected stands in the event's own trail. They come and go with the event's pages."""

    list_select_related = ["event"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def event_of(self, obj: Any) -> Event:
        """Return the event whose trail it is."""
        return cast(Event, obj.event)

    def _record(self, request: HttpRequest, obj: models.Model, verb: str, data: dict[str, Any]) -> None:
        history.note(
            event=self.event_of(obj),
            action=f"admin:{obj._meta.model_name}:{verb}",
            subject=obj,
            by=hand(request),
            at=clock.now(),
            data=data,
        )
