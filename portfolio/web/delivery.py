"""Pages of yacht deliveries: the queue, one job whole, writing one down, moving it on, and the rows it is made of."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, trail
from portfolio.domain import bookings, ledger, pages
from portfolio.domain.delivery import jobs, rows
from portfolio.domain.delivery.jobs import Particulars
from portfolio.domain.delivery.refusals import JobRefusedError
from portfolio.models import (
    Booking,
    BookingStage,
    CostKind,
    DeliveryJob,
    GateKind,
    IncidentSeverity,
    JobGate,
    JobRole,
    JobStage,
)
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may
from portfolio.web.delivery_forms import (
    AboardForm,
    EstimateForm,
    GateDayForm,
    GateForm,
    IncidentForm,
    JobForm,
    MoveJobForm,
    RatingForm,
    StepBackForm,
)
from portfolio.web.entities import EVENTS_SHOWN, ROWS_A_PAGE, crumbs

REFUSALS = (JobRefusedError, bookings.BookingError, ledger.LedgerError)
DONE = (JobStage.ARRIVED, JobStage.CLOSED)
_FORM = require_http_methods(["GET", "HEAD", "POST"])


def job_or_404(request: HttpRequest, pk: int, *, verb: str = "read") -> DeliveryJob:
    """Return a job of an entity on which the person may act with a verb.

    Raises:
        Http404: there is none, or its entity is invisible to this person.
        PermissionDenied: it is visible, but the verb is not theirs.
    """
    found = (
        DeliveryJob.objects.select_related("booking__entity")
        .filter(pk=pk, booking__entity__active=True)
        .first()
    )
    if found is None:
        raise Http404
    access.require(request.user, verb, found.booking.entity_id)
    return found


@require_safe
@access.staff
def job_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's jobs: the queue, or those that arrived."""
    entity = entity_or_404(request, slug)
    past = request.GET.get("view") == "arrived"
    found = (
        DeliveryJob.objects.filter(booking__entity=entity)
        .exclude(booking__stage__in=(BookingStage.CANCELLED, BookingStage.LOST))
        .select_related("booking")
    )
    found = (
        found.filter(stage__in=DONE).order_by("-arrived_on", "-pk")
        if past
        else found.exclude(stage__in=DONE).order_by(
            F("promised_on").asc(nulls_last=True), "booking__reference"
        )
    )
    return render(
        request,
        "portfolio/delivery/jobs.html",
        {
            "entity": entity,
            "page_obj": Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "query": "view=arrived&" if past else "",
            "past": past,
            "views": [
                {"label": "Queue", "url": "?", "current": not past},
                {"label": "Arrived", "url": "?view=arrived", "current": past},
            ],
            "books": may(request, "book", entity),
            "crumbs": crumbs(entity),
        },
    )


@require_safe
@access.staff
def job_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one job whole, and the move that is legal from where it stands."""
    return _page(request, job_or_404(request, pk), None)


def _moves(job: DeliveryJob) -> list[tuple[str, str]]:
    return [(to.value, to.label) for to in JobStage if to in jobs.MOVES[JobStage(job.stage)]]


def _page(request: HttpRequest, job: DeliveryJob, form: MoveJobForm | None) -> HttpResponse:
    entity, moves = job.booking.entity, _moves(job)
    may_book = may(request, "book", entity)
    if form is None and may_book and moves:
        form = MoveJobForm(choices=moves, initial={"to": moves[0][0], "on": pages.as_of_date()})
    steps = {step.stage: step.on for step in job.steps.all()}
    order = list(JobStage)
    reached = order.index(JobStage(job.stage))
    return render(
        request,
        "portfolio/delivery/job.html",
        {
            "job": job,
            "booking": job.booking,
            "entity": entity,
            "way": [
                {
                    "name": stage.label,
                    "state": "done" if place < reached or stage == JobStage.CLOSED == job.stage
                    else "current" if place == reached else "todo",
                    "detail": f"{steps[stage]:%-d %b %Y}" if stage in steps else "",
                }
                for place, stage in enumerate(order)
            ],
            "gates": list(job.gates.all()),
            "miles": _tenths(job.miles_tenths),
            "crew": [
                {"get_role_display": aboard.get_role_display(), "who": aboard.who, "days": _tenths(aboard.days_tenths)}
                for aboard in job.crew.all()
            ],
            "incidents": list(job.incidents.all()),
            "costs": list(job.booking.costs.all()),
            "form": form if may_book and moves else None,
            "books": may_book,
            "has_left": job.stage in (JobStage.UNDER_WAY, *DONE),
            "has_arrived": job.stage in DONE,
            "today": pages.as_of_date(),
            "events": trail.of_records(records=[("portfolio.deliveryjob", job.pk)], limit=EVENTS_SHOWN),
            "crumbs": _crumbs(job),
        },
        status=422 if form is not None and form.is_bound else 200,
    )  # fmt: skip


def _tenths(value: int | None) -> str:
    """Return tenths as people write them, nothing for none."""
    return f"{value // 10:,}{f'.{value % 10}' if value % 10 else ''}" if value else ""


def _crumbs(job: DeliveryJob) -> list[dict[str, Any]]:
    entity = job.booking.entity
    return crumbs(entity, {"label": "Deliveries", "url": reverse("portfolio:jobs", args=[entity.slug])})


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _act(
    request: HttpRequest, job: DeliveryJob, *, heading: str, lede: str, form: forms.Form, submit: str, done: str,
    do: Callable[[dict[str, Any]], object],
) -> HttpResponse:  # fmt: skip
    """Show a form of a job, or do what it says and go back to the job; a refusal is shown with nothing lost."""
    back = reverse("portfolio:job", args=[job.pk])
    if request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": job.booking.entity, "heading": heading, "lede": lede, "form": form, "submit": submit, "back": back,
            "crumbs": [*_crumbs(job), {"label": job.booking.reference, "url": back}],
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


def _particulars(data: dict[str, Any]) -> Particulars:
    return Particulars(
        vessel=data["vessel"].strip(),
        from_place=data["from_place"].strip(),
        to_place=data["to_place"].strip(),
        miles_tenths=data["miles_tenths"],
        promised_on=data["promised_on"],
        estimated_days=data["estimated_days"],
    )


@_FORM
@access.staff
def add_job(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the job of a booking down."""
    entity = entity_or_404(request, slug, verb="book")
    free = list(
        Booking.objects.filter(entity=entity, kind="delivery", job__isnull=True)
        .exclude(stage__in=(BookingStage.CANCELLED, BookingStage.LOST, BookingStage.COMPLETED))
        .order_by("reference")
    )
    back = reverse("portfolio:jobs", args=[slug])
    form = JobForm(_data(request), bookings=free, initial={"booking": request.GET.get("booking", "")})
    if request.method == "POST" and form.is_valid():
        booking = next(row for row in free if str(row.pk) == form.cleaned_data["booking"])
        booking.entity = entity
        try:
            job = jobs.add(
                booking=booking, particulars=_particulars(form.cleaned_data), on=pages.as_of_date(), by=request.user,
                at=clock.now(),
            )  # fmt: skip
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The job of {booking.reference} is written down.")
            return redirect("portfolio:job", pk=job.pk)
    return render(
        request,
        "portfolio/act.html" if free else "portfolio/delivery/no_booking.html",
        {
            "entity": entity,
            "heading": "Write a delivery down",
            "lede": "A job is the passage of a booking: which vessel, from where to where, by when.",
            "form": form,
            "submit": "Write it down",
            "back": back,
            "crumbs": crumbs(entity, {"label": "Deliveries", "url": back}),
        },
        status=422 if form.errors else 200,
    )


@_FORM
@access.staff
def change_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is agreed about a passage."""
    job = job_or_404(request, pk, verb="book")
    names = (
        "vessel",
        "from_place",
        "to_place",
        "miles_tenths",
        "promised_on",
        "estimated_days",
        "weather_days",
    )
    form = JobForm(_data(request), initial={name: getattr(job, name) for name in names})
    return _act(
        request, job, heading=f"Change {job.booking.reference}", form=form, submit="Save",
        lede="Price and dates of payment stand with its booking.", done=f"{job.booking.reference} is changed.",
        do=lambda data: jobs.change(
            job=job, particulars=_particulars(data), weather_days=data["weather_days"], by=request.user, at=clock.now()
        ),
    )  # fmt: skip


@require_POST
@access.staff
def move_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a job on; a refusal is shown on its page."""
    job = job_or_404(request, pk, verb="book")
    form, at = MoveJobForm(request.POST, choices=_moves(job)), clock.now()
    if form.is_valid():
        try:
            jobs.advance(
                job=job, to=JobStage(form.cleaned_data["to"]), on=form.cleaned_data["on"],
                today=clock.today(job.booking.entity.zone, at=at),
                actual_days=form.cleaned_data.get("actual_days"), by=request.user, at=at,
            )  # fmt: skip
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{job.booking.reference} is now {job.get_stage_display().lower()}.")
            return redirect("portfolio:job", pk=pk)
    return _page(request, job, form)


@_FORM
@access.staff
def step_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a job back a step that was a mistake."""
    job = job_or_404(request, pk, verb="book")
    return _act(
        request, job, heading=f"Move {job.booking.reference} back", form=StepBackForm(_data(request)), submit="Move it back",
        lede=f"It is {job.get_stage_display().lower()}. Its last step is removed, and the reason stays in its trail.",
        done=f"{job.booking.reference} is moved back.",
        do=lambda data: jobs.step_back(job=job, reason=data["reason"], by=request.user, at=clock.now()),
    )  # fmt: skip


@_FORM
@access.staff
def rate_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what the client gave a job."""
    job, at = job_or_404(request, pk, verb="book"), clock.now()
    form = RatingForm(
        _data(request), initial={"rating": job.rating, "on": job.rated_on or pages.as_of_date()}
    )
    return _act(
        request, job, heading=f"Rating of {job.booking.reference}", form=form, submit="Save",
        lede="What the client said of the whole delivery.", done=f"The rating of {job.booking.reference} is written down.",
        do=lambda data: jobs.rate(
            job=job, rating=data["rating"], on=data["on"], today=clock.today(job.booking.entity.zone, at=at),
            by=request.user, at=at,
        ),
    )  # fmt: skip


@_FORM
@access.staff
def add_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down another thing that must be ready."""
    job = job_or_404(request, pk, verb="book")
    return _act(
        request, job, heading="Something else to be ready", form=GateForm(_data(request)), submit="Write it down",
        lede=f"{job.booking.reference} does not leave before it is ready.", done="It is on the list.",
        do=lambda data: rows.add_gate(
            job=job, kind=GateKind(data["kind"]), name=data["name"], by=request.user, at=clock.now()
        ),
    )  # fmt: skip


def _gate(request: HttpRequest, pk: int) -> JobGate:
    found = JobGate.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    found.job = job_or_404(request, found.job_id, verb="book")
    return found


@require_POST
@access.staff
def pass_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say since when something is ready."""
    gate, at = _gate(request, pk), clock.now()
    form = GateDayForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{gate.name}: {form.errors['on'][0]}")
    else:
        try:
            today = clock.today(gate.job.booking.entity.zone, at=at)
            rows.pass_gate(gate=gate, on=form.cleaned_data["on"], today=today, by=request.user, at=at)
        except REFUSALS as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{gate.name}: ready.")
    return redirect("portfolio:job", pk=gate.job_id)


@require_POST
@access.staff
def open_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that something is not ready after all."""
    gate = _gate(request, pk)
    try:
        rows.open_gate(gate=gate, by=request.user, at=clock.now())
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{gate.name}: not ready.")
    return redirect("portfolio:job", pk=gate.job_id)


@_FORM
@access.staff
def put_aboard(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down who sails on a job."""
    job = job_or_404(request, pk, verb="book")
    return _act(
        request, job, heading="Who sails", form=AboardForm(_data(request)), submit="Save",
        lede="The same name again changes what is written down.", done="It is written down.",
        do=lambda data: rows.put_aboard(
            job=job, role=JobRole(data["role"]), who=data["who"], days_tenths=data["days"], by=request.user,
            at=clock.now(),
        ),
    )  # fmt: skip


@_FORM
@access.staff
def add_incident(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down something that went wrong."""
    job, at = job_or_404(request, pk, verb="book"), clock.now()
    return _act(
        request, job, heading="An incident", form=IncidentForm(_data(request), initial={"on": pages.as_of_date()}),
        submit="Write it down", lede="What went wrong, however small.", done="The incident is written down.",
        do=lambda data: rows.add_incident(
            job=job, on=data["on"], severity=IncidentSeverity(data["severity"]), what=data["what"],
            today=clock.today(job.booking.entity.zone, at=at), by=request.user, at=at,
        ),
    )  # fmt: skip


@_FORM
@access.staff
def estimate_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a job is to cost of one kind."""
    job = job_or_404(request, pk, verb="book")
    form = EstimateForm(_data(request), currency=job.booking.entity.currency)
    return _act(
        request, job, heading="An estimated cost", form=form, submit="Save",
        lede="The same kind again changes what is written down.", done="The estimate is written down.",
        do=lambda data: rows.estimate(
            job=job, kind=CostKind(data["kind"]), amount_minor=data["amount"], rebillable=data["rebillable"],
            recovered_minor=data["recovered"] or 0, by=request.user, at=clock.now(),
        ),
    )  # fmt: skip


urlpatterns = [
    path("entities/<slug:slug>/jobs/", job_list, name="jobs"),
    path("entities/<slug:slug>/jobs/add/", add_job, name="add_job"),
    path("jobs/<int:pk>/", job_page, name="job"),
    path("jobs/<int:pk>/change/", change_job, name="change_job"),
    path("jobs/<int:pk>/move/", move_job, name="move_job"),
    path("jobs/<int:pk>/back/", step_back, name="step_job_back"),
    path("jobs/<int:pk>/rate/", rate_job, name="rate_job"),
    path("jobs/<int:pk>/gates/", add_gate, name="add_job_gate"),
    path("jobs/gates/<int:pk>/pass/", pass_gate, name="pass_job_gate"),
    path("jobs/gates/<int:pk>/open/", open_gate, name="open_job_gate"),
    path("jobs/<int:pk>/crew/", put_aboard, name="put_aboard"),
    path("jobs/<int:pk>/incidents/", add_incident, name="add_incident"),
    path("jobs/<int:pk>/costs/", estimate_cost, name="estimate_cost"),
]
