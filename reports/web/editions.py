"""The list of reports, an edition in all its forms, the trace of a figure, and who received it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.domain import fates
from mail.domain.content import Content, for_frame
from mail.models import State
from mail.web.mailbox import FILE_POLICY, FRAME_POLICY, TONES
from reports import document as documents
from reports.domain import deliveries, late, queries, trace, variants
from reports.models import Edition, FileKind, Report, Variant
from reports.render import json, web
from reports.web import access as reach
from reports.web.figures import figure_page

EDITIONS_A_PAGE = 50
FORMS = {"pdf": FileKind.PDF, "txt": FileKind.TEXT, "xlsx": FileKind.XLSX}
# A chart may style itself and nothing more; opened by itself it has no origin.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
HOME = {"label": "Home", "url": "/"}


@require_safe
@access.staff
def reports(request: HttpRequest) -> HttpResponse:
    """List the reports: newest edition, what is under way, when each is due next."""
    at = clock.now()
    return render(
        request,
        "reports/reports.html",
        {
            "lines": queries.report_lines(person=request.user, at=at),
            "may_run": reach.may_run_anything(request),
            "may_own": access.may(request.user, "own"),
            "whole": access.may(request.user, "read"),
            "zone": str(clock.zone()),
            "crumbs": [HOME],
        },
    )


@require_safe
@access.staff
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a report's newest edition in full."""
    row = reach.report(slug)
    newest = queries.newest_edition(report=row, person=request.user)
    if newest is None:
        return render(
            request,
            "reports/unissued.html",
            {
                "report": row,
                "may_run": reach.may_run_anything(request),
                "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
            },
        )
    return _show(request, newest)


@require_safe
@access.staff
def edition(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one edition in full."""
    return _show(request, reach.edition(request, slug, number))


def _show(request: HttpRequest, row: Edition) -> HttpResponse:
    may_run = access.may(request.user, "run", row.entity_id)
    known = list(variants.known())
    return render(
        request,
        "reports/edition.html",
        {
            "edition": row,
            "report": row.report,
            "body": web.render(_document(row), drawings=queries.drawings_of(edition=row)),
            "newer": queries.newer_edition(edition=row),
            "may_run": may_run,
            "deliveries": _deliveries(row, known) if may_run else None,
            "cuts": [variant for variant in known if not variants.is_whole(variant)],
            "opens_mail": access.may(request.user, "read"),
            "zone": str(clock.zone()),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


@require_safe
@access.staff
def editions(request: HttpRequest, slug: str) -> HttpResponse:
    """List the editions of a report, newest first."""
    row = reach.report(slug)
    rows = queries.editions_for(request.user).filter(report=row).order_by("-number")
    return render(
        request,
        "reports/editions.html",
        {
            "report": row,
            "may_own": access.may(request.user, "own"),
            "page_obj": Paginator(rows, EDITIONS_A_PAGE).get_page(request.GET.get("page")),
            "zone": str(clock.zone()),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}, _crumb_of(row)],
        },
    )


@require_safe
@access.staff
def figure(request: HttpRequest, slug: str, number: int, key: str) -> HttpResponse:
    """Show where a figure comes from: its formula, and the records or figures it is made of."""
    row = reach.edition(request, slug, number)
    try:
        explained = trace.explain(row, key)
    except trace.UnknownFigureError as error:
        raise Http404 from error
    return figure_page(
        request,
        explained,
        printed_by=f"edition {number}",
        base=reverse("reports:edition", args=[slug, number]),
        crumbs=_crumbs_to(row),
    )


@require_safe
@access.staff
def chart(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponse:
    """Answer with a chart of an edition as SVG, as it was drawn; by night where ``name`` ends in ``.dark``."""
    row = reach.edition(request, slug, number)
    drawn = late.drawing(edition=row, name=name)
    if drawn is None:
        raise Http404
    return _file(drawn, "image/svg+xml", DRAWING_POLICY)


@require_safe
@access.staff
def form(request: HttpRequest, slug: str, number: int, ending: str) -> HttpResponse:
    """Answer with an edition as PDF, plain text, workbook or JSON: the same bytes to everybody who asks."""
    row = reach.edition(request, slug, number)
    if ending == "json":
        return _file(
            json.render(_document(row)), "application/json", FILE_POLICY, name=f"{slug}-{number}.json"
        )
    made = late.file(edition=row, kind=FORMS[ending])
    if made is None:
        raise Http404
    return _file(bytes(made.content), made.media_type, FILE_POLICY, name=f"{slug}-{number}.{ending}")


@require_safe
@access.staff
def mail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show an edition as the mail a reader gets, in a frame that runs no script."""
    row = reach.edition(request, slug, number)
    variant = _variant(request)
    content, why_not = None, ""
    try:
        content = deliveries.preview(edition=row, reader=request.user, variant=variant)
    except deliveries.NoPreviewError as error:
        why_not = str(error)
    here = reverse("reports:mail", args=[slug, number])
    return render(
        request,
        "reports/mail.html",
        {
            "edition": row,
            "query": f"?variant={variant.slug}" if variant is not None else "",
            "tabs": [
                {
                    "label": known.name,
                    "url": here if variants.is_whole(known) else f"{here}?variant={known.slug}",
                    "current": known == variant or (variant is None and variants.is_whole(known)),
                }
                for known in variants.known()
            ],
            "content": content,
            "why_not": why_not,
            **(_facts(content) if content is not None else {}),
            "crumbs": _crumbs_to(row),
        },
    )


def _facts(content: Content) -> dict[str, Any]:
    """Return what a mail's head says, and the names of the files that go with it."""
    shown = {"Subject", "From", "Reply-To", "To"}
    return {
        "attached": [part.filename for part in content.parts if part.filename and not part.cid],
        "headers": [(name, value) for name, value in content.headers if name in shown],
    }


@require_safe
@access.staff
@xframe_options_sameorigin
def mail_body(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Answer with the mail's own HTML, for the frame on the preview page."""
    row = reach.edition(request, slug, number)
    try:
        content = deliveries.preview(edition=row, reader=request.user, variant=_variant(request))
    except deliveries.NoPreviewError as error:
        raise Http404 from error
    return HttpResponse(for_frame(content), headers={"Content-Security-Policy": FRAME_POLICY})


@require_POST
@access.staff
def resend(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Send an edition again to those it failed to reach, and to nobody else."""
    row = reach.edition(request, slug, number, duty="run")
    again = deliveries.resend_failed(edition=row, by=request.user, at=clock.now())
    if again:
        messages.success(request, f"Queued again for {', '.join(again)}.")
    else:
        messages.info(request, "Nobody was missed: no mail of this edition has failed.")
    return redirect("reports:edition", slug=slug, number=number)


def _deliveries(row: Edition, known: Iterable[Variant]) -> dict[str, Any]:
    mails = deliveries.of_edition(edition=row)
    got = deliveries.variants_of(mails=mails, known=known)
    return {
        "rows": [
            {
                "message": mail,
                "tone": TONES[State(mail.state)],
                "fate": fates.of(mail),
                "variant": got[mail.pk],
                "label": mail.payload.get("label", ""),
            }
            for mail in mails
        ],
        "tallies": deliveries.tallies_of(edition=row, mails=mails),
        "failed": sum(mail.state == State.FAILED for mail in mails),
    }


def _variant(request: HttpRequest) -> Variant | None:
    """Return the variant that a page is asked for; none is the whole.

    Raises:
        Http404: there is no such variant.
    """
    slug = request.GET.get("variant", "")
    if not slug:
        return None
    found = variants.named(slug)
    if found is None:
        raise Http404
    return found


def _document(row: Edition) -> documents.Document:
    document: documents.Document = documents.load(documents.Document, row.document)
    return document


def _crumb_of(row: Report) -> dict[str, str]:
    return {"label": row.title, "url": reverse("reports:report", args=[row.slug])}


def _crumbs_to(row: Edition) -> list[dict[str, str]]:
    return [
        HOME,
        {"label": "Reports", "url": reverse("reports:reports")},
        _crumb_of(row.report),
        {
            "label": f"Edition {row.number}",
            "url": reverse("reports:edition", args=[row.report.slug, row.number]),
        },
    ]


def _file(content: bytes, media_type: str, policy: str, *, name: str = "") -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    if name:
        response.headers["Content-Disposition"] = (
            content_disposition_header(as_attachment=False, filename=name) or ""
        )
    response.headers["Content-Security-Policy"] = policy
    return response
