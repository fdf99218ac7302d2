"""My work: the home of captains and crew, and of guests with more than one trip."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from core import clock
from crew import sessions
from crew.domain import work
from crew.web.access import signed_in


@require_safe
@signed_in
def work_view(request: HttpRequest) -> HttpResponse:
    """Show somebody the events they have a role on, and what there waits for them."""
    user: Any = request.user
    by_link = user.by_link
    found = work.work(
        person=user,
        only_grant=(sessions.active_grant(request) or 0) if by_link else None,
        papers=not by_link,
        at=clock.now(),
    )
    return render(request, "crew/work.html", {"work": found, "by_link": by_link})


urlpatterns = [path("my-work/", work_view, name="work")]
