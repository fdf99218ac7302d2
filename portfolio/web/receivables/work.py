"""Work done for clients: time with a quick way to write it down, time sheets, milestones."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock
from portfolio.domain import pages
from portfolio.domain.receivables import measures, queries, rebillables, work
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.receivables.work import Stretch
from portfolio.formats.csv_rows import MAX_BYTES
from portfolio.formats.errors import FormatError
from portfolio.models import ClientContract, Milestone, WorkEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.receivables.common import act, data, frame, press
from portfolio.web.receivables.forms import MilestoneForm, OnForm, TimeForm, TimeSheetForm


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def work_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List time, the newest first, with a short form to write more down."""
    entity = entity_or_404(request, slug, verb="keep" if request.method == "POST" else "read")
    contracts = list(ClientContract.objects.filter(entity=entity, active=True).select_related("client"))
    at, as_of, form = clock.now(), pages.as_of_date(), None
    if may(request, "keep", entity) and contracts:
        form = TimeForm(
            data(request),
            contracts=contracts,
            currency=entity.currency,
            initial={
                "on": as_of,
                "who": str(request.user),
                "contract": request.GET.get("contract"),
            },
        )
        if request.method == "POST" and form.is_valid():
            contract = next(row for row in contracts if str(row.pk) == form.cleaned_data["contract"])
            try:
                work.add(
                    contract=contract, stretch=_stretch(form.cleaned_data), today=clock.today(entity.zone, at=at),
                    by=request.user, at=at,
                )  # fmt: skip
            except RefusedError as error:
                form.add_error(None, str(error))
            else:
                return redirect(f"{reverse('portfolio:work', args=[slug])}?contract={contract.pk}")
    view = request.GET.get("view", "")
    rows = queries.work(entity=entity, unbilled=view == "unbilled")
    return render(
        request,
        "portfolio/receivables/work.html",
        frame(
            request,
            entity,
            "work",
            form=form,
            page_obj=Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            query="view=unbilled&" if view == "unbilled" else "",
            views=[
                {"label": "All", "url": "?", "current": view != "unbilled"},
                {"label": "Not billed", "url": "?view=unbilled", "current": view == "unbilled"},
            ],
            gaps=measures.billing_gap(entity=entity, as_of=as_of),
            names=("Today", "1 to 30", "31 to 60", "61 to 90", "Over 90"),
            milestones=queries.milestones(entity=entity),
            laid_out=rebillables.waiting(entity=entity)[:ROWS_A_PAGE],
            today=as_of,
        ),
        status=422 if form is not None and form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_work(request: HttpRequest, pk: int) -> HttpResponse:
    """Change time that stands on no invoice."""
    entry = _entry(request, pk)
    entity, at = entry.contract.entity, clock.now()
    form = TimeForm(
        data(request),
        contracts=[entry.contract],
        currency=entity.currency,
        initial={
            "contract": entry.contract_id, "on": entry.on, "minutes": entry.minutes, "description": entry.description,
            "who": entry.who, "rate": entry.rate_minor, "billable": entry.billable,
        },
    )  # fmt: skip
    return act(
        request,
        entity=entity,
        part="work",
        heading="Change this time",
        lede="It can be changed until it stands on an invoice.",
        form=form,
        submit="Save",
        do=lambda said: work.change(
            entry=entry, stretch=_stretch(said), today=clock.today(entity.zone, at=at), by=request.user, at=at
        ),
        done="The time is changed.",
        back=reverse("portfolio:work", args=[entity.slug]),
    )


@require_POST
@access.staff
def delete_work(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove time that stands on no invoice."""
    entry = _entry(request, pk)
    return press(
        request,
        do=lambda: work.delete(entry=entry, by=request.user, at=clock.now()),
        done="The time is removed.",
        back=reverse("portfolio:work", args=[entry.contract.entity.slug]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def import_work(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring a time sheet in, whole or not at all."""
    entity = entity_or_404(request, slug, verb="keep")
    at = clock.now()

    def land(said: dict[str, Any]) -> tuple[int, int]:
        given = said["file"]
        name = "".join(letter for letter in given.name or "" if letter.isprintable())[-120:] or "time.csv"
        try:
            return work.land_time(
                entity=entity, data=given.read(MAX_BYTES + 1), name=name, today=clock.today(entity.zone, at=at),
                by=request.user, at=at,
            )  # fmt: skip
        except FormatError as error:
            raise RefusedError(str(error)) from error

    form = TimeSheetForm(request.POST, request.FILES) if request.method == "POST" else TimeSheetForm()
    return act(
        request,
        entity=entity,
        part="work",
        heading="Bring a time sheet in",
        lede="The same sheet, or one that overlaps, adds nothing twice. A refused sheet says line and column.",
        form=form,
        submit="Bring it in",
        do=land,
        done="The time sheet is in.",
        back=reverse("portfolio:work", args=[slug]),
        multipart=True,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an agreed result down."""
    contract = record(request, ClientContract.objects.select_related("entity", "client"), pk=pk, verb="keep")
    return act(
        request,
        entity=contract.entity,
        part="work",
        heading=f"A milestone for {contract}",
        lede="It can be invoiced once it is reached.",
        form=MilestoneForm(data(request), currency=contract.entity.currency),
        submit="Save",
        do=lambda said: work.add_milestone(
            contract=contract, name=said["name"], amount_minor=said["amount"], due_on=said["due_on"], by=request.user,
            at=clock.now(),
        ),
        done="The milestone is written down.",
        back=reverse("portfolio:client", args=[contract.client_id]),
    )  # fmt: skip


@require_POST
@access.staff
def reach_milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a milestone is reached."""
    milestone = Milestone.objects.select_related("contract__entity").filter(pk=pk).first()
    if milestone is None:
        raise Http404
    access.require(request.user, "keep", milestone.contract.entity_id)
    entity, at = milestone.contract.entity, clock.now()
    form = OnForm(request.POST)
    on = form.cleaned_data["on"] if form.is_valid() else None

    def reach() -> None:
        if on is None:
            raise RefusedError("Say on which day it was reached, as 2026-11-10.")
        work.reach(milestone=milestone, on=on, today=clock.today(entity.zone, at=at), by=request.user, at=at)

    return press(
        request,
        do=reach,
        done=f"“{milestone}” is reached.",
        back=reverse("portfolio:work", args=[entity.slug]),
    )


def _stretch(said: dict[str, Any]) -> Stretch:
    return Stretch(
        on=said["on"], minutes=said["minutes"], description=said["description"], who=said["who"],
        billable=said["billable"], rate_minor=said["rate"],
    )  # fmt: skip


def _entry(request: HttpRequest, pk: int) -> WorkEntry:
    """Return time for a person who keeps the books of its contract's entity."""
    entry = WorkEntry.objects.select_related("contract__entity", "contract__client").filter(pk=pk).first()
    if entry is None:
        raise Http404
    access.require(request.user, "keep", entry.contract.entity_id)
    return entry


urlpatterns = [
    path("entities/<slug:slug>/receivables/work/", work_list, name="work"),
    path("entities/<slug:slug>/receivables/work/import/", import_work, name="import_work"),
    path("work/<int:pk>/", change_work, name="change_work"),
    path("work/<int:pk>/delete/", delete_work, name="delete_work"),
    path("contracts/<int:pk>/milestones/add/", add_milestone, name="add_milestone"),
    path("milestones/<int:pk>/reach/", reach_milestone, name="reach_milestone"),
]
