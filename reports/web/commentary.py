"""Commentary: what staff write into a report's editions, listed, written and withdrawn."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from reports import prose
from reports.domain import commentary, queries
from reports.models import Report
from reports.web import access as reach
from reports.web.forms import CommentaryForm

ROWS_A_PAGE = 50
HOME = {"label": "Home", "url": "/"}


@require_safe
@access.staff
def pieces(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was written for a report, newest first, with what becomes of it."""
    report = _report(request, slug)
    rows = commentary.written(report=report).filter(queries.in_scope(request.user, "run"))
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reports/commentary.html",
        {
            "report": report,
            "page_obj": page,
            "pieces": [
                {"piece": piece, "body": _laid_out(piece.row.body)}
                for piece in commentary.pieces(report=report, rows=page.object_list)
            ],
            "zone": str(clock.zone()),
            "crumbs": _crumbs(report)[:-1],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def write(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Write a piece; asked for a preview, show how it reads and keep nothing."""
    report = _report(request, slug)
    form = CommentaryForm(
        request.POST if request.method == "POST" else None, person=request.user, report=report
    )
    preview: list[dict[str, Any]] = []
    if form.is_valid():
        given = form.cleaned_data
        if request.POST.get("do") == "preview":
            preview = _laid_out(given["body"])
        else:
            try:
                commentary.write(
                    report=report,
                    entity=given["entity"],
                    anchor=given["anchor"],
                    body=given["body"],
                    once=given["span"] == "once",
                    until_on=given["until_on"] if given["span"] == "until" else None,
                    by=request.user,
                    at=clock.now(),
                )
            except commentary.CommentaryRefusedError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "Written: the next edition prints it.")
                return redirect("reports:commentary", slug=slug)
    return render(
        request,
        "reports/commentary_form.html",
        {"form": form, "report": report, "preview": preview, "crumbs": _crumbs(report)},
        status=422 if form.is_bound and not preview else 200,
    )


@require_POST
@access.staff
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Take a piece out of the editions to come."""
    report = reach.report(slug)
    row = commentary.written(report=report).filter(queries.in_scope(request.user), pk=pk).first()
    if row is None:
        raise Http404
    access.require(request.user, "run", row.entity_id)
    try:
        commentary.withdraw(row=row, by=request.user, at=clock.now())
    except commentary.CommentaryRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn: no edition to come prints it. Those that are out keep it.")
    return redirect("reports:commentary", slug=slug)


def _report(request: HttpRequest, slug: str) -> Report:
    report = reach.report(slug)
    if not reach.may_run_anything(request):
        raise PermissionDenied(
            "Your role does not include writing into reports. Ask the owner to extend your grant."
        )
    return report


def _laid_out(body: str) -> list[dict[str, Any]]:
    """Return a piece as paragraphs and lists for the page."""
    return [
        {"stands": stands.value, "passages": list(passages)}
        for stands, passages in groupby(prose.read(body), key=lambda passage: passage.stands)
    ]


def _crumbs(report: Report) -> list[dict[str, str]]:
    return [
        HOME,
        {"label": "Reports", "url": reverse("reports:reports")},
        {"label": report.title, "url": reverse("reports:report", args=[report.slug])},
        {"label": "Commentary", "url": reverse("reports:commentary", args=[report.slug])},
    ]
