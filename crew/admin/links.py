"""Magic links in the Django admin, to be read: how they stand and what happened to them, never their secrets."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import ReadOnlyAdmin
from crew.models import Link, LinkEvent, LinkSecret, StepUp


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    """Invitations to a role. They are sent, replaced and revoked on the event's own page."""

    list_display = ["grant", "person", "issued_at", "expires_at", "uses", "uses_allowed", "revoked_at"]
    list_filter = ["grant__role", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["grant__person", "grant__event"]
    search_fields = [
        "grant__person__email",
        "grant__person__name",
        "grant__event__title",
        "grant__event__key",
    ]
    search_help_text = "Person, or the event's title or key."
    date_hierarchy = "issued_at"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Link]:
        """Fetch what the page of one link shows beside it."""
        return super().get_queryset(request).select_related("grant__person", "grant__event", "issued_by")

    @admin.display(description="person", ordering="grant__person__email")
    def person(self, link: Link) -> str:
        """Return whom it is for."""
        return link.grant.person.email


@admin.register(LinkSecret)
class LinkSecretAdmin(ReadOnlyAdmin):
    """When a link was written into a mail or shown; its hashes stay in the database."""

    list_display = ["link", "shown", "minted_at", "revoked_at"]
    list_filter = ["shown", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["link"]
    search_fields = ["link__grant__person__email", "link__grant__event__key"]
    date_hierarchy = "minted_at"
    show_full_result_count = False
    fields = ["link", "shown", "minted_at", "revoked_at"]


@admin.register(LinkEvent)
class LinkEventAdmin(ReadOnlyAdmin):
    """What happened to links: issued, opened, used, refused."""

    list_display = ["at", "kind", "link", "by", "reason", "address"]
    list_filter = ["kind"]
    list_select_related = ["link", "by"]
    search_fields = ["link__grant__person__email", "link__grant__event__key", "reason", "address"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(StepUp)
class StepUpAdmin(ReadOnlyAdmin):
    """Codes asked for on a device that a link did not know."""

    list_display = ["link", "asked_at", "expires_at", "tries", "used_at"]
    list_filter = [("used_at", admin.EmptyFieldListFilter)]
    list_select_related = ["link"]
    search_fields = ["link__grant__person__email", "link__grant__event__key"]
    date_hierarchy = "asked_at"
    show_full_result_count = False
    fields = ["link", "asked_at", "expires_at", "tries", "used_at"]
