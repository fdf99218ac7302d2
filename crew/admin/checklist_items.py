"""Checklist items in the Django admin: words are corrected, and moves go through their own door."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from core import clock
from crew.admin.base import OfEventAdmin, each, hand
from crew.domain import checklists
from crew.models import ChecklistItem

# What comes from the template or moves through the item's own doors, and is shown here.
_KEPT = [
    "phase",
    "role",
    "due_from",
    "due_minutes",
    "due_at",
    "evidence",
    "low",
    "high",
    "unit",
    "state",
    "claimer",
    "claimed_at",
    "hold_reason",
    "hold_owner",
    "review_at",
    "completed_at",
    "completed_by",
    "value_number",
    "value_text",
    "picture",
    "hold_count",
    "missed_limits",
]


@admin.register(ChecklistItem)
class ChecklistItemAdmin(OfEventAdmin):
    """What is to be done on an event, and what was found. They come from templates; later lists change there."""

    list_display = ["text", "event", "phase", "state", "claimer", "critical", "due_at", "completed_at"]
    list_filter = ["state", "phase", "critical", "evidence", "missed_limits", "event__entity"]
    list_select_related = ["event", "claimer"]
    search_fields = ["text", "event__title", "event__key", "claimer__email", "claimer__name"]
    search_help_text = "Text, claimer, or the event's title or key."
    date_hierarchy = "due_at"
    show_full_result_count = False
    fields = ["event", "text", "detail", "sort", "critical", *_KEPT]
    readonly_fields = ["event", *_KEPT]
    actions = ["reopen", "resume", "give_back"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChecklistItem]:
        """Fetch what the page of one item shows beside it."""
        return (
            super()
            .get_queryset(request)
            .select_related("event__entity", "event__port", "claimer", "hold_owner", "completed_by")
        )

    @admin.display(description="photo")
    def picture(self, item: ChecklistItem) -> str:
        """Lead to the photo where it is served: the storage itself has no address."""
        if not item.photo:
            return "–"
        address = reverse("crew:item_photo", args=[item.event.key, item.pk])
        return format_html('<a href="{}">Open</a>', address)

    @admin.action(description="Reopen what was completed", permissions=["change"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[ChecklistItem]) -> None:
        """Take back that items are completed."""
        self._each(request, chosen, checklists.reopen_item, "is open again")

    @admin.action(description="Take off hold", permissions=["change"])
    def resume(self, request: HttpRequest, chosen: QuerySet[ChecklistItem]) -> None:
        """Take items off hold."""
        self._each(request, chosen, checklists.resume_item, "is off hold")

    @admin.action(description="Give back, for anybody to take", permissions=["change"])
    def give_back(self, request: HttpRequest, chosen: QuerySet[ChecklistItem]) -> None:
        """Take items from those who claimed them."""
        self._each(request, chosen, checklists.give_back_item, "can be taken by anybody")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[ChecklistItem], move: Callable[..., None], then: str
    ) -> None:
        def deed(item: ChecklistItem) -> str:
            move(item=item, by=hand(request), at=clock.now())
            return f"{item} {then}."

        each(self, request, chosen, deed, checklists.ChecklistError)
