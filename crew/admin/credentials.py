"""Credentials in the Django admin: numbers and dates are corrected, and positions that hang on them looked at again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import clock
from crew.admin.base import each, who
from crew.domain import credentials
from crew.domain.credentials import Terms
from crew.models import Credential


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin):
    """Papers of those who work aboard. Files are added on the credential's own page, where they are checked."""

    list_display = ["person", "kind", "number", "issued_on", "expires_on", "withdrawn_at"]
    list_filter = ["kind", ("withdrawn_at", admin.EmptyFieldListFilter), "person__sample"]
    list_select_related = ["person"]
    search_fields = ["person__email", "person__name", "number"]
    search_help_text = "Person or number."
    date_hierarchy = "expires_on"
    show_full_result_count = False
    autocomplete_fields = ["person"]
    fields = ["person", "kind", "number", "issued_on", "expires_on", "withdrawn_at", "added_at"]
    readonly_fields = ["withdrawn_at", "added_at"]
    actions = ["withdraw"]

    def has_delete_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Credential | None = None) -> list[str]:
        """Keep whose paper it is, and what it is."""
        return [*self.readonly_fields, "person", "kind"] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        """Add it or put it right by the one door there is, which also holds the positions it no longer reaches."""
        at = clock.now()
        terms = Terms(kind=obj.kind, number=obj.number, issued_on=obj.issued_on, expires_on=obj.expires_on)
        if not change:
            added = credentials.add(person=obj.person, terms=terms, upload=None, by=who(request), at=at)
            obj.pk, obj.added_at = added.pk, added.added_at
        elif form.changed_data:
            credentials.change(credential=obj, terms=terms, upload=None, by=who(request), at=at)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so where the paper is refused; the whole request is one transaction, so nothing is kept."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except credentials.CredentialRefusedError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:crew_credential_changelist")

    @admin.action(description="Withdraw", permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Credential]) -> None:
        """Withdraw papers that do not hold any more, without forgetting them."""

        def deed(paper: Credential) -> str:
            credentials.withdraw(credential=paper, by=who(request), at=clock.now())
            return f"{paper} of {paper.person} is withdrawn."

        each(self, request, chosen.select_related("person"), deed, credentials.CredentialRefusedError)
