"""Positions in the Django admin: rate and order are corrected, everything else goes through its own door."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from crew.admin.base import OfEventAdmin, ReasonForm, each, hand, reason
from crew.domain import positions
from crew.domain.positions import PositionRefusedError
from crew.models import Position

# What moves through the position's own doors, and is shown here.
_KEPT = [
    "requires",
    "state",
    "holder",
    "hold_reason",
    "override_reason",
    "stand_in_at",
    "stand_in_reason",
    "claimed_at",
    "confirmed_at",
    "paid_on",
]


@admin.register(Position)
class PositionAdmin(OfEventAdmin):
    """Slots of events, and who has them. Somebody is put in or out against the rules on the position's own page."""

    list_display = ["station", "event", "state", "holder", "rate_minor", "hold_reason", "paid_on"]
    list_filter = ["state", "station", ("paid_on", admin.EmptyFieldListFilter), "event__entity"]
    list_select_related = ["event", "holder"]
    search_fields = ["holder__email", "holder__name", "event__title", "event__key"]
    search_help_text = "Holder, or the event's title or key."
    show_full_result_count = False
    fields = ["event", "station", "rate_minor", "sort", *_KEPT]
    readonly_fields = ["event", "station", *_KEPT]
    action_form = ReasonForm
    actions = ["confirm", "hold", "resume", "release"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        """Fetch what the page of one position shows beside it."""
        return super().get_queryset(request).select_related("event__entity", "holder")

    def get_readonly_fields(self, request: HttpRequest, obj: Position | None = None) -> list[str]:
        """Keep the rate of what was paid."""
        return [*self.readonly_fields, "rate_minor"] if obj and obj.paid_on else self.readonly_fields

    @admin.action(description="Confirm", permissions=["change"])
    def confirm(self, request: HttpRequest, chosen: QuerySet[Position]) -> None:
        """Confirm claimed positions."""

        def deed(position: Position) -> str:
            positions.confirm(position=position, by=hand(request), at=clock.now())
            return f"{position} of {position.event} is confirmed."

        each(self, request, chosen, deed, PositionRefusedError)

    @admin.action(description="Put on hold, with the reason", permissions=["change"])
    def hold(self, request: HttpRequest, chosen: QuerySet[Position]) -> None:
        """Hold positions; their holders keep them and are told why."""

        def deed(position: Position) -> str:
            positions.hold(position=position, reason=reason(request), by=hand(request), at=clock.now())
            return f"{position} of {position.event} is on hold."

        each(self, request, chosen, deed, PositionRefusedError)

    @admin.action(description="Take off hold", permissions=["change"])
    def resume(self, request: HttpRequest, chosen: QuerySet[Position]) -> None:
        """Take positions off hold, if what held them is put right."""

        def deed(position: Position) -> str:
            positions.resume(position=position, by=hand(request), at=clock.now())
            return f"{position} of {position.event} is off hold."

        each(self, request, chosen, deed, PositionRefusedError)

    @admin.action(description="Release", permissions=["change"])
    def release(self, request: HttpRequest, chosen: QuerySet[Position]) -> None:
        """Open positions again; their holders are told."""

        def deed(position: Position) -> str:
            return (
                f"{position.event}: {positions.release(position=position, by=hand(request), at=clock.now())}"
            )

        each(self, request, chosen, deed, PositionRefusedError)
