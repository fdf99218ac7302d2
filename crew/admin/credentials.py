"""Credentials in the Django admin: numbers and dates are corrected, and positions that hang on them looked at again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from crew.admin.base import FactsAdmin, each
from crew.domain import positions
from crew.models import Credential


@admin.register(Credential)
class CredentialAdmin(FactsAdmin):
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

    def get_readonly_fields(self, request: HttpRequest, obj: Credential | None = None) -> list[str]:
        """Keep whose paper it is, and what it is."""
        return [*self.readonly_fields, "person", "kind"] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        """Save it, then hold the coming positions that it no longer reaches."""
        if not change:
            obj.added_at = clock.now()
        super().save_model(request, obj, form, change)
        self._look_again(request, obj)

    @admin.action(description="Withdraw", permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Credential]) -> None:
        """Withdraw papers that do not hold any more, without forgetting them."""

        def deed(paper: Credential) -> str:
            at = clock.now()
            if not Credential.objects.filter(pk=paper.pk, withdrawn_at=None).update(withdrawn_at=at):
                return f"{paper} of {paper.person} was withdrawn before."
            self._record(request, paper, "withdraw", {"withdrawn_at": ["", at.isoformat()]})
            self._look_again(request, paper)
            return f"{paper} of {paper.person} is withdrawn."

        each(self, request, chosen.select_related("person"), deed)

    def _look_again(self, request: HttpRequest, paper: Credential) -> None:
        held = positions.sweep(at=clock.now(), people=[paper.person_id])
        if held:
            self.message_user(
                request,
                f"{held} position{'' if held == 1 else 's'} of {paper.person} put on hold.",
                messages.WARNING,
            )
