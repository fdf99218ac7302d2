"""People and their duties in the Django admin: the same deeds as elsewhere, audited alike."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import audit, clock
from crew.domain import grants
from crew.models import Duty, Person, StaffGrant


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    """Who is known. Nobody is deleted, because what they did stays theirs; they are made inactive."""

    list_display = ["email", "name", "is_active", "is_staff", "sample", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "sample"]
    search_fields = ["email", "name"]
    search_help_text = "Address or name."
    fields = [
        "email",
        "name",
        "zone",
        "is_active",
        "is_staff",
        "is_superuser",
        "sample",
        "joined_at",
        "last_login",
    ]
    readonly_fields = ["sample", "joined_at", "last_login"]

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Person, form: ModelForm, change: bool) -> None:
        """Save a person, without a password, and write down what changed."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        audit.record(
            action="crew:person:change" if change else "crew:person:add",
            subject=obj,
            at=clock.now(),
            by=_who(request),
            data={name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data},
        )


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
            person=obj.person, duty=Duty(obj.duty), entity=obj.entity, at=clock.now(), by=_who(request)
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
                grants.revoke_grant(grant=grant, at=clock.now(), by=_who(request))
            except grants.GrantRevokedAlreadyError as error:
                self.message_user(request, str(error), messages.WARNING)
            else:
                self.message_user(request, f"Revoked: {grant.person}, {grant}.", messages.SUCCESS)


def _who(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # The admin lets nobody in who has not signed in.
