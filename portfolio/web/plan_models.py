"""Pages of what an entity believes: profitability models from draft to adopted, and KPI values set right."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from core import access, clock
from portfolio.domain import pages, plans, queries
from portfolio.domain.plan import changes
from portfolio.models import Entity, KpiValue, ProfitabilityModel
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.plan_forms import KpiForm, ModelForm
from portfolio.web.plans import act_methods, set_plan

MODEL_FIELDS = (
    "price_minor", "crew_minor", "fuel_minor", "dock_minor", "food_minor", "commission_bp", "card_fee_bp",
    "card_fee_fixed_minor", "break_even_entered",
)  # fmt: skip


@act_methods
@access.staff
def add_model(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a draft of a profitability model, from another one of the entity where one is named."""
    entity = entity_or_404(request, slug, verb="keep")
    asked = request.GET.get("from", "")
    like = (
        ProfitabilityModel.objects.filter(entity=entity, pk=int(asked)).first()
        if asked.isascii() and asked.isdigit() and len(asked) < 10
        else None
    )
    fees = queries.assumptions(as_of=pages.as_of_date())
    initial = {
        name: fees[key].value
        for name, key in (("card_fee_bp", "card-fee-bp"), ("card_fee_fixed_minor", "card-fee-fixed"))
        if key in fees
    }
    if like is not None:
        initial = {name: getattr(like, name) for name in MODEL_FIELDS}
    row = ProfitabilityModel(entity=entity, name="", price_minor=0, source="")
    return _model(request, entity, row, initial, "A new profitability model")


@act_methods
@access.staff
def change_model(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft of a profitability model; an adopted one stays as it was adopted."""
    row = record(request, ProfitabilityModel.objects.select_related("entity"), pk=pk, verb="keep")
    initial = {name: getattr(row, name) for name in (*MODEL_FIELDS, "name", "source")}
    return _model(request, row.entity, row, initial, f"Model “{row.name}”")


def _model(
    request: HttpRequest, entity: Entity, row: ProfitabilityModel, initial: dict[str, Any], heading: str
) -> HttpResponse:
    form = ModelForm(request.POST if request.method == "POST" else None, entity=entity, initial=initial)
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: plans.save_model(model=row, values=data, by=request.user, at=clock.now()),
        refusal=(changes.PlanRefusedError, plans.ModelAdoptedAlreadyError),
        done="The draft is saved; the owner adopts it on the entity’s page.",
        heading=heading,
        lede="What one charter or job brings and costs. It stays a draft until the owner adopts it; reports read the adopted one.",
        anchor="models",
    )


@act_methods
@access.staff
def change_kpi(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a KPI value right that was written down wrongly; what stood there stays in the audit trail."""
    row = record(request, KpiValue.objects.select_related("entity"), pk=pk, verb="keep")
    names = ("label", "key", "as_of", "unit", "source")
    initial = {name: getattr(row, name) for name in names} | {
        name: _plain(getattr(row, name)) for name in ("value", "target")
    }
    form = KpiForm(request.POST if request.method == "POST" else None, initial=initial)
    return set_plan(
        request,
        entity=row.entity,
        form=form,
        do=lambda data: changes.save(
            row=row, values=data | {"tracked": data["value"] is not None}, entity=row.entity.slug, by=request.user,
            at=clock.now(),
        ),
        refusal=changes.PlanRefusedError,
        done="The value is set right.",
        heading=f"Set right: {row.label}",
        lede="For a slip of the hand. A value of another day is a new one: enter it beside this.",
        anchor="kpis",
    )  # fmt: skip


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


urlpatterns = [
    path("entities/<slug:slug>/plans/models/add/", add_model, name="add_model"),
    path("plans/models/<int:pk>/", change_model, name="change_model"),
    path("plans/kpis/<int:pk>/", change_kpi, name="change_kpi"),
]
