"""Events in the Django admin: facts that nothing else hangs on are corrected, and moves go through their own door."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from crew.admin.base import OfEventAdmin, ReasonForm, each, hand, reason
from crew.domain import events, positions
from crew.domain.events import EventRefusedError
from crew.models import Event, EventState

_MOVED_BY_PAGE = (
    "Date, times, port, vessel, mode and capacity are changed on the event's own page: positions, checklists and "
    "everybody on it follow there."
)


@admin.register(Event)
class EventAdmin(OfEventAdmin):
    """Charters, concerts, deliveries and maintenance days. New ones are made from a template, in the portal."""

    list_display = ["title", "departs_at", "state", "kind", "entity", "vessel", "capacity", "key"]
    list_filter = ["state", "kind", "mode", "entity", "vessel", "sample"]
    list_select_related = ["entity", "vessel"]
    search_fields = ["title", "key", "client_name", "vessel__name"]
    search_help_text = "Title, key, client or vessel."
    date_hierarchy = "departs_at"
    show_full_result_count = False
    action_form = ReasonForm
    actions = ["open", "confirm", "depart", "complete", "cancel", "recheck"]
    autocomplete_fields = ["channel"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    "client_name",
                    "price_minor",
                    "channel",
                    "meeting_point",
                    "gate_code",
                    "release_hours",
                    "waiver_required",
                ]
            },
        ),
        ("Notes", {"fields": ["notes_captain", "notes_crew", "notes_guests", "notes_staff"]}),
        (
            "Kept by the portal",
            {
                "description": _MOVED_BY_PAGE,
                "fields": [
                    "key",
                    "entity",
                    "kind",
                    "template",
                    "state",
                    "cancel_reason",
                    "vessel",
                    "venue",
                    "port",
                    "end_port",
                    "stops",
                    "mode",
                    "legal_limit",
                    "legal_source",
                    "capacity",
                    "departs_on",
                    "departure_anchor",
                    "departure_minutes",
                    "departs_at",
                    "return_anchor",
                    "return_minutes",
                    "returns_at",
                    "crew_call_minutes",
                    "boarding_minutes",
                    "created_at",
                    "created_by",
                    "sample",
                ],
            },
        ),
    ]
    readonly_fields = fieldsets[2][1]["fields"]  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Fetch what the page of one event shows beside it."""
        return (
            super()
            .get_queryset(request)
            .select_related("entity", "vessel", "port", "end_port", "template", "channel", "created_by")
        )

    def event_of(self, obj: Event) -> Event:
        """Return the event itself."""
        return obj

    @admin.action(description="Open for positions", permissions=["change"])
    def open(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Open drafts, and take confirmed ones back to open."""
        self._advance(request, chosen, EventState.OPEN)

    @admin.action(description="Confirm", permissions=["change"])
    def confirm(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Confirm open events."""
        self._advance(request, chosen, EventState.CONFIRMED)

    @admin.action(description="Say that they are under way", permissions=["change"])
    def depart(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Let confirmed events leave, if their critical items are completed."""
        self._advance(request, chosen, EventState.UNDERWAY)

    @admin.action(description="Say that they are back", permissions=["change"])
    def complete(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Complete events that are under way."""
        self._advance(request, chosen, EventState.COMPLETED)

    @admin.action(description="Cancel, with the reason, and tell everybody", permissions=["change"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Cancel events that have not left."""

        def deed(event: Event) -> str:
            events.cancel(event=event, reason=reason(request), by=hand(request), at=clock.now())
            return f"{event} is cancelled; everybody on it is told."

        each(self, request, chosen, deed, EventRefusedError)

    @admin.action(description="Look again at papers and other work", permissions=["change"])
    def recheck(self, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        """Hold positions whose holders cannot work them any more."""

        def deed(event: Event) -> str:
            held = positions.recheck(event=event, by=hand(request), at=clock.now())
            return f"{event}: {held} position{'' if held == 1 else 's'} put on hold."

        each(self, request, chosen, deed)

    def _advance(self, request: HttpRequest, chosen: QuerySet[Event], to: EventState) -> None:
        def deed(event: Event) -> str:
            events.advance(event=event, to=to, by=hand(request), at=clock.now())
            return f"{event} is {to.label.lower()}."

        each(self, request, chosen, deed, EventRefusedError)
