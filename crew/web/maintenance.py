"""The list of what needs mending, writing something down, and closing a record once it is put right."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from crew.domain import maintenance, timing
from crew.domain.history import Actor
from crew.domain.maintenance import ClosingRefusedError, OpeningRefusedError
from crew.models import MaintenanceRecord
from crew.web.checklist_forms import MendingForm, ResolutionForm

ROWS_A_PAGE = 25
STATES = {"open": "Open", "closed": "Closed"}


@require_safe
@access.staff
def record_list(request: HttpRequest) -> HttpResponse:
    """List maintenance records, open or closed, of all vessels or of one."""
    return _page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add(request: Any) -> HttpResponse:
    """Write down by hand what needs mending on a vessel.

    Raises:
        PermissionDenied: this person books for no entity.
    """
    ids = access.entity_ids(request.user, "book")
    if ids == frozenset():
        raise PermissionDenied("Your role does not include writing down what needs mending. Ask the owner.")
    vessels = list(maintenance.vessels(entity_ids=ids))
    posted = request.method == "POST"
    asked = {"vessel": request.GET.get("vessel", "")}
    form = MendingForm(request.POST if posted else None, vessels=vessels, initial=asked)
    if posted and form.is_valid():
        vessel = next(found for found in vessels if found.pk == form.cleaned_data["vessel"])
        try:
            record = maintenance.open_for_vessel(
                vessel=vessel,
                title=form.cleaned_data["title"],
                note=form.cleaned_data["note"],
                by=Actor(request.user),
                at=clock.now(),
            )
        except OpeningRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{record}” is written down for {vessel}.")
            return redirect("crew:maintenance")
    crumbs = [{"label": "Maintenance", "url": reverse("crew:maintenance")}]
    return render(
        request,
        "crew/maintenance/add.html",
        {"form": form, "crumbs": crumbs, "has_vessel": bool(vessels)},
        status=422 if form.errors else 200,
    )


@require_POST
@access.staff
def close(request: Any, pk: int) -> HttpResponse:
    """Close a record with what was done; a refusal is shown beside it."""
    record = maintenance.records(entity_ids=access.entity_ids(request.user)).filter(pk=pk).first()
    if record is None:
        raise Http404
    access.require(request.user, "book", _entity_id(record))
    form = ResolutionForm(request.POST, auto_id=_ids(pk))
    if form.is_valid():
        try:
            maintenance.close(
                record=record,
                resolution=form.cleaned_data["resolution"],
                by=Actor(request.user),
                at=clock.now(),
            )
        except ClosingRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{record} is closed. An item it held can be taken off hold now.")
            return redirect("crew:maintenance")
    return _page(request, refused=(pk, form))


def _entity_id(record: MaintenanceRecord) -> int:
    return record.vessel.entity_id if record.vessel else record.event.entity_id  # type: ignore[union-attr]


def _ids(pk: int) -> str:
    """Return how a form's fields are called among many forms on one page."""
    return f"id_record_{pk}_%s"


def _page(request: Any, refused: tuple[int, ResolutionForm] | None = None) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in STATES else "open"
    everything = maintenance.records(entity_ids=access.entity_ids(request.user))
    vessels = maintenance.vessel_counts(rows=everything)
    vessel = next((found for found in vessels if str(found.pk) == request.GET.get("vessel")), None)
    rows: QuerySet[MaintenanceRecord] = everything.filter(closed_at__isnull=state == "open")
    if vessel is not None:
        rows = rows.filter(vessel=vessel.pk)
    if refused:
        # Alone, because it may stand on any page of the list.
        rows = everything.filter(pk=refused[0])
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    only = f"&vessel={vessel.pk}" if vessel else ""
    return render(
        request,
        "crew/maintenance/records.html",
        {
            "page_obj": page,
            "records": [_shown(request, record, refused) for record in page.object_list],
            "query": f"state={state}{only}&",
            "states": [
                {"label": label, "url": f"?state={value}{only}", "current": value == state}
                for value, label in STATES.items()
            ],
            "vessels": [
                {"label": "Every vessel", "url": f"?state={state}", "current": vessel is None},
                *(
                    {
                        "label": found.name,
                        "url": f"?state={state}&vessel={found.pk}",
                        "current": found == vessel,
                        "count": found.open,
                    }
                    for found in vessels
                ),
            ],
            "state": state,
            "longest": maintenance.LONGEST_RESOLUTION,
            "may_add": access.entity_ids(request.user, "book") != frozenset(),
            "add_url": reverse("crew:maintenance_add") + (f"?vessel={vessel.pk}" if vessel else ""),
        },
        status=422 if refused else 200,
    )


def _shown(
    request: Any, record: MaintenanceRecord, refused: tuple[int, ResolutionForm] | None
) -> dict[str, Any]:
    """Return a record, whether this person may close it, and the form that was refused."""
    return {
        "record": record,
        "zone": timing.zone_of(record.event).key if record.event else clock.zone().key,
        "closes": record.closed_at is None and access.may(request.user, "book", _entity_id(record)),
        "form": refused[1] if refused and refused[0] == record.pk else None,
    }


urlpatterns: list[Any] = [
    path("maintenance/", record_list, name="maintenance"),
    path("maintenance/add/", add, name="maintenance_add"),
    path("maintenance/<int:pk>/close/", close, name="maintenance_close"),
]
