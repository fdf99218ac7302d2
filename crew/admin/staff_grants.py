"""Duties of staff in the Django admin: given and revoked, never edited."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import clock
from crew.admin.base import who
from crew.domain import grants
from crew.models import Duty, StaffGrant


@admin.register(StaffGrant)
class StaffGrantAdmin(admin.ModelAdmin):
    """Who holds which duty. A grant is given and revoked, never edited or deleted."""

    list_display = ["person", "duty", "where", "granted_at", "revoked_at"]
    list_filter = ["duty", "entity", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "entity"]
    search_fields = ["person__email", "person__name"]
    search_help_text = "Address or name."
    autocomplete_fields = ["person"]
    fields = ["person", "duty", "entity"]
    actions = ["revoke"]

    @admin.display(description="where", ordering="entity")
    def where(self, grant: StaffGrant) -> str:
        """Say where the duty holds."""
        return str(grant.entity) if grant.entity else "the whole portfolio"

    def has_change_permission(self, request: HttpRequest, obj: StaffGrant | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StaffGrant | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may give duties may take them back."""
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: StaffGrant, form: ModelForm, change: bool) -> None:
        """Give the duty by the one door there is."""
        given = grants.grant_duty(
            person=obj.person, duty=Duty(obj.duty), entity=obj.entity, at=clock.now(), by=who(request)
        )
        obj.pk, obj.granted_at = given.pk, given.granted_at

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say so where the duty is held already; the whole request is one transaction, so nothing is kept."""
        try:
            return super().add_view(request, form_url, extra_context)
        except grants.DutyHeldAlreadyError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:crew_staffgrant_changelist")

    @admin.action(description="Revoke the selected duties", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[StaffGrant]) -> None:
        """Revoke each, and say which were revoked before."""
        for grant in chosen.select_related("person", "entity"):
            try:
                grants.revoke_grant(grant=grant, at=clock.now(), by=who(request))
            except grants.GrantRevokedAlreadyError as error:
                self.message_user(request, str(error), messages.WARNING)
            else:
                self.message_user(request, f"Revoked: {grant.person}, {grant}.", messages.SUCCESS)
