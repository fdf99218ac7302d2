"""People in the Django admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from core import audit, clock
from crew.admin.base import each, who
from crew.domain import people
from crew.models import Person


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
    actions = ["sign_out_everywhere"]

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return False

    @admin.action(description="Sign out everywhere, and forget their devices", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        """End every session of each person, for a phone lost or a mailbox read by somebody else."""

        def deed(person: Person) -> str:
            people.sign_out_everywhere(person=person, at=clock.now(), by=who(request))
            return f"{person} is signed out everywhere."

        each(self, request, chosen, deed)

    def save_model(self, request: HttpRequest, obj: Person, form: ModelForm, change: bool) -> None:
        """Save a person, without a password, and write down what changed."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        audit.record(
            action="crew:person:change" if change else "crew:person:add",
            subject=obj,
            at=clock.now(),
            by=who(request),
            data={name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data},
        )
