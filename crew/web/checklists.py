"""Pages of the checklist: one item, and the taps that work it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from crew import rules
from crew.models import ChecklistItem, Event
from crew.web.access import event_page


@require_safe
@event_page(rules.can_view_event)
def item_page(request: HttpRequest, event: Event, standing: rules.Standing, pk: int) -> HttpResponse:
    """Show one item."""
    return HttpResponse(str(ChecklistItem.objects.get(pk=pk, event=event)))


urlpatterns: list[Any] = [path("events/<str:key>/items/<int:pk>/", item_page, name="item")]
