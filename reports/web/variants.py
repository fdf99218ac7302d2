"""Which variant a reader gets, and the subject lines that a report's mail is tried with. The owner decides both."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock
from reports import document as documents
from reports.domain import deliveries, queries, recipients, subjects
from reports.models import Recipient, Report, SubjectLine
from reports.web import access as reach
from reports.web.forms import SubjectForm, VariantForm

HOME = {"label": "Home", "url": "/"}


@require_POST
@access.staff
def set_variant(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Send a recipient another variant of a report."""
    access.require(request.user, "own")
    rows = Recipient.objects.select_related("report", "variant")
    row = get_object_or_404(rows, report=reach.report(slug), pk=pk, active=True)
    form = VariantForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That is not one of the variants offered; nothing was changed.")
    elif recipients.set_variant(
        recipient=row, variant=form.cleaned_data["variant"], at=clock.now(), by=request.user
    ):
        what = form.cleaned_data["variant"].name.lower()
        messages.success(request, f"{row.address} gets {row.report.title} from its next edition on: {what}.")
    else:
        messages.info(request, f"{row.address} gets that already.")
    return redirect("reports:schedules")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def subject_lines(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the subjects that a report's mail is tried with, with what came of each, and add one."""
    access.require(request.user, "own")
    report = reach.report(slug)
    form = SubjectForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            line = subjects.add(report=report, **form.cleaned_data, by=request.user, at=clock.now())
        except subjects.SubjectRefusedError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"Line {line.label} is added, from the next edition on.")
            return redirect("reports:subjects", slug=slug)
    return render(
        request,
        "reports/subjects.html",
        {
            "report": report,
            "form": form,
            "tallies": _tallies(request, report),
            "in_use": len(subjects.in_use(report=report)),
            "cancel_url": "",
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": report.title, "url": reverse("reports:report", args=[slug])},
                {"label": "Editions", "url": reverse("reports:editions", args=[slug])},
            ],
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
@access.staff
def retire_subject(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Retire a subject line, or bring it back."""
    access.require(request.user, "own")
    line = get_object_or_404(SubjectLine.objects.select_related("report"), report=reach.report(slug), pk=pk)
    active = request.POST.get("active") == "yes"
    if subjects.set_active(line=line, active=active, by=request.user, at=clock.now()):
        said = "is in use again" if active else "is retired; what it counted stays"
        messages.success(request, f"Line {line.label} {said}.")
    return redirect("reports:subjects", slug=slug)


def _tallies(request: HttpRequest, report: Report) -> list[dict[str, object]]:
    """Return what came of each line, with how it would have read on the newest edition."""
    newest = queries.newest_edition(report=report, person=request.user)
    document: documents.Document | None = None
    if newest is not None:
        document = documents.load(documents.Document, newest.document)
    return [
        {
            "tally": tally,
            "reads": subjects.subject(document=document, line=tally.line) if document is not None else "",
        }
        for tally in deliveries.tallies_of_report(report=report)
    ]


urlpatterns = [
    path("<slug:slug>/recipients/<int:pk>/variant/", set_variant, name="set_variant"),
    path("<slug:slug>/subjects/", subject_lines, name="subjects"),
    path("<slug:slug>/subjects/<int:pk>/retire/", retire_subject, name="retire_subject"),
]
