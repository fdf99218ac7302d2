"""Guests in the Django admin: names are corrected, seats are given and freed on the event's own page."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from crew.admin.base import OfEventAdmin, ReasonForm, each, hand, reason
from crew.domain import guests
from crew.models import Guest


@admin.register(Guest)
class GuestAdmin(OfEventAdmin):
    """Passengers, one row each."""

    list_display = ["name", "event", "state", "email", "walk_up", "cleared_how", "added_at"]
    list_filter = ["state", "walk_up", "event__entity"]
    search_fields = ["name", "email", "event__title", "event__key"]
    search_help_text = "Name, address, or the event's title or key."
    date_hierarchy = "added_at"
    show_full_result_count = False
    fields = ["name", "event", "email", "person", "state", "walk_up", "cleared_how", "added_at", "added_by"]
    readonly_fields = ["event", "email", "person", "state", "walk_up", "cleared_how", "added_at", "added_by"]
    action_form = ReasonForm
    actions = ["clear", "remove"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Guest]:
        """Fetch what the page of one guest shows beside it."""
        return super().get_queryset(request).select_related("event__entity", "person", "added_by")

    @admin.action(description="Clear to board, with how it was checked", permissions=["change"])
    def clear(self, request: HttpRequest, chosen: QuerySet[Guest]) -> None:
        """Clear held guests; the reason says by which evidence."""

        def deed(guest: Guest) -> str:
            guests.clear(guest=guest, how=reason(request), by=hand(request), at=clock.now())
            return f"{guest} may board {guest.event}."

        each(self, request, chosen, deed, guests.GuestRefusedError)

    @admin.action(description="Remove, and free the seat", permissions=["change"])
    def remove(self, request: HttpRequest, chosen: QuerySet[Guest]) -> None:
        """Remove guests and take back their links."""

        def deed(guest: Guest) -> str:
            guests.remove(guest=guest, by=hand(request), at=clock.now())
            return f"{guest} is off {guest.event}; the seat is free."

        each(self, request, chosen, deed, guests.GuestRefusedError)
