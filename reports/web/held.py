"""Held editions: what waits and why, what it would say, and the decision. Also when a report's editions wait at all."""

import dataclasses
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from reports import document as documents
from reports.domain import agreement, held, queries, trace
from reports.figures import cell_text, write
from reports.models import Hold, Run, RunState
from reports.render import charts, web
from reports.web import access as reach
from reports.web.figures import figure_page
from reports.web.forms import WHOLE, DiscardForm, HoldForm

ROWS_A_PAGE = 50
DISAGREEMENTS_SHOWN = 50
HOME = {"label": "Home", "url": "/"}


@require_safe
@access.staff
def held_list(request: HttpRequest) -> HttpResponse:
    """List the editions that wait, the longest waiting first; who may run reports opens them."""
    rows = held.waiting().filter(queries.in_scope(request.user, "run"))
    return render(
        request,
        "reports/held_list.html",
        {
            "page_obj": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "whole": access.may(request.user, "read"),
            "zone": str(clock.zone()),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


@require_safe
@access.staff
def held_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show why an edition waits and what it would change, with the buttons that decide."""
    return _page(request, _row(request, pk))


@require_safe
@access.staff
def held_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole edition that waits, as it would be issued."""
    row = _row(request, pk)
    document = _document(row)
    return render(
        request,
        "reports/held_preview.html",
        {
            "run": row,
            "body": web.render(
                document, drawings={chart.name: charts.draw(chart).decode() for chart in document.charts}
            ),
            "crumbs": _crumbs_to(row),
        },
    )


@require_safe
@access.staff
def held_figure(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Show where a figure of a held edition comes from."""
    row = _row(request, pk)
    document = _document(row)
    try:
        explained = trace.explain_in(document, key)
    except trace.UnknownFigureError as error:
        raise Http404 from error
    return figure_page(
        request,
        explained,
        printed_by="the draft that waits",
        base=reverse("reports:held_run", args=[pk]),
        crumbs=_crumbs_to(row),
    )


@require_POST
@access.staff
def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Have a held edition issued as it is."""
    row = _row(request, pk, duty="own")
    try:
        held.approve(run=row, by=request.user, at=clock.now())
    except held.DecisionError as error:
        return _page(request, _row(request, pk), refused=str(error), status=422)
    messages.success(request, f"Approved: {row.report.title} is issued exactly as it was worked out.")
    return redirect("reports:run", pk=pk)


@require_POST
@access.staff
def discard(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Settle a held edition without issuing it."""
    row = _row(request, pk, duty="own")
    form = DiscardForm(request.POST)
    if form.is_valid():
        try:
            held.discard(run=row, by=request.user, reason=form.cleaned_data["reason"], at=clock.now())
        except held.DecisionError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, f"Discarded: {row.report.title} as of {row.as_of:%-d %b %Y}.")
            return redirect("reports:held_list")
    return _page(request, _row(request, pk), form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def holding(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say when a report's editions wait for approval, and for how long."""
    access.require(request.user, "own")
    report = reach.report(slug)
    form = HoldForm(
        request.POST if request.method == "POST" else None,
        initial={"hold": report.hold, "release_after_hours": report.release_after_hours},
    )
    if form.is_valid():
        changed = held.set_rule(
            report=report,
            hold=Hold(form.cleaned_data["hold"]),
            release_after_hours=form.cleaned_data["release_after_hours"],
            by=request.user,
            at=clock.now(),
        )
        messages.success(
            request, f"{report.title}: {'saved' if changed else 'nothing was changed, so nothing is new'}."
        )
        return redirect("reports:editions", slug=slug)
    return render(
        request,
        "reports/holding.html",
        {
            "form": form,
            "report": report,
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": report.title, "url": reverse("reports:report", args=[slug])},
            ],
        },
        status=422 if form.is_bound else 200,
    )


def _row(request: HttpRequest, pk: int, *, duty: str = "run") -> Run:
    """Return a run that was held, for a person who holds a duty on what it is about.

    Raises:
        Http404: there is none, or it is invisible to this person.
        PermissionDenied: it is visible, but the duty is not theirs.
    """
    row = reach.run(request, pk)
    access.require(request.user, duty, row.entity_id)
    if not row.reasons:
        raise Http404
    return row


def _document(row: Run) -> documents.Document:
    try:
        document = held.document(run=row)
    except held.BrokenDraftError as error:
        raise Http404 from error
    # Its figures are traced and its charts found where the draft is.
    here = reverse("reports:held_run", args=[row.pk])
    return dataclasses.replace(document, url=f"{settings.BASE_URL.rstrip('/')}{here}")


def _page(
    request: HttpRequest, row: Run, *, form: DiscardForm | None = None, refused: str = "", status: int = 200
) -> HttpResponse:
    waits = row.state == RunState.HELD
    context: dict[str, Any] = {
        "run": row,
        "waits": waits,
        "reasons": row.reasons.splitlines(),
        "refused": refused,
        "form": form or DiscardForm(),
        "may_decide": access.may(request.user, "own", row.entity_id),
        "zone": str(clock.zone()),
        "crumbs": [*_crumbs_to(row)[:-1]],
    }
    if waits:
        context |= _draft(request, row)
    return render(request, "reports/held_run.html", context, status=status)


def _draft(request: HttpRequest, row: Run) -> dict[str, Any]:
    try:
        document = held.document(run=row)
    except held.BrokenDraftError as error:
        return {"broken": str(error)}
    changes = document.changes
    differing = agreement.disagreements(figures=document.figures, run=row)
    return {
        "overtaken_by": held.overtaken_by(run=row),
        "number": document.number,
        "changes": changes,
        "moved": [
            {"label": change.label, "before": change.before, "now": cell_text(change.after, document)}
            for change in changes.figures
        ],
        "nothing": not any(
            getattr(changes, part.name) for part in dataclasses.fields(changes) if part.name != "since"
        ),
        "disagreements": [
            {
                "label": entry.here.label,
                "scope": entry.here.scope,
                "period": entry.here.period,
                "here": write(entry.here, cents=True),
                "there": write(entry.there, cents=True),
                "edition": entry.edition,
                "url": reverse("reports:edition", args=[entry.edition.report.slug, entry.edition.number]),
                "visible": access.may(request.user, "read", entry.edition.entity_id),
            }
            for entry in differing[:DISAGREEMENTS_SHOWN]
        ],
        "others": {
            entry.edition.pk: {
                "report": entry.edition.report,
                "query": urlencode(
                    {
                        "as_of": row.as_of.isoformat(),
                        "entity": entry.edition.entity.slug if entry.edition.entity else WHOLE,
                    }
                ),
            }
            for entry in differing
        }.values(),
        "disagreements_more": max(len(differing) - DISAGREEMENTS_SHOWN, 0),
    }


def _crumbs_to(row: Run) -> list[dict[str, str]]:
    return [
        HOME,
        {"label": "Reports", "url": reverse("reports:reports")},
        {"label": "Held", "url": reverse("reports:held_list")},
        {"label": row.report.title, "url": reverse("reports:held_run", args=[row.pk])},
    ]
