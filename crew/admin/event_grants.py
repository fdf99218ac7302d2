"""Roles on one event in the Django admin: given and revoked through their own door, never edited."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import clock
from crew.admin.base import each, hand
from crew.domain import grants
from crew.models import EventGrant


@admin.register(EventGrant)
class EventGrantAdmin(admin.ModelAdmin):
    """Who holds which role on which event. Links to it are sent from the event's own page."""

    list_display = ["person", "role", "event", "position", "granted_at", "expires_at", "revoked_at"]
    list_filter = ["role", ("revoked_at", admin.EmptyFieldListFilter), "event__entity"]
    list_select_related = ["person", "event", "position"]
    search_fields = ["person__email", "person__name", "event__title", "event__key"]
    search_help_text = "Person, or the event's title or key."
    autocomplete_fields = ["person", "event"]
    fields = ["event", "person", "role", "expires_at"]
    date_hierarchy = "granted_at"
    show_full_result_count = False
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: EventGrant | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EventGrant | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may give roles may take them back."""
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: EventGrant, form: ModelForm, change: bool) -> None:
        """Give the role by the one door there is; one that is held already stays, or is prolonged."""
        given = grants.give(
            event=obj.event,
            person=obj.person,
            role=obj.role,
            by=hand(request),
            at=clock.now(),
            expires_at=obj.expires_at,
        )
        obj.pk, obj.granted_at = given.pk, given.granted_at

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say so where the role is refused; the whole request is one transaction, so nothing is kept."""
        try:
            return super().add_view(request, form_url, extra_context)
        except grants.RoleRefusedError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:crew_eventgrant_changelist")

    @admin.action(description="Revoke the selected roles, with their links", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[EventGrant]) -> None:
        """Revoke each, and say which were revoked before."""

        def deed(grant: EventGrant) -> str:
            grants.revoke(grant=grant, by=hand(request), at=clock.now())
            return f"Revoked: {grant.person}, {grant.get_role_display().lower()} of {grant.event.title}."

        rows = chosen.select_related("person", "event__entity")
        each(self, request, rows, deed, grants.GrantRevokedAlreadyError)
