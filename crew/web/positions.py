"""One position of an event: its claim dialog, and every move of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from crew import rules
from crew.models import Event, Position
from crew.web.access import event_page


@require_safe
@event_page(rules.can_see_positions, of=Position, select=("holder",))
def position_page(
    request: HttpRequest, event: Event, standing: rules.Standing, position: Position
) -> HttpResponse:
    """Show a position."""
    return HttpResponse(str(position))


urlpatterns: list[Any] = [
    path("events/<str:key>/positions/<int:pk>/", position_page, name="position"),
]
