"""The actions' calendar: a month as a page, and all of it as a file for a calendar program."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from core import access, clock, ics, months
from reports.domain import calendar, queries


@require_safe
@access.staff
def month(request: HttpRequest) -> HttpResponse:
    """Show a month with the actions due on each day, on a phone as a list of its days.

    Raises:
        Http404: the address names no month that an action can be due in.
    """
    today = queries.standing_on(at=clock.now())
    this = months.month_of(today)
    asked = request.GET.get("month")
    try:
        number = this if asked is None else months.parse(asked)
    except months.MonthError as error:
        raise Http404 from error
    if not months.is_near(months.first_day(number)):
        raise Http404
    mine = _mine(request)
    rows = calendar.of(request.user, mine=mine)
    weeks = calendar.month(rows=rows, number=number, today=today)
    whose = "mine" if mine else ""
    return render(
        request,
        "reports/calendar.html",
        {
            "weeks": weeks,
            "days": [f"{day.on:%A}" for day in weeks[0]],
            "label": f"{months.first_day(number):%B %Y}",
            "number": sum(len(day.due) for week in weeks for day in week if day.inside),
            "late": calendar.late_before(rows=rows, number=number, today=today),
            "mine": mine,
            "before": _url(number - 1, whose),
            "after": _url(number + 1, whose),
            "this": _url(this, whose),
            "is_this": number == this,
            "today": today,
            "all_url": _url(number, ""),
            "mine_url": _url(number, "mine"),
            "file": reverse("reports:action_calendar_file")
            + (f"?{urlencode({'whose': whose})}" if whose else ""),
            "whole": access.may(request.user, "read"),
            "crumbs": [
                {"label": "Home", "url": "/"},
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": "Actions", "url": reverse("reports:actions")},
            ],
        },
    )


@require_safe
@access.staff
def file(request: HttpRequest) -> HttpResponse:
    """Hand out the calendar as a file: open actions, and those settled lately as cancelled."""
    at, mine = clock.now(), _mine(request)
    content = calendar.file(
        rows=calendar.of(request.user, mine=mine),
        name="My actions" if mine else "Actions",
        today=queries.standing_on(at=at),
        at=at,
    )
    name = "my-actions.ics" if mine else "actions.ics"
    return HttpResponse(
        content,
        content_type=ics.MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _mine(request: HttpRequest) -> bool:
    return request.GET.get("whose") == "mine"


def _url(number: int, whose: str) -> str:
    """Return a month's address; nothing beyond the years that have one."""
    if not months.is_near(months.first_day(number)):
        return ""
    asked = {"month": months.iso(number), **({"whose": whose} if whose else {})}
    return f"{reverse('reports:action_calendar')}?{urlencode(asked)}"


urlpatterns = [
    path("actions/calendar/", month, name="action_calendar"),
    path("actions/calendar.ics", file, name="action_calendar_file"),
]
