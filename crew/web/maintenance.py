"""The list of what needs mending, and closing a record once it is put right."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from crew.domain import maintenance, timing
from crew.domain.history import Actor
from crew.domain.maintenance import ClosingRefusedError
from crew.models import MaintenanceRecord
from crew.web.checklist_forms import ResolutionForm

ROWS_A_PAGE = 50
STATES = {"open": "Open", "closed": "Closed"}


@require_safe
@access.staff
def record_list(request: HttpRequest) -> HttpResponse:
    """List maintenance records, open or closed, of all vessels or of one."""
    return _page(request)


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
        },
        status=422 if refused else 200,
    )


def _shown(
    request: Any, record: MaintenanceRecord, refused: tuple[int, ResolutionForm] | None
) -> dict[str, Any]:
    """Return a record with the form that closes it, where this person may."""
    form = None
    if record.closed_at is None and access.may(request.user, "book", _entity_id(record)):
        form = refused[1] if refused and refused[0] == record.pk else ResolutionForm(auto_id=_ids(record.pk))
    return {
        "record": record,
        "zone": timing.zone_of(record.event).key if record.event else clock.zone().key,
        "form": form,
    }


urlpatterns: list[Any] = [
    path("maintenance/", record_list, name="maintenance"),
    path("maintenance/<int:pk>/close/", close, name="maintenance_close"),
]
