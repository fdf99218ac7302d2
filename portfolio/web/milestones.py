"""Pages of the milestones of plans: the list, promising one, moving its day, and saying that it is done."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from portfolio.domain import milestones, pages
from portfolio.models import Entity, PlanMilestone, PlanName
from portfolio.web.entities import PORTFOLIO
from portfolio.web.forms import DayField

MILESTONES = {"label": "Milestones", "url": reverse_lazy("portfolio:milestones")}


class PromiseForm(forms.Form):
    """What is promised, of whom, by when."""

    plan = forms.ChoiceField(label="Plan", choices=PlanName.choices)
    entity = forms.ModelChoiceField(
        queryset=Entity.objects.none(), label="About", required=False, empty_label="The whole portfolio"
    )
    title = forms.CharField(label="What is promised", max_length=milestones.TITLE_LIMIT)
    due_on = DayField(label="By")
    owner = forms.CharField(label="Who answers for it", max_length=milestones.OWNER_LIMIT, required=False)
    source = forms.CharField(label="Where it was promised", max_length=milestones.SOURCE_LIMIT)

    def __init__(self, *args: Any, entities: Any, **kwargs: Any) -> None:
        """Offer the entities it may be about."""
        super().__init__(*args, **kwargs)
        self.fields["entity"].queryset = entities  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """The day it is due now."""

    due_on = DayField(
        label="Due on", help_text="What was first promised stays, and the days between are its slip."
    )


@require_safe
@access.staff
def milestone_list(request: HttpRequest) -> HttpResponse:
    """List the milestones of every plan that the person may read, plan by plan."""
    seen, owned = access.entity_ids(request.user), access.entity_ids(request.user, "own")
    rows = _rows().order_by("due_on", "position", "pk")
    if seen is not None:
        rows = rows.filter(entity__in=seen)
    whole = access.may(request.user, "own")
    as_of = pages.as_of_date()
    listed = [
        {
            "row": row,
            "slip": (row.due_on - row.promised_on).days,
            "late": row.done_on is None and not row.check_name and row.due_on < as_of,
            "own": whole if row.entity_id is None else owned is None or row.entity_id in owned,
        }
        for row in rows
    ]
    plans = [
        (plan.label, [entry for entry in listed if entry["row"].plan == plan])  # type: ignore[attr-defined]
        for plan in PlanName
    ]
    return render(
        request,
        "portfolio/milestones/list.html",
        {"plans": [plan for plan in plans if plan[1]], "owns": whole, "as_of": as_of, "crumbs": [PORTFOLIO]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_milestone(request: HttpRequest) -> HttpResponse:
    """Promise a milestone."""
    access.require(request.user, "own")
    form = PromiseForm(
        request.POST if request.method == "POST" else None, entities=Entity.objects.filter(active=True)
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        promise = milestones.Promise(said["title"], said["due_on"], said["owner"], said["source"])
        try:
            milestones.add(
                plan=PlanName(said["plan"]),
                promise=promise,
                entity=said["entity"],
                by=request.user,
                at=clock.now(),
            )
        except milestones.MilestoneRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{promise.title}” is promised by {promise.due_on:%-d %B %Y}.")
            return redirect("portfolio:milestones")
    lede = "It is due when you say so; moving its day later keeps what was first promised."
    return _form(request, form, "Promise a milestone", lede, "Promise it")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def move_milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a milestone another day."""
    row = _row(request, pk)
    form = MoveForm(request.POST if request.method == "POST" else None, initial={"due_on": row.due_on})
    if request.method == "POST" and form.is_valid():
        try:
            milestones.move(
                milestone=row, due_on=form.cleaned_data["due_on"], by=request.user, at=clock.now()
            )
        except milestones.MilestoneRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{row.title}” is due on {row.due_on:%-d %B %Y}.")
            return redirect("portfolio:milestones")
    return _form(request, form, row.title, f"It was promised for {row.promised_on:%-d %B %Y}.", "Move it")


@require_POST
@access.staff
def finish_milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a milestone is done today, or open again."""
    row, today = _row(request, pk), clock.today()
    on = None if request.POST.get("do") == "open" else today
    try:
        milestones.finish(milestone=row, on=on, today=today, by=request.user, at=clock.now())
    except milestones.MilestoneRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{row.title}” is {'done' if on else 'open again'}.")
    return redirect("portfolio:milestones")


def _rows() -> QuerySet[PlanMilestone]:
    """Return the milestones of active entities and of the whole portfolio."""
    active = Q(entity__isnull=True) | Q(entity__active=True)
    return PlanMilestone.objects.filter(active).select_related("entity")


def _row(request: HttpRequest, pk: int) -> PlanMilestone:
    """Return a milestone that the person may decide about; one of no entity is the whole portfolio's."""
    row = _rows().filter(pk=pk).first()
    if row is None:
        raise Http404
    access.require(request.user, "own", row.entity_id)
    return row


def _form(request: HttpRequest, form: forms.Form, heading: str, lede: str, submit: str) -> HttpResponse:
    context = {
        "heading": heading, "lede": lede, "submit": submit, "form": form, "back": str(MILESTONES["url"]),
        "crumbs": [PORTFOLIO, MILESTONES],
    }  # fmt: skip
    return render(request, "portfolio/act.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("milestones/", milestone_list, name="milestones"),
    path("milestones/add/", add_milestone, name="add_plan_milestone"),
    path("milestones/<int:pk>/move/", move_milestone, name="move_milestone"),
    path("milestones/<int:pk>/finish/", finish_milestone, name="finish_milestone"),
]
