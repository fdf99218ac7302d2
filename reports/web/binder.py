"""Binders: the list with the form that issues one, one binder with its index, and its files."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.web.mailbox import FILE_POLICY
from reports.domain import binder as binders
from reports.domain import issue
from reports.models import Binder
from reports.web.forms import DateInput

ROWS_A_PAGE = 50
HOME = {"label": "Home", "url": "/"}


class BinderForm(forms.Form):
    """As of when; and the newest binder on the page it was asked from, so that two are not issued for one."""

    as_of = forms.DateField(
        label="As of",
        widget=DateInput(),
        help_text="The newest edition of each report as of this date goes in; the index says which reports have none.",
    )
    after = forms.IntegerField(widget=forms.HiddenInput(), min_value=0, max_value=2**31 - 1)


@require_safe
@access.staff
def binder_list(request: HttpRequest) -> HttpResponse:
    """List the binders, newest first, for whoever may read the whole portfolio."""
    access.require(request.user, "read")
    return _list(request)


@require_POST
@access.staff
def issue_binder(request: HttpRequest) -> HttpResponseBase:
    """Issue a binder of the newest editions as of a date."""
    access.require(request.user, "own")
    form = BinderForm(request.POST)
    if form.is_valid():
        try:
            made = binders.issue(
                as_of=form.cleaned_data["as_of"],
                by=request.user,
                at=clock.now(),
                after=form.cleaned_data["after"],
            )
        except binders.BinderError as error:
            form.add_error("as_of", str(error))
        else:
            messages.success(request, f"Binder {made.number} is issued.")
            return redirect("reports:binder", number=made.number)
    return _list(request, form=form, status=422)


@require_safe
@access.staff
def binder(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a binder holds and lacks, with its files."""
    row = _row(request, number)
    return render(
        request,
        "reports/binder.html",
        {
            "binder": row,
            "index": binders.index(binder=row),
            "newest": binders.newest_number(),
            "zone": str(clock.zone()),
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": "Binders", "url": reverse("reports:binders")},
            ],
        },
    )


@require_safe
@access.staff
def binder_file(request: HttpRequest, number: int, ending: str) -> HttpResponse:
    """Answer with a binder as PDF or workbook, made at the first asking and the same bytes ever after."""
    row = _row(request, number)
    made = binders.file(binder=row, form=binders.Form(ending))
    headers = {
        "Content-Security-Policy": FILE_POLICY,
        "Content-Disposition": content_disposition_header(as_attachment=False, filename=made.name)
        or "inline",
    }
    return HttpResponse(bytes(made.content), content_type=made.media_type, headers=headers)


def _row(request: HttpRequest, number: int) -> Binder:
    access.require(request.user, "read")
    found = binders.binders().filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _list(request: HttpRequest, *, form: BinderForm | None = None, status: int = 200) -> HttpResponse:
    may_issue = access.may(request.user, "own")
    if may_issue:
        form = form or BinderForm(initial={"as_of": _date(), "after": binders.newest_number()})
    return render(
        request,
        "reports/binders.html",
        {
            "page_obj": Paginator(binders.binders(), ROWS_A_PAGE).get_page(request.GET.get("page")),
            "form": form if may_issue else None,
            "zone": str(clock.zone()),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
        status=status,
    )


def _date() -> dt.date:
    """Return the date that the form begins with: the latest at which an edition stands."""
    return binders.newest_date() or issue.default_as_of(clock.now())


urlpatterns: list[Any] = [
    path("binders/", binder_list, name="binders"),
    path("binders/issue/", issue_binder, name="issue_binder"),
    path("binders/<int:number>/", binder, name="binder"),
    path("binders/<int:number>/binder.pdf", binder_file, {"ending": "pdf"}, name="binder_pdf"),
    path("binders/<int:number>/binder.xlsx", binder_file, {"ending": "xlsx"}, name="binder_xlsx"),
]
